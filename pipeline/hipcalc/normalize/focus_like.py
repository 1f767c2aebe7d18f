"""What sharp edges, metal's brightness and dust's smallness make foreign, and what may be a dense focus all the same.

A calcification can be as steep as a letter, as bright as metal and as small as dust. It is small, of full and round
parts, it lies in tissue, and the focal spot and the detector have blurred it as they blur all that is imaged.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.levels import LOW_LEVEL, Bytes

__all__ = ["may_be_focus"]

# As long as this share of the picture's shorter side, about 15 mm of a pelvis, or as so many pixels, which are 9 mm
# where 500 show one hip.
MOST_SHARE, MOST_PX = 1 / 24, 64
# Four times pi times the area of its hull over the squared perimeter: 0.79 for a square, 0.84 for an ellipse of 2 by 1.
ROUNDNESS, ASPECT = 0.84, 2.0
# So much of their hulls the parts fill, and all but so much of that is above the tissue by such a share of the height:
# between the strokes of a letter the ground shows, over the core of a shell lie two walls.
FULL = 0.75
GAPS, CORE = 0.05, 0.25
LEAST_PX2 = 16
# It lies in tissue, not on a black ground, and is so many levels brighter than that.
TISSUE, BRIGHTER = 2 * LOW_LEVEL, 20
# Its surround reaches so far at least, and as far as it is wide.
AROUND_PX = 12
# A part is what is above the tissue by such a share of the height: a quarter, unless something else joins it there.
PARTED_AT = (0.25, 0.5, 0.75)
# An edge that rises evenly over fewer pixels is no image: graphics are drawn with one pixel or none.
LEAST_EDGE_PX = 1.25


def may_be_focus(outline: NDArray[np.int32], levels: Bytes) -> bool:
    """Tell whether what is outlined may be a dense focus.

    Parameters
    ----------
    outline : ndarray of int32, shape (n, 1, 2)
        Column and row of the picture's pixels that were found foreign, or of some of them.
    levels : ndarray of uint8, shape (rows, columns)
    """
    x, y, width, height = cv2.boundingRect(outline)
    most = max(MOST_SHARE * min(levels.shape), MOST_PX)
    if max(width, height) > 1.5 * most:
        return False
    margin = max(width, height, AROUND_PX)
    top, left = max(y - margin, 0), max(x - margin, 0)
    window = levels[top : y + height + margin, left : x + width + margin]
    inside = np.zeros_like(window)
    hull = cv2.convexHull(outline) - np.array([left, top], np.int32)
    cv2.drawContours(inside, [np.asarray(hull, np.int32)], -1, 1, thickness=cv2.FILLED)
    around = window[cv2.dilate(inside, np.ones((5, 5), np.uint8)) == 0]
    if not around.size:
        return False
    tissue, peak = float(np.median(around)), float(np.quantile(window[inside > 0], 0.95))
    if tissue < TISSUE or peak - tissue < BRIGHTER:
        return False
    for share in PARTED_AT:
        parts = _parts(window, inside, tissue + share * (peak - tissue))
        if _are_spots(parts, most) and np.quantile(window[parts > 0], GAPS) >= tissue + CORE * (peak - tissue):
            return _edge_px(window, parts, tissue, tissue + share * (peak - tissue)) >= LEAST_EDGE_PX
    return False


def _are_spots(parts: Bytes, most: float) -> bool:
    """Whether all parts are full and round, and together small."""
    hulls = [np.asarray(cv2.convexHull(part), np.int32) for part in _contours(parts)]
    if not hulls or max(cv2.minAreaRect(np.concatenate(hulls))[1]) > most or not all(map(_is_round, hulls)):
        return False
    filled = np.zeros_like(parts)
    cv2.drawContours(filled, hulls, -1, 1, thickness=cv2.FILLED)
    return cv2.countNonZero(parts) >= max(LEAST_PX2, FULL * cv2.countNonZero(filled))


def _edge_px(window: Bytes, parts: Bytes, tissue: float, level: float) -> float:
    """Return over how many pixels the parts' edge would rise from the tissue to their peak, from its lower half."""
    peak = float(np.quantile(window[parts > 0], 0.95))
    upper = (window >= 0.5 * (level + peak)).astype(np.uint8) & parts
    length = sum(cv2.arcLength(part, closed=True) for part in _contours(parts))
    width = (cv2.countNonZero(parts) - cv2.countNonZero(_filled(upper))) / max(length, 1.0)
    return width * 2.0 * (peak - tissue) / max(peak - level, 1.0)


def _parts(window: Bytes, inside: Bytes, level: float) -> Bytes:
    """Mark the connected parts above a level that reach into the outline, with their holes."""
    count, labels = cv2.connectedComponents((window >= level).astype(np.uint8), connectivity=8)
    chosen = np.zeros(count, np.uint8)
    chosen[np.unique(labels[inside > 0])] = 1
    chosen[0] = 0
    return _filled(chosen[labels])


def _contours(mask: Bytes) -> list[NDArray[np.int32]]:
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(one, np.int32) for one in found]


def _filled(mask: Bytes) -> Bytes:
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, _contours(mask), -1, 1, thickness=cv2.FILLED)
    return filled


def _is_round(hull: NDArray[np.int32]) -> bool:
    _, sides, _ = cv2.minAreaRect(hull)
    perimeter, area = cv2.arcLength(hull, closed=True), cv2.contourArea(hull)
    return max(sides) <= ASPECT * min(sides) and 4.0 * np.pi * area >= ROUNDNESS * perimeter**2
