"""A byte copy of the picture, on which masks are made: byte morphology costs a tenth of the float one.

Levels and masks are arrays of uint8, shape (rows, columns) of the picture, or of its blocks where they are called
reduced; a mask is 1 where it holds, else 0.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from hipcalc.radiograph.percentiles import percentiles

__all__ = [
    "BRIGHT_LEVEL", "HIGH_LEVEL", "LOW_LEVEL", "Bytes", "Reduced", "Strip", "byte_levels", "byte_percentile",
    "counts_of_levels", "grown", "large_components", "marked", "strips",
]  # fmt: skip

Bytes = NDArray[np.uint8]

# Where the 0.5th and 99.5th percentile come to lie; the room above is for metal and letters.
LOW_LEVEL, HIGH_LEVEL = 12, 190
# What is flat from here on is white, not black.
BRIGHT_LEVEL = 128
BLANK_SHARE = 0.01
# Pixels that are enough for the scale.
SAMPLE = 150_000
# So many bytes of a picture stay in the processor's cache while several steps are taken on them.
STRIP_BYTES = 400_000
# On so many pixels, letters, dust and the edges of blank areas are told from anatomy as well as on more.
LEAST_LONGER_SIDE_PX = 1250


def byte_levels(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> Bytes:
    """Scale a picture to bytes, saturating at both ends; padding and blank areas do not count for the scale."""
    step = max(1, int(np.sqrt(bright.size / SAMPLE)))
    sample = np.ascontiguousarray(bright[::step, ::step])
    if padding is not None and not padding[::step, ::step].all():
        sample = sample[~padding[::step, ::step]]
    low, high = percentiles(_between_extremes(sample), 0.5, 99.5)
    gain = (HIGH_LEVEL - LOW_LEVEL) / max(high - low, 1e-6)
    floor = np.float32(low - LOW_LEVEL / gain)
    levels, memory = np.empty(bright.shape, np.uint8), np.empty(0, np.float32)
    for strip in strips(bright):
        part = bright[strip.core]
        # convertScaleAbs takes the absolute value, so what lies below zero has to go first.
        if part.min() < floor:
            memory = memory if memory.shape == part.shape else np.empty_like(part)
            part = np.maximum(part, floor, out=memory)
        cv2.convertScaleAbs(part, levels[strip.core], gain, LOW_LEVEL - gain * low)
    return levels


@dataclass(frozen=True, kw_only=True, eq=False)
class Reduced:
    """The byte copy in blocks of `factor` by `factor` pixels: where masks are made on large pictures.

    A radiograph is at most 430 mm long, so that no block is wider than 0.35 mm. Pictures of less than twice
    `LEAST_LONGER_SIDE_PX` stay as they are, with a factor of 1.

    Attributes
    ----------
    factor : int
    mean, highest, lowest : ndarray of uint8, shape (rows, columns)
        Of each block; the last ones in a row or column go on beyond the picture with its border's levels.
    """

    factor: int
    mean: Bytes
    highest: Bytes
    lowest: Bytes

    @classmethod
    def of(cls, levels: Bytes) -> Self:
        """Reduce a picture as far as masks bear it."""
        factor = max(1, max(levels.shape) // LEAST_LONGER_SIDE_PX)
        if factor == 1:
            return cls(factor=1, mean=levels, highest=levels, lowest=levels)
        kernel = np.ones((1, factor), np.uint8)
        shape = [-(-length // factor) for length in levels.shape]
        mean, highest, lowest = (np.empty(shape, np.uint8) for _ in range(3))
        for strip in strips(levels, multiple_of=factor):
            part = _of_whole_blocks(levels[strip.core], factor)
            top = strip.core.start // factor
            rows = slice(top, top + len(part) // factor)
            cv2.resize(part, (shape[1], len(part) // factor), mean[rows], interpolation=cv2.INTER_AREA)
            # Down, and then across, from each block's first pixel on.
            blocks = part.reshape(-1, factor, part.shape[1])
            highest[rows] = cv2.dilate(blocks.max(axis=1), kernel, anchor=(0, 0))[:, ::factor]
            lowest[rows] = cv2.erode(blocks.min(axis=1), kernel, anchor=(0, 0))[:, ::factor]
        return cls(factor=factor, mean=mean, highest=highest, lowest=lowest)

    def px(self, length_px: float) -> int:
        """Return the number of blocks that a length in pixels takes, at least one."""
        return max(1, math.ceil(length_px / self.factor))

    def outlined(self, contour: MatLike) -> NDArray[np.int32]:
        """Return the corners, in the picture's pixels, of the blocks on a contour, shape (n, 1, 2)."""
        first, side = np.asarray(contour, np.int32) * self.factor, self.factor - 1
        corners = [first + np.array(corner, np.int32) for corner in ((0, 0), (side, 0), (side, side), (0, side))]
        return np.concatenate(corners)

    def mostly(self, mask: Bytes) -> Bytes:
        """Reduce a mask of the picture: 1 where at least half of a block's pixels are 1."""
        if self.factor == 1:
            return mask
        rows, columns = self.mean.shape
        whole = _of_whole_blocks(mask, self.factor)
        return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)

    def enlarged(self, mask: Bytes, shape: tuple[int, ...]) -> Bytes:
        """Bring a reduced mask to the picture's shape."""
        if self.factor == 1:
            return mask
        # Interleaving and copying of rows: several times faster than OpenCV's resize or NumPy's repeat.
        wide = cv2.merge([mask] * self.factor).reshape(len(mask), -1)
        full = np.empty((len(mask), self.factor, wide.shape[1]), np.uint8)
        full[:] = wide[:, None]
        return np.ascontiguousarray(full.reshape(-1, wide.shape[1])[: shape[0], : shape[1]])


