"""A hypothesis, fitted: circle and rim, and what all of it together is worth."""

from dataclasses import dataclass

from hipcalc.anatomy.appearance import likeness
from hipcalc.anatomy.circle import HeadCircle, PolarStrip, fit_head_circle, polar_strip
from hipcalc.anatomy.hypotheses import Hypothesis
from hipcalc.anatomy.judging import Evidence, worth_of
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.roof import Rim, find_rim

__all__ = ["HipFit", "fit_hip"]


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
    worth : float
        Evidence for this being a hip; the best place of a picture without a hip has about 0.
    """

    hypothesis: Hypothesis
    circle: HeadCircle
    strip: PolarStrip
    rim: Rim
    worth: float


def fit_hip(picture: Pyramid, hypothesis: Hypothesis) -> HipFit:
    """Fit circle and rim around a hypothesis."""
    sign, turn = hypothesis.lateral_sign, hypothesis.turn_deg
    start = (hypothesis.row_px, hypothesis.column_px, hypothesis.radius_px)
    circle = fit_head_circle(picture, start, sign, turn)
    centre = circle.row_px, circle.column_px
    strip = polar_strip(picture, centre, circle.radius_px, sign, turn)
    rim = find_rim(strip)
    evidence = Evidence(
        joint=hypothesis.joint,
        circle_support=circle.support,
        rim_support=rim.support,
        likeness=likeness(picture, centre, circle.radius_px, sign, turn),
    )
    return HipFit(hypothesis=hypothesis, circle=circle, strip=strip, rim=rim, worth=worth_of(evidence))
