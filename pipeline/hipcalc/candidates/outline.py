"""The outline of a spot: half of its peak over the local background, and drawn again for the report."""

import math
from dataclasses import dataclass, replace
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
# The reported outline: how deep its border reaches in working pixels, and which quantile of it is its level.
BORDER_PX, BORDER_SHARE = 3.5, 0.7
# Its fall is taken so far on either side. From the first outline on that falls less than so much of an earlier one,
# none is drawn below half of a quantile of all that it encloses.
FALL_PX, STEEP_SHARE, FADING_SHARE = 2.0, 0.97, 0.75
# So far beyond the outline, about two widths of blur, begins its ground, as wide as the spot's radius but not narrower.
GROUND_FROM_PX, LEAST_GROUND_PX = 2.5, 3.0
# Where less of the surround is in the picture, a surface would be a guess.
LEAST_SEEN = 0.7
FITTING_ROUNDS = 3
# Half the width of what is cut off, in radii of the spot.
THREAD_RADII = 0.3
MOST_REDRAWS, SETTLED = 8, 0.02


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
    """Draw a spot's outline again, at half of the level just inside of it over its ground; and compare core and rim.

    Just inside is a border of 0.9 mm (for a head of 48 mm: two or three widths of blur), and its level the 70th
    percentile there, which is that of the border's inner part. What lies deeper does not count: a body is thickest, and
    uneven mineral densest, far from its border, and half of that is reached well inside. The ground is a curved surface
    that continues what lies around the spot beneath it, as soft tissue and the slope beside bone do.

    The outline is drawn anew from each one until its size settles. What fades out has no border: its outlines fall the
    less the larger they are, and half of the level just inside is met far down its flank. From the first one on that
    does so, none is drawn below half of the upper quartile inside, about half of the peak. Where an outline would run
    out into something else, the last one that did not stands, which is the given one at first.

    Returns
    -------
    spot : Spot
    core_to_rim : float
        As in `Candidate`.
    """
    given, steepest, fading = spot, 0.0, False
    for _ in range(MOST_REDRAWS):
        fine = _over_ground(level, included, spot)
        again = _redrawn(fine, spot, fading=fading)
        if again is not None and again.diameter > spot.diameter and not fading:
            steepest = max(steepest, _fall(fine, spot))
            fading = _fall(fine, again) < STEEP_SHARE * steepest
            again = _redrawn(fine, spot, fading=True) if fading else again
        if again is None:
            break
        settled = abs(again.diameter - spot.diameter) < SETTLED * spot.diameter
        spot = again
        if settled:
            break
    mask = _filled(fine, spot)
    if not mask.any():
        return spot, 1.0
    if spot is not given:
        # The contrast that is reported is the one over the surround's median, as its deviation is around that.
        spot = replace(spot, contrast=_quantile(_pictured(level, fine)[mask > 0], 0.8) - spot.background)
    return spot, _core_to_rim(fine.level, mask)


def _redrawn(fine: "_Patch", spot: Spot, *, fading: bool) -> Spot | None:
    """Draw an outline once, from the level inside of the one before; None where it would not close."""
    depth, radius = _depth(_filled(fine, spot)), spot.diameter / 2
    border = (depth > 0) & (depth <= BORDER_PX * fine.times)
    if not border.any():
        return None
    inside = _quantile(fine.level[border], BORDER_SHARE)
    if fading:
        inside = max(inside, _quantile(fine.level[depth > 0], FADING_SHARE))
    contour = _outline(fine, radius, inside / 2)
    contour = None if contour is None else _without_threads(fine, contour, radius)
    if contour is None or _open_share(fine, contour, radius) > MOST_OPEN:
        return None
    mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
    return _spot(fine, mask, contour, spot.background, spot.deviation, spot.contrast)


def _fall(fine: "_Patch", spot: Spot) -> float:
    """Return by how much the mean level falls across an outline, from just inside to just outside of it."""
    mask, reach = _filled(fine, spot), math.ceil(FALL_PX * fine.times)
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = (np.hypot(rows, columns) <= reach).astype(np.uint8)
    inside, around = mask - cv2.erode(mask, disk), cv2.dilate(mask, disk) - mask
    return cv2.mean(fine.level, inside)[0] - cv2.mean(fine.level, around * fine.included.view(np.uint8))[0]


