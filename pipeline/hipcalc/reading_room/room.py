"""The room: who reads, what is asked, and how an act becomes rows of the log."""

import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from hipcalc.errors import HipcalcError, UsageError
from hipcalc.reading_room import showing
from hipcalc.reading_room.acting import drafts_of, undo_drafts
from hipcalc.reading_room.catalogue import Catalogue, HipEntry
from hipcalc.reading_room.keys import Keys
from hipcalc.reading_room.pixels import Pixels, PixelStore
from hipcalc.reading_room.requests import Act, BadRequestError, parse_act, parse_entry
from hipcalc.reading_room.scenes import Scenes, Session
from hipcalc.reading_room.study import STUDY_FILE, Study, check_change, load_study
from hipcalc.reading_room.training import TrueFocus
from hipcalc.reading_room.ways import Ways
from hipcalc.review import BehindError, Draft, Readings, open_log

__all__ = ["Room", "StaleError", "UnknownError"]

# Another program may write to the log between our look and our rows; more often than this is no accident.
TRIES = 20
# Without a study, readers see what the detector thinks of its marks, and the files' names, but never each other.
USUAL_BLINDING = ("readers",)


class StaleError(UsageError):
    """The reader acted on this hip elsewhere since the page was told of it; nothing was written."""


class UnknownError(UsageError):
    """A key or a session that this server never gave."""


