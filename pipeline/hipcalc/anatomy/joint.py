"""Fine search: the joint itself (head, joint space, sourcil, acetabular floor) around a coarse hypothesis."""

from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hipcalc.anatomy.hypotheses import Hypothesis
from hipcalc.anatomy.matching import LEAST_VISIBLE, counting_share, worth_within
from hipcalc.anatomy.patch import Pyramid, gradient_patch
from hipcalc.anatomy.shape import DIRECTIONS, PartKernel, part_kernels

__all__ = ["FAR_BEHIND", "sharpest"]

RADIUS_PX = 24
SPACING_PX = 1.2
SMOOTHING_HEAD_RADII = 0.05
# How far the parts of the joint reach from the head's centre.
REACH_HEAD_RADII = 1.5
SEARCH_HEAD_RADII = 0.4
SEARCH_PX = round(SEARCH_HEAD_RADII * RADIUS_PX)
FACTORS = (0.87, 0.93, 1.07, 1.15)
# Another radius hardly ever moves a head by more than this.
RESIZED_HEAD_RADII = 0.33
# Another radius hardly ever raises the score by more than this (one hypothesis in a hundred).
PROMISE = 3.5
# What is this far behind the best of its side is not the hip: of 117 hips with truth, the chosen one was 7.3 at most.
FAR_BEHIND = 8.0


class _Surroundings(NamedTuple):
    """Normalised gradient around a hypothesis, whose head has a radius of `RADIUS_PX` there.

    Attributes
    ----------
    field : ndarray of float32, shape (2 * (2 * centre + 1) ** 2,)
        Components along rows, then along columns, of a square, raveled.
    counted : ndarray of float32, shape ((2 * centre + 2) ** 2,), or None
        Integral image of where the picture counts, raveled; None where all of it does.
    centre : int
        Row and column of the hypothesis.
    """

    field: NDArray[np.float32]
    counted: NDArray[np.float32] | None
    centre: int


class _Drawing(NamedTuple):
    """The joint's parts of one size, ready to be compared with the surroundings of a hypothesis.

    Attributes
    ----------
    matrix : csr_array of float32, shape (parts * places, n)
        Sum, over a part's points, of the gradient towards bone, for every part and head centre of the search range.
    first : int
        Where the values that the matrix needs begin in the raveled field.
    corners : ndarray of int32, shape (4, parts, rows, columns)
        Where the raveled integral image is read for the number of pixels of a part's bounding box that count: what
        adds to it at the lower right and the upper left, and what is taken off.
    area_px : ndarray of float32, shape (parts, 1, 1)
        Of the bounding boxes.
    usual, lowest, highest : ndarray of float32, shape (parts, 1, 1)
        As in `PartKernel`.
    disks : tuple of ndarray or None
    """

    matrix: csr_array
    first: int
    corners: NDArray[np.int32]
    area_px: NDArray[np.float32]
    usual: NDArray[np.float32]
    lowest: NDArray[np.float32]
    highest: NDArray[np.float32]
    disks: tuple[NDArray[np.uint8] | None, ...]


def _surroundings(picture: Pyramid, at: Hypothesis) -> _Surroundings:
    """Cut out a hypothesis once for all radii that are tried."""
    reach = REACH_HEAD_RADII * FACTORS[-1] + SEARCH_HEAD_RADII
    field, _, kept, centre = gradient_patch(
        picture, (at.row_px, at.column_px), at.radius_px, RADIUS_PX, reach, SMOOTHING_HEAD_RADII
    )
    counted = None if kept.all() else np.asarray(cv2.integral(kept, sdepth=cv2.CV_32F), np.float32).ravel()
    return _Surroundings(field.ravel(), counted, centre)


def _joint_map(
    around: _Surroundings, at: Hypothesis, factor: float, near: tuple[int, int], reach: int
) -> NDArray[np.float32]:
    """Score of the joint for head centres up to `reach` rows and columns from `near`, which is seen from the middle.

    One pixel is 1 / RADIUS_PX head radii.
    """
    radius_px, turn_deg = RADIUS_PX * factor, at.lateral_sign * at.turn_deg
    drawing = _drawing(around.centre, reach, radius_px, at.lateral_sign, turn_deg)
    width = 2 * around.centre + 1
    first = drawing.first + near[0] * width + near[1]
    field = around.field[first : first + drawing.matrix.shape[1]]
    score = (drawing.matrix @ field).reshape(drawing.corners.shape[1:])
    if around.counted is not None:
        shift = np.int32(near[0] * (width + 1) + near[1])
        lower_right, upper_left, upper_right, lower_left = around.counted.take(drawing.corners + shift)
        visible = (lower_right + upper_left - upper_right - lower_left) / drawing.area_px
        score /= np.maximum(visible, np.float32(LEAST_VISIBLE))
    for part, disk in zip(score, drawing.disks, strict=True):
        if disk is not None:
            cv2.dilate(part, disk, part)
    worth_within(score, drawing.usual, drawing.lowest, drawing.highest)
    if around.counted is not None:
        score *= counting_share(visible)
    return np.asarray(score.sum(axis=0))


