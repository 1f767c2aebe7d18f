"""Print by how it is drawn: of the brightest or darkest level throughout, and sharp-edged whatever the ground is.

Display processing lifts the edges of bone, so that those of print over bone are no longer the steepest of a picture.
But what is imaged, be it clipped, falls off over several pixels; print has fallen to its ground after two. In a picture
that was inverted before it was printed on, the print is black where bone is white.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.focus_like import may_be_focus
from hipcalc.normalize.levels import LOW_LEVEL, Bytes, Reduced, grown, marked

__all__ = ["printed"]

# Compression makes the one level of print so many byte levels wide.
TOP_RANGE = 8
LEAST_SIDE_PX = 6
MOST_SHARE = 0.1
# So many pixels beyond the edge print has fallen by so many levels at least along three quarters of its outline, and,
# in the median, by such a share of what it falls to the ground, which is looked at so far out.
NEAR_PX, GROUND_PX = 2, 6
LEAST_FALL, FALLEN = 43, 0.85
# The scale leaves less room below what is darkest in a picture than above what is brightest.
LEAST_RISE = 2 * LOW_LEVEL


def printed(levels: Bytes, reduced: Reduced, blank: Bytes) -> Bytes:
    """Find letters, bars and frames, white or black, in reduced pixels.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns)
    reduced : Reduced
        The same in blocks.
    blank : ndarray of uint8, shape of `reduced`
        1 where there is no picture.
    """
    found = _white(levels, reduced.highest, blank, reduced.factor, LEAST_FALL, spares_foci=True)
    dark, darkest = (np.asarray(cv2.bitwise_not(one), np.uint8) for one in (levels, reduced.lowest))
    found |= _white(dark, darkest, blank, reduced.factor, LEAST_RISE, spares_foci=False)
    return grown(found, reduced.px(NEAR_PX + 1))


def _white(levels: Bytes, highest: Bytes, blank: Bytes, factor: int, fall: int, *, spares_foci: bool) -> Bytes:
    """Find print of the highest level, from the highest level of each block."""
    least = int(highest.max()) - TOP_RANGE
    places = np.asarray(cv2.subtract(marked(highest, least, cv2.CMP_GE), blank), np.uint8)
    found = np.zeros_like(highest)
    for outline, holes in _outlined(places, LEAST_SIDE_PX / factor):
        x, y, width, height = cv2.boundingRect(outline)
        own, filled = np.zeros((2, height, width), np.uint8)
        cv2.drawContours(filled, [outline], -1, 1, thickness=cv2.FILLED, offset=(-x, -y))
        own[:] = filled
        # A hole's outline lies on what surrounds it, and other things may lie inside.
        cv2.drawContours(own, holes, -1, 0, thickness=cv2.FILLED, offset=(-x, -y))
        cv2.drawContours(own, holes, -1, 1, offset=(-x, -y))
        is_likely = cv2.countNonZero(own) <= MOST_SHARE * places.size
        if is_likely and _is_drawn(own, (y, x), levels, least, factor, fall, spares_foci=spares_foci):
            # A frame encloses the picture.
            found[y : y + height, x : x + width] |= own if own.size > MOST_SHARE * places.size else filled
    return found


def _outlined(mask: Bytes, least_side: float) -> Iterator[tuple[NDArray[np.int32], list[NDArray[np.int32]]]]:
    """Outline the connected areas of at least so many pixels in length, each with its holes."""
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outlines = [np.asarray(one, np.int32) for one in contours]
    following, _, first_hole, around = np.reshape(hierarchy, (-1, 4)).T if outlines else np.empty((4, 0), np.int32)
    for number, outline in enumerate(outlines):
        # Most are specks of noise, and have few points.
        if around[number] >= 0 or len(outline) < least_side or max(cv2.boundingRect(outline)[2:]) < least_side:
            continue
        holes, hole = [], first_hole[number]
        while hole >= 0:
            holes.append(outlines[hole])
            hole = following[hole]
        yield outline, holes


def _is_drawn(
    blocks: Bytes, corner: tuple[int, int], levels: Bytes, least: int, factor: int, fall: int, *, spares_foci: bool
) -> bool:
    """Tell whether the pixels of the highest levels in some blocks fall to their ground as print does."""
    top, left = (start * factor for start in corner)
    rows, columns = (length * factor for length in blocks.shape)
    first_row, first_column = max(top - GROUND_PX - 1, 0), max(left - GROUND_PX - 1, 0)
    window = levels[first_row : top + rows + GROUND_PX + 1, first_column : left + columns + GROUND_PX + 1]
    # Most are specks of noise on a ground that is hardly darker; print fills less than two thirds of its surround.
    if least - cv2.mean(window)[0] < fall / 3 - TOP_RANGE:
        return False
    bright, within = marked(window, least, cv2.CMP_GE), np.zeros_like(window)
    part = within[top - first_row :, left - first_column :][:rows, :columns]
    part[:] = blocks.repeat(factor, 0).repeat(factor, 1)[: part.shape[0], : part.shape[1]]
    own = bright & within
    near = window[_ring(own, NEAR_PX) & (bright == 0)]
    # Asked first, as it tells of most.
    if not near.size or least - float(np.quantile(near, 0.75)) < fall - TOP_RANGE:
        return False
    ground = window[_ring(own, GROUND_PX) & (bright == 0)]
    highest = float(least + TOP_RANGE)
    if not ground.size or highest - float(np.median(near)) < FALLEN * (highest - float(np.median(ground))):
        return False
    if not spares_foci:
        return True
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
