"""Grades of confirmed findings, by schemes that are made for their class and no other."""

from hipcalc.guideline.facts import Facts
from hipcalc.guideline.recommendation import Grading
from hipcalc.guideline.workflow import GradingScheme

__all__ = ["grading_note", "gradings"]


def gradings(facts: Facts) -> tuple[Grading, ...]:
    """Return a grading for each scheme that is made for a confirmed class; the grade is the reader's."""
    return tuple(_grading(facts, scheme) for scheme in facts.workflow.gradings if _graded(facts, scheme))


def grading_note(facts: Facts) -> str:
    """Return why a confirmed finding has no grade, or why one on record is not shown; empty otherwise."""
    if not facts.confirmed:
        return ""
    without = [scheme for scheme in facts.workflow.gradings if not _graded(facts, scheme)]
    unused = [scheme.name for scheme in without if _grade(facts, scheme) != "unknown"]
    said = [facts.workflow.unused_grade_text.replace("{name}", name) for name in unused]
    if len(without) == len(facts.workflow.gradings):
        said.append(facts.workflow.no_grading_text)
    return " ".join(said)


def _grading(facts: Facts, scheme: GradingScheme) -> Grading:
    grade = _grade(facts, scheme)
    return Grading(
        scheme=scheme.id,
        name=scheme.name,
        candidate_ids=_graded(facts, scheme),
        grade=grade,
        text=next((known.text for known in scheme.grades if known.id == grade), ""),
        caveat=scheme.caveat,
        basis=scheme.basis,
    )


def _graded(facts: Facts, scheme: GradingScheme) -> tuple[str, ...]:
    return tuple(entry.finding.candidate_id for entry in facts.confirmed if entry.confirmed_class in scheme.classes)


def _grade(facts: Facts, scheme: GradingScheme) -> str:
    grade: str = getattr(facts.context, scheme.input)
    return grade
