"""The outline of a spot: half of its level over the local background."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Spot", "measure_spot", "redraw_spot"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Radii, in units of the proposal's: where the outline may reach to, and the surround.
OUTLINE_REACH = 1.5
SURROUND = (1.35, 2.3)
MARGIN_PX = 2.0
# A small spot is drawn so much finer that its outline has no stairs; sizes are half-diameters in working pixels.
FINENESS = ((6.0, 3), (12.0, 2))
FEWEST_SURROUND_PIXELS = 12
# An outline of which more than this share was cut off is tried again at so many times the size.
MOST_OPEN = 0.1
GROWTH = 1.8


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


def measure_spot(level: Image, included: Mask, row: float, column: float, diameter: float) -> Spot | None:
    """Measure the spot at a place of about a known size; None where nothing stands out.

    The outline is the line at half of the way from the surround's median to the spot's peak, around the connected part
    that lies nearest to the place, holes filled, no further out than one and a half proposed radii. Where it reaches so
    far, the spot is looked at again as a larger one; what is never closed (a lip of bone) is cut at its first size.
    """
    drawn = _drawn(level, included, row, column, diameter / 2)
    if drawn is not None and drawn.open_share > MOST_OPEN:
        larger = _drawn(level, included, row, column, GROWTH * diameter / 2)
        drawn = larger if larger is not None and larger.open_share <= MOST_OPEN else drawn
    return None if drawn is None else _described(drawn)


def redraw_spot(level: Image, included: Mask, spot: Spot) -> tuple[Spot, float]:
    """Draw a spot's outline again, at half of the median level inside of the first one; and compare core and rim.

    The peak of uneven mineral is its thickest grain, and half of that lies well inside its border. Where the lower line
    runs out into something else, the first outline stands.

    Returns
    -------
    spot : Spot
    core_to_rim : float
        As in `Candidate`.
    """
    radius = spot.diameter / 2
    fine = _fine_patch(level, included, spot.row, spot.column, radius, SURROUND[1] * radius + MARGIN_PX)
    mask = cv2.fillPoly(np.zeros(fine.level.shape, np.uint8), [fine.from_window(spot.outline)], 1)
    if not mask.any():
        return spot, 1.0
    half = (_quantile(fine.level[mask > 0], 0.5) + spot.background) / 2
    contour = _outline(fine, radius, half)
    if contour is not None and _open_share(fine, contour, radius) <= MOST_OPEN:
        mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
        contrast = _quantile(fine.level[mask > 0], 0.8) - spot.background
        spot = _spot(fine, mask, contour, spot.background, spot.deviation, contrast)
    return spot, _core_to_rim(fine.level, mask, spot.background)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """An outline at one assumed radius, with the share of it that was cut by the reach."""

    patch: "_Patch"
    fine: "_Patch"
    ring: Mask
    contour: NDArray[np.int32]
    open_share: float


def _drawn(level: Image, included: Mask, row: float, column: float, radius: float) -> _Drawn | None:
    patch = _Patch.cut(level, included, row, column, SURROUND[1] * radius + MARGIN_PX + 1)
    if min(patch.level.shape) < 5:
        return None
    fine = _fine_patch(level, included, row, column, radius, OUTLINE_REACH * radius + MARGIN_PX)
    ring = (patch.distance > SURROUND[0] * radius) & (patch.distance <= SURROUND[1] * radius + MARGIN_PX)
    ring &= patch.included
    background = _quantile(_around(patch.level, ring), 0.5)
    peak = _quantile(fine.level[fine.distance <= max(radius, 1.0)], 0.97)
    contour = _outline(fine, radius, (peak + background) / 2)
    if contour is None:
        return None
    return _Drawn(patch=patch, fine=fine, ring=ring, contour=contour, open_share=_open_share(fine, contour, radius))


def _fine_patch(level: Image, included: Mask, row: float, column: float, radius: float, reach: float) -> "_Patch":
    """Return the part around a place, drawn finer for a small spot."""
    patch = _Patch.cut(level, included, row, column, reach + 1)
    return patch.finer(next((times for limit, times in FINENESS if radius < limit), 1))


def _open_share(fine: "_Patch", contour: NDArray[np.int32], radius: float) -> float:
    """Share of an outline that was cut by the reach."""
    columns, rows = contour[:, 0].T
    return np.count_nonzero(fine.distance[rows, columns] > OUTLINE_REACH * radius) / len(contour)


def _described(drawn: _Drawn) -> Spot | None:
    patch, fine, contour = drawn.patch, drawn.fine, drawn.contour
    mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
    # What the spot itself fills, and its blur, is no surround of it.
    inner = cv2.resize(mask, (mask.shape[1] // fine.times, mask.shape[0] // fine.times), interpolation=cv2.INTER_AREA)
    own, down, right = np.zeros(patch.level.shape, np.uint8), fine.top - patch.top, fine.left - patch.left
    own[down : down + inner.shape[0], right : right + inner.shape[1]] = inner
    outside = cv2.dilate(own, np.ones((3, 3), np.uint8)) == 0
    background, deviation = _surround(patch.level, drawn.ring & outside)
    contrast = _quantile(fine.level[mask > 0], 0.8) - background
    return _spot(fine, mask, contour, background, deviation, contrast) if contrast > 0 else None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Patch:
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
    def cut(level: Image, included: Mask, row: float, column: float, reach: float) -> "_Patch":
        size = math.ceil(reach)
        top, left = max(round(row) - size, 0), max(round(column) - size, 0)
        part = slice(top, round(row) + size + 1), slice(left, round(column) + size + 1)
        return _Patch(
            level=level[part],
            included=included[part],
            times=1,
            top=top,
            left=left,
            place=(row - top, column - left),
        )

    def finer(self, times: int) -> "_Patch":
        if times == 1:
            return self
        size = (self.level.shape[1] * times, self.level.shape[0] * times)
        place = (self.place[0] + 0.5) * times - 0.5, (self.place[1] + 0.5) * times - 0.5
        return _Patch(
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


def _surround(level: Image, ring: Mask) -> tuple[float, float]:
    """Median and robust deviation of the pixels around a spot."""
    values = _around(level, ring)
    middle = _quantile(values, 0.5)
    return middle, 1.4826 * _quantile(np.abs(values - np.float32(middle)), 0.5) + 1e-4


def _around(level: Image, ring: Mask) -> Image:
    values = level[ring]
    return values if values.size >= FEWEST_SURROUND_PIXELS else level.ravel()


def _outline(fine: _Patch, radius: float, half: float) -> NDArray[np.int32] | None:
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


def _spot(
    fine: _Patch,
    mask: cv2.typing.MatLike,
    contour: NDArray[np.int32],
    background: float,
    deviation: float,
    contrast: float,
) -> Spot:
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


def _core_to_rim(level: Image, mask: cv2.typing.MatLike, background: float) -> float:
    """Mean of the inner half of the area over mean of the outer half."""
    left, top, width, height = cv2.boundingRect(mask)
    part = slice(top, top + height), slice(left, left + width)
    framed = cv2.copyMakeBorder(mask[part], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    inside = mask[part] > 0
    deep, values = np.asarray(depth[inside], np.float32), level[part][inside]
    core = deep > _quantile(deep, 0.5)
    if not core.any():
        return 1.0
    return float((values[core].mean() - background) / max(float(values[~core].mean()) - background, 1e-6))


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """Order statistic, a little off the interpolated percentile of few values, and several times faster."""
    # Sorting so few by vector instructions takes no longer than looking for one rank without them.
    ordered = values.flatten()
    ordered.sort()
    return float(ordered.item(min(int(share * ordered.size), ordered.size - 1)))
