"""Which fits are the hips of this picture: one hip, or a pair that mirrors each other."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.fitting import HipFit
from hipcalc.anatomy.judging import worth_of_size_alone
from hipcalc.anatomy.pairs import misfit_of_pair

__all__ = ["PAIR_BONUS", "best_selection", "margin_of", "pair_misfit", "prefer_outer"]

# That two places mirror each other at all is evidence: of 119 pictures without an upright hip, one showed such a pair.
PAIR_BONUS = 5.0

# A circle inside another plausible one shares its roof, and its own contour is trabeculae: what it loses, and how much
# less than it the outer one may be worth.
NESTED_LOSS = 1.5
NESTED_REACH = 6.0
# A rival is another reading of the same place: a centre this far off, or a radius that differs by this much (log).
RIVAL_DISTANCE, RIVAL_SIZE = 0.3, 0.2
# A circle of many times the size, through pelvis or trunk, is no reading of the same head (log).
RIVAL_LARGEST = 1.1
NO_RIVAL = 6.0


def _apart_px(one: HipFit, other: HipFit) -> float:
    return math.hypot(one.circle.row_px - other.circle.row_px, one.circle.column_px - other.circle.column_px)


def _inside(inner: HipFit, outer: HipFit) -> bool:
    small, large = inner.circle.radius_px, outer.circle.radius_px
    return small < 0.85 * large and _apart_px(inner, outer) + small < 1.15 * large


def prefer_outer(fits: list[HipFit]) -> list[HipFit]:
    """Lower the worth of circles that lie inside another plausible one."""
    return [
        replace(one, worth=one.worth - NESTED_LOSS)
        if any(_inside(one, other) and other.worth > one.worth - NESTED_REACH for other in fits)
        else one
        for one in fits
    ]


def margin_of(fit: HipFit, fits: list[HipFit]) -> float:
    """How much more a fit is worth than the best other reading of the same place, at most NO_RIVAL."""
    margin = NO_RIVAL
    for other in fits:
        distance = _apart_px(fit, other)
        size = abs(math.log(other.circle.radius_px / fit.circle.radius_px))
        near = distance < 1.5 * max(fit.circle.radius_px, other.circle.radius_px) and size < RIVAL_LARGEST
        differs = (
            distance > RIVAL_DISTANCE * fit.circle.radius_px
            or size > RIVAL_SIZE
            or other.hypothesis.lateral_sign != fit.hypothesis.lateral_sign
        )
        if near and differs:
            margin = min(margin, fit.worth - other.worth)
    return margin


def _circle(fit: HipFit) -> NDArray[np.float64]:
    return np.array([fit.circle.row_px, fit.circle.column_px, fit.circle.radius_px])


def pair_misfit(image_left: HipFit, image_right: HipFit) -> float:
    """Half the squared misfit of two hips with a pelvis' mirror symmetry; infinite where it is no pelvis at all.

    A picture is turned as a whole: what looks like hips that are turned against each other is no pelvis.
    """
    left, right = image_left.hypothesis, image_right.hypothesis
    if (left.lateral_sign, right.lateral_sign) != (-1, 1) or left.turn_deg != right.turn_deg:
        return math.inf
    return float(misfit_of_pair(_circle(image_left), _circle(image_right)))


def best_selection(fits: list[HipFit], width_px: float) -> tuple[HipFit, ...]:
    """Choose the pair, or the single hip, that is worth most; a pair is given from the image's left to its right.

    Parameters
    ----------
    fits : list of HipFit
    width_px : float
        Of the picture's included part: a hip on its own fills it more than the hips of a pelvis do.
    """
    best: tuple[HipFit, ...] = ()
    best_worth = -math.inf
    for one in fits:
        alone = one.worth + worth_of_size_alone(one.circle.radius_px / width_px)
        if alone > best_worth:
            best, best_worth = (replace(one, worth=alone),), alone
        for other in fits:
            worth = one.worth + other.worth + PAIR_BONUS - pair_misfit(one, other)
            if worth > best_worth:
                best, best_worth = (one, other), worth
    return best
