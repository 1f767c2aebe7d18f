"""Planting and finding: the limit falls with contrast, and is empty where it has no meaning."""

import numpy as np
import pytest

from candidate_scenes import SHAPE, as_normalized, hip_frame, soft_background
from hipcalc.detectability import DIAMETERS, _curve, _limit, detection_limit
from hipcalc.errors import UsageError

HIP = hip_frame()


@pytest.fixture(scope="module")
def picture():
    return as_normalized(soft_background(0))


@pytest.fixture(scope="module")
def at_four(picture):
    return detection_limit(picture, HIP, false_marks_per_hip=0.25)


def limit_or_more(limit):
    return DIAMETERS[-1] * 2 if limit.diameter_head_radii is None else limit.diameter_head_radii


def test_the_curve_rises_with_size_and_the_limit_lies_on_it(at_four):
    assert at_four.planted >= 4 * len(DIAMETERS)
    assert at_four.cnr == 4.0
    sizes, probability = zip(*at_four.curve, strict=True)
    assert sizes == DIAMETERS
    assert list(probability) == sorted(probability)
    assert at_four.diameter_head_radii is not None
    at_limit = np.interp(np.log(at_four.diameter_head_radii), np.log(sizes), probability)
    assert at_limit == pytest.approx(0.9) or (at_four.diameter_head_radii == DIAMETERS[0] and at_limit > 0.9)


def outcomes(*found):
    """Ten places; `found` of them at each size."""
    return np.arange(10)[:, None] < np.array(found)


def test_one_large_focus_missed_does_not_empty_the_limit():
    curve = _curve(outcomes(5, 8, 10, 10, 9))
    assert [share for _, share in curve] == pytest.approx([0.5, 0.8, 29 / 30, 29 / 30, 29 / 30])
    # Three fifths of the way from 0.8 to 0.967 on the logarithm's scale.
    assert _limit(curve) == pytest.approx(DIAMETERS[1] * (DIAMETERS[2] / DIAMETERS[1]) ** 0.6)


def test_the_curve_pools_as_far_back_as_it_must():
    assert [share for _, share in _curve(outcomes(8, 9, 2, 6, 6))] == pytest.approx([6.2 / 10] * 5)
    assert [share for _, share in _curve(outcomes(2, 4, 6, 8, 10))] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_the_limit_is_empty_above_the_largest_size_and_ends_at_the_smallest():
    assert _limit(_curve(outcomes(1, 2, 3, 4, 8))) is None
    assert _limit(_curve(outcomes(9, 9, 10, 10, 10))) == DIAMETERS[0]
    assert _limit(()) is None


def test_nothing_is_planted_where_bone_lies_beside_the_rim():
    grey = soft_background(0)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - HIP.head_row_px, columns - HIP.head_column_px) / HIP.head_radius_px
    # A bright head, bone as bright around it to 1.85 times its radius, soft tissue beyond: too few places are left.
    bright = as_normalized((grey + 0.3 * (away < 1.85)).astype(np.float32))
    assert detection_limit(bright, HIP, false_marks_per_hip=0.25).planted == 0
    bare = as_normalized((grey + 0.3 * (away < 1.05)).astype(np.float32))
    assert detection_limit(bare, HIP, false_marks_per_hip=0.25).planted >= 4 * len(DIAMETERS)


def test_the_limit_falls_with_contrast(picture, at_four):
    faint = detection_limit(picture, HIP, false_marks_per_hip=0.25, cnr=1.5)
    strong = detection_limit(picture, HIP, false_marks_per_hip=0.25, cnr=8.0)
    assert limit_or_more(strong) <= limit_or_more(at_four) <= limit_or_more(faint)
    assert limit_or_more(strong) < limit_or_more(faint)


def test_a_stricter_operating_point_finds_less(picture, at_four):
    strict = detection_limit(picture, HIP, false_marks_per_hip=0.02)
    assert limit_or_more(strict) >= limit_or_more(at_four)
    assert all(s <= a for (_, s), (_, a) in zip(strict.curve, at_four.curve, strict=True))


def test_millimetres_need_spacing(picture):
    known = detection_limit(picture, HIP, false_marks_per_hip=1.0, cnr=8.0)
    assert known.diameter_mm == pytest.approx(known.diameter_head_radii * HIP.head_radius_px * 0.28)
    unknown = detection_limit(as_normalized(soft_background(0), spacing_mm=None), HIP, false_marks_per_hip=1.0, cnr=8.0)
    assert unknown.diameter_mm is None
    assert unknown.diameter_head_radii == known.diameter_head_radii


@pytest.mark.parametrize("status", ["implant", "absent"])
def test_a_hip_that_is_not_there_has_no_limit(picture, status):
    limit = detection_limit(picture, hip_frame(status=status), false_marks_per_hip=0.25)
    assert (limit.diameter_head_radii, limit.curve, limit.planted) == (None, (), 0)


def test_a_rim_that_is_cut_off_has_no_limit(picture):
    for column in (470.0, 5000.0):
        hip = hip_frame(head_column_px=column, rim_column_px=column + 60)
        limit = detection_limit(picture, hip, false_marks_per_hip=0.25)
        assert limit.diameter_head_radii is None


def test_an_excluded_picture_has_no_limit():
    blank = as_normalized(soft_background(0), excluded=np.ones(SHAPE, bool))
    assert detection_limit(blank, HIP, false_marks_per_hip=0.25).planted == 0


def test_same_input_same_output(picture, at_four):
    assert detection_limit(picture, HIP, false_marks_per_hip=0.25) == at_four


def test_contrast_must_be_positive(picture):
    with pytest.raises(UsageError, match="cnr is 0 but must be larger than 0"):
        detection_limit(picture, HIP, false_marks_per_hip=0.25, cnr=0)
