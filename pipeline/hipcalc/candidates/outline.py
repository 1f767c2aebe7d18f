"""The outline of a spot: half of its peak over the local background."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.spots import (
    MOST_OPEN,
    OUTLINE_REACH,
    Patch,
    Spot,
    fineness,
    open_share,
    outline_at,
    quantile,
    spot_of,
)

__all__ = ["furthest_reach", "measure_spot"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Radii of the surround, in units of the proposal's.
SURROUND = (1.35, 2.3)
MARGIN_PX = 2.0
FEWEST_SURROUND_PIXELS = 12
# What is cut off too far around is tried again at so many times the size.
GROWTH = 1.8


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


def furthest_reach(diameter: float) -> float:
    """Return how far from its place the outline of a spot of about that size may reach at most, working pixels."""
    return OUTLINE_REACH * GROWTH * diameter / 2 + MARGIN_PX


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """An outline at one assumed radius, with the share of it that was cut by the reach."""

    patch: Patch
    fine: Patch
    ring: Mask
    contour: NDArray[np.int32]
    open_share: float


def _drawn(level: Image, included: Mask, row: float, column: float, radius: float) -> _Drawn | None:
    patch = Patch.cut(level, included, row, column, SURROUND[1] * radius + MARGIN_PX + 1)
    if min(patch.level.shape) < 5:
        return None
    fine = _fine_patch(level, included, row, column, radius, OUTLINE_REACH * radius + MARGIN_PX)
    ring = (patch.distance > SURROUND[0] * radius) & (patch.distance <= SURROUND[1] * radius + MARGIN_PX)
    ring &= patch.included
    background = quantile(_around(patch.level, ring), 0.5)
    peak = quantile(fine.level[fine.distance <= max(radius, 1.0)], 0.97)
    contour = outline_at(fine, radius, (peak + background) / 2)
    if contour is None:
        return None
    return _Drawn(patch=patch, fine=fine, ring=ring, contour=contour, open_share=open_share(fine, contour, radius))


def _fine_patch(level: Image, included: Mask, row: float, column: float, radius: float, reach: float) -> Patch:
    """Return the part around a place, drawn finer for a small spot."""
    return Patch.cut(level, included, row, column, reach + 1).finer(fineness(radius))


def _described(drawn: _Drawn) -> Spot | None:
    patch, fine, contour = drawn.patch, drawn.fine, drawn.contour
    mask = cv2.drawContours(np.zeros(fine.level.shape, np.uint8), [contour], -1, 1, cv2.FILLED)
    # What the spot itself fills, and its blur, is no surround of it.
    inner = cv2.resize(mask, (mask.shape[1] // fine.times, mask.shape[0] // fine.times), interpolation=cv2.INTER_AREA)
    own, down, right = np.zeros(patch.level.shape, np.uint8), fine.top - patch.top, fine.left - patch.left
    own[down : down + inner.shape[0], right : right + inner.shape[1]] = inner
    outside = cv2.dilate(own, np.ones((3, 3), np.uint8)) == 0
    background, deviation = _surround(patch.level, drawn.ring & outside)
    contrast = quantile(fine.level[mask > 0], 0.8) - background
    return spot_of(fine, mask, contour, background, deviation, contrast) if contrast > 0 else None


def _surround(level: Image, ring: Mask) -> tuple[float, float]:
    """Median and robust deviation of the pixels around a spot."""
    values = _around(level, ring)
    middle = quantile(values, 0.5)
    return middle, 1.4826 * quantile(np.abs(values - np.float32(middle)), 0.5) + 1e-4


def _around(level: Image, ring: Mask) -> Image:
    values = level[ring]
    return values if values.size >= FEWEST_SURROUND_PIXELS else level.ravel()
