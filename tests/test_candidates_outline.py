"""The outline that is reported, drawn on planted truth: bodies of any kind, on any ground."""

import cv2
import numpy as np
import pytest

from hipcalc.candidates.outline import measure_spot
from hipcalc.candidates.redrawing import redraw_spot
from hipcalc.candidates.spots import OUTLINE_REACH
from hipcalc.synthetic.deposits import draw_deposit

SHAPE, PLACE = (161, 161), (80.3, 79.6)
# 0.4 mm on the working grid, where a head of 48 mm has a radius of 90 pixels.
GOAL_PX = 0.4 * 90 / 24
BLUR_PX = 1.3
EVERYWHERE = np.ones(SHAPE, bool)
ROWS, COLUMNS = np.indices(SHAPE, np.float32)


def body(kind, diameter_px, seed, contrast=0.2):
    """Return what a deposit adds to the grey scale."""
    deposit = draw_deposit(
        kind=kind,
        row_px=PLACE[0],
        column_px=PLACE[1],
        diameter_px=diameter_px,
        orientation_deg=30.0,
        rng=np.random.default_rng(seed),
        aspect=1.3,
    )
    level = np.zeros(SHAPE, np.float32)
    rows, columns = deposit.thickness.shape
    level[deposit.row : deposit.row + rows, deposit.column : deposit.column + columns] = deposit.thickness
    return contrast * cv2.GaussianBlur(level, (0, 0), BLUR_PX)


def grain(seed, deviation=0.01):
    noise = np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)
    return np.float32(deviation) * cv2.GaussianBlur(noise, (0, 0), 0.8) / 0.35


def drawn(grey, diameter_px, included=EVERYWHERE):
    level = np.log(0.5 + grey).astype(np.float32)
    first = measure_spot(level, included, *PLACE, diameter_px)
    return redraw_spot(level, included, first)[0]


@pytest.mark.parametrize("kind", ["ossicle", "ring"])
@pytest.mark.parametrize("diameter_px", [9.0, 15.0, 22.5, 30.0])
def test_foci_of_any_size_are_drawn_as_large_as_they_are(kind, diameter_px):
    errors = [drawn(body(kind, diameter_px, k) + grain(k), diameter_px).diameter - diameter_px for k in range(12)]
    assert abs(float(np.median(errors))) < GOAL_PX


def test_a_ball_is_not_drawn_where_half_of_its_thickness_is_reached():
    squared = ((ROWS - PLACE[0]) ** 2 + (COLUMNS - PLACE[1]) ** 2) / 15.0**2
    # Half of a ball's median thickness lies a twentieth of its radius inside: 0.8 mm too small at 8 mm.
    ball = 0.1 * np.sqrt(np.clip(1.0 - squared, 0.0, None)).astype(np.float32)
    assert drawn(cv2.GaussianBlur(ball, (0, 0), BLUR_PX), 30.0).diameter == pytest.approx(30.0, abs=1.3 * GOAL_PX)


@pytest.mark.parametrize("width_px", [9.0, 15.0, 18.0])
def test_what_fades_out_without_a_border_is_drawn_at_half_of_its_peak(width_px):
    # Half of the level just inside of a line is met far down the flank of a Gaussian, at a third more than its width.
    squared = (ROWS - PLACE[0]) ** 2 + (COLUMNS - PLACE[1]) ** 2
    blob = (0.1 * np.exp(-4.0 * np.log(2.0) * squared / width_px**2)).astype(np.float32)
    errors = [drawn(blob + grain(k), width_px).diameter - width_px for k in range(12)]
    assert abs(float(np.median(errors))) < GOAL_PX


@pytest.mark.parametrize("diameter_px", [9.0, 18.0, 27.0])
def test_the_ground_under_a_focus_does_not_move_its_outline(diameter_px):
    focus = body("ossicle", diameter_px, 3)
    slope = 0.003 * (COLUMNS - PLACE[1]) + 0.00008 * (ROWS - PLACE[0]) ** 2
    level, sloped = drawn(focus, diameter_px), drawn(focus + slope, diameter_px)
    assert sloped.diameter == pytest.approx(level.diameter, rel=0.02)
    assert (sloped.row, sloped.column) == pytest.approx((level.row, level.column), abs=0.2)
    assert sloped.solidity == pytest.approx(level.solidity, abs=0.03)


def test_bone_in_a_part_of_the_surround_does_not_move_the_outline():
    focus = body("ossicle", 24.0, 5)
    bone = 0.4 * (PLACE[1] - 20.0 > COLUMNS)
    beside = drawn(focus + cv2.GaussianBlur(bone.astype(np.float32), (0, 0), BLUR_PX), 24.0)
    assert beside.diameter == pytest.approx(drawn(focus, 24.0).diameter, rel=0.04)


def test_a_line_that_crosses_a_focus_is_no_part_of_it():
    focus = body("ossicle", 24.0, 7)
    line = 0.14 * np.exp(-0.5 * ((ROWS - PLACE[0] - 4.0) / 1.0) ** 2) * (np.abs(COLUMNS - PLACE[1]) < 22.0)
    alone, crossed = drawn(focus, 24.0), drawn(focus + line.astype(np.float32), 24.0)
    assert crossed.diameter == pytest.approx(alone.diameter, rel=0.06)
    assert np.ptp(crossed.outline[:, 1]) < np.ptp(alone.outline[:, 1]) + 10.0


def test_an_outline_is_drawn_where_a_part_of_the_surround_is_not_in_the_picture():
    focus, included = body("ossicle", 18.0, 9), np.array(PLACE[1] + 12.0 > COLUMNS)
    shown = np.where(included, focus, 2.0).astype(np.float32)
    assert drawn(shown, 18.0, included).diameter == pytest.approx(drawn(focus, 18.0).diameter, rel=0.04)


def test_what_is_never_closed_is_cut_at_its_first_size():
    # A lip of bone goes on beyond any reach: looked at again as larger, it would only be cut further out.
    bar = np.where(np.abs(COLUMNS - PLACE[1]) < 9.0, np.float32(0.3), np.float32(0.0))
    lengths = [np.ptp(measure_spot(bar, EVERYWHERE, *PLACE, size).outline[:, 0]) for size in (20.0, 30.0)]
    assert lengths[0] == pytest.approx(OUTLINE_REACH * 20.0, abs=3.0)
    assert lengths[1] == pytest.approx(OUTLINE_REACH * 30.0, abs=3.0)


def test_a_spot_larger_than_proposed_is_drawn_whole():
    disk = ((ROWS - PLACE[0]) ** 2 + (COLUMNS - PLACE[1]) ** 2 < 17.0**2).astype(np.float32)
    assert measure_spot(disk, EVERYWHERE, *PLACE, 20.0).diameter == pytest.approx(34.0, abs=1.5)
