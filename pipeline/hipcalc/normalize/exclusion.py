"""Where nothing may be detected."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.blank import blank_areas
from hipcalc.normalize.excluded import ExcludedKind, ExcludedRegion
from hipcalc.normalize.foreign import dust, metal, sharp_objects, steepness
from hipcalc.normalize.levels import Bytes, Reduced, byte_levels
from hipcalc.normalize.printed import printed
from hipcalc.normalize.regions import named_regions

__all__ = ["exclusion_mask"]


def exclusion_mask(
    bright: NDArray[np.float32], padding: NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_] | None, tuple[ExcludedRegion, ...]]:
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
    ndarray of bool, shape (rows, columns), or None
        True for those clipped areas that are anatomy: their outline is pictured. None where there are none.
    tuple of ExcludedRegion
        The same areas by name.
    """
    levels = byte_levels(bright, padding)
    reduced = Reduced.of(levels)
    factor = reduced.factor
    sample = levels[::factor, ::factor]
    mask, clipped = blank_areas(bright, levels, reduced)
    regions = list(named_regions("blank", mask, sample, factor))
    declared = None if padding is None else padding.view(np.uint8)
    if declared is not None:
        regions += named_regions("padding", declared[::factor, ::factor], sample, factor)
        mask |= declared[::factor, ::factor]
        clipped &= ~declared[::factor, ::factor]
    steep, usual = steepness(levels, mask, factor)
    # One mask after the other, so that their memory is used again.
    finders: tuple[tuple[ExcludedKind, Callable[[], Bytes]], ...] = (
        ("lettering", lambda: sharp_objects(levels, reduced, steep, usual) | printed(levels, reduced, mask)),
        ("metal", lambda: metal(levels, reduced, steep, usual)),
        ("dust", lambda: dust(levels, reduced)),
    )
    for kind, find in finders:
        found = find()
        if cv2.countNonZero(found):
            regions += named_regions(kind, found, sample, factor)
            mask |= found
            clipped &= ~found
    full = reduced.enlarged(mask, levels.shape)
    if declared is not None:
        full |= declared
    shown = reduced.enlarged(clipped, levels.shape).view(np.bool_) if cv2.countNonZero(clipped) else None
    return full.view(np.bool_), shown, tuple(regions)
