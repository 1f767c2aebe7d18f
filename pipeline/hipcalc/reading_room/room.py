"""The room: who reads what, what each reader is shown, and how an act becomes rows of the log."""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from hipcalc.anatomy import HipFrame
from hipcalc.errors import UsageError
from hipcalc.findings import Finding
from hipcalc.reading_room import showing
from hipcalc.reading_room.acting import Scene, drafts_of, undo_drafts
from hipcalc.reading_room.catalogue import Catalogue, HipEntry
from hipcalc.reading_room.geometry import corrected, frame_of
from hipcalc.reading_room.keys import Keys
from hipcalc.reading_room.order import reading_order
from hipcalc.reading_room.pixels import Pixels, PixelStore
from hipcalc.reading_room.requests import Act, BadRequestError, parse_act, parse_entry
from hipcalc.report import FileRecord
from hipcalc.report.words import side_name, view_name
from hipcalc.review import BehindError, Draft, Event, Readings, Role, open_log

__all__ = ["Room", "Session", "StaleError", "UnknownError"]

NEXT_HIPS = 3
# Another program may write to the log between our look and our rows; more often than this is no accident.
TRIES = 20
RECENT_HIPS = 50
TIMED_HIPS = 25


class StaleError(UsageError):
    """The reader acted on this hip elsewhere since the page was told of it; nothing was written."""


class UnknownError(UsageError):
    """A key or a session that this server never gave."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One page that is open: whose it is, and in which part."""

    reader: str
    role: Role


