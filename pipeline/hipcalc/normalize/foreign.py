"""What lies on the picture and is no anatomy: letters, markers, rulers, frames, metal, dust.

Anatomy is blurred by the focal spot, the detector and its own roundness; burned-in graphics, lead and metal in the
beam, and dust on a scanned film are not. So steepness of the edge tells them apart, judged against the picture's own.
Levels and masks are those of `hipcalc.normalize.levels`; the masks that are returned are reduced ones.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.focus_like import may_be_focus
from hipcalc.normalize.levels import HIGH_LEVEL, Bytes, Reduced, byte_percentile, grown, marked, strips

__all__ = ["dust", "metal", "sharp_objects", "steepness"]

# Steep: byte levels within 3 x 3 pixels differ by more than this, and by so much more than in 99% of the anatomy.
STEEP_MIN = 43
STEEP_TO_USUAL = 1.6
OBJECT_MIN_SIDE_PX = 8
# A letter or a plate fills a good part of its hull; the edge of a bone is an arc, which does not.
OBJECT_SOLIDITY = 0.35
OBJECT_MAX_SHARE = 0.1
OBJECT_RIM_PX = 3
# A wire stands out from what is on both its sides, and brighter than bone.
WIRE_WINDOW_PX = 11
WIRE_LEVEL = HIGH_LEVEL
WIRE_LEAST_LENGTH_PX, WIRE_ASPECT = 2 * WIRE_WINDOW_PX, 3.0
# Frame and ruler lines: straight, along the picture's axes, at least this share of its shorter side.
LINE_SHARE = 1 / 6

# Of the range up to the 99.5th percentile, and beyond: a large implant pushes that percentile up to its own level.
METAL_LEVELS = (205, 180, 165, 150, 140)
METAL_JUDGED_PX = 1024
METAL_MIN_SHARE = 3e-4
METAL_MIN_WIDTH_PX = 9
METAL_STEEP_MIN = 22
METAL_STEEP_TO_USUAL = 1.6

DUST_WINDOW_PX = 5
DUST_MIN = 36
DUST_TO_NOISE = 3.0
DUST_RIM_PX = 2
# No film is so dusty: of more, none is looked at closely.
MOST_GRAINS = 300


def steepness(levels: Bytes, blank: Bytes, factor: int) -> tuple[Bytes, float]:
    """Return each pixel's 3 x 3 range of levels, and the 99th percentile of it outside blank areas.

    The mask of blank areas may be reduced by a factor; the range never is: in coarser pixels the edge of a dense focus
    would be as steep as that of a letter.
    """
    kernel = np.ones((3, 3), np.uint8)
    steep = np.empty_like(levels)
    for strip in strips(levels, beside=1):
        part = levels[strip.wide]
        # Several times faster than OpenCV's own gradient.
        highest, lowest = cv2.dilate(part, kernel)[strip.inner], cv2.erode(part, kernel)[strip.inner]
        cv2.subtract(highest, lowest, steep[strip.core])
    every = max(1, round(3 / factor))
    anatomy = marked(np.ascontiguousarray(blank[::every, ::every]), 0, cv2.CMP_EQ)
    sample = steep[:: every * factor, :: every * factor]
    return steep, byte_percentile(sample, 0.99, anatomy) if cv2.countNonZero(anatomy) else 255.0


def sharp_objects(levels: Bytes, reduced: Reduced, steep: Bytes, usual: float) -> Bytes:
    """Find letters, plates, frames, ruler lines and wires by their sharp edges, and fill them, in reduced pixels.

    They are looked for in the blocks that are sharp in the main, and judged on the picture's own pixels: a focus whose
    ring of steep pixels has gaps must not become a letter because blocks close them.
    """
    sharp = marked(steep, max(STEEP_MIN, STEEP_TO_USUAL * usual), cv2.CMP_GT)
    coarse, factor = reduced.mostly(sharp), reduced.factor
    found = _axis_lines(coarse)
    # Without its frame a letter that touches it is a shape of its own.
    places = cv2.subtract(coarse, found)
    lines = found.copy()
    contours, _ = cv2.findContours(places, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        # Most contours are specks of noise; they have few points.
        if len(contour) * factor < OBJECT_MIN_SIDE_PX:
            continue
        for outline in _outlines(np.asarray(contour, np.int32), sharp, lines, factor):
            if len(outline) >= OBJECT_MIN_SIDE_PX and _is_object(outline, levels):
                cv2.drawContours(found, [outline // factor], -1, 1, thickness=cv2.FILLED)
    return grown(found, reduced.px(OBJECT_RIM_PX))


def _outlines(contour: NDArray[np.int32], sharp: Bytes, lines: Bytes, factor: int) -> list[NDArray[np.int32]]:
    """Outline what is sharp in the picture's own pixels around a contour of blocks, frames and rulers left out."""
    if factor == 1:
        return [contour]
    x, y, width, height = cv2.boundingRect(contour)
    # Blocks that are sharp in their lesser part belong to it, too.
    top, left = max(y - 1, 0), max(x - 1, 0)
    blocks = lines[top : y + height + 1, left : x + width + 1]
    part = sharp[top * factor : (y + height + 1) * factor, left * factor : (x + width + 1) * factor].copy()
    if cv2.countNonZero(blocks):
        part[blocks.repeat(factor, 0).repeat(factor, 1)[: part.shape[0], : part.shape[1]] > 0] = 0
    found, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    corner = np.array([left, top], np.int32) * np.int32(factor)
    return [np.asarray(one, np.int32) + corner for one in found]


