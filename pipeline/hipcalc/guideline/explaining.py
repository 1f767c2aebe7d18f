"""Facts -> which guard fired, which did not, and which missing answer alone would change the state."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from hipcalc.guideline.context import INPUT_NAMES, Checklist, ClinicalContext, contradictions
from hipcalc.guideline.explanation import Explanation, GuardResult, WhatIf
from hipcalc.guideline.facts import Facts
from hipcalc.guideline.guards import choose_state, in_precedence
from hipcalc.guideline.workflow import Gate, InputDefinition, State

__all__ = ["explain"]

# Age is the one number that a guard looks at.
_AGE: Final = "age_years"


def explain(facts: Facts) -> Explanation:
    """Say which guard fired, which did not, and which missing answer alone would change the state."""
    state = choose_state(facts)
    return Explanation(guards=tuple(_guards(facts, state)), what_if=tuple(_what_if(facts, state)))


def _guards(facts: Facts, fired: State) -> Iterator[GuardResult]:
    outcome: Literal["fired", "not met", "not reached"] = "not met"
    for state in in_precedence(facts.workflow):
        if state is fired:
            outcome = "fired"
        yield GuardResult(state=state.id, name=state.name, when=state.when, outcome=outcome)
        if state is fired:
            outcome = "not reached"


def _what_if(facts: Facts, state: State) -> Iterator[WhatIf]:
    for name, question, answer, context in (*_answered_inputs(facts), *_answered_checklists(facts)):
        reached = choose_state(Facts(hip=facts.hip, context=context, workflow=facts.workflow))
        if reached is not state:
            yield WhatIf(name=name, question=question, answer=answer, state=reached.id, state_name=reached.name)


def _answered_inputs(facts: Facts) -> Iterator[tuple[str, str, str, ClinicalContext]]:
    """Yield the context as it would be with each possible answer to each missing input."""
    context = facts.context
    # History and examination that were not done are missing, too.
    required = {known.id for known in facts.required}
    given = {name: getattr(context, name) for name in INPUT_NAMES}
    for known in facts.workflow.inputs:
        present = given[known.id]
        if present not in (None, "unknown") and known.id not in required:
            continue
        for answer in _answers(known, facts.workflow.scope.adult_from_years):
            if answer != present and not any(contradictions({**given, known.id: answer})):
                yield known.id, known.question, str(answer), replace(context, **{known.id: answer})  # type: ignore[arg-type]


def _answers(known: InputDefinition, adult_from_years: int) -> tuple[str | int, ...]:
    if known.kind == "yes-no":
        return ("yes", "no")
    if known.kind == "choice":
        return known.allowed
    return (adult_from_years - 1, adult_from_years) if known.id == _AGE else ()


def _answered_checklists(facts: Facts) -> Iterator[tuple[str, str, str, ClinicalContext]]:
    """Yield the context with each missing item of each gate answered yes, and with all of them answered no."""
    for gate in facts.workflow.gates:
        checklist: Checklist = getattr(facts.context, gate.column)
        open_items = [item for item in gate.asked if checklist.answer(item.id) == "unknown"]
        for item in open_items:
            answers = {**checklist.answers, item.id: "yes"}
            yield gate.prefix + item.id, item.question, "yes", _with(facts, gate, replace(checklist, answers=answers))
        if open_items:
            known = {name: answer for name, answer in checklist.answers.items() if answer != "unknown"}
            question = f"Every item of {gate.name} that has no answer yet"
            yield gate.column, question, "no", _with(facts, gate, Checklist(answers=known, others="no"))


def _with(facts: Facts, gate: Gate, checklist: Checklist) -> ClinicalContext:
    return replace(facts.context, **{gate.column: checklist})  # type: ignore[arg-type]
