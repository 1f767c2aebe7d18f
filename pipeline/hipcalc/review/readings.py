"""The log read back: the rows that hold, with what was undone left out, and the decisions in them."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from hipcalc.review.decision import Decision, ReviewStatus
from hipcalc.review.events import Event

__all__ = ["decision_of", "in_force"]


def in_force(events: Iterable[Event]) -> list[Event]:
    """Return the rows that were not undone, the undoing ones left out as well."""
    events = list(events)
    undone = {event.payload["of"] for event in events if event.kind == "undo"}
    return [event for event in events if event.kind != "undo" and event.seq not in undone]


def decision_of(event: Event) -> Decision:
    """Return the decision that a row of kind ``decision`` or ``focus`` holds."""
    values = event.payload
    return Decision(
        candidate_id=values["candidate_id"],
        status=cast(ReviewStatus, values["status"]),
        reader=event.reader,
        time=datetime.fromisoformat(values.get("decided", event.time)),
        reason=values.get("reason", ""),
        note=values.get("note", ""),
        confirmed_class=values.get("confirmed_class", ""),
    )