def _without_threads(fine: "_Patch", contour: NDArray[np.int32], radius: float) -> NDArray[np.int32] | None:
    """Cut off what is much narrower than the spot: a line of cortex, or grain, that happens to be as bright.

    What lies close to the body stays, so that a rough border does not make a spot smaller.
    """
    size = 2 * int(THREAD_RADII * radius * fine.times) + 1
    if size == 1:
        return contour
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
    body = cv2.bitwise_and(cv2.dilate(cv2.erode(mask, disk), disk, iterations=2), mask)
    contours, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=cv2.contourArea), np.int32) if contours else None


def _filled(patch: "_Patch", spot: Spot) -> NDArray[np.uint8]:
    empty = np.zeros(patch.level.shape, np.uint8)
    return np.asarray(cv2.fillPoly(empty, [patch.from_window(spot.outline)], 1), np.uint8)


def _over_ground(level: Image, included: Mask, spot: Spot) -> "_Patch":
    """Return the part around a spot, drawn finer for a small one, with its ground taken away."""
    longest = float(np.hypot(*(spot.outline - (spot.row, spot.column)).T).max())
    width = max(spot.diameter / 2, LEAST_GROUND_PX)
    patch = _Patch.cut(level, included, spot.row, spot.column, longest + GROUND_FROM_PX + width + 1)
    away = cv2.distanceTransform(1 - _filled(patch, spot), cv2.DIST_L2, 5)
    around = (away > GROUND_FROM_PX) & (away <= GROUND_FROM_PX + width)
    seen = around & patch.included
    enough = np.count_nonzero(seen) > LEAST_SEEN * np.count_nonzero(around)
    ground = _surface(patch, seen) if enough else np.float32(spot.background)
    return replace(patch, level=np.asarray(patch.level - ground, np.float32)).finer(_fineness(spot.diameter / 2))


def _pictured(level: Image, fine: "_Patch") -> Image:
    """Return the level of a finer patch with its ground."""
    rows, columns = (length // fine.times for length in fine.level.shape)
    part = level[fine.top : fine.top + rows, fine.left : fine.left + columns]
    return np.asarray(cv2.resize(part, fine.level.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _surface(patch: "_Patch", seen: Mask) -> Image:
    """Fit a second-order surface to some pixels, by least absolute deviations.

    What reaches into the surround, bone or another focus, then counts by its extent and not by its brightness.
    """
    # Distances in units of the patch, so that no term outweighs the others.
    down, right = (
        (np.arange(length) - middle) / max(patch.level.shape)
        for length, middle in zip(patch.level.shape, patch.place, strict=True)
    )
    rows, columns = np.nonzero(seen)
    y, x, values = down[rows], right[columns], patch.level[seen].astype(np.float64)
    terms = np.stack([np.ones_like(y), y, x, y * y, y * x, x * x])
    weighed = terms
    for _ in range(FITTING_ROUNDS):
        factors = np.linalg.solve(weighed @ terms.T, weighed @ values)
        apart = np.abs(values - factors @ terms)
        weighed = terms / np.maximum(apart, 1.4826 * _quantile(np.asarray(apart, np.float32), 0.5) + 1e-4)
    one, y1, x1, y2, yx, x2 = factors
    sloped = (one + down * (y1 + down * y2))[:, None] + right * (x1 + right * x2) + yx * np.outer(down, right)
    return np.asarray(sloped, np.float32)


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
    return _Patch.cut(level, included, row, column, reach + 1).finer(_fineness(radius))


def _fineness(radius: float) -> int:
    return next((times for limit, times in FINENESS if radius < limit), 1)


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


def _core_to_rim(level: Image, mask: NDArray[np.uint8]) -> float:
    """Mean of the inner half of the area over mean of the outer half, of levels over the ground."""
    depth = _depth(mask)
    inside = depth > 0
    deep, values = depth[inside], level[inside]
    core = deep > _quantile(deep, 0.5)
    if not core.any():
        return 1.0
    return float(values[core].mean() / max(float(values[~core].mean()), 1e-6))


def _depth(mask: NDArray[np.uint8]) -> Image:
    """Distance of every pixel inside of a mask to its border, 0 outside."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """Order statistic, a little off the interpolated percentile of few values, and several times faster."""
    # Sorting so few by vector instructions takes no longer than looking for one rank without them.
    ordered = values.flatten()
    ordered.sort()
    return float(ordered.item(min(int(share * ordered.size), ordered.size - 1)))
