"""Planting and finding: the limit falls with contrast, and is empty where it has no meaning."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.stats import norm

from candidate_scenes import SHAPE, as_normalized, hip_frame, soft_background
from hipcalc.candidates import find_candidates, measure_hips
from hipcalc.detectability import DIAMETERS, PlantedFoci, detectability, limit, plant_and_find, planting
from hipcalc.detectability.planting import CONTRASTS
from hipcalc.detectability.regression import RESIDUAL_LEVELS, StrengthModel, Trend, load_trend, terms
from hipcalc.errors import UsageError
from hipcalc.screen import screen
from support import ROOT

HIP = hip_frame()


@pytest.fixture(scope="module")
def picture():
    return as_normalized(soft_background(0))


@pytest.fixture(scope="module")
def at_four(picture):
    return detectability(picture, HIP, false_marks_per_hip=0.25)


def limit_or_more(limit):
    return DIAMETERS[-1] * 2 if limit.detection_limit_head_radii is None else limit.detection_limit_head_radii


def test_the_curve_rises_with_size_and_the_limit_lies_on_it(at_four):
    assert at_four.planted >= 4 * len(DIAMETERS)
    assert at_four.cnr == 4.0
    sizes, probability = zip(*at_four.curve, strict=True)
    assert (sizes[0], sizes[-1]) == pytest.approx((DIAMETERS[0], DIAMETERS[-1]))
    assert list(probability) == sorted(probability)
    assert at_four.detection_limit_head_radii is not None
    at_limit = np.interp(np.log(at_four.detection_limit_head_radii), np.log(sizes), probability)
    assert at_limit == pytest.approx(0.9) or (at_four.detection_limit_head_radii == DIAMETERS[0] and at_limit > 0.9)


FLAT = Trend(
    mean=np.array([3.0, 1.0, 0.0, 2.0]),
    spread=np.full(4, 5.0),
    deviation=1.0,
    crowding=0.0,
    residual=norm.ppf(RESIDUAL_LEVELS),
)


def drawn_strengths(count, seed=0):
    rng = np.random.default_rng(seed)
    diameter, cnr = rng.choice(DIAMETERS, count), rng.choice([2.6, 4.0, 6.2], count)
    return diameter, cnr, terms(diameter, cnr) @ [2.0, 1.5, -0.4, 2.5] + 0.8 * rng.standard_normal(count)


def test_the_regression_recovers_what_strengths_were_drawn_from():
    fitted = StrengthModel.fitted(*drawn_strengths(2000), floor=-10.0, trend=FLAT)
    assert fitted.coefficient == pytest.approx([2.0, 1.5, -0.4, 2.5], abs=0.1)
    assert fitted.deviation == pytest.approx(0.8, abs=0.05)


def test_what_was_missed_counts_as_weaker_than_the_weakest_mark():
    diameter, cnr, strength = drawn_strengths(2000)
    floor = 1.5
    missed = np.where(strength > floor, strength, -np.inf)
    assert 0.2 < np.isinf(missed).mean() < 0.6
    fitted = StrengthModel.fitted(diameter, cnr, missed, floor, FLAT)
    assert fitted.coefficient == pytest.approx([2.0, 1.5, -0.4, 2.5], abs=0.2)
    assert fitted.deviation == pytest.approx(0.8, abs=0.1)


def test_predicted_probabilities_come_true():
    fitted = StrengthModel.fitted(*drawn_strengths(30, seed=1), floor=-10.0, trend=FLAT)
    diameter, cnr, strength = drawn_strengths(4000, seed=2)
    order = np.argsort(diameter, kind="stable")
    for contrast in (2.6, 4.0, 6.2):
        chosen = order[cnr[order] == contrast]
        predicted = fitted.probability(diameter[chosen], cnr[chosen], threshold=1.0)
        assert predicted.mean() == pytest.approx((strength[chosen] >= 1.0).mean(), abs=0.1)


def test_what_a_hip_leaves_unsure_draws_probabilities_towards_a_half():
    fitted = StrengthModel.fitted(*drawn_strengths(8), floor=-10.0, trend=FLAT)
    sizes, contrasts = np.array(DIAMETERS), np.full(len(DIAMETERS), 4.0)
    known = replace(fitted, covariance=np.zeros((4, 4))).probability(sizes, contrasts, threshold=0.0)
    unsure = fitted.probability(sizes, contrasts, threshold=0.0)
    assert known[-1] > unsure[-1] > 0.5
    assert (np.abs(known - 0.5) >= np.abs(unsure - 0.5)).all()


def test_a_place_is_better_than_its_hip_by_what_its_plants_are_drawn_towards_none():
    fitted = StrengthModel.fitted(*drawn_strengths(30), floor=-10.0, trend=FLAT)
    diameter, cnr = np.array(DIAMETERS), np.full(len(DIAMETERS), 4.0)
    planted = PlantedFoci(
        place=np.zeros(len(DIAMETERS), np.int64),
        diameter=diameter,
        cnr=cnr,
        strength=terms(diameter, cnr) @ fitted.coefficient + 0.7,
        places_px=np.array([[10.0, 20.0]]),
        tissue="bone",
    )
    (place,) = limit._map(planted, fitted, diameter, 4.0, floor=-10.0, threshold=2.5)
    at = 0.14, 4.0
    # Five plants against two that would say nothing.
    expected, hip = (fitted.probability(*(np.array([x]) for x in at), 2.5, offset)[0] for offset in (0.5, 0.0))
    assert place.probability == pytest.approx(expected)
    assert expected > hip + 0.05


def test_foci_alone_are_found_more_often_than_those_planted_together(picture, at_four, monkeypatch):
    trend = load_trend("soft tissue")
    assert trend.crowding > 0
    monkeypatch.setattr(limit, "load_trend", lambda tissue: replace(trend, crowding=0.0))
    together = detectability(picture, HIP, false_marks_per_hip=0.25)
    assert all(a >= t for (_, a), (_, t) in zip(at_four.curve, together.curve, strict=True))
    assert at_four.curve != together.curve


def test_a_skewed_spread_of_strengths_is_taken_as_it_is():
    rng = np.random.default_rng(3)
    # Most foci a little above their hip's trend, some far below it, as what an edge hides.
    noise = 1.0 - rng.exponential(1.0, 20_000)
    skewed = replace(FLAT, residual=np.quantile(noise, RESIDUAL_LEVELS))
    fitted = StrengthModel(
        coefficient=np.array([3.0, 0.0, 0.0, 0.0]), covariance=np.zeros((4, 4)), deviation=1.0, residual=skewed.residual
    )
    for threshold in (1.0, 2.0, 3.0, 3.5, 3.8):
        predicted = fitted.probability(np.array([0.14]), np.array([4.0]), threshold)[0]
        assert predicted == pytest.approx((3.0 + noise >= threshold).mean(), abs=0.02)


def test_places_lie_well_apart(picture):
    places = plant_and_find(picture, HIP, 4.0, None).places_px
    apart = [math.dist(a, b) for number, a in enumerate(places) for b in places[:number]]
    assert min(apart) >= 0.45 * HIP.head_radius_px
    assert 4 <= len(places) <= 8


def test_the_map_names_the_places_and_what_would_have_been_found_there(picture, at_four):
    planted = plant_and_find(picture, HIP, 4.0, None)
    assert len(at_four.places) == len(planted.places_px)
    assert len(planted.place) == at_four.planted == len(planted.places_px) * len(DIAMETERS)
    for place, known in zip(at_four.places, planted.places_px, strict=True):
        assert (place.row_px, place.column_px) == pytest.approx(tuple(known))
        r, phi = HIP.to_polar(place.row_px, place.column_px)
        assert 1.1 < r < 2.1
        assert -10 < phi - HIP.rim_phi_deg < 60
        assert 0 <= place.probability <= 1
    assert {round(c, 4) for c in planted.cnr.tolist()} == {round(4.0 * share, 4) for share in CONTRASTS}
    # Every place sees every size once.
    assert {(p, round(d, 4)) for p, d in zip(planted.place.tolist(), planted.diameter.tolist(), strict=True)} == {
        (p, round(d, 4)) for p in range(len(planted.places_px)) for d in DIAMETERS
    }


@pytest.mark.parametrize("tissue", ["soft tissue", "bone"])
def test_the_prior_is_that_of_many_hips(tissue):
    trend = load_trend(tissue)
    # A stronger contrast is found more easily, in every hip.
    assert trend.mean[3] > 3 * trend.spread[3]
    assert trend.deviation > 0


def test_the_other_hip_is_a_control_here_too(picture, at_four):
    control = measure_hips(picture, (HIP,))[0]
    # The same hip as its own control: what it holds already is answered, what is planted is not.
    controlled = detectability(picture, HIP, false_marks_per_hip=0.25, control=control)
    assert controlled.curve != at_four.curve
    assert controlled.planted == at_four.planted


def test_a_limit_asked_for_with_the_other_hip_is_the_one_that_was_screened():
    screening = screen(ROOT / "sample_data" / "01_ap_pelvis.dcm")
    (right, left), record = screening.hips, screening.hip_records[0]
    limit = detectability(screening.image, right, control=left)
    assert limit.detection_limit_head_radii == record.detection_limit_head_radii
    assert limit.detection_limit_mm == record.detection_limit_mm
    # The hip's own spots say all that the hip does.
    spots = measure_hips(screening.image, (right,))[0]
    assert detectability(screening.image, spots, control=left) == limit
    # No control: the hip itself, or one that is not searched.
    alone = detectability(screening.image, right)
    assert detectability(screening.image, right, control=right) == alone != limit
    assert detectability(screening.image, right, control=replace(left, status="absent")) == alone


def test_where_bone_lies_beside_the_rim_the_limit_is_one_over_bone(at_four):
    grey = soft_background(0)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - HIP.head_row_px, columns - HIP.head_column_px) / HIP.head_radius_px
    # Bone as bright as the head around it, to 2.1 times its radius: no soft tissue is left beside the rim.
    bright = as_normalized((grey + 0.35 * ((away > 1.0) & (away < 2.1))).astype(np.float32))
    assert detectability(bright, HIP, false_marks_per_hip=0.25).tissue == "bone"
    bare = as_normalized((grey + 0.3 * (away < 1.05)).astype(np.float32))
    assert detectability(bare, HIP, false_marks_per_hip=0.25).tissue == at_four.tissue == "soft tissue"


@pytest.fixture(scope="module")
def at_the_joint():
    """A picture that ends at the joint, as crops do, and its hip."""
    top, right = round(HIP.head_row_px - 1.8 * HIP.head_radius_px), round(HIP.rim_column_px + 0.5 * HIP.head_radius_px)
    moved = replace(HIP, head_row_px=HIP.head_row_px - top, rim_row_px=HIP.rim_row_px - top)
    return as_normalized(soft_background(0)[top:, :right]), moved


def test_a_picture_that_ends_at_the_joint_has_a_limit_for_what_it_shows(at_the_joint):
    picture, hip = at_the_joint
    limit = detectability(picture, hip, false_marks_per_hip=0.25)
    assert limit.tissue == "bone"
    assert limit.planted == 5 * len(DIAMETERS)
    for place in limit.places:
        # Even the largest focus lies inside the picture, and beside the head.
        reach = DIAMETERS[-1] / 2 * hip.head_radius_px
        assert reach < place.row_px < picture.shape[0] - 1 - reach
        assert reach < place.column_px < picture.shape[1] - 1 - reach
        assert hip.to_polar(place.row_px, place.column_px)[0] > 1.15


def test_foci_that_are_looked_for_together_lie_well_apart(at_the_joint, monkeypatch):
    together = []
    monkeypatch.setattr(
        planting,
        "strengths_on",
        lambda places, within, *rest: (together.append((places, within)), np.zeros(len(places)))[1],
    )
    picture, hip = at_the_joint
    planted = plant_and_find(picture, hip, 4.0, None)
    assert len(planted.places_px) == 5
    assert sum(len(places) for places, _ in together) == len(planted.place)
    # A spot on the focus, or as near as a mark has to be.
    reached = np.concatenate([within for _, within in together]) / hip.head_radius_px
    assert reached == pytest.approx(np.maximum(planted.diameter / 2, 0.08))
    for places, _ in together:
        apart = [math.dist(a, b) for number, a in enumerate(places) for b in places[:number]]
        assert min(apart, default=math.inf) >= 0.45 * hip.head_radius_px


def test_the_limit_falls_with_contrast(picture, at_four):
    faint = detectability(picture, HIP, false_marks_per_hip=0.25, cnr=1.5)
    strong = detectability(picture, HIP, false_marks_per_hip=0.25, cnr=8.0)
    assert limit_or_more(strong) <= limit_or_more(at_four) <= limit_or_more(faint)
    assert limit_or_more(strong) < limit_or_more(faint)


def test_a_stricter_operating_point_finds_less(picture, at_four):
    strict = detectability(picture, HIP, false_marks_per_hip=0.02)
    assert limit_or_more(strict) >= limit_or_more(at_four)
    assert all(s <= a for (_, s), (_, a) in zip(strict.curve, at_four.curve, strict=True))


def test_millimetres_need_spacing(picture):
    known = detectability(picture, HIP, false_marks_per_hip=1.0, cnr=8.0)
    assert known.detection_limit_mm == pytest.approx(known.detection_limit_head_radii * HIP.head_radius_px * 0.28)
    unknown = detectability(as_normalized(soft_background(0), spacing_mm=None), HIP, false_marks_per_hip=1.0, cnr=8.0)
    assert unknown.detection_limit_mm is None
    assert unknown.detection_limit_head_radii == known.detection_limit_head_radii


@pytest.mark.parametrize("changes", [{"status": "implant"}, {"status": "absent"}, {"head_radius_px": 11.9}])
def test_a_hip_that_is_not_searched_has_no_limit(picture, changes):
    assert find_candidates(picture, hip_frame(**changes)) == ()
    limit = detectability(picture, hip_frame(**changes), false_marks_per_hip=0.25)
    assert (limit.detection_limit_head_radii, limit.curve, limit.planted, limit.tissue) == (None, (), 0, "")


def test_a_rim_that_is_cut_off_has_no_limit(picture):
    for column in (510.0, 5000.0):
        hip = hip_frame(head_column_px=column, rim_column_px=column + 60)
        limit = detectability(picture, hip, false_marks_per_hip=0.25)
        assert limit.detection_limit_head_radii is None


def test_an_excluded_picture_has_no_limit():
    blank = as_normalized(soft_background(0), excluded=np.ones(SHAPE, bool))
    assert detectability(blank, HIP, false_marks_per_hip=0.25).planted == 0


def test_same_input_same_output(picture, at_four):
    assert detectability(picture, HIP, false_marks_per_hip=0.25) == at_four


@pytest.mark.parametrize("cnr", [0, -1.0, math.inf, math.nan])
def test_contrast_must_be_positive(picture, cnr):
    with pytest.raises(UsageError, match=f"cnr is {cnr:g} but must be a number larger than 0"):
        detectability(picture, HIP, cnr=cnr)


@pytest.mark.parametrize("point", [0, -1.0, 10.5, math.nan])
def test_the_operating_point_must_be_one_at_which_marks_are_listed(picture, point):
    with pytest.raises(UsageError, match=f"above 0 and at most 10 expected false marks per hip, not {point:g}"):
        detectability(picture, HIP, false_marks_per_hip=point)


def test_in_a_small_head_no_limit_is_below_what_was_planted():
    rows, columns = (round(length / 4) for length in SHAPE)
    small = as_normalized(cv2.resize(soft_background(0), (columns, rows), interpolation=cv2.INTER_AREA))
    shrunk = {name: getattr(HIP, name) / 4 for name in ("head_row_px", "head_column_px", "rim_row_px", "rim_column_px")}
    hip = hip_frame(head_radius_px=HIP.head_radius_px / 4, **shrunk)
    smallest = 2.0 / hip.head_radius_px
    assert smallest > DIAMETERS[0]
    limit = detectability(small, hip, false_marks_per_hip=10.0, cnr=50.0)
    assert limit.curve[0][0] == pytest.approx(smallest)
    assert limit.detection_limit_head_radii == pytest.approx(smallest)
    assert all((place.detection_limit_head_radii or 1.0) >= 0.999 * smallest for place in limit.places)
