"""The clinical context of one hip: what only a clinician can tell, with a third value for what nobody told."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import Final, Literal, get_args, get_origin

from hipcalc.errors import UsageError

__all__ = [
    "CHECKLIST_NAMES",
    "INPUT_NAMES",
    "Answer",
    "Checklist",
    "ClinicalContext",
    "allowed_words",
    "contradictions",
]

Answer = Literal["yes", "no", "unknown"]
PainSide = Literal["R", "L", "both", "unknown"]
Severity = Literal["mild", "moderate", "severe", "unknown"]
Cause = Literal["labral-tear", "impingement", "other", "undetermined", "unknown"]
Outcome = Literal["improved", "persists", "failed", "unknown"]
NextStep = Literal["injection", "advanced-imaging", "unknown"]
InjectionResponse = Literal["improved", "temporary", "none", "unknown"]
BrookerGrade = Literal["I", "II", "III", "IV", "unknown"]
ImagingResult = Literal["labral-pathology", "no-labral-pathology", "inconclusive", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """Answers to the items of one gate.

    Attributes
    ----------
    answers : mapping of str to {"yes", "no", "unknown"}
        By the item's id.
    others : {"no", "unknown"}
        The answer to every item that `answers` does not name: ``no`` says that all of them were asked.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    others: Literal["no", "unknown"] = "unknown"

    def __post_init__(self) -> None:
        """Refuse answers that are none of the three."""
        for item_id, answer in (*self.answers.items(), ("others", self.others)):
            allowed = get_args(Answer) if item_id != "others" else ("no", "unknown")
            if answer not in allowed:
                raise UsageError(
                    f"checklist, {item_id}: {answer!r} is not allowed; choose one of {', '.join(allowed)}."
                )

    def answer(self, item_id: str) -> Answer:
        """Return the answer to one item."""
        return self.answers.get(item_id, self.others)


@dataclass(frozen=True, kw_only=True)
class ClinicalContext:
    """The clinical context of one hip. Blank or ``unknown`` is never taken for ``no``.

    Attributes
    ----------
    image_id, path, side : str
        Which hip: by image id or file name, and side; a blank one matches any.
    visit_date : date or None
        The day of the visit that the answers are from; needed where a hip has several.
    read_from : str
        File and line, to name in an error; empty for a context that was made in code. It is no part of a comparison.
    age_years, pain_duration_weeks : float or None
        None when unknown.
    open_physes, implant, hip_pain, history_done, examination_done : {"yes", "no", "unknown"}
    pain_side : {"R", "L", "both", "unknown"}
        The patient's side.
    pain_severity, underlying_cause : str
        What the plan depends on (R26).
    red_flags, nsaid_checklist, injection_checklist, mra_checklist : Checklist
        Gates R, N, C and M.
    nsaid_caution_reason, injection_caution_reason, mra_caution_reason : str
        Why the clinician accepts the cautions answered yes; empty when there is no reason on record.
    conservative_started, conservative_completed : {"yes", "no", "unknown"}
    conservative_outcome : {"improved", "persists", "failed", "unknown"}
        By the clinician's word; only ``failed`` is a failure in the sense of R19.
    next_step : {"injection", "advanced-imaging", "unknown"}
        What the clinician chose of the steps offered.
    injection_response, advanced_imaging_result : str
    symptomatic_labral_pathology, clinical_correlation : {"yes", "no", "unknown"}
        The second half of R19 (b), and R19 (c).
    brooker_grade : {"I", "II", "III", "IV", "unknown"}
        By the reader; shown with a confirmed heterotopic ossification only.

    Raises
    ------
    UsageError
        If a field holds what is not allowed, or if two fields contradict each other.
    """

    image_id: str = ""
    path: str = ""
    side: Literal["R", "L", "unknown", ""] = ""
    visit_date: date | None = None
    read_from: str = field(default="", compare=False)
    age_years: float | None = None
    open_physes: Answer = "unknown"
    implant: Answer = "unknown"
    hip_pain: Answer = "unknown"
    pain_side: PainSide = "unknown"
    pain_severity: Severity = "unknown"
    pain_duration_weeks: float | None = None
    history_done: Answer = "unknown"
    examination_done: Answer = "unknown"
    underlying_cause: Cause = "unknown"
    red_flags: Checklist = field(default_factory=Checklist)
    nsaid_checklist: Checklist = field(default_factory=Checklist)
    nsaid_caution_reason: str = ""
    conservative_started: Answer = "unknown"
    conservative_completed: Answer = "unknown"
    conservative_outcome: Outcome = "unknown"
    next_step: NextStep = "unknown"
    injection_checklist: Checklist = field(default_factory=Checklist)
    injection_caution_reason: str = ""
    injection_response: InjectionResponse = "unknown"
    mra_checklist: Checklist = field(default_factory=Checklist)
    mra_caution_reason: str = ""
    advanced_imaging_result: ImagingResult = "unknown"
    symptomatic_labral_pathology: Answer = "unknown"
    clinical_correlation: Answer = "unknown"
    brooker_grade: BrookerGrade = "unknown"

    @property
    def name(self) -> str:
        """How an error speaks of it: file and line where it was read from one, the hip, and the day of the visit."""
        place = f"clinical context for image {self.image_id or self.path or '(any)'}, side {self.side or '(any)'}"
        if self.read_from:
            place = f"{self.read_from}: {place}"
        return place if self.visit_date is None else f"{place}, visit of {self.visit_date}"

    def __post_init__(self) -> None:
        """Refuse values that are not allowed, and a context that contradicts itself."""
        for name, words in _choices().items():
            value = getattr(self, name)
            if value not in words:
                allowed = ", ".join(filter(None, words))
                raise UsageError(f"clinical context, {name}: {value!r} is not allowed; choose one of {allowed}.")
        values = {name: getattr(self, name) for name in INPUT_NAMES}
        for name, why in contradictions(values):
            raise UsageError(f"clinical context, {name}: {values[name]!r} is not possible; {why}.")


