"""A byte copy of the picture, on which masks are made: byte morphology costs a tenth of the float one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from hipcalc.radiograph.percentiles import percentiles

__all__ = [
    "HIGH_LEVEL", "LOW_LEVEL", "Bytes", "Strip", "byte_levels", "byte_percentile", "counts_of_levels", "grown",
    "large_components", "marked", "strips",
]  # fmt: skip

Bytes = NDArray[np.uint8]

# Where the 0.5th and 99.5th percentile come to lie; the room above is for metal and letters.
LOW_LEVEL, HIGH_LEVEL = 12, 190
BLANK_SHARE = 0.01
# Pixels that are enough for the scale.
SAMPLE = 150_000
# So many bytes of a picture stay in the processor's cache while several steps are taken on them.
STRIP_BYTES = 400_000


def byte_levels(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> Bytes:
    """Scale a picture to bytes, saturating at both ends; padding and blank areas do not count for the scale."""
    step = max(1, min(4, int(np.sqrt(bright.size / SAMPLE))))
    sample = np.ascontiguousarray(bright[::step, ::step])
    if padding is not None and not padding[::step, ::step].all():
        sample = sample[~padding[::step, ::step]]
    low, high = percentiles(_between_extremes(sample), 0.5, 99.5)
    gain = (HIGH_LEVEL - LOW_LEVEL) / max(high - low, 1e-6)
    floor = float(np.float32(low - LOW_LEVEL / gain))
    levels = np.empty(bright.shape, np.uint8)
    for strip in strips(bright):
        # convertScaleAbs takes the absolute value, so what lies below zero has to go first.
        floored = cv2.max(bright[strip.core], floor)  # type: ignore[call-overload]
        cv2.convertScaleAbs(floored, levels[strip.core], gain, LOW_LEVEL - gain * low)
    return levels


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Some rows of a picture: `core` in the picture, `wide` with so many more on either side as a window needs there.

    `inner` are the rows of `core` in what was computed from those of `wide`.
    """

    core: slice
    wide: slice
    inner: slice


def strips(picture: NDArray[Any], *, beside: int = 0) -> Iterator[Strip]:
    """Part a picture into strips that stay in the processor's cache while several steps are taken on each.

    Parameters
    ----------
    picture : ndarray, shape (rows, columns)
    beside : int
        Rows that the steps look at on either side of the one they answer for.
    """
    rows, high = len(picture), max(STRIP_BYTES // picture[0].nbytes, 1)
    for top in range(0, rows, high):
        bottom = min(top + high, rows)
        first, last = max(top - beside, 0), min(bottom + beside, rows)
        yield Strip(core=slice(top, bottom), wide=slice(first, last), inner=slice(top - first, bottom - first))


def counts_of_levels(levels: MatLike, where: Bytes | None = None) -> NDArray[np.float64]:
    """Count the pixels of each of the 256 levels, if wanted those where a mask is not 0 alone."""
    # OpenCV 4 returns a column, OpenCV 5 a row of counts.
    return np.ravel(cv2.calcHist([levels], [0], where, [256], [0, 256])).astype(np.float64)


def byte_percentile(levels: MatLike, share: float, where: Bytes | None = None) -> float:
    """Return the smallest level that at least that share of the pixels, or of those in a mask, does not exceed."""
    counts = np.cumsum(counts_of_levels(np.ascontiguousarray(levels), where))
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
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count == 1:
        return mask
    # Counting and taking are faster than OpenCV's own statistics and NumPy's indexing.
    keep = (np.bincount(labels.ravel()) >= min_area_px).astype(np.uint8)
    keep[0] = 0
    return np.take(keep, np.asarray(labels, np.int32))
