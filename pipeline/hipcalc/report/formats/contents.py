"""What every format of the workflow report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hipcalc.guideline import Recommendation, Workflow
from hipcalc.report.formats.patients import Patient, group_by_patient
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts
from hipcalc.report.store import ResultsFolder
from hipcalc.review import ReviewedHip

__all__ = ["WorkflowReport", "file_stem"]


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

    def origin(self, one: Recommendation) -> HipProvenance:
        """Return what made a recommendation."""
        return self.origins[one.image_id, one.side]


def file_stem(one: Recommendation) -> str:
    """Return the name, without ending, of a file about one hip: the image's id, and the side as R, L or U."""
    return f"{one.image_id}-{one.side if one.side in ('R', 'L') else 'U'}"
