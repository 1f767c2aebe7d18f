"""Random but plausible foci and traps."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.deposits import FocusKind
from hipcalc.synthetic.focus_plan import FocusPlan

__all__ = ["draw_foci"]

# Natural foci read on 148 real pelves: what they measure at these quantiles. The ends are the readers' extremes.
_QUANTILES: Final = (0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 1.0)
_DIAMETER_MM: Final = (1.5, 2.3, 3.2, 4.1, 6.2, 9.6, 14.0)
_CNR: Final = (0.6, 1.0, 2.1, 2.9, 3.9, 5.5, 8.0)
_OVER_STEP: Final = (0.08, 0.14, 0.25, 0.31, 0.39, 0.57, 0.8)
_ASPECT: Final = (1.0, 1.0, 1.1, 1.2, 1.4, 1.7, 2.6)
# How far the contrast may fall short of the one that goes with its CNR in nature, and exceed it.
_STEP_LEEWAY: Final = (1.2, 1.6)
# Distance of two deposits' centres, in sums of their radii, below which the later one is left out.
_APART: Final = 1.3
# Beyond this aspect ratio a focus is a line, as in chondrocalcinosis.
_LINE_FROM: Final = 1.9
# About 3 in 10 have a bright border: rings, and ossicles with their cortex.
_KINDS: Final[dict[FocusKind, float]] = {"amorphous": 0.54, "ossicle": 0.13, "ring": 0.18, "cluster": 0.15}
_PLACES: Final = {"rim": 0.35, "bone": 0.2, "lateral": 0.33, "elsewhere": 0.12}


def _quantile(values: Sequence[float], chance: float) -> float:
    """Return a quantile of the distribution that has these values at `_QUANTILES`, even in the logarithm between."""
    return float(np.exp(np.interp(chance, _QUANTILES, np.log(values))))


def _place(edge_deg: float, radius_mm: float, diameter_mm: float, rng: np.random.Generator) -> tuple[float, float]:
    """Draw hip coordinates: at the rim, touching the head's contour, in the soft tissue over the rim, or elsewhere."""
    place = str(rng.choice(list(_PLACES), p=list(_PLACES.values())))
    if place == "rim":
        return float(rng.uniform(1.12, 1.35)), edge_deg + float(rng.uniform(-4.0, 10.0))
    if place == "bone":
        touching = 1.0 + (0.5 * diameter_mm + float(rng.uniform(-0.8, 0.3))) / radius_mm
        return touching, edge_deg + float(rng.uniform(12.0, 50.0))
    if place == "lateral":
        return float(rng.uniform(1.16, 1.7)), edge_deg + float(rng.uniform(4.0, 35.0))
    return float(rng.uniform(1.15, 2.2)), float(rng.uniform(-30.0, 120.0))


def _focus(side: SideName, body: BodyAnatomy, rng: np.random.Generator) -> FocusPlan:
    hip = body.hip(side)
    diameter, aspect = _quantile(_DIAMETER_MM, rng.uniform()), _quantile(_ASPECT, rng.uniform())
    # Both tell of the same contrast, so that a focus ranks alike in both.
    strength = rng.uniform()
    over_step = _quantile(_OVER_STEP, strength)
    kinds: list[FocusKind] = list(_KINDS)
    kind = kinds[int(rng.choice(len(kinds), p=list(_KINDS.values())))]
    r_head_radii, phi = _place(hip.centre_edge_angle_deg, hip.head_radius_mm, diameter, rng)
    return FocusPlan(
        side=side,
        kind="linear" if aspect > _LINE_FROM else kind,
        r_head_radii=r_head_radii,
        phi_deg=phi,
        diameter_mm=diameter,
        cnr=_quantile(_CNR, strength),
        least_over_step=over_step / _STEP_LEEWAY[0],
        most_over_step=over_step * _STEP_LEEWAY[1],
        aspect=aspect,
        orientation_deg=float(np.clip(rng.normal(0.0, 35.0), -180.0, 180.0)),
    )


def _beak(side: SideName, edge_deg: float, rng: np.random.Generator) -> FocusPlan:
    return FocusPlan(
        side=side,
        kind="beak",
        r_head_radii=1.22,
        phi_deg=edge_deg + 3.0,
        diameter_mm=float(rng.uniform(3.0, 6.0)),
        cnr=float(rng.uniform(2.0, 5.0)),
        least_over_step=0.2,
        most_over_step=0.6,
        orientation_deg=float(rng.normal(15.0, 20.0)),
    )


def _phlebolith(side: SideName, rng: np.random.Generator) -> FocusPlan:
    return FocusPlan(
        side=side,
        kind="phlebolith",
        r_head_radii=float(rng.uniform(1.9, 2.4)),
        phi_deg=float(rng.uniform(-105.0, -80.0)),
        diameter_mm=float(rng.uniform(2.5, 5.0)),
        cnr=float(rng.uniform(3.0, 6.0)),
        aspect=float(rng.uniform(1.0, 1.3)),
    )


def _vessel(side: SideName, rng: np.random.Generator) -> FocusPlan:
    """Draw a piece of the femoral artery, which runs down in front of the head and medial of the shaft."""
    phi = float(rng.uniform(-170.0, -100.0))
    return FocusPlan(
        side=side,
        kind="vascular",
        r_head_radii=float(rng.uniform(1.0, 1.8)),
        phi_deg=phi,
        diameter_mm=float(rng.uniform(10.0, 15.0)),
        cnr=float(rng.uniform(1.5, 4.0)),
        # Upright, and a little outwards on its way down: the tangent at phi lies at phi from lateral.
        orientation_deg=math.remainder(90.0 + phi + float(rng.normal(15.0, 10.0)), 360.0),
    )


def _trap(side: SideName, edge_deg: float, rng: np.random.Generator) -> FocusPlan:
    """Draw what looks like a focus: a beak on the rim, a stone in a pelvic vein, a calcified artery."""
    chance = rng.uniform()
    if chance < 0.45:
        return _beak(side, edge_deg, rng)
    return _phlebolith(side, rng) if chance < 0.8 else _vessel(side, rng)


def _lie_apart(one: FocusPlan, other: FocusPlan, radius_mm: float) -> bool:
    away = math.radians(one.phi_deg - other.phi_deg)
    squared = one.r_head_radii**2 + other.r_head_radii**2 - 2 * one.r_head_radii * other.r_head_radii * math.cos(away)
    return math.sqrt(max(squared, 0.0)) * radius_mm > _APART * (one.diameter_mm + other.diameter_mm) / 2


def draw_foci(body: BodyAnatomy, sides: tuple[SideName, ...], rng: np.random.Generator) -> tuple[FocusPlan, ...]:
    """Draw foci and traps for the hips that a view shows: half of the hips have no focus, and none hides another."""
    plans: list[FocusPlan] = []
    for side in sides:
        hip = body.hip(side)
        drawn = [_focus(side, body, rng) for _ in range(int(rng.choice(3, p=[0.5, 0.4, 0.1])))]
        if rng.uniform() < 0.25:
            drawn.append(_trap(side, hip.centre_edge_angle_deg, rng))
        for index, plan in enumerate(drawn):
            if all(_lie_apart(plan, earlier, hip.head_radius_mm) for earlier in drawn[:index]):
                plans.append(plan)
    return tuple(plans)
