"""A hip cut out of the picture and scaled to its head."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.gradients import normalised_gradient

__all__ = ["gradient_patch", "hip_patch"]

Array = NDArray[np.float32]


def hip_patch(
    grey: Array, keep: Array, centre_px: tuple[float, float], radius_px: float, unit_px: int, half_px: int
) -> tuple[Array, Array]:
    """Cut a square around a head centre, resampled so that the head's radius becomes `unit_px`.

    Returns
    -------
    patch : ndarray of float32, shape (2 * half_px + 1, 2 * half_px + 1)
        Beyond the picture, its border's values go on.
    kept : ndarray of float32, same shape
        0 beyond the picture and where `keep` is 0, with a margin of one pixel.
    """
    factor = unit_px / radius_px
    blur = max(1, round(1.0 / factor))
    reach = half_px / factor + 3 * blur
    top, left = (max(0, min(int(c - reach), n - 2)) for c, n in zip(centre_px, grey.shape, strict=True))
    bottom, right = (max(2, min(int(c + reach) + 2, n)) for c, n in zip(centre_px, grey.shape, strict=True))
    window = slice(top, max(bottom, top + 2)), slice(left, max(right, left + 2))
    part = cv2.blur(grey[window], (blur, blur)) if blur > 1 else grey[window]
    shift = half_px - (centre_px[0] - top) * factor, half_px - (centre_px[1] - left) * factor
    matrix = np.array([[factor, 0.0, shift[1]], [0.0, factor, shift[0]]])
    size = (2 * half_px + 1, 2 * half_px + 1)
    patch = cv2.warpAffine(part, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    kept = cv2.warpAffine(keep[window], matrix, size, flags=cv2.INTER_LINEAR, borderValue=0)
    kept = cv2.erode((kept > 0.95).astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(patch, np.float32), np.asarray(kept, np.float32)


def gradient_patch(
    grey: Array,
    keep: Array,
    centre_px: tuple[float, float],
    radius_px: float,
    unit_px: int,
    half_head_radii: float,
    smoothing_head_radii: float,
) -> tuple[Array, Array, Array, int]:
    """Cut out a hip and take its normalised gradient.

    Returns
    -------
    field : ndarray of float32, shape (n, n, 2)
    patch : ndarray of float32, shape (n, n)
        Smoothed grey levels.
    kept : ndarray of float32, shape (n, n)
    centre : int
        Row and column of the head's centre in them.
    """
    half = math.ceil(half_head_radii * unit_px)
    patch, kept = hip_patch(grey, keep, centre_px, radius_px, unit_px, half)
    smoothing = smoothing_head_radii * unit_px
    field = normalised_gradient(patch, kept, smoothing, 0.45 * unit_px)
    return field, np.asarray(cv2.GaussianBlur(patch, (0, 0), smoothing), np.float32), kept, half
