"""Planting and finding: the limit falls with contrast, and is empty where it has no meaning."""

import numpy as np
import pytest

from candidate_scenes import SHAPE, as_normalized, hip_frame, soft_background
from hipcalc.detectability import DIAMETERS, detection_limit
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
    assert at_four.planted >= 20
    assert at_four.cnr == 4.0
    sizes, probability = zip(*at_four.curve, strict=True)
    assert sizes == DIAMETERS
    assert list(probability) == sorted(probability)
    if at_four.diameter_head_radii is not None and at_four.diameter_head_radii > DIAMETERS[0]:
        assert np.interp(at_four.diameter_head_radii, sizes, probability) == pytest.approx(0.9, abs=0.1)


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
