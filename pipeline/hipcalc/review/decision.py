"""What a reader decided about a candidate, and the tables that hold decisions."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, cast, get_args

from hipcalc.errors import UsageError
from hipcalc.review.rows import Problems, Row, read_rows

__all__ = [
    "DECISION_COLUMNS",
    "FINDING_CLASSES",
    "REJECTION_REASONS",
    "ROLES",
    "Decision",
    "ReviewStatus",
    "check_agreement",
    "read_decisions",
]

ReviewStatus = Literal["unreviewed", "confirmed", "rejected", "indeterminate"]

_STATUSES: Final = get_args(ReviewStatus)
DecisionRole = Literal["reader", "adjudicator"]
ROLES: Final = get_args(DecisionRole)

# What a dense focus near the hip can be; the guideline's data says which of them its rules are about.
FINDING_CLASSES: Final = (
    "labral-calcification",
    "rim-ossification",
    "os-acetabuli",
    "rim-fracture-fragment",
    "osteophyte",
    "rectus-femoris-hadd",
    "gluteal-hadd",
    "cppd",
    "heterotopic-ossification",
    "synovial-chondromatosis",
    "phlebolith",
    "vascular-calcification",
    "bone-island",
    "injection-granuloma",
    "marker",
)
REJECTION_REASONS: Final = ("osteophyte", "bone-edge", "vessel", "marker", "artefact", "other")
DECISION_COLUMNS: Final = ("candidate_id", "status", "reader", "time", "reason", "note", "confirmed_class", "role")
_REQUIRED: Final = ("candidate_id", "status", "reader", "time")
_CLOCKS_DIFFER: Final = timedelta(hours=1)
_TIME_RULE: Final = "give ISO 8601 with an offset or Z, such as 2026-03-01T14:05:00+01:00"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One reader's decision about one candidate. Its fields are the columns of a decisions table, in order.

    Attributes
    ----------
    candidate_id : str
        As in the candidates table.
    status : {"confirmed", "rejected", "indeterminate", "unreviewed"}
        ``unreviewed`` revokes what was decided before.
    reader : str
        The name of the person who decided; never empty.
    time : datetime
        When it was decided, with an offset from UTC. Each reader's latest decision holds.
    reason : str
        Why it was rejected (`REJECTION_REASONS`); empty otherwise.
    note : str
        Free text.
    confirmed_class : str
        What the reader holds a confirmed focus to be (`FINDING_CLASSES`); empty when that was not said.
    role : {"reader", "adjudicator"}
        An adjudicator's decision settles what readers disagree about.

    Raises
    ------
    UsageError
        If a field holds what is not allowed.
    """

    candidate_id: str
    status: ReviewStatus
    reader: str
    time: datetime
    reason: str = ""
    note: str = ""
    confirmed_class: str = ""
    role: DecisionRole = "reader"

    def __post_init__(self) -> None:
        """Drop blanks around texts, as the table's reader does, and refuse what no decisions table may hold."""
        if not isinstance(self.time, datetime):
            raise UsageError(f"decision about {self.candidate_id!r}, time: give a datetime with an offset from UTC.")
        for column in DECISION_COLUMNS:
            value = getattr(self, column)
            if isinstance(value, str):
                object.__setattr__(self, column, value.strip())
        for column, value, allowed in _wrong_cells(self.to_row()):
            raise UsageError(f"decision about {self.candidate_id!r}, {column}: {value!r} is not allowed; {allowed}.")

    def to_row(self) -> dict[str, str]:
        """Return the decision as text, by column, in the table's order."""
        return {column: _text(getattr(self, column)) for column in DECISION_COLUMNS}


