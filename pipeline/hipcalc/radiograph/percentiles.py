"""Percentiles of many pixels."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["percentiles"]

# Of so many values it is worth while to sort those alone that lie around what is looked for, by a sample of so many.
_MANY, _SAMPLE = 20_000, 5_000
# How far around in per cent of the values, with room for chance, several times what a sample errs by: at either end of
# them, more for each per cent inwards, and at most.
_LEAST_ROOM, _MORE_ROOM, _MOST_ROOM = 0.5, 0.3, 3.5


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
    if flat.size >= _MANY:
        sample = np.sort(flat[:: flat.size // _SAMPLE])
        found = [_in_between(flat, share, sample) for share in shares]
        known = [one for one in found if one is not None]
        if len(known) == len(found):
            return tuple(known)
    ordered = np.sort(flat)
    return tuple(_at(ordered, share / 100 * (flat.size - 1)) for share in shares)


def _in_between(flat: NDArray[Any], share: float, sample: NDArray[Any]) -> float | None:
    """Return a percentile by sorting the values around it in a sorted sample; None where those do not hold it."""
    place, middle = share / 100 * (flat.size - 1), share / 100 * (sample.size - 1)
    room = min(_LEAST_ROOM + _MORE_ROOM * min(share, 100 - share), _MOST_ROOM) / 100 * sample.size
    first, last = math.floor(middle - room), math.ceil(middle + room)
    within, before = np.ones(flat.size, np.bool_), 0
    if last < sample.size - 1:
        within = flat <= sample[last]
    if first > 0:
        above = flat >= sample[first]
        before = flat.size - int(np.count_nonzero(above))
        within &= above
    # To look up where they are takes half of the time that it takes to look at each.
    ordered = np.sort(flat[np.flatnonzero(within)])
    end = before + ordered.size
    return _at(ordered, place, before) if before <= int(place) and (int(place) + 1 < end or end == flat.size) else None


def _at(ordered: NDArray[Any], place: float, before: int = 0) -> float:
    """Return the value at a place, between two values if it is no whole one, where so many values are left out."""
    below = int(place)
    step = place - below
    low, high = ordered[below - before], ordered[min(below - before + 1, ordered.size - 1)]
    # From the nearer end, so that the value at a whole place is exact; the difference is rounded as the values are.
    gap = float(high - low)
    return float(low) + gap * step if step < 0.5 else float(high) - gap * (1 - step)