def _of_whole_blocks(levels: Bytes, factor: int) -> Bytes:
    """Let a picture's border go on until its sides are multiples of the factor."""
    below, beside = (-length % factor for length in levels.shape)
    if not below and not beside:
        return levels
    return np.asarray(cv2.copyMakeBorder(levels, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Some rows of a picture: `core` in the picture, `wide` with so many more on either side as a window needs there.

    `inner` are the rows of `core` in what was computed from those of `wide`.
    """

    core: slice
    wide: slice
    inner: slice


def strips(picture: NDArray[Any], *, beside: int = 0, multiple_of: int = 1) -> Iterator[Strip]:
    """Part a picture into strips that stay in the processor's cache while several steps are taken on each.

    Parameters
    ----------
    picture : ndarray, shape (rows, columns)
    beside : int
        Rows that the steps look at on either side of the one they answer for.
    multiple_of : int
        The rows of a strip are a multiple of this, but for the last one's.
    """
    rows, high = len(picture), max(STRIP_BYTES // picture[0].nbytes // multiple_of, 1) * multiple_of
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
    if values.dtype == np.uint8 and comparison in _THRESHOLDS:
        # One step instead of two: a level is above 7 where it is at least 8.
        kind, is_below = _THRESHOLDS[comparison]
        level = math.ceil(limit) - 1 if is_below else math.floor(limit)
        return np.asarray(cv2.threshold(values, level, 1, kind)[1], dtype=np.uint8)
    # OpenCV takes numbers here; its type hints leave that out.
    mask = np.asarray(cv2.compare(values, limit, comparison), dtype=np.uint8)  # type: ignore[call-overload]
    mask &= 1
    return mask


# The threshold that does the same, and whether the limit itself belongs to what is above.
_THRESHOLDS = {
    cv2.CMP_GT: (cv2.THRESH_BINARY, False),
    cv2.CMP_GE: (cv2.THRESH_BINARY, True),
    cv2.CMP_LE: (cv2.THRESH_BINARY_INV, False),
}


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
    # Several times faster than OpenCV's own statistics.
    within = mask.view(np.bool_)
    numbers = np.asarray(labels, np.int32)[within]
    kept = np.zeros_like(mask)
    kept[within] = (np.bincount(numbers) >= min_area_px)[numbers]
    return kept
