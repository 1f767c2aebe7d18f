"""What every format of the workflow report is made from."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hipcalc.errors import InputUnreadableError
from hipcalc.guideline import Recommendation, Workflow
from hipcalc.radiograph import read_file
from hipcalc.report.formats.patients import Patient, group_by_patient
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts
from hipcalc.report.store import ResultsFolder
from hipcalc.review import ReviewedHip

__all__ = ["NotWritten", "WorkflowReport", "file_stem"]


@dataclass(frozen=True, kw_only=True)
class NotWritten:
    """What a format could not write of one image.

    Attributes
    ----------
    sentence : str
        What is missing, and why.
    is_loss : bool
        True where something went wrong; False where the format knows no such image.
    """

    sentence: str
    is_loss: bool


@dataclass(frozen=True, kw_only=True)
class WorkflowReport:
    """Everything that a format may print, read and checked before anything is written.

    Attributes
    ----------
    results : ResultsFolder
    run : RunFacts
    has_pictures : bool
        False for a run without pages.
    records : tuple of FileRecord
        A row of the images table each.
    reviewed : tuple of ReviewedHip
        Each hip of each image once.
    recommendations : tuple of Recommendation
        One for each reviewed hip, in the same order. Those with `audit_only` belong in no report.
    origins : mapping of (image id, side) to HipProvenance
    workflow : Workflow
    owners : mapping of image id to str
        Whose the images are, where a participants table says so.
    fetch : callable
        Returns the bytes of an image, given where it is read; raises a HipcalcError where there are none.
    identifiers : bool
        Whether formats that name no study otherwise are to name it by its UID, which leads to the patient.
    """

    results: ResultsFolder
    run: RunFacts
    has_pictures: bool
    records: tuple[FileRecord, ...]
    reviewed: tuple[ReviewedHip, ...]
    recommendations: tuple[Recommendation, ...]
    origins: Mapping[tuple[str, str], HipProvenance]
    workflow: Workflow
    owners: Mapping[str, str]
    fetch: Callable[[str], bytes] = read_file
    identifiers: bool = False

    @property
    def folder(self) -> Path:
        """Where every format's files go."""
        return self.results.path / "recommendations"

    @cached_property
    def shown(self) -> tuple[Recommendation, ...]:
        """The recommendations that a report may show: not those of hips of which every finding was rejected."""
        return tuple(one for one in self.recommendations if not one.audit_only)

    @cached_property
    def patients(self) -> tuple[Patient, ...]:
        """The shown hips by patient."""
        return group_by_patient(self.records, self.reviewed, self.recommendations, self.owners)

    def image_bytes(self, record: FileRecord) -> bytes:
        """Return the bytes of an image, as they were when it was screened.

        Raises
        ------
        HipcalcError
            If they cannot be had, or have changed.
        """
        data = self.fetch(record.image.path)
        if hashlib.sha256(data).hexdigest() != record.image.sha256:
            path = record.image.path
            raise InputUnreadableError(f"{path}: the file has changed since it was screened; screen it again.")
        return data

    def origin(self, one: Recommendation) -> HipProvenance:
        """Return what made a recommendation."""
        return self.origins[one.image_id, one.side]


def file_stem(one: Recommendation) -> str:
    """Return the name, without ending, of a file about one hip: the image's id, and the side as R, L or U."""
    return f"{one.image_id}-{one.side if one.side in ('R', 'L') else 'U'}"
