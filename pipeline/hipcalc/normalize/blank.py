"""Areas without any picture: padding, collimation, blacked-out corners, direct exposure, clipped whites."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.clipped import clipped_anatomy
from hipcalc.normalize.focus_like import may_be_focus
from hipcalc.normalize.levels import (
    HIGH_LEVEL,
    LOW_LEVEL,
    Bytes,
    Reduced,
    counts_of_levels,
    grown,
    large_components,
    marked,
    strips,
)

__all__ = ["blank_areas"]

# Flat: the byte levels within this window differ by no more than this.
WINDOW_PX = 9
FLAT_RANGE = 3
# Smaller flat spots than this share of the picture may be chance.
MIN_SHARE = 2e-4
JUDGED_PX = 1000
# Pixels that are enough for the histogram.
COUNTED_PX = 1_000_000
# The edge of a blank area is no anatomy either.
RIM_PX = 4
# A plateau, and not just the brightest bone or the darkest soft tissue, is what so many pixels have, and so many more
# than have the levels beside it; it lies so near the end of the scale.
PLATEAU_SHARE = 0.04
PLATEAU_TO_BESIDE = 4.0
END_LEVELS = 20


def blank_areas(bright: NDArray[np.float32], levels: Bytes, reduced: Reduced) -> tuple[Bytes, Bytes]:
    """Find flat areas at either end of the grey scale.

    Parameters
    ----------
    bright : ndarray of float32, shape (rows, columns)
        Pixels with bone bright.
    levels : ndarray of uint8, shape (rows, columns)
        The same as bytes, from :func:`hipcalc.normalize.levels.byte_levels`.
    reduced : Reduced
        The same in blocks.

    Returns
    -------
    ndarray of uint8, shape of `reduced`
        1 in blank areas and their rims, else 0.
    ndarray of uint8, shape of `reduced`
        1 in those of them that are clipped anatomy, else 0.
    """
    counts = counts_of_levels(levels[:: max(1, levels.size // COUNTED_PX)])
    lowest_plateau, highest_plateau = _plateaus(counts / counts.sum())
    darkest, brightest = int(reduced.lowest.min()), int(reduced.highest.max())
    dark, light = max(darkest, lowest_plateau) + FLAT_RANGE, highest_plateau - FLAT_RANGE
    # The window holds no pixel fewer than in the whole picture.
    reach = max(1, round(WINDOW_PX // 2 / reduced.factor))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    highest, lowest = cv2.dilate(reduced.highest, kernel), cv2.erode(reduced.lowest, kernel)
    found = marked(highest, dark, cv2.CMP_LE)
    found |= marked(lowest, light, cv2.CMP_GE)
    found &= marked(cv2.subtract(highest, lowest), FLAT_RANGE, cv2.CMP_LE)
    # Pixels of the highest value have the highest level, so there are few places to look for a window of them.
    whitest = marked(lowest, brightest, cv2.CMP_GE)
    if cv2.countNonZero(whitest):
        found |= _flat_at_the_top(bright, whitest, kernel, reduced.factor)
    if not cv2.countNonZero(found):
        return found, found.copy()
    _drop_small_areas(found)
    _spare_foci(found, levels, reduced)
    # The window has eaten half its width.
    found, rim = grown(found, reach), reduced.px(RIM_PX)
    clipped = clipped_anatomy(found, reduced)
    blank = grown(found & ~clipped, rim)
    clipped = grown(clipped, rim)
    return blank | clipped, clipped & ~blank


def _flat_at_the_top(bright: NDArray[np.float32], whitest: Bytes, kernel: Bytes, factor: int) -> Bytes:
    """Mark the windows all of whose pixels have the picture's highest value; `whitest` marks where there may be any."""
    most, block = float(bright.max()), np.ones((factor, factor), np.uint8)
    flat = np.zeros_like(whitest)
    for strip in strips(whitest, beside=len(kernel) // 2):
        if cv2.countNonZero(whitest[strip.core]):
            top = marked(bright[strip.wide.start * factor : strip.wide.stop * factor], most, cv2.CMP_GE)
            whole = np.ascontiguousarray(cv2.erode(top, block, anchor=(0, 0))[::factor, ::factor])
            flat[strip.core] = cv2.erode(whole, kernel)[strip.inner]
    return flat & whitest


def _drop_small_areas(mask: Bytes) -> None:
    """Clear small connected areas; large pictures are judged on every n-th pixel, which a flat area does not mind."""
    step = max(1, round(max(mask.shape) / JUDGED_PX))
    coarse = np.ascontiguousarray(mask[::step, ::step])
    kept = large_components(coarse, min_area_px=max(1, round(MIN_SHARE * coarse.size)))
    rows, columns = mask.shape
    size = (kept.shape[1] * step, kept.shape[0])
    wide = np.asarray(cv2.resize(kept, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)[:, :columns]
    whole = rows // step
    blocks = mask[: whole * step].reshape(whole, step, columns)
    blocks &= wide[:whole, None]
    mask[whole * step :] &= wide[whole:]


def _spare_foci(mask: Bytes, levels: Bytes, reduced: Reduced) -> None:
    """Clear the areas that are the clipped top of what may be a focus: its edge is still pictured."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        if may_be_focus(reduced.outlined(contour), levels):
            cv2.drawContours(mask, [contour], -1, 0, thickness=cv2.FILLED)


def _plateaus(shares: NDArray[np.float64]) -> tuple[int, int]:
    """Return the levels of the black and of the white plateau, from each level's share; -256 and 511 where none is.

    A plateau is a peak of the histogram at that end: blacked-out or exposed air, unexposed or clipped film.
    """
    black = int(np.argmax(shares[: LOW_LEVEL + END_LEVELS]))
    white = HIGH_LEVEL - END_LEVELS + int(np.argmax(shares[HIGH_LEVEL - END_LEVELS :]))
    has_black = _stands_out(shares, black, 8)
    has_white = _stands_out(shares, white, -8)
    return black if has_black else -256, white if has_white else 511


def _stands_out(shares: NDArray[np.float64], peak: int, towards_middle: int) -> bool:
    share = float(shares[max(peak - 1, 0) : peak + 2].sum())
    beside = float(shares[peak + towards_middle - 1 : peak + towards_middle + 2].sum())
    return share >= max(PLATEAU_SHARE, PLATEAU_TO_BESIDE * beside)
