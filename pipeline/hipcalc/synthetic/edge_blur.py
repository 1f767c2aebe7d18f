"""How sharp a radiograph is, read from its own edges."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize import NormalizedRadiograph

__all__ = ["estimate_blur_px"]

Image = NDArray[np.float32]
# Blur beyond this is a smooth structure, not the detector; below it the pixel itself is the blur.
_BLUR_RANGE_PX = (0.4, 2.5)
_BLUR_WINDOW_PX = 512


def estimate_blur_px(normalized: NormalizedRadiograph, *, row_px: float, column_px: float) -> float:
    """Estimate the blur of the sharpest edges around a point, as the sigma of a Gaussian in pixels.

    An edge blurred by sigma loses a known part of its gradient when it is blurred again [1]_. Anatomical edges are
    themselves soft, so the sharpest edges of the neighbourhood are the nearest to the detector's own blur.

    References
    ----------
    .. [1] S. Zhuo, T. Sim, Defocus map estimation from a single image, Pattern Recognition 44 (2011) 1852.
    """
    half = _BLUR_WINDOW_PX // 2
    rows, columns = normalized.shape
    top, left = max(round(row_px) - half, 0), max(round(column_px) - half, 0)
    window = (slice(top, min(top + 2 * half, rows)), slice(left, min(left + 2 * half, columns)))
    grey, noise = normalized.grey[window], normalized.noise_sigma[window]
    # Against the noise, the picture is first blurred once; that is taken off the estimate at the end.
    before, again = 1.5, 1.5
    once = np.asarray(cv2.GaussianBlur(grey, (0, 0), before), np.float32)
    sharp, soft = _gradient(once), _gradient(np.asarray(cv2.GaussianBlur(once, (0, 0), again), np.float32))
    edges = (sharp > np.maximum(noise, np.percentile(sharp, 98))) & ~normalized.excluded[window] & (soft > 0)
    if np.count_nonzero(edges) < 50:
        return 1.0
    ratio = float(np.percentile(sharp[edges] / soft[edges], 75))
    total = again / math.sqrt(max(ratio**2 - 1.0, 1e-3))
    return float(np.clip(math.sqrt(max(total**2 - before**2, 0.0)), *_BLUR_RANGE_PX))


def _gradient(grey: Image) -> Image:
    return np.asarray(
        cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8, np.float32
    )
