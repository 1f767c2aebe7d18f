"""hipcalc: small calcifications near the acetabular rim on hip radiographs."""

from hipcalc.anatomy import HipMeasures, Measure, measure_hips
from hipcalc.guideline import ClinicalContext, Recommendation, read_contexts, recommend
from hipcalc.radiograph import Radiograph, read_radiograph
from hipcalc.review import Decision, ReviewedFinding, apply_reviews, read_decisions
from hipcalc.screen import Screening, screen

__all__ = [
    "ClinicalContext",
    "Decision",
    "HipMeasures",
    "Measure",
    "Radiograph",
    "Recommendation",
    "ReviewedFinding",
    "Screening",
    "apply_reviews",
    "measure_hips",
    "read_contexts",
    "read_decisions",
    "read_radiograph",
    "recommend",
    "screen",
]
