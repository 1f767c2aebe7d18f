"""Every rule R01 to R43 stands in some output: this is by which input."""

from dataclasses import replace

import pytest

from guideline_builders import PAINFUL, PERSISTS, SURGICAL, reviewed_hip
from hipcalc.guideline import ClinicalContext, load_workflow, recommend

IMPROVED = replace(PAINFUL, conservative_started="yes", conservative_outcome="improved")
INJECTION = replace(PERSISTS, next_step="injection")
IMAGING = replace(PERSISTS, next_step="advanced-imaging")

REACHED_BY: dict[str, tuple[str, ClinicalContext | None]] = {
    **dict.fromkeys(
        [
            *("R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R10", "R11a", "R11b", "R11c"),
            *("R23", "R24", "R25", "R26", "R27", "R28", "R30", "R31"),
        ],
        ("S10", PAINFUL),
    ),
    **dict.fromkeys(["R12", "R13", "R14", "R33", "R34", "R35", "R36"], ("S12", INJECTION)),
    **dict.fromkeys(["R15", "R21", "R22", "R37", "R38"], ("S13", IMAGING)),
    **dict.fromkeys(["R16", "R17", "R20", "R42"], ("S8", None)),
    "R18": ("S15", IMPROVED),
    **dict.fromkeys(["R19a", "R19b", "R19c", "R29", "R32"], ("S16", SURGICAL)),
    **dict.fromkeys(["R39", "R40", "R41"], ("S8", ClinicalContext())),
    "R43": ("S9", replace(PAINFUL, pain_side="L")),
}


def test_every_rule_has_its_input() -> None:
    assert sorted(REACHED_BY) == sorted(rule.id for rule in load_workflow().rules)
    assert {rule[:3] for rule in REACHED_BY} == {f"R{number:02d}" for number in range(1, 44)}


@pytest.mark.parametrize("rule_id", sorted(REACHED_BY))
def test_the_rule_is_reached(rule_id: str) -> None:
    state, context = REACHED_BY[rule_id]
    output = recommend(reviewed_hip(), context)
    assert output.state == state
    rule = load_workflow().rule(rule_id)
    (sentence,) = [sentence for sentence in output.sentences if sentence.rule_id == rule_id]
    assert (sentence.text, sentence.kind, sentence.basis) == (rule.text, rule.kind, rule.basis)
    places = {"mandatory": output.mandatory, "advice": output.advice}
    assert sentence in places.get(rule.kind, output.explanations)
