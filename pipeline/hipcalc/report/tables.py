"""The three tables, as CSV and as Parquet, with one schema taken from the records."""

import csv
import io
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hipcalc.findings import Finding, HipRecord
from hipcalc.report.files import write_atomic
from hipcalc.report.records import FileRecord, ImageRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "column_types", "table_frame", "write_tables"]

TABLES: dict[str, type] = {"images": ImageRecord, "hips": HipRecord, "candidates": Finding}


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
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for record in records:
        rows["images"].append(vars(record.image))
        rows["hips"].extend(vars(hip) for hip in record.hips)
        rows["candidates"].extend(vars(candidate) for candidate in record.candidates)
    for name, kind in TABLES.items():
        columns = column_types(kind)
        write_atomic(folder / f"{name}.csv", _csv_text(columns, rows[name]))
        write_atomic(folder / f"{name}.parquet", _parquet_bytes(columns, rows[name]))


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


def _csv_text(columns: dict[str, type], rows: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_cells(columns, rows))
    return text.getvalue()


def _cells(columns: dict[str, type], rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(row[name]) for name in columns]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parquet_bytes(columns: dict[str, type], rows: list[dict[str, Any]]) -> bytes:
    # Only needed here, and slow to import.
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    # An empty text is a blank cell, as in the CSV.
    blank = [{name: None if row[name] == "" else row[name] for name in columns} for row in rows]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(blank, schema=schema), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
