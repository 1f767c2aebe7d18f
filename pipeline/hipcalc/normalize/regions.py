"""A mask -> named outlines, so that a page can say what was left out and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.levels import Bytes

__all__ = ["ExcludedKind", "ExcludedRegion", "named_regions"]

ExcludedKind = Literal["padding", "collimation", "box", "direct-exposure", "clipped", "lettering", "metal", "dust"]

# Outlines are for drawing: they are taken on a copy of this size, and to about one of its pixels.
OUTLINED_PX = 700
# Of a kind the largest are named; noise may make thousands of specks.
MOST_OF_A_KIND = 40
# A blacked-out box fills its rectangle and does not go across the picture, as a collimator's blade does.
BOX_FILL = 0.85
BOX_MAX_SHARE = 0.7
# Blacked out: the levels in it differ by no more than this. Exposed air is noisy.
CONSTANT_RANGE = 1.0
BRIGHT_LEVEL = 128


@dataclass(frozen=True, kw_only=True)
class ExcludedRegion:
    """One area in which nothing is detected.

    Attributes
    ----------
    kind : {"padding", "collimation", "box", "direct-exposure", "clipped", "lettering", "metal", "dust"}
        Lettering: burned-in letters, rulers and frames, and lead markers, which are told by the same sharp edges.
    outline_px : tuple of (row, column)
        A polygon to about a 700th of the picture's longer side; holes in it are not told.
    """

    kind: ExcludedKind
    outline_px: tuple[tuple[float, float], ...]


def named_regions(kind: ExcludedKind | Literal["blank"], mask: Bytes, levels: Bytes) -> tuple[ExcludedRegion, ...]:
    """Outline the areas of a mask.

    Parameters
    ----------
    kind : str
        What they are; ``blank`` is parted into collimation, box, direct exposure and clipped.
    mask, levels : ndarray of uint8, shape (rows, columns)

    Returns
    -------
    tuple of ExcludedRegion
        The largest first.
    """
    step = max(1, round(max(levels.shape) / OUTLINED_PX))
    small = levels[::step, ::step]
    return tuple(
        ExcludedRegion(
            kind=_blank_kind(contour, small) if kind == "blank" else kind, outline_px=tuple(_points(contour, step))
        )
        for contour in _largest_contours(np.ascontiguousarray(mask[::step, ::step]))
    )


def _largest_contours(mask: Bytes) -> list[NDArray[np.int32]]:
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = [np.asarray(contour, dtype=np.int32) for contour in found]
    return sorted(contours, key=cv2.contourArea, reverse=True)[:MOST_OF_A_KIND]


def _points(contour: NDArray[np.int32], step: int) -> Iterator[tuple[float, float]]:
    for column, row in np.reshape(cv2.approxPolyDP(contour, 1.0, True), (-1, 2)).tolist():
        yield float(row * step), float(column * step)


def _blank_kind(contour: NDArray[np.int32], levels: Bytes) -> ExcludedKind:
    x, y, width, height = cv2.boundingRect(contour)
    filled = np.zeros((height, width), np.uint8)
    cv2.drawContours(filled, [contour - np.array([x, y], np.int32)], -1, 1, thickness=cv2.FILLED)
    values = levels[y : y + height, x : x + width][filled == 1]
    if float(np.median(values)) >= BRIGHT_LEVEL:
        return "clipped"
    # The rim that was added holds some anatomy, and letters may stand in it.
    if float(np.subtract(*np.percentile(values, [60, 5]))) > CONSTANT_RANGE:
        return "direct-exposure"
    across = width > BOX_MAX_SHARE * levels.shape[1] or height > BOX_MAX_SHARE * levels.shape[0]
    return "box" if values.size >= BOX_FILL * width * height and not across else "collimation"
