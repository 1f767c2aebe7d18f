"""The picture -> standard deviation of its pixel noise, place by place."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["noise_map"]


def noise_map(grey: NDArray[np.float32], excluded: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Estimate noise from the mean absolute Laplacian-of-differences (Immerkaer 1996), smoothed locally."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))
    response[excluded] = 0
    return cv2.blur(response, (31, 31)).astype(np.float32) * np.float32(np.sqrt(np.pi / 2) / 6) + np.float32(1e-4)
