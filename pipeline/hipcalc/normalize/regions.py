"""A mask -> named outlines, so that a page can say what was left out and why."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.excluded import ExcludedKind, ExcludedRegion
from hipcalc.normalize.levels import BRIGHT_LEVEL, Bytes

__all__ = ["named_regions"]

Contour = NDArray[np.int32]

# Outlines are for drawing: they are taken on a copy of this size, and to about one of its pixels.
OUTLINED_PX = 700
# Of a kind the largest are named; noise may make thousands of specks.
MOST_OF_A_KIND = 40
# A blacked-out box fills its rectangle and does not go across the picture, as a collimator's blade does.
BOX_FILL = 0.85
BOX_MAX_SHARE = 0.7
# Blacked out: the levels in it differ by no more than this. Exposed air is noisy.
CONSTANT_RANGE = 1.0


def named_regions(
    kind: ExcludedKind | Literal["blank"], mask: Bytes, levels: Bytes, factor: int
) -> tuple[ExcludedRegion, ...]:
    """Outline the areas of a mask.

    Parameters
    ----------
    kind : str
        What they are; ``blank`` is parted into collimation, box, direct exposure and clipped.
    mask, levels : ndarray of uint8, shape (rows, columns)
    factor : int
        Pixels of the picture to one of theirs.

    Returns
    -------
    tuple of ExcludedRegion
        The largest first.
    """
    step = max(1, round(max(levels.shape) / OUTLINED_PX))
    small, coarse = levels[::step, ::step], np.ascontiguousarray(mask[::step, ::step])
    return tuple(
        ExcludedRegion(
            kind=_blank_kind(rings[0], small, coarse) if kind == "blank" else kind,
            outline_px=_joined(rings, step, factor),
        )
        for rings in _largest_areas(coarse)
    )


def _largest_areas(mask: Bytes) -> list[list[Contour]]:
    """Return the outer contour of every area and then those of its holes, the largest areas first."""
    found, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not found:
        return []
    contours = [np.asarray(contour, dtype=np.int32) for contour in found]
    parents = np.asarray(hierarchy)[0, :, 3]
    areas = {index: [contours[index]] for index in np.flatnonzero(parents < 0).tolist()}
    for index in np.flatnonzero(parents >= 0).tolist():
        areas[int(parents[index])].append(contours[index])
    return sorted(areas.values(), key=lambda rings: cv2.contourArea(rings[0]), reverse=True)[:MOST_OF_A_KIND]


def _joined(rings: list[Contour], step: int, factor: int) -> tuple[tuple[float, float], ...]:
    """Join outline and holes into one polygon: from the first point to each hole, around it, and back."""
    scale, middle = step * factor, (factor - 1) / 2
    parts = [[(row * scale + middle, column * scale + middle) for column, row in _corners(ring)] for ring in rings]
    points = list(parts[0])
    for hole in parts[1:]:
        points += [parts[0][0], *hole, hole[0], parts[0][0]]
    return tuple(points)


def _corners(ring: Contour) -> list[list[float]]:
    corners: list[list[float]] = np.reshape(cv2.approxPolyDP(ring, 1.0, True), (-1, 2)).tolist()
    return corners


def _blank_kind(contour: Contour, levels: Bytes, mask: Bytes) -> ExcludedKind:
    x, y, width, height = cv2.boundingRect(contour)
    filled = np.zeros((height, width), np.uint8)
    cv2.drawContours(filled, [contour - np.array([x, y], np.int32)], -1, 1, thickness=cv2.FILLED)
    # A frame around the picture does not hold what it frames.
    filled &= mask[y : y + height, x : x + width]
    values = levels[y : y + height, x : x + width][filled == 1]
    if float(np.median(values)) >= BRIGHT_LEVEL:
        return "clipped"
    # The rim that was added holds some anatomy, and letters may stand in it.
    if float(np.subtract(*np.percentile(values, [60, 5]))) > CONSTANT_RANGE:
        return "direct-exposure"
    across = width > BOX_MAX_SHARE * levels.shape[1] or height > BOX_MAX_SHARE * levels.shape[0]
    return "box" if values.size >= BOX_FILL * width * height and not across else "collimation"
