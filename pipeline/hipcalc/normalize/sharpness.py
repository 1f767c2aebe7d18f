"""How sharp a radiograph is, read from its own edges."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.types import NormalizedRadiograph
from hipcalc.radiograph.percentiles import percentiles

__all__ = ["edge_blur_px", "motion_blur_px"]

Image = NDArray[np.float32]
WINDOW_PX = 512
LEAST_EDGES_PX = 50


def edge_blur_px(normalized: NormalizedRadiograph, *, row_px: float, column_px: float) -> float | None:
    """Estimate the blur of the sharpest edges around a point, as the sigma of a Gaussian in pixels.

    An edge blurred by sigma loses a known part of its gradient when it is blurred again [1]_. Anatomical edges are
    themselves soft, so the sharpest edges of the neighbourhood are the nearest to the blur of detector, focal spot and
    movement. On pictures blurred by a known sigma of 3 and 5 pixels it reads 2 to 30% more.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    row_px, column_px : float

    Returns
    -------
    float or None
        None where there are too few edges to tell.

    References
    ----------
    .. [1] S. Zhuo, T. Sim, Defocus map estimation from a single image, Pattern Recognition 44 (2011) 1852.
    """
    every = _edges(normalized, row_px, column_px)
    return _blur_of(every) if len(every.sharp) >= LEAST_EDGES_PX else None


def motion_blur_px(normalized: NormalizedRadiograph, *, row_px: float, column_px: float) -> float | None:
    """Estimate the blur in the direction in which it is worse: movement blurs the edges across it, and no others.

    Parameters and result are those of `edge_blur_px`.
    """
    edges = _edges(normalized, row_px, column_px)
    blurs = [
        _blur_of(part)
        for part in (edges.only(edges.across), edges.only(~edges.across))
        if len(part.sharp) >= LEAST_EDGES_PX
    ]
    return max(blurs, default=None)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Edges:
    """Gradient at the strongest edges of a window, before and after a further blur, and whether they run upright."""

    sharp: Image
    soft: Image
    across: NDArray[np.bool_]

    def only(self, kept: NDArray[np.bool_]) -> "_Edges":
        return _Edges(sharp=self.sharp[kept], soft=self.soft[kept], across=self.across[kept])


# Against the noise, the picture is first blurred once; that is taken off the estimate at the end.
BEFORE_PX, AGAIN_PX = 1.5, 1.5


def _edges(normalized: NormalizedRadiograph, row_px: float, column_px: float) -> _Edges:
    half = WINDOW_PX // 2
    rows, columns = normalized.shape
    top, left = max(round(row_px) - half, 0), max(round(column_px) - half, 0)
    window = (slice(top, min(top + 2 * half, rows)), slice(left, min(left + 2 * half, columns)))
    once = np.asarray(cv2.GaussianBlur(normalized.grey[window], (0, 0), BEFORE_PX), np.float32)
    right, down = _slopes(once)
    sharp = np.asarray(cv2.magnitude(right, down), np.float32)
    softer = _slopes(np.asarray(cv2.GaussianBlur(once, (0, 0), AGAIN_PX), np.float32))
    soft = np.asarray(cv2.magnitude(*softer), np.float32)
    strong = (sharp > np.float32(percentiles(sharp, 98)[0])) & ~normalized.excluded[window] & (soft > 0)
    # Few pixels: to take them by their places is faster than by a mask.
    used = np.flatnonzero(strong)
    down_in, right_in = np.divmod(used, sharp.shape[1])
    used = used[sharp.ravel()[used] > normalized.noise_at(down_in + top, right_in + left)]
    sharp, soft, right, down = (values.ravel()[used] for values in (sharp, soft, right, down))
    return _Edges(sharp=sharp, soft=soft, across=np.abs(right) > np.abs(down))


def _blur_of(edges: _Edges) -> float:
    ratio = float(np.percentile(edges.sharp / edges.soft, 75))
    total = AGAIN_PX / math.sqrt(max(ratio**2 - 1.0, 1e-3))
    return math.sqrt(max(total**2 - BEFORE_PX**2, 0.0))


def _slopes(grey: Image) -> tuple[Image, Image]:
    right, down = (cv2.Sobel(grey, cv2.CV_32F, x, y, scale=0.125) for x, y in ((1, 0), (0, 1)))
    return np.asarray(right, np.float32), np.asarray(down, np.float32)
