"""Coarse search: where, how large and which way round a hip could be."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.gradients import normalised_gradient
from hipcalc.anatomy.matching import Channels, direction_channels, part_map
from hipcalc.anatomy.patch import COUNTS, Mask, Pyramid
from hipcalc.anatomy.shape import part_kernels

__all__ = ["Hypothesis", "LateralSign", "apart", "find_hypotheses", "head_sizes"]

LateralSign = Literal[1, -1]

# The picture is resampled so that a head of each tried size has this radius: the same kernels serve every size.
RADIUS_PX = 10
RADIUS_STEP = 1.12
SPACING_PX = 1.5
# The parts reach this far from the head's centre.
REACH_PX = 36
PEAKS_PER_MAP = 6
# Radii between those that are looked for everywhere are tried beside so many best places of a side.
LEADING = 2
# Small maps take their time in calls, not in sums, large ones in the processor's cache.
SHEET_AREA_PX = 40_000
# The first parts are the joint itself (head, sourcil, floor): at least this much of them must lie inside the picture.
JOINT_PARTS = 3
LEAST_JOINT_SHARE = 1.2

Array = NDArray[np.float32]
Array64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A place where a hip could be.

    Attributes
    ----------
    row_px, column_px, radius_px : float
        Head circle in the file's pixel grid.
    lateral_sign : {1, -1}
        1 where lateral is towards larger columns.
    turn_deg : float
        Turn of the picture, positive clockwise as displayed.
    context : float
        Score of the coarse parts: how much the surroundings look like a hip's; with the prior of its size.
    joint : float
        Score of the fine parts: head, joint space, sourcil and acetabular floor; NaN before they were looked at.
    """

    row_px: float
    column_px: float
    radius_px: float
    lateral_sign: LateralSign
    turn_deg: float
    context: float
    joint: float = math.nan

    @property
    def score(self) -> float:
        """Both scores together: in this order hypotheses are fitted."""
        return 3.0 * self.context + self.joint


class _Reduced(NamedTuple):
    """The picture at the size at which heads of a radius have `RADIUS_PX`.

    Attributes
    ----------
    field : ndarray of float32, shape (2, rows, columns)
        Normalised gradient along rows and columns.
    inner : ndarray of uint8, shape (rows, columns)
        1 where it counts, else 0.
    radius_px : float
        That radius.
    pitch_px : (float, float)
        Height and width of its pixels in the picture.
    """

    field: Array
    inner: Mask
    radius_px: float
    pitch_px: tuple[float, float]

    @classmethod
    def of(cls, picture: Pyramid, radius_px: float) -> Self:
        """Reduce the picture, and take its normalised gradient."""
        level = picture.level_for(RADIUS_PX / radius_px)
        grey, keep = picture.grey[level], picture.keep[level]
        factor = RADIUS_PX / radius_px * 2**level
        rows, columns = (max(8, round(n * factor)) for n in grey.shape)
        small = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
        kept = np.full((rows, columns), 255, np.uint8)
        if int(keep.min()) < 255:
            cv2.resize(keep, (columns, rows), kept, interpolation=cv2.INTER_AREA)
        inner = cv2.erode(
            (kept > COUNTS).astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
        )
        smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.09 * RADIUS_PX), np.float32)
        return cls(
            field=normalised_gradient(smooth, inner.astype(np.float32), 0.8 * RADIUS_PX),
            inner=np.asarray(inner, np.uint8),
            radius_px=radius_px,
            pitch_px=((grey.shape[0] << level) / rows, (grey.shape[1] << level) / columns),
        )


class _Sheet(NamedTuple):
    """The picture at some of the sizes that are tried, side by side, with margins as wide as the hip's drawing.

    Attributes
    ----------
    channels : ndarray of int16, shape (DIRECTIONS, rows, columns)
        There is no margin at the left: there a row's beginning continues the end of the one before it.
    counted : ndarray of float32, shape (rows + 1, REACH_PX + columns + 1)
        Integral image of where the pictures count; it has the margin at the left, too.
    places : tuple of (slice, slice)
        Rows and columns of each picture in a map of scores, which begins below the upper margin.
    """

    channels: Channels
    counted: Array
    places: tuple[tuple[slice, slice], ...]

    @classmethod
    def of(cls, pictures: list[_Reduced]) -> Self:
        """Arrange pictures, from the largest to the smallest, in rows."""
        width = pictures[0].inner.shape[1] + REACH_PX
        corners: list[tuple[int, int]] = []
        top = left = height = 0
        for one in pictures:
            rows, columns = (n + REACH_PX for n in one.inner.shape)
            if left + columns > width:
                top, left, height = top + height, 0, 0
            corners.append((top, left))
            left, height = left + columns, max(height, rows)
        field = np.zeros((2, REACH_PX + top + height, width), np.float32)
        mask = np.zeros(field.shape[1:], np.uint8)
        places = []
        for one, (row, column) in zip(pictures, corners, strict=True):
            rows, columns = one.inner.shape
            place = np.s_[row : row + rows, column : column + columns]
            field[:, REACH_PX:][:, *place], mask[REACH_PX:][place] = one.field, one.inner
            places.append(place)
        counted = cv2.integral(cv2.copyMakeBorder(mask, 0, 0, REACH_PX, 0, cv2.BORDER_CONSTANT), sdepth=cv2.CV_32F)
        return cls(direction_channels(field), np.asarray(counted, np.float32), tuple(places))

    def scores(self, sign: int, turn_deg: float) -> list[Array]:
        """Score of a hip for every head centre of each picture."""
        rows, columns = self.channels.shape[1:]
        shape = rows - 2 * REACH_PX, columns - REACH_PX
        total = np.zeros(shape, np.float32)
        joint_share = np.zeros(shape, np.float32)
        for order, kernel in enumerate(part_kernels("coarse", RADIUS_PX, SPACING_PX, sign, sign * turn_deg)):
            score, share = part_map(self.channels, self.counted, kernel, (REACH_PX, 0), shape)
            total += score
            if order < JOINT_PARTS:
                joint_share += share
        total[joint_share < LEAST_JOINT_SHARE] = -np.inf
        return [total[place] for place in self.places]


