"""A ranked spot as the candidate that is reported, measured in the picture as it is."""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.features import HipLevels
from hipcalc.candidates.outline import measure_spot
from hipcalc.candidates.profiles import ALONG, RayProfiles, ray_profiles
from hipcalc.candidates.redrawing import redraw_spot
from hipcalc.candidates.spots import Spot
from hipcalc.candidates.types import Candidate
from hipcalc.candidates.window import HipWindow

__all__ = ["describe_spots"]

# Where a candidate's profile is stated, in units of the distance from its middle to its outline.
PROFILE_AT = (0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8)
# A spot drawn in the picture is the one that was found with the bone taken away if its centre moved by at most so many
# diameters, and its diameter by at most this factor.
SAME_WITHIN_DIAMETERS = 0.25
SAME_SIZE = 1.5
# Of 148 pelves' natural foci, 95% have a contrast below 0.57 of the cortical step.
METAL_OVER_STEP = 0.8


def describe_spots(
    window: HipWindow,
    detached: HipWindow,
    levels: HipLevels,
    spots: tuple[Spot, ...],
    strength: NDArray[np.float64],
    marks: NDArray[np.float64],
) -> tuple[Candidate, ...]:
    """Return spots as candidates, in their order.

    Parameters
    ----------
    window, detached : HipWindow
        The picture, and the same with the bone taken away, in which the spots were found.
    levels : HipLevels
    spots : tuple of Spot
    strength, marks : ndarray of float64, shape (n,)
        Score and expected false marks of the spots.
    """
    pictured = tuple(_in_picture(window, spot) for spot in spots)
    rays = ray_profiles(window, tuple(p or s for p, s in zip(pictured, spots, strict=True)))
    drawn = [
        redraw_spot(window.level, window.included, own) if own else _redrawn_detached(window, detached, spot)
        for own, spot in zip(pictured, spots, strict=True)
    ]
    return tuple(
        _candidate(window, levels, spot, core_to_rim, rays, k, float(strength[k]), float(marks[k]))
        for k, (spot, core_to_rim) in enumerate(drawn)
    )


def _in_picture(window: HipWindow, found: Spot) -> Spot | None:
    """Draw a spot in the picture itself; None where that is another one, because it goes over into bone."""
    spot = measure_spot(window.level, window.included, found.row, found.column, found.diameter)
    if spot is None:
        return None
    near = math.hypot(spot.row - found.row, spot.column - found.column) <= SAME_WITHIN_DIAMETERS * found.diameter
    return spot if near and 1 / SAME_SIZE <= spot.diameter / found.diameter <= SAME_SIZE else None


def _redrawn_detached(window: HipWindow, detached: HipWindow, found: Spot) -> tuple[Spot, float]:
    """Draw a spot where the bone was taken away, and put the bone back under it."""
    spot, core_to_rim = redraw_spot(detached.level, window.included, found)
    rows, columns = window.level.shape
    pixel = min(max(round(spot.row), 0), rows - 1), min(max(round(spot.column), 0), columns - 1)
    taken = float(window.level[pixel] - detached.level[pixel])
    return replace(spot, background=spot.background + taken), core_to_rim


def _candidate(
    window: HipWindow,
    levels: HipLevels,
    spot: Spot,
    core_to_rim: float,
    rays: RayProfiles,
    number: int,
    strength: float,
    marks: float,
) -> Candidate:
    centre = window.to_image(np.array([spot.row]), np.array([spot.column]))[0]
    orientation = spot.orientation_deg * window.hip.lateral_sign
    # Percentiles pass through the logarithm; a small deviation does so to first order.
    background = float(np.exp(spot.background))
    contrast = background * float(np.expm1(spot.contrast))
    outline = window.to_image(spot.outline[:, 0], spot.outline[:, 1])
    return Candidate(
        row_px=float(centre[0]),
        column_px=float(centre[1]),
        diameter_px=spot.diameter * window.step_px,
        strength=strength,
        expected_false_marks=marks,
        cnr=contrast / (background * spot.deviation),
        contrast=contrast,
        aspect_ratio=spot.aspect_ratio,
        solidity=spot.solidity,
        orientation_deg=90.0 if orientation == -90.0 else orientation,
        core_to_rim=core_to_rim,
        outline_px=outline,
        area_px2=math.pi / 4 * (spot.diameter * window.step_px) ** 2,
        tangent_deg=_from_tangent(window, spot),
        contrast_over_step=contrast / levels.step,
        margin_px=float(rays.margin[number]) * window.step_px,
        closed_share=float(np.clip(rays.weakest_fall[number] / rays.fall[number], 0.0, 1.0)),
        saturated_share=_saturated_share(window, levels, spot, contrast / levels.step),
        profile=tuple(float(value) for value in _profile(rays.profile[number])),
    )


def _from_tangent(window: HipWindow, spot: Spot) -> float:
    """Angle of the long axis from the tangent to the head's circle, 0 to 90 degrees."""
    row, column = window.head_centre
    tangent = math.degrees(math.atan2(spot.row - row, spot.column - column)) + 90.0
    return abs(math.remainder(spot.orientation_deg - tangent, 180.0))


def _saturated_share(window: HipWindow, levels: HipLevels, spot: Spot, over_step: float) -> float:
    """Share of the inside of the outline that is clipped, or, in what stands out like metal, brighter than all bone."""
    low, high = np.floor(spot.outline.min(axis=0)).astype(int), np.ceil(spot.outline.max(axis=0)).astype(int) + 1
    part = window.level[max(low[0], 0) : high[0], max(low[1], 0) : high[1]]
    inside = np.zeros(part.shape, np.uint8)
    shifted = np.rint(spot.outline - np.maximum(low, 0)).astype(np.int32)
    cv2.fillPoly(inside, [shifted[:, ::-1]], 1)
    filled = part[inside > 0]
    least = min(window.brightest - 1e-4, levels.densest if over_step >= METAL_OVER_STEP else math.inf)
    return float((filled >= least).mean()) if filled.size else 0.0


def _profile(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean level along the rays at `PROFILE_AT`, over the brightest of them."""
    chosen = np.interp(PROFILE_AT, ALONG, levels)
    return np.asarray(chosen / max(float(chosen.max()), 1e-9), np.float64)
