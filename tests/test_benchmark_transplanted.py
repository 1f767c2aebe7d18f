"""Real foci moved to other pictures: what is cut out of an array, and how it arrives."""

import math
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from planted import Place
from transplanted import Cut, cut_out, moved

from hipcalc.errors import UsageError

SIZE = 120
CENTRE = (58.3, 61.6)
DIAMETER = 16.0
LEVEL = 0.2
NOISE = 0.01


def coordinates():
    return np.indices((SIZE, SIZE), np.float32)


def disk(at=CENTRE, diameter=DIAMETER):
    """One blurred disk of unit height."""
    rows, columns = coordinates()
    sharp = np.asarray(np.hypot(rows - at[0], columns - at[1]) < diameter / 2, np.float32)
    return cv2.GaussianBlur(sharp, (0, 0), 1.0)


def ground():
    """A curved slope with the noise of a picture."""
    rows, columns = coordinates()
    slope = 0.4 + 0.004 * rows - 0.003 * columns + 0.00004 * (rows - 50) ** 2
    return slope + NOISE * np.random.default_rng(2).standard_normal((SIZE, SIZE)).astype(np.float32)


def place(at, contrast=0.3):
    return Place(at=np.array(at), middle=0.0, deviation=0.05, contrast=contrast)


def hip_in(rows=SIZE, columns=SIZE):
    return SimpleNamespace(normalized=SimpleNamespace(shape=(rows, columns)))


def centre_of(patch):
    rows, columns = np.nonzero(patch.mask)
    return rows.mean() + patch.row, columns.mean() + patch.column


def test_a_focus_is_cut_out_of_a_curved_ground_with_another_focus_beside_it():
    other = disk((CENTRE[0] + 13, CENTRE[1] + 10), 8)
    top, left, cut = cut_out(ground() + LEVEL * disk() + LEVEL * other, *CENTRE, 1.1 * DIAMETER)
    rows, columns = np.nonzero(cut.mask)
    assert (rows.mean() + top, columns.mean() + left) == pytest.approx(CENTRE, abs=0.5)
    assert cut.diameter_px == pytest.approx(DIAMETER, rel=0.08)
    assert np.median(cut.excess[cut.mask]) == pytest.approx(LEVEL, abs=1.5 * NOISE)
    assert cut.aspect == pytest.approx(1.0, abs=0.12)


def test_nothing_goes_along_beyond_the_soft_border():
    _, _, cut = cut_out(ground() + LEVEL * disk(), *CENTRE, DIAMETER)
    away = cv2.distanceTransform((~cut.mask).astype(np.uint8), cv2.DIST_L2, 5)
    assert not cut.excess[away > 7].any()
    assert cut.excess[away > 7].size


def test_a_ring_keeps_its_lucent_centre_inside_its_outline():
    ring = disk() - 0.8 * disk(diameter=0.55 * DIAMETER)
    _, _, cut = cut_out(ground() + LEVEL * ring, *CENTRE, DIAMETER)
    assert cut.diameter_px == pytest.approx(DIAMETER, rel=0.08)
    middle = tuple(int(axis) for axis in np.argwhere(cut.mask).mean(axis=0).round())
    assert cut.excess[middle] < 0.5 * np.percentile(cut.excess[cut.mask], 80)


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.4])
def test_place_size_and_contrast_are_as_asked(scale):
    _, _, cut = cut_out(ground() + LEVEL * disk(), *CENTRE, DIAMETER)
    diameter = scale * cut.diameter_px
    patch = moved(cut, hip_in(), place((50.4, 70.9)), diameter_px=diameter, turn_deg=37.0, mirrored=True)
    assert centre_of(patch) == pytest.approx((50.4, 70.9), abs=0.3)
    assert 2 * math.sqrt(patch.mask.sum() / math.pi) == pytest.approx(diameter, rel=0.04)
    assert np.percentile(patch.addition[patch.mask], 80) == pytest.approx(0.3, rel=1e-5)


def arrow():
    """Brightest at one end of its long axis, and lobed on one side of it."""
    excess = np.zeros((41, 41), np.float32)
    excess[17:24, 8:33] = 0.1
    excess[17:24, 26:33] = 0.3
    excess[24:29, 8:15] = 0.1
    return Cut(excess=excess, mask=excess > 0)


@pytest.mark.parametrize("turn", [90.0, 180.0, 270.0])
def test_a_turn_is_a_turn_of_the_picture(turn):
    shown = [
        moved(arrow(), hip_in(), place((60.0, 60.0)), diameter_px=arrow().diameter_px, turn_deg=degrees, mirrored=False)
        for degrees in (0.0, turn)
    ]
    bright = [np.average(np.indices(one.addition.shape).reshape(2, -1), 1, one.addition.ravel()) for one in shown]
    middle = [np.argwhere(one.mask).mean(axis=0) for one in shown]
    before, after = (b - m for b, m in zip(bright, middle, strict=True))
    # Clockwise as displayed: what pointed to larger columns points to larger rows after a quarter.
    angle = math.radians(turn)
    row = math.cos(angle) * before[0] + math.sin(angle) * before[1]
    column = math.cos(angle) * before[1] - math.sin(angle) * before[0]
    assert after == pytest.approx((row, column), abs=0.15)


def test_a_mirrored_focus_points_the_other_way():
    shown = [
        moved(arrow(), hip_in(), place((60.0, 60.0)), diameter_px=arrow().diameter_px, turn_deg=0.0, mirrored=mirrored)
        for mirrored in (False, True)
    ]
    sides = [one.addition[:, : one.addition.shape[1] // 2].sum() / one.addition.sum() for one in shown]
    assert sides[0] == pytest.approx(1 - sides[1], abs=0.05)
    assert abs(sides[0] - sides[1]) > 0.1


def test_a_place_at_the_border_is_refused():
    with pytest.raises(UsageError, match="inside the picture"):
        moved(arrow(), hip_in(), place((4.0, 60.0)), diameter_px=12.0, turn_deg=0.0, mirrored=False)
