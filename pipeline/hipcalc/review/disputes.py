"""Where readers of one hip disagree, and which added foci of several readers are one focus."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hipcalc.review.decision import Decision
from hipcalc.review.readings import AddedFocus, Reading
from hipcalc.review.standing import disagree

__all__ = ["NEAR_HEAD_RADII", "Disputes", "disputes_of", "group_foci", "kept_foci"]

# Two marks are of one focus when one lies within the other, or this close to it: as in the FROC's matching.
NEAR_HEAD_RADII = 0.08


@dataclass(frozen=True, kw_only=True)
class Disputes:
    """What the readers of one hip do not agree upon.

    Attributes
    ----------
    candidates : tuple of str
        Ids of candidates that they judge differently: in status, or in class where both named one.
    foci : tuple of AddedFocus
        Foci that one reader added and another, who finished the hip, did not.
    adequacy : bool
        Whether one holds the image inadequate and another read it.
    """

    candidates: tuple[str, ...]
    foci: tuple[AddedFocus, ...]
    adequacy: bool

    def __bool__(self) -> bool:
        return bool(self.candidates or self.foci or self.adequacy)


def group_foci(foci: Iterable[AddedFocus], head_radius_px: float) -> list[list[AddedFocus]]:
    """Group the added foci of one hip that mark the same place, one of each reader at most.

    A focus joins the nearest group whose first focus is no further away than the larger of the two radii, or 0.08 head
    radii where that is more.

    Parameters
    ----------
    foci : iterable of AddedFocus
        Of one hip, in the order in which groups are begun.
    head_radius_px : float
        NaN when it is not known: then only the foci's own radii count.

    Returns
    -------
    list of list of AddedFocus
    """
    groups: list[list[AddedFocus]] = []
    near = NEAR_HEAD_RADII * head_radius_px if math.isfinite(head_radius_px) else 0.0
    for focus in foci:
        fitting = [
            (distance, number)
            for number, group in enumerate(groups)
            if all(other.reader != focus.reader for other in group)
            and (distance := _distance(focus, group[0])) <= max(near, focus.diameter_px / 2, group[0].diameter_px / 2)
        ]
        if fitting:
            groups[min(fitting)[1]].append(focus)
        else:
            groups.append([focus])
    return groups


def disputes_of(readings: Sequence[Reading], head_radius_px: float) -> Disputes:
    """Compare what readers hold of one hip.

    Parameters
    ----------
    readings : sequence of Reading
        All of one hip; the ones of readers (not of adjudicators) who finished it count.
    head_radius_px : float

    Returns
    -------
    Disputes
        Empty with fewer than two such readings.
    """
    done = [reading for reading in readings if reading.is_reader and reading.status]
    read = [reading for reading in done if reading.status == "read"]
    if len(done) < 2:
        return Disputes(candidates=(), foci=(), adequacy=False)
    groups = group_foci((focus for reading in read for focus in kept_foci(reading)), head_radius_px)
    return Disputes(
        candidates=_disputed_candidates(read),
        foci=tuple(group[0] for group in groups if len(group) < len(read)) if len(read) > 1 else (),
        adequacy=len(read) not in (0, len(done)),
    )


def kept_foci(reading: Reading) -> list[AddedFocus]:
    """Return the foci that a reader added and still stands by."""
    return [
        focus
        for focus in reading.foci.values()
        if focus.focus_id not in reading.decisions or reading.decisions[focus.focus_id].status == "confirmed"
    ]


def _disputed_candidates(read: Sequence[Reading]) -> tuple[str, ...]:
    said: dict[str, list[Decision]] = defaultdict(list)
    for reading in read:
        for candidate_id, decision in reading.decisions.items():
            if candidate_id not in reading.foci and decision.status != "unreviewed":
                said[candidate_id].append(decision)
    return tuple(
        candidate_id
        for candidate_id, decisions in said.items()
        if disagree(decisions, is_silent=len(decisions) < len(read))
    )


def _distance(one: AddedFocus, other: AddedFocus) -> float:
    return math.hypot(one.row_px - other.row_px, one.column_px - other.column_px)
