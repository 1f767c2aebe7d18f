"""A byte copy of the picture, on which masks are made: byte morphology costs a tenth of the float one."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["HIGH_LEVEL", "LOW_LEVEL", "Bytes", "byte_levels", "grown", "large_components"]

Bytes = NDArray[np.uint8]

# Where the 0.5th and 99.5th percentile come to lie; the room above is for metal and letters.
LOW_LEVEL, HIGH_LEVEL = 12, 190
BLANK_SHARE = 0.01


def byte_levels(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> Bytes:
    """Scale a picture to bytes, saturating at both ends; padding and blank areas do not count for the scale."""
    sample = bright[::4, ::4]
    if padding is not None and not padding[::4, ::4].all():
        sample = sample[~padding[::4, ::4]]
    low, high = (float(value) for value in np.percentile(_between_extremes(sample), [0.5, 99.5]))
    gain = (HIGH_LEVEL - LOW_LEVEL) / max(high - low, 1e-6)
    # convertScaleAbs takes the absolute value, so what lies below zero has to go first.
    floored = np.maximum(bright, np.float32(low - LOW_LEVEL / gain))
    return np.asarray(cv2.convertScaleAbs(floored, alpha=gain, beta=LOW_LEVEL - gain * low), dtype=np.uint8)


def _between_extremes(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave out the lowest and the highest value where many pixels have exactly that: they are blank."""
    lowest, highest = sample == sample.min(), sample == sample.max()
    blank = np.zeros_like(lowest)
    for extreme in (lowest, highest):
        if extreme.mean() > BLANK_SHARE:
            blank |= extreme
    return sample if blank.mean() > 0.9 else sample[~blank]


def grown(mask: Bytes, radius_px: int) -> Bytes:
    """Widen a mask by a square of that radius."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.dilate(mask, np.ones((size, size), np.uint8)), dtype=np.uint8)


def large_components(mask: Bytes, *, min_area_px: int) -> Bytes:
    """Keep the connected components (8 neighbours) of at least that area."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count == 1:
        return mask
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area_px
    keep[0] = False
    return np.asarray(keep.astype(np.uint8)[labels], dtype=np.uint8)
