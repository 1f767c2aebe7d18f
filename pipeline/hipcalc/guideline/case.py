"""A case's history, as plain values that a page or a file can show."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["HistoryEntry", "HistoryEvent"]


@dataclass(frozen=True, kw_only=True)
class HistoryEvent:
    """What became known: `name` is a column of the context table or a candidate's id, `text` says it in words."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """Where a hip was in the workflow after a visit, or after a reader's decision.

    Attributes
    ----------
    date : str
        ISO 8601; a decision's day is that of UTC. Decisions of a day come before its visit.
    kind : {"review", "visit"}
    events : tuple of HistoryEvent
        What was new; empty when a visit brought nothing new, or when the findings concerned are rejected by now.
    state, state_name : str
    weeks_of_care : float or None
        Weeks from the first visit that records conservative care as started; None before it, and for decisions.
    """

    date: str
    kind: Literal["review", "visit"]
    events: tuple[HistoryEvent, ...]
    state: str
    state_name: str
    weeks_of_care: float | None
