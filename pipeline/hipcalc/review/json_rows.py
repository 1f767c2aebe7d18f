"""The same tables as JSON: a list of objects, one for each row."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from hipcalc.errors import UsageError
from hipcalc.review.rows import Row, check_names

__all__ = ["read_json_rows"]


def read_json_rows(path: Path, *, columns: Collection[str], required: Collection[str]) -> tuple[Row, ...]:
    """Read a JSON list of objects whose members are the columns of a table.

    Parameters
    ----------
    path : Path
        UTF-8 text. Members hold text, a number, true (yes), false (no) or null (blank).
    columns : collection of str
        The names that a member may have.
    required : collection of str
        Those that every object must have.

    Returns
    -------
    tuple of Row
        Numbered from 1 in the order of the file.

    Raises
    ------
    UsageError
        If the file is missing or is no such list, or an object has a member that is unknown, doubled or missing.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=list)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); give an existing JSON file.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON text ({error}); mend it.") from error
    if not isinstance(entries, list) or not all(_is_object(entry) for entry in entries):
        raise UsageError(f"{path} must hold a list of objects, one for each hip.")
    rows = []
    for number, members in enumerate(entries, start=1):
        place = f"{path}, entry {number}"
        check_names(place, [name for name, _ in members], columns, required)
        rows.append(Row(line=number, cells={name: _cell(f"{place}, {name}", value) for name, value in members}))
    return tuple(rows)


def _is_object(entry: Any) -> bool:
    """Tell an object, which the hook made a list of pairs, from anything else."""
    return isinstance(entry, list) and all(isinstance(pair, tuple) for pair in entry)


def _cell(place: str, value: Any) -> str:
    if isinstance(value, list):
        raise UsageError(f"{place}: a list or an object cannot stand here; give text, a number, true, false or null.")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()
