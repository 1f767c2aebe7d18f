"""What follows for a hip: DiagnosticReport, preliminary until confirmed, and CarePlan, never more than a proposal."""

from datetime import datetime
from typing import Any

from hipcalc.guideline import Recommendation, Sentence
from hipcalc.report.formats.fhir.codes import coding
from hipcalc.report.formats.fhir.elements import annotation, concept, instant, meta, narrative
from hipcalc.report.formats.fhir.imaging import body_id, image_id
from hipcalc.report.formats.fhir.observations import search_id
from hipcalc.report.formats.fhir.plan import plan_url
from hipcalc.report.formats.patients import Patient
from hipcalc.report.formats.sections import hip_sections
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.words import side_name
from hipcalc.review import ReviewedHip

__all__ = ["care_plan", "diagnostic_report"]


def diagnostic_report(patient: Patient, hip: ReviewedHip, one: Recommendation, origin: HipProvenance) -> dict[str, Any]:
    """Return a hip's report: final only where a finding is confirmed and none waits for a decision."""
    is_final = bool(one.confirmed) and not one.unreviewed and not one.indeterminate
    shown = [entry.finding.candidate_id for entry in hip.findings if entry.status != "rejected"]
    results = [search_id(hip), *(f"finding-{candidate_id}" for candidate_id in shown)]
    readers = dict.fromkeys(entry.reader for entry in one.confirmed)
    confirmed_at = max((datetime.fromisoformat(entry.time) for entry in one.confirmed), default=None)
    return {
        "resourceType": "DiagnosticReport",
        "id": f"report-{_name(hip)}",
        "meta": meta(unconfirmed=not one.confirmed),
        "text": narrative(_title(hip, one), hip_sections(one, origin)),
        "status": "final" if is_final else "preliminary",
        "code": concept(f"Radiograph of the {side_name(hip.side).lower()} hip", _procedure(hip)),
        "subject": {"reference": f"Patient/{patient.name}"},
        **({"issued": instant(confirmed_at)} if confirmed_at else {}),
        **({"resultsInterpreter": [{"display": reader} for reader in readers]} if readers else {}),
        "result": [{"reference": f"Observation/{name}"} for name in results],
        "imagingStudy": [{"reference": f"ImagingStudy/{image_id(hip.image_id)}"}],
        "conclusion": _conclusion(hip, one),
    }


def care_plan(patient: Patient, hip: ReviewedHip, one: Recommendation, origin: HipProvenance) -> dict[str, Any] | None:
    """Return what the source document says for a confirmed hip, as a draft proposal; None where it says nothing."""
    said = [*one.advice, *(sentence for offer in one.offered for sentence in offer.advice)]
    if not (one.confirmed and said):
        return None
    return {
        "resourceType": "CarePlan",
        "id": f"proposal-{_name(hip)}",
        "meta": meta(),
        "text": narrative(_title(hip, one), hip_sections(one, origin)),
        "instantiatesCanonical": [plan_url(one.workflow_name, one.workflow_version)],
        "status": "draft",
        "intent": "proposal",
        "title": _title(hip, one),
        "description": " ".join(one.disclaimer),
        "subject": {"reference": f"Patient/{patient.name}"},
        "supportingInfo": [{"reference": f"DiagnosticReport/report-{_name(hip)}"}],
        "activity": [_activity(sentence) for sentence in said],
        "note": [
            annotation(text) for text in (*(f"{entry.rule_id}: {entry.text}" for entry in one.mandatory), origin.notice)
        ],
    }


def _activity(sentence: Sentence) -> dict[str, Any]:
    detail = {
        "code": concept(f"{sentence.rule_id} of the source document"),
        "status": "not-started",
        "description": f"{sentence.text} ({sentence.rule_id}; {sentence.place}; {sentence.reference})",
    }
    return {"detail": detail}


def _name(hip: ReviewedHip) -> str:
    return body_id(hip).removeprefix("hip-")


def _procedure(hip: ReviewedHip) -> list[dict[str, str]]:
    name = {"R": "xr-hip-right", "L": "xr-hip-left"}.get(hip.side)
    return coding(name) if name else []


def _title(hip: ReviewedHip, one: Recommendation) -> str:
    return f"{side_name(hip.side)} hip: {one.state} {one.state_name}"


def _conclusion(hip: ReviewedHip, one: Recommendation) -> str:
    opening = [] if one.confirmed or one.state == "S0" else ["Unconfirmed algorithm output; no advice."]
    said = [
        *opening,
        f"{_title(hip, one)}.",
        *(note.text for note in one.notes),
        *(entry.text for entry in one.mandatory),
    ]
    return " ".join(said)
