"""Grey-level gradients that count alike in dark and bright, sharp and hazy parts of a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["normalised_gradient"]


def normalised_gradient(
    smooth: NDArray[np.float32], keep: NDArray[np.float32], window_px: float
) -> NDArray[np.float32]:
    """Gradient over its local root mean square, with strong edges compressed.

    Parameters
    ----------
    smooth : ndarray of float32, shape (rows, columns)
        Grey levels, blurred as far as finer detail does not matter.
    keep : ndarray of float32, shape (rows, columns)
        1 where the picture counts, 0 elsewhere.
    window_px : float
        Standard deviation of the window of the local root mean square.

    Returns
    -------
    ndarray of float32, shape (rows, columns, 2)
        Along rows and along columns.
    """
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125) * keep
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125) * keep
    power = down * down + right * right
    # The window is wide against its own sampling, so that half the resolution gives the same.
    half = (max(1, (smooth.shape[1] + 1) // 2), max(1, (smooth.shape[0] + 1) // 2))
    summed, counted = (
        cv2.GaussianBlur(cv2.resize(a, half, interpolation=cv2.INTER_AREA), (0, 0), window_px / 2)
        for a in (power, keep)
    )
    local = np.asarray(summed / (counted + 1e-3), np.float32)
    inside = local[counted > 0.5]
    floor = 0.12 * float(np.median(inside)) if inside.size else 0.0
    scale = cv2.resize(np.sqrt(local + (floor + 1e-12)), smooth.shape[::-1], interpolation=cv2.INTER_LINEAR)
    # A few very strong edges (metal, collimation) must not outvote many plain ones: in units of the root mean square
    # a gradient of length g becomes g / sqrt(1 + g^2 / 2).
    power *= 0.5
    power += scale * scale
    weight = 1.0 / np.sqrt(power)
    return np.asarray(cv2.merge([down * weight, right * weight]), np.float32)
