"""One hip of a DICOM radiograph: what its three objects are made from, and the attributes that they share."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DA, TM

from hipcalc.findings import HipRecord
from hipcalc.guideline import Recommendation
from hipcalc.report.formats.uids import content_digest, keyed_uid
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.overlay import Drawing, draw, numbered_marks
from hipcalc.report.pictures import Box, hip_box, whole_box
from hipcalc.report.records import FileRecord
from hipcalc.report.words import side_name
from hipcalc.review import Decision, ReviewedFinding, ReviewedHip

__all__ = ["UNCONFIRMED", "HipCase", "plain_text"]

UNCONFIRMED: Final = "Unconfirmed algorithm output: a mark is what a program noticed, not a finding of a reader."
_SERIES_NUMBERS: Final = {"report": 9701, "marks": 9702, "picture": 9703}
# A date must be there (type 1); this one tells everybody that none is known.
_NO_DATE: Final = "19000101"
# The value representations that the character set is about (PS3.5, 6.1.2.2).
_TEXTS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


@dataclass(frozen=True, kw_only=True, eq=False)
class HipCase:
    """A hip that a report may show, in a radiograph that is a DICOM file.

    Attributes
    ----------
    source : Dataset
        From `hipcalc.radiograph.study_header`.
    grey : ndarray of float32, shape (rows, columns)
        The radiograph, bone bright.
    record : FileRecord
        Of the image.
    hip : HipRecord
    reviewed : ReviewedHip
    one : Recommendation
    origin : HipProvenance
    """

    source: Dataset
    grey: NDArray[np.float32]
    record: FileRecord
    hip: HipRecord
    reviewed: ReviewedHip
    one: Recommendation
    origin: HipProvenance

    @cached_property
    def shown(self) -> tuple[tuple[int, ReviewedFinding], ...]:
        """Every finding that nobody rejected, with its number on the image's page."""
        reviews = {entry.finding.candidate_id: entry.status for entry in self.reviewed.findings}
        numbers = {mark.candidate_id: number for number, mark in numbered_marks(self.record, reviews)}
        return tuple(
            (numbers[entry.finding.candidate_id], entry)
            for entry in self.reviewed.findings
            if entry.status != "rejected"
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether there are findings, and a reader confirmed each that is shown."""
        return bool(self.shown) and all(entry.status == "confirmed" for _, entry in self.shown)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions that hold, about the findings that are shown."""
        return tuple(entry.decision for _, entry in self.shown if entry.decision is not None and not entry.disagreement)

    @property
    def readers(self) -> tuple[str, ...]:
        """Who made them, each once."""
        return tuple(dict.fromkeys(decision.reader for decision in self.decisions))

    @property
    def side(self) -> str:
        """R or L, empty when it is unknown."""
        return self.hip.side if self.hip.side in ("R", "L") else ""

    @property
    def headline(self) -> str:
        """Side, and whether it is confirmed: the first that a reader sees."""
        hip = f"{side_name(self.hip.side).lower()} hip" if self.side else "hip of unknown side"
        if self.is_confirmed:
            return f"{hip}: confirmed by a reader"
        if any(entry.status == "confirmed" for _, entry in self.shown):
            return f"{hip}: UNCONFIRMED in part"
        return f"{hip}: UNCONFIRMED algorithm output"

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the algorithm ran with."""
        origin = self.origin
        return (
            f"operating point: {origin.false_marks_per_hip:g} expected false marks per hip",
            *(f"model: {model}" for model in origin.models),
            f"settings: {origin.settings_hash}",
            f"report by hipcalc {origin.report_version}",
        )

    @cached_property
    def digest(self) -> str:
        """Changes with anything that the objects of this hip say."""
        decisions = [
            (entry.finding.candidate_id, entry.status, entry.confirmed_class, str(entry.decision), entry.disagreement)
            for _, entry in self.shown
        ]
        return content_digest(
            {"origin": self.origin.to_dict(), "recommendation": self.one.to_dict(), "decisions": decisions}
        )

    @property
    def box(self) -> Box:
        """The window around the hip."""
        shape = (self.grey.shape[0], self.grey.shape[1])
        hip = self.hip
        return hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, shape) or whole_box(shape)

    def drawing(self) -> Drawing:
        """Return circle, rim point and numbered rings of this hip alone, in pixels of the file."""
        reviews = {entry.finding.candidate_id: entry.status for entry in self.reviewed.findings}
        whole = draw(self.record, self.box, reviews)
        numbers = {number for number, _ in self.shown}
        position = [hip for hip in self.record.hips if hip.head_row_px is not None].index(self.hip)
        return replace(
            whole,
            hips=(whole.hips[position],),
            rings=tuple(ring for ring in whole.rings if ring.number in numbers),
        )

    def circle(self, row: float, column: float, radius: float) -> NDArray[np.float64]:
        r"""Return middle and one point of a circle, as (x, y) in DICOM's SR and presentation states.

        The corner of the first pixel is 0\0 there (PS3.3, C.10.5.1.2 and C.18.6.1.2), the middle of it elsewhere
        in hipcalc. The point lies towards the middle of the picture, so that it is in it.
        """
        towards = radius if column < self.grey.shape[1] / 2 else -radius
        return np.array([[column, row], [column + towards, row]]) + 0.5

    def uid(self, kind: str) -> UID:
        """Return a UID of this hip's own."""
        return keyed_uid(kind, self.source.SOPInstanceUID, self.hip.side, self.digest)

    def tracking_uid(self, candidate_id: str) -> UID:
        """Return the UID of a focus, which stays the same whatever readers say of it."""
        return keyed_uid("focus", self.source.SOPInstanceUID, candidate_id)

    def attributes(self, kind: str, what: str) -> dict[str, Any]:
        """Return what every constructor of highdicom takes: series, instance, equipment and time."""
        date, time = self._moment()
        return {
            "series_instance_uid": self.uid(f"{kind} series"),
            "series_number": _SERIES_NUMBERS[kind],
            "sop_instance_uid": self.uid(kind),
            "instance_number": 1,
            "manufacturer": "hipcalc",
            "manufacturer_model_name": "hipcalc",
            "software_versions": self.origin.report_version,
            "device_serial_number": "none",
            "series_description": plain_text(f"hipcalc {what}, {self.headline}"),
            "content_date": date,
            "content_time": time,
            "specific_character_set": "ISO_IR 192",
        }

    def finish(self, dataset: Dataset) -> Dataset:
        """Say how its text is encoded, and take away the time at which it happened to be written."""
        dataset.SpecificCharacterSet = _character_set(dataset)
        for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
            if keyword in dataset:
                del dataset[keyword]
        for equipment in dataset.get("ContributingEquipmentSequence", ()):
            equipment.pop("ContributionDateTime", None)
        return dataset

    def _moment(self) -> tuple[DA, TM]:
        """Return when the content came to be: at the latest decision, else with the radiograph itself."""
        latest = self.latest_decision
        if latest is not None:
            return DA(f"{latest:%Y%m%d}"), TM(f"{latest:%H%M%S}")
        return DA(self.source.StudyDate or _NO_DATE), TM(self.source.StudyTime or "000000")

    @property
    def latest_decision(self) -> datetime | None:
        """When the last of the decisions was made."""
        return max((decision.time for decision in self.decisions), default=None)


def _character_set(dataset: Dataset) -> str:
    """Return Latin-1 where it holds all texts, as old programs know no other, else UTF-8 (PS3.3, C.12.1.1.2)."""
    try:
        for element in dataset.iterall():
            if element.VR in _TEXTS:
                str(element.value).encode("latin-1")
    except UnicodeEncodeError:
        return "ISO_IR 192"
    return "ISO_IR 100"


def plain_text(text: str, longest: int = 64) -> str:
    """Return a text as DICOM's LO takes it: no backslash, no control character, not too long."""
    return "".join(" " if sign == "\\" or not sign.isprintable() else sign for sign in text)[:longest]
