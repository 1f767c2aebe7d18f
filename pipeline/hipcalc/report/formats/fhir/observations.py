"""What was found in a hip, and what could have been found: Observations. Rejected findings have none."""

from collections.abc import Iterator
from typing import Any, Final

from hipcalc.guideline import Recommendation
from hipcalc.report.formats.fhir.codes import coding
from hipcalc.report.formats.fhir.elements import (
    annotation,
    concept,
    head_radii,
    instant,
    meta,
    millimetres,
    narrative,
)
from hipcalc.report.formats.fhir.imaging import body_id, image_id
from hipcalc.report.formats.patients import Patient
from hipcalc.report.formats.sections import origin_lines
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.words import class_name, length_text, side_name, zone_name
from hipcalc.review import ReviewedFinding, ReviewedHip

__all__ = ["finding_observations", "search_id", "search_observation"]

_SAYS: Final = {
    "confirmed": "Dense focus near the hip, confirmed by a reader",
    "indeterminate": "Mark of an algorithm near the hip; a reader could not decide",
    "unreviewed": "Mark of an algorithm near the hip, unconfirmed",
}
_UNCONFIRMED: Final = "Unconfirmed algorithm output: a mark is what a program noticed, not a finding of a reader."


def search_id(hip: ReviewedHip) -> str:
    """Return the id of the Observation about the search of a hip."""
    return f"search-{body_id(hip).removeprefix('hip-')}"


def search_observation(
    patient: Patient, hip: ReviewedHip, one: Recommendation, origin: HipProvenance
) -> dict[str, Any]:
    """Return what made a hip's output, and the smallest focus that would have been found in it."""
    components = [
        _component(
            "operating point, expected false marks per hip", {"valueQuantity": _number(origin.false_marks_per_hip)}
        ),
        _component("source of the pixel spacing", {"valueString": origin.spacing_source or "unknown"}),
    ]
    if origin.spacing_mm is not None:
        components.append(_component("size of a pixel", {"valueQuantity": millimetres(origin.spacing_mm)}))
    limits = _lengths("detection limit", origin.detection_limit_mm, origin.detection_limit_head_radii)
    if origin.detection_limit_head_radii is not None and origin.detection_limit_tissue:
        limits = [*limits, _component("tissue of the detection limit", {"valueString": origin.detection_limit_tissue})]
    return {
        **_shared(patient, hip, search_id(hip)),
        "meta": meta(unconfirmed=not one.confirmed),
        "text": narrative(f"Search of the {side_name(hip.side).lower()} hip", {"How": origin_lines(origin)}),
        "status": "final" if one.confirmed else "preliminary",
        "code": concept("Search of a hip radiograph for dense foci by an algorithm"),
        "component": [*components, *limits],
        "note": [annotation(origin.notice)],
    }


def finding_observations(patient: Patient, hip: ReviewedHip, origin: HipProvenance) -> Iterator[dict[str, Any]]:
    """Yield an Observation for each finding of a hip that nobody rejected."""
    for reviewed in hip.findings:
        if reviewed.status != "rejected":
            yield _finding(patient, hip, reviewed, origin)


def _finding(patient: Patient, hip: ReviewedHip, reviewed: ReviewedFinding, origin: HipProvenance) -> dict[str, Any]:
    is_confirmed = reviewed.status == "confirmed"
    decision = reviewed.decision
    said: dict[str, Any] = {}
    if decision is not None and reviewed.status != "unreviewed" and not reviewed.disagreement:
        said = {"performer": [{"display": decision.reader}], "issued": instant(decision.time)}
    if reviewed.confirmed_class:
        # The map has a code for some classes; the others stay text.
        said["valueCodeableConcept"] = concept(class_name(reviewed.confirmed_class), coding(reviewed.confirmed_class))
    notes = [origin.notice] if is_confirmed else [_UNCONFIRMED, origin.notice]
    return {
        **_shared(patient, hip, f"finding-{reviewed.finding.candidate_id}"),
        "meta": meta(unconfirmed=not is_confirmed),
        "text": narrative(_SAYS[reviewed.status], {"Finding": _lines(hip, reviewed), "How": origin_lines(origin)}),
        "status": "final" if is_confirmed else "preliminary",
        "code": concept(_SAYS[reviewed.status]),
        **said,
        "device": {"reference": "Device/hipcalc"},
        "component": _measures(reviewed),
        "note": [annotation(text) for text in notes],
    }


def _lines(hip: ReviewedHip, reviewed: ReviewedFinding) -> list[str]:
    finding = reviewed.finding
    lines = [
        f"{side_name(hip.side)} hip, {zone_name(finding.zone)}",
        f"apparent diameter {length_text(finding.diameter_mm, finding.diameter_head_radii)}",
    ]
    if reviewed.confirmed_class:
        lines.append(f"held to be: {class_name(reviewed.confirmed_class)}")
    if reviewed.disagreement:
        lines += [f"readers disagree: {reviewed.disagreement}", _UNCONFIRMED]
    elif reviewed.decision is not None and reviewed.status != "unreviewed":
        lines.append(f"{reviewed.status} by {reviewed.decision.reader}, {reviewed.decision.time:%Y-%m-%d %H:%M %z}")
    else:
        lines.append(_UNCONFIRMED)
    return lines


def _shared(patient: Patient, hip: ReviewedHip, name: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "subject": {"reference": f"Patient/{patient.name}"},
        "focus": [{"reference": f"BodyStructure/{body_id(hip)}"}],
        "bodySite": concept(f"{side_name(hip.side).lower()} hip", coding("hip")),
        "derivedFrom": [{"reference": f"ImagingStudy/{image_id(hip.image_id)}"}],
    }


def _measures(reviewed: ReviewedFinding) -> list[dict[str, Any]]:
    finding = reviewed.finding
    return [
        *_lengths("apparent diameter", finding.diameter_mm, finding.diameter_head_radii, "diameter"),
        _component("zone", {"valueString": zone_name(finding.zone)}),
        _component("distance from the head's centre", {"valueQuantity": head_radii(finding.r_head_radii)}),
        _component("angle, 0 is cranial and positive lateral", {"valueQuantity": _degrees(finding.phi_deg)}),
        _component("contrast-to-noise ratio", {"valueQuantity": _number(finding.cnr)}),
    ]


def _lengths(text: str, millimetre: float | None, radii: float | None, name: str = "") -> list[dict[str, Any]]:
    values = []
    if millimetre is not None:
        values.append(millimetres(millimetre))
    if radii is not None:
        values.append(head_radii(radii))
    if not values:
        return [_component(text, {"valueString": "not measured"}, name)]
    return [_component(text, {"valueQuantity": value}, name) for value in values]


def _component(text: str, value: dict[str, Any], name: str = "") -> dict[str, Any]:
    return {"code": concept(text, coding(name) if name else ()), **value}


def _number(value: float) -> dict[str, Any]:
    return {"value": value, "system": "http://unitsofmeasure.org", "code": "1"}


def _degrees(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "degrees", "system": "http://unitsofmeasure.org", "code": "deg"}
