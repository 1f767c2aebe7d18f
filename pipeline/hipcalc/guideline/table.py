"""The table of clinical contexts: a row for each hip, blank cells for what is not known."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hipcalc.guideline.context import Answer, Checklist, ClinicalContext, contradictions
from hipcalc.guideline.fhir import is_bundle, read_bundle_rows
from hipcalc.guideline.loading import load_workflow
from hipcalc.guideline.visits import visit_problems
from hipcalc.guideline.workflow import Gate, InputDefinition, Workflow
from hipcalc.review.json_rows import read_json_rows
from hipcalc.review.rows import Problems, Row, read_rows

__all__ = ["context_columns", "left_aside", "read_contexts"]

_SIDES: Final = ("R", "L", "unknown")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ANSWERS: Final[Mapping[str, Answer]] = {"yes": "yes", "no": "no", "unknown": "unknown"}


def context_columns(workflow: Workflow | None = None) -> tuple[str, ...]:
    """Return every column that a context table may have: keys, inputs, checklists, then the checklists' items."""
    workflow = workflow or load_workflow()
    gates = workflow.gates
    return (
        *("image_id", "path", "side", "visit_date"),
        *(known.id for known in workflow.inputs),
        *(gate.column for gate in gates),
        *(gate.prefix + item.id for gate in gates for item in gate.asked),
    )


def read_contexts(path: str | Path, workflow: Workflow | None = None) -> tuple[ClinicalContext, ...]:
    """Read a table of clinical contexts.

    Parameters
    ----------
    path : str or Path
        CSV as spreadsheets export it, or a JSON list of objects (a name that ends in ``.json``), with a row for each
        visit of each hip: `image_id` or `path` (the file's name is compared, not its folder), `side`, `visit_date`
        (such as 2026-03-01; needed where a hip has several rows), and any of the columns of `context_columns`. The
        order of the rows does not matter. A blank cell or a column that is not there means unknown. Or a FHIR Bundle
        as JSON (`hipcalc.guideline.fhir.read_bundle_rows`).
    workflow : Workflow, optional
        Whose inputs are the columns; without it, the one that comes with hipcalc.

    Returns
    -------
    tuple of ClinicalContext
        In the table's order.

    Raises
    ------
    UsageError
        With a sentence for each wrong column or cell: line, column, value, and what is allowed.
    """
    path = Path(path)
    workflow = workflow or load_workflow()
    is_json = path.suffix.lower() == ".json"
    if is_json and is_bundle(path):
        rows = read_bundle_rows(path, context_columns(workflow)).rows
    else:
        read = read_json_rows if is_json else read_rows
        rows = read(path, columns=context_columns(workflow), required=("side",))
    row_name = "entry" if is_json else "line"
    problems = Problems(path, row_name=row_name)
    values = [_RowReader(row=row, problems=problems, workflow=workflow).values() for row in rows]
    _check_doubles(rows, problems, row_name)
    problems.raise_if_any()
    contexts = tuple(
        ClinicalContext(**value, read_from=f"{path}, {row_name} {row.line}")
        for row, value in zip(rows, values, strict=True)
    )
    _check_visits(rows, contexts, problems)
    problems.raise_if_any()
    return contexts


def left_aside(path: str | Path, workflow: Workflow | None = None) -> tuple[str, ...]:
    """Return a sentence for each entry of a FHIR Bundle that no question is answered from; nothing of a table.

    Parameters
    ----------
    path : str or Path
    workflow : Workflow, optional
        As of `read_contexts`, which has read the file without an error.
    """
    path = Path(path)
    if path.suffix.lower() != ".json" or not is_bundle(path):
        return ()
    return read_bundle_rows(path, context_columns(workflow)).left_aside


def _check_doubles(rows: tuple[Row, ...], problems: Problems, row_name: str) -> None:
    """Find a second row for one visit of one hip, and a hip with several rows of which one has no date."""
    first: dict[tuple[str, ...], int] = {}
    undated = {_hip(row) for row in rows if not row.cell("visit_date")}
    for row in rows:
        visit = "" if _hip(row) in undated else row.cell("visit_date")
        line = first.setdefault((*_hip(row), visit), row.line)
        if line != row.line:
            what = "the same hip and day" if visit else "the same hip"
            allowed = f"{row_name} {line} is about {what} already; give each visit of a hip a visit_date of its own"
            column = "visit_date" if visit else "side"
            problems.add(row.line, column, row.cell(column), allowed)


