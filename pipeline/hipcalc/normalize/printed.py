"""White print by how it is drawn: of the brightest level throughout, and sharp-edged however bright the ground is.

Display processing lifts the edges of bone, so that those of print over bone are no longer the steepest of a picture.
But what is imaged, be it clipped to white, falls off over several pixels; print has fallen to its ground after two.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.focus_like import may_be_focus
from hipcalc.normalize.levels import Bytes, Reduced, grown, marked

__all__ = ["printed"]

# Compression makes the one level of print so many byte levels wide.
TOP_RANGE = 8
LEAST_SIDE_PX = 6
MOST_SHARE = 0.1
# So many pixels beyond the edge print has fallen by so many levels at least along three quarters of its outline, and,
# in the median, by such a share of what it falls to the ground, which is looked at so far out.
NEAR_PX, GROUND_PX = 2, 6
LEAST_FALL, FALLEN = 43, 0.85


def printed(levels: Bytes, reduced: Reduced, blank: Bytes) -> Bytes:
    """Find white letters, bars and frames, in reduced pixels.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns)
    reduced : Reduced
        The same in blocks.
    blank : ndarray of uint8, shape of `reduced`
        1 where there is no picture.
    """
    least = int(reduced.highest.max()) - TOP_RANGE
    places = cv2.subtract(marked(reduced.highest, least, cv2.CMP_GE), blank)
    found = np.zeros_like(reduced.mean)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(places)
    longest = statistics[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) * reduced.factor
    likely = (longest >= LEAST_SIDE_PX) & (statistics[:, cv2.CC_STAT_AREA] <= MOST_SHARE * places.size)
    for number in (np.flatnonzero(likely[1:]) + 1).tolist():
        x, y, width, height = statistics[number, :4].tolist()
        own = (labels[y : y + height, x : x + width] == number).astype(np.uint8)
        if _is_drawn(own, (y, x), levels, least, reduced.factor):
            is_frame = width * height > MOST_SHARE * places.size
            found[y : y + height, x : x + width] |= own if is_frame else _filled(own)
    return grown(found, reduced.px(NEAR_PX + 1))


def _is_drawn(blocks: Bytes, corner: tuple[int, int], levels: Bytes, least: int, factor: int) -> bool:
    """Tell whether the pixels of the highest levels in some blocks fall to their ground as print does."""
    top, left = (start * factor for start in corner)
    rows, columns = (length * factor for length in blocks.shape)
    first_row, first_column = max(top - GROUND_PX - 1, 0), max(left - GROUND_PX - 1, 0)
    window = levels[first_row : top + rows + GROUND_PX + 1, first_column : left + columns + GROUND_PX + 1]
    bright, within = marked(window, least, cv2.CMP_GE), np.zeros_like(window)
    part = within[top - first_row :, left - first_column :][:rows, :columns]
    part[:] = blocks.repeat(factor, 0).repeat(factor, 1)[: part.shape[0], : part.shape[1]]
    own = bright & within
    near, ground = (window[_ring(own, distance) & (bright == 0)] for distance in (NEAR_PX, GROUND_PX))
    if not near.size or not ground.size:
        return False
    if least - float(np.quantile(near, 0.75)) < LEAST_FALL - TOP_RANGE:
        return False
    highest = float(least + TOP_RANGE)
    if highest - float(np.median(near)) < FALLEN * (highest - float(np.median(ground))):
        return False
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = np.concatenate(contours) + np.array([first_column, first_row])
    return not may_be_focus(np.asarray(outline, np.int32), levels)


def _ring(mask: Bytes, distance: int) -> NDArray[np.bool_]:
    """Mark what is so many pixels from a mask, and no fewer."""
    outer, inner = (
        cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
        for reach in (distance, distance - 1)
    )
    return np.asarray(outer > inner, np.bool_)


def _filled(mask: Bytes) -> Bytes:
    """Fill what a mask encloses."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(mask.copy(), contours, -1, 1, thickness=cv2.FILLED), np.uint8)
