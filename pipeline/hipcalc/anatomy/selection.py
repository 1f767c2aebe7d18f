"""Which hypotheses are the hips of this picture: one hip, or a pair that mirrors each other."""

import math

from hipcalc.anatomy.hypotheses import Hypothesis

__all__ = ["WORTH", "best_selection"]

# Score that the best place of a picture without a hip reaches: what a hypothesis says counts from here.
WORTH = 10.5
# Two hips of one pelvis: mean and spread of the distance between heads, and spreads of height and log radius.
HEAD_DISTANCE, DISTANCE_SPREAD = 7.7, 0.8
HEIGHT_SPREAD = 0.5
SIZE_SPREAD = 0.08
FARTHEST_SPREADS = 3.5


def _misfit(image_left: Hypothesis, image_right: Hypothesis) -> float:
    """Squared misfit of two hips with the mirror symmetry of a pelvis; infinite where it is no pelvis at all."""
    size = math.sqrt(image_left.radius_px * image_right.radius_px)
    turn = math.radians(0.5 * (image_left.turn_deg + image_right.turn_deg))
    right = (image_right.column_px - image_left.column_px) / size
    down = (image_right.row_px - image_left.row_px) / size
    terms = (
        (right * math.cos(turn) + down * math.sin(turn) - HEAD_DISTANCE) / DISTANCE_SPREAD,
        (down * math.cos(turn) - right * math.sin(turn)) / HEIGHT_SPREAD,
        math.log(image_right.radius_px / image_left.radius_px) / SIZE_SPREAD,
    )
    if image_left.turn_deg != image_right.turn_deg or max(abs(term) for term in terms) > FARTHEST_SPREADS:
        return math.inf
    return sum(term**2 for term in terms)


def _place_prior(hypothesis: Hypothesis, smallest_px: float) -> float:
    """Log of how many fewer places a picture offers to a hip of this size than to the smallest."""
    return 2.0 * math.log(hypothesis.radius_px / smallest_px)


def best_selection(hypotheses: list[Hypothesis], smallest_px: float) -> tuple[tuple[Hypothesis, ...], float]:
    """Choose the pair, or the single hip, that is worth most; return it with its worth.

    Parameters
    ----------
    hypotheses : list of Hypothesis
        After the fine search.
    smallest_px : float
        Smallest head radius that was tried.
    """
    best: tuple[tuple[Hypothesis, ...], float] = ((), -math.inf)
    for one in hypotheses:
        alone = one.score - WORTH + 0.5 * _place_prior(one, smallest_px)
        if alone > best[1]:
            best = ((one,), alone)
        for other in hypotheses:
            if one.lateral_sign != -1 or other.lateral_sign != 1:
                continue
            worth = one.score + other.score - 2 * WORTH - 0.5 * _misfit(one, other)
            worth += 0.5 * (_place_prior(one, smallest_px) + _place_prior(other, smallest_px))
            if worth > best[1]:
                best = ((one, other), worth)
    return best
