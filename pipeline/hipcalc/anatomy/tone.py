"""A picture without its tone curve, for hips that it hides."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.patch import Pyramid

__all__ = ["evened"]

# Pixels that are enough for the shares, and steps of the grey scale between which they are told apart.
SAMPLE_PX, STEPS = 100_000, 4096
ROWS_AT_ONCE = 256


def evened(picture: Pyramid) -> Pyramid:
    """Give every pixel the share of the picture that is darker than it (histogram equalisation).

    Whatever curve a vendor or an export put the grey levels through, this comes to the same picture. It lifts gas and
    skin as much as bone, so that hips which are plain to see are found a little less often in it.

    Parameters
    ----------
    picture : Pyramid

    Returns
    -------
    Pyramid
        Grey from 0 to 1, with the same mask.
    """
    grey, keep = picture.grey[0], picture.keep[0]
    every = max(1, int(np.sqrt(grey.size / SAMPLE_PX)))
    sample = np.sort(grey[::every, ::every][keep[::every, ::every] > 0])
    if not sample.size or sample[0] == sample[-1]:
        return picture
    levels = np.linspace(sample[0], sample[-1], STEPS)
    darker = np.searchsorted(sample, levels, "left") + np.searchsorted(sample, levels, "right")
    share = (darker / (2 * sample.size)).astype(np.float32)
    return replace(
        picture, grey=tuple(_looked_up(one, float(levels[0]), float(levels[-1]), share) for one in picture.grey)
    )


def _looked_up(grey: NDArray[np.float32], low: float, high: float, share: NDArray[np.float32]) -> NDArray[np.float32]:
    gain, even = np.float32((STEPS - 1) / (high - low)), np.empty_like(grey)
    # Indices of all pixels at once would take several times the picture's memory.
    for top in range(0, len(grey), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        step = (grey[rows] - np.float32(low)) * gain + np.float32(0.5)
        even[rows] = share[np.clip(step, 0, STEPS - 1).astype(np.intp)]
    return even
