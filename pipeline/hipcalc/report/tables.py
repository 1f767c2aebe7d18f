"""The three tables, as CSV and as Parquet, with one schema taken from the records."""

import csv
import io
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hipcalc.findings import Finding, HipRecord
from hipcalc.report.files import atomic_path
from hipcalc.report.records import FileRecord, ImageRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "column_types", "csv_text", "parquet_table", "table_frame", "write_tables"]

TABLES: dict[str, type] = {"images": ImageRecord, "hips": HipRecord, "candidates": Finding}

# Records are taken in small batches, and rows written in large groups, so that a million images need little memory
# and a reader of the tables few steps. Both decide the bytes of the Parquet files: they depend on nothing else.
_BATCH_RECORDS = 50
_GROUP_ROWS = 20_000


def write_tables(folder: Path, records: Iterable[FileRecord]) -> None:
    """Write ``images``, ``hips`` and ``candidates`` to a folder, each as CSV and as Parquet.

    Rows stand in the order of the records. A blank cell means unknown.

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
        tables = {name: stack.enter_context(_Table(folder, name, column_types(kind))) for name, kind in TABLES.items()}
        for batch in _batches(records):
            tables["images"].add([vars(record.image) for record in batch])
            tables["hips"].add([vars(hip) for record in batch for hip in record.hips])
            tables["candidates"].add([vars(one) for record in batch for one in record.candidates])


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
    """One table that grows row by row, as CSV and as Parquet; both take their names when the block ends well."""

    def __init__(self, folder: Path, name: str, columns: Mapping[str, type]) -> None:
        self._folder, self._name, self._columns = folder, name, columns
        self._schema = _schema(columns)
        self._group: list[Any] = []
        self._rows = 0
        self._stack = ExitStack()

    def __enter__(self) -> "_Table":
        import pyarrow.parquet as pq

        with ExitStack() as stack:
            text = stack.enter_context(atomic_path(self._folder / f"{self._name}.csv"))
            binary = stack.enter_context(atomic_path(self._folder / f"{self._name}.parquet"))
            # What is read back as bytes that are no UTF-8, as paths may be, is written as it was.
            file = stack.enter_context(text.open("w", encoding="utf-8", errors="surrogateescape", newline=""))
            self._csv = csv.writer(file, lineterminator="\n")
            self._csv.writerow(self._columns)
            self._parquet = stack.enter_context(pq.ParquetWriter(binary, self._schema))
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
        self._group.append(parquet_table(self._columns, rows))
        self._csv.writerows(_csv_rows(self._columns, rows))
        self._rows += len(rows)
        if self._rows >= _GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._parquet.write_table(pa.concat_tables(self._group).combine_chunks(), row_group_size=self._rows)
        self._group, self._rows = [], 0


def csv_text(columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV text, written as the three tables are.

    Parameters
    ----------
    columns : mapping of str to type
        From `column_types`.
    rows : sequence of mapping
        Values by column.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_csv_rows(columns, rows))
    return text.getvalue()


def parquet_table(columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return rows as a pyarrow table with the types of the columns; arguments as of `csv_text`."""
    # Only needed here, and slow to import.
    import pyarrow as pa

    schema = _schema(columns)
    values = {name: [row[name] for row in rows] for name in columns}
    arrays = [
        pa.array(_without_blanks(values[part.name]) if columns[part.name] is str else values[part.name], part.type)
        for part in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _schema(columns: Mapping[str, type]) -> Any:
    import pyarrow as pa

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    return pa.schema([(column, kinds[kind]) for column, kind in columns.items()])


def _csv_rows(columns: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    values = {name: [row[name] for row in rows] for name in columns}
    words = [_as_words(cells) if columns[name] is bool else cells for name, cells in values.items()]
    # The writer leaves what is unknown blank.
    return zip(*words, strict=True)


def _without_blanks(texts: list[Any]) -> list[Any]:
    """Give None for an empty text, as for the blank cell of the CSV; Parquet's texts are UTF-8."""
    return [text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if text else None for text in texts]


def _as_words(values: list[Any]) -> list[Any]:
    return [value if value is None else str(value).lower() for value in values]