@cache
def _choices() -> dict[str, tuple[str, ...]]:
    """Return the words of each field that has some; kept, as a hundred contexts are made for each hip."""
    return {one.name: get_args(one.type) for one in fields(ClinicalContext) if get_origin(one.type) is Literal}


_KEYS: Final = ("image_id", "path", "side", "visit_date", "read_from")
CHECKLIST_NAMES: Final = tuple(column.name for column in fields(ClinicalContext) if column.type is Checklist)
# The columns of a context table beside the keys and the checklists.
INPUT_NAMES: Final = tuple(
    column.name for column in fields(ClinicalContext) if column.name not in (*_KEYS, *CHECKLIST_NAMES)
)
_OLDEST_YEARS: Final = 120
_NO_REASONS: Final = ("yes", "no", "none", "unknown", "ok")
_EXCLUSIONS: Final = (
    ("pain_side", (), "hip_pain", "no"),
    ("pain_severity", (), "hip_pain", "no"),
    ("pain_duration_weeks", (), "hip_pain", "no"),
    ("conservative_completed", ("no",), "conservative_started", "no"),
    ("conservative_outcome", (), "conservative_started", "no"),
    ("symptomatic_labral_pathology", ("no",), "advanced_imaging_result", "no-labral-pathology"),
)


def allowed_words(name: str) -> tuple[str, ...]:
    """Return the words that a field of a context may hold beside ``unknown``; empty for numbers and free text."""
    kind = next(column.type for column in fields(ClinicalContext) if column.name == name)
    return tuple(word for word in get_args(kind) if word != "unknown") if get_origin(kind) is Literal else ()


def contradictions(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (column, why) for each value that cannot be true, alone or beside another one.

    Parameters
    ----------
    values : mapping of str to object
        Inputs by name; unknown ones may be absent.
    """
    for column, unless, other, excluded in _EXCLUSIONS:
        value = values.get(column)
        if value not in (None, "", "unknown") and value not in unless and values.get(other) == excluded:
            yield column, f"{other} is {excluded!r}"
    for column, most in (("age_years", _OLDEST_YEARS), ("pain_duration_weeks", math.inf)):
        number = values.get(column)
        if isinstance(number, float | int) and not 0 <= number <= most:
            yield column, f"give a number from 0 to {most}" if math.isfinite(most) else "give a number of weeks"
    for column, value in values.items():
        if column.endswith("_caution_reason") and str(value).strip().lower() in _NO_REASONS:
            yield column, "give the clinician's reason in words, or leave it blank"