@lru_cache(maxsize=30)
def _drawing(centre: int, reach: int, radius_px: float, lateral_sign: int, turn_deg: float) -> _Drawing:
    """Prepare the drawing for head centres up to `reach` pixels from pixel (centre, centre)."""
    kernels = part_kernels("fine", radius_px, SPACING_PX, lateral_sign, turn_deg)
    places = centre + np.arange(-reach, reach + 1)
    width = 2 * centre + 2
    corners = [
        [
            (places[:, None] + row) * width + places + column
            for row, column in ((bottom, right), (top, left), (top, right), (bottom, left))
        ]
        for top, left, bottom, right in (kernel.bounds for kernel in kernels)
    ]
    area_px, usual, lowest, highest = (
        np.array(values, np.float32)[:, None, None]
        for values in (
            [(bottom - top) * (right - left) for top, left, bottom, right in (kernel.bounds for kernel in kernels)],
            [kernel.usual for kernel in kernels],
            [kernel.lowest for kernel in kernels],
            [kernel.highest for kernel in kernels],
        )
    )
    matrix, first = _matrix(kernels, places)
    return _Drawing(
        matrix=matrix,
        first=first,
        corners=np.moveaxis(np.array(corners, np.int32), 1, 0),
        area_px=area_px,
        usual=usual,
        lowest=lowest,
        highest=highest,
        disks=tuple(kernel.disk for kernel in kernels),
    )


def _matrix(kernels: tuple[PartKernel, ...], places: NDArray[np.intp]) -> tuple[csr_array, int]:
    """Matrix of a `_Drawing`, and where its field begins; `places` are the search range's rows, and its columns."""
    width = int(places[0] + places[-1]) + 1
    offsets = (places[:, None] * width + places).ravel()
    rows = []
    for kernel in kernels:
        points = np.array([point for border in kernel.points for point in border])
        weights = np.repeat(kernel.weights, [len(border) for border in kernel.points])
        angle = np.pi / DIRECTIONS * (points[:, 2] + DIRECTIONS * points[:, 3])
        index = points[:, 0] * width + points[:, 1] + offsets[:, None]
        columns = np.concatenate([index, index + width * width], axis=1)
        values = np.concatenate([weights * np.sin(angle), weights * np.cos(angle)]).astype(np.float32)
        rows.append((columns, np.broadcast_to(values, columns.shape)))
    index = np.concatenate([columns.ravel() for columns, _ in rows])
    first = int(index.min())
    matrix = csr_array(
        (
            np.concatenate([values.ravel() for _, values in rows]),
            (index - first).astype(np.int32),
            np.cumsum([0] + [columns.shape[1] for columns, _ in rows for _ in offsets]).astype(np.int32),
        ),
        shape=(len(rows) * len(offsets), int(index.max()) - first + 1),
    )
    return matrix, first


def _moved_to_best(
    around: _Surroundings, at: Hypothesis, factor: float, near: tuple[int, int], reach: int
) -> Hypothesis:
    """Move a hypothesis, scaled by a factor, to where the joint fits best, up to `reach` pixels from `near`."""
    score = _joint_map(around, at, factor, near, reach)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    down, right = int(row) - reach + near[0], int(column) - reach + near[1]
    return replace(
        at,
        row_px=at.row_px + down * at.radius_px / RADIUS_PX,
        column_px=at.column_px + right * at.radius_px / RADIUS_PX,
        radius_px=at.radius_px * factor,
        joint=float(score[row, column]),
    )


def sharpest(picture: Pyramid, likely: list[Hypothesis], count: int) -> list[Hypothesis]:
    """Move hypotheses to where the joint fits best, within 0.4 head radii and the range of `FACTORS`.

    Returns
    -------
    list of Hypothesis
        The `count` best of them, best first.
    """
    cut_out = [_surroundings(picture, one) for one in likely]
    moved = [_moved_to_best(around, one, 1.0, (0, 0), SEARCH_PX) for around, one in zip(cut_out, likely, strict=True)]
    scores = sorted((one.score for one in moved), reverse=True)
    if not scores:
        return []
    least = max(scores[min(count, len(scores)) - 1], scores[0] - FAR_BEHIND) - PROMISE
    tried = zip(cut_out, likely, moved, strict=True)
    sharp = [_resized(around, start, best) for around, start, best in tried if best.score >= least]
    best_first = sorted(sharp, key=lambda one: -one.score)[:count]
    return [one for one in best_first if one.score >= best_first[0].score - FAR_BEHIND]


def _resized(around: _Surroundings, at: Hypothesis, best: Hypothesis) -> Hypothesis:
    """Let a hypothesis grow or shrink if the joint fits better there than at the best place for its own radius.

    The outermost factors are tried only where their neighbour fits better than the radius as it was.
    """
    reach = round(RESIZED_HEAD_RADII * RADIUS_PX)
    down, right = (
        max(reach - SEARCH_PX, min(SEARCH_PX - reach, round(away * RADIUS_PX / at.radius_px)))
        for away in (best.row_px - at.row_px, best.column_px - at.column_px)
    )
    lowest, lower, higher, highest = (
        partial(_moved_to_best, around, at, factor, (down, right), reach) for factor in FACTORS
    )
    best = max((best, lower(), higher()), key=lambda one: one.joint)
    if best.radius_px == at.radius_px:
        return best
    farther = lowest() if best.radius_px < at.radius_px else highest()
    return max(best, farther, key=lambda one: one.joint)
