"""What stands beside the patient: where the truth says, and errors that name parameter, range and unit."""

import os

import numpy as np
import pytest

from hipcalc.errors import OutputError, UsageError
from hipcalc.synthetic import (
    BodyAnatomy,
    Clip,
    Collimation,
    Dust,
    FocusPlan,
    Furniture,
    Imaging,
    ScaleBar,
    SideMarker,
    TextBox,
    make_phantom,
    mask_of_runs,
)
from hipcalc.synthetic.deposits import aspect_of, draw_deposit
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_foci import draw_foci
from hipcalc.synthetic.draw_imaging import draw_imaging
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, VIEWS
from hipcalc.synthetic.truth_tables import mask_runs
from hipcalc.synthetic.workers import map_in_order

FRAME = {"view": "ap-left-hip", "rows": 400, "columns": 360, "pixel_mm": 0.5, "bits": 10}
FURNITURE = Furniture(
    collimation=Collimation(top_mm=8.0, right_mm=6.0, angle_deg=1.0),
    markers=(SideMarker(letter="L", row_mm=40.0, column_mm=150.0, height_mm=14.0),),
    clips=(Clip(row_mm=170.0, column_mm=140.0, length_mm=9.0, wire_mm=1.0),),
    dust=(Dust(row_mm=150.0, column_mm=20.0, diameter_mm=1.5),),
    text_boxes=(TextBox(row_mm=188.0, column_mm=2.0, height_mm=10.0, width_mm=40.0, text="AP"),),
    scale_bars=(ScaleBar(row_mm=60.0, column_mm=4.0, length_mm=100.0),),
    black_share=0.1,
    white_share=0.05,
)


@pytest.fixture(scope="module")
def furnished():
    return make_phantom(body=BodyAnatomy(), imaging=Imaging(**FRAME, furniture=FURNITURE), seed=3)


@pytest.fixture(scope="module")
def bare():
    return make_phantom(body=BodyAnatomy(), imaging=Imaging(**FRAME), seed=3)


def boxes(phantom, kind):
    return [one for one in phantom.objects if one.object == kind]


def inside(phantom, box):
    return phantom.pixels[box.top_px : box.bottom_px + 1, box.left_px : box.right_px + 1]


def test_nothing_stands_in_a_picture_by_default(bare):
    assert bare.objects == ()


def test_every_object_has_its_truth(furnished):
    assert {one.object for one in furnished.objects} == {
        "blade", "marker", "clip", "dust", "text-box", "scale-bar", "black", "white",
    }  # fmt: skip
    assert [one.text for one in boxes(furnished, "blade")] == ["top", "right"]
    assert boxes(furnished, "marker")[0].text == "L"


def test_burned_in_objects_are_black_and_white_where_the_truth_says(furnished):
    (box,), (bar,), (speck,) = (boxes(furnished, kind) for kind in ("text-box", "scale-bar", "dust"))
    assert inside(furnished, box).shape == (20, 80)
    assert (inside(furnished, box) == 0).mean() > 0.7
    assert inside(furnished, box).max() > 800
    assert (inside(furnished, bar)[:, 0] == 1023).all()
    assert bar.bottom_px - bar.top_px == pytest.approx(bar.length_px, abs=1)
    assert bar.length_mm == 100.0
    ticks = np.flatnonzero(inside(furnished, bar)[:, -1] == 1023)
    assert np.diff(ticks) == pytest.approx(20, abs=1)
    assert inside(furnished, speck).max() == 1023


def test_metal_is_brighter_than_the_tissue_it_lies_in(furnished, bare):
    for kind in ("marker", "clip"):
        (box,) = boxes(furnished, kind)
        marked = inside(furnished, box).astype(float)
        assert np.percentile(marked, 90) > np.median(inside(bare, box)) + 50


def test_the_border_behind_a_blade_is_black_or_bright(furnished):
    top = boxes(furnished, "blade")[0]
    assert top.bottom_px == pytest.approx(16, abs=4)
    assert (furnished.pixels[:10] == 0).all()
    bright = Furniture(collimation=Collimation(top_mm=40.0, is_blacked=False))
    raw = make_phantom(body=BodyAnatomy(), imaging=Imaging(**FRAME, furniture=bright), seed=3)
    assert np.median(raw.pixels[:60, 100:260]) > np.median(raw.pixels[90:])


def test_a_wrong_exposure_saturates_the_share_that_was_asked_for(furnished):
    assert (furnished.pixels == 1023).mean() > 0.02
    assert (inside(furnished, boxes(furnished, "white")[0]) == 1023).mean() > 0.2
    assert (inside(furnished, boxes(furnished, "black")[0]) == 0).mean() > 0.2


