"""NormalizedRadiograph, HipFrame -> Candidate, ...: small dense spots near the acetabular rim."""

from hipcalc.candidates.finding import MeasuredSpots, control_of, find_candidates, measure_hips, rank_spots
from hipcalc.candidates.types import Candidate

__all__ = ["Candidate", "MeasuredSpots", "control_of", "find_candidates", "measure_hips", "rank_spots"]
