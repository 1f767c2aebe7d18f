"""Evidence at a place known from elsewhere: planted truth stands out, other places do not, and errors are told."""

import math
from dataclasses import replace

import numpy as np
import pytest

import hipcalc
from candidate_scenes import (
    HEAD_RADIUS_PX,
    SHAPE,
    as_normalized,
    hip_frame,
    power_law_texture,
    soft_background,
    with_disk,
)
from hipcalc.errors import UsageError

HIP = hip_frame()
PLACE = HIP.to_image(1.6, 50.0)
DIAMETER_PX = 0.16 * HEAD_RADIUS_PX


def evidence(grey, place=PLACE, hip=HIP, diameter_px=DIAMETER_PX, within_px=0.0, shape="disk", **changes):
    picture = as_normalized(np.asarray(grey, np.float32), **changes)
    return hipcalc.evidence_at(
        picture, hip, row_px=place[0], column_px=place[1], diameter_px=diameter_px, within_px=within_px, shape=shape
    )


@pytest.mark.parametrize("diameter_px", [0.08 * HEAD_RADIUS_PX, 0.16 * HEAD_RADIUS_PX, 0.28 * HEAD_RADIUS_PX])
def test_a_planted_focus_stands_out_like_no_other_place(diameter_px):
    ground = soft_background(3)
    found = evidence(with_disk(ground, PLACE, diameter_px, 0.06), diameter_px=diameter_px)
    bare = evidence(ground, diameter_px=diameter_px)
    assert found.share == 1 / found.places
    assert found.deviations > 4 + bare.deviations
    assert bare.share > 0.05


def test_the_surround_of_a_focus_itself_is_no_other_place():
    found = evidence(with_disk(soft_background(3), PLACE, DIAMETER_PX, 0.06), within_px=1.5 * DIAMETER_PX)
    assert found.share == 1 / found.places


def test_a_black_picture_tells_nothing():
    assert evidence(np.zeros(SHAPE)) is None


def test_a_faint_focus_that_is_not_marked_is_told_by_its_place():
    told, bare, marked = [], [], 0
    for seed in range(12):
        ground = soft_background(seed, noise=0.012)
        planted = as_normalized(with_disk(ground, PLACE, DIAMETER_PX, 0.022), noise=0.012)
        told.append(evidence(planted.grey).share)
        bare.append(evidence(ground).share)
        marks = hipcalc.candidates.find_candidates(planted, HIP)
        marked += any(
            mark.expected_false_marks <= 0.25
            and math.dist((mark.row_px, mark.column_px), PLACE) < max(DIAMETER_PX / 2, 0.08 * HEAD_RADIUS_PX)
            for mark in marks
        )
    assert np.sum(np.array(told) <= 0.05) >= 10
    assert np.sum(np.array(bare) <= 0.05) <= 2
    assert marked <= 6


@pytest.mark.parametrize("shape", ["ball", "gaussian"])
def test_a_spot_stands_out_further_where_its_shape_is_told(shape):
    rows, columns = np.indices(SHAPE)
    squared = ((rows - PLACE[0]) ** 2 + (columns - PLACE[1]) ** 2) / (0.5 * DIAMETER_PX) ** 2
    spot = np.sqrt(np.clip(1.0 - squared, 0.0, None)) if shape == "ball" else np.exp2(-squared)
    gained = []
    for seed in range(8):
        ground = soft_background(seed, noise=0.012)
        as_it_is, as_disk = (
            evidence(ground + 0.06 * spot, shape=said).deviations - evidence(ground, shape=said).deviations
            for said in (shape, "disk")
        )
        gained.append(as_it_is - as_disk)
    assert np.mean(gained) > 0
    assert np.sum(np.array(gained) > 0) >= 6


def test_the_widest_spots_are_not_taken_for_bone():
    def gained(diameter_px):
        grounds = (soft_background(seed, noise=0.012) for seed in range(6))
        pairs = ((with_disk(ground, PLACE, diameter_px, 0.04), ground) for ground in grounds)
        return np.mean(
            [np.subtract(*(evidence(grey, diameter_px=diameter_px).deviations for grey in pair)) for pair in pairs]
        )

    assert gained(0.48 * HEAD_RADIUS_PX) > 0.9 * gained(0.2 * HEAD_RADIUS_PX)


def test_an_unknown_shape_is_refused():
    with pytest.raises(UsageError, match="'cube' is no shape of a spot; choose one of disk, ball, gaussian"):
        evidence(soft_background(1), shape="cube")