def test_drawn_furniture_is_realistic_and_on_the_correct_side():
    drawn = [draw_imaging(VIEWS[n % len(VIEWS)], np.random.default_rng([8, n])) for n in range(300)]
    assert {one.bits for one in drawn} == {8, 10, 12, 14, 16}
    assert {one.photometric for one in drawn} == {"MONOCHROME1", "MONOCHROME2"}
    assert min(one.pixel_mm for one in drawn) < 0.12
    assert max(one.pixel_mm for one in drawn) > 0.27
    marked = [(one, marker) for one in drawn for marker in one.furniture.markers]
    assert 0.6 < len(marked) / len(drawn) < 0.9
    for imaging, marker in marked:
        assert (marker.letter == "R") == (marker.column_mm < imaging.columns * imaging.pixel_mm / 2)
        assert SIDE_OF_VIEW[imaging.view] in (None, marker.letter)


NATURAL = {
    "diameter_mm": (2.3, 3.2, 4.1, 6.2, 9.6),
    "cnr": (1.0, 2.1, 2.9, 3.9, 5.5),
    "aspect": (1.0, 1.1, 1.2, 1.4, 1.7),
}


@pytest.fixture(scope="module")
def plans():
    drawn = [
        draw_foci(draw_body(np.random.default_rng([4, n])), ("R", "L"), np.random.default_rng(n)) for n in range(450)
    ]
    return [plan for each in drawn for plan in each if plan.kind not in ("beak", "phlebolith", "vascular")][:500]


@pytest.mark.parametrize("name", NATURAL)
def test_drawn_foci_have_the_quantiles_of_natural_ones(plans, name):
    assert len(plans) == 500
    drawn = np.quantile([getattr(plan, name) for plan in plans], (0.05, 0.25, 0.5, 0.75, 0.95))
    assert drawn == pytest.approx(np.array(NATURAL[name]), rel=0.15)


def test_three_in_ten_drawn_foci_have_a_bright_border_and_most_lie_near_the_rim(plans):
    assert np.mean([plan.kind in ("ring", "ossicle") for plan in plans]) == pytest.approx(0.3, abs=0.06)
    distance = np.array([plan.r_head_radii for plan in plans])
    assert distance.max() <= 2.2
    assert (distance < 1.7).mean() > 0.85


@pytest.mark.parametrize("aspect", [1.0, 1.4, 2.0])
@pytest.mark.parametrize("kind", ["amorphous", "ring", "cluster"])
def test_a_planted_outline_has_the_aspect_ratio_that_was_asked_for(kind, aspect):
    deposit = draw_deposit(
        kind=kind, row_px=80, column_px=80, diameter_px=40, orientation_deg=30, rng=np.random.default_rng(2),
        aspect=aspect,
    )  # fmt: skip
    assert aspect_of(deposit.mask) == pytest.approx(aspect, rel=0.05)


def test_planted_foci_measure_about_as_natural_ones(plans):
    left = [plan for plan in plans if plan.side == "L"]
    imaging = Imaging(**FRAME)
    planted = [
        focus
        for n in range(16)
        for focus in make_phantom(body=BodyAnatomy(), imaging=imaging, foci=(left[n],), seed=n).foci
    ]
    # Sixteen foci tell a median to a factor of about one and a half.
    assert 2.9 / 1.7 < np.median([focus.cnr for focus in planted]) < 2.9 * 1.7
    assert 0.31 / 1.7 < np.median([focus.contrast_over_step for focus in planted]) < 0.31 * 1.7
    assert np.median([focus.aspect for focus in planted]) == pytest.approx(1.2, abs=0.15)


def test_contrast_keeps_to_its_bounds_over_the_cortical_step():
    plan = FocusPlan(side="L", cnr=15.0, r_head_radii=1.2, phi_deg=30.0, diameter_mm=6.0, most_over_step=0.3)
    (focus,) = make_phantom(body=BodyAnatomy(), imaging=Imaging(**FRAME), foci=(plan,), seed=3).foci
    # The tone curve bends the step, which is bounded before it.
    assert 0.15 < focus.contrast_over_step < 0.5
    assert focus.peak_contrast >= focus.contrast


