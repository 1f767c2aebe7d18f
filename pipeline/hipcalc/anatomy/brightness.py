"""Where it is brighter around a head: ranks of grey levels, which no tone curve changes."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import PHI_DEG, RADII, PolarStrip

__all__ = ["floor_over_head", "head_over_side"]

# Every second place of the strip is enough.
STRIDE = 2
_RADIUS, _PHI_DEG = np.meshgrid(RADII[::STRIDE], PHI_DEG[::STRIDE], indexing="ij")
HEAD = _RADIUS < 0.9
# The bone of the acetabular floor, and the soft tissue lateral of the joint.
FLOOR = (_RADIUS > 1.15) & (_RADIUS < 1.65) & (_PHI_DEG > -110.0) & (_PHI_DEG < -50.0)
SIDE = (_RADIUS > 1.15) & (_RADIUS < 1.65) & (_PHI_DEG > 38.0) & (_PHI_DEG < 72.0)
LEAST_PLACES = 8
# Of nearly every head this share outshines the soft tissue, and more of it says no more.
USUAL_OVER_SIDE = 0.9
# What places that are not in the picture count as.
UNSEEN_SIDE, UNSEEN_FLOOR = 0.75, 0.5


def head_over_side(strip: PolarStrip) -> float:
    """Share of pairs of places in which the head is brighter than the soft tissue lateral of it, at most 0.9."""
    return min(_share_brighter(strip, HEAD, SIDE, UNSEEN_SIDE), USUAL_OVER_SIDE)


def floor_over_head(strip: PolarStrip) -> float:
    """Share of pairs of places in which the bone medial of the head is brighter than the head, 0 to 1."""
    return _share_brighter(strip, FLOOR, HEAD, UNSEEN_FLOOR)


def _share_brighter(strip: PolarStrip, one: NDArray[np.bool_], other: NDArray[np.bool_], unseen: float) -> float:
    """Share of pairs of kept places in which `one` is brighter than `other`; of equals, half (Mann and Whitney)."""
    grey, kept = strip.grey[::STRIDE, ::STRIDE], strip.kept[::STRIDE, ::STRIDE]
    ours, theirs = grey[one & kept], np.sort(grey[other & kept])
    if min(len(ours), len(theirs)) < LEAST_PLACES:
        return unseen
    darker = np.searchsorted(theirs, ours, "left") + np.searchsorted(theirs, ours, "right")
    return float(darker.mean()) / (2 * len(theirs))
