"""Which white areas are anatomy that is brighter than the grey scale's end, and which are no picture at all."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.levels import BRIGHT_LEVEL, Bytes, Reduced, marked

__all__ = ["clipped_anatomy"]

# Pixels beyond the white area's edge at which its level is read: bone is on its way down where a frame, a shutter or
# a plate has ended.
NEAR_PX, FAR_PX = 2.0, 7.0
# Of the fall to the far level, so much at most is done at the near one.
MOST_FALLEN = 0.75
# Frames, corners and unexposed margins run along the picture's border; bone crosses it.
MOST_BORDER = 0.3


def clipped_anatomy(flat: Bytes, reduced: Reduced) -> Bytes:
    """Find the white areas whose surround rises to them.

    Parameters
    ----------
    flat : ndarray of uint8, shape of `reduced`
        1 in flat areas at either end of the grey scale.
    reduced : Reduced
        The picture in blocks.

    Returns
    -------
    ndarray of uint8, shape of `reduced`
        1 in the white areas that are clipped anatomy, else 0.
    """
    white = flat & marked(reduced.mean, BRIGHT_LEVEL, cv2.CMP_GE)
    if not cv2.countNonZero(white):
        return white
    away, labels = cv2.distanceTransformWithLabels(1 - white, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    nearest = np.asarray(labels, np.int32)
    count, outside = int(nearest.max()) + 1, flat == 0

    def level(least: float, most: float) -> NDArray[np.float64]:
        ring = outside & (away > least) & (away <= most)
        held = np.bincount(nearest[ring], minlength=count)
        return np.bincount(nearest[ring], reduced.mean[ring], minlength=count) / np.maximum(held, 1)

    inside = nearest[white > 0]
    top = np.bincount(inside, reduced.mean[white > 0], minlength=count) / np.maximum(np.bincount(inside), 1)
    near, far = level(NEAR_PX - 1, NEAR_PX), level(FAR_PX - 1, FAR_PX)
    is_anatomy = (top - near < MOST_FALLEN * (top - far)) & (_on_border(white, nearest, count) < MOST_BORDER)
    return np.asarray((white > 0) & is_anatomy[nearest], np.uint8)


def _on_border(white: Bytes, labels: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return which share of each area's outline is the picture's border."""
    inner = cv2.erode(white, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = np.bincount(labels[white > inner], minlength=count)
    border = sum(
        np.bincount(labels[line][white[line] > 0], minlength=count)
        for line in (np.s_[0, :], np.s_[-1, :], np.s_[1:-1, 0], np.s_[1:-1, -1])
    )
    return border / np.maximum(outline, 1)
