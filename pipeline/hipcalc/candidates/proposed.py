"""What is worth drawing near one hip, and the spots that are drawn there."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

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
    places, window, beyond = proposed.places, proposed.window, proposed.beyond
    rows = list(zip(places.row.tolist(), places.column.tolist(), places.diameter.tolist(), strict=True))
    of_bone = proposed.detached.level, window.included
    of_others = beyond.level + np.float32(proposed.levels.soft), window.included & beyond.known

    @cache
    def drawn(number: int) -> Spot | None:
        level, included = of_bone if number < proposed.bright else of_others
        return measure_spot(level, included, *rows[number])

    @cache
    def stands(number: int) -> bool:
        spot = drawn(number)
        return spot is not None and not any(
            _may_meet(rows[before], spot) and _lies_on(spot, drawn(before)) and stands(before)
            for before in range(number)
        )

    return {number: spot for number in wanted if stands(number) and (spot := drawn(number)) is not None}


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