def _axis_lines(sharp: Bytes) -> Bytes:
    """Mark the steep pixels of every row and column that has enough of them to hold a line."""
    length = max(3.0, LINE_SHARE * min(sharp.shape))
    in_row = cv2.reduce(sharp, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() >= length
    in_column = cv2.reduce(sharp, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() >= length
    lines = np.zeros_like(sharp)
    lines[in_row] = sharp[in_row]
    lines[:, in_column] |= sharp[:, in_column]
    return lines


def _is_object(contour: NDArray[np.int32], levels: Bytes) -> bool:
    area = cv2.contourArea(contour)
    if area > OBJECT_MAX_SHARE * levels.size:
        return False
    _, sides, _ = cv2.minAreaRect(contour)
    is_filled = min(sides) >= OBJECT_MIN_SIDE_PX and area >= OBJECT_SOLIDITY * cv2.contourArea(cv2.convexHull(contour))
    if not is_filled and not _is_wire(contour, sides, levels):
        return False
    return not may_be_focus(contour, levels)


def _is_wire(contour: NDArray[np.int32], sides: Sequence[float], levels: Bytes) -> bool:
    # Any small thing stands out in the window.
    if max(sides) < min(WIRE_LEAST_LENGTH_PX, WIRE_ASPECT * min(sides)):
        return False
    # Asked early, as it takes little and tells of most.
    if int(levels[contour[:, 0, 1], contour[:, 0, 0]].max()) < WIRE_LEVEL:
        return False
    x, y, width, height = cv2.boundingRect(contour)
    margin = WIRE_WINDOW_PX
    window = levels[max(y - margin, 0) : y + height + margin, max(x - margin, 0) : x + width + margin]
    kernel = np.ones((WIRE_WINDOW_PX, WIRE_WINDOW_PX), np.uint8)
    standing_out = cv2.morphologyEx(window, cv2.MORPH_TOPHAT, kernel)
    shift = (min(y, margin), min(x, margin))
    on_line = standing_out[contour[:, 0, 1] - y + shift[0], contour[:, 0, 0] - x + shift[1]]
    return bool(np.median(on_line) >= STEEP_MIN / 2)


def metal(levels: Bytes, reduced: Reduced, steep: Bytes, usual: float) -> Bytes:
    """Find large bright areas with a steep outline: implants, shields, clips, coins; the mask is a reduced one."""
    factor = max(1, round(max(levels.shape) / METAL_JUDGED_PX))
    rows, columns = (max(1, length // factor) for length in levels.shape)
    whole = slice(0, rows * factor), slice(0, columns * factor)
    # Opened, and then compared with each level, is the same as the other way round.
    kernel = np.ones((METAL_MIN_WIDTH_PX, METAL_MIN_WIDTH_PX), np.uint8)
    wide = np.asarray(cv2.morphologyEx(_block_means(levels[whole], factor), cv2.MORPH_OPEN, kernel), np.uint8)
    around = np.ones((factor + 2, factor + 2), np.uint8)
    edges = np.asarray(cv2.dilate(steep, around)[whole][::factor, ::factor], dtype=np.uint8)
    found = np.zeros_like(wide)
    enough = max(METAL_STEEP_MIN, METAL_STEEP_TO_USUAL * usual)
    for level in METAL_LEVELS:
        for contour in _steeply_bounded(marked(wide, level, cv2.CMP_GE), edges, enough):
            area = np.zeros_like(found)
            cv2.drawContours(area, [contour], -1, 1, thickness=cv2.FILLED)
            # What holds an area found at a higher level only widens that into bone.
            if not (area & found).any() and not may_be_focus(contour * factor + factor // 2, levels):
                found |= area
    if not cv2.countNonZero(found):
        return np.zeros_like(reduced.mean)
    full = cv2.resize(found, reduced.mean.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return grown(np.asarray(full, dtype=np.uint8), reduced.px(OBJECT_RIM_PX + factor))


def _block_means(levels: Bytes, factor: int) -> Bytes:
    if factor == 3:
        # The same, and OpenCV is quick with blocks of two by two alone.
        return np.ascontiguousarray(cv2.blur(levels, (3, 3))[1::3, 1::3], np.uint8)
    size = (levels.shape[1] // factor, levels.shape[0] // factor)
    return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _steeply_bounded(areas: Bytes, edges: Bytes, enough: float) -> Iterator[NDArray[np.int32]]:
    """Outline the areas most of whose outline is steep."""
    contours, _ = cv2.findContours(areas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        if not METAL_MIN_SHARE * areas.size <= cv2.contourArea(contour) <= OBJECT_MAX_SHARE * areas.size:
            continue
        column, row = contour[:, 0, 0], contour[:, 0, 1]
        # Where the picture cuts an implant off, its outline is the picture's.
        inside = (row > 0) & (row < areas.shape[0] - 1) & (column > 0) & (column < areas.shape[1] - 1)
        if inside.any() and float(np.median(edges[row[inside], column[inside]])) >= enough:
            yield np.asarray(contour, np.int32)


def dust(levels: Bytes, reduced: Reduced) -> Bytes:
    """Find pinpoints that are far brighter than everything within two pixels, in reduced pixels."""
    # Of blocks, a window that takes nothing for dust that is larger than what the one of pixels does.
    side = DUST_WINDOW_PX if reduced.factor == 1 else 3
    standing_out = cv2.morphologyEx(reduced.highest, cv2.MORPH_TOPHAT, np.ones((side, side), np.uint8))
    noise = byte_percentile(standing_out[::3, ::3], 0.99)
    pinpoints = marked(standing_out, max(DUST_MIN, DUST_TO_NOISE * noise), cv2.CMP_GT)
    if cv2.countNonZero(pinpoints):
        _spare_foci(pinpoints, levels, reduced)
    return grown(pinpoints, reduced.px(DUST_RIM_PX))


def _spare_foci(pinpoints: Bytes, levels: Bytes, reduced: Reduced) -> None:
    """Clear the pinpoints on what may be a focus: its grains and its wall can be as narrow as dust."""
    contours, _ = cv2.findContours(pinpoints, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours if len(contours) <= MOST_GRAINS else ():
        if may_be_focus(reduced.outlined(contour), levels):
            cv2.drawContours(pinpoints, [contour], -1, 0, thickness=cv2.FILLED)
