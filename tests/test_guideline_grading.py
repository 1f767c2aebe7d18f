"""Grades: by a scheme made for the class, with its caveat, and never on the labrum."""

from dataclasses import replace
from pathlib import Path

import pytest

from guideline_builders import IMAGE, PAINFUL, decision, finding, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.guideline import load_workflow, recommend
from hipcalc.review import FINDING_CLASSES
from hipcalc_models import model_file

TEXT = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")
OSSIFICATION = reviewed_hip(decisions=(decision(confirmed_class="heterotopic-ossification"),))


def test_a_heterotopic_ossification_carries_the_readers_grade_and_the_caveat() -> None:
    output = recommend(OSSIFICATION, replace(PAINFUL, brooker_grade="II"))
    (grading,) = output.gradings
    assert (grading.scheme, grading.grade, grading.candidate_ids) == ("brooker", "II", (f"{IMAGE}-R-1",))
    scheme = next(one for one in load_workflow().gradings if one.id == "brooker")
    assert (grading.name, grading.basis) == ("Brooker classification of heterotopic ossification", scheme.basis)
    assert grading.text == "spurs of bone from pelvis or femur, with a wide space left between them"
    assert "after total hip arthroplasty" in grading.caveat
    assert "hipcalc does not measure it" in grading.caveat
    assert output.grading_note == ""
    assert output.state == "S5"


def test_without_a_grade_on_record_none_is_made_up() -> None:
    (grading,) = recommend(OSSIFICATION, PAINFUL).gradings
    assert (grading.grade, grading.text) == ("unknown", "")


@pytest.mark.parametrize("name", [name for name in ("", *FINDING_CLASSES) if name != "heterotopic-ossification"])
def test_no_other_class_is_graded(name: str) -> None:
    hip = reviewed_hip(decisions=(decision(confirmed_class=name),))
    output = recommend(hip, PAINFUL)
    assert output.gradings == ()
    assert output.grading_note.startswith("No grade is given: no grading scheme is validated for this finding")
    output = recommend(hip, replace(PAINFUL, brooker_grade="IV"))
    assert output.gradings == ()
    assert output.grading_note.startswith("A grade by the Brooker classification of heterotopic ossification is on rec")
    assert " is confirmed in this hip. No grade is given" in output.grading_note


def test_only_the_findings_of_the_class_are_graded_and_nothing_unconfirmed_is() -> None:
    said = (decision(1, confirmed_class="heterotopic-ossification"), decision(2, confirmed_class="os-acetabuli"))
    output = recommend(reviewed_hip((finding(1), finding(2)), said), replace(PAINFUL, brooker_grade="I"))
    assert output.gradings[0].candidate_ids == (f"{IMAGE}-R-1",)
    unreviewed = recommend(reviewed_hip(decisions=()), replace(PAINFUL, brooker_grade="I"))
    assert (unreviewed.gradings, unreviewed.grading_note) == ((), "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["heterotopic-ossification"]', '["labral-calcification"]', "brooker must not grade labral-calcification"),
        ('["heterotopic-ossification"]', '["os-acetabuli"]', "brooker must not grade os-acetabuli: no scheme is valid"),
        ('["heterotopic-ossification"]', '["no-class"]', "brooker must not grade no-class"),
        ('input = "brooker_grade"', 'input = "gartner"', "names the input gartner, which does not exist"),
        ('caveat = "Made for', 'caveat = " "\n# "Made for', "grading brooker has no caveat; write it"),
        ('id = "IV"\ntext', 'id = "V"\ntext', "grading brooker must explain the grades I, II, III, IV"),
    ],
)
def test_a_site_cannot_carry_a_scheme_to_where_it_is_not_validated(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    site = tmp_path / "site.toml"
    site.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_workflow(site)
