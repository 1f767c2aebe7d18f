"""Candidates in hip coordinates: zones, clock, sizes, gap, and what they may be."""

import dataclasses
import math

import numpy as np
import pytest

from candidate_scenes import HEAD_RADIUS_PX, as_normalized, hip_frame
from hipcalc.candidates import Candidate
from hipcalc.findings import describe_candidates, explain_differential
from hipcalc.findings.zones import zone_of

HIP = hip_frame()
RIM_PHI = 35.0
GREY = np.full((560, 560), 0.4, np.float32)


def candidate(r=1.25, phi=45.0, hip=HIP, diameter_head_radii=0.14, **changes):
    row, column = hip.to_image(r, phi)
    diameter = diameter_head_radii * hip.head_radius_px
    angle = np.radians(np.arange(0, 360, 5))
    outline = np.stack([row + diameter / 2 * np.sin(angle), column + diameter / 2 * np.cos(angle)], axis=1)
    fields = {
        "row_px": row,
        "column_px": column,
        "diameter_px": diameter,
        "strength": 5.0,
        "expected_false_marks": 0.2,
        "cnr": 4.0,
        "contrast": 0.1,
        "aspect_ratio": 1.1,
        "solidity": 0.95,
        "orientation_deg": 10.0,
        "core_to_rim": 1.1,
        "outline_px": outline,
    }
    return Candidate(**{**fields, **changes})


def describe(*candidates, hip=HIP, spacing_mm=0.28, point=0.25):
    return describe_candidates(candidates, hip, as_normalized(GREY, spacing_mm=spacing_mm), false_marks_per_hip=point)


@pytest.mark.parametrize(
    ("r", "phi", "zone"),
    [
        (1.2, RIM_PHI, "rim"),
        (1.06, RIM_PHI - 7.9, "rim"),
        (1.44, RIM_PHI + 24.9, "rim"),
        (1.0, RIM_PHI + 5, "rim-overlay"),
        (0.5, 30.0, "intra-osseous"),
        (1.0, -60.0, "intra-osseous"),
        (1.1, 10.0, "intra-osseous"),
        (1.8, 20.0, "supra-rim"),
        (1.5, 40.0, "supra-rim"),
        (1.9, 80.0, "trochanteric"),
        (1.5, 75.0, "lateral-soft-tissue"),
        (1.2, 120.0, "intra-osseous"),
        (1.3, -90.0, "pelvic"),
        (1.3, 175.0, "pelvic"),
        (3.0, 60.0, "remote"),
    ],
)
def test_zones_hang_on_this_hips_rim(r, phi, zone):
    assert zone_of(r, phi, RIM_PHI) == zone


def test_a_steeper_rim_moves_the_rim_zone():
    assert zone_of(1.2, 52.0, 35.0) == "rim"
    assert zone_of(1.2, 52.0, 20.0) == "lateral-soft-tissue"


@pytest.mark.parametrize(("side", "sign", "hour"), [("L", 1, 1.5), ("R", -1, 10.5)])
def test_place_in_hip_coordinates_is_the_same_on_both_sides(side, sign, hour):
    hip = hip_frame(side=side, lateral_sign=sign, rim_column_px=220.0 + sign * 1.2 * HEAD_RADIUS_PX * math.sin(0.6))
    (finding,) = describe(candidate(hip=hip), hip=hip)
    assert (finding.r_head_radii, finding.phi_deg) == pytest.approx((1.25, 45.0))
    assert finding.clock_hour == pytest.approx(hour)
    assert finding.zone == "rim"
    assert finding.candidate_id == f"abababababababab-{side}-1"


def test_sizes_in_all_units():
    (finding,) = describe(candidate(area_px2=100.0))
    assert finding.area_mm2 == pytest.approx(100.0 * 0.28**2)
    assert finding.diameter_head_radii == pytest.approx(0.14)
    assert finding.diameter_mm == pytest.approx(0.14 * HEAD_RADIUS_PX * 0.28)
    (unknown,) = describe(candidate(), spacing_mm=None)
    assert unknown.diameter_mm is None
    assert unknown.gap_mm is None
    assert unknown.area_mm2 is None
    assert unknown.gap_head_radii == pytest.approx(finding.gap_head_radii)


