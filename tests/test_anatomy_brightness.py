"""Ranks of grey levels around a head."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hipcalc.anatomy.brightness import floor_over_head, head_over_side
from hipcalc.anatomy.circle import PHI_DEG, RADII, PolarStrip

RADIUS, PHI = np.meshgrid(RADII, PHI_DEG, indexing="ij")


def strip_of(head: float, side: float, floor: float) -> PolarStrip:
    """A head, what lies lateral of it, and what lies medial, each of one level, with noise."""
    grey = np.where(RADIUS < 1.0, head, np.where(PHI > 0.0, side, floor))
    grey = grey + np.random.default_rng(2).normal(0.0, 0.05, grey.shape)
    zero = np.zeros(grey.shape, np.float32)
    return PolarStrip(outward=zero, lateral=zero, grey=grey.astype(np.float32), kept=np.ones(grey.shape, bool))


def test_bone_outshines_soft_tissue_and_the_floor_the_head() -> None:
    hip = strip_of(head=0.6, side=0.2, floor=0.9)
    assert (head_over_side(hip), floor_over_head(hip)) == (0.9, 1.0)


def test_in_an_even_field_neither_is_brighter() -> None:
    nothing = strip_of(head=0.5, side=0.5, floor=0.5)
    assert head_over_side(nothing) == pytest.approx(0.5, abs=0.06)
    assert floor_over_head(nothing) == pytest.approx(0.5, abs=0.06)


def test_of_equal_levels_half_count() -> None:
    flat = replace(strip_of(0.5, 0.5, 0.5), grey=np.zeros(RADIUS.shape, np.float32))
    assert head_over_side(flat) == floor_over_head(flat) == 0.5


@pytest.mark.parametrize("curve", [np.exp, np.tanh, lambda grey: 3.0 * grey**3 - 7.0])
def test_a_tone_curve_changes_nothing(curve: Callable[[np.ndarray], np.ndarray]) -> None:
    shown = strip_of(head=0.5, side=0.45, floor=0.53)
    curved = replace(shown, grey=curve(shown.grey.astype(np.float64)))
    assert head_over_side(curved) == pytest.approx(head_over_side(shown), abs=1e-9)
    assert floor_over_head(curved) == pytest.approx(floor_over_head(shown), abs=1e-9)


def test_what_is_not_in_the_picture_speaks_neither_way() -> None:
    hip = strip_of(head=0.6, side=0.2, floor=0.9)
    cut_off = replace(hip, kept=np.zeros(RADIUS.shape, bool))
    assert head_over_side(cut_off) == 0.75
    assert floor_over_head(cut_off) == 0.5
