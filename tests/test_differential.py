"""The likelihood model behind the differential: planted measures, properties, relations between foci, words."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideline_builders import finding
from hipcalc.anatomy import HipFrame
from hipcalc.findings import Finding, compare_sides, differential_words, explain_differential, inseparable
from hipcalc.findings.differential import measures_of, with_differential
from hipcalc.findings.likelihood import FACTORS, differential_table
from hipcalc.findings.relations import cleft_deg, count_alike
from hipcalc.review import FINDING_CLASSES

TABLE = differential_table()
R = 90.0
HIP = HipFrame(
    side="R",
    side_source="header",
    status="located",
    confidence=0.9,
    head_row_px=500.0,
    head_column_px=400.0,
    head_radius_px=R,
    rim_row_px=500.0 - 1.15 * R * math.cos(math.radians(30)),
    rim_column_px=400.0 - 1.15 * R * math.sin(math.radians(30)),
    lateral_sign=-1,
    roof_contour_px=np.array([[400.0, 380.0 + step] for step in range(0, 50, 5)]),
)


def weight(one: Finding, entity: str) -> float:
    table = TABLE.factors(measures_of(one))
    products = {e.id: math.prod(value for _, value in row) for e, row in zip(TABLE.entities, table, strict=True)}
    return products[entity] / sum(products.values())


def test_every_class_of_a_reader_has_its_table_with_a_source() -> None:
    assert {entity.id for entity in TABLE.entities} == set(FINDING_CLASSES)
    for entity in TABLE.entities:
        assert entity.source, entity.id
        assert entity.basis in "LME", entity.id
        assert sum(entity.alike) == pytest.approx(1.0), entity.id
        assert entity.size_mm[0] < entity.size_mm[1], entity.id


def test_the_sizes_of_labral_calcifications_are_those_of_the_literature() -> None:
    labral = next(entity for entity in TABLE.entities if entity.id == "labral-calcification")
    assert labral.size_mm == (1.9, 5.6)
    assert math.sqrt(1.9 * 5.6) == pytest.approx(3.2, abs=0.1)
    assert labral.attached == pytest.approx(3 / 18, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "raised", "lowered"),
    [
        ({"diameter_mm": 16.0}, "os-acetabuli", "labral-calcification"),
        ({"zone": "trochanteric"}, "gluteal-hadd", "rim-ossification"),
        ({"gap_head_radii": 0.0}, "osteophyte", "labral-calcification"),
        ({"gap_head_radii": 1.4}, "bone-island", "labral-calcification"),
        ({"cleft_deg": 5.0}, "os-acetabuli", "rim-fracture-fragment"),
        ({"cleft_deg": 88.0}, "rim-fracture-fragment", "os-acetabuli"),
        ({"tangent_deg": 3.0}, "cppd", "marker"),
        ({"margin_px": 2.0}, "os-acetabuli", "labral-calcification"),
        ({"margin_px": 5.0}, "labral-calcification", "marker"),
        ({"alike_count": 5}, "synovial-chondromatosis", "labral-calcification"),
        ({"symmetric": "yes"}, "rim-ossification", "bone-island"),
        ({"saturated_share": 0.9}, "marker", "labral-calcification"),
    ],
)
def test_a_measure_moves_the_weights_as_the_page_says(changes: dict[str, object], raised: str, lowered: str) -> None:
    plain = finding(gap_head_radii=0.1, aspect_ratio=1.6)
    moved = replace(plain, **changes)
    assert weight(moved, raised) > weight(plain, raised)
    assert weight(moved, lowered) < weight(plain, lowered)


@settings(deadline=None)
@given(
    st.builds(
        finding,
        zone=st.sampled_from(("rim", "supra-rim", "trochanteric", "pelvic", "intra-osseous", "remote")),
        diameter_mm=st.none() | st.floats(0.3, 80),
        diameter_head_radii=st.floats(0.01, 3),
        aspect_ratio=st.floats(1, 12),
        core_to_rim=st.floats(-1, 4),
        gap_head_radii=st.floats(0, 3),
        cleft_deg=st.none() | st.floats(0, 90),
        alike_count=st.integers(0, 9),
        symmetric=st.sampled_from(("yes", "no", "unknown")),
        saturated_share=st.none() | st.floats(0, 1),
        margin_px=st.none() | st.just(math.nan) | st.floats(0, 100),
    )
)
def test_weights_are_probabilities_whatever_was_measured(one: Finding) -> None:
    reasons = explain_differential(one)
    weights = [reason.weight for reason in reasons]
    assert weights == sorted(weights, reverse=True)
    assert 0 < sum(weights) <= 1 + 1e-9
    assert all(0 < value <= 1 for reason in reasons for _, value in reason.factors)
    assert sum(weight(one, entity.id) for entity in TABLE.entities) == pytest.approx(1.0)
    assert {name for name, _ in reasons[0].factors} <= {"prior", *FACTORS}
    close = inseparable(reasons)
    assert close == () or close[0] == reasons[0].entity
    words = differential_words(one)
    assert set(words) == set(FINDING_CLASSES)


def test_what_was_not_measured_moves_nothing() -> None:
    plain = finding(symmetric="unknown", cleft_deg=None, margin_px=None)
    names = [name for name, _ in explain_differential(plain)[0].factors]
    assert "cleft" not in names
    assert "margin" not in names
    assert "other side" not in names


def test_what_outshines_bone_is_metal_where_it_is_even_and_sharp_and_a_deposit_where_it_fades_out() -> None:
    dense = finding(
        zone="supra-rim", diameter_px=40.0, diameter_mm=9.0, diameter_head_radii=0.36, gap_head_radii=0.6,
        saturated_share=0.9, aspect_ratio=1.6,
    )  # fmt: skip
    deposit, bar = (replace(dense, margin_px=m, core_to_rim=c) for m, c in ((16.0, 1.5), (7.0, 1.1)))
    assert explain_differential(deposit)[0].entity == "rectus-femoris-hadd"
    assert explain_differential(bar)[0].entity == "marker"
    assert "margin over 18% of its width" in differential_words(bar)["marker"].speaks_for
    assert "margin over 40% of its width" in differential_words(deposit)["marker"].speaks_against


def test_classes_of_about_one_weight_cannot_be_separated() -> None:
    attached = finding(gap_head_radii=0.0, gap_mm=0.0, aspect_ratio=1.6, diameter_mm=5.0, diameter_head_radii=0.2)
    assert set(inseparable(explain_differential(attached))) >= {"rim-ossification", "osteophyte"}
    island = finding(zone="intra-osseous", gap_head_radii=0.7, diameter_mm=5.0, diameter_head_radii=0.2)
    assert inseparable(explain_differential(island)) == ()


def test_the_reasons_are_told_in_words() -> None:
    one = finding(gap_mm=1.4, gap_head_radii=0.06, diameter_mm=3.1, core_to_rim=1.4)
    words = differential_words(one)
    said = words["labral-calcification"].speaks_for
    assert {"separate from the rim by 1.4 mm", "no cortex seen", "3.1 mm", "zone rim"} <= set(said)
    assert "separate from the rim by 1.4 mm" in words["osteophyte"].speaks_against
    assert "3.1 mm" in words["heterotopic-ossification"].speaks_against
    unknown = replace(one, gap_mm=None, diameter_mm=None, diameter_head_radii=0.124)
    assert {"separate from the rim by 0.06 head radii", "0.12 head radii"} <= set(
        differential_words(unknown)["labral-calcification"].speaks_for
    )
    ring = replace(one, core_to_rim=0.4, alike_count=4, symmetric="yes", cleft_deg=12.0, saturated_share=0.0)
    every = {text for words in differential_words(ring).values() for text in words.speaks_for + words.speaks_against}
    assert {"4 alike beside it", "one like it on the other side", "cleft at 12° to the joint surface"} <= every


def circle(r: float, phi: float, radius: float) -> np.ndarray:
    row, column = HIP.to_image(r, phi)
    turn = np.linspace(0, 2 * math.pi, 360)
    return np.column_stack([row + radius * np.sin(turn), column + radius * np.cos(turn)])


@pytest.mark.parametrize(("r", "phi", "angle"), [(1.35, 30.0, 0.0), (1.15, 45.0, 82.0)])
def test_the_cleft_runs_across_the_shortest_way_to_the_rim(r: float, phi: float, angle: float) -> None:
    assert cleft_deg(circle(r, phi, 6.0), HIP, 0.1) == pytest.approx(angle, abs=2.0)


def test_there_is_no_cleft_where_there_is_no_gap_or_no_rim_beside_it() -> None:
    assert cleft_deg(circle(1.15, 30.0, 5.0), HIP, 0.0) is None
    assert cleft_deg(circle(2.2, 30.0, 5.0), HIP, 1.0) is None
    assert cleft_deg(np.empty((0, 2)), HIP, 0.1) is None


def test_a_gap_that_one_view_cannot_show_is_none() -> None:
    attached = [measures_of(finding(gap_head_radii=gap)).attached for gap in (0.0, 0.039, 0.041)]
    assert attached == [True, True, False]


def test_alike_are_findings_of_about_its_size_beside_it() -> None:
    one = finding(1)
    others = (
        finding(2, phi_deg=50.0),
        finding(3, phi_deg=60.0, diameter_head_radii=0.14 * 1.7),
        finding(4, phi_deg=50.0, diameter_head_radii=0.14 * 1.9),
        finding(5, phi_deg=50.0, finding=False),
        finding(6, phi_deg=120.0),
    )
    assert count_alike(one, (one, *others)) == 2


def test_a_focus_opposite_is_looked_for_where_the_other_hip_was_located() -> None:
    left = replace(HIP, side="L", lateral_sign=1)
    one, other = finding(1), finding(2, phi_deg=41.0, diameter_head_radii=0.2)
    (right, opposite) = compare_sides([(HIP, (one,)), (left, (other,))])
    assert (right.symmetric, opposite.symmetric) == ("yes", "yes")
    assert right == with_differential(right)
    assert compare_sides([(HIP, (one,)), (left, (replace(other, phi_deg=80.0),))])[0].symmetric == "no"
    assert compare_sides([(HIP, (one,)), (left, (replace(other, finding=False),))])[0].symmetric == "no"
    for ratio, answer in ((1.95, "yes"), (2.05, "no"), (1 / 1.95, "yes"), (1 / 2.05, "no")):
        sized = replace(other, diameter_head_radii=one.diameter_head_radii * ratio)
        assert compare_sides([(HIP, (one,)), (left, (sized,))])[0].symmetric == answer
    assert compare_sides([(HIP, (one,)), (replace(left, status="uncertain"), (other,))])[0].symmetric == "unknown"
    assert compare_sides([(HIP, (one,))])[0].symmetric == "unknown"
    assert compare_sides([]) == ()
