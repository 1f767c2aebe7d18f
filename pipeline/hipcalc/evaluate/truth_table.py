"""One truth table as a person typed it: every cell that is needed is checked, and a wrong one named by its line."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from hipcalc.errors import UsageError
from hipcalc.review.rows import Problems, Row, read_table

__all__ = ["FOCUS_COLUMNS", "HIP_COLUMNS", "key_of", "read_truth"]

FOCUS_COLUMNS: Final = ("side", "row_px", "column_px", "diameter_px")
HIP_COLUMNS: Final = ("side", "head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
_KEYS: Final = ("image_id", "path")
_SIDES: Final = ("R", "L", "unknown")
_POSITIVE: Final = ("diameter_px", "diameter_mm", "head_radius_px")
# Where nobody could tell them, they are left blank: the rim of a hip, and what foci are grouped by.
_OPTIONAL: Final = ("rim_row_px", "rim_column_px", "diameter_mm", "cnr")
_NEEDED: Final = ("row_px", "column_px", "diameter_px", "head_row_px", "head_column_px", "head_radius_px")


def read_truth(file: Path) -> pd.DataFrame:
    """Read a truth table.

    Parameters
    ----------
    file : Path
        CSV as spreadsheets export it, with `FOCUS_COLUMNS` or `HIP_COLUMNS`, `image_id` or `path`, and any others.

    Returns
    -------
    DataFrame
        A row per focus or hip, its line in the file as the index, replaced hips (`kind` is ``implant``) left out;
        numbers as numbers, blank cells as NaN.

    Raises
    ------
    UsageError
        If it cannot be read or lacks columns; with a sentence for each cell that is blank, no number or no side.
    """
    columns = (*_KEYS, *FOCUS_COLUMNS, *HIP_COLUMNS)
    names, rows = read_table(file, columns=columns, required=(), others=True)
    shape = _shape(names, file)
    rows = tuple(row for row in rows if row.cell("kind") != "implant")
    problems = Problems(file)
    for row in rows:
        _check(row, [name for name in names if name in (*shape, *_OPTIONAL)], key_of(names), problems)
    problems.raise_if_any()
    cells = {name: [row.cell(name) or None for row in rows] for name in names}
    numbers = {name: [_number(cell) for cell in cells[name]] for name in names if name in (*_NEEDED, *_OPTIONAL)}
    return pd.DataFrame({**cells, **numbers}, columns=list(names), index=[row.line for row in rows])


def _shape(names: Iterable[str], file: Path) -> tuple[str, ...]:
    """Return the columns of foci or those of hips, whichever the table has."""
    missing, shape = min(((set(shape) - set(names), shape) for shape in (FOCUS_COLUMNS, HIP_COLUMNS)), key=_fewest)
    if missing:
        raise UsageError(
            f"{file} is no truth table: it needs the columns {', '.join(FOCUS_COLUMNS)} (a focus per row) "
            f"or {', '.join(HIP_COLUMNS)} (a hip per row), and lacks {', '.join(sorted(missing))}."
        )
    if not set(_KEYS) & set(names):
        raise UsageError(f"{file} names no images: add a column image_id or path.")
    return shape


def _fewest(lacking: tuple[set[str], tuple[str, ...]]) -> int:
    return len(lacking[0])


def key_of(names: Iterable[str]) -> str:
    """Return the column by which a truth table names its images."""
    return next(key for key in _KEYS if key in names)


def _check(row: Row, columns: list[str], key: str, problems: Problems) -> None:
    if not row.cell(key):
        problems.add(row.line, key, "", "name the image, or leave the row out")
    for column in columns:
        text = row.cell(column)
        if column == "side":
            if text not in _SIDES:
                problems.add(row.line, column, text, f"choose one of {', '.join(_SIDES)}")
        elif text or column not in _OPTIONAL:
            number = _number(text)
            if math.isnan(number) or (column in _POSITIVE and number <= 0):
                what = "a positive number" if column in _POSITIVE else "a number"
                otherwise = ", or leave it blank" if column in _OPTIONAL else ", or leave the row out"
                problems.add(row.line, column, text, f"give {what} with a decimal point{otherwise}")


def _number(text: str | None) -> float:
    try:
        number = float(text or "nan")
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
