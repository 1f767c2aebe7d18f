"""The log folded: what each reader holds of each hip now, with what was undone left out."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Literal, cast

from hipcalc.review.decision import Decision, ReviewStatus
from hipcalc.review.events import Event, Role

__all__ = ["AddedFocus", "Geometry", "HipStatusRead", "Reading", "Readings", "decision_of", "in_force"]

HipStatusRead = Literal["", "read", "inadequate"]


@dataclass(frozen=True, kw_only=True)
class AddedFocus:
    """A focus that a reader saw and the detector did not mark; lengths in pixels of the file."""

    focus_id: str
    hip_id: str
    reader: str
    row_px: float
    column_px: float
    diameter_px: float


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A hip's circle and rim point as a reader corrected them, in pixels of the file."""

    head_row_px: float
    head_column_px: float
    head_radius_px: float
    rim_row_px: float
    rim_column_px: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one reader holds of one hip.

    Attributes
    ----------
    reader, hip_id : str
    role : {"reader", "adjudicator", "import", "study"}
        Of the last row.
    status : {"", "read", "inadequate"}
        Whether the reader has finished with it; empty when not.
    decisions : dict of str to Decision
        By candidate or focus id.
    foci : dict of str to AddedFocus
    geometry : Geometry or None
        None when the reader left circle and rim as they were found.
    note : str
        About the hip as a whole.
    duration_s : float
        Time that the page was looked at, up to the last row.
    last_seq : int
        Number of the reader's last row about this hip, undone ones and undoings included; 0 for none.
    """

    reader: str
    hip_id: str
    role: Role = "reader"
    status: HipStatusRead = ""
    decisions: dict[str, Decision] = field(default_factory=dict)
    foci: dict[str, AddedFocus] = field(default_factory=dict)
    geometry: Geometry | None = None
    note: str = ""
    duration_s: float = 0.0
    last_seq: int = 0

    @property
    def is_reader(self) -> bool:
        """Whether it is a reader's own, and no adjudicator's."""
        return self.role in ("reader", "import")


def in_force(events: Iterable[Event]) -> list[Event]:
    """Return the rows that were not undone, the undoing ones left out as well."""
    events = list(events)
    undone = {event.payload["of"] for event in events if event.kind == "undo"}
    return [event for event in events if event.kind != "undo" and event.seq not in undone]


class Readings:
    """The log's rows by reader and hip; takes new rows as they come.

    Attributes
    ----------
    last_seq : int
        Number of the last row taken.
    study : dict
        The study's settings as they were last written; empty when nobody did.
    """

    def __init__(self) -> None:
        self.last_seq = 0
        self._events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._kept: dict[tuple[str, str], Reading] = {}
        self._readers_of: dict[str, list[str]] = defaultdict(list)
        self._finished: dict[str, set[str]] = defaultdict(set)
        self._recent: dict[str, dict[str, None]] = defaultdict(dict)
        self.study: dict[str, object] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Add rows that follow the ones taken before."""
        for event in events:
            if event.seq <= self.last_seq:
                continue
            self.last_seq = event.seq
            if event.kind == "study":
                self.study = event.payload
                continue
            key = (event.reader, event.hip_id)
            if key not in self._events:
                self._readers_of[event.hip_id].append(event.reader)
            self._events[key].append(event)
            self._kept.pop(key, None)
            self._note_order(event)

    def _note_order(self, event: Event) -> None:
        reading = self.reading(event.reader, event.hip_id)
        finished, recent = self._finished[event.reader], self._recent[event.reader]
        (finished.add if reading.status else finished.discard)(event.hip_id)
        recent.pop(event.hip_id, None)
        recent[event.hip_id] = None

    def reading(self, reader: str, hip_id: str) -> Reading:
        """Return what a reader holds of a hip."""
        key = (reader, hip_id)
        if key not in self._events:
            return Reading(reader=reader, hip_id=hip_id)
        if key not in self._kept:
            self._kept[key] = _fold(reader, hip_id, self._events[key])
        return self._kept[key]

    def readings(self, hip_id: str) -> tuple[Reading, ...]:
        """Return every reader's reading of a hip, in the order in which they began."""
        return tuple(self.reading(reader, hip_id) for reader in self._readers_of.get(hip_id, ()))

    def hips(self) -> tuple[str, ...]:
        """Return every hip that somebody acted on."""
        return tuple(self._readers_of)

    def readers(self) -> tuple[str, ...]:
        """Return every reader, in the order in which they began."""
        return tuple(self._recent)

    def finished(self, reader: str) -> set[str]:
        """Return the hips that a reader has finished with."""
        return self._finished.get(reader, set())

    def recent(self, reader: str, count: int) -> list[str]:
        """Return the hips that a reader acted on last, the latest first."""
        return list(islice(reversed(self._recent.get(reader, {})), count))

    def acts(self, reader: str, hip_id: str) -> list[list[Event]]:
        """Return a reader's rows about a hip that hold, those of one act together, in the order of writing."""
        by_act: dict[str, list[Event]] = {}
        for event in in_force(self._events.get((reader, hip_id), ())):
            by_act.setdefault(event.payload.get("action", event.request_id), []).append(event)
        return list(by_act.values())


def _fold(reader: str, hip_id: str, events: list[Event]) -> Reading:
    valid = in_force(events)
    folding = _Folding()
    for event in valid:
        getattr(folding, f"take_{event.kind}")(event)
    return Reading(
        reader=reader,
        hip_id=hip_id,
        role=events[-1].role,
        status=folding.status,
        decisions=folding.decisions,
        foci=folding.foci,
        geometry=folding.geometry,
        note=folding.note,
        duration_s=sum(float(event.payload.get("duration_s", 0.0)) for event in events),
        last_seq=events[-1].seq,
    )


class _Folding:
    """A reading in the making: one method for each kind of row."""

    def __init__(self) -> None:
        self.status: HipStatusRead = ""
        self.decisions: dict[str, Decision] = {}
        self.foci: dict[str, AddedFocus] = {}
        self.geometry: Geometry | None = None
        self.note = ""

    def take_decision(self, event: Event) -> None:
        decision = decision_of(event)
        earlier = self.decisions.get(decision.candidate_id)
        # Imported tables may hold an older decision after a newer one.
        if earlier is None or earlier.time <= decision.time:
            self.decisions[decision.candidate_id] = decision
        self._finish(event)

    def take_focus(self, event: Event) -> None:
        values = event.payload
        focus = AddedFocus(
            focus_id=values["candidate_id"],
            hip_id=event.hip_id,
            reader=event.reader,
            row_px=values["row_px"],
            column_px=values["column_px"],
            diameter_px=values["diameter_px"],
        )
        self.foci[focus.focus_id] = focus
        self.take_decision(event)

    def take_geometry(self, event: Event) -> None:
        names = ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
        self.geometry = Geometry(**{name: event.payload[name] for name in names})

    def take_note(self, event: Event) -> None:
        self.note = event.payload["note"]

    def take_hip(self, event: Event) -> None:
        self._finish(event)

    def _finish(self, event: Event) -> None:
        self.status = cast(HipStatusRead, event.payload.get("finishes", self.status))


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
        role="adjudicator" if event.role == "adjudicator" else "reader",
    )
