"""Questions in SQL to the tables of a results folder, which DuckDB reads where they lie."""

from pathlib import Path
from typing import TYPE_CHECKING

from hipcalc.errors import UsageError
from hipcalc.report.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["query"]


def query(results: str | Path, sql: str) -> "pd.DataFrame":
    """Ask the tables images, hips and candidates, and findings (candidates at or below the operating point).

    The Parquet files are read lazily, those of shards that were not merged together: only the columns and the groups
    of rows that the question needs are touched. The question can read nothing else and write nothing.

    Parameters
    ----------
    results : str or Path
        Folder that ``hipcalc screen`` wrote.
    sql : str
        One statement, as in ``select zone, count(*) from findings where side = 'R' group by zone``.

    Returns
    -------
    DataFrame

    Raises
    ------
    UsageError
        If DuckDB is not installed, the folder holds no tables, or the question is wrong.
    """
    try:
        import duckdb
    except ImportError as error:
        raise UsageError("Questions in SQL need the package duckdb: pip install 'hipcalc[query]'.") from error
    files = {name: _files(Path(results), name) for name in TABLES}
    with duckdb.connect() as base:
        base.execute(f"SET allowed_directories = [{_quoted(Path(results))}]")
        base.execute("SET enable_external_access = false")
        for name, paths in files.items():
            listed = ", ".join(map(_quoted, paths))
            base.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}])")
        base.execute("CREATE VIEW findings AS SELECT * FROM candidates WHERE finding")
        try:
            asked = base.execute(sql)
            # DuckDB's answer to a text without a statement.
            if asked is None:
                raise UsageError('The question asks for nothing; write a statement, as in "select * from findings".')
            answer: pd.DataFrame = asked.df()
        except duckdb.Error as error:
            raise UsageError(f"The question cannot be answered: {_sentence(str(error))}") from error
    return answer


def _sentence(message: str) -> str:
    """Return what DuckDB says in one line: what is wrong, and what it offers in its place."""
    what, *more = (line.strip() for line in message.splitlines())
    offered = (line for line in more if line.startswith(("Candidate", "Did you mean")))
    return " ".join((what, *offered))


def _quoted(path: Path) -> str:
    return "'{}'".format(str(path.resolve()).replace("'", "''"))


def _files(folder: Path, name: str) -> list[Path]:
    whole = folder / f"{name}.parquet"
    found = [whole] if whole.is_file() else sorted(folder.glob(f"shards/*-of-*/{name}.parquet"))
    if not found:
        raise UsageError(f"{folder} holds no {name}.parquet; give the folder after --out of a finished hipcalc screen.")
    return found
