"""Fine search: the joint itself (head, joint space, sourcil, acetabular floor) around a coarse hypothesis."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hipcalc.anatomy.hypotheses import Hypothesis
from hipcalc.anatomy.matching import partial_score, standard_score, visible_share
from hipcalc.anatomy.patch import Pyramid, gradient_patch
from hipcalc.anatomy.shape import DIRECTIONS, border_kernel, hip_parts

__all__ = ["sharpest"]

RADIUS_PX = 24
SPACING_PX = 1.2
SMOOTHING_HEAD_RADII = 0.05
# How far the parts of the joint reach from the head's centre.
REACH_HEAD_RADII = 1.5
SEARCH_HEAD_RADII = 0.4
FACTORS = (0.87, 0.93, 1.07, 1.15)
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
    counted : ndarray of int32, shape (2 * centre + 2, 2 * centre + 2), or None
        Integral image of where the picture counts; None where all of it does.
    centre : int
        Row and column of the hypothesis.
    """

    field: NDArray[np.float32]
    counted: NDArray[np.int32] | None
    centre: int


def _surroundings(picture: Pyramid, at: Hypothesis) -> _Surroundings:
    """Cut out a hypothesis once for all radii that are tried."""
    reach = REACH_HEAD_RADII * FACTORS[-1] + SEARCH_HEAD_RADII
    field, _, kept, centre = gradient_patch(
        picture, (at.row_px, at.column_px), at.radius_px, RADIUS_PX, reach, SMOOTHING_HEAD_RADII
    )
    counted = None if kept.all() else np.asarray(cv2.integral(kept.astype(np.uint8)), np.int32)
    return _Surroundings(field.ravel(), counted, centre)


def _joint_map(around: _Surroundings, at: Hypothesis, factor: float) -> NDArray[np.float32]:
    """Score of the joint for head centres within the search range, one pixel per 1/RADIUS_PX head radii."""
    search = round(SEARCH_HEAD_RADII * RADIUS_PX)
    shape = (2 * search + 1, 2 * search + 1)
    radius, turn = RADIUS_PX * factor, at.lateral_sign * at.turn_deg
    responses = _joint_matrix(around.centre, radius, at.lateral_sign, turn) @ around.field
    origin = (around.centre - search, around.centre - search)
    total = np.zeros(shape, np.float32)
    for part, response in zip(hip_parts("fine"), responses.reshape(-1, *shape), strict=True):
        slack = round(part.slack * radius)
        if around.counted is None:
            total += standard_score(response, part, slack)
        else:
            kernel = border_kernel(part, radius, SPACING_PX, at.lateral_sign, turn)
            visible = visible_share(around.counted, kernel, origin, shape)
            total += partial_score(response, part, slack, visible)[0]
    return total


@lru_cache(maxsize=30)
def _joint_matrix(centre: int, radius_px: float, lateral_sign: int, turn_deg: float) -> csr_array:
    """Sum, over a part's points, of the gradient towards bone, for every part and head centre of the search range.

    Its columns are the gradient's components down, then right, of a square around pixel `centre`.
    """
    width = 2 * centre + 1
    search = round(SEARCH_HEAD_RADII * RADIUS_PX)
    places = np.arange(-search, search + 1)
    offsets = (places[:, None] * width + places).ravel()
    rows = []
    for part in hip_parts("fine"):
        kernel = border_kernel(part, radius_px, SPACING_PX, lateral_sign, turn_deg)
        points = np.array([point for border in kernel.points for point in border])
        weights = np.repeat(kernel.weights, [len(border) for border in kernel.points])
        angle = np.pi / DIRECTIONS * (points[:, 2] + DIRECTIONS * points[:, 3])
        index = (centre + points[:, 0]) * width + centre + points[:, 1] + offsets[:, None]
        columns = np.concatenate([index, index + width * width], axis=1)
        values = np.concatenate([weights * np.sin(angle), weights * np.cos(angle)]).astype(np.float32)
        rows.append((columns, np.broadcast_to(values, columns.shape)))
    return csr_array(
        (
            np.concatenate([values.ravel() for _, values in rows]),
            np.concatenate([columns.ravel() for columns, _ in rows]).astype(np.int32),
            np.cumsum([0] + [columns.shape[1] for columns, _ in rows for _ in offsets]).astype(np.int32),
        ),
        shape=(len(rows) * len(offsets), 2 * width * width),
    )


def _moved_to_best(around: _Surroundings, at: Hypothesis, factor: float) -> Hypothesis:
    """Move a hypothesis, scaled by a factor, to where the joint fits best."""
    score = _joint_map(around, at, factor)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    middle = score.shape[0] // 2
    return replace(
        at,
        row_px=at.row_px + (int(row) - middle) * at.radius_px / RADIUS_PX,
        column_px=at.column_px + (int(column) - middle) * at.radius_px / RADIUS_PX,
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
    moved = [_moved_to_best(around, one, 1.0) for around, one in zip(cut_out, likely, strict=True)]
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
    lowest, lower, higher, highest = FACTORS
    best = max((best, *(_moved_to_best(around, at, factor) for factor in (lower, higher))), key=lambda one: one.joint)
    if best.radius_px == at.radius_px:
        return best
    farther = _moved_to_best(around, at, lowest if best.radius_px < at.radius_px else highest)
    return max(best, farther, key=lambda one: one.joint)
