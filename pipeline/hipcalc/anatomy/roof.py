"""The rim point: where the lower border of the acetabular roof ends laterally."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import PHI_DEG, RADII, UNIT_PX, PolarStrip

__all__ = ["STEP_DEG", "Rim", "find_rim", "mean_along"]

STEP_DEG = float(PHI_DEG[1] - PHI_DEG[0])
# The roof's border is looked for this far medially of a rim, and must have ended this far laterally of it.
BACK_DEG, PAST_DEG = 18.0, 12.0
# The bone's lateral side rises this far above a rim, in head radii.
SIDE_HEAD_RADII = 0.16
PAST_WEIGHT = 0.5
# Where rims lie: mean and spread of radius (head radii) and polar angle, and what one spread costs.
USUAL_RADIUS, RADIUS_SPREAD = 1.2, 0.08
USUAL_PHI_DEG, PHI_SPREAD_DEG = 31.0, 10.0
PRIOR_WEIGHT = 0.12
# From the corner of roof and side, where the two edges meet, to the middle of the bony end that readers mark.
INTO_BONE_HEAD_RADII, INTO_BONE_DEG = 0.075, 1.5
SLACK_HEAD_RADII = 0.03
_RADIUS, _PHI_DEG = np.meshgrid(RADII, PHI_DEG, indexing="ij")
POSSIBLE = (_RADIUS > 1.02) & (_RADIUS < 1.5) & (_PHI_DEG > 0.0) & (_PHI_DEG < 75.0)
UNUSUAL = ((_RADIUS - USUAL_RADIUS) / RADIUS_SPREAD) ** 2 + ((_PHI_DEG - USUAL_PHI_DEG) / PHI_SPREAD_DEG) ** 2


@dataclass(frozen=True, kw_only=True)
class Rim:
    """Lateral bony end of the roof, in the strip's polar coordinates.

    Attributes
    ----------
    r_head_radii, phi_deg : float
    support : float
        How clearly roof and side meet there, about 0 in noise, at most 2.
    """

    r_head_radii: float
    phi_deg: float
    support: float


def mean_along(values: NDArray[Any], steps: int, axis: int) -> NDArray[np.float64]:
    """Mean over the `steps` entries that follow each one along an axis of a plane; 0 where fewer follow.

    The result has the plane's shape.
    """
    total = np.cumsum(values, axis=axis, dtype=np.float64)
    later = np.roll(total, -steps, axis=axis)
    mean = (later - total) / steps
    index = [slice(None)] * 2
    index[axis] = slice(values.shape[axis] - steps, None)
    mean[tuple(index)] = 0.0
    return np.asarray(mean)


def find_rim(strip: PolarStrip) -> Rim:
    """Find the corner where the roof's lower border ends and the bone's lateral side begins."""
    slack = np.ones((2 * round(SLACK_HEAD_RADII * UNIT_PX) + 1, 1), np.uint8)
    border = cv2.dilate(np.clip(strip.outward, -0.5, 1.0), slack)
    side = cv2.dilate(np.clip(-strip.lateral, -0.5, 1.0), np.ones((1, 3), np.uint8))
    back, past = round(BACK_DEG / STEP_DEG), round(PAST_DEG / STEP_DEG)
    ahead = mean_along(border, past, axis=1)
    before = np.roll(mean_along(border, back, axis=1), back, axis=1)
    wall = mean_along(side, round(SIDE_HEAD_RADII * UNIT_PX), axis=0)
    support = before + wall - PAST_WEIGHT * ahead
    possible = POSSIBLE & strip.kept
    judged = np.where(possible, support - PRIOR_WEIGHT * UNUSUAL, -np.inf)
    row, column = np.unravel_index(int(np.argmax(judged)), judged.shape)
    return Rim(
        r_head_radii=float(RADII[row]) + INTO_BONE_HEAD_RADII,
        phi_deg=float(PHI_DEG[column]) + INTO_BONE_DEG,
        support=float(support[row, column]) if possible.any() else 0.0,
    )
