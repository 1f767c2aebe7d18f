"""What stands beside every recommendation, whatever the format: notice, versions, image, operating point, limits."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from hipcalc.findings import HipRecord, Tissue
from hipcalc.report.provenance import RESEARCH_NOTICE, package_version
from hipcalc.report.records import FileRecord, ImageRecord
from hipcalc.report.rendering import RunFacts

__all__ = ["HipProvenance", "hip_provenances"]


@dataclass(frozen=True, kw_only=True)
class HipProvenance:
    """What made one hip's output, and how far it can be trusted.

    Attributes
    ----------
    notice : str
        The research-use notice.
    screening_version, report_version : str
        Versions of hipcalc that screened the image, and that wrote the report.
    models : tuple of str
        Names, with versions, of the models that came with the screening version.
    settings_hash : str
        Of the screening's settings, 16 hex digits.
    false_marks_per_hip : float
        Operating point: expected false marks per hip at or below which a candidate is a finding.
    image_sha256 : str
        Of the file's bytes, 64 hex digits.
    spacing_mm : float or None
        None when it is unknown: there are no millimetres then.
    spacing_source : str
        How the spacing is known, as in the images table.
    detection_limit_mm, detection_limit_head_radii : float or None
        Diameter of the smallest focus that would have been found in this hip; None when it was not measured.
    detection_limit_tissue : {"soft tissue", "bone", ""}
        Where that holds.
    """

    notice: str
    screening_version: str
    report_version: str
    models: tuple[str, ...]
    settings_hash: str
    false_marks_per_hip: float
    image_sha256: str
    spacing_mm: float | None
    spacing_source: str
    detection_limit_mm: float | None
    detection_limit_head_radii: float | None
    detection_limit_tissue: Tissue

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "models": list(self.models)}


def hip_provenances(records: Iterable[FileRecord], run: RunFacts) -> dict[tuple[str, str], HipProvenance]:
    """Return what stands beside each hip's output, by image id and side.

    Parameters
    ----------
    records : iterable of FileRecord
    run : RunFacts
        Of the run that made them.
    """
    return {
        (record.image.image_id, hip.side): _provenance(record.image, hip, run)
        for record in records
        for hip in record.hips
    }


def _provenance(image: ImageRecord, hip: HipRecord, run: RunFacts) -> HipProvenance:
    return HipProvenance(
        notice=RESEARCH_NOTICE,
        screening_version=run.version,
        report_version=package_version(),
        models=run.models,
        settings_hash=run.settings_hash,
        false_marks_per_hip=run.false_marks_per_hip,
        image_sha256=image.sha256,
        spacing_mm=image.spacing_mm,
        spacing_source=image.spacing_source,
        detection_limit_mm=hip.detection_limit_mm,
        detection_limit_head_radii=hip.detection_limit_head_radii,
        detection_limit_tissue=hip.detection_limit_tissue,
    )
