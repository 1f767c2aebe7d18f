"""A hypothesis, fitted: circle and rim, and what all of it together is worth."""

from dataclasses import dataclass, replace

from hipcalc.anatomy.appearance import likeness
from hipcalc.anatomy.bony_end import settle_rim
from hipcalc.anatomy.brightness import floor_over_head, head_over_side
from hipcalc.anatomy.circle import HeadCircle, PolarStrip, fit_head_circle
from hipcalc.anatomy.contour import settle_circle
from hipcalc.anatomy.hypotheses import Hypothesis
from hipcalc.anatomy.judging import Evidence, worth_of
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.roof import Rim, find_rim

__all__ = ["HipFit", "fit_hip", "settle_hip"]


@dataclass(frozen=True, kw_only=True, eq=False)
class HipFit:
    """A hypothesis with its circle and rim.

    Attributes
    ----------
    hypothesis : Hypothesis
    circle : HeadCircle
    strip : PolarStrip
        Around the circle.
    rim : Rim
    evidence : Evidence
        What speaks for this being a hip.
    worth : float
        Log odds of that; of the best place of a picture without a hip about 0 or less.
    """

    hypothesis: Hypothesis
    circle: HeadCircle
    strip: PolarStrip
    rim: Rim
    evidence: Evidence
    worth: float


def fit_hip(picture: Pyramid, hypothesis: Hypothesis) -> HipFit:
    """Fit circle and rim around a hypothesis."""
    sign, turn = hypothesis.lateral_sign, hypothesis.turn_deg
    start = (hypothesis.row_px, hypothesis.column_px, hypothesis.radius_px)
    circle, strip = fit_head_circle(picture, start, sign, turn)
    rim = find_rim(strip)
    evidence = Evidence(
        joint=hypothesis.joint,
        circle_support=circle.support,
        rim_support=rim.support,
        likeness=likeness(picture, (circle.row_px, circle.column_px), circle.radius_px, sign, turn),
        head_over_side=head_over_side(strip),
        floor_over_head=floor_over_head(strip),
    )
    return HipFit(
        hypothesis=hypothesis, circle=circle, strip=strip, rim=rim, evidence=evidence, worth=worth_of(evidence)
    )


def settle_hip(picture: Pyramid, fit: HipFit) -> HipFit:
    """Settle a chosen hip's circle on its visible contour, and the rim on all that shows around it."""
    sign, turn = fit.hypothesis.lateral_sign, fit.hypothesis.turn_deg
    circle, strip = settle_circle(picture, fit.circle, sign, turn)
    return replace(fit, circle=circle, strip=strip, rim=settle_rim(strip, find_rim(strip)))
