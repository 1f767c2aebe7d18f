"""Areas without any picture: padding, collimation, blacked-out corners, direct exposure, clipped whites."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.levels import HIGH_LEVEL, LOW_LEVEL, Bytes, grown, large_components, marked

__all__ = ["blank_areas"]

# Flat: the byte levels within this window differ by no more than this.
WINDOW_PX = 9
FLAT_RANGE = 3
# Smaller flat spots than this share of the picture may be chance.
MIN_SHARE = 2e-4
JUDGED_PX = 1000
# The edge of a blank area is no anatomy either.
RIM_PX = 4
# A plateau, and not just the brightest bone or the darkest soft tissue, is what so many pixels have, and so many more
# than have the levels beside it; it lies so near the end of the scale.
PLATEAU_SHARE = 0.04
PLATEAU_TO_BESIDE = 4.0
END_LEVELS = 20


def blank_areas(bright: NDArray[np.float32], levels: Bytes) -> Bytes:
    """Find flat areas at either end of the grey scale.

    Parameters
    ----------
    bright : ndarray of float32, shape (rows, columns)
        Pixels with bone bright.
    levels : ndarray of uint8, shape (rows, columns)
        The same as bytes, from :func:`hipcalc.normalize.levels.byte_levels`.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        1 in blank areas and their rims, else 0.
    """
    kernel = np.ones((WINDOW_PX, WINDOW_PX), np.uint8)
    highest, lowest = cv2.dilate(levels, kernel), cv2.erode(levels, kernel)
    lowest_plateau, highest_plateau = _plateaus(levels)
    found = marked(highest, max(int(levels.min()), lowest_plateau) + FLAT_RANGE, cv2.CMP_LE)
    found |= marked(lowest, highest_plateau - FLAT_RANGE, cv2.CMP_GE)
    found &= marked(cv2.subtract(highest, lowest), FLAT_RANGE, cv2.CMP_LE)
    found |= np.asarray(cv2.erode(marked(bright, float(bright.max()), cv2.CMP_GE), kernel), dtype=np.uint8)
    if not cv2.countNonZero(found):
        return found
    found = _large_areas(found)
    # The window has eaten half its width.
    return grown(found, WINDOW_PX // 2 + RIM_PX)


def _large_areas(mask: Bytes) -> Bytes:
    """Drop small connected areas; large pictures are judged on every n-th pixel, which a flat area does not mind."""
    step = max(1, max(mask.shape) // JUDGED_PX)
    coarse = np.ascontiguousarray(mask[::step, ::step])
    kept = large_components(coarse, min_area_px=max(1, round(MIN_SHARE * coarse.size)))
    rows, columns = mask.shape
    size = (kept.shape[1] * step, kept.shape[0] * step)
    full = np.asarray(cv2.resize(kept, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return full[:rows, :columns] & mask


def _plateaus(levels: Bytes) -> tuple[int, int]:
    """Return the levels of the black and of the white plateau; -256 and 511 where there is none.

    A plateau is a peak of the histogram at that end: blacked-out or exposed air, unexposed or clipped film.
    """
    # OpenCV 4 returns a column, OpenCV 5 a row of counts.
    counts = np.ravel(cv2.calcHist([levels], [0], None, [256], [0, 256])).astype(np.float64) / levels.size
    black = int(np.argmax(counts[: LOW_LEVEL + END_LEVELS]))
    white = HIGH_LEVEL - END_LEVELS + int(np.argmax(counts[HIGH_LEVEL - END_LEVELS :]))
    has_black = _stands_out(counts, black, 8)
    has_white = _stands_out(counts, white, -8)
    return black if has_black else -256, white if has_white else 511


def _stands_out(counts: NDArray[np.float64], peak: int, towards_middle: int) -> bool:
    share = float(counts[max(peak - 1, 0) : peak + 2].sum())
    beside = float(counts[peak + towards_middle - 1 : peak + towards_middle + 2].sum())
    return share >= max(PLATEAU_SHARE, PLATEAU_TO_BESIDE * beside)
