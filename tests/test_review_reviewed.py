"""Joining findings with decisions, and the type that only review makes."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from guideline_builders import IMAGE, Screening, decision, finding, hip_record, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.review import ReviewedFinding, apply_reviews


def test_nobody_else_can_make_a_reviewed_finding() -> None:
    with pytest.raises(TypeError, match=r"made by hipcalc.apply_reviews only"):
        ReviewedFinding(finding=finding(), decisions=(decision(),))
    (made,) = reviewed_hip().findings
    with pytest.raises(TypeError, match=r"made by hipcalc.apply_reviews only"):
        replace(made, decisions=())
    with pytest.raises(FrozenInstanceError):
        made.decisions = ()  # type: ignore[misc]


def test_a_reviewed_finding_survives_the_way_to_another_process() -> None:
    (made,) = reviewed_hip().findings
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_four_statuses_are_four_things() -> None:
    hip = reviewed_hip(
        tuple(finding(number) for number in range(1, 5)),
        (decision(1, confirmed_class="os-acetabuli"), decision(2, "rejected"), decision(3, "indeterminate")),
    )
    assert [entry.status for entry in hip.findings] == ["confirmed", "rejected", "indeterminate", "unreviewed"]
    assert [entry.confirmed_class for entry in hip.findings] == ["os-acetabuli", "", "", ""]
    assert hip.findings[0].decision == decision(1, confirmed_class="os-acetabuli")
    assert hip.findings[3].decision is None
    assert hip.with_status("rejected") == (hip.findings[1],)


def test_the_latest_decision_holds_whatever_the_order() -> None:
    early, late = decision(1, "confirmed", hour=8), decision(1, "unreviewed", hour=9)
    for order in ((early, late), (late, early)):
        (only,) = reviewed_hip((finding(),), order).findings
        assert only.status == "unreviewed"
        assert only.decisions == (early, late)


def test_a_candidate_above_the_operating_point_counts_only_once_a_reader_decided() -> None:
    quiet = (finding(1), finding(2, finding=False), finding(3, finding=False))
    hip = reviewed_hip(quiet, (decision(3),))
    assert [entry.finding.candidate_id for entry in hip.findings] == [f"{IMAGE}-R-1", f"{IMAGE}-R-3"]


def test_each_hip_gets_its_own_findings_and_its_own_record() -> None:
    left = finding(1, candidate_id=f"{IMAGE}-L-1", side="L")
    screening = Screening(
        hip_records=(
            hip_record(side="L", status="implant", detection_limit_mm=None, detection_limit_head_radii=None),
            hip_record(),
        ),
        candidates=(finding(), left),
    )

    first, second = apply_reviews(screening, [replace(decision(), candidate_id=f"{IMAGE}-L-1")])

    assert (first.side, first.has_implant, first.detection_limit_mm) == ("L", True, None)
    assert [entry.status for entry in first.findings] == ["confirmed"]
    assert (second.image_id, second.path, second.side, second.has_implant) == (IMAGE, "cohort/one.dcm", "R", False)
    assert (second.detection_limit_mm, second.detection_limit_head_radii) == (2.1, 0.09)
    assert [entry.status for entry in second.findings] == ["unreviewed"]


def test_a_decision_about_no_candidate_of_the_image_is_an_error() -> None:
    with pytest.raises(UsageError, match=f"there is no candidate {IMAGE}-R-7 in this screening"):
        reviewed_hip((finding(),), (decision(7),))


def test_decisions_about_other_images_are_left_aside() -> None:
    other = replace(decision(), candidate_id="fedcba9876543210-R-1")
    assert reviewed_hip((finding(),), (other,)).findings[0].status == "unreviewed"


def test_contradicting_decisions_are_an_error() -> None:
    with pytest.raises(UsageError, match="two contradicting decisions"):
        reviewed_hip((finding(),), (decision(), decision(1, "rejected", reader="Dr Other")))
