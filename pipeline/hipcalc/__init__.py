"""hipcalc: small calcifications near the acetabular rim on hip radiographs."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.anatomy import HipMeasures, Measure, measure_hips
    from hipcalc.candidates import PlaceEvidence, evidence_at
    from hipcalc.detectability import DetectionLimit, detectability
    from hipcalc.guideline import ClinicalContext, Recommendation, read_contexts, recommend
    from hipcalc.radiograph import Radiograph, read_radiograph
    from hipcalc.review import Decision, ReviewedFinding, apply_reviews, read_decisions
    from hipcalc.screen import Screening, screen

__all__ = [
    "ClinicalContext",
    "Decision",
    "DetectionLimit",
    "HipMeasures",
    "Measure",
    "PlaceEvidence",
    "Radiograph",
    "Recommendation",
    "ReviewedFinding",
    "Screening",
    "apply_reviews",
    "detectability",
    "evidence_at",
    "measure_hips",
    "read_contexts",
    "read_decisions",
    "read_radiograph",
    "recommend",
    "screen",
]

_HOMES = {
    **dict.fromkeys(("HipMeasures", "Measure", "measure_hips"), "anatomy"),
    **dict.fromkeys(("PlaceEvidence", "evidence_at"), "candidates"),
    **dict.fromkeys(("ClinicalContext", "Recommendation", "read_contexts", "recommend"), "guideline"),
    **dict.fromkeys(("Radiograph", "read_radiograph"), "radiograph"),
    **dict.fromkeys(("Decision", "ReviewedFinding", "apply_reviews", "read_decisions"), "review"),
    "DetectionLimit": "detectability",
    "Screening": "screen",
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package, in which two names are functions: loading the modules of the same names would hide them."""

    @property
    def detectability(self) -> Any:
        """The function of `hipcalc.detectability`."""
        from hipcalc.detectability import detectability

        return detectability

    @detectability.setter
    def detectability(self, module: ModuleType) -> None:
        pass

    @property
    def screen(self) -> Any:
        """The function of `hipcalc.screen`."""
        from hipcalc.screen import screen

        return screen

    @screen.setter
    def screen(self, module: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