def read_decisions(path: str | Path, *, candidates: Collection[str] | None = None) -> tuple[Decision, ...]:
    """Read a table of decisions.

    Parameters
    ----------
    path : str or Path
        CSV with the columns `candidate_id`, `status`, `reader`, `time` and, optionally, `reason`, `note`,
        `confirmed_class`, `role` (blank is reader): the fields of `Decision`.
    candidates : collection of str, optional
        The ids that a decision may be about; without them, any.

    Returns
    -------
    tuple of Decision
        In the table's order.

    Raises
    ------
    UsageError
        With a sentence for each wrong column or cell: line, column, value, and what is allowed. Wrong are an unknown
        candidate, a time in the future, and a second row that contradicts one about the same candidate and time, too.
    """
    path = Path(path)
    rows = read_rows(path, columns=DECISION_COLUMNS, required=_REQUIRED)
    problems = Problems(path)
    for row in rows:
        for column, value, allowed in _wrong_cells(row.cells):
            problems.add(row.line, column, value, allowed)
    problems.raise_if_any()
    decisions = tuple(_decision(row) for row in rows)
    _check_places(rows, decisions, candidates, problems)
    problems.raise_if_any()
    return decisions


def _check_places(
    rows: tuple[Row, ...], decisions: tuple[Decision, ...], candidates: Collection[str] | None, problems: Problems
) -> None:
    """Find decisions about what is not there, from the future, or against each other."""
    latest = datetime.now(UTC) + _CLOCKS_DIFFER
    first: dict[tuple[str, datetime], tuple[int, Decision]] = {}
    for row, decision in zip(rows, decisions, strict=True):
        name = decision.candidate_id
        if candidates is not None and name not in candidates:
            problems.add(row.line, "candidate_id", name, "the results hold no such candidate")
        if decision.time > latest:
            problems.add(row.line, "time", row.cell("time"), "the time lies in the future")
        line, other = first.setdefault((name, decision.time), (row.line, decision))
        if (other.status, other.confirmed_class) != (decision.status, decision.confirmed_class):
            allowed = (
                f"line {line} says {_saying(other)} about {name} at the same time; correct one, or give a later time"
            )
            problems.add(row.line, "status", _saying(decision), allowed)


def check_agreement(decisions: Iterable[Decision]) -> None:
    """Refuse decisions of which none is the latest: two about one candidate, at one time, that say different things.

    Raises
    ------
    UsageError
        Naming the candidate, the time and the readers.
    """
    said: dict[tuple[str, datetime], Decision] = {}
    for decision in decisions:
        other = said.setdefault((decision.candidate_id, decision.time), decision)
        if (other.status, other.confirmed_class) != (decision.status, decision.confirmed_class):
            raise UsageError(
                f"candidate {decision.candidate_id} has two contradicting decisions at {_text(decision.time)} "
                f"({_saying(other)}; {_saying(decision)}); correct one, or add a later decision instead."
            )


def _saying(decision: Decision) -> str:
    return " ".join(part for part in (f"{decision.reader}:", decision.status, decision.confirmed_class) if part)


def _text(value: str | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else value


def _decision(row: Row) -> Decision:
    return Decision(
        candidate_id=row.cell("candidate_id"),
        status=cast(ReviewStatus, row.cell("status")),
        reader=row.cell("reader"),
        time=datetime.fromisoformat(row.cell("time")),
        reason=row.cell("reason"),
        note=row.cell("note"),
        confirmed_class=row.cell("confirmed_class"),
        role=cast(DecisionRole, row.cell("role") or "reader"),
    )


def _wrong_cells(cells: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (column, value, what is allowed) for each cell that no decision may hold."""
    status = cells.get("status", "")
    for column, fine, allowed in (
        ("candidate_id", bool, "give an id of the candidates table"),
        ("status", _STATUSES.__contains__, f"choose one of {', '.join(_STATUSES)}"),
        ("reader", bool, "give the name of the person who decided"),
        ("time", _is_time, _TIME_RULE),
        ("reason", ("", *REJECTION_REASONS).__contains__, f"choose one of {', '.join(REJECTION_REASONS)}, or none"),
        (
            "confirmed_class",
            ("", *FINDING_CLASSES).__contains__,
            f"choose one of {', '.join(FINDING_CLASSES)}, or none",
        ),
        ("role", ("", *ROLES).__contains__, f"choose one of {', '.join(ROLES)}, or leave it blank for a reader"),
    ):
        value = cells.get(column, "")
        if not fine(value):
            yield column, value, allowed
    for column, only in (("reason", "rejected"), ("confirmed_class", "confirmed")):
        value = cells.get(column, "")
        if value and status != only:
            yield column, value, f"leave it blank unless the status is {only}"


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
