"""The rim point, weighed from all that shows around the corner of the roof."""

import json
import math
from importlib import resources

import numpy as np
import pytest

from hipcalc.anatomy import locate_hips
from hipcalc.anatomy.bony_end import RIM_PHI_DEG, RIM_RADII, rim_evidence, settle_rim
from hipcalc.anatomy.circle import PHI_DEG, RADII, PolarStrip
from hipcalc.anatomy.roof import Rim, find_rim
from hipcalc.normalize import normalize
from hipcalc.synthetic import BodyAnatomy, Imaging, make_phantom

CORNER = Rim(r_head_radii=1.2, phi_deg=30.0, support=0.7)


def strip_of(grey: np.ndarray) -> PolarStrip:
    outward, lateral = np.gradient(grey.astype(np.float32))
    kept = np.ones(grey.shape, bool)
    return PolarStrip(outward=4 * outward, lateral=4 * lateral, grey=grey.astype(np.float32), kept=kept)


def roof_ending_at(phi_deg: float) -> PolarStrip:
    """Bone above a dark joint space that ends at an angle; soft tissue beyond."""
    radius, phi = np.meshgrid(RADII, PHI_DEG, indexing="ij")
    bone = 1.0 / (1.0 + np.exp(-(radius - 1.15) / 0.02)) / (1.0 + np.exp((phi - phi_deg) / 1.5))
    return strip_of(bone + np.random.default_rng(4).normal(0.0, 0.02, bone.shape))


@pytest.mark.parametrize("phi_deg", [22.0, 30.0, 41.0])
def test_the_rim_follows_where_the_bone_ends(phi_deg: float) -> None:
    rim = settle_rim(roof_ending_at(phi_deg), CORNER)
    assert rim.phi_deg == pytest.approx(phi_deg, abs=5.0)
    assert 1.12 < rim.r_head_radii < 1.32
    assert rim.support == CORNER.support


def test_evidence_has_a_weight_each_and_lies_on_the_grid() -> None:
    names, evidence, kept = rim_evidence(roof_ending_at(30.0))
    weights = json.loads((resources.files("hipcalc_models") / "locator-2" / "rim.json").read_text(encoding="utf-8"))
    assert set(names) == set(weights)
    assert evidence.shape == (*RIM_RADII.shape, len(names)) == (*RIM_PHI_DEG.shape, len(names))
    assert kept.all()
    assert np.isfinite(evidence).all()


def test_the_corner_is_kept_where_nothing_of_the_rim_is_in_the_picture() -> None:
    shown = roof_ending_at(30.0)
    empty = PolarStrip(
        outward=shown.outward, lateral=shown.lateral, grey=shown.grey, kept=np.zeros(shown.kept.shape, bool)
    )
    assert settle_rim(empty, CORNER) == CORNER


def test_the_rim_lies_within_the_picture() -> None:
    shown = roof_ending_at(40.0)
    kept = np.broadcast_to(PHI_DEG < 26.0, shown.kept.shape).copy()
    cut = PolarStrip(outward=shown.outward, lateral=shown.lateral, grey=shown.grey, kept=kept)
    assert settle_rim(cut, CORNER).phi_deg < 26.0


def test_a_phantoms_rims_are_found() -> None:
    phantom = make_phantom(body=BodyAnatomy(), imaging=Imaging(rows=700, columns=860, pixel_mm=0.48), foci=(), seed=3)
    hips = locate_hips(normalize(phantom.to_radiograph()))
    assert len(hips) == 2
    for truth in phantom.hips:
        (hip,) = (one for one in hips if one.lateral_sign == truth.lateral_sign)
        off = math.hypot(hip.rim_row_px - truth.rim_row_px, hip.rim_column_px - truth.rim_column_px)
        assert off * 0.48 < 2.5


def test_the_corner_alone_is_found_too() -> None:
    assert find_rim(roof_ending_at(30.0)).phi_deg == pytest.approx(30.0, abs=6.0)
