"""What fired, what did not, and which single missing answer would move a hip."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from guideline_builders import NONE, PAINFUL, PERSISTS, SURGICAL, finding, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.findings import Finding
from hipcalc.guideline import Checklist, ClinicalContext, Recommendation, WhatIf, load_workflow, recommend
from hipcalc.review import ReviewedHip

EVERYTHING_UNKNOWN = ClinicalContext(side="R")


def moves(said: Recommendation) -> dict[tuple[str, str], str]:
    return {(entry.name, entry.answer): entry.state for entry in said.explanation.what_if}


def answered(context: ClinicalContext, entry: WhatIf) -> ClinicalContext:
    """Give one missing answer by hand, the way a person would fill in the cell."""
    workflow = load_workflow()
    for gate in workflow.gates:
        checklist: Checklist = getattr(context, gate.column)
        if entry.name == gate.column:
            return replace(context, **{gate.column: Checklist(answers=checklist.answers, others="no")})
        for item in gate.asked:
            if entry.name == gate.prefix + item.id:
                answers = {**checklist.answers, item.id: "yes"}
                return replace(context, **{gate.column: replace(checklist, answers=answers)})
    number = workflow.input(entry.name).kind == "number"
    return replace(context, **{entry.name: int(entry.answer) if number else entry.answer})


@pytest.mark.parametrize(
    "context", [EVERYTHING_UNKNOWN, PAINFUL, PERSISTS, SURGICAL], ids=["unknown", "painful", "persists", "surgical"]
)
def test_one_guard_fires_and_those_before_it_do_not(context: ClinicalContext) -> None:
    said = recommend(reviewed_hip(), context)
    outcomes = [guard.outcome for guard in said.explanation.guards]
    fired = outcomes.index("fired")
    assert said.explanation.guards[fired].state == said.state
    assert set(outcomes[:fired]) == {"not met"}
    assert set(outcomes[fired + 1 :]) <= {"not reached"}
    # S4 is passed through; a hip never stays in it.
    assert len(outcomes) == 17


@pytest.mark.parametrize(
    "context",
    [
        EVERYTHING_UNKNOWN,
        PAINFUL,
        PERSISTS,
        replace(PAINFUL, age_years=None),
        replace(PAINFUL, examination_done="no"),
        replace(PAINFUL, red_flags=Checklist()),
        replace(PAINFUL, pain_side="unknown"),
        replace(SURGICAL, clinical_correlation="unknown"),
        replace(PERSISTS, next_step="injection", injection_checklist=Checklist()),
    ],
)
def test_each_what_if_is_what_the_workflow_says_once_the_answer_is_given(context: ClinicalContext) -> None:
    said = recommend(reviewed_hip(), context)
    assert said.explanation.what_if
    for entry in said.explanation.what_if:
        then = recommend(reviewed_hip(), answered(context, entry))
        assert (then.state, then.state_name) == (entry.state, entry.state_name)
        assert then.state != said.state


@pytest.mark.parametrize("findings", [(), (finding(),)], ids=["no mark", "unreviewed"])
@pytest.mark.parametrize("context", [EVERYTHING_UNKNOWN, PAINFUL, replace(PERSISTS, next_step="injection")])
def test_every_missing_answer_that_alone_changes_the_state_is_named(
    context: ClinicalContext, findings: tuple[Finding, ...]
) -> None:
    for hip in (reviewed_hip(), reviewed_hip(findings=findings, decisions=())):
        said = recommend(hip, context)
        assert moves(said) == dict(_tried_by_hand(hip, context, said.state))


def _tried_by_hand(hip: ReviewedHip, context: ClinicalContext, state: str) -> Iterator[tuple[tuple[str, str], str]]:
    workflow = load_workflow()
    missing = {known.id for known in workflow.inputs if getattr(context, known.id) in (None, "unknown")}
    tries = [(known.id, answer) for known in workflow.inputs if known.id in missing for answer in known.allowed]
    tries += [
        (known.id, word)
        for known in workflow.inputs
        if known.id in missing and known.kind == "yes-no"
        for word in ("yes", "no")
    ]
    tries += [("age_years", age) for age in ("17", "18") if "age_years" in missing]
    for gate in workflow.gates:
        open_items = [item for item in gate.asked if getattr(context, gate.column).answer(item.id) == "unknown"]
        tries += [(gate.prefix + item.id, "yes") for item in open_items] + [(gate.column, "no")] * bool(open_items)
    for name, answer in dict.fromkeys(tries):
        what_if = WhatIf(name=name, question="", answer=answer, state="", state_name="")
        with suppress(UsageError):
            then = recommend(hip, answered(context, what_if)).state
            if then != state:
                yield (name, answer), then


@pytest.mark.parametrize(
    ("context", "state", "answer", "leads_to"),
    [
        (replace(PAINFUL, age_years=None), "S8", ("age_years", "18"), "S10"),
        (replace(PAINFUL, age_years=None), "S8", ("age_years", "17"), "S6"),
        (replace(PAINFUL, open_physes="unknown"), "S10", ("open_physes", "yes"), "S6"),
        (PAINFUL, "S10", ("implant", "yes"), "S7"),
        (replace(PAINFUL, history_done="no"), "S8", ("history_done", "yes"), "S10"),
        (replace(PAINFUL, pain_side="unknown"), "S8", ("pain_side", "L"), "S9"),
        (replace(PAINFUL, red_flags=Checklist()), "S8", ("red_flags", "no"), "S10"),
        (PERSISTS, "S11", ("next_step", "injection"), "S12"),
        (PERSISTS, "S11", ("next_step", "advanced-imaging"), "S13"),
        (PERSISTS, "S11", ("injection_response", "improved"), "S15"),
        (PERSISTS, "S11", ("advanced_imaging_result", "labral-pathology"), "S14"),
        (replace(SURGICAL, clinical_correlation="unknown"), "S14", ("clinical_correlation", "yes"), "S16"),
        (
            replace(PERSISTS, next_step="injection", injection_checklist=Checklist()),
            "S11",
            ("injection_checklist", "no"),
            "S12",
        ),
    ],
)
def test_what_if_names_the_missing_answer(
    context: ClinicalContext, state: str, answer: tuple[str, str], leads_to: str
) -> None:
    said = recommend(reviewed_hip(), context)
    assert said.state == state
    assert moves(said)[answer] == leads_to


def test_two_missing_answers_are_not_one() -> None:
    said = recommend(reviewed_hip(), replace(PAINFUL, history_done="unknown", examination_done="unknown"))
    assert said.state == "S8"
    assert not {"S9", "S10"} & set(moves(said).values())


def test_an_answer_that_contradicts_another_is_not_tried() -> None:
    said = recommend(reviewed_hip(), replace(PAINFUL, conservative_started="no"))
    assert not any(name.startswith("conservative") for name, _ in moves(said))


def test_no_missing_answer_but_a_red_flag_moves_what_nobody_confirmed() -> None:
    said = recommend(reviewed_hip(findings=(finding(),), decisions=()), EVERYTHING_UNKNOWN)
    assert said.state == "S1"
    assert set(moves(said).values()) == {"S17"}
    assert {name.split("_")[0] for name, _ in moves(said)} <= {"flag", "red"}


def test_what_was_answered_is_not_asked_again() -> None:
    said = recommend(reviewed_hip(), replace(PAINFUL, red_flags=NONE))
    assert not any(name == "red_flags" for name, _ in moves(said))


def test_a_checklist_that_would_move_the_state_is_asked_for_by_its_name() -> None:
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist()))
    (whole,) = (entry for entry in output.explanation.what_if if entry.name == "red_flags")
    name = load_workflow().gate("R").name
    assert (whole.question, whole.answer) == (f"Every item of {name} that has no answer yet", "no")
