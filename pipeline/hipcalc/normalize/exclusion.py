"""Where nothing may be detected."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.blank import blank_areas
from hipcalc.normalize.foreign import dust, metal, sharp_objects, steepness
from hipcalc.normalize.levels import byte_levels

__all__ = ["exclusion_mask"]


def exclusion_mask(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Mask all that is no anatomy.

    Parameters
    ----------
    bright : ndarray of float32, shape (rows, columns)
        Pixels with bone bright, in any scale.
    padding : ndarray of bool, shape (rows, columns), or None
        What the file declares as padding.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        True for padding, collimation and blacked-out areas, clipped areas, burned-in letters and markers, metal, and
        pinpoint dust. Cortex, sourcil and calcifications stay.
    """
    levels = byte_levels(bright, padding)
    mask = blank_areas(bright, levels)
    if padding is not None:
        mask |= padding.astype(np.uint8)
    steep, usual = steepness(levels, mask)
    mask |= sharp_objects(levels, steep, usual)
    mask |= metal(levels, steep, usual)
    mask |= dust(levels)
    return mask.view(np.bool_)
