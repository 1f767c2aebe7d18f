"""Which fits are the hips of this picture: one hip, or a pair that mirrors each other."""

import math

from hipcalc.anatomy.fitting import HipFit

__all__ = ["best_selection", "pair_misfit"]

# Two hips of one pelvis: mean and spread of the distance between heads, and spreads of height and log radius.
HEAD_DISTANCE, DISTANCE_SPREAD = 7.7, 0.8
HEIGHT_SPREAD = 0.5
SIZE_SPREAD = 0.08
FARTHEST_SPREADS = 3.5


def pair_misfit(image_left: HipFit, image_right: HipFit) -> float:
    """Half the squared misfit of two hips with a pelvis' mirror symmetry; infinite where it is no pelvis at all."""
    left, right = image_left.circle, image_right.circle
    size = math.sqrt(left.radius_px * right.radius_px)
    turn = math.radians(image_left.hypothesis.turn_deg)
    across = (right.column_px - left.column_px) / size
    down = (right.row_px - left.row_px) / size
    terms = (
        (across * math.cos(turn) + down * math.sin(turn) - HEAD_DISTANCE) / DISTANCE_SPREAD,
        (down * math.cos(turn) - across * math.sin(turn)) / HEIGHT_SPREAD,
        math.log(right.radius_px / left.radius_px) / SIZE_SPREAD,
    )
    sides = image_left.hypothesis.lateral_sign, image_right.hypothesis.lateral_sign
    if sides != (-1, 1) or max(abs(term) for term in terms) > FARTHEST_SPREADS:
        return math.inf
    return 0.5 * sum(term**2 for term in terms)


def best_selection(fits: list[HipFit]) -> tuple[HipFit, ...]:
    """Choose the pair, or the single hip, that is worth most; a pair is given from the image's left to its right."""
    best: tuple[HipFit, ...] = ()
    best_worth = -math.inf
    for one in fits:
        if one.worth > best_worth:
            best, best_worth = (one,), one.worth
        for other in fits:
            worth = one.worth + other.worth - pair_misfit(one, other)
            if worth > best_worth:
                best, best_worth = (one, other), worth
    return best
