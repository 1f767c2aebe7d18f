"""Reviewed hips and clinical contexts -> what the workflow says about each hip."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TypeVar, overload

from hipcalc.errors import UsageError
from hipcalc.guideline.composing import compose
from hipcalc.guideline.context import ClinicalContext
from hipcalc.guideline.facts import Facts
from hipcalc.guideline.history import case_history, weeks_of_care
from hipcalc.guideline.loading import load_workflow
from hipcalc.guideline.recommendation import Recommendation
from hipcalc.guideline.visits import after_each_visit, in_order
from hipcalc.guideline.workflow import Workflow
from hipcalc.review import ReviewedHip

__all__ = ["recommend"]

Kind = TypeVar("Kind")


@overload
def recommend(
    reviewed: ReviewedHip,
    context: ClinicalContext | Iterable[ClinicalContext] | None,
    *,
    workflow: Workflow | None = None,
) -> Recommendation: ...
@overload
def recommend(
    reviewed: tuple[ReviewedHip, ...],
    context: ClinicalContext | Iterable[ClinicalContext] | None,
    *,
    workflow: Workflow | None = None,
) -> tuple[Recommendation, ...]: ...
def recommend(
    reviewed: ReviewedHip | tuple[ReviewedHip, ...],
    context: ClinicalContext | Iterable[ClinicalContext] | None,
    *,
    workflow: Workflow | None = None,
) -> Recommendation | tuple[Recommendation, ...]:
    """Map reviewed hips, with their clinical context, to the guideline workflow.

    Parameters
    ----------
    reviewed : ReviewedHip or tuple of ReviewedHip
        From `hipcalc.apply_reviews`.
    context : ClinicalContext, iterable of ClinicalContext, or None
        Each is given to the one hip that it names by image and side; what it leaves blank matches any hip. A hip
        without a context gets no treatment text. Several for one hip are its visits, each with its `visit_date`, in
        any order: the state is that after the last one, and the recommendation tells the way there.
    workflow : Workflow, optional
        A site's own, from `load_workflow`; without it, the one that comes with hipcalc.

    Returns
    -------
    Recommendation or tuple of Recommendation
        One for each hip, in the order given; a single one for a single hip.

    Raises
    ------
    UsageError
        If something else is given; if a context fits no hip or several; if one of several visits of a hip has no date,
        or the date of another; if a visit takes back what an earlier one says was done; or if a checklist names an
        unknown item.
    """
    workflow = workflow or load_workflow()
    hips = _several(reviewed, ReviewedHip, "give what hipcalc.apply_reviews returned")
    contexts = () if context is None else _several(context, ClinicalContext, "make one, or use hipcalc.read_contexts")
    by_hip = _matched(hips, contexts)
    for entry in contexts:
        _check_items(entry, workflow)
    results = tuple(_recommend_one(hip, by_hip.get(index, []), workflow) for index, hip in enumerate(hips))
    return results[0] if isinstance(reviewed, ReviewedHip) else results


def _several(given: object, kind: type[Kind], remedy: str) -> tuple[Kind, ...]:
    """Return one thing, or the things in a collection, as a tuple; of nothing but this kind."""
    things = tuple(given) if isinstance(given, Iterable) else (given,)
    for thing in things:
        if not isinstance(thing, kind):
            raise UsageError(f"{type(thing).__name__} is no {kind.__name__}; {remedy}.")
    return things


def _recommend_one(hip: ReviewedHip, contexts: list[ClinicalContext], workflow: Workflow) -> Recommendation:
    visits = in_order(contexts)
    known = after_each_visit(visits, workflow)
    facts = Facts(
        hip=hip,
        context=known[-1] if known else ClinicalContext(),
        workflow=workflow,
        weeks_of_care=weeks_of_care(known),
    )
    return compose(facts, case_history(hip, visits, known, workflow))


def _matched(
    hips: tuple[ReviewedHip, ...], contexts: tuple[ClinicalContext, ...]
) -> Mapping[int, list[ClinicalContext]]:
    """Give each context to its hip, by the hip's position."""
    by_image: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for index, hip in enumerate(hips):
        by_image.setdefault(hip.image_id, []).append(index)
        by_name.setdefault(PurePath(hip.path).name, []).append(index)
    matched: dict[int, list[ClinicalContext]] = {}
    for context in contexts:
        if context.image_id:
            places = by_image.get(context.image_id, [])
        elif context.path:
            places = by_name.get(PurePath(context.path).name, [])
        else:
            places = list(range(len(hips)))
        fitting = [index for index in places if context.side in ("", hips[index].side)]
        _check_fit(context, fitting, [hips[index].side for index in places])
        matched.setdefault(fitting[0], []).append(context)
    return matched


def _check_fit(context: ClinicalContext, fitting: list[int], sides: list[str]) -> None:
    name = context.name
    if not fitting:
        there = f"the image has the sides {', '.join(sides)}" if sides else "there is no such image"
        raise UsageError(f"{name}: it fits no hip of these results ({there}); correct its image or its side.")
    if len(fitting) > 1:
        raise UsageError(f"{name}: it fits {len(fitting)} hips; name the image by its image_id, and the side.")


def _check_items(context: ClinicalContext, workflow: Workflow) -> None:
    for gate in workflow.gates:
        known = {item.id for item in gate.asked}
        for item_id in getattr(context, gate.column).answers:
            if item_id not in known:
                raise UsageError(
                    f"{gate.column}: {item_id!r} is no item of it; choose from {', '.join(sorted(known))}."
                )
