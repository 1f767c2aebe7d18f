"""Gates N, C and M: what they withdraw, why, and what passes with a clinician's reason."""

from dataclasses import replace

import pytest

from guideline_builders import NONE, PAINFUL, PERSISTS, reviewed_hip
from hipcalc.guideline import Checklist, ClinicalContext, Recommendation, load_workflow, recommend
from hipcalc.guideline.gates import evaluate_gate

WORKFLOW = load_workflow()
GATES = {"N": (PAINFUL, "nsaid"), "C": (PERSISTS, "injection"), "M": (PERSISTS, "mra")}
REASON = "weighed against the benefit, Dr Reader"


def output_with(gate_id: str, checklist: Checklist, reason: str = "") -> Recommendation:
    context, name = GATES[gate_id]
    return recommend(
        reviewed_hip(), replace(context, **{f"{name}_checklist": checklist, f"{name}_caution_reason": reason})
    )


def rule_ids(output: Recommendation) -> set[str]:
    return {sentence.rule_id for sentence in output.sentences}


def items(kind: str) -> list[tuple[str, str]]:
    return [(gate, item.id) for gate in GATES for item in WORKFLOW.gate(gate).asked if item.kind == kind]


@pytest.mark.parametrize("answer", ["yes", "unknown"])
@pytest.mark.parametrize(("gate_id", "item"), items("blocker"))
def test_a_blocker_blocks_when_yes_and_when_unknown_whatever_the_reason(gate_id: str, item: str, answer: str) -> None:
    output = output_with(gate_id, Checklist(answers={item: answer}, others="no"), REASON)  # type: ignore[dict-item]
    (block,) = output.blocked
    assert (block.gate, block.rules) == (gate_id, WORKFLOW.gate(gate_id).withdraws)
    assert [(reason.id, reason.answer) for reason in block.reasons] == [(item, answer)]
    assert not rule_ids(output) & set(block.rules)
    assert output.cautions == ()


@pytest.mark.parametrize(("gate_id", "item"), items("caution"))
def test_a_caution_passes_only_when_yes_with_a_reason(gate_id: str, item: str) -> None:
    yes, unknown = (Checklist(answers={item: answer}, others="no") for answer in ("yes", "unknown"))  # type: ignore[dict-item]

    assert [block.gate for block in output_with(gate_id, yes).blocked] == [gate_id]
    assert [block.gate for block in output_with(gate_id, unknown, REASON).blocked] == [gate_id]
    passed = output_with(gate_id, yes, REASON)

    assert passed.blocked == ()
    assert rule_ids(passed) >= set(WORKFLOW.gate(gate_id).withdraws)
    (caution,) = passed.cautions
    assert (caution.gate, caution.id, caution.clinician_reason) == (gate_id, item, REASON)
    assert caution.label


@pytest.mark.parametrize("gate_id", GATES)
def test_a_reason_does_not_open_what_else_blocks(gate_id: str) -> None:
    gate = WORKFLOW.gate(gate_id)
    caution = next(item.id for item in gate.asked if item.kind == "caution")
    output = output_with(gate_id, Checklist(answers={caution: "yes"}), REASON)
    assert [block.gate for block in output.blocked] == [gate_id]
    assert caution not in [reason.id for reason in output.blocked[0].reasons]
    assert output.cautions == ()


@pytest.mark.parametrize("gate_id", GATES)
def test_a_checklist_that_nobody_filled_in_blocks_with_every_item(gate_id: str) -> None:
    (block,) = output_with(gate_id, Checklist(), REASON).blocked
    assert [reason.id for reason in block.reasons] == [item.id for item in WORKFLOW.gate(gate_id).asked]


def test_a_blocked_nsaid_is_left_to_the_clinician_and_the_rest_of_the_plan_stands() -> None:
    clear, blocked = output_with("N", NONE), output_with("N", Checklist())
    assert rule_ids(clear) - rule_ids(blocked) == {"R05", "R06", "R07"}
    (r04,) = [sentence for sentence in blocked.advice if sentence.rule_id == "R04"]
    assert (r04.text, r04.basis) == ("NSAID not suggested; the clinician chooses.", "E")
    assert "ibuprofen" not in str(blocked.to_dict())


