"""A spot, the part of the window around it, and the line that bounds it at a level."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_OPEN", "OUTLINE_REACH", "Patch", "Spot", "fineness", "open_share", "outline_at", "quantile", "spot_of"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# In radii of the proposal: where the outline may reach to; and which share of it may be cut off there.
OUTLINE_REACH = 1.5
MOST_OPEN = 0.1
# A small spot is drawn so much finer that its outline has no stairs; sizes are half-diameters in working pixels.
FINENESS = ((6.0, 3), (12.0, 2))


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One spot, measured on the working grid.

    Attributes
    ----------
    row, column : float
        Centroid of the outline.
    diameter : float
        Of the circle with its area.
    background, deviation : float
        Median and robust standard deviation (1.4826 times the median absolute deviation) of the surround.
    contrast : float
        80th percentile inside, over the background.
    aspect_ratio, solidity, orientation_deg : float
        As in `Candidate`, with the working grid's column axis as the horizontal.
    outline : ndarray of float64, shape (n, 2)
        (row, column) vertices.
    """

    row: float
    column: float
    diameter: float
    background: float
    deviation: float
    contrast: float
    aspect_ratio: float
    solidity: float
    orientation_deg: float
    outline: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """A part of the window around a place; `times` pixels to one of the working grid."""

    level: Image
    included: Mask
    times: int
    top: int
    left: int
    place: tuple[float, float]

    @cached_property
    def distance(self) -> Image:
        """Distance of every pixel to the place, in pixels of the working grid."""
        rows, columns = self.level.shape
        down = np.arange(rows, dtype=np.float32)[:, None] - np.float32(self.place[0])
        right = np.arange(columns, dtype=np.float32) - np.float32(self.place[1])
        # A third of the time that hypot takes, and nothing here overflows.
        away = down * down + right * right
        np.sqrt(away, out=away)
        return away if self.times == 1 else np.divide(away, np.float32(self.times), out=away)

    @staticmethod
    def cut(level: Image, included: Mask, row: float, column: float, reach: float) -> "Patch":
        """Cut out what lies within a reach of a place, up to the window's border."""
        size = math.ceil(reach)
        top, left = max(round(row) - size, 0), max(round(column) - size, 0)
        part = slice(top, round(row) + size + 1), slice(left, round(column) + size + 1)
        return Patch(
            level=level[part],
            included=included[part],
            times=1,
            top=top,
            left=left,
            place=(row - top, column - left),
        )

    def finer(self, times: int) -> "Patch":
        """Return the same part with so many times the pixels along either side."""
        if times == 1:
            return self
        size = (self.level.shape[1] * times, self.level.shape[0] * times)
        place = (self.place[0] + 0.5) * times - 0.5, (self.place[1] + 0.5) * times - 0.5
        return Patch(
            level=np.asarray(cv2.resize(self.level, size, interpolation=cv2.INTER_CUBIC), np.float32),
            included=self._finer_included(size),
            times=times,
            top=self.top,
            left=self.left,
            place=place,
        )

    def _finer_included(self, size: tuple[int, int]) -> Mask:
        if self.included.all():
            return np.ones(size[::-1], np.bool_)
        return cv2.resize(self.included.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0

    def from_window(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return (column, row) pixels of the patch for (row, column) points of the working grid."""
        own = (points - (self.top, self.left) + 0.5) * self.times - 0.5
        return np.rint(own[:, ::-1]).astype(np.int32)

    def to_window(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (row, column) points of the patch, shape (n, 2), on the working grid."""
        return np.asarray((values + 0.5) / self.times - 0.5 + (self.top, self.left), np.float64)


def outline_at(fine: Patch, radius: float, half: float) -> NDArray[np.int32] | None:
    """Return the line at a level, around the part that lies nearest to the place."""
    bright = fine.level > half
    bright &= fine.included
    bright &= fine.distance <= OUTLINE_REACH * radius + 1.0
    contours, _ = cv2.findContours(bright.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    if len(contours) == 1:
        return np.asarray(contours[0], np.int32)
    # A small piece right at the place against a large one beside it: area counts, distance counts against it.
    point = fine.place[1], fine.place[0]
    outside = [max(0.0, -float(cv2.pointPolygonTest(contour, point, True))) / fine.times for contour in contours]
    merit = [cv2.contourArea(c) / (1.0 + 4.0 * far / radius) for c, far in zip(contours, outside, strict=True)]
    return np.asarray(contours[int(np.argmax(merit))], np.int32)


def open_share(fine: Patch, contour: NDArray[np.int32], radius: float) -> float:
    """Share of an outline that was cut by the reach."""
    columns, rows = contour[:, 0].T
    return np.count_nonzero(fine.distance[rows, columns] > OUTLINE_REACH * radius) / len(contour)


def spot_of(
    fine: Patch,
    mask: cv2.typing.MatLike,
    contour: NDArray[np.int32],
    background: float,
    deviation: float,
    contrast: float,
) -> Spot:
    """Return the spot of an outline, by its filled mask in a finer patch, with the levels that were measured."""
    moments = cv2.moments(mask, binaryImage=True)
    area = moments["m00"]
    # A pixel has an extent of its own: one twelfth.
    across, along, both = moments["mu20"] / area + 1 / 12, moments["mu02"] / area + 1 / 12, moments["mu11"] / area
    half_difference = math.hypot((across - along) / 2, both)
    large, small = (across + along) / 2 + half_difference, (across + along) / 2 - half_difference
    hull = cv2.fillConvexPoly(np.zeros(fine.level.shape, np.uint8), cv2.convexHull(contour), 1)
    centre = fine.to_window(np.array([[moments["m01"] / area, moments["m10"] / area]]))[0]
    return Spot(
        row=float(centre[0]),
        column=float(centre[1]),
        diameter=2.0 * math.sqrt(area / math.pi) / fine.times,
        background=background,
        deviation=deviation,
        contrast=contrast,
        aspect_ratio=math.sqrt(large / max(small, 1e-9)),
        solidity=area / cv2.countNonZero(hull),
        orientation_deg=math.degrees(0.5 * math.atan2(2 * both, across - along)),
        outline=fine.to_window(contour[:, 0, ::-1].astype(np.float64)),
    )


def fineness(radius: float) -> int:
    """Return how many times finer a spot of that radius, in working pixels, is drawn."""
    return next((times for limit, times in FINENESS if radius < limit), 1)


def quantile(values: NDArray[np.float32], share: float) -> float:
    """Order statistic, a little off the interpolated percentile of few values, and several times faster."""
    # Sorting so few by vector instructions takes no longer than looking for one rank without them.
    ordered = values.flatten()
    ordered.sort()
    return float(ordered.item(min(int(share * ordered.size), ordered.size - 1)))
