"""The blur that a planted focus gets: that of the picture it is planted into."""

import numpy as np

from hipcalc.normalize import NormalizedRadiograph, edge_blur_px

__all__ = ["estimate_blur_px"]

# Blur beyond this is a smooth structure, not the detector; below it the pixel itself is the blur.
_BLUR_RANGE_PX = (0.4, 2.5)
_USUAL_BLUR_PX = 1.0


def estimate_blur_px(normalized: NormalizedRadiograph, *, row_px: float, column_px: float) -> float:
    """Estimate the blur around a point, as the sigma of a Gaussian in pixels, within what detectors have."""
    blur = edge_blur_px(normalized, row_px=row_px, column_px=column_px)
    return _USUAL_BLUR_PX if blur is None else float(np.clip(blur, *_BLUR_RANGE_PX))
