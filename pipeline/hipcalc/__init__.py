"""hipcalc: small calcifications near the acetabular rim on hip radiographs."""

from hipcalc.guideline import ClinicalContext, Recommendation, read_contexts, recommend
from hipcalc.radiograph import Radiograph, read_radiograph
from hipcalc.review import Decision, ReviewedFinding, apply_reviews, read_decisions
from hipcalc.screen import Screening, screen

__all__ = [
    "ClinicalContext",
    "Decision",
    "Radiograph",
    "Recommendation",
    "ReviewedFinding",
    "Screening",
    "apply_reviews",
    "read_contexts",
    "read_decisions",
    "read_radiograph",
    "recommend",
    "screen",
]
