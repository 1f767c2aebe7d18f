"""Grey levels -> contrast in units of the local structure."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["structure_normalised"]

# Of the grey scale's range: below it, local structure is quantisation and noise, and must not be blown up.
STRUCTURE_FLOOR = 0.004


def structure_normalised(
    grey: NDArray[np.float32], excluded: NDArray[np.bool_], sigma_px: float
) -> NDArray[np.float32]:
    """Remove the local mean and divide by the local structure's rms, both over included pixels only.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
    excluded : ndarray of bool, shape (rows, columns)
        Pixels that count for nothing; the result is 0 there.
    sigma_px : float
        Standard deviation of the Gaussian neighbourhood, pixels.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Dimensionless; about unit rms wherever there is structure.
    """
    weight = np.logical_not(excluded).astype(np.float32)
    share: NDArray[np.float32] = np.maximum(_blur(weight, sigma_px), np.float32(1e-3))
    deviation: NDArray[np.float32] = grey - _blur(grey * weight, sigma_px) / share
    deviation *= weight
    power = _blur(deviation * deviation, sigma_px) / share
    deviation /= np.sqrt(power + np.float32(STRUCTURE_FLOOR**2))
    return deviation


def _blur(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Blur with a Gaussian; a wide one on a smaller copy, where the difference is far below a per cent."""
    factor = max(1, int(sigma_px / 4))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), dtype=np.float32)
    rows, columns = values.shape
    size = (max(1, round(columns / factor)), max(1, round(rows / factor)))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigmaX=sigma_px * size[0] / columns, sigmaY=sigma_px * size[1] / rows)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