def test_masks_survive_the_truth_table():
    mask = np.random.default_rng(1).uniform(size=(7, 5)) < 0.5
    for each in (mask, ~mask, np.ones((2, 3), bool)):
        assert np.array_equal(mask_of_runs(mask_runs(each), rows=each.shape[0], columns=each.shape[1]), each)
    with pytest.raises(UsageError, match="mask_runs holds 35 pixels but mask_rows x mask_columns is 36"):
        mask_of_runs(mask_runs(mask), rows=6, columns=6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Imaging(bits=9), "bits is 9 but must be one of 8, 10, 12, 14, 16"),
        (lambda: Imaging(photometric="RGB"), "photometric is 'RGB' but must be one of MONOCHROME2, MONOCHROME1"),
        (lambda: Collimation(top_mm=130.0), "top_mm is 130 but must be between 0 and 120 mm"),
        (lambda: Collimation(angle_deg=7.0), "angle_deg is 7 but must be between -6 and 6 degrees"),
        (lambda: SideMarker(letter="X"), "letter is 'X' but must be R or L"),
        (lambda: SideMarker(letter="R", height_mm=4.0), "height_mm is 4 but must be between 8 and 40 mm"),
        (lambda: Clip(wire_mm=3.0), "wire_mm is 3 but must be between 0.3 and 1.5 mm"),
        (lambda: Dust(diameter_mm=2.0), "diameter_mm is 2 but must be between 0.1 and 1.5 mm"),
        (lambda: TextBox(text="ü"), "text is 'ü' but must be at most 40 printable ASCII characters"),
        (lambda: TextBox(height_mm=1.0), "height_mm is 1 but must be between 4 and 120 mm"),
        (lambda: ScaleBar(length_mm=1.0), "length_mm is 1 but must be between 20 and 300 mm"),
        (lambda: ScaleBar(direction="slanted"), "direction is 'slanted' but must be upright or lying"),
        (lambda: Furniture(black_share=0.5), "black_share is 0.5 but must be between 0 and 0.3"),
        (lambda: FocusPlan(side="L", aspect=4.0), r"aspect is 4 but must be between 1 and 3 \(a ratio\)"),
        (lambda: FocusPlan(side="L", diameter_mm=20.0), "diameter_mm is 20 but must be between 1 and 15 mm"),
        (lambda: FocusPlan(side="L", kind="star"), "kind is 'star' but must be one of amorphous"),
        (
            lambda: FocusPlan(side="L", most_over_step=9.0),
            "most_over_step is 9 but must be between 0 and 5 of the cort",
        ),
        (
            lambda: FocusPlan(side="L", least_over_step=0.5, most_over_step=0.2),
            "least_over_step is 0.5 but must not exceed most_over_step, 0.2 of the cortical step",
        ),
    ],
)
def test_parameters_out_of_range_are_named_with_range_and_unit(make, message):
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize(
    ("furniture", "foci", "message"),
    [
        (Furniture(markers=(SideMarker(letter="L", row_mm=199.0),)), (), "the marker at row 199 mm, column 40 mm does"),
        (Furniture(clips=(Clip(column_mm=179.0),)), (), "the clip at row 60 mm, column 179 mm does not lie inside"),
        (Furniture(dust=(Dust(row_mm=300.0),)), (), "the dust at row .* does not lie inside the picture of 200 x 180"),
        (Furniture(text_boxes=(TextBox(row_mm=195.0),)), (), "the text box at row 195 mm, column 0 mm does not lie"),
        (Furniture(scale_bars=(ScaleBar(row_mm=150.0),)), (), "the scale bar at row 150 mm, column 8 mm does not lie"),
        (Furniture(collimation=Collimation(top_mm=100.0, bottom_mm=98.0)), (), "less than a tenth of the picture"),
        (
            Furniture(collimation=Collimation(right_mm=100.0)),
            (FocusPlan(side="L", r_head_radii=1.8, phi_deg=60.0),),
            "the focus at r 1.8 head radii, phi 60 degrees of side L lies behind a collimator blade",
        ),
        (Furniture(), (FocusPlan(side="L", r_head_radii=4.0, phi_deg=180.0),), "of side L lies outside the image of"),
        (Furniture(), (FocusPlan(side="R"),), "a focus is planned at side R, but the view ap-left-hip does not show"),
    ],
)
def test_what_does_not_fit_into_the_picture_is_named(furniture, foci, message):
    with pytest.raises(UsageError, match=message):
        make_phantom(body=BodyAnatomy(), imaging=Imaging(**FRAME, furniture=furniture), foci=foci, seed=1)


def test_workers_return_values_in_order_and_their_number_is_checked():
    told = []
    assert map_in_order(abs, (-3, 2, -1), workers=2, on_done=told.append) == [3, 2, 1]
    assert told == [1, 2, 3]
    with pytest.raises(UsageError, match="workers is 0 but must be between 1 and 64 processes"):
        map_in_order(abs, (1,), workers=0)
    with pytest.raises(OutputError, match="a worker process died"):
        map_in_order(os._exit, (1, 1), workers=2)
