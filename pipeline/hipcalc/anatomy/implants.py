"""Metal where the other hip of a pelvis should be."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["metal_head"]

# A prosthesis fills more than the brightest half percent of a pelvis: its grey level is near 1; and it ends sharply.
METAL_GREY = 0.9
EDGE_DROP = 0.2
WORK_SIZE_PX = 500
# A prosthesis' head and cup against the radius of the native head of the other side, and how far it may be dislocated.
LEAST_SIZE, MOST_SIZE = 0.5, 1.7
REACH_HEAD_RADII = 5.0
# Head and stem together are longer than this many radii of the largest circle in them; a gonad shield is not.
LEAST_LENGTH = 5.0


def metal_head(
    grey: NDArray[np.float32], expected_px: tuple[float, float], radius_px: float
) -> tuple[float, float, float] | None:
    """Find the head of a prosthesis near an expected place: the largest circle inside one piece of metal.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
        Bone bright; 1 is the 99.5th percentile.
    expected_px : (float, float)
        Row and column.
    radius_px : float
        Radius of the native head of the other side.

    Returns
    -------
    (row, column, radius) in pixels, or None
    """
    factor = WORK_SIZE_PX / max(grey.shape)
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)
    metal = (small >= METAL_GREY).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(metal)
    best: tuple[float, float, float] | None = None
    for label in range(1, count):
        piece = np.pad((labels == label).astype(np.uint8), 1)
        depth = np.asarray(cv2.distanceTransform(piece, cv2.DIST_L2, 5))[1:-1, 1:-1]
        row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
        inscribed = float(depth[row, column])
        away = np.hypot(row / factor - expected_px[0], column / factor - expected_px[1])
        long_enough = max(boxes[label][2:4]) >= LEAST_LENGTH * inscribed
        fits = LEAST_SIZE <= inscribed / factor / radius_px <= MOST_SIZE
        if not (fits and long_enough and away < REACH_HEAD_RADII * radius_px and _ends_sharply(small, piece)):
            continue
        if best is None or inscribed / factor > best[2]:
            best = (float(row) / factor, float(column) / factor, inscribed / factor)
    return best


def _ends_sharply(small: NDArray[np.float32], piece: NDArray[np.uint8]) -> bool:
    """Whether the grey level three pixels outside of a piece is well below that inside."""
    grown = cv2.dilate(piece, np.ones((9, 9), np.uint8)) - cv2.dilate(piece, np.ones((5, 5), np.uint8))
    ring = grown[1:-1, 1:-1] > 0
    inside = piece[1:-1, 1:-1] > 0
    return bool(ring.any()) and float(np.median(small[inside]) - np.median(small[ring])) > EDGE_DROP * float(
        small.max()
    )
