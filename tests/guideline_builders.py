"""Hips, findings, decisions and contexts for the tests of review and guideline."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hipcalc.findings import Finding, HipRecord
from hipcalc.guideline import Checklist, ClinicalContext
from hipcalc.review import Decision, ReviewedHip, apply_reviews

IMAGE = "0123456789abcdef"
NONE = Checklist(others="no")
# A grown-up whose hip hurts, who was asked everything, and has no red flag.
PAINFUL = ClinicalContext(
    image_id=IMAGE,
    side="R",
    age_years=45,
    open_physes="no",
    hip_pain="yes",
    pain_side="R",
    pain_severity="moderate",
    history_done="yes",
    examination_done="yes",
    underlying_cause="undetermined",
    red_flags=NONE,
    nsaid_checklist=NONE,
    injection_checklist=NONE,
    mra_checklist=NONE,
)
PERSISTS = replace(PAINFUL, conservative_started="yes", conservative_outcome="persists")
SURGICAL = replace(
    PAINFUL,
    conservative_started="yes",
    conservative_completed="yes",
    conservative_outcome="failed",
    advanced_imaging_result="labral-pathology",
    symptomatic_labral_pathology="yes",
    clinical_correlation="yes",
)


@dataclass(frozen=True)
class Screening:
    hip_records: tuple[HipRecord, ...]
    candidates: tuple[Finding, ...]


def hip_record(**changes: Any) -> HipRecord:
    record = HipRecord(
        image_id=IMAGE,
        path="cohort/one.dcm",
        side="R",
        status="located",
        confidence=0.9,
        head_row_px=500.0,
        head_column_px=400.0,
        head_radius_px=90.0,
        rim_row_px=430.0,
        rim_column_px=300.0,
        centre_edge_angle_deg=30.0,
        detection_limit_mm=2.1,
        detection_limit_head_radii=0.09,
        detection_limit_tissue="soft tissue",
        side_source="header",
    )
    return replace(record, **changes)


def finding(number: int = 1, **changes: Any) -> Finding:
    record = Finding(
        candidate_id=f"{IMAGE}-R-{number}",
        image_id=IMAGE,
        path="cohort/one.dcm",
        side="R",
        row_px=420.0,
        column_px=290.0,
        diameter_px=12.0,
        diameter_mm=3.2,
        diameter_head_radii=0.14,
        cnr=4.0,
        expected_false_marks=0.1,
        zone="rim",
        phi_deg=35.0,
        r_head_radii=1.2,
        clock_hour=10.8,
        first_class="labral-calcification",
        differential="labral-calcification:0.7;os-acetabuli:0.3",
        finding=True,
        contrast=0.3,
        aspect_ratio=1.2,
        solidity=0.95,
        orientation_deg=10.0,
        core_to_rim=1.0,
        gap_head_radii=0.05,
        gap_mm=1.1,
    )
    return replace(record, **changes)


def decision(number: int = 1, status: Any = "confirmed", *, hour: int = 9, **changes: Any) -> Decision:
    said = Decision(
        candidate_id=f"{IMAGE}-R-{number}",
        status=status,
        reader="Dr Reader",
        time=datetime(2026, 3, 1, hour, tzinfo=UTC),
    )
    return replace(said, **changes)


def reviewed_hip(
    findings: tuple[Finding, ...] = (finding(),), decisions: tuple[Decision, ...] = (decision(),), **record: Any
) -> ReviewedHip:
    screening = Screening(hip_records=(hip_record(**record),), candidates=findings)
    return apply_reviews(screening, decisions)[0]
