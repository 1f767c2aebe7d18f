"""NormalizedRadiograph, HipFrame -> Candidate, ...: small dense spots near the acetabular rim."""

from hipcalc.candidates.finding import (
    MOST_FALSE_MARKS,
    MeasuredSpots,
    control_of,
    find_candidates,
    measure_hips,
    rank_spots,
    strengths_at,
    strengths_on,
)
from hipcalc.candidates.types import Candidate

__all__ = [
    "MOST_FALSE_MARKS",
    "Candidate",
    "MeasuredSpots",
    "control_of",
    "find_candidates",
    "measure_hips",
    "rank_spots",
    "strengths_at",
    "strengths_on",
]
