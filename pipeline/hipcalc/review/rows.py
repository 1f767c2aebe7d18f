"""Tables that a person typed, row by row, with an error that names line and column for each wrong cell."""

import codecs
import csv
import difflib
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hipcalc.errors import UsageError

__all__ = ["Problems", "Row", "check_names", "read_rows", "read_table"]

_MOST_SHOWN = 20
# The comma first: it wins where no separator parts more known columns than another.
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = "sep="


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a CSV table: its first line in the file, and its cells without surrounding blanks."""

    line: int
    cells: dict[str, str]

    def cell(self, column: str) -> str:
        """Return the cell, empty where the table has no such column."""
        return self.cells.get(column, "")


class Problems:
    """What is wrong in one table, collected, so that a person can mend all of it at once."""

    def __init__(self, path: Path, *, row_name: str = "line") -> None:
        self._path = path
        self._row_name = row_name
        self._found: list[str] = []

    def add(self, line: int, column: str, value: str, allowed: str) -> None:
        """Note a wrong cell: where it is, what it holds, and what is allowed there."""
        held = f"{value!r} is not allowed" if value else "the cell is blank"
        self._found.append(f"{self._path}, {self._row_name} {line}, column {column}: {held}; {allowed}.")

    def raise_if_any(self) -> None:
        """Raise one UsageError with a sentence for each problem noted."""
        if not self._found:
            return
        shown = self._found[:_MOST_SHOWN]
        if len(self._found) > _MOST_SHOWN:
            shown.append(f"{self._path}: {len(self._found) - _MOST_SHOWN} more cells are wrong.")
        raise UsageError("\n".join(shown))


def read_rows(
    path: Path, *, columns: Collection[str], required: Collection[str], others: bool = False
) -> tuple[Row, ...]:
    """Read the rows of a CSV table as `read_table` does."""
    return read_table(path, columns=columns, required=required, others=others)[1]


def read_table(
    path: Path, *, columns: Collection[str], required: Collection[str], others: bool = False
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Read a CSV table whose columns are known.

    Parameters
    ----------
    path : Path
        Text with a header, its columns parted by commas, semicolons or tabs: UTF-8 with or without a byte-order mark,
        or UTF-16 with one, as spreadsheets export it. A first line such as ``sep=;`` names the separator.
    columns : collection of str
        The names that a column may have.
    required : collection of str
        Those that must be there.
    others : bool, optional
        Whether columns of other names may be there, too.

    Returns
    -------
    header : tuple of str
    rows : tuple of Row
        Rows without any text are left out.

    Raises
    ------
    UsageError
        If the file is missing or is no such table, or has a column that is unknown, doubled or missing.
    """
    try:
        text = _decoded(path.read_bytes())
        lines = list(_numbered(io.StringIO(text, newline=""), _separator(text, columns)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); give an existing CSV table.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV table ({error}); save it as comma-separated UTF-8 text.") from error
    if lines and lines[0][1][0].startswith(_SEPARATOR_LINE):
        lines = lines[1:]
    if not lines:
        raise UsageError(f"{path} is empty; its first line must name the columns.")
    header = [name.strip() for name in lines[0][1]]
    check_names(f"{path}, line {lines[0][0]}", header, {*columns, *header} if others else columns, required)
    rows = []
    for line, cells in lines[1:]:
        if len(cells) > len(header):
            raise UsageError(f"{path}, line {line}: {len(cells)} cells, but the header names {len(header)} columns.")
        rows.append(Row(line=line, cells=dict(zip(header, (cell.strip() for cell in cells), strict=False))))
    return tuple(header), tuple(rows)


def _decoded(content: bytes) -> str:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig")


def _separator(text: str, columns: Collection[str]) -> str:
    """Return the separator that the first line names, or by which the header holds the most known columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.startswith(_SEPARATOR_LINE) and first[len(_SEPARATOR_LINE) :][:1] in _SEPARATORS:
        return first[len(_SEPARATOR_LINE)]
    return max(
        _SEPARATORS,
        key=lambda separator: sum(name.strip().strip('"') in columns for name in first.split(separator)),
    )


def _numbered(file: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that holds text, with the number of its first line: a quoted cell may hold line breaks."""
    reader = csv.reader(file, strict=True, delimiter=separator)
    before = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield before + 1, cells
        before = reader.line_num


def check_names(place: str, names: list[str], columns: Collection[str], required: Collection[str]) -> None:
    """Refuse a name that is unknown, doubled or missing, saying where: `place` opens the sentence."""
    for position, name in enumerate(names, start=1):
        if name not in columns:
            close = difflib.get_close_matches(name, list(columns), n=1)
            hint = f"did you mean {close[0]}?" if close else "its columns are: " + ", ".join(columns) + "."
            raise UsageError(f"{place}, column {position}: {name!r} is no column of this table; {hint}")
        if name in names[: position - 1]:
            raise UsageError(f"{place}, column {position}: the column {name} is there twice; keep one.")
    missing = [name for name in required if name not in names]
    if missing:
        raise UsageError(f"{place}: the column {missing[0]} is missing; add it.")
