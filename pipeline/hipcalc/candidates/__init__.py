"""NormalizedRadiograph, HipFrame -> Candidate, ...: small dense spots near the acetabular rim."""

from hipcalc.candidates.finding import find_candidates
from hipcalc.candidates.types import Candidate

__all__ = ["Candidate", "find_candidates"]
