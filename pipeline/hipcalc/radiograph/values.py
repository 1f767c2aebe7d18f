"""Decoded pixels -> one float32 plane."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import InputRejectedError

__all__ = ["MIN_SIDE_PX", "single_plane"]

# Shorter than this, no femoral head can be seen, whatever the spacing.
MIN_SIDE_PX = 64
# Share of pixels whose colours may differ, and by how much of the range, before grey-in-RGB counts as colour.
COLOUR_SHARE = 0.02
COLOUR_STEP = 0.06


def single_plane(pixels: NDArray[Any], path: str) -> NDArray[np.float32]:
    """Turn decoded pixels, grey or grey-in-RGB, into one plane.

    Raises
    ------
    InputRejectedError
        For a colour picture, one that is too small, or one without any content.
    """
    if min(pixels.shape[:2]) < MIN_SIDE_PX:
        raise InputRejectedError(
            f"{path}: {pixels.shape[0]} x {pixels.shape[1]} pixels are too small for a hip radiograph."
        )
    plane = pixels if pixels.ndim == 2 else _grey_of_colour(pixels, path)
    values = np.ascontiguousarray(plane, dtype=np.float32)
    # Few bytes are looked through several times faster than the same as floats.
    looked_at = plane if plane.dtype in (np.uint8, np.uint16) else values
    if plane.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=float(np.nanmin(values)) if np.isfinite(values).any() else 0.0)
        looked_at = values
    # Mostly a few pixels tell that there is a picture.
    some = looked_at[::37, ::41]
    if some.min() == some.max() and looked_at.min() == looked_at.max():
        raise InputRejectedError(f"{path}: every pixel has the same value; there is no picture in this file.")
    return values


def _grey_of_colour(pixels: NDArray[Any], path: str) -> NDArray[Any]:
    """Return the green plane when the three agree; annotations in colour may stand on a grey picture."""
    sample = pixels[::3, ::3].astype(np.float32)
    spread = sample.max(axis=2) - sample.min(axis=2)
    step = COLOUR_STEP * max(float(sample.max()), 1.0)
    if float(np.mean(spread > step)) > COLOUR_SHARE:
        raise InputRejectedError(f"{path}: this is a colour picture, not a radiograph.")
    green: NDArray[Any] = pixels[..., 1]
    return green