class Room:
    """The reading room of one results folder; several threads may use it.

    Parameters
    ----------
    folder : Path
        What ``hipcalc screen`` wrote, with the study in it where there is one.
    reader : str, optional
        The only one who may read here; anybody who gives a name when not given.
    truth : dict, optional
        In training, the true foci by hip id: what a reader made of a hip is told when it is done.

    Raises
    ------
    UsageError
        If the folder holds no results that can be read, its log is damaged, or its study is not the one begun.
    """

    def __init__(
        self, folder: Path, *, reader: str | None = None, truth: dict[str, tuple[TrueFocus, ...]] | None = None
    ) -> None:
        self.catalogue = Catalogue(folder)
        self.pixels = PixelStore()
        self._only = reader
        self._training = truth is not None
        self._keys = Keys(secrets.token_bytes(32))
        self._lock = threading.Lock()
        self._readings = Readings()
        self._sessions: dict[str, Session] = {}
        self._log = open_log(folder)
        try:
            self._sync()
            self._study = self._begun_study(folder)
        except BaseException:
            self._log.close()
            raise
        blind = self._study.blind if (folder / STUDY_FILE).exists() else USUAL_BLINDING
        self._ways = Ways(self.catalogue, self._readings, self._keys, self._study)
        self._scenes = Scenes(self.catalogue, self._readings, self._keys, blind=blind, truth=truth)

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def ensure_writable(self) -> None:
        """Raise OutputError if no decision could be recorded."""
        self._log.ensure_writable()

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def reader(self) -> str:
        """The only reader's name; empty when anybody may read."""
        return self._only or ""

    def warm_up(self) -> None:
        """Read one image ahead of the first reader, in the background: the first of all is slow to read."""
        hip_ids = [hip.hip_id for hip in self.catalogue.hips]
        with self._lock:
            if self._only is not None:
                hip_ids = self._ways.next_hips(self._drawn(Session(reader=self._only, role="reader")), None) or hip_ids
        self._read_ahead(hip_ids[0])

    def _read_ahead(self, hip_id: str) -> None:
        def read() -> None:
            # What is wrong with it is said when it is asked for.
            with suppress(HipcalcError):
                self._pixels_of(self.catalogue[hip_id])

        threading.Thread(target=read, daemon=True).start()

    # Sessions

    def _drawn(self, session: Session) -> Session:
        self._ways.draw(session)
        return session

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
        if role == "reader" and not self._study.may_read(reader):
            raise BadRequestError(f"{reader} is not among the readers of this study; give the name that its plan has.")
        if role == "adjudicator" and not self._study.may_adjudicate(reader):
            raise BadRequestError(f"{reader} is not the one who settles differences in this study.")
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._sync()
            session = self._drawn(Session(reader=reader, role=role))
            self._sessions[name] = session
            for hip_id in self._ways.next_hips(session, None)[:1]:
                self._read_ahead(hip_id)
            return {
                "session": name,
                "reader": reader,
                "role": role,
                "training": self._training,
                "classes": showing.CLASSES,
                "sectors": showing.sector_values(),
                "way": self._ways.way(session, None),
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
        try:
            return self._pixels_of(hip)
        except HipcalcError as error:
            raise type(error)(self._scenes.complaint(hip, error)) from error

    def _pixels_of(self, hip: HipEntry) -> Pixels:
        return self.pixels.get(hip.path, self.catalogue.record(hip.image_id, hip.path).image.sha256)

    def hip(self, session: Session, key: str) -> dict[str, Any]:
        """Return everything that the page shows of one hip; in `trouble` why it cannot be shown, if so.

        Raises
        ------
        UnknownError
            If it is not on the reader's way.
        """
        with self._lock:
            hip = self._found(session, key)
            self._sync()
            return self._shown(session, hip)

    def act(self, session: Session, body: Any) -> dict[str, Any]:
        """Record one act of a reader; when this returns it is on the disk.

        Returns
        -------
        dict
            The hip as it is now, and in `following` the next one when this act finished it.

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
        with self._lock:
            hip = self._found(session, act.hip)
            self._record(session, hip, act)
            shown = self._shown(session, hip)
            if act.values.get("finishes"):
                ahead = self._ways.next_hips(session, hip.hip_id)[:1]
                shown["following"] = [self._shown(session, self.catalogue[hip_id]) for hip_id in ahead]
            return shown

    def _shown(self, session: Session, hip: HipEntry) -> dict[str, Any]:
        way = self._ways.way(session, hip.hip_id)
        try:
            return {**self._scenes.shown(session, hip), "way": way}
        except UsageError as error:
            # One hip that cannot be shown does not bar the way to the others.
            return {**self._scenes.shell(session, hip), "trouble": self._scenes.complaint(hip, error), "way": way}

    def _found(self, session: Session, key: str) -> HipEntry:
        hip_id = self._keys.meaning("hip", key)
        if hip_id is None or not self._ways.leads_to(session, hip_id):
            raise UnknownError("There is no such hip.")
        return self.catalogue[hip_id]

    # What is recorded

    def _sync(self) -> None:
        self._readings.take(self._log.events(after=self._readings.last_seq))

    def _record(self, session: Session, hip: HipEntry, act: Act) -> None:
        for _ in range(TRIES):
            self._sync()
            if self._log.holds(f"{act.request}-0"):
                return
            drafts = self._drafts(session, hip, act)
            try:
                self._readings.take(self._log.append(drafts, follows=self._readings.last_seq))
                return
            except BehindError:
                continue
        raise StaleError("The log is being written by something else all the time; nothing was recorded: try again.")

    def _drafts(self, session: Session, hip: HipEntry, act: Act) -> list[Draft]:
        scene = self._scenes.scene(session, hip)
        if act.kind == "undo":
            last = self._ways.last_act(session)
            if last is None or last[-1].hip_id != hip.hip_id or last[-1].seq != act.seen:
                raise StaleError("This is no longer the last thing that you did; nothing was taken back.")
            return undo_drafts(act, scene, last)
        if scene.reading.last_seq != act.seen:
            raise StaleError("You went on with this hip in another tab; nothing was recorded: this is how it is now.")
        mark_id = ""
        if act.kind == "decide":
            mark_id = self._keys.meaning("mark", act.values["mark"]) or ""
            if self._scenes.mark_keys(session, hip, scene).get(mark_id) != act.values["mark"]:
                raise BadRequestError("There is no such mark in this hip.")
        return drafts_of(act, scene, mark_id)

    def _begun_study(self, folder: Path) -> Study:
        """Return the study, and put it on record when it is new, or has other readers than before."""
        study = load_study(folder)
        if self._readings.study:
            check_change(Study.from_dict(self._readings.study), study)
        if (folder / STUDY_FILE).exists() and study.to_dict() != self._readings.study:
            draft = Draft(
                request_id=f"study-{secrets.token_hex(16)}",
                reader="",
                role="study",
                kind="study",
                hip_id="",
                payload=study.to_dict(),
            )
            self._readings.take(self._log.append([draft]))
        return study
