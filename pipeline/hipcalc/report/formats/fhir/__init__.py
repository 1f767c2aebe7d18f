"""FHIR R4B: a Bundle for each patient, the workflow as a PlanDefinition, and the inputs as a Questionnaire."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hipcalc.report.files import write_atomic, write_private
from hipcalc.report.formats.contents import NotWritten, WorkflowReport
from hipcalc.report.formats.fhir.checking import bundle_problems, checked
from hipcalc.report.formats.fhir.conclusions import care_plan, diagnostic_report
from hipcalc.report.formats.fhir.elements import BASE, meta
from hipcalc.report.formats.fhir.imaging import body_structure, device, imaging_study, patient_resource
from hipcalc.report.formats.fhir.observations import finding_observations, search_observation
from hipcalc.report.formats.fhir.plan import plan_definition
from hipcalc.report.formats.fhir.questionnaire import questionnaire
from hipcalc.report.formats.fhir.study_uid import study_identifiers
from hipcalc.report.formats.json_files import json_text
from hipcalc.report.formats.patients import Patient

__all__ = ["patient_bundle", "write"]


def write(report: WorkflowReport) -> Iterator[Path | NotWritten]:
    """Write ``fhir/patients/<name>.json``, ``fhir/plan-definition.json`` and ``fhir/questionnaire.json``.

    Bundles that name studies by their UIDs are for their owner alone to read.

    Yields
    ------
    Path or NotWritten
        Each file, and why an image's study is not named though that was asked for.

    Raises
    ------
    ValueError
        If a resource is not valid; no input of a user leads there.
    """
    folder = report.folder / "fhir"
    resources = {
        "plan-definition.json": plan_definition(report.workflow),
        "questionnaire.json": questionnaire(report.workflow),
    }
    for name, resource in resources.items():
        write_atomic(folder / name, json_text(checked(resource)))
        yield folder / name
    write_bundle = write_private if report.identifiers else write_atomic
    for patient in report.patients:
        found = {record.image.image_id: study_identifiers(report, record) for record in patient.images}
        yield from (one for one in found.values() if isinstance(one, NotWritten))
        studies = {name: [] if isinstance(one, NotWritten) else one for name, one in found.items()}
        path = folder / "patients" / f"{patient.name}.json"
        write_bundle(path, json_text(checked(patient_bundle(report, patient, studies))))
        yield path


def patient_bundle(
    report: WorkflowReport, patient: Patient, studies: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, Any]:
    """Return everything that a report may show of one patient, as a Bundle whose references lead to its own entries.

    Parameters
    ----------
    report : WorkflowReport
    patient : Patient
    studies : mapping of image id to sequence of mapping
        The identifiers of each image's study (`study_identifiers`).
    """
    bundle = {
        "resourceType": "Bundle",
        "id": patient.name,
        "meta": meta(unconfirmed=not any(one.confirmed for one in patient.hips)),
        "type": "collection",
        "entry": [
            {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}
            for resource in _resources(report, patient, studies)
        ],
    }
    for problem in bundle_problems(bundle):
        raise ValueError(problem)
    return bundle


def _resources(
    report: WorkflowReport, patient: Patient, studies: Mapping[str, Sequence[Mapping[str, str]]]
) -> Iterator[dict[str, Any]]:
    yield patient_resource(patient)
    yield device(report.origin(patient.hips[0]))
    for record in patient.images:
        yield imaging_study(patient, record, studies[record.image.image_id])
    for hip, one in zip(patient.reviewed, patient.hips, strict=True):
        origin = report.origin(one)
        yield body_structure(patient, hip)
        yield search_observation(patient, hip, one, origin)
        yield from finding_observations(patient, hip, origin)
        yield diagnostic_report(patient, hip, one, origin)
        plan = care_plan(patient, hip, one, origin)
        if plan is not None:
            yield plan
