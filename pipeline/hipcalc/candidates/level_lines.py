"""Family two: closed level lines, judged by the weakest part of their edge.

After A. Desolneux, L. Moisan, J.-M. Morel, Edge detection by Helmholtz principle, J. Math. Imaging Vis. 14 (2001)
271, and F. Cao, P. Muse, F. Sur, Extracting meaningful curves from images, J. Math. Imaging Vis. 22 (2005) 159.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow
from hipcalc.radiograph.percentiles import percentiles

__all__ = ["LevelLines", "closed_level_lines"]

Image = NDArray[np.float32]

LEVELS = 32
# Diameters in head radii of the circle with the line's area.
DIAMETERS = (0.055, 0.5)
AREAS = tuple(math.pi / 4 * (diameter * WORKING_RADIUS_PX) ** 2 for diameter in DIAMETERS)
FEWEST_POINTS = 12
MOST_POINTS = 4 * DIAMETERS[1] * WORKING_RADIUS_PX
MIN_SOLIDITY = 0.8
MAX_ELONGATION = 3.5
# Half of the longest outline that is not too elongated, and a little.
FURTHEST_PX = math.ceil(math.sqrt(MAX_ELONGATION) * DIAMETERS[1] * WORKING_RADIUS_PX / 2) + 5
SMOOTHING = 0.010
GRADIENT_SIGMA = 0.4
GRADIENT_FLOOR = 0.0015


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelLines:
    """Closed level lines of focus size, one entry each, on the working grid.

    Attributes
    ----------
    row, column, diameter : ndarray of float64, shape (n,)
    meaning : ndarray of float64, shape (n,)
        Weakest tenth of the gradient along the line over the local mean gradient.
    level, peak : ndarray of float64, shape (n,)
        The line's own level, and the highest level in the middle of what it encloses.
    local_gradient : ndarray of float32, shape (rows, columns)
        Local mean of the gradient, log units per working pixel.
    """

    row: NDArray[np.float64]
    column: NDArray[np.float64]
    diameter: NDArray[np.float64]
    meaning: NDArray[np.float64]
    level: NDArray[np.float64]
    peak: NDArray[np.float64]
    local_gradient: Image


def closed_level_lines(window: HipWindow) -> LevelLines:
    """Find every level line that encloses a convex enough bright region of focus size."""
    smooth = np.asarray(cv2.GaussianBlur(window.level, (0, 0), SMOOTHING * WORKING_RADIUS_PX), np.float32)
    gradient = _gradient(smooth)
    local = _local_mean(gradient, window.included) + np.float32(GRADIENT_FLOOR)
    relative = gradient / local
    # Most windows hold nothing excluded, and then no line has to be followed to see that.
    excluded = None if window.included.all() else ~window.included
    # A focus's outline lies around its centre: what lies too far from the zone to be one need not be followed.
    near = _within(FURTHEST_PX, window.zone)
    rows: list[tuple[float, ...]] = []
    for contour, level, row, column, area in _of_focus_size(smooth, near, window.zone):
        measured = _measure(contour, area, relative, excluded)
        if measured is not None:
            diameter = math.sqrt(4 * area / math.pi)
            rows.append((row, column, diameter, measured, level, _peak(smooth, row, column, diameter)))
    table = np.array(rows, np.float64).reshape(-1, 6)
    return LevelLines(
        row=table[:, 0],
        column=table[:, 1],
        diameter=table[:, 2],
        meaning=table[:, 3],
        level=table[:, 4],
        peak=table[:, 5],
        local_gradient=local,
    )


def _within(distance_px: int, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what lies within a square around some pixel of a mask: its dilation, by sums, in a third of the time."""
    size = (2 * distance_px + 1,) * 2
    count = cv2.boxFilter(mask.view(np.uint8), cv2.CV_32S, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(count > 0, np.bool_)


def _levels(values: Image) -> Image:
    if values.size == 0:
        return np.empty(0, np.float32)
    low, middle, high = percentiles(values, 0.5, 50.0, 99.9)
    # In the picture's own type: against a double, every comparison would first convert the picture.
    levels = np.linspace(low, high, LEVELS, dtype=np.float32)
    # Below the median lies the ground that foci stand on: half of the time, and hardly a line around one.
    return levels[levels >= np.float32(middle)]


def _gradient(image: Image) -> Image:
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    return np.asarray(cv2.magnitude(right, down), np.float32)


def _local_mean(gradient: Image, included: NDArray[np.bool_]) -> Image:
    rows, columns = gradient.shape
    size, sigma = (columns // 4, rows // 4), GRADIENT_SIGMA * WORKING_RADIUS_PX / 4

    def blurred(image: Image) -> Image:
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma), np.float32)

    if included.all():
        mean = blurred(gradient)
    else:
        weight = included.astype(np.float32)
        mean = np.divide(blurred(gradient * weight), np.maximum(blurred(weight), np.float32(1e-3)), dtype=np.float32)
    return np.asarray(cv2.resize(mean, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def _of_focus_size(
    smooth: Image, near: NDArray[np.bool_], zone: NDArray[np.bool_]
) -> list[tuple[NDArray[np.int32], float, float, float, float]]:
    """Return the outer lines around regions of a focus's area in the zone: points, level, row, column and area."""
    lines: list[NDArray[np.int32]] = []
    level_of: list[float] = []
    for level in _levels(smooth[zone]).tolist():
        found = _lines((smooth > np.float32(level)) & near)
        lines += found
        level_of += [level] * len(found)
    if not lines:
        return []
    # All at once: most of them are grain or lie elsewhere, and each would take longer than to be told so.
    points = np.concatenate(lines)[:, 0, :]
    lengths = np.array([len(contour) for contour in lines])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    following = np.concatenate([points[1:], points[:1]])
    following[starts + lengths - 1] = points[starts]
    twice = points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]
    twice = np.add.reduceat(twice, starts)
    # findContours walks through the centres of the border pixels: their outer halves belong to the region.
    areas = np.abs(twice) / 2 + lengths / 2 + 1
    centres = np.add.reduceat(points, starts) / lengths[:, None]
    columns, rows = np.rint(centres).astype(np.int64).T
    # It walks around a hole the other way.
    outer = twice <= 0
    chosen = np.flatnonzero(outer & (areas >= AREAS[0]) & (areas <= AREAS[1]) & zone[rows, columns])
    sizes = zip(centres[chosen, 1].tolist(), centres[chosen, 0].tolist(), areas[chosen].tolist(), strict=True)
    return [(lines[k], level_of[k], *size) for k, size in zip(chosen.tolist(), sizes, strict=True)]


def _lines(above: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    """Return the borders of regions and of the holes in them, by far most of which are too short or too long."""
    found, _ = cv2.findContours(above.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(contour, np.int32) for contour in found if FEWEST_POINTS <= len(contour) <= MOST_POINTS]


def _measure(
    contour: NDArray[np.int32], area: float, relative: Image, excluded: NDArray[np.bool_] | None
) -> float | None:
    """Return the meaning of a line, or None if it is no focus's outline."""
    columns, rows = contour[:, 0, :].T
    if excluded is not None and excluded[rows, columns].any():
        return None
    hull = cv2.convexHull(contour)
    solidity = area / (cv2.contourArea(hull) + len(contour) / 2 + 1)
    if solidity < MIN_SOLIDITY:
        return None
    _, (width, height), _ = cv2.minAreaRect(hull)
    if max(width, height) + 1 > MAX_ELONGATION * (min(width, height) + 1):
        return None
    edge = relative[rows, columns]
    return float(np.partition(edge, len(edge) // 10)[len(edge) // 10])


def _peak(smooth: Image, row: float, column: float, diameter: float) -> float:
    reach = max(1, round(0.35 * diameter))
    top, left = max(round(row) - reach, 0), max(round(column) - reach, 0)
    return float(smooth[top : round(row) + reach + 1, left : round(column) + reach + 1].max())