def test_the_dose_is_quoted_as_source_text() -> None:
    (r05,) = [sentence for sentence in output_with("N", NONE).advice if sentence.rule_id == "R05"]
    assert '"ibuprofen 400-600mg three times daily"' in r05.text
    assert "not a prescription" in r05.text


def test_a_blocked_injection_is_neither_offered_nor_reached() -> None:
    output = output_with("C", Checklist())
    assert [offer.state for offer in output.offered] == ["S13"]
    chosen = replace(PERSISTS, next_step="injection", injection_checklist=Checklist())
    stopped = recommend(reviewed_hip(), chosen)
    assert stopped.state == "S11"
    assert stopped.blocked[0].text == "Injection not offered; the clinician decides."


def test_while_gate_m_is_blocked_the_radiologist_chooses() -> None:
    context = replace(PERSISTS, next_step="advanced-imaging", mra_checklist=Checklist())
    output = recommend(reviewed_hip(), context)
    assert output.state == "S13"
    (only,) = output.advice
    assert only.rule_id == "R21"
    assert only.text.startswith("MR arthrography not suggested; the radiologist chooses the modality (for example MRI")
    assert "CT arthrography" in only.text


def test_a_red_flag_cannot_be_passed_with_a_reason() -> None:
    flagged = ClinicalContext(
        red_flags=Checklist(answers={"fever": "yes", "trauma": "yes"}, others="no"),
        nsaid_caution_reason=REASON,
        injection_caution_reason=REASON,
        mra_caution_reason=REASON,
    )
    output = recommend(reviewed_hip(), flagged)
    assert output.state == "S17"
    (block,) = output.blocked
    assert (block.gate, block.text) == ("R", "All guideline text is withdrawn.")
    assert [reason.label for reason in block.reasons] == ["fever", "trauma"]


@pytest.mark.parametrize(("age", "answer"), [(None, "unknown"), (17, "yes"), (18, "no")])
def test_the_age_answers_the_nsaid_gates_own_question(age: float | None, answer: str) -> None:
    result = evaluate_gate("N", replace(PAINFUL, age_years=age), WORKFLOW)
    assert [entry.answer for entry in result.blocking] == ([] if answer == "no" else [answer])
    assert result.is_clear == (answer == "no")


def test_a_reason_without_a_caution_to_pass_is_not_given() -> None:
    context = replace(PAINFUL, nsaid_caution_reason=REASON)
    assert evaluate_gate("N", context, WORKFLOW).reason == ""


def test_a_site_cannot_make_a_red_flag_one_that_a_reason_passes() -> None:
    gate = WORKFLOW.gate("R")
    milder = replace(gate, items=tuple(replace(item, kind="caution") for item in gate.items))
    site = replace(WORKFLOW, gates=tuple(milder if one.id == "R" else one for one in WORKFLOW.gates))
    result = evaluate_gate("R", replace(PAINFUL, red_flags=Checklist(answers={"fever": "yes"}, others="no")), site)
    assert [entry.item.id for entry in result.answered_yes] == ["fever"]
    assert not result.is_clear


@pytest.mark.parametrize(("gate_id", "item"), items("caution"))
def test_what_blocks_and_what_was_passed_says_where_it_is_from(gate_id: str, item: str) -> None:
    known = next(one for one in WORKFLOW.gate(gate_id).items if one.id == item)
    checklist = Checklist(answers={item: "yes"}, others="no")
    (block,) = output_with(gate_id, checklist).blocked
    assert [(reason.label, reason.basis) for reason in block.reasons] == [(known.label, known.basis)]
    (caution,) = output_with(gate_id, checklist, REASON).cautions
    assert (caution.label, caution.basis) == (known.label, known.basis)
