"""The findings of a hip as a Comprehensive SR by TID 1500 (PS3.16), which a machine can read."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Final

from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code as DicomCode

from hipcalc.report.codes import verified_code
from hipcalc.report.formats.dicom.case import UNCONFIRMED, HipCase, plain_text
from hipcalc.report.formats.sections import origin_lines
from hipcalc.report.formats.uids import keyed_uid
from hipcalc.report.words import class_name, differential_list, length_text, zone_name
from hipcalc.review import Decision, ReviewedFinding

__all__ = ["structured_report"]

# SNOMED CT: imaging procedure. The only procedure that is true of every source.
_PROCEDURE: Final = sr.CodedConcept("363679005", "SCT", "Imaging procedure")
_COMMENT: Final = sr.CodedConcept("121106", "DCM", "Comment")
_FINDING: Final = sr.CodedConcept("121071", "DCM", "Finding")
_MM: Final = sr.CodedConcept("mm", "UCUM", "millimeter")
_MM2: Final = sr.CodedConcept("mm2", "UCUM", "square millimeter")
_RATIO: Final = sr.CodedConcept("{ratio}", "UCUM", "ratio")
# Verification needs an organization (type 1), and hipcalc knows of none.
_NO_ORGANIZATION: Final = "not stated"
_CONTAINS: Final = sr.RelationshipTypeValues.CONTAINS


def structured_report(case: HipCase) -> Dataset:
    """Return the report of one hip: a region with measurements for the femoral head and for each finding.

    It is complete and verified where every finding was confirmed by a reader, and partial, preliminary and unverified
    else. Millimetres are there where the spacing is known; lengths as a ratio to the head's radius always.
    """
    latest = case.latest_decision
    verified = case.is_confirmed and latest is not None
    report = sr.MeasurementReport(
        observation_context=_observers(case),
        procedure_reported=_PROCEDURE,
        imaging_measurements=[
            _head_group(case),
            *(_finding_group(case, number, entry) for number, entry in case.shown),
        ],
        title=codes.DCM.ImagingMeasurementReport,
    )
    root = report[0]
    measurements = root.ContentSequence.pop()
    root.ContentSequence.extend(_texts(_COMMENT, _said(case)))
    root.ContentSequence.append(measurements)
    dataset = sr.ComprehensiveSR(
        evidence=[case.source],
        content=root,
        is_complete=verified,
        is_final=verified,
        is_verified=verified,
        verifying_observer_name=_person_name(case.readers[0]) if verified else None,
        verifying_organization=_NO_ORGANIZATION if verified else None,
        **case.attributes("report", "SR"),
    )
    if verified and latest is not None:
        _verify(dataset, case)
    return case.finish(dataset)


def _verify(dataset: Dataset, case: HipCase) -> None:
    """Name every reader, with the time of the reader's latest decision."""
    template = dataset.VerifyingObserverSequence[0]
    observers = []
    for reader in case.readers:
        moment = max(decision.time for decision in case.decisions if decision.reader == reader)
        item = deepcopy(template)
        item.VerifyingObserverName = _person_name(reader)
        item.VerificationDateTime = f"{moment:%Y%m%d%H%M%S%z}"
        observers.append(item)
    dataset.VerifyingObserverSequence = observers


def _observers(case: HipCase) -> sr.ObservationContext:
    """Return the readers as observers where they decided about everything that is shown, else the program."""
    if not case.shown or len(case.decisions) < len(case.shown):
        return sr.ObservationContext(observer_device_context=_device(case))
    context = sr.ObservationContext(observer_person_context=_person(case.readers[0]))
    for reader in case.readers[1:]:
        context.extend(_person(reader))
    return context


def _device(case: HipCase) -> sr.ObserverContext:
    version = case.origin.screening_version
    return sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=keyed_uid("device", version),
            name="hipcalc",
            manufacturer_name="hipcalc",
            model_name=f"hipcalc {version}",
        ),
    )


def _person(reader: str) -> sr.ObserverContext:
    return sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=_person_name(reader)),
    )


def _person_name(reader: str) -> str:
    """Return a reader's name as PN takes it: all of it as the family name, as nobody can tell its parts."""
    plain = plain_text(reader).replace("=", " ")
    return plain if "^" in plain else f"{plain[:63]}^"


def _said(case: HipCase) -> Iterator[str]:
    """Yield what stands in the report beside its measurements."""
    yield case.headline[0].upper() + case.headline[1:]
    if not case.is_confirmed:
        yield UNCONFIRMED
    if not case.shown:
        yield "No mark at this operating point; foci below the detection limit would not have been found."
    yield from origin_lines(case.origin)
    if case.one.confirmed:
        yield f"State of the workflow: {case.one.state} {case.one.state_name}"
        yield from (f"{sentence.rule_id}: {sentence.text}" for sentence in case.one.mandatory)


