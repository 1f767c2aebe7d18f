"""FHIR R4B: a Bundle for each patient, the workflow as a PlanDefinition, and the inputs as a Questionnaire."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hipcalc.report.files import write_atomic
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.fhir.checking import bundle_problems, checked
from hipcalc.report.formats.fhir.conclusions import care_plan, diagnostic_report
from hipcalc.report.formats.fhir.elements import BASE, meta
from hipcalc.report.formats.fhir.imaging import body_structure, device, imaging_study, patient_resource
from hipcalc.report.formats.fhir.observations import finding_observations, search_observation
from hipcalc.report.formats.fhir.plan import plan_definition
from hipcalc.report.formats.fhir.questionnaire import questionnaire
from hipcalc.report.formats.json_files import json_text
from hipcalc.report.formats.patients import Patient

__all__ = ["patient_bundle", "write"]


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write ``fhir/patients/<name>.json``, ``fhir/plan-definition.json`` and ``fhir/questionnaire.json``.

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
    resources |= {f"patients/{patient.name}.json": patient_bundle(report, patient) for patient in report.patients}
    for name, resource in resources.items():
        write_atomic(folder / name, json_text(checked(resource)))
        yield folder / name


def patient_bundle(report: WorkflowReport, patient: Patient) -> dict[str, Any]:
    """Return everything that a report may show of one patient, as a Bundle whose references lead to its own entries."""
    bundle = {
        "resourceType": "Bundle",
        "id": patient.name,
        "meta": meta(unconfirmed=not any(one.confirmed for one in patient.hips)),
        "type": "collection",
        "entry": [
            {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}
            for resource in _resources(report, patient)
        ],
    }
    for problem in bundle_problems(bundle):
        raise ValueError(problem)
    return bundle


def _resources(report: WorkflowReport, patient: Patient) -> Iterator[dict[str, Any]]:
    yield patient_resource(patient)
    yield device(report.origin(patient.hips[0]))
    for record in patient.images:
        yield imaging_study(patient, record)
    for hip, one in zip(patient.reviewed, patient.hips, strict=True):
        origin = report.origin(one)
        yield body_structure(patient, hip)
        yield search_observation(patient, hip, one, origin)
        yield from finding_observations(patient, hip, origin)
        yield diagnostic_report(patient, hip, one, origin)
        plan = care_plan(patient, hip, one, origin)
        if plan is not None:
            yield plan
