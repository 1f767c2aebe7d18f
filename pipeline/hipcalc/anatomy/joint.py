"""Fine search: the joint itself (head, joint space, sourcil, acetabular floor) around a coarse hypothesis."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.hypotheses import Hypothesis
from hipcalc.anatomy.matching import direction_channels, part_map
from hipcalc.anatomy.patch import Pyramid, gradient_patch
from hipcalc.anatomy.shape import border_kernel, hip_parts

__all__ = ["sharpen"]

RADIUS_PX = 24
SPACING_PX = 1.2
SMOOTHING_HEAD_RADII = 0.05
# How far the parts of the joint reach from the head's centre.
REACH_HEAD_RADII = 1.5
SEARCH_HEAD_RADII = 0.4
FACTORS = (0.87, 0.93, 1.0, 1.07, 1.15)


def _joint_map(picture: Pyramid, at: Hypothesis, radius_px: float) -> NDArray[np.float32]:
    """Score of the joint for head centres within the search range, one pixel per 1/RADIUS_PX head radii."""
    centre_px = (at.row_px, at.column_px)
    field, _, kept, centre = gradient_patch(
        picture, centre_px, radius_px, RADIUS_PX, REACH_HEAD_RADII + SEARCH_HEAD_RADII, SMOOTHING_HEAD_RADII
    )
    channels = direction_channels(field)
    search = round(SEARCH_HEAD_RADII * RADIUS_PX)
    origin, shape = (centre - search, centre - search), (2 * search + 1, 2 * search + 1)
    total = np.zeros(shape, np.float32)
    for part in hip_parts("fine"):
        kernel = border_kernel(part, RADIUS_PX, SPACING_PX, at.lateral_sign, at.lateral_sign * at.turn_deg)
        total += part_map(channels, kept, part, kernel, origin, shape, round(part.slack * RADIUS_PX))[0]
    return total


def _moved_to_best(picture: Pyramid, at: Hypothesis, factor: float) -> Hypothesis:
    """Move a hypothesis, scaled by a factor, to where the joint fits best."""
    radius = at.radius_px * factor
    score = _joint_map(picture, at, radius)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    middle = score.shape[0] // 2
    return replace(
        at,
        row_px=at.row_px + (int(row) - middle) * radius / RADIUS_PX,
        column_px=at.column_px + (int(column) - middle) * radius / RADIUS_PX,
        radius_px=radius,
        joint=float(score[row, column]),
    )


def sharpen(picture: Pyramid, at: Hypothesis) -> Hypothesis:
    """Move a hypothesis to where the joint fits best, within 0.4 head radii and the range of `FACTORS`.

    The outermost factors are tried only where their neighbour fits better than the radius as it was.
    """
    lowest, lower, same, higher, highest = FACTORS
    best = max((_moved_to_best(picture, at, factor) for factor in (same, lower, higher)), key=lambda one: one.joint)
    if best.radius_px == at.radius_px:
        return best
    farther = _moved_to_best(picture, at, lowest if best.radius_px < at.radius_px else highest)
    return max(best, farther, key=lambda one: one.joint)
