"""The participants table: which images are of one person, and what a group-level figure needs to know of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from hipcalc.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PARTICIPANT_COLUMNS", "read_participants"]

PARTICIPANT_COLUMNS = ("sex", "age", "site", "date")
_KEYS = ("path", "image_id")


def read_participants(file: str | Path) -> "pd.DataFrame":
    """Read a participants table: a row per image, with `path` or `image_id`, `person`, and optionally more.

    Parameters
    ----------
    file : str or Path
        CSV; `sex`, `age` (years), `site` and `date` (of the radiograph, as in 2021-05-30) may follow.

    Returns
    -------
    DataFrame

    Raises
    ------
    UsageError
        If it cannot be read, lacks a column, or names an image twice.
    """
    # Slow to import, and only needed here.
    import pandas as pd

    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as a participants table; give a CSV file.") from error
    table.columns = table.columns.str.strip()
    keys = [key for key in _KEYS if key in table]
    if not keys or "person" not in table:
        raise UsageError(f"{file} lacks columns; it needs path or image_id, and person.")
    twice = table[table[keys[0]].duplicated()]
    if len(twice):
        raise UsageError(f"{file} names {twice[keys[0]].iloc[0]} twice; give each image one row.")
    if "age" in table:
        table["age"] = _numbers(table["age"], file)
    if "date" in table:
        table["date"] = _dates(table["date"], file)
    return table[[keys[0], "person", *(name for name in PARTICIPANT_COLUMNS if name in table)]]


def _numbers(texts: "pd.Series[str]", file: str | Path) -> "pd.Series[float]":
    import pandas as pd

    values = pd.to_numeric(texts.where(texts.str.strip() != ""), errors="coerce")
    wrong = texts[(texts.str.strip() != "") & values.isna()]
    if len(wrong):
        raise UsageError(f"{file}: the age {wrong.iloc[0]} is no number of years; correct it or leave it blank.")
    return values


def _dates(texts: "pd.Series[str]", file: str | Path) -> "pd.Series[pd.Timestamp]":
    import pandas as pd

    values = pd.to_datetime(texts.where(texts.str.strip() != ""), format="%Y-%m-%d", errors="coerce")
    wrong = texts[(texts.str.strip() != "") & values.isna()]
    if len(wrong):
        raise UsageError(f"{file}: the date {wrong.iloc[0]} is not written as in 2021-05-30; correct it.")
    return values
