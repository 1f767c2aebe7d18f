"""Tables of clinical contexts: what is read, what stays unknown, and one clear sentence for each wrong cell."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guideline_builders import IMAGE, NONE, PAINFUL, Screening, decision, finding, hip_record, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.guideline import Checklist, ClinicalContext, context_columns, load_workflow, read_contexts, recommend
from hipcalc.review import apply_reviews


def write(folder: Path, header: str, *rows: str) -> Path:
    table = folder / "contexts.csv"
    table.write_text("".join(f"{line}\n" for line in (header, *rows)), encoding="utf-8")
    return table


def read_one(folder: Path, **cells: str) -> ClinicalContext:
    cells = {"image_id": IMAGE, "side": "R", **cells}
    (only,) = read_contexts(write(folder, ",".join(cells), ",".join(f'"{cell}"' for cell in cells.values())))
    return only


def test_reads_every_input(tmp_path: Path) -> None:
    context = read_one(
        tmp_path,
        path="one.dcm",
        age_years="45.5",
        open_physes="no",
        implant="no",
        hip_pain="yes",
        pain_side="both",
        pain_severity="severe",
        pain_duration_weeks="12",
        history_done="yes",
        examination_done="yes",
        underlying_cause="impingement",
        red_flags="none",
        nsaid_checklist="hypertension;others-no",
        nsaid_caution_reason="reviewed, today",
        conservative_started="yes",
        conservative_completed="yes",
        conservative_outcome="failed",
        next_step="injection",
        injection_checklist="none",
        injection_response="temporary",
        mra_checklist="none",
        advanced_imaging_result="labral-pathology",
        symptomatic_labral_pathology="yes",
        clinical_correlation="unknown",
    )
    assert context == ClinicalContext(
        image_id=IMAGE,
        path="one.dcm",
        side="R",
        age_years=45.5,
        open_physes="no",
        implant="no",
        hip_pain="yes",
        pain_side="both",
        pain_severity="severe",
        pain_duration_weeks=12,
        history_done="yes",
        examination_done="yes",
        underlying_cause="impingement",
        red_flags=NONE,
        nsaid_checklist=Checklist(answers={"hypertension": "yes"}, others="no"),
        nsaid_caution_reason="reviewed, today",
        conservative_started="yes",
        conservative_completed="yes",
        conservative_outcome="failed",
        next_step="injection",
        injection_checklist=NONE,
        injection_response="temporary",
        mra_checklist=NONE,
        advanced_imaging_result="labral-pathology",
        symptomatic_labral_pathology="yes",
        clinical_correlation="unknown",
    )


def test_blanks_and_absent_columns_mean_unknown(tmp_path: Path) -> None:
    blank = read_one(tmp_path, **dict.fromkeys(context_columns()[3:], ""))
    assert blank == read_one(tmp_path) == ClinicalContext(image_id=IMAGE, side="R")
    assert read_one(tmp_path, age_years="unknown", hip_pain="unknown", red_flags="unknown") == blank
    assert blank.red_flags.answer("fever") == "unknown"


@pytest.mark.parametrize(
    ("cells", "fever", "trauma"),
    [
        ({"red_flags": "none"}, "no", "no"),
        ({"red_flags": ""}, "unknown", "unknown"),
        ({"red_flags": "unknown"}, "unknown", "unknown"),
        ({"red_flags": "fever"}, "yes", "unknown"),
        ({"red_flags": "fever; trauma"}, "yes", "yes"),
        ({"red_flags": "fever;others-no"}, "yes", "no"),
        ({"red_flags": "none", "red_flag_fever": "yes"}, "yes", "no"),
        ({"red_flags": "none", "red_flag_fever": "unknown"}, "unknown", "no"),
        ({"red_flags": "none", "red_flag_fever": ""}, "no", "no"),
        ({"red_flags": "fever", "red_flag_trauma": "no"}, "yes", "no"),
        ({"red_flag_fever": "no"}, "no", "unknown"),
        ({"red_flags": "fever", "red_flag_fever": "unknown"}, "unknown", "unknown"),
    ],
)
def test_a_checklist_is_one_cell_that_single_items_override(
    tmp_path: Path, cells: dict[str, str], fever: str, trauma: str
) -> None:
    checklist = read_one(tmp_path, **cells).red_flags
    assert (checklist.answer("fever"), checklist.answer("trauma")) == (fever, trauma)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("side", "right", "'right' is not allowed; choose one of R, L, unknown"),
        ("side", "", "the cell is blank; choose one of R, L, unknown"),
        ("age_years", "400", "'400' is not allowed; give a number from 0 to 120, or leave it blank"),
        ("age_years", "-1", "'-1' is not allowed; give a number from 0 to 120"),
        ("age_years", "nan", "'nan' is not allowed; give a number"),
        ("age_years", "old", "'old' is not allowed; give a number"),
        ("pain_duration_weeks", "inf", "'inf' is not allowed; give a number from 0 to 5200"),
        ("hip_pain", "Y", "'Y' is not allowed; choose one of yes, no, unknown, or leave it blank"),
        ("pain_side", "right", "'right' is not allowed; choose one of R, L, both, unknown, or leave it blank"),
        (
            "conservative_outcome",
            "better",
            "'better' is not allowed; choose one of improved, persists, failed, unknown",
        ),
        ("injection_response", "no", "choose one of improved, temporary, none, unknown"),
        ("red_flags", "no", "no cannot stand here; give none .all asked, all no., or items joined by ; "),
        ("red_flags", "none;fever", "none cannot stand here"),
        ("red_flags", "others-no", "others-no alone cannot stand here"),
        ("red_flags", "feever", "feever cannot stand here; .* out of fever, unwell,"),
        ("nsaid_checklist", "under_18", "under_18 cannot stand here"),
        ("mra_checklist", "fever", "fever cannot stand here; .* out of joint_infection, mri_contraindication"),
        ("red_flag_fever", "none", "'none' is not allowed; choose one of yes, no, unknown"),
        ("nsaid_caution_reason", "Yes", "'Yes' is not allowed; give the clinician's reason in words"),
    ],
)
def test_says_where_a_cell_is_wrong_and_what_is_allowed(tmp_path: Path, column: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"contexts.csv, line 2, column {column}: .*{message}") as caught:
        read_one(tmp_path, **{column: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"red_flags": "fever", "red_flag_fever": "no"},
            "red_flag_fever: 'no' .* red_flags names fever, which says yes",
        ),
        ({"hip_pain": "no", "pain_side": "R"}, "column pain_side: 'R' is not allowed; hip_pain is 'no'"),
        ({"hip_pain": "no", "pain_severity": "mild"}, "column pain_severity: 'mild' is not allowed; hip_pain is 'no'"),
        ({"hip_pain": "no", "pain_duration_weeks": "0"}, "pain_duration_weeks: '0' is not allowed; hip_pain is 'no'"),
        (
            {"conservative_started": "no", "conservative_completed": "yes"},
            "column conservative_completed: 'yes' is not allowed; conservative_started is 'no'",
        ),
        (
            {"conservative_started": "no", "conservative_outcome": "improved"},
            "column conservative_outcome: 'improved' is not allowed; conservative_started is 'no'",
        ),
        (
            {"advanced_imaging_result": "no-labral-pathology", "symptomatic_labral_pathology": "yes"},
            "symptomatic_labral_pathology: 'yes' is not allowed; advanced_imaging_result is 'no-labral-pathology'",
        ),
        ({"image_id": ""}, "column path: the cell is blank; name the image by its path or its image_id"),
    ],
)
def test_refuses_cells_that_contradict_each_other(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_one(tmp_path, **cells)


def test_cells_that_agree_with_a_no_are_fine(tmp_path: Path) -> None:
    context = read_one(
        tmp_path,
        hip_pain="no",
        pain_side="unknown",
        conservative_started="no",
        conservative_completed="no",
        advanced_imaging_result="no-labral-pathology",
        symptomatic_labral_pathology="no",
    )
    assert (context.hip_pain, context.conservative_completed) == ("no", "no")


def test_names_the_column_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 1, column 3: 'age' is no column of this table"):
        read_one(tmp_path, age="45")
    with pytest.raises(UsageError, match="'red_flag' is no column of this table; did you mean red_flags"):
        read_one(tmp_path, red_flag="none")
    with pytest.raises(UsageError, match="line 1: the column side is missing; add it"):
        read_contexts(write(tmp_path, "image_id", IMAGE))


def test_names_each_wrong_cell_and_a_hip_that_is_there_twice(tmp_path: Path) -> None:
    table = write(tmp_path, "image_id,side,age_years", f"{IMAGE},R,45", f"{IMAGE},L,999", f"{IMAGE},R,46")
    with pytest.raises(UsageError) as caught:
        read_contexts(table)
    first, second = str(caught.value).split("\n")
    assert "line 3, column age_years: '999'" in first
    assert "line 4, column side: 'R' is not allowed; line 2 is about the same hip already" in second


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hip_pain": "Yes"}, "clinical context, hip_pain: 'Yes' is not allowed; choose one of yes, no, unknown"),
        ({"side": "right"}, "clinical context, side: 'right' is not allowed; choose one of R, L, unknown"),
        ({"age_years": 400}, "clinical context, age_years: 400 is not possible; give a number from 0 to 120"),
        ({"age_years": -1}, "age_years: -1 is not possible"),
        ({"age_years": float("nan")}, "age_years: nan is not possible"),
        ({"pain_duration_weeks": -2}, "pain_duration_weeks: -2 is not possible; give a number of weeks"),
        ({"hip_pain": "no"}, "clinical context, pain_side: 'R' is not possible; hip_pain is 'no'"),
        (
            {"mra_caution_reason": "ok"},
            "mra_caution_reason: 'ok' is not possible; give the clinician's reason in words",
        ),
    ],
)
def test_a_context_made_in_code_keeps_the_same_rules(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(PAINFUL, **changes)


def test_a_checklist_made_in_code_keeps_the_same_rules() -> None:
    with pytest.raises(UsageError, match="checklist, fever: 'Yes' is not allowed; choose one of yes, no, unknown"):
        Checklist(answers={"fever": "Yes"})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="checklist, others: 'yes' is not allowed; choose one of no, unknown"):
        Checklist(others="yes")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="red_flags: 'feever' is no item of it; choose from alcohol, "):
        recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist(answers={"feever": "yes"})))


def two_hips() -> tuple[Any, ...]:
    screening = Screening(
        hip_records=(hip_record(), hip_record(side="L")),
        candidates=(finding(), finding(1, candidate_id=f"{IMAGE}-L-1", side="L")),
    )
    return apply_reviews(screening, [decision(), replace(decision(), candidate_id=f"{IMAGE}-L-1")])


class TestMatching:
    def test_each_hip_gets_its_own_context_and_the_order_stays(self) -> None:
        left = replace(PAINFUL, side="L", pain_side="R")
        right, other = recommend(two_hips(), (left, PAINFUL))
        assert [(right.side, right.state), (other.side, other.state)] == [("R", "S10"), ("L", "S9")]

    def test_a_hip_without_context_is_told_so(self) -> None:
        assert [output.state for output in recommend(two_hips(), [PAINFUL])] == ["S10", "S8"]
        assert [output.state for output in recommend(two_hips(), None)] == ["S8", "S8"]

    def test_the_file_name_will_do_whatever_its_folder(self) -> None:
        by_name = replace(PAINFUL, image_id="", path="elsewhere/one.dcm")
        assert [output.state for output in recommend(two_hips(), by_name)] == ["S10", "S8"]

    def test_a_single_hip_takes_a_context_without_keys(self) -> None:
        output = recommend(reviewed_hip(), replace(PAINFUL, image_id="", side=""))
        assert output.state == "S10"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"image_id": "fedc"}, "image fedc, side R: it fits no hip of these results .there is no such image"),
            ({"image_id": "", "path": "two.dcm"}, "image two.dcm, side R: it fits no hip .*there is no such image"),
            ({"side": "unknown"}, "side unknown: it fits no hip of these results .the image has the sides R, L"),
            ({"side": ""}, "it fits 2 hips; name the image by its image_id, and the side"),
        ],
    )
    def test_a_context_must_fit_one_hip(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            recommend(two_hips(), replace(PAINFUL, **changes))

    def test_a_hip_has_one_context(self) -> None:
        with pytest.raises(UsageError, match="this hip has a clinical context already; keep one"):
            recommend(two_hips(), (PAINFUL, replace(PAINFUL, image_id="", path="one.dcm")))

    def test_the_wrong_side_is_never_taken_for_a_single_hip(self) -> None:
        with pytest.raises(UsageError, match="side L: it fits no hip"):
            recommend(reviewed_hip(), replace(PAINFUL, side="L"))


def test_every_column_of_the_data_is_read(tmp_path: Path) -> None:
    columns = context_columns()
    assert len(columns) == len(set(columns))
    workflow = load_workflow()
    for gate in workflow.gates:
        for item in gate.asked:
            context = read_one(tmp_path, **{gate.prefix + item.id: "yes"})
            assert getattr(context, gate.column).answers == {item.id: "yes"}
    for known in workflow.inputs:
        assert getattr(read_one(tmp_path, **{known.id: known.example}), known.id) is not None


@pytest.mark.parametrize(("column", "value"), [("age_years", "0"), ("age_years", "120"), ("pain_duration_weeks", "0")])
def test_numbers_at_the_ends_of_what_is_allowed_are_read(tmp_path: Path, column: str, value: str) -> None:
    assert getattr(read_one(tmp_path, **{column: value}), column) == float(value)


@pytest.mark.parametrize("day", ["20260301", "2026-W09-7", "01.03.2026", "2026-02-30"])
def test_a_day_in_another_form_is_refused(tmp_path: Path, day: str) -> None:
    with pytest.raises(UsageError, match="column visit_date: .* is not allowed; give a day as year-month-day, such as"):
        read_one(tmp_path, visit_date=day)


@pytest.mark.parametrize(
    ("reviewed", "context", "message"),
    [
        (finding(), None, "Finding is no ReviewedHip; give what hipcalc.apply_reviews returned"),
        ([finding()], None, "Finding is no ReviewedHip; give what hipcalc.apply_reviews returned"),
        ((), {"side": "R"}, "str is no ClinicalContext; make one, or use hipcalc.read_contexts"),
    ],
)
def test_anything_but_reviewed_hips_and_contexts_is_refused(reviewed, context, message) -> None:
    with pytest.raises(UsageError, match=message):
        recommend(reviewed, context)
