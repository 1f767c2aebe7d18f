"""A reader's way through the hips: the next ones, the one before, what is done, what can be taken back."""

from itertools import islice
from statistics import median
from typing import Any

from hipcalc.reading_room.catalogue import Catalogue
from hipcalc.reading_room.keys import Keys
from hipcalc.reading_room.queue import adjudication_queue, queue
from hipcalc.reading_room.scenes import Session
from hipcalc.reading_room.study import Study
from hipcalc.review import Event, Readings

__all__ = ["Ways"]

NEXT_HIPS = 3
RECENT_HIPS = 50
TIMED_HIPS = 25


class Ways:
    """The ways of all readers through a catalogue.

    Parameters
    ----------
    catalogue : Catalogue
    readings : Readings
        Kept up to date by its owner.
    keys : Keys
    study : Study
    """

    def __init__(self, catalogue: Catalogue, readings: Readings, keys: Keys, study: Study) -> None:
        self._catalogue = catalogue
        self._readings = readings
        self._keys = keys
        self._study = study
        self._orders: dict[Session, list[str]] = {}
        self._places: dict[Session, dict[str, int]] = {}

    def draw(self, session: Session) -> None:
        """Set the order of a session that begins: disagreements may have come up since an adjudicator's last one."""
        plan = adjudication_queue if session.role == "adjudicator" else queue
        order = plan(self._study, session.reader, self._catalogue.hips, self._readings)
        self._orders[session] = order
        self._places[session] = {hip_id: place for place, hip_id in enumerate(order)}

    def leads_to(self, session: Session, hip_id: str) -> bool:
        """Tell whether a hip is on a reader's way."""
        return hip_id in self._places[session]

    def next_hips(self, session: Session, here: str | None) -> list[str]:
        """Return the next hips that are open, from one onwards and then from the beginning."""
        order, finished = self._orders[session], self._readings.finished(session.reader)
        at = -1 if here is None else self._places[session].get(here, -1)
        ahead = (order[(at + step) % len(order)] for step in range(1, len(order) + (at < 0)))
        return list(islice((hip for hip in ahead if hip not in finished), NEXT_HIPS))

    def way(self, session: Session, here: str | None) -> dict[str, Any]:
        """Return where to go from a hip, and how much is done."""
        order, finished = self._orders[session], self._readings.finished(session.reader)
        at = -1 if here is None else self._places[session].get(here, -1)
        last = self.last_act(session)
        times = [
            reading.duration_s
            for hip in self._readings.recent(session.reader, TIMED_HIPS)
            if (reading := self._readings.reading(session.reader, hip)).status
        ]
        return {
            "done": len(finished.intersection(self._places[session])),
            "total": len(order),
            "next": [self._keys.give("hip", hip) for hip in self.next_hips(session, here)],
            "previous": self._keys.give("hip", order[at - 1]) if at > 0 else None,
            "median_s": round(median(times), 1) if times else None,
            "last_act": None if last is None else {"hip": self._keys.give("hip", last[-1].hip_id), "seq": last[-1].seq},
        }

    def last_act(self, session: Session) -> list[Event] | None:
        """Return the rows of the last thing that a reader did and has not taken back."""
        acts = [
            act
            for hip in self._readings.recent(session.reader, RECENT_HIPS)
            for act in self._readings.acts(session.reader, hip)[-1:]
            if act[-1].role == session.role
        ]
        return max(acts, key=lambda act: act[-1].seq, default=None)
