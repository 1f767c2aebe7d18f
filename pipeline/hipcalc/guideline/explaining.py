"""Facts -> which guard fired, which did not, and which missing answer alone would change the state."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Final, Literal, cast

from hipcalc.guideline.context import INPUT_NAMES, Answer, Checklist, ClinicalContext, contradictions
from hipcalc.guideline.explanation import Explanation, GuardResult, WhatIf
from hipcalc.guideline.facts import Facts
from hipcalc.guideline.guards import choose_state, in_precedence
from hipcalc.guideline.workflow import InputDefinition, State

__all__ = ["explain"]

# Age is the one number that a guard looks at.
_AGE: Final = "age_years"


class _Watched:
    """A context that notes which of its fields are looked at."""

    def __init__(self, context: ClinicalContext) -> None:
        self._context = context
        self.looked_at: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.looked_at.add(name)
        return getattr(self._context, name)


def explain(facts: Facts) -> Explanation:
    """Say which guard fired, which did not, and which missing answer alone would change the state."""
    state = choose_state(facts)
    return Explanation(guards=tuple(_guards(facts, state)), what_if=tuple(_what_if(facts, state)))


def _looked_at(facts: Facts) -> frozenset[str]:
    """Return the fields of the context that the guards look at on their way to the state: no other can change it."""
    watched = _Watched(facts.context)
    choose_state(Facts(hip=facts.hip, context=cast(ClinicalContext, watched), workflow=facts.workflow))
    return frozenset(watched.looked_at)


def _guards(facts: Facts, fired: State) -> Iterator[GuardResult]:
    outcome: Literal["fired", "not met", "not reached"] = "not met"
    for state in in_precedence(facts.workflow):
        if state is fired:
            outcome = "fired"
        yield GuardResult(state=state.id, name=state.name, when=state.when, outcome=outcome)
        if state is fired:
            outcome = "not reached"


def _what_if(facts: Facts, state: State) -> Iterator[WhatIf]:
    looked_at = _looked_at(facts)
    for name, question, answer, changed in chain(
        _answered_inputs(facts, looked_at), _answered_checklists(facts, looked_at)
    ):
        reached = choose_state(changed)
        if reached is not state:
            yield WhatIf(name=name, question=question, answer=answer, state=reached.id, state_name=reached.name)


def _answered_inputs(facts: Facts, looked_at: frozenset[str]) -> Iterator[tuple[str, str, str, Facts]]:
    """Yield the facts as they would be with each possible answer to each missing input."""
    context = facts.context
    # History and examination that were not done are missing, too.
    required = {known.id for known in facts.required}
    given = {name: getattr(context, name) for name in INPUT_NAMES}
    for known in facts.workflow.inputs:
        present = given[known.id]
        if known.id not in looked_at or (present not in (None, "unknown") and known.id not in required):
            continue
        for answer in _answers(known, facts.workflow.scope.adult_from_years):
            if answer != present and not any(contradictions({**given, known.id: answer})):
                yield known.id, known.question, str(answer), facts.with_answer(known.id, answer)


def _answers(known: InputDefinition, adult_from_years: int) -> tuple[str | int, ...]:
    if known.kind == "yes-no":
        return ("yes", "no")
    if known.kind == "choice":
        return known.allowed
    return (adult_from_years - 1, adult_from_years) if known.id == _AGE else ()


def _answered_checklists(facts: Facts, looked_at: frozenset[str]) -> Iterator[tuple[str, str, str, Facts]]:
    """Yield the facts with each missing item of each gate answered yes, and with all of them answered no."""
    for gate in facts.workflow.gates:
        if gate.column not in looked_at:
            continue
        checklist: Checklist = getattr(facts.context, gate.column)
        open_items = [item for item in gate.asked if checklist.answer(item.id) == "unknown"]
        for item in open_items:
            answers: dict[str, Answer] = {**checklist.answers, item.id: "yes"}
            changed = facts.with_answer(gate.column, replace(checklist, answers=answers))
            yield gate.prefix + item.id, item.question, "yes", changed
        if open_items:
            known = {name: answer for name, answer in checklist.answers.items() if answer != "unknown"}
            question = f"Every item of {gate.name} that has no answer yet"
            changed = facts.with_answer(gate.column, Checklist(answers=known, others="no"))
            yield gate.column, question, "no", changed