def test_shares_of_places_without_a_focus_are_even():
    ground = soft_background(5)
    places = [HIP.to_image(r, phi) for r in (1.3, 1.5, 1.7, 1.9) for phi in range(-15, 110, 12)]
    shares = np.array([evidence(ground, place).share for place in places])
    assert 0.35 < np.mean(shares) < 0.65
    assert np.mean(shares < 0.1) < 0.25
    assert np.mean(shares > 0.9) < 0.25


def test_flip_and_gain_change_little():
    grey = with_disk(soft_background(7), PLACE, DIAMETER_PX, 0.02)
    as_it_is = evidence(grey)
    flipped_hip = replace(
        HIP,
        lateral_sign=-1,
        head_column_px=SHAPE[1] - 1 - HIP.head_column_px,
        rim_column_px=SHAPE[1] - 1 - HIP.rim_column_px,
    )
    flipped = evidence(grey[:, ::-1], (PLACE[0], SHAPE[1] - 1 - PLACE[1]), flipped_hip)
    # Half a pixel of the working grid lies between the two.
    assert flipped.deviations == pytest.approx(as_it_is.deviations, rel=0.1)
    brighter = evidence(1.3 * (grey + np.float32(0.15)) - np.float32(0.15))
    assert brighter.deviations == pytest.approx(as_it_is.deviations, rel=0.01)
    assert brighter.share == pytest.approx(as_it_is.share, abs=0.002)


def test_a_bar_as_wide_as_the_spot_stands_out_as_well():
    # The share says how much a place stands out, not what it is.
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    line = (np.abs(rows - PLACE[0]) < DIAMETER_PX / 2) & (np.abs(columns - PLACE[1]) < 60)
    ground = soft_background(2)
    assert evidence(ground + np.where(line, np.float32(0.08), np.float32(0.0))).share <= 0.05 < evidence(ground).share


def test_a_place_outside_of_zones_or_picture_has_no_answer():
    grey = soft_background(1)
    assert evidence(grey, HIP.to_image(0.3, 40.0)) is None
    assert evidence(grey, HIP.to_image(1.6, 160.0)) is None
    assert evidence(grey, (-40.0, 900.0)) is None
    masked = np.zeros(SHAPE, bool)
    masked[:, int(PLACE[1]) - 4 :] = True
    assert evidence(grey, excluded=masked) is None
    assert evidence(grey, hip=replace(HIP, status="implant")) is None
    assert evidence(grey, hip=replace(HIP, status="absent")) is None


def test_masked_pixels_do_not_count():
    grey = with_disk(soft_background(4), PLACE, DIAMETER_PX, 0.05)
    row, column = (round(value) for value in HIP.to_image(1.9, 10.0))
    masked = np.zeros(SHAPE, bool)
    masked[row - 8 : row + 8, column - 30 : column + 30] = True
    lettered = np.where(masked, 5.0, grey)
    found = evidence(lettered, excluded=masked)
    assert found.share == 1 / found.places
    assert evidence(lettered).share > 0.02


def test_a_place_that_is_known_roughly_is_searched():
    ground = soft_background(6)
    grey = with_disk(ground, PLACE, DIAMETER_PX, 0.05)
    beside = PLACE[0] + 0.45 * DIAMETER_PX, PLACE[1]
    exact, rough = (evidence(grey, beside, within_px=within) for within in (0.0, 0.5 * DIAMETER_PX))
    assert rough.share == 1 / rough.places
    assert exact.share > 2 * rough.share
    # More places near each other place count as well: without a focus, nothing stands out.
    assert evidence(ground, beside, within_px=0.5 * DIAMETER_PX).share > 0.05


@pytest.mark.parametrize("within_px", [-1.0, 28.0, math.nan])
def test_a_place_that_is_hardly_known_is_refused(within_px):
    with pytest.raises(UsageError, match=r"known to within .* pixels says too little .*; give 0 to 27\.2\."):
        evidence(power_law_texture(1), within_px=within_px)


@pytest.mark.parametrize("place", [(math.nan, 200.0), (200.0, math.inf)])
def test_a_place_that_is_no_number_is_refused(place):
    with pytest.raises(UsageError, match=r"A place at row .* and column .* is none; give both in the file's pixels\."):
        evidence(power_law_texture(1), place)


@pytest.mark.parametrize("diameter_px", [1.0, 60.0, -3.0, math.nan])
def test_a_size_that_is_no_focus_is_refused(diameter_px):
    with pytest.raises(UsageError, match=r"no focus beside a head of 85; give a diameter of 2\.5 to 42\.5 pixels\."):
        evidence(power_law_texture(1), diameter_px=diameter_px)
