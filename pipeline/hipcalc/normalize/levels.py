"""A byte copy of the picture, on which masks are made: byte morphology costs a tenth of the float one."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

__all__ = ["HIGH_LEVEL", "LOW_LEVEL", "Bytes", "byte_levels", "byte_percentile", "grown", "large_components", "marked"]

Bytes = NDArray[np.uint8]

# Where the 0.5th and 99.5th percentile come to lie; the room above is for metal and letters.
LOW_LEVEL, HIGH_LEVEL = 12, 190
BLANK_SHARE = 0.01
# Pixels that are enough for the scale.
SAMPLE = 150_000
# So many rows at once stay in the processor's cache.
STRIP_ROWS = 64


def byte_levels(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> Bytes:
    """Scale a picture to bytes, saturating at both ends; padding and blank areas do not count for the scale."""
    step = max(1, min(4, int(np.sqrt(bright.size / SAMPLE))))
    sample = bright[::step, ::step]
    if padding is not None and not padding[::step, ::step].all():
        sample = sample[~padding[::step, ::step]]
    low, high = (float(value) for value in np.percentile(_between_extremes(sample), [0.5, 99.5]))
    gain = (HIGH_LEVEL - LOW_LEVEL) / max(high - low, 1e-6)
    floor = np.float32(low - LOW_LEVEL / gain)
    levels = np.empty(bright.shape, np.uint8)
    for top in range(0, len(bright), STRIP_ROWS):
        # convertScaleAbs takes the absolute value, so what lies below zero has to go first.
        floored = np.maximum(bright[top : top + STRIP_ROWS], floor)
        cv2.convertScaleAbs(floored, levels[top : top + STRIP_ROWS], gain, LOW_LEVEL - gain * low)
    return levels


def byte_percentile(values: MatLike, share: float) -> float:
    """Return the smallest level that at least that share of the values does not exceed."""
    counts = np.cumsum(np.bincount(values.ravel(), minlength=256))
    return float(np.searchsorted(counts, share * counts[-1]))


def marked(values: MatLike, limit: float, comparison: int) -> Bytes:
    """Compare with one value (`cv2.CMP_GT` and its like); 1 where it holds, else 0."""
    # OpenCV takes numbers here; its type hints leave that out.
    mask = np.asarray(cv2.compare(values, limit, comparison), dtype=np.uint8)  # type: ignore[call-overload]
    mask &= 1
    return mask


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
    if not cv2.countNonZero(mask):
        return mask
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