def _batches(pictures: list[_Reduced]) -> list[list[_Reduced]]:
    """Pictures that share a sheet: as many as the processor's cache holds, or one."""
    batches: list[list[_Reduced]] = []
    area = SHEET_AREA_PX
    for one in pictures:
        own = math.prod(n + REACH_PX for n in one.inner.shape)
        if area + own > SHEET_AREA_PX:
            batches.append([])
            area = 0
        batches[-1].append(one)
        area += own
    return batches


def _peaks(score: Array) -> list[tuple[int, int]]:
    highest = cv2.dilate(score, np.ones((9, 9), np.uint8))
    rows, columns = np.nonzero((score >= highest) & (score > 0))
    order = np.argsort(-score[rows, columns], kind="stable")[:PEAKS_PER_MAP]
    return [(int(rows[i]), int(columns[i])) for i in order]


def head_sizes(radii_px: tuple[float, float]) -> Array64:
    """Radii between a smallest and a largest one that are looked for, in steps of about `RADIUS_STEP`."""
    steps = max(1, round(math.log(radii_px[1] / radii_px[0]) / math.log(RADIUS_STEP)) + 1)
    return np.geomspace(*radii_px, steps)


def find_hypotheses(picture: Pyramid, radii_px: Array64, turns_deg: tuple[float, ...]) -> list[Hypothesis]:
    """List the best places for a hip over head radii and both sides, best first.

    Every second radius is looked for everywhere; those between them only where a neighbour is among the best of its
    side, as two steps are little enough for a hip to show.

    Parameters
    ----------
    picture : Pyramid
    radii_px : ndarray of float64
        Head radii, from the smallest to the largest.
    turns_deg : tuple of float
    """
    first = np.arange(min(1, len(radii_px) - 1), len(radii_px), 2)
    smallest_px = float(radii_px[0])
    found = _best_places(picture, radii_px[first], turns_deg, smallest_px)
    leading: list[float] = []
    for way in itertools.product(turns_deg, (-1, 1)):
        leading += [one.radius_px for one in found if (one.turn_deg, one.lateral_sign) == way][:LEADING]
    at = np.flatnonzero(np.isin(radii_px, leading))
    between = np.setdiff1d(np.clip([at - 1, at + 1], 0, len(radii_px) - 1), first)
    found += _best_places(picture, radii_px[between], turns_deg, smallest_px)
    return sorted(found, key=lambda h: -h.context)


def _best_places(
    picture: Pyramid, radii_px: Array64, turns_deg: tuple[float, ...], smallest_px: float
) -> list[Hypothesis]:
    """List the best places for a hip at some head radii, of which the smallest that is looked for is `smallest_px`."""
    pictures = [_Reduced.of(picture, float(radius)) for radius in radii_px]
    sheets = [(some, _Sheet.of(some)) for some in _batches(pictures)]
    signs: tuple[LateralSign, LateralSign] = (1, -1)
    found = [
        Hypothesis(
            row_px=(row + 0.5) * one.pitch_px[0] - 0.5,
            column_px=(column + 0.5) * one.pitch_px[1] - 0.5,
            radius_px=one.radius_px,
            lateral_sign=sign,
            turn_deg=turn,
            # A picture has fewer places for a large hip than for a small one.
            context=float(score[row, column]) + math.log(one.radius_px / smallest_px),
        )
        for turn in turns_deg
        for sign in signs
        for some, sheet in sheets
        for one, score in zip(some, sheet.scores(sign, turn), strict=True)
        for row, column in _peaks(score)
    ]
    return sorted(found, key=lambda h: -h.context)


def apart(hypotheses: list[Hypothesis], limit: int) -> list[Hypothesis]:
    """Keep the best of those that say nearly the same, at most `limit`."""
    kept: list[Hypothesis] = []
    for one in hypotheses:
        if len(kept) == limit:
            break
        if not any(_alike(one, other) for other in kept):
            kept.append(one)
    return kept


def _alike(one: Hypothesis, other: Hypothesis) -> bool:
    distance = math.hypot(one.row_px - other.row_px, one.column_px - other.column_px)
    return (
        one.lateral_sign == other.lateral_sign
        and distance < 0.4 * max(one.radius_px, other.radius_px)
        and abs(math.log(one.radius_px / other.radius_px)) < 0.16
    )
