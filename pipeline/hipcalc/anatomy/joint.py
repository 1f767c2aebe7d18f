"""Fine search: the joint itself (head, joint space, sourcil, acetabular floor) around a coarse hypothesis."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.hypotheses import Hypothesis, part_scores
from hipcalc.anatomy.patch import gradient_patch
from hipcalc.anatomy.shape import border_kernel, hip_parts

__all__ = ["sharpen"]

RADIUS_PX = 24
BORDER_WIDTH_HEAD_RADII = 0.035
SMOOTHING_HEAD_RADII = 0.05
# How far the parts of the joint reach from the head's centre.
REACH_HEAD_RADII = 1.5
SEARCH_HEAD_RADII = 0.4


def _joint_map(
    grey: NDArray[np.float32], keep: NDArray[np.float32], at: Hypothesis, radius_px: float
) -> NDArray[np.float32]:
    """Score of the joint for head centres within the search range, one pixel per 1/RADIUS_PX head radii."""
    centre_px = (at.row_px, at.column_px)
    field, _, kept, centre = gradient_patch(
        grey, keep, centre_px, radius_px, RADIUS_PX, REACH_HEAD_RADII + SEARCH_HEAD_RADII, SMOOTHING_HEAD_RADII
    )
    search = round(SEARCH_HEAD_RADII * RADIUS_PX)
    size = 2 * search + 1
    total = np.zeros((size, size), np.float32)
    for part in hip_parts("fine"):
        kernel = border_kernel(part, RADIUS_PX, BORDER_WIDTH_HEAD_RADII, at.lateral_sign, at.lateral_sign * at.turn_deg)
        height, width = kernel.field.shape[:2]
        top, left = centre - search + kernel.row, centre - search + kernel.column
        window = slice(top, top + size + height - 1), slice(left, left + size + width - 1)
        response = cv2.matchTemplate(field[window], kernel.field, cv2.TM_CCORR)
        visible = cv2.boxFilter(kept[window], cv2.CV_32F, (width, height), anchor=(0, 0))[:size, :size]
        slack = round(part.slack * RADIUS_PX)
        if slack:
            response = cv2.dilate(response, np.ones((2 * slack + 1, 2 * slack + 1), np.uint8))
        total += part_scores(np.asarray(response, np.float32), np.asarray(visible, np.float32), part, 5.0)
    return total


def sharpen(
    grey: NDArray[np.float32], keep: NDArray[np.float32], at: Hypothesis, factors: tuple[float, ...]
) -> Hypothesis:
    """Move a hypothesis to where the joint fits best, within 0.4 head radii and the given factors of its radius."""
    best = at
    for factor in factors:
        radius = at.radius_px * factor
        score = _joint_map(grey, keep, at, radius)
        row, column = np.unravel_index(int(np.argmax(score)), score.shape)
        joint = float(score[row, column])
        if not joint <= best.joint:
            middle = score.shape[0] // 2
            best = replace(
                at,
                row_px=at.row_px + (int(row) - middle) * radius / RADIUS_PX,
                column_px=at.column_px + (int(column) - middle) * radius / RADIUS_PX,
                radius_px=radius,
                joint=joint,
            )
    return best
