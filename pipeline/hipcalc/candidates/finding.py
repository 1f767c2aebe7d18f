"""The steps of the detector in their order."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import FOUND_STATUSES, HipFrame
from hipcalc.candidates.atlas import Atlas, load_atlas
from hipcalc.candidates.describing import describe_spots
from hipcalc.candidates.features import HipLevels, feature_table, with_control
from hipcalc.candidates.model import MODEL, load_model
from hipcalc.candidates.proposals import MOST
from hipcalc.candidates.proposed import Proposed, draw_apart, propose_in
from hipcalc.candidates.spots import Spot
from hipcalc.candidates.standing_out import standing_out
from hipcalc.candidates.types import MOST_FALSE_MARKS, Candidate
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.normalize import NormalizedRadiograph

__all__ = [
    "MeasuredSpots",
    "control_of",
    "controlled",
    "described",
    "find_candidates",
    "is_searched",
    "measure_hips",
    "measured_spots",
    "rank_spots",
    "strengths_at",
]

# A head smaller than this in the file shows no focus: 2 mm would be one pixel.
SMALLEST_HEAD_PX = 12.0


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
    false_marks: tuple[float, ...], measured: MeasuredSpots, control: MeasuredSpots | None
) -> tuple[float, ...]:
    """Return the strengths that cost so many expected false marks in this hip."""
    model, shares = load_model(), measured.window.region_shares
    rate = model.rate(model.strength(controlled(measured, control).features), shares)
    return tuple(model.strength_of(marks, shares, rate, control is not None) for marks in false_marks)


def is_searched(hip: HipFrame) -> bool:
    """Tell whether foci are looked for around a hip: it is located or uncertain, and large enough in the file."""
    return hip.status in FOUND_STATUSES and hip.head_radius_px >= SMALLEST_HEAD_PX


def measured_spots(normalized: NormalizedRadiograph, hip: HipFrame, *, atlas: Atlas | None = None) -> MeasuredSpots:
    """Propose, measure and describe the spots near one hip, without ranking them.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
    atlas : Atlas, optional
        What is typical of other hips; the detector's own by default.
    """
    window = cut_window(normalized, hip)
    proposed = propose_in(window, standing_out(window, atlas or load_atlas(MODEL)), MOST)
    return described(proposed, draw_apart(proposed, range(len(proposed.places.row))))


def described(proposed: Proposed, drawn: dict[int, Spot]) -> MeasuredSpots:
    """Describe the spots that were drawn at some of the places proposed (`draw_apart`)."""
    spots = tuple(drawn.values())
    stands_out = np.array([proposed.beyond.at(spot.row, spot.column, spot.diameter) for spot in spots])
    window, detached, levels = proposed.window, proposed.detached, proposed.levels
    features = feature_table(window, detached, levels, spots, proposed.places, list(drawn), stands_out)
    return MeasuredSpots(window=window, detached=detached, spots=spots, levels=levels, features=features)


def controlled(measured: MeasuredSpots, other: MeasuredSpots | None) -> MeasuredSpots:
    """Return the spots of a hip with those of the other hip as their control."""
    if other is None:
        return measured
    return replace(measured, features=with_control(measured.spots, measured.features, other.spots, other.features))
