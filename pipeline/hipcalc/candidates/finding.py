"""The steps of the detector in their order."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import FOUND_STATUSES, HipFrame
from hipcalc.candidates.atlas import Atlas, load_atlas
from hipcalc.candidates.blobs import blob_responses
from hipcalc.candidates.describing import describe_spots
from hipcalc.candidates.detaching import opened_level
from hipcalc.candidates.features import HipLevels, feature_table, hip_levels, with_control
from hipcalc.candidates.level_lines import closed_level_lines
from hipcalc.candidates.model import MODEL, load_model
from hipcalc.candidates.outline import measure_spot
from hipcalc.candidates.proposals import MOST, Proposals, described_places, joined, propose
from hipcalc.candidates.spots import Spot
from hipcalc.candidates.standing_out import standing_out
from hipcalc.candidates.types import MOST_FALSE_MARKS, Candidate
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.normalize import NormalizedRadiograph

__all__ = [
    "MeasuredSpots",
    "control_of",
    "controlled",
    "find_candidates",
    "is_searched",
    "measure_hips",
    "measured_spots",
    "rank_spots",
    "strengths_at",
    "strengths_on",
]

# A head smaller than this in the file shows no focus: 2 mm would be one pixel.
SMALLEST_HEAD_PX = 12.0
# Spots besides, of those that stand out from what other hips explain.
MOST_STANDING_OUT = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredSpots:
    """Every spot near one hip before ranking: what the ranking and its fit look at.

    Attributes
    ----------
    window : HipWindow
    detached : HipWindow
        The same with the bone taken away, soft tissue's level in its place: in it the spots are found and described.
    spots : tuple of Spot
    levels : HipLevels
    features : ndarray of float64, shape (n_spots, n_features)
    """

    window: HipWindow
    detached: HipWindow
    spots: tuple[Spot, ...]
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
        Only a located or uncertain hip is searched, and only if its head's radius is 12 pixels or more.
    control : MeasuredSpots, optional
        Of the other hip, where there is one (`measure_hips`): anatomy is on both sides, most foci on one.

    Returns
    -------
    tuple of Candidate
        Strongest first, down to 10 expected false marks per hip; empty for a hip that is not searched.
    """
    return rank_spots(measured_spots(normalized, hip), control) if is_searched(hip) else ()


def measure_hips(normalized: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> tuple[MeasuredSpots | None, ...]:
    """Measure the spots of every hip once; None for a hip that is not searched (`find_candidates`)."""
    return tuple(measured_spots(normalized, hip) if is_searched(hip) else None for hip in hips)


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
    marks = model.expected_false_marks(strength, shares, model.rate(strength, shares), control is not None)
    order = [int(k) for k in np.argsort(-strength, kind="stable") if marks[k] <= MOST_FALSE_MARKS]
    spots = tuple(measured.spots[k] for k in order)
    return describe_spots(measured.window, measured.detached, measured.levels, spots, strength[order], marks[order])


def strengths_at(
    false_marks: tuple[float, ...], normalized: NormalizedRadiograph, hip: HipFrame, control: MeasuredSpots | None
) -> tuple[float, ...]:
    """Return the strengths that cost so many expected false marks in this hip."""
    measured = measured_spots(normalized, hip)
    model, shares = load_model(), measured.window.region_shares
    rate = model.rate(model.strength(controlled(measured, control).features), shares)
    return tuple(model.strength_of(marks, shares, rate, control is not None) for marks in false_marks)


def strengths_on(
    places_px: NDArray[np.float64],
    within_px: NDArray[np.float64],
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    control: MeasuredSpots | None,
) -> NDArray[np.float64]:
    """Return the strength of the strongest spot on each of some places, minus infinity without one, shape (n,).

    Parameters
    ----------
    places_px : ndarray of float64, shape (n, 2)
        (row, column); so many more spots than usual are measured, as if there were no other place.
    within_px : ndarray of float64, shape (n,)
        How far from a place its spot may be centred.
    normalized : NormalizedRadiograph
    hip : HipFrame
    control : MeasuredSpots or None
    """
    measured = controlled(measured_spots(normalized, hip, most=MOST + len(places_px)), control)
    if not measured.spots:
        return np.full(len(places_px), -math.inf)
    rows, columns = np.array([(spot.row, spot.column) for spot in measured.spots]).T
    away = np.linalg.norm(places_px[:, None] - measured.window.to_image(rows, columns), axis=2)
    strength = load_model().strength(measured.features)
    return np.asarray(np.where(away <= within_px[:, None], strength, -math.inf).max(axis=1), np.float64)


def is_searched(hip: HipFrame) -> bool:
    """Tell whether foci are looked for around a hip: it is located or uncertain, and large enough in the file."""
    return hip.status in FOUND_STATUSES and hip.head_radius_px >= SMALLEST_HEAD_PX


def measured_spots(
    normalized: NormalizedRadiograph, hip: HipFrame, *, most: int = MOST, atlas: Atlas | None = None
) -> MeasuredSpots:
    """Propose, measure and describe the spots near one hip, without ranking them.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
    most : int
        So many spots at most that are brighter than their surround with the bone taken away.
    atlas : Atlas, optional
        What is typical of other hips; the detector's own by default.
    """
    window = cut_window(normalized, hip)
    levels, opened = hip_levels(window), opened_level(window)
    detached = replace(window, level=window.level - opened + np.float32(levels.soft))
    beyond = standing_out(window, atlas or load_atlas(MODEL))
    scales, lines = blob_responses(detached), closed_level_lines(detached)
    bright = propose(detached, scales, lines, most)
    unexplained = described_places(beyond.places(window.zone, MOST_STANDING_OUT), scales, lines)
    rest = beyond.level + np.float32(levels.soft)
    drawn = _drawn(bright, detached.level, window.included) + _drawn(unexplained, rest, window.included & beyond.known)
    kept = _apart(drawn)
    spots = tuple(spot for k in kept if (spot := drawn[k]) is not None)
    stands_out = np.array([beyond.at(spot.row, spot.column, spot.diameter) for spot in spots])
    features = feature_table(window, detached, levels, spots, joined(bright, unexplained), kept, stands_out)
    return MeasuredSpots(window=window, detached=detached, spots=spots, levels=levels, features=features)


def _drawn(places: Proposals, level: NDArray[np.float32], included: NDArray[np.bool_]) -> list[Spot | None]:
    """Draw the spots at some places; None where nothing stands out."""
    rows = zip(places.row.tolist(), places.column.tolist(), places.diameter.tolist(), strict=True)
    return [measure_spot(level, included, *place) for place in rows]


def _apart(spots: list[Spot | None]) -> list[int]:
    """Return which spots to keep: two proposals can grow into one outline, as the arcs of a ring are one focus."""
    kept: list[int] = []
    for number, spot in enumerate(spots):
        if spot is not None and not _lies_on_another(spot, [one for k in kept if (one := spots[k]) is not None]):
            kept.append(number)
    return kept


def controlled(measured: MeasuredSpots, other: MeasuredSpots | None) -> MeasuredSpots:
    """Return the spots of a hip with those of the other hip as their control."""
    if other is None:
        return measured
    return replace(measured, features=with_control(measured.spots, measured.features, other.spots, other.features))


def _lies_on_another(spot: Spot, others: list[Spot]) -> bool:
    return any(
        math.hypot(spot.row - other.row, spot.column - other.column) < 0.4 * max(spot.diameter, other.diameter)
        for other in others
    )
