"""How much a located hip is to be trusted."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from hipcalc.anatomy.frame import HipStatus
from hipcalc.anatomy.shape import MODEL

__all__ = ["Evidence", "confidence_of", "status_of"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for a hip.

    Attributes
    ----------
    score : float
        Of the line drawing: surroundings and joint.
    circle_support : float
        Edge strength along the head's circle and the roof.
    rim_support : float
    pair_support : float
        Worth of the other hip of the pair, 0 for a hip on its own.
    """

    score: float
    circle_support: float
    rim_support: float
    pair_support: float


@lru_cache(maxsize=1)
def _calibration() -> dict[str, float]:
    text = (resources.files("hipcalc_models") / MODEL / "confidence.json").read_text(encoding="utf-8")
    return {name: float(value) for name, value in json.loads(text).items()}


def confidence_of(evidence: Evidence) -> float:
    """Estimated probability that head centre and rim are right, by a logistic map of four scalars."""
    weights = _calibration()
    logit = (
        weights["intercept"]
        + weights["score"] * evidence.score
        + weights["circle_support"] * evidence.circle_support
        + weights["rim_support"] * evidence.rim_support
        + weights["pair_support"] * min(evidence.pair_support, weights["pair_support_ceiling"])
    )
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def status_of(confidence: float) -> HipStatus:
    """Located from the confidence that the model prescribes, uncertain from a lower one, else absent."""
    weights = _calibration()
    if confidence >= weights["located_from"]:
        return "located"
    return "uncertain" if confidence >= weights["uncertain_from"] else "absent"
