"""What two hips of one pelvis owe each other: mirror symmetry, one size, a usual distance."""

import math

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.hypotheses import Hypothesis

__all__ = ["HEAD_DISTANCE", "mirrored_pairs", "misfit_of_pair"]

# Mean and spread of the distance between heads, and spreads of height (pelves lie and are turned by up to 15 degrees)
# and log radius, in head radii.
HEAD_DISTANCE, DISTANCE_SPREAD = 7.7, 0.8
HEIGHT_SPREAD = 0.9
SIZE_SPREAD = 0.08
FARTHEST_SPREADS = 3.5
# Hypotheses come in steps of size, and are moved later: their pairs may differ more.
COARSE_SIZE_SPREAD = 0.12
# What a coarse pair loses by its misfit, of which most is the hypotheses' own coarseness.
COARSE_MISFIT_WEIGHT = 0.3

Circles = NDArray[np.float64]


def misfit_of_pair(
    image_left: Circles, image_right: Circles, *, size_spread: float = SIZE_SPREAD
) -> NDArray[np.float64]:
    """Half the squared misfit of pairs of heads with a pelvis' mirror symmetry; infinite where it is no pelvis at all.

    Parameters
    ----------
    image_left, image_right : ndarray of float64, shape (..., 3)
        Row, column and radius; they broadcast.
    size_spread : float
        Of the log ratio of the radii.
    """
    size = np.sqrt(image_left[..., 2] * image_right[..., 2])
    across = (image_right[..., 1] - image_left[..., 1]) / size
    down = (image_right[..., 0] - image_left[..., 0]) / size
    spreads = np.stack(
        [
            (np.hypot(across, down) - HEAD_DISTANCE) / DISTANCE_SPREAD,
            down / HEIGHT_SPREAD,
            np.log(image_right[..., 2] / image_left[..., 2]) / size_spread,
        ]
    )
    impossible = (across < 0) | (np.abs(spreads).max(axis=0) > FARTHEST_SPREADS)
    return np.asarray(np.where(impossible, np.inf, 0.5 * (spreads**2).sum(axis=0)))


def _circles(hypotheses: list[Hypothesis]) -> Circles:
    return np.array([(one.row_px, one.column_px, one.radius_px) for one in hypotheses]).reshape(-1, 3)


def mirrored_pairs(found: list[Hypothesis], limit: int) -> list[tuple[Hypothesis, Hypothesis]]:
    """List the pairs of hypotheses that make the likeliest pelves, best first, no two of them nearly the same.

    One hip of a pelvis may look like many places; that its mirrored place looks like a hip, too, is seldom chance.
    """
    left, right = ([one for one in found if one.lateral_sign == sign] for sign in (-1, 1))
    if not left or not right:
        return []
    misfit = misfit_of_pair(_circles(left)[:, None], _circles(right)[None], size_spread=COARSE_SIZE_SPREAD)
    context = np.array([one.context for one in left])[:, None] + np.array([one.context for one in right])
    worth = context - COARSE_MISFIT_WEIGHT * misfit
    pairs: list[tuple[Hypothesis, Hypothesis]] = []
    for index in np.argsort(-worth, axis=None, kind="stable"):
        row, column = divmod(int(index), len(right))
        if len(pairs) == limit or not math.isfinite(worth[row, column]):
            break
        pair = (left[row], right[column])
        if not any(all(map(_near, pair, other)) for other in pairs):
            pairs.append(pair)
    return pairs


def _near(one: Hypothesis, other: Hypothesis) -> bool:
    distance = math.hypot(one.row_px - other.row_px, one.column_px - other.column_px)
    return distance < 0.4 * max(one.radius_px, other.radius_px)
