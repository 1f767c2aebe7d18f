"""Where nothing may be detected."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.blank import blank_areas
from hipcalc.normalize.foreign import dust, metal, sharp_objects, steepness
from hipcalc.normalize.levels import Bytes, byte_levels
from hipcalc.normalize.regions import ExcludedKind, ExcludedRegion, named_regions

__all__ = ["exclusion_mask"]


def exclusion_mask(
    bright: NDArray[np.float32], padding: NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], tuple[ExcludedRegion, ...]]:
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
    tuple of ExcludedRegion
        The same areas by name.
    """
    levels = byte_levels(bright, padding)
    mask = blank_areas(bright, levels)
    regions = list(named_regions("blank", mask, levels))
    if padding is not None:
        regions += named_regions("padding", padding.view(np.uint8), levels)
        mask |= padding.view(np.uint8)
    steep, usual = steepness(levels, mask)
    # One mask after the other, so that their memory is used again.
    finders: tuple[tuple[ExcludedKind, Callable[[], Bytes]], ...] = (
        ("lettering", lambda: sharp_objects(levels, steep, usual)),
        ("metal", lambda: metal(levels, steep, usual)),
        ("dust", lambda: dust(levels)),
    )
    for kind, find in finders:
        found = find()
        if cv2.countNonZero(found):
            regions += named_regions(kind, found, levels)
            mask |= found
    return mask.view(np.bool_), tuple(regions)
