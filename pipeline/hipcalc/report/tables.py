"""The three tables, as CSV and as Parquet, with one schema taken from the records, and what their columns mean."""

import csv
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hipcalc.columns import columns_of
from hipcalc.findings import Finding, HipRecord
from hipcalc.report.files import atomic_path, write_atomic
from hipcalc.report.records import FileRecord, ImageRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TABLES",
    "TABLE_FILES",
    "column_types",
    "csv_text",
    "explained_columns",
    "explained_schema",
    "parquet_table",
    "table_frame",
    "write_tables",
]

TABLES: dict[str, type] = {"images": ImageRecord, "hips": HipRecord, "candidates": Finding}

_COLUMNS = "columns.csv"
# What `write_tables` writes.
TABLE_FILES = (*(f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet")), _COLUMNS)

# Records are taken in small batches, lines parsed in pieces, and rows written in large groups, so that a million images
# need little memory and a reader of the tables few steps. Nothing else decides the bytes of the Parquet files.
_BATCH_RECORDS = 50
_PIECE_ROWS = 2000
_GROUP_ROWS = 20_000


def write_tables(folder: Path, records: Iterable[FileRecord]) -> None:
    """Write ``images``, ``hips`` and ``candidates`` to a folder, each as CSV and as Parquet, and ``columns.csv``.

    Rows stand in the order of the records. A blank cell means unknown. ``columns.csv``, and the schemas of the Parquet
    files, say what each column means.

    Parameters
    ----------
    folder : Path
        Must exist.
    records : iterable of FileRecord

    Raises
    ------
    OutputError
        If a table cannot be written.
    """
    with ExitStack() as stack:
        tables = {name: stack.enter_context(_Table(folder, name, kind)) for name, kind in TABLES.items()}
        for batch in _batches(records):
            tables["images"].add([vars(record.image) for record in batch])
            tables["hips"].add([vars(hip) for record in batch for hip in record.hips])
            tables["candidates"].add([vars(one) for record in batch for one in record.candidates])
    rows = [{"table": name, **row} for name, kind in TABLES.items() for row in explained_columns(kind)]
    write_atomic(folder / _COLUMNS, csv_text(dict.fromkeys(("table", "column", "type", "unit", "meaning"), str), rows))


def table_frame(name: str, rows: Iterable[Any]) -> "pd.DataFrame":
    """Return rows as a pandas table with the columns of one of the three tables.

    Parameters
    ----------
    name : {"images", "hips", "candidates"}
    rows : iterable
        Records of that table.

    Returns
    -------
    DataFrame
        Missing values are NaN or None.
    """
    # Slow to import, and only needed here.
    import pandas as pd

    columns = column_types(TABLES[name])
    frame = pd.DataFrame([vars(row) for row in rows], columns=list(columns))
    numbers = {column: float for column, kind in columns.items() if kind is float}
    return frame.astype(numbers)


def column_types(kind: type) -> dict[str, type]:
    """Return a table's columns in order, each with str, float, int or bool (blank cells aside).

    Parameters
    ----------
    kind : type
        A dataclass whose fields are the columns.
    """
    hints = typing.get_type_hints(kind)
    return {field.name: _plain_type(hints[field.name]) for field in fields(kind)}


def explained_columns(kind: type) -> list[dict[str, str]]:
    """Return a row for each column of a table: its name (column), type, unit and meaning.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are the columns, each with a `Column`.
    """
    types = column_types(kind)
    return [{"column": name, "type": types[name].__name__, **vars(one)} for name, one in columns_of(kind).items()]


def _plain_type(hint: Any) -> type:
    if isinstance(hint, type):
        return hint
    if isinstance(hint, types.UnionType):
        return next(_plain_type(part) for part in typing.get_args(hint) if part is not types.NoneType)
    # What is left are literals of strings.
    return str


def _batches(records: Iterable[FileRecord]) -> Iterator[list[FileRecord]]:
    batch: list[FileRecord] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH_RECORDS:
            yield batch
            batch = []
    yield batch


class _Table:
    """One table that grows row by row, as CSV and as Parquet; both take their names when the block ends well.

    The Parquet is read from the lines of the CSV, so that the two cannot differ.
    """

    def __init__(self, folder: Path, name: str, kind: type) -> None:
        self._folder, self._name, self._kind = folder, name, kind
        self._columns = column_types(kind)
        self._lines = _Lines()
        self._group: list[Any] = []
        self._rows = 0
        self._stack = ExitStack()

    def __enter__(self) -> "_Table":
        import pyarrow.parquet as pq

        with ExitStack() as stack:
            text = stack.enter_context(atomic_path(self._folder / f"{self._name}.csv"))
            binary = stack.enter_context(atomic_path(self._folder / f"{self._name}.parquet"))
            # What is read back as bytes that are no UTF-8, as paths may be, is written as it was.
            self._csv = stack.enter_context(text.open("w", encoding="utf-8", errors="surrogateescape", newline=""))
            self._csv.write(csv_text(self._columns, ()))
            self._parquet = stack.enter_context(pq.ParquetWriter(binary, explained_schema(self._kind)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            try:
                self._write_group()
            except BaseException as late:
                self._stack.__exit__(type(late), late, late.__traceback__)
                raise
        self._stack.__exit__(*error)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to the end."""
        self._lines.add(self._columns, rows)
        self._rows += len(rows)
        if self._lines.count >= _PIECE_ROWS:
            self._parse()
        if self._rows >= _GROUP_ROWS:
            self._write_group()

    def _parse(self) -> None:
        text = self._lines.text
        self._csv.write(text)
        self._group.append(_from_csv(self._columns, text))
        self._lines = _Lines()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._lines.count:
            self._parse()
        if self._group:
            self._parquet.write_table(pa.concat_tables(self._group), row_group_size=self._rows)
        self._group, self._rows = [], 0


class _Lines:
    """Rows as lines of CSV that end in a line feed alone."""

    def __init__(self) -> None:
        self.count = 0
        self._lines: list[str] = []
        # A carriage return inside a text is quoted only where it is part of what ends a line.
        self._writer = csv.writer(self, lineterminator="\r\n")

    def write(self, line: str) -> None:
        """Take one line from the writer."""
        self._lines.append(line[:-2] + "\n")

    def add(self, columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; what is unknown is blank."""
        values = {name: [row[name] for row in rows] for name in columns}
        words = [_as_words(cells) if columns[name] is bool else cells for name, cells in values.items()]
        self._writer.writerows(zip(*words, strict=True))
        self.count += len(rows)
        # Of many short texts each has an overhead of its own.
        self._lines = ["".join(self._lines)]

    def add_header(self, columns: Mapping[str, type]) -> None:
        """Add the line of the columns' names."""
        self._writer.writerow(columns)

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(self._lines)


def csv_text(columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV text, written as the three tables are.

    Parameters
    ----------
    columns : mapping of str to type
        From `column_types`.
    rows : sequence of mapping
        Values by column.
    """
    lines = _Lines()
    lines.add_header(columns)
    lines.add(columns, rows)
    return lines.text


def parquet_table(columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return rows as a pyarrow table with the types of the columns; arguments as of `csv_text`."""
    lines = _Lines()
    lines.add(columns, rows)
    return _from_csv(columns, lines.text)


def _from_csv(columns: Mapping[str, type], text: str) -> Any:
    """Return lines of CSV as a pyarrow table. (Arrow's own way from Python lists would load pandas: 50 MB)."""
    # Only needed here, and slow to import.
    import pyarrow as pa
    import pyarrow.csv

    schema = _schema(columns)
    # Parquet's texts are UTF-8.
    content = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
    if not content:
        return schema.empty_table()
    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        # In one piece, so that the bytes depend on nothing else.
        pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=schema.names),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True),
    )
    return table.combine_chunks()


def _schema(columns: Mapping[str, type]) -> Any:
    import pyarrow as pa

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    return pa.schema([(column, kinds[kind]) for column, kind in columns.items()])


def explained_schema(kind: type) -> Any:
    """Return the pyarrow schema of a table; the metadata of each field are its meaning and, if it has one, its unit.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are the columns, each with a `Column`.
    """
    import pyarrow as pa

    schema, said = _schema(column_types(kind)), columns_of(kind)
    return pa.schema([part.with_metadata({k: v for k, v in vars(said[part.name]).items() if v}) for part in schema])


def _as_words(values: list[Any]) -> list[Any]:
    return [value if value is None else str(value).lower() for value in values]
