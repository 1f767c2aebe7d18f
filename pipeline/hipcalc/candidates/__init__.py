"""NormalizedRadiograph, HipFrame -> Candidate, ...: small dense spots near the acetabular rim."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.candidates.evidence import PlaceEvidence, evidence_at
    from hipcalc.candidates.finding import (
        MeasuredSpots,
        control_of,
        find_candidates,
        is_searched,
        measure_hips,
        rank_spots,
        strengths_at,
    )
    from hipcalc.candidates.on_places import BareHip, bare_hip, strengths_on
    from hipcalc.candidates.types import MOST_FALSE_MARKS, Candidate, check_operating_point

__all__ = [
    "MOST_FALSE_MARKS",
    "BareHip",
    "Candidate",
    "MeasuredSpots",
    "PlaceEvidence",
    "bare_hip",
    "check_operating_point",
    "control_of",
    "evidence_at",
    "find_candidates",
    "is_searched",
    "measure_hips",
    "rank_spots",
    "strengths_at",
    "strengths_on",
]

_HOMES = {
    **dict.fromkeys(("PlaceEvidence", "evidence_at"), "evidence"),
    **dict.fromkeys(("MeasuredSpots", "control_of", "find_candidates", "is_searched", "measure_hips"), "finding"),
    **dict.fromkeys(("rank_spots", "strengths_at"), "finding"),
    **dict.fromkeys(("BareHip", "bare_hip", "strengths_on"), "on_places"),
    **dict.fromkeys(("MOST_FALSE_MARKS", "Candidate", "check_operating_point"), "types"),
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