def _check_visits(rows: tuple[Row, ...], contexts: tuple[ClinicalContext, ...], problems: Problems) -> None:
    """Find what a visit takes back that an earlier one of the same hip says was done."""
    hips: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(rows):
        hips.setdefault(_hip(row), []).append(index)
    for indices in hips.values():
        ordered = sorted(indices, key=lambda index: contexts[index].visit_date or date.min)
        for position, column, why in visit_problems([contexts[index] for index in ordered]):
            row = rows[ordered[position]]
            problems.add(row.line, column, row.cell(column), why)


def _hip(row: Row) -> tuple[str, ...]:
    return (row.cell("image_id"), row.cell("path"), row.cell("side"))


@dataclass(frozen=True, kw_only=True)
class _RowReader:
    """One row of the table on its way to a context; what is wrong goes to `problems`."""

    row: Row
    problems: Problems
    workflow: Workflow

    def values(self) -> dict[str, Any]:
        """Return the fields of a ClinicalContext."""
        inputs = {known.id: self._input(known) for known in self.workflow.inputs if self.row.cell(known.id)}
        for column, why in contradictions(inputs):
            self._wrong(column, why)
        checklists = {gate.column: self._checklist(gate) for gate in self.workflow.gates}
        return {**self._keys(), **inputs, **checklists}

    def _keys(self) -> dict[str, Any]:
        image_id, path, side = (self.row.cell(name) for name in ("image_id", "path", "side"))
        if not image_id and not path:
            self._wrong("path", "name the image by its path or its image_id")
        if side not in _SIDES:
            self._wrong("side", f"choose one of {', '.join(_SIDES)}")
        return {"image_id": image_id, "path": path, "side": side, "visit_date": self._visit_date()}

    def _visit_date(self) -> date | None:
        text = self.row.cell("visit_date")
        if not text:
            return None
        try:
            day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            self._wrong("visit_date", "give a day as year-month-day, such as 2026-03-01")
        # It may be tomorrow already where the table was typed.
        elif day > datetime.now(UTC).date() + timedelta(days=1):
            self._wrong("visit_date", "the day lies in the future")
        return day

    def _input(self, known: InputDefinition) -> Any:
        text = self.row.cell(known.id)
        if known.kind == "text":
            return text
        if known.kind == "number":
            return self._number(known, text)
        allowed = (*(known.allowed or ("yes", "no")), "unknown")
        if text not in allowed:
            self._wrong(known.id, f"choose one of {', '.join(allowed)}, or leave it blank")
        return text

    def _number(self, known: InputDefinition, text: str) -> float | None:
        if text == "unknown":
            return None
        try:
            # Spreadsheets in much of the world write a decimal comma; three digits after it may be thousands.
            number = float(re.sub(r"^(\d+),(\d{1,2})$", r"\1.\2", text))
        except ValueError:
            number = math.nan
        if not known.minimum <= number <= known.maximum:
            self._wrong(known.id, f"give a number from {known.minimum} to {known.maximum}, or leave it blank")
            return None
        return number

    def _checklist(self, gate: Gate) -> Checklist:
        """Join the checklist's own cell with the cells of its items, which override it."""
        items = {item.id for item in gate.asked}
        named, others = self._named(gate, items)
        answers: dict[str, Answer] = dict.fromkeys(named, "yes")
        for item_id in sorted(items):
            column = gate.prefix + item_id
            text = self.row.cell(column)
            if text and text not in _ANSWERS:
                self._wrong(column, f"choose one of {', '.join(_ANSWERS)}, or leave it blank")
            elif text == "no" and item_id in named:
                self._wrong(column, f"the column {gate.column} names {item_id}, which says yes")
            elif text:
                answers[item_id] = _ANSWERS[text]
        return Checklist(answers=answers, others=others)

    def _named(self, gate: Gate, items: set[str]) -> tuple[set[str], Any]:
        """Return the items that the checklist's own cell names, and the answer to all others."""
        words = {word.strip() for word in self.row.cell(gate.column).split(";")} - {""}
        if words <= {"unknown"}:
            return set(), "unknown"
        if words == {"none"}:
            return set(), "no"
        named = words - {"others-no"}
        strange = sorted(named - items)
        if strange or not named:
            self._wrong(
                gate.column,
                f"{' and '.join(strange) or 'others-no alone'} cannot stand here; give none (all asked, all no), or "
                f"items joined by ; (these yes, the rest unknown; add ;others-no when the rest was asked and is no) "
                f"out of {', '.join(item.id for item in gate.asked)}",
            )
        return named & items, "no" if "others-no" in words else "unknown"

    def _wrong(self, column: str, allowed: str) -> None:
        self.problems.add(self.row.line, column, self.row.cell(column), allowed)
