"""Visits of one hip -> what is known after each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from hipcalc.errors import UsageError
from hipcalc.guideline.context import INPUT_NAMES, Answer, Checklist, ClinicalContext, contradictions
from hipcalc.guideline.workflow import Workflow

__all__ = ["after_each_visit", "in_order", "visit_problems"]

# What has happened cannot be undone by a later visit: a mistake is mended in the row that holds it.
_LASTING: Final = ("conservative_started", "conservative_completed")
_AGE: Final = "age_years"
# Pain that persists by a visit's word outdates the word of an earlier visit that the injection had helped.
_OUTCOME, _STILL_PAINFUL, _OUTDATED = "conservative_outcome", ("persists", "failed"), ("injection_response", "improved")


def in_order(visits: Sequence[ClinicalContext]) -> tuple[ClinicalContext, ...]:
    """Return the visits by their dates; one that has no date stands alone.

    Raises
    ------
    UsageError
        If a visit among several has no date, or if two have the same.
    """
    dates = [visit.visit_date for visit in visits]
    if len(visits) > 1 and (None in dates or len(set(dates)) < len(dates)):
        raise UsageError(
            f"{visits[1].name}: this hip has a clinical context already; keep one, or give each visit a visit_date "
            "of its own."
        )
    # A single visit may lack the date.
    return tuple(sorted(visits, key=lambda visit: visit.visit_date or date.min))


def after_each_visit(visits: Sequence[ClinicalContext], workflow: Workflow) -> tuple[ClinicalContext, ...]:
    """Return what is known after each visit.

    An input that the workflow lets carry over (`InputDefinition.carries`) keeps its value until a visit gives another.
    Everything else is asked anew at each visit: blank is unknown. A red flag that was answered yes stands until it
    is answered no.

    Parameters
    ----------
    visits : sequence of ClinicalContext
        Of one hip, as `in_order` returned them.
    workflow : Workflow

    Returns
    -------
    tuple of ClinicalContext
        One for each visit.

    Raises
    ------
    UsageError
        If a visit takes back what an earlier one recorded as done, or makes the patient younger.
    """
    for index, column, why in visit_problems(visits):
        raise UsageError(f"{visits[index].name}, {column}: {getattr(visits[index], column)!r} is not possible; {why}.")
    known: list[ClinicalContext] = []
    for visit in visits:
        known.append(_joined(known[-1], visit, workflow) if known else visit)
    return tuple(known)


def visit_problems(visits: Sequence[ClinicalContext]) -> Iterator[tuple[int, str, str]]:
    """Yield (position, column, why) for each value that an earlier visit makes impossible.

    Parameters
    ----------
    visits : sequence of ClinicalContext
        Of one hip, in the order of their dates.
    """
    for column in _LASTING:
        before = [index for index, visit in enumerate(visits) if getattr(visit, column) == "yes"]
        for index, visit in enumerate(visits):
            if before and index > before[0] and getattr(visit, column) == "no":
                yield index, column, f"the visit of {visits[before[0]].visit_date} says 'yes'; correct one of them"
    oldest: ClinicalContext | None = None
    for index, visit in enumerate(visits):
        if visit.age_years is None:
            continue
        if oldest is not None and oldest.age_years is not None and visit.age_years < oldest.age_years:
            yield index, _AGE, f"the visit of {oldest.visit_date} says {oldest.age_years:g}; correct one of them"
        else:
            oldest = visit


def _joined(before: ClinicalContext, visit: ClinicalContext, workflow: Workflow) -> ClinicalContext:
    """Add to a visit what carries over from the visits before it, where the two do not exclude each other."""
    given = {name: getattr(visit, name) for name in INPUT_NAMES}
    carried = {
        known.id: getattr(before, known.id)
        for known in workflow.inputs
        if known.carries and given[known.id] in (None, "", "unknown")
    }
    if given[_OUTCOME] in _STILL_PAINFUL and carried.get(_OUTDATED[0]) == _OUTDATED[1]:
        del carried[_OUTDATED[0]]
    joined: dict[str, Any] = {**given, **carried}
    # What a visit says wins over what was known before it.
    while problem := next(iter(contradictions(joined)), None):
        column = _carried_against(problem[0], joined, carried)
        joined[column] = given[column]
        del carried[column]
    return replace(visit, **joined, red_flags=_still_raised(before.red_flags, visit.red_flags))


def _carried_against(column: str, joined: dict[str, Any], carried: dict[str, Any]) -> str:
    """Return the carried input without which a column is no problem any more: itself, or what excludes it."""
    return next(
        name for name in carried if all(problem[0] != column for problem in contradictions({**joined, name: "unknown"}))
    )


def _still_raised(before: Checklist, now: Checklist) -> Checklist:
    raised: dict[str, Answer] = {
        name: "yes" for name, answer in before.answers.items() if answer == "yes" and now.answer(name) == "unknown"
    }
    return replace(now, answers={**now.answers, **raised}) if raised else now
