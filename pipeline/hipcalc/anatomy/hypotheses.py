"""Coarse search: where, how large and which way round a hip could be."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.gradients import normalised_gradient
from hipcalc.anatomy.matching import Channels, direction_channels, part_map
from hipcalc.anatomy.patch import COUNTS, Mask, Pyramid
from hipcalc.anatomy.shape import border_kernel, hip_parts

__all__ = ["Hypothesis", "LateralSign", "apart", "find_hypotheses", "head_sizes"]

LateralSign = Literal[1, -1]

# The picture is resampled so that a head of each tried size has this radius: the same kernels serve every size.
RADIUS_PX = 10
RADIUS_STEP = 1.12
SPACING_PX = 1.5
# The parts reach this far from the head's centre.
REACH_PX = 36
PEAKS_PER_MAP = 6
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


def _score_map(
    channels: Channels, counted: NDArray[np.int32], shape: tuple[int, int], sign: int, turn_deg: float
) -> Array:
    """Score of a hip for every head centre of the picture."""
    total = np.zeros(shape, np.float32)
    joint_share = np.zeros(shape, np.float32)
    for order, part in enumerate(hip_parts("coarse")):
        kernel = border_kernel(part, RADIUS_PX, SPACING_PX, sign, sign * turn_deg)
        slack = round(part.slack * RADIUS_PX)
        score, share = part_map(channels, counted, part, kernel, (REACH_PX, 0), shape, slack)
        total += score
        if order < JOINT_PARTS:
            joint_share += share
    total[joint_share < LEAST_JOINT_SHARE] = -np.inf
    return total


def _peaks(score: Array) -> list[tuple[int, int]]:
    highest = cv2.dilate(score, np.ones((9, 9), np.uint8))
    rows, columns = np.nonzero((score >= highest) & (score > 0))
    order = np.argsort(-score[rows, columns], kind="stable")[:PEAKS_PER_MAP]
    return [(int(rows[i]), int(columns[i])) for i in order]


def _resampled_gradient(grey: Array, keep: Mask, shape: tuple[int, int]) -> tuple[Array, NDArray[np.int32]]:
    """Normalised gradient of the picture at a smaller size, and the integral image of where it counts.

    Both have a margin as wide as the hip's drawing.

    The gradient has no margin at the left: there a row's beginning continues the end of the one before it.
    """
    small = cv2.resize(grey, shape[::-1], interpolation=cv2.INTER_AREA)
    whole = int(keep.min()) == 255
    kept = np.full(shape, 255, np.uint8) if whole else cv2.resize(keep, shape[::-1], interpolation=cv2.INTER_AREA)
    inner = cv2.erode(
        (kept > COUNTS).astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.09 * RADIUS_PX), np.float32)
    field = normalised_gradient(smooth, inner.astype(np.float32), 0.8 * RADIUS_PX)
    margins = (REACH_PX, REACH_PX, 0, REACH_PX)
    padded = [cv2.copyMakeBorder(component, *margins, cv2.BORDER_CONSTANT) for component in field]
    return np.asarray(padded, np.float32), np.asarray(cv2.integral(np.pad(inner, REACH_PX)), np.int32)


def head_sizes(radii_px: tuple[float, float]) -> Array64:
    """Radii between a smallest and a largest one that are looked for, in steps of about `RADIUS_STEP`."""
    steps = max(1, round(math.log(radii_px[1] / radii_px[0]) / math.log(RADIUS_STEP)) + 1)
    return np.geomspace(*radii_px, steps)


def find_hypotheses(picture: Pyramid, radii_px: Array64, turns_deg: tuple[float, ...]) -> list[Hypothesis]:
    """List the best places for a hip over all head radii and both sides, best first.

    Parameters
    ----------
    picture : Pyramid
    radii_px : ndarray of float64
        Head radii, from the smallest to the largest.
    turns_deg : tuple of float
    """
    found: list[Hypothesis] = []
    for radius in radii_px:
        factor = RADIUS_PX / radius
        # A picture has fewer places for a large hip than for a small one.
        prior = math.log(radius / radii_px[0])
        level = picture.level_for(factor)
        rows, columns = (n << level for n in picture.grey[level].shape)
        shape = (max(8, round(rows * factor)), max(8, round(columns * factor)))
        field, counted = _resampled_gradient(picture.grey[level], picture.keep[level], shape)
        channels = direction_channels(field)
        for turn in turns_deg:
            signs: tuple[LateralSign, LateralSign] = (1, -1)
            for sign in signs:
                score = _score_map(channels, counted, shape, sign, turn)
                found.extend(
                    Hypothesis(
                        row_px=(row + 0.5) * rows / shape[0] - 0.5,
                        column_px=(column + 0.5) * columns / shape[1] - 0.5,
                        radius_px=float(radius),
                        lateral_sign=sign,
                        turn_deg=turn,
                        context=float(score[row, column]) + prior,
                    )
                    for row, column in _peaks(score)
                )
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
