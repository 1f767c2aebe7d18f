"""What the evidence for a hip is worth, and how much a located hip is to be trusted."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from hipcalc.anatomy.frame import HipStatus
from hipcalc.anatomy.shape import MODEL

__all__ = [
    "Evidence",
    "confidence_alone",
    "confidence_evened",
    "confidence_of",
    "status_of",
    "worth_of",
    "worth_of_size_alone",
]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for a hip.

    Attributes
    ----------
    joint : float
        Score of its fine parts.
    circle_support : float
        Edge strength along the head's circle and the roof.
    rim_support : float
        How clearly roof and side meet at the rim.
    likeness : float
        How much the surroundings look like a hip's, and what lies beside them does not.
    head_over_side : float
        How much of the head is brighter than the soft tissue lateral of it.
    floor_over_head : float
        How much of the bone medial of the head is brighter than the head.
    """

    joint: float
    circle_support: float
    rim_support: float
    likeness: float
    head_over_side: float
    floor_over_head: float


@lru_cache(maxsize=1)
def _model() -> dict[str, dict[str, float]]:
    text = (resources.files("hipcalc_models") / MODEL / "judgement.json").read_text(encoding="utf-8")
    model: dict[str, dict[str, float]] = json.loads(text)
    return model


def worth_of(evidence: Evidence) -> float:
    """Weighted sum of the evidence."""
    worth = _model()["worth"]
    return worth["intercept"] + math.fsum(worth[name] * value for name, value in vars(evidence).items())


def worth_of_size_alone(radius_per_width: float) -> float:
    """Return what the size of a hip on its own is worth: a picture has fewer places for a large circle."""
    alone = _model()["alone"]
    return alone["size"] * math.log(radius_per_width / alone["usual_radius_per_width"])


def confidence_of(worth: float, margin: float, *, paired: bool) -> float:
    """Estimated probability that the head's circle is right, within 0.2 head radii.

    Parameters
    ----------
    worth : float
        Of the hip.
    margin : float
        How much more it is worth than the best other reading of the same place.
    paired : bool
        Whether another hip mirrors it: of pictures without a hip hardly any shows two places that do.
    """
    model = _model()["confidence"]
    clear = min(margin, model["margin_ceiling"])
    logit = model["intercept"] + model["worth"] * worth + model["margin"] * clear + model["paired"] * paired
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def confidence_alone(confidence: float) -> float:
    """Lower the confidence of a hip on a picture that should show its other side, too, and does not."""
    return _doubted(confidence, _model()["confidence"]["alone_loss"])


def confidence_evened(confidence: float) -> float:
    """Lower the confidence of a hip that is seen only once the picture's tone curve is taken away."""
    return _doubted(confidence, _model()["confidence"]["evened_loss"])


def _doubted(confidence: float, loss: float) -> float:
    odds = confidence / max(1.0 - confidence, 1e-12) * math.exp(-loss)
    return odds / (1.0 + odds)


def status_of(confidence: float) -> HipStatus:
    """Located from the confidence that the model prescribes, uncertain from a lower one, else absent."""
    levels = _model()["status"]
    if confidence >= levels["located_from"]:
        return "located"
    return "uncertain" if confidence >= levels["uncertain_from"] else "absent"
