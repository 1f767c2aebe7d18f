"""The steps of the detector in their order."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates.blobs import blob_responses
from hipcalc.candidates.features import HipLevels, feature_table, hip_levels, with_control
from hipcalc.candidates.level_lines import closed_level_lines
from hipcalc.candidates.model import load_model
from hipcalc.candidates.outline import Spot, measure_spot, redraw_spot
from hipcalc.candidates.profiles import ALONG, RayProfiles, ray_profiles
from hipcalc.candidates.proposals import propose
from hipcalc.candidates.types import Candidate
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.normalize import NormalizedRadiograph

__all__ = [
    "MOST_FALSE_MARKS",
    "MeasuredSpots",
    "control_of",
    "controlled",
    "find_candidates",
    "measure_hips",
    "measured_spots",
    "rank_spots",
    "strengths_at",
]

MOST_FALSE_MARKS = 10.0
# A head smaller than this in the file shows no focus: 2 mm would be one pixel.
SMALLEST_HEAD_PX = 12.0
# Where a candidate's profile is stated, in units of the distance from its middle to its outline.
PROFILE_AT = (0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8)


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredSpots:
    """Every spot near one hip before ranking: what the ranking and its fit look at.

    Attributes
    ----------
    window : HipWindow
    spots : tuple of Spot
    rays : RayProfiles
    levels : HipLevels
    features : ndarray of float64, shape (n_spots, n_features)
    """

    window: HipWindow
    spots: tuple[Spot, ...]
    rays: RayProfiles
    levels: HipLevels
    features: NDArray[np.float64]


def find_candidates(
    normalized: NormalizedRadiograph, hip: HipFrame, *, control: MeasuredSpots | None = None
) -> tuple[Candidate, ...]:
    """Find small dense spots around one hip.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
        Only a located or uncertain hip is searched.
    control : MeasuredSpots, optional
        Of the other hip, where there is one (`measure_hips`): anatomy is on both sides, most foci on one.

    Returns
    -------
    tuple of Candidate
        Strongest first, down to 10 expected false marks per hip; empty for a hip with an implant or an absent one.
    """
    return rank_spots(measured_spots(normalized, hip), control) if _is_searched(hip) else ()


def measure_hips(normalized: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> tuple[MeasuredSpots | None, ...]:
    """Measure the spots of every hip once; None for a hip that is not searched (`find_candidates`)."""
    return tuple(measured_spots(normalized, hip) if _is_searched(hip) else None for hip in hips)


def control_of(measured: tuple[MeasuredSpots | None, ...], number: int) -> MeasuredSpots | None:
    """Return the spots of the hip on the other side of the same picture, None without one."""
    mine = measured[number]
    others = (m for m in measured if m is not None and mine is not None)
    return next((m for m in others if mine and m.window.hip.lateral_sign != mine.window.hip.lateral_sign), None)


def rank_spots(measured: MeasuredSpots | None, control: MeasuredSpots | None) -> tuple[Candidate, ...]:
    """Return a hip's spots as candidates, strongest first; none for a hip that was not searched."""
    if measured is None:
        return ()
    model = load_model()
    strength = model.strength(controlled(measured, control).features)
    shares = measured.window.region_shares
    marks = model.expected_false_marks(strength, shares, model.rate(strength, shares))
    order = [int(k) for k in np.argsort(-strength, kind="stable") if marks[k] <= MOST_FALSE_MARKS]
    return tuple(_candidate(measured, k, float(strength[k]), float(marks[k])) for k in order)


def strengths_at(
    false_marks: tuple[float, ...], normalized: NormalizedRadiograph, hip: HipFrame, control: MeasuredSpots | None
) -> tuple[float, ...]:
    """Return the strengths that cost so many expected false marks in this hip."""
    measured = measured_spots(normalized, hip)
    model, shares = load_model(), measured.window.region_shares
    rate = model.rate(model.strength(controlled(measured, control).features), shares)
    return tuple(model.strength_of(marks, shares, rate) for marks in false_marks)


def _is_searched(hip: HipFrame) -> bool:
    return hip.status in ("located", "uncertain") and hip.head_radius_px >= SMALLEST_HEAD_PX


def measured_spots(normalized: NormalizedRadiograph, hip: HipFrame) -> MeasuredSpots:
    """Propose, measure and describe every spot near one hip, without ranking them."""
    window = cut_window(normalized, hip)
    proposals = propose(window, blob_responses(window), closed_level_lines(window))
    spots: list[Spot] = []
    kept: list[int] = []
    for k in range(len(proposals.row)):
        spot = measure_spot(window.level, window.included, proposals.row[k], proposals.column[k], proposals.diameter[k])
        if spot is not None and not _lies_on_another(spot, spots):
            spots.append(spot)
            kept.append(k)
    rays = ray_profiles(window, tuple(spots))
    levels = hip_levels(window)
    features = feature_table(window, levels, tuple(spots), rays, proposals, kept)
    return MeasuredSpots(window=window, spots=tuple(spots), rays=rays, levels=levels, features=features)


def controlled(measured: MeasuredSpots, other: MeasuredSpots | None) -> MeasuredSpots:
    """Return the spots of a hip with those of the other hip as their control."""
    if other is None:
        return measured
    return replace(measured, features=with_control(measured.spots, measured.features, other.spots, other.features))


def _lies_on_another(spot: Spot, others: list[Spot]) -> bool:
    """Two proposals can grow into one outline: the arcs of a ring are one focus."""
    return any(
        math.hypot(spot.row - other.row, spot.column - other.column) < 0.4 * max(spot.diameter, other.diameter)
        for other in others
    )


def _candidate(measured: MeasuredSpots, number: int, strength: float, marks: float) -> Candidate:
    window, rays = measured.window, measured.rays
    spot, core_to_rim = redraw_spot(window.level, window.included, measured.spots[number])
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
        contrast_over_step=contrast / measured.levels.step,
        margin_px=float(rays.margin[number]) * window.step_px,
        closed_share=float(np.clip(rays.weakest_fall[number] / rays.fall[number], 0.0, 1.0)),
        saturated_share=_saturated_share(window, spot),
        profile=tuple(float(value) for value in _profile(rays.profile[number])),
    )


def _from_tangent(window: HipWindow, spot: Spot) -> float:
    """Angle of the long axis from the tangent to the head's circle, 0 to 90 degrees."""
    row, column = window.head_centre
    tangent = math.degrees(math.atan2(spot.row - row, spot.column - column)) + 90.0
    return abs(math.remainder(spot.orientation_deg - tangent, 180.0))


def _saturated_share(window: HipWindow, spot: Spot) -> float:
    """Share of the outline's bounding box, as far as inside the outline, at the window's brightest level."""
    low, high = np.floor(spot.outline.min(axis=0)).astype(int), np.ceil(spot.outline.max(axis=0)).astype(int) + 1
    part = window.level[max(low[0], 0) : high[0], max(low[1], 0) : high[1]]
    inside = np.zeros(part.shape, np.uint8)
    shifted = np.rint(spot.outline - np.maximum(low, 0)).astype(np.int32)
    cv2.fillPoly(inside, [shifted[:, ::-1]], 1)
    filled = part[inside > 0]
    return float((filled >= window.brightest - 1e-4).mean()) if filled.size else 0.0


def _profile(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean level along the rays at `PROFILE_AT`, over the brightest of them."""
    chosen = np.interp(PROFILE_AT, ALONG, levels)
    return np.asarray(chosen / max(float(chosen.max()), 1e-9), np.float64)
