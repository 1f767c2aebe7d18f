"""Where nothing may be detected."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["exclusion_mask"]


def exclusion_mask(bright: NDArray[np.float32], padding: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Mask padding and the flat areas at the darkest and brightest value."""
    mask = np.zeros(bright.shape, dtype=bool) if padding is None else padding.copy()
    for extreme in (bright.min(), bright.max()):
        flat = (bright == extreme).astype(np.uint8)
        mask |= cv2.morphologyEx(flat, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)).astype(bool)
    return mask
