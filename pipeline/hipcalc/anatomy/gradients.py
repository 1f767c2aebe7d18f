"""Grey-level gradients that count alike in dark and bright, sharp and hazy parts of a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["normalised_gradient"]


def normalised_gradient(
    grey: NDArray[np.float32], keep: NDArray[np.float32], smoothing_px: float, window_px: float
) -> NDArray[np.float32]:
    """Gradient over its local root mean square, with strong edges compressed.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
    keep : ndarray of float32, shape (rows, columns)
        1 where the picture counts, 0 elsewhere.
    smoothing_px : float
        Standard deviation of the blur before the gradient is taken.
    window_px : float
        Standard deviation of the window of the local root mean square.

    Returns
    -------
    ndarray of float32, shape (rows, columns, 2)
        Along rows and along columns.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), smoothing_px)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125) * keep
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125) * keep
    # The window is wide against its own sampling, so that half the resolution gives the same.
    half = (max(1, (grey.shape[1] + 1) // 2), max(1, (grey.shape[0] + 1) // 2))
    local = [
        cv2.GaussianBlur(cv2.resize(a, half, interpolation=cv2.INTER_AREA), (0, 0), window_px / 2)
        for a in (down * down + right * right, keep)
    ]
    power = np.asarray(local[0] / (local[1] + 1e-3), np.float32)
    inside = power[local[1] > 0.5]
    floor = 0.12 * float(np.median(inside)) if inside.size else 0.0
    scale = cv2.resize(np.sqrt(power + floor + 1e-12), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    down, right = down / scale, right / scale
    # A few very strong edges (metal, collimation) must not outvote many plain ones.
    compress = 1.0 / np.sqrt(1.0 + 0.5 * (down * down + right * right))
    return np.stack([down * compress, right * compress], axis=2).astype(np.float32)
