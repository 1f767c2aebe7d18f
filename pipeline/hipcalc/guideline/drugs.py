"""Drugs and amounts in a site's own texts: none may stand where the workflow that comes with hipcalc has none."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache

from hipcalc.guideline.workflow import Workflow
from hipcalc_models import model_file

__all__ = ["added_drugs"]


def added_drugs(workflow: Workflow, original: Workflow) -> Iterator[str]:
    """Find a drug or an amount in a text of a workflow that the same text of the original does not name.

    Parameters
    ----------
    workflow, original : Workflow
        A site's own, and the one that comes with hipcalc.

    Yields
    ------
    str
        What is wrong and where, without a full stop.
    """
    known = _texts(original)
    for name, text in _texts(workflow).items():
        before = known.get(name, "")
        for drug in sorted(_drugs(text) - _drugs(before)):
            yield f"the text of {name} names {drug}, which the source document does not name there; leave it out"
        for amount in sorted(_amounts(text) - _amounts(before)):
            yield f"the text of {name} gives {amount!r}, which the source document does not give there; leave it out"


def _texts(workflow: Workflow) -> dict[str, str]:
    """Return every sentence that an output can print, by the name of its place."""
    return {
        **{rule.id: f"{rule.text} {rule.statement}" for rule in workflow.rules},
        **{f"state {state.id}": f"{state.name}. {state.when}" for state in workflow.states},
        **{text.id: text.text for state in workflow.states for text in state.texts},
        **{f"gate {gate.id}": gate.blocked_text for gate in workflow.gates},
        **{
            f"item {gate.prefix}{item.id}": f"{item.question} {item.label}"
            for gate in workflow.gates
            for item in gate.items
        },
        **{f"input {known.id}": known.question for known in workflow.inputs},
        **{tension.id: tension.text for tension in workflow.tensions},
        **{
            f"grading {scheme.id}": " ".join((scheme.name, scheme.caveat, *(grade.text for grade in scheme.grades)))
            for scheme in workflow.gradings
        },
        "no_grading_text": workflow.no_grading_text,
        "unused_grade_text": workflow.unused_grade_text,
        "specialist_blocked_text": workflow.specialist_blocked_text,
        "excluded_text": workflow.excluded_text,
        "disagreement_text": workflow.disagreement_text,
        "disclaimer": " ".join(workflow.disclaimer),
    }


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(model_file("guideline-1", "drugs.toml").read_text(encoding="utf-8"))
    return {name: tuple(words) for name, words in table.items()}


def _drugs(text: str) -> set[str]:
    words = set(re.findall(r"[a-z]+", text.lower()))
    return {word for word in words if word in _lists()["names"] or word.endswith(_lists()["stems"])}


def _amounts(text: str) -> set[str]:
    units = "|".join(map(re.escape, _lists()["units"]))
    number = r"\d+(?:[.,]\d+)?"
    found = re.finditer(rf"{number}(?:\s*(?:-|–|to)\s*{number})?\s*(?:{units})\b", text.lower())
    return {" ".join(match.group().split()) for match in found}
