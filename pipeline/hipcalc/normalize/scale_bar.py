"""A burned-in scale bar or ruler -> its length in pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.levels import Bytes, byte_levels

__all__ = ["BarLine", "bar_lines", "scale_bar_length_px"]

# A stroke stands out from what lies so far beside it, as a share of the picture's longer side and at least in pixels.
BESIDE_SHARE = 1 / 160
BESIDE_MIN_PX = 5
CONTRAST = 30
# Shorter lines are strokes of letters; a line across nearly the whole picture is its frame.
MIN_LENGTH_PX = 40
MIN_SHARE = 0.06
MAX_SHARE = 0.95
# A drawn line has one level from end to end; ticks and compression may disturb so much of it.
SAME_LEVEL = 12
SAME_SHARE = 0.8
# Without ticks a line is a bar only when it is drawn beyond doubt: a wrong millimetre is worse than none.
PLAIN_CONTRAST = 70
PLAIN_SAME_SHARE = 0.95
# Ticks stand on the backbone; at least the two at its ends, at least so many strokes wide.
TICK_STROKES = 2.0


@dataclass(frozen=True, kw_only=True)
class BarLine:
    """A drawn straight line along an axis of the picture, its first and last row and column included.

    `length_px` goes from the middle of the first tick to the middle of the last, or end to end without ticks.
    """

    top_px: int
    left_px: int
    bottom_px: int
    right_px: int
    length_px: float
    has_ticks: bool


def scale_bar_length_px(bright_pixels: NDArray[np.float32]) -> float | None:
    """Measure a burned-in scale bar, upright or lying, with or without ticks, white or black.

    Parameters
    ----------
    bright_pixels : ndarray of float32, shape (rows, columns)
        Pixels in any scale; which end is bone does not matter.

    Returns
    -------
    float or None
        Length in pixels, from the middle of the first tick to the middle of the last, or end to end without ticks.
        None when there is none, or when several lines of different lengths could be the bar.
    """
    lines = bar_lines(byte_levels(bright_pixels, None))
    ticked = tuple(line for line in lines if line.has_ticks)
    lengths = sorted(line.length_px for line in ticked or lines)
    if not lengths or lengths[-1] > 1.02 * lengths[0] + 2.0:
        return None
    return lengths[-1]


def bar_lines(levels: Bytes) -> tuple[BarLine, ...]:
    """Find drawn lines along the picture's axes that could be a scale bar.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns)

    Returns
    -------
    tuple of BarLine
    """
    lying = (_transposed(line) for line in _upright_lines(np.ascontiguousarray(levels.T)))
    return (*_upright_lines(levels), *lying)


def _transposed(line: BarLine) -> BarLine:
    return BarLine(
        top_px=line.left_px,
        left_px=line.top_px,
        bottom_px=line.right_px,
        right_px=line.bottom_px,
        length_px=line.length_px,
        has_ticks=line.has_ticks,
    )


def _upright_lines(levels: Bytes) -> Iterator[BarLine]:
    beside = max(BESIDE_MIN_PX, round(BESIDE_SHARE * max(levels.shape)))
    shortest = max(MIN_LENGTH_PX, round(MIN_SHARE * levels.shape[0]))
    for drawn in (levels, np.asarray(255 - levels, dtype=np.uint8)):
        ridge = _ridge(drawn, beside)
        # A tick hides the backbone's contrast on its side.
        closed = cv2.morphologyEx(ridge, cv2.MORPH_CLOSE, np.ones((2 * (beside // 2) + 1, 1), np.uint8))
        long = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8))
        _, _, boxes, _ = cv2.connectedComponentsWithStats(np.asarray(long, dtype=np.uint8), connectivity=8)
        for left, top, width, height, _ in boxes[1:].tolist():
            if width <= beside and height <= MAX_SHARE * levels.shape[0]:
                yield from _measured(drawn, (top, left, height, width), beside)


def _ridge(drawn: Bytes, beside: int) -> Bytes:
    """Mark pixels that are brighter than those so far to the left and to the right."""
    columns = drawn.shape[1]
    padded = cv2.copyMakeBorder(drawn, 0, 0, beside, beside, cv2.BORDER_REFLECT_101)
    brighter = np.maximum(padded[:, :columns], padded[:, 2 * beside :])
    return np.asarray(cv2.subtract(drawn, brighter) >= CONTRAST, dtype=np.uint8)


def _measured(drawn: Bytes, box: tuple[int, int, int, int], beside: int) -> Iterator[BarLine]:
    top, left, height, width = box
    column = left + int(np.argmax(np.median(drawn[top : top + height, left : left + width], axis=0)))
    level = int(np.median(drawn[top : top + height, column]))
    same = np.abs(drawn[:, column].astype(np.int16) - level) <= SAME_LEVEL
    if float(same[top : top + height].mean()) < SAME_SHARE:
        return
    first, last = _extent(same, top, top + height - 1)
    if not _lies_free(drawn.shape, first, last, left, width) or last - first + 1 < MIN_LENGTH_PX:
        return
    ticks = [_tick_rows(drawn, end, step, left, width, beside) for end, step in ((first, 1), (last, -1))]
    has_ticks = all(ticks)
    if not has_ticks and not _is_plain_bar(drawn, same, (first, last, left, width), beside):
        return
    yield BarLine(
        top_px=first,
        left_px=left,
        bottom_px=last,
        right_px=left + width - 1,
        length_px=float(last - first + 1 - (sum(ticks) / 2 if has_ticks else 0.0)),
        has_ticks=has_ticks,
    )


def _lies_free(shape: tuple[int, ...], first: int, last: int, left: int, width: int) -> bool:
    """Tell a line from the picture's frame, which lies at its very edge or goes across nearly all of it."""
    rows, columns = shape
    inside = first > 1 and last < rows - 2 and left > 1 and left + width < columns - 1
    return inside and last - first + 1 <= MAX_SHARE * rows


def _is_plain_bar(drawn: Bytes, same: NDArray[np.bool_], place: tuple[int, int, int, int], beside: int) -> bool:
    first, last, left, width = place
    rows = slice(first, last + 1)
    line = drawn[rows, left : left + width].max(axis=1).astype(np.int16)
    sides = [drawn[rows, max(left - beside, 0)], drawn[rows, min(left + width + beside, drawn.shape[1]) - 1]]
    contrast = line - np.maximum(*sides)
    return float(same[rows].mean()) >= PLAIN_SAME_SHARE and float(np.quantile(contrast, 0.1)) >= PLAIN_CONTRAST


def _extent(same: NDArray[np.bool_], first: int, last: int) -> tuple[int, int]:
    """Lengthen a run to where the line's level ends."""
    while first > 0 and same[first - 1]:
        first -= 1
    while last < same.size - 1 and same[last + 1]:
        last += 1
    while first < last and not same[first]:
        first += 1
    while last > first and not same[last]:
        last -= 1
    return first, last


def _tick_rows(drawn: Bytes, end: int, step: int, left: int, width: int, beside: int) -> int:
    """Count the rows at one end in which the line is several strokes wide: the thickness of its last tick."""
    reach = max(round(TICK_STROKES * width), 3)
    sides = (slice(max(left - reach, 0), left), slice(left + width, left + width + reach))
    level = int(drawn[end, left : left + width].max())
    count = 0
    while count <= beside and 0 <= end + step * count < drawn.shape[0]:
        row = drawn[end + step * count]
        if not any(row[side].size and int(row[side].min()) >= level - 2 * CONTRAST for side in sides):
            break
        count += 1
    return count if count <= beside else 0
