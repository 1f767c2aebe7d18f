"""The one way to a workflow: read, then checked for what must be there and for what refers to nothing."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from hipcalc.errors import UsageError
from hipcalc.guideline.context import CHECKLIST_NAMES, INPUT_NAMES, allowed_words
from hipcalc.guideline.drugs import added_drugs
from hipcalc.guideline.workflow import DEFAULT_WORKFLOW, Workflow, parse_workflow
from hipcalc.review import FINDING_CLASSES

__all__ = ["load_workflow"]

_SPLIT: Final = {"R11": "abc", "R19": "abc"}
_RULES: Final = tuple(
    f"{rule}{part}" for rule in (f"R{number:02d}" for number in range(1, 44)) for part in _SPLIT.get(rule, ("",))
)
_STATES: Final = tuple(f"S{number}" for number in range(18))
_GATES: Final = ("R", "N", "C", "M")
# Clinical page, invariant 4.
_MANDATORY: Final = ("R16", "R17", "R20", "R42")
# States about a confirmed finding of the rim or labral region whose text no red flag has withdrawn.
_SPEAKING: Final = tuple(f"S{number}" for number in range(6, 17))


def load_workflow(path: Path | None = None) -> Workflow:
    """Read and check a workflow.

    Parameters
    ----------
    path : Path, optional
        A site's own copy of ``guideline-1/workflow.toml``; without it, the one that comes with hipcalc.

    Returns
    -------
    Workflow

    Raises
    ------
    UsageError
        If the file cannot be read; if a rule, state or gate is missing, doubled or unknown; if a state leaves out a
        mandatory text; or if a text names a drug or an amount that the original does not name there.
    """
    if path is None:
        return _own_workflow()
    workflow = _checked(parse_workflow(path), str(path))
    for problem in added_drugs(workflow, _own_workflow()):
        raise UsageError(f"{path}: {problem}.")
    return workflow


@cache
def _own_workflow() -> Workflow:
    return _checked(parse_workflow(None), "/".join(DEFAULT_WORKFLOW))


def _checked(workflow: Workflow, place: str) -> Workflow:
    for check in _CHECKS:
        for problem in check(workflow):
            raise UsageError(f"{place}: {problem}.")
    return workflow


def _complete(workflow: Workflow) -> Iterator[str]:
    """Find a rule, state, gate, class or input that is missing, doubled or unknown."""
    for what, there, wanted in (
        ("rule", [rule.id for rule in workflow.rules], _RULES),
        ("state", [state.id for state in workflow.states], _STATES),
        ("gate", [gate.id for gate in workflow.gates], _GATES),
        ("class", [known.id for known in workflow.classes], FINDING_CLASSES),
        ("input", [known.id for known in workflow.inputs], INPUT_NAMES),
        ("tension", [tension.id for tension in workflow.tensions], None),
    ):
        yield from _set_problems(what, there, wanted)
    for gate in workflow.gates:
        yield from _set_problems(f"item of gate {gate.id}", [item.id for item in gate.items], None)


def _set_problems(what: str, there: list[str], wanted: Iterable[str] | None) -> Iterator[str]:
    yield from (f"the {what} {name} is there twice; keep one" for name in there if there.count(name) > 1)
    if wanted is not None:
        yield from (f"the {what} {name} is missing; add it" for name in wanted if name not in there)
        yield from (f"{name} is no {what} that hipcalc knows; leave it out" for name in there if name not in wanted)


def _references(workflow: Workflow) -> Iterator[str]:
    """Find what a state, gate or tension names and does not exist."""
    tensions = [tension.id for tension in workflow.tensions]
    named: list[tuple[str, Iterable[str], Iterable[str]]] = [("mandatory", workflow.mandatory, _RULES)]
    for state in workflow.states:
        named += [(f"state {state.id}", state.rules, _RULES), (f"state {state.id}", state.goes_to, _STATES)]
        named += [(f"state {state.id}", state.tensions, tensions), (f"state {state.id}", state.wants, INPUT_NAMES)]
    for gate in workflow.gates:
        named.append((f"gate {gate.id}", (*gate.withdraws, *filter(None, [gate.replaces])), _RULES))
    named += [(f"tension {tension.id}", tension.rules, _RULES) for tension in workflow.tensions]
    for place, names, known in named:
        yield from (f"{place} names {name}, which does not exist" for name in names if name not in known)


def _mandatory_texts(workflow: Workflow) -> Iterator[str]:
    """Find a state that drops a text of every output, and a blank text."""
    yield from (f"mandatory must name {rule}" for rule in _MANDATORY if rule not in workflow.mandatory)
    for state in workflow.states:
        if state.id in _SPEAKING:
            absent = [rule for rule in workflow.mandatory if rule not in state.rules]
            yield from (f"state {state.id} leaves out the mandatory rule {rule}; add it" for rule in absent)
        elif state.rules:
            yield f"state {state.id} must show no rule"
    texts = [(rule.id, rule.text) for rule in workflow.rules]
    texts += [(text.id, text.text) for state in workflow.states for text in state.texts]
    texts += [("disclaimer", " ".join(workflow.disclaimer)), ("disagreement_text", workflow.disagreement_text)]
    yield from (f"the text of {name} is blank; write it" for name, text in texts if not text.strip())


def _gates(workflow: Workflow) -> Iterator[str]:
    """Find a gate that never blocks, and two inputs with one column."""
    columns = list(INPUT_NAMES)
    for gate in workflow.gates:
        if not any(item.kind == "blocker" for item in gate.items):
            yield f"gate {gate.id} has no blocker; add one"
        if gate.column not in CHECKLIST_NAMES:
            yield f"gate {gate.id}: {gate.column} is no checklist; choose one of {', '.join(CHECKLIST_NAMES)}"
        if any(item.derived_from not in ("", "age_years") for item in gate.items):
            yield f"gate {gate.id}: an item can be derived from age_years only"
        columns += [gate.column, *(gate.prefix + item.id for item in gate.asked)]
    yield from (f"two inputs share the column {name}; rename one" for name in columns if columns.count(name) > 1)


def _gradings(workflow: Workflow) -> Iterator[str]:
    """Find a scheme for a class that it is not made for, without a caveat, or with grades that its input lacks."""
    in_scope = {known.id: known.in_scope for known in workflow.classes}
    for scheme in workflow.gradings:
        for name in scheme.classes:
            if in_scope.get(name, True):
                yield f"grading {scheme.id} must not grade {name}: no scheme is validated there"
        if not scheme.caveat.strip():
            yield f"grading {scheme.id} has no caveat; write it"
        if scheme.input not in INPUT_NAMES:
            yield f"grading {scheme.id} names the input {scheme.input}, which does not exist"
        elif tuple(grade.id for grade in scheme.grades) != allowed_words(scheme.input):
            yield f"grading {scheme.id} must explain the grades {', '.join(allowed_words(scheme.input))}"


def _choices(workflow: Workflow) -> Iterator[str]:
    """Let an input allow exactly the words that the guards understand."""
    for known in workflow.inputs:
        words = allowed_words(known.id)
        if known.kind == "choice" and known.allowed != words:
            yield f"input {known.id} must allow {', '.join(words)}"


def _precedence(workflow: Workflow) -> Iterator[str]:
    """Keep the clinical page's order: red flag; not confirmed; scope; context; asymptomatic; step."""
    order = [state.id for state in sorted(workflow.states, key=lambda state: state.precedence) if state.precedence]
    if order != list(_ORDER):
        yield f"the precedence must order the states as {', '.join(_ORDER)}"


_ORDER: Final = (
    *("S17", "S0", "S1", "S3", "S2", "S5", "S6", "S7", "S8", "S9"),
    *("S16", "S15", "S14", "S12", "S13", "S11", "S10"),
)
_CHECKS: Final[tuple[Callable[[Workflow], Iterator[str]], ...]] = (
    _complete,
    _references,
    _mandatory_texts,
    _gates,
    _gradings,
    _choices,
    _precedence,
)