def test_gap_runs_from_the_outline_to_the_rim_point():
    at_rim = candidate(r=1.2, phi=RIM_PHI)
    outside = candidate(r=1.5, phi=RIM_PHI)
    found = describe(at_rim, outside, dataclasses.replace(outside, outline_px=np.empty((0, 2))))
    assert found[0].gap_head_radii == 0.0
    assert found[1].gap_head_radii == pytest.approx(0.3 - 0.07, abs=0.005)
    assert found[1].gap_mm == pytest.approx(found[1].gap_head_radii * HEAD_RADIUS_PX * 0.28)
    assert found[2].gap_head_radii == pytest.approx(0.23)


def test_the_operating_point_makes_findings_of_candidates():
    marks = [0.1, 0.25, 0.26, 4.0]
    found = describe(*(candidate(expected_false_marks=value) for value in marks))
    assert [f.finding for f in found] == [True, True, False, False]
    assert [f.candidate_id[-1] for f in found] == ["1", "2", "3", "4"]


def test_an_unknown_side_is_u():
    hip = hip_frame(side="unknown")
    assert describe(candidate(), hip=hip)[0].candidate_id == "abababababababab-U-1"


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"diameter_head_radii": 0.13}, "labral-calcification"),
        ({"diameter_head_radii": 0.4, "core_to_rim": 0.6, "phi": 50.0, "r": 1.4}, "os-acetabuli"),
        ({"r": 1.9, "phi": 85.0, "diameter_head_radii": 0.4}, "gluteal-hadd"),
        ({"r": 1.9, "phi": 15.0, "diameter_head_radii": 0.45}, "rectus-femoris-hadd"),
        ({"r": 0.6, "phi": 20.0, "diameter_head_radii": 0.2, "core_to_rim": 1.2}, "bone-island"),
        ({"r": 1.3, "phi": -100.0, "diameter_head_radii": 0.15, "core_to_rim": 0.7}, "phlebolith"),
        ({"r": 1.4, "phi": -100.0, "diameter_head_radii": 0.3, "aspect_ratio": 5.0}, "vascular-calcification"),
        ({"r": 1.2, "phi": RIM_PHI, "diameter_head_radii": 0.25, "aspect_ratio": 1.8}, "rim-ossification"),
    ],
)
def test_textbook_foci_rank_first(changes, first):
    (finding,) = describe(candidate(**changes))
    assert finding.first_class == first
    assert finding.differential.startswith(f"{first}:")


def test_weights_are_ranked_shares_and_have_reasons():
    (finding,) = describe(candidate())
    entries = [entry.split(":") for entry in finding.differential.split(";")]
    weights = [float(weight) for _, weight in entries]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1.01
    reasons = explain_differential(finding)
    assert [reason.entity for reason in reasons] == [name for name, _ in entries]
    for reason in reasons:
        names = [name for name, _ in reason.factors]
        assert names[:2] == ["prior", "zone"]
        assert all(0 < factor <= 1 for _, factor in reason.factors)
        assert reason.look


def test_a_touching_focus_is_rather_bone_of_the_rim():
    apart, touching = describe(candidate(r=1.35, phi=40.0), candidate(r=1.2, phi=RIM_PHI))

    def weight(finding, entity):
        return next((r.weight for r in explain_differential(finding) if r.entity == entity), 0.0)

    for entity in ("osteophyte", "rim-ossification"):
        assert weight(touching, entity) > weight(apart, entity)
    assert weight(touching, "labral-calcification") < weight(apart, "labral-calcification")


def test_without_spacing_the_differential_uses_head_radii():
    known = describe(candidate(), spacing_mm=25.0 / HEAD_RADIUS_PX)[0]
    assert describe(candidate(), spacing_mm=None)[0].differential == known.differential


def test_no_candidates_no_findings():
    assert describe() == ()
