"""The outline of a spot as it is reported: drawn again at half of the level just inside of it."""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.spots import MOST_OPEN, Patch, Spot, fineness, open_share, outline_at, quantile, spot_of

__all__ = ["redraw_spot"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# How deep the border of an outline reaches in working pixels, and which quantile of it is its level.
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
        spot = replace(spot, contrast=quantile(_pictured(level, fine)[mask > 0], 0.8) - spot.background)
    return spot, _core_to_rim(fine.level, mask)


def _redrawn(fine: Patch, spot: Spot, *, fading: bool) -> Spot | None:
    """Draw an outline once, from the level inside of the one before; None where it would not close."""
    depth, radius = _depth(_filled(fine, spot)), spot.diameter / 2
    border = (depth > 0) & (depth <= BORDER_PX * fine.times)
    if not border.any():
        return None
    inside = quantile(fine.level[border], BORDER_SHARE)
    if fading:
        inside = max(inside, quantile(fine.level[depth > 0], FADING_SHARE))
    contour = outline_at(fine, radius, inside / 2)
    contour = None if contour is None else _without_threads(fine, contour, radius)
    if contour is None or open_share(fine, contour, radius) > MOST_OPEN:
        return None
    mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
    return spot_of(fine, mask, contour, spot.background, spot.deviation, spot.contrast)


def _fall(fine: Patch, spot: Spot) -> float:
    """Return by how much the mean level falls across an outline, from just inside to just outside of it."""
    mask, reach = _filled(fine, spot), math.ceil(FALL_PX * fine.times)
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = (np.hypot(rows, columns) <= reach).astype(np.uint8)
    inside, around = mask - cv2.erode(mask, disk), cv2.dilate(mask, disk) - mask
    return cv2.mean(fine.level, inside)[0] - cv2.mean(fine.level, around * fine.included.view(np.uint8))[0]


def _without_threads(fine: Patch, contour: NDArray[np.int32], radius: float) -> NDArray[np.int32] | None:
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


def _filled(patch: Patch, spot: Spot) -> NDArray[np.uint8]:
    empty = np.zeros(patch.level.shape, np.uint8)
    return np.asarray(cv2.fillPoly(empty, [patch.from_window(spot.outline)], 1), np.uint8)


def _over_ground(level: Image, included: Mask, spot: Spot) -> Patch:
    """Return the part around a spot, drawn finer for a small one, with its ground taken away."""
    longest = float(np.hypot(*(spot.outline - (spot.row, spot.column)).T).max())
    width = max(spot.diameter / 2, LEAST_GROUND_PX)
    patch = Patch.cut(level, included, spot.row, spot.column, longest + GROUND_FROM_PX + width + 1)
    away = cv2.distanceTransform(1 - _filled(patch, spot), cv2.DIST_L2, 5)
    around = (away > GROUND_FROM_PX) & (away <= GROUND_FROM_PX + width)
    seen = around & patch.included
    enough = np.count_nonzero(seen) > LEAST_SEEN * np.count_nonzero(around)
    ground = _surface(patch, seen) if enough else np.float32(spot.background)
    return replace(patch, level=np.asarray(patch.level - ground, np.float32)).finer(fineness(spot.diameter / 2))


def _pictured(level: Image, fine: Patch) -> Image:
    """Return the level of a finer patch with its ground."""
    rows, columns = (length // fine.times for length in fine.level.shape)
    part = level[fine.top : fine.top + rows, fine.left : fine.left + columns]
    return np.asarray(cv2.resize(part, fine.level.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _surface(patch: Patch, seen: Mask) -> Image:
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
    factors = np.linalg.solve(terms @ terms.T, terms @ values)
    for _ in range(FITTING_ROUNDS - 1):
        apart = np.abs(values - factors @ terms)
        weighed = terms / np.maximum(apart, 1.4826 * quantile(np.asarray(apart, np.float32), 0.5) + 1e-4)
        factors = np.linalg.solve(weighed @ terms.T, weighed @ values)
    one, y1, x1, y2, yx, x2 = factors
    sloped = (one + down * (y1 + down * y2))[:, None] + right * (x1 + right * x2) + yx * np.outer(down, right)
    return np.asarray(sloped, np.float32)


def _core_to_rim(level: Image, mask: NDArray[np.uint8]) -> float:
    """Mean of the inner half of the area over mean of the outer half, of levels over the ground."""
    depth = _depth(mask)
    inside = depth > 0
    deep, values = depth[inside], level[inside]
    core = deep > quantile(deep, 0.5)
    if not core.any():
        return 1.0
    return float(values[core].mean() / max(float(values[~core].mean()), 1e-6))


def _depth(mask: NDArray[np.uint8]) -> Image:
    """Distance of every pixel inside of a mask to its border, 0 outside."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
