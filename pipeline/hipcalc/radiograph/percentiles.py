"""Percentiles of many pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["percentiles"]

# Of so many values it is worth while to sort the outermost alone, if all shares are so close to either end.
_MANY = 50_000
_OUTERMOST = 3.0
_SAMPLE = 5_000


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
    flat = values.reshape(-1)
    if flat.size >= _MANY and all(min(share, 100 - share) <= _OUTERMOST for share in shares):
        sample = np.sort(flat[:: flat.size // _SAMPLE])
        found = [_near_an_end(flat, share, sample) for share in shares]
        known = [one for one in found if one is not None]
        if len(known) == len(found):
            return tuple(known)
    ordered = np.sort(flat)
    return tuple(_at(ordered, share / 100 * (flat.size - 1)) for share in shares)


def _near_an_end(flat: NDArray[Any], share: float, sample: NDArray[Any]) -> float | None:
    """Return a percentile by sorting the values beyond one of a sorted sample; None where those are too few."""
    # With room for chance, several times what a sample errs by.
    room = round((1.3 * min(share, 100 - share) + 0.5) / 100 * sample.size)
    place = share / 100 * (flat.size - 1)
    if share < 50:
        tail = np.sort(flat[np.flatnonzero(flat <= sample[room])])
        return _at(tail, place) if int(place) + 1 < tail.size else None
    tail = np.sort(flat[np.flatnonzero(flat >= sample[-1 - room])])
    before = flat.size - tail.size
    return _at(tail, place, before) if int(place) >= before else None


def _at(ordered: NDArray[Any], place: float, before: int = 0) -> float:
    """Return the value at a place, between two values if it is no whole one, where so many values are left out."""
    below = int(place)
    step = place - below
    low, high = ordered[below - before], ordered[min(below - before + 1, ordered.size - 1)]
    # From the nearer end, so that the value at a whole place is exact; the difference is rounded as the values are.
    gap = float(high - low)
    return float(low) + gap * step if step < 0.5 else float(high) - gap * (1 - step)
