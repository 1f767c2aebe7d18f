"""Who and what a Bundle is about: Patient, Device, ImagingStudy, BodyStructure; no identifier of a header unasked."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hipcalc.report.formats.fhir.codes import coding
from hipcalc.report.formats.fhir.elements import annotation, concept, identifier, meta, narrative
from hipcalc.report.formats.patients import Patient
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.records import FileRecord
from hipcalc.report.words import side_name, spacing_text, view_name
from hipcalc.review import ReviewedHip

__all__ = ["body_id", "body_structure", "device", "image_id", "imaging_study", "patient_resource"]

_BOTH_HIPS: Final = "ap_pelvis"
_XR_HIP: Final = {"R": "xr-hip-right", "L": "xr-hip-left", "both": "xr-hip-both"}


def image_id(record_id: str) -> str:
    """Return the id of an image's ImagingStudy."""
    return f"image-{record_id}"


def body_id(hip: ReviewedHip) -> str:
    """Return the id of a hip's BodyStructure."""
    return f"hip-{hip.image_id}-{hip.side if hip.side in ('R', 'L') else 'U'}"


def patient_resource(patient: Patient) -> dict[str, Any]:
    """Return the Patient: a name of the files, and what the participants table calls them, and nothing else."""
    known = {"identifier": [identifier("person", patient.person)]} if patient.person else {}
    return {"resourceType": "Patient", "id": patient.name, "meta": meta(), **known}


def device(origin: HipProvenance) -> dict[str, Any]:
    """Return the Device: the program, with its versions."""
    versions = [origin.screening_version, *origin.models, f"settings {origin.settings_hash}"]
    return {
        "resourceType": "Device",
        "id": "hipcalc",
        "meta": meta(),
        "deviceName": [{"name": "hipcalc", "type": "model-name"}],
        "type": concept("software that marks dense foci on hip radiographs"),
        "version": [{"value": version} for version in versions],
        "note": [annotation(origin.notice)],
    }


def imaging_study(patient: Patient, record: FileRecord, study: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return one radiograph's ImagingStudy, with the identifiers of its study that may stand there."""
    image = record.image
    sides = {hip.side for hip in patient.reviewed if hip.image_id == image.image_id}
    side = "both" if image.view == _BOTH_HIPS else next(iter(sides)) if len(sides) == 1 else "both"
    name = _XR_HIP.get(side)
    facts = [f"view: {view_name(image.view)}", f"quality: {image.quality}"]
    facts += [f"pixel spacing: {spacing_text(image.spacing_mm, image.spacing_source)}", f"SHA-256: {image.sha256}"]
    return {
        "resourceType": "ImagingStudy",
        "id": image_id(image.image_id),
        "meta": meta(),
        "text": narrative("Radiograph", {"Image": facts}),
        "identifier": [
            *map(dict, study),
            identifier("image-id", image.image_id),
            identifier("image-sha256", image.sha256),
        ],
        "status": "available",
        "subject": {"reference": f"Patient/{patient.name}"},
        "numberOfSeries": 1,
        "numberOfInstances": 1,
        "procedureCode": [concept("Radiograph of the hip", coding(name) if name else ())],
        "note": [annotation(f"Pixel spacing: {spacing_text(image.spacing_mm, image.spacing_source)}.")],
    }


def body_structure(patient: Patient, hip: ReviewedHip) -> dict[str, Any]:
    """Return the hip that findings lie in."""
    qualifier = {"R": "right", "L": "left"}.get(hip.side)
    return {
        "resourceType": "BodyStructure",
        "id": body_id(hip),
        "meta": meta(),
        "identifier": [identifier("hip-id", body_id(hip).removeprefix("hip-"))],
        "location": concept("hip joint", coding("hip-joint")),
        **({"locationQualifier": [concept(qualifier, coding(qualifier))]} if qualifier else {}),
        "description": f"{side_name(hip.side)} hip in image {hip.image_id}: {hip.hip_status}",
        "patient": {"reference": f"Patient/{patient.name}"},
    }