class Room:
    """The reading room of one results folder; several threads may use it.

    Parameters
    ----------
    folder : Path
        What ``hipcalc screen`` wrote.
    reader : str, optional
        The only one who may read here; anybody who gives a name when not given.

    Raises
    ------
    UsageError
        If the folder holds no results that can be read, or its log is damaged.
    """

    def __init__(self, folder: Path, *, reader: str | None = None) -> None:
        self.catalogue = Catalogue(folder)
        self.pixels = PixelStore()
        self.blind: tuple[str, ...] = ("readers",)
        self._only = reader
        self._keys = Keys(secrets.token_bytes(32))
        self._lock = threading.Lock()
        self._log = open_log(folder)
        self._readings = Readings()
        self._sessions: dict[str, Session] = {}
        self._orders: dict[Session, list[str]] = {}
        self._sync()

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def reader(self) -> str:
        """The only reader's name; empty when anybody may read."""
        return self._only or ""

    # Sessions

    def enter(self, body: Any) -> dict[str, Any]:
        """Begin a session and tell where the reader is to go on.

        Raises
        ------
        BadRequestError
            If name or part are not what they may be.
        """
        reader, role = parse_entry(body)
        if self._only is not None and reader != self._only:
            raise BadRequestError(f"This room was opened for {self._only} alone; ask for one of your own.")
        session, name = Session(reader=reader, role=role), secrets.token_urlsafe(24)
        with self._lock:
            self._sync()
            self._sessions[name] = session
            return {
                "session": name,
                "reader": reader,
                "role": role,
                "classes": showing.CLASSES,
                "sectors": showing.sector_values(),
                "way": self._way(session, None),
            }

    def session(self, name: str) -> Session:
        """Return a session by its name.

        Raises
        ------
        UnknownError
            If there is none.
        """
        found = self._sessions.get(name)
        if found is None:
            raise UnknownError("This page's session has ended; reload the page.")
        return found

    # What is shown

    def image(self, key: str) -> Pixels:
        """Return the grey levels of an image.

        Raises
        ------
        UnknownError
            If no hip that was shown has it.
        HipcalcError
            If the file is missing, unreadable or another one by now.
        """
        hip_id = self._keys.meaning("image", key)
        if hip_id is None:
            raise UnknownError("There is no such image.")
        hip = self.catalogue[hip_id]
        record = self.catalogue.record(hip.image_id, hip.path)
        return self.pixels.get(hip.path, record.image.sha256)

    def hip(self, session: Session, key: str) -> dict[str, Any]:
        """Return everything that the page shows of one hip.

        Raises
        ------
        UnknownError
            If the reader was never led there.
        UsageError
            If the results do not hold it.
        """
        hip = self.catalogue[self._hip_id(key)]
        with self._lock:
            self._sync()
            return self._shown(session, hip)

    def act(self, session: Session, body: Any) -> dict[str, Any]:
        """Record one act of a reader; when this returns it is on the disk.

        Raises
        ------
        BadRequestError
            If it is no act, or not one that this hip allows.
        StaleError
            If the reader acted on the hip elsewhere meanwhile.
        OutputError
            If it cannot be written.
        """
        act = parse_act(body)
        hip = self.catalogue[self._hip_id(act.hip)]
        with self._lock:
            for _ in range(TRIES):
                self._sync()
                drafts = None if self._log.holds(f"{act.request}-0") else self._drafts(session, hip, act)
                try:
                    if drafts is not None:
                        self._readings.take(self._log.append(drafts, follows=self._readings.last_seq))
                    return self._shown(session, hip)
                except BehindError:
                    continue
        raise StaleError("The log is being written by something else all the time; nothing was recorded: try again.")

    def _sync(self) -> None:
        self._readings.take(self._log.events(after=self._readings.last_seq))

    def _hip_id(self, key: str) -> str:
        hip_id = self._keys.meaning("hip", key)
        if hip_id is None:
            raise UnknownError("There is no such hip.")
        return hip_id

    def _drafts(self, session: Session, hip: HipEntry, act: Act) -> list[Draft]:
        scene = self._scene(session, hip)
        if act.kind == "undo":
            last = self._last_act(session)
            if last is None or last[-1].hip_id != hip.hip_id or last[-1].seq != act.seen:
                raise StaleError("This is no longer the last thing that you did; nothing was taken back.")
            return undo_drafts(act, scene, last)
        if scene.reading.last_seq != act.seen:
            raise StaleError(
                "You went on with this hip in another tab; nothing was recorded, and this is how it is now."
            )
        mark_id = ""
        if act.kind == "decide":
            mark_id = self._keys.meaning("mark", act.values["mark"]) or ""
            if self._mark_keys(session, scene).get(mark_id) != act.values["mark"]:
                raise BadRequestError("There is no such mark in this hip.")
        return drafts_of(act, scene, mark_id)

    def _scene(self, session: Session, hip: HipEntry) -> Scene:
        record, _, _, candidates = self.catalogue.parts(hip)
        frame = self._frame(hip)
        return Scene(
            reader=session.reader,
            role=session.role,
            hip_id=hip.hip_id,
            frame=frame,
            spacing_mm=record.image.spacing_mm,
            shape=(record.image.rows or 0, record.image.columns or 0),
            candidates=self._asked(session, hip, frame, candidates),
            reading=self._readings.reading(session.reader, hip.hip_id),
            common={
                "detector": self.catalogue.detector,
                "image_sha256": record.image.sha256,
                "blind": list(self.blind),
            },
        )

    def _frame(self, hip: HipEntry) -> HipFrame:
        record, row, number, _ = self.catalogue.parts(hip)
        return frame_of(row, record.shapes[number])

    def _asked(
        self, session: Session, hip: HipEntry, frame: HipFrame, candidates: Sequence[Finding]
    ) -> tuple[Finding, ...]:
        """Return the marks that a reader is asked about: those at the operating point, and any decided before."""
        decided = self._readings.reading(session.reader, hip.hip_id).decisions
        return showing.order_by_place(
            frame, (mark for mark in candidates if mark.finding or mark.candidate_id in decided)
        )

    def _mark_keys(self, session: Session, scene: Scene) -> dict[str, str]:
        marks = [*(mark.candidate_id for mark in scene.candidates), *scene.reading.foci]
        return {mark: self._keys.give("mark", mark, to=session.reader) for mark in marks}

    def _shown(self, session: Session, hip: HipEntry) -> dict[str, Any]:
        record, row, _, _ = self.catalogue.parts(hip)
        scene = self._scene(session, hip)
        frame = corrected(scene.frame, scene.reading.geometry)
        keys = self._mark_keys(session, scene)
        scores = "score" not in self.blind
        marks = [showing.mark_values(mark, keys[mark.candidate_id], frame, scores=scores) for mark in scene.candidates]
        marks += [
            showing.focus_values(focus, keys[focus.focus_id], frame, scene.spacing_mm)
            for focus in scene.reading.foci.values()
        ]
        return {
            "hip": self._keys.give("hip", hip.hip_id),
            "title": f"{side_name(hip.side)} hip" if hip.side in ("R", "L") else "Hip, side unknown",
            "view": view_name(record.image.view),
            "trust": "" if row.status == "located" else row.status,
            "name": "" if "names" in self.blind else Path(hip.path).name,
            "spacing_mm": scene.spacing_mm,
            "roof": [[x, y] for y, x in self._roof(hip)],
            "marks": marks,
            "reading": showing.reading_values(scene.reading, keys),
            "way": self._way(session, hip.hip_id),
            **self._image_values(hip, frame),
            "others": [
                self._pane(other, "other hip") for other in self.catalogue.of_image(hip.image_id) if other != hip
            ],
            "priors": [
                self._pane(prior.hip, f"{prior.days} days earlier") for prior in self.catalogue.priors(hip.hip_id)
            ],
        }

    def _roof(self, hip: HipEntry) -> Sequence[tuple[float, float]]:
        record, _, number, _ = self.catalogue.parts(hip)
        return record.shapes[number].roof_contour_px

    def _pane(self, hip: HipEntry, words: str) -> dict[str, Any]:
        """Return what a second pane needs of a hip that is shown for comparison."""
        return {"words": words, **self._image_values(hip, self._frame(hip))}

    def _image_values(self, hip: HipEntry, frame: HipFrame) -> dict[str, Any]:
        record: FileRecord = self.catalogue.record(hip.image_id, hip.path)
        first = self.catalogue.of_image(hip.image_id)[0]
        return {
            "image": self._keys.give("image", first.hip_id),
            "rows": record.image.rows,
            "columns": record.image.columns,
            "frame": showing.frame_values(frame),
        }

    # The way through the hips

    def _order(self, session: Session) -> list[str]:
        if session not in self._orders:
            self._orders[session] = reading_order(1, session.reader, [hip.hip_id for hip in self.catalogue.hips])
        return self._orders[session]

    def _way(self, session: Session, here: str | None) -> dict[str, Any]:
        """Return where to go from one hip: the next open ones, the one before, how much is done."""
        order = self._order(session)
        finished = self._readings.finished(session.reader)
        at = order.index(here) if here in order else -1
        ahead = (hip for hip in (*order[at + 1 :], *order[: max(at, 0)]) if hip not in finished)
        last = self._last_act(session)
        times = [
            reading.duration_s
            for hip in self._readings.recent(session.reader, TIMED_HIPS)
            if (reading := self._readings.reading(session.reader, hip)).status
        ]
        return {
            "done": sum(hip in finished for hip in order),
            "total": len(order),
            "place": at + 1,
            "next": [self._keys.give("hip", hip) for hip, _ in zip(ahead, range(NEXT_HIPS), strict=False)],
            "previous": self._keys.give("hip", order[at - 1]) if at > 0 else None,
            "median_s": round(median(times), 1) if times else None,
            "last_act": None if last is None else {"hip": self._keys.give("hip", last[-1].hip_id), "seq": last[-1].seq},
        }

    def _last_act(self, session: Session) -> list[Event] | None:
        """Return the rows of the last thing that the reader did and has not taken back."""
        acts = [
            act
            for hip in self._readings.recent(session.reader, RECENT_HIPS)
            for act in self._readings.acts(session.reader, hip)[-1:]
            if act[-1].role == session.role
        ]
        return max(acts, key=lambda act: act[-1].seq, default=None)
