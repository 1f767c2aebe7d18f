"""One hip as one reader may see it: what an act on it is about, and what the page is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hipcalc.anatomy import HipFrame
from hipcalc.errors import HipcalcError
from hipcalc.findings import Finding
from hipcalc.reading_room import showing
from hipcalc.reading_room.acting import Scene
from hipcalc.reading_room.catalogue import Catalogue, HipEntry
from hipcalc.reading_room.geometry import corrected, frame_of
from hipcalc.reading_room.keys import Keys
from hipcalc.reading_room.queue import disputes_in
from hipcalc.reading_room.training import TrueFocus, feedback
from hipcalc.report.words import side_name, view_name
from hipcalc.review import AddedFocus, Disputes, Readings, Role

__all__ = ["Scenes", "Session"]


@dataclass(frozen=True, kw_only=True)
class Session:
    """One page that is open: whose it is, and in which part."""

    reader: str
    role: Role


class Scenes:
    """The hips of a catalogue as readers see them.

    Parameters
    ----------
    catalogue : Catalogue
    readings : Readings
        Kept up to date by its owner.
    keys : Keys
    blind : tuple of str
        What readers must not be told: score, readers, names.
    truth : dict or None
        In training, the true foci by hip id.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        readings: Readings,
        keys: Keys,
        *,
        blind: tuple[str, ...],
        truth: dict[str, tuple[TrueFocus, ...]] | None,
    ) -> None:
        self._catalogue = catalogue
        self._readings = readings
        self._keys = keys
        self._truth = truth
        self.blind = blind

    def scene(self, session: Session, hip: HipEntry) -> Scene:
        """Return what an act of a reader on a hip is about."""
        record, row, number, candidates = self._catalogue.parts(hip)
        frame = frame_of(row, record.shapes[number])
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
                "detector": self._catalogue.detector,
                "image_sha256": record.image.sha256,
                "blind": list(self.blind),
            },
        )

    def mark_keys(self, session: Session, hip: HipEntry, scene: Scene) -> dict[str, str]:
        """Return the keys of the marks that a reader may decide about, by their ids."""
        marks = [*(mark.candidate_id for mark in scene.candidates), *(one.focus_id for one in self._foci(session, hip))]
        return {mark: self._keys.give("mark", mark, to=session.reader) for mark in marks}

    def complaint(self, hip: HipEntry, error: HipcalcError) -> str:
        """Return what is wrong with a hip, without its file's name where readers must not know it."""
        return str(error).replace(hip.path, "this hip's image") if "names" in self.blind else str(error)

    def shell(self, session: Session, hip: HipEntry) -> dict[str, Any]:
        """Return what can be told of a hip without its record."""
        return {
            "hip": self._keys.give("hip", hip.hip_id),
            "title": f"{side_name(hip.side)} hip" if hip.side in ("R", "L") else "Hip, side unknown",
            "marks": [],
            "others": [],
            "priors": [],
            "reading": showing.reading_values(self._readings.reading(session.reader, hip.hip_id), {}),
        }

    def shown(self, session: Session, hip: HipEntry) -> dict[str, Any]:
        """Return what the page shows of a hip."""
        record, row, number, candidates = self._catalogue.parts(hip)
        scene = self.scene(session, hip)
        frame = corrected(scene.frame, scene.reading.geometry)
        keys = self.mark_keys(session, hip, scene)
        image = record.image
        values = {
            **self.shell(session, hip),
            "view": view_name(image.view),
            "trust": "" if row.status == "located" else row.status,
            "name": "" if "names" in self.blind else Path(hip.path).name,
            "spacing_mm": scene.spacing_mm,
            "roof": [[x, y] for y, x in record.shapes[number].roof_contour_px],
            "marks": self._marks(session, hip, scene, frame, keys),
            "reading": showing.reading_values(scene.reading, keys),
            **self._image_values(hip, frame),
            "others": [self._pane(one, "other hip") for one in self._catalogue.of_image(hip.image_id) if one != hip],
            "priors": [self._pane(one.hip, f"{one.days} days earlier") for one in self._catalogue.priors(hip.hip_id)],
        }
        if self._truth is not None and scene.reading.status:
            told = feedback(scene.reading, candidates, self._truth.get(hip.hip_id, ()), frame.head_radius_px)
            values["feedback"] = showing.feedback_values(told)
        return values

    def _marks(
        self, session: Session, hip: HipEntry, scene: Scene, frame: HipFrame, keys: dict[str, str]
    ) -> list[dict[str, Any]]:
        scores = "score" not in self.blind
        marks = [showing.mark_values(mark, keys[mark.candidate_id], frame, scores=scores) for mark in scene.candidates]
        marks += [
            showing.focus_values(focus, keys[focus.focus_id], frame, scene.spacing_mm)
            for focus in self._foci(session, hip)
        ]
        if session.role == "adjudicator":
            ids = {key: mark for mark, key in keys.items()}
            for mark in marks:
                mark["readers"] = self._said(hip, ids[mark["key"]])
        return marks

    def _said(self, hip: HipEntry, mark_id: str) -> list[str]:
        """Return what the readers of a hip said about a mark, without their names."""
        read = [one for one in self._readings.readings(hip.hip_id) if one.role == "reader" and one.status]
        return [showing.said_text(reading, mark_id) for reading in read]

    def _disputes(self, session: Session, hip: HipEntry) -> Disputes | None:
        return disputes_in(hip, self._readings) if session.role == "adjudicator" else None

    def _asked(
        self, session: Session, hip: HipEntry, frame: HipFrame, candidates: Sequence[Finding]
    ) -> tuple[Finding, ...]:
        """Return the marks that a reader is asked about: those at the operating point, and any decided before.

        An adjudicator is asked about those on which readers differ, and about all where they differ on the image.
        """
        decided = self._readings.reading(session.reader, hip.hip_id).decisions
        disputes = self._disputes(session, hip)
        wanted = {mark.candidate_id for mark in candidates if mark.finding}
        if disputes is not None and not disputes.adequacy:
            wanted = set(disputes.candidates)
        asked = (mark for mark in candidates if mark.candidate_id in wanted or mark.candidate_id in decided)
        return showing.order_by_place(frame, asked)

    def _foci(self, session: Session, hip: HipEntry) -> list[AddedFocus]:
        """Return the added foci that a reader sees: the own ones, and those that an adjudicator is to settle."""
        own = self._readings.reading(session.reader, hip.hip_id).foci
        disputes = self._disputes(session, hip)
        disputed = {} if disputes is None else {focus.focus_id: focus for focus in disputes.foci}
        return list((own | disputed).values())

    def _pane(self, hip: HipEntry, words: str) -> dict[str, Any]:
        """Return what a second pane needs of a hip that is shown for comparison."""
        record, row, number, _ = self._catalogue.parts(hip)
        return {"words": words, **self._image_values(hip, frame_of(row, record.shapes[number]))}

    def _image_values(self, hip: HipEntry, frame: HipFrame) -> dict[str, Any]:
        image = self._catalogue.record(hip.image_id, hip.path).image
        first = self._catalogue.of_image(hip.image_id)[0]
        return {
            "image": self._keys.give("image", first.hip_id),
            "rows": image.rows,
            "columns": image.columns,
            "frame": showing.frame_values(frame),
        }