def _head_group(case: HipCase) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    hip = case.hip
    radius = hip.head_radius_px or 0.0
    spacing = case.origin.spacing_mm
    diameter = [] if spacing is None else _measure("diameter", 2 * radius * spacing, _MM)
    lines = [f"Circle of the femoral head, found by an algorithm: {hip.status}"]
    if hip.shown_centre_edge_angle_deg is not None:
        lines.append(f"Lateral centre-edge angle: {hip.shown_centre_edge_angle_deg:.1f} degrees")
    if hip.rim_row_px is not None and hip.rim_column_px is not None:
        lines.append(f"Rim point: row {hip.rim_row_px:.1f}, column {hip.rim_column_px:.1f} (pixel centres at integers)")
    return _group(
        case,
        name=f"femoral head {case.side or 'of unknown side'}",
        circle=(hip.head_row_px or 0.0, hip.head_column_px or 0.0, radius),
        site="femoral-head",
        measurements=diameter,
        finding="",
        lines=lines,
    )


def _finding_group(
    case: HipCase, number: int, entry: ReviewedFinding
) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    finding = entry.finding
    measurements = [*_measure("diameter", finding.diameter_mm, _MM), *_measure("area", finding.area_mm2, _MM2)]
    group = _group(
        case,
        name=finding.candidate_id,
        circle=(finding.row_px, finding.column_px, finding.diameter_px / 2),
        site="hip-joint",
        measurements=[*measurements, *_measure("diameter", finding.diameter_head_radii, _RATIO)],
        finding=entry.confirmed_class,
        lines=_finding_lines(number, entry),
    )
    decision = entry.decision
    if decision is not None and not entry.disagreement:
        _observed_by(group, decision)
    return group


def _observed_by(group: sr.PlanarROIMeasurementsAndQualitativeEvaluations, decision: Decision) -> None:
    """Name the reader of this finding, in place of the report's observer (PS3.3, C.17.5)."""
    group[0].ContentSequence.extend(_person(decision.reader))


def _finding_lines(number: int, entry: ReviewedFinding) -> Iterator[str]:
    finding, decision = entry.finding, entry.decision
    if entry.disagreement:
        yield f"Mark {number}: readers disagree: {entry.disagreement}. {UNCONFIRMED}"
    elif decision is None:
        yield f"Mark {number}: unreviewed. {UNCONFIRMED}"
    elif entry.status == "confirmed":
        held = f", held to be: {class_name(entry.confirmed_class)}" if entry.confirmed_class else ""
        yield f"Mark {number}: confirmed by {decision.reader}, {decision.time.isoformat()}{held}"
    else:
        yield f"Mark {number}: {decision.reader} could not decide, {decision.time.isoformat()}. {UNCONFIRMED}"
    yield f"Zone: {zone_name(finding.zone)}"
    yield f"Apparent diameter: {length_text(finding.diameter_mm, finding.diameter_head_radii)}, R is the head's radius"
    yield f"Gap to the rim point: {length_text(finding.gap_mm, finding.gap_head_radii)}"
    yield f"Distance from the head's centre: {finding.r_head_radii:.2f} R; angle, 0 cranial and positive lateral: " + (
        f"{finding.phi_deg:.1f} degrees"
    )
    yield f"Contrast-to-noise ratio: {finding.cnr:.1f}"
    yield f"Expected false marks per hip at this strength: {finding.expected_false_marks:.2g}"
    ranked = ", ".join(f"{name} {percent}%" for name, percent in differential_list(finding))
    if ranked:
        yield f"Differential by the program, with weights: {ranked}"


def _group(
    case: HipCase,
    *,
    name: str,
    circle: tuple[float, float, float],
    site: str,
    measurements: Sequence[sr.Measurement],
    finding: str,
    lines: Iterable[str],
) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=case.tracking_uid(name), identifier=name),
        referenced_region=sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.CIRCLE,
            graphic_data=case.circle(*circle),
            source_image=sr.SourceImageForRegion(
                referenced_sop_class_uid=case.source.SOPClassUID,
                referenced_sop_instance_uid=case.source.SOPInstanceUID,
            ),
        ),
        finding_type=_concept(finding) if finding else None,
        algorithm_id=sr.AlgorithmIdentification(
            name="hipcalc", version=case.origin.screening_version, parameters=list(case.parameters)
        ),
        finding_sites=_sites(case, site),
        measurements=list(measurements) or None,
    )
    group[0].ContentSequence.extend(_texts(_COMMENT, lines))
    return group


def _sites(case: HipCase, site: str) -> list[sr.FindingSite] | None:
    place = _concept(site)
    if place is None:
        return None
    side = {"R": "right", "L": "left"}.get(case.side)
    return [sr.FindingSite(anatomic_location=place, laterality=_concept(side) if side else None)]


def _measure(name: str, value: float | None, unit: sr.CodedConcept) -> list[sr.Measurement]:
    concept = _concept(name)
    if value is None or concept is None:
        return []
    # A decimal string holds 16 characters.
    return [sr.Measurement(name=concept, value=float(f"{value:.6g}"), unit=unit)]


def _concept(name: str) -> sr.CodedConcept | None:
    code = verified_code(name)
    return None if code is None else sr.CodedConcept(code.value, code.scheme, code.meaning)


def _texts(name: sr.CodedConcept | DicomCode, lines: Iterable[str]) -> list[sr.TextContentItem]:
    return [sr.TextContentItem(name=name, value=line, relationship_type=_CONTAINS) for line in lines]
