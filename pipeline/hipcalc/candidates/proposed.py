"""What is worth drawing near one hip, and the spots that are drawn there."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hipcalc.candidates.blobs import blob_responses
from hipcalc.candidates.detaching import opened_level
from hipcalc.candidates.features import HipLevels, hip_levels
from hipcalc.candidates.level_lines import closed_level_lines
from hipcalc.candidates.outline import furthest_reach, measure_spot
from hipcalc.candidates.proposals import Proposals, described_places, joined, propose
from hipcalc.candidates.spots import Spot
from hipcalc.candidates.standing_out import StandingOut
from hipcalc.candidates.window import HipWindow

__all__ = ["Proposed", "draw_apart", "propose_in"]

# Spots besides, of those that stand out from what other hips explain.
MOST_STANDING_OUT = 6
# Of the larger one's diameter: spots that lie closer together are one.
APART = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposed:
    """What is worth drawing near one hip.

    Attributes
    ----------
    window : HipWindow
    detached : HipWindow
        The same with the bone taken away, soft tissue's level in its place.
    levels : HipLevels
    beyond : StandingOut
    places : Proposals
    bright : int
        So many of the places, the first, are brighter than their surround with the bone taken away; the others stand
        out from what other hips explain.
    """

    window: HipWindow
    detached: HipWindow
    levels: HipLevels
    beyond: StandingOut
    places: Proposals
    bright: int


def propose_in(window: HipWindow, beyond: StandingOut, most: int) -> Proposed:
    """Look for places worth drawing, at most so many that are brighter than their surround."""
    levels, opened = hip_levels(window), opened_level(window)
    detached = replace(window, level=window.level - opened + np.float32(levels.soft))
    scales, lines = blob_responses(detached), closed_level_lines(detached)
    bright = propose(detached, scales, lines, most)
    unexplained = described_places(beyond.places(window.zone, MOST_STANDING_OUT), scales, lines)
    return Proposed(
        window=window,
        detached=detached,
        levels=levels,
        beyond=beyond,
        places=joined(bright, unexplained),
        bright=len(bright.row),
    )


def draw_apart(proposed: Proposed, wanted: Iterable[int]) -> dict[int, Spot]:
    """Draw the spots at some of the places; without those where nothing stands out, or that lie on an earlier one.

    Two places can grow into one outline, as the arcs of a ring are one focus. Of the places not asked for, only those
    are drawn whose spots may lie on one that is.

    Parameters
    ----------
    proposed : Proposed
    wanted : iterable of int
        Which of its places.

    Returns
    -------
    dict of int to Spot
        By the number of its place, in the order asked for.
    """
    drawing = _Drawing(proposed)
    return {number: spot for number in wanted if drawing.stands(number) and (spot := drawing.spot(number)) is not None}


class _Drawing:
    """The spots drawn so far at a hip's places. Nothing refers to itself, so that it goes as soon as it is done."""

    def __init__(self, proposed: Proposed) -> None:
        places, window, beyond = proposed.places, proposed.window, proposed.beyond
        self._rows = list(zip(places.row.tolist(), places.column.tolist(), places.diameter.tolist(), strict=True))
        self._bright = proposed.bright
        self._of_bone = proposed.detached.level, window.included
        self._of_others = beyond.level + np.float32(proposed.levels.soft), window.included & beyond.known
        self._spots: dict[int, Spot | None] = {}
        self._standing: dict[int, bool] = {}

    def spot(self, number: int) -> Spot | None:
        """Return the spot at a place, None where nothing stands out."""
        if number not in self._spots:
            level, included = self._of_bone if number < self._bright else self._of_others
            self._spots[number] = measure_spot(level, included, *self._rows[number])
        return self._spots[number]

    def stands(self, number: int) -> bool:
        """Tell whether there is a spot at a place that lies on no earlier one that stands."""
        if number not in self._standing:
            spot = self.spot(number)
            self._standing[number] = spot is not None and not any(
                _may_meet(self._rows[before], spot) and _lies_on(spot, self.spot(before)) and self.stands(before)
                for before in range(number)
            )
        return self._standing[number]


def _may_meet(place: tuple[float, float, float], spot: Spot) -> bool:
    """Tell whether a spot drawn at a place may lie on another, wherever in its reach it turns out to be centred."""
    row, column, diameter = place
    reach = furthest_reach(diameter)
    return math.hypot(row - spot.row, column - spot.column) < reach + APART * max(2 * reach, spot.diameter)


def _lies_on(spot: Spot, other: Spot | None) -> bool:
    if other is None:
        return False
    apart = math.hypot(spot.row - other.row, spot.column - other.column)
    return apart < APART * max(spot.diameter, other.diameter)
