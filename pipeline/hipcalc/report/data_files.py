"""Rows of a page in data files, sorted without holding them: a browser loads those that it shows.

A page opened from a folder may not fetch files, but may load scripts: each data file is a script that calls a
function with its rows.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hipcalc.report.files import write_derived

__all__ = ["SortedRows"]

ROWS_PER_FILE = 480


class SortedRows:
    """Rows that are added in any order and written in the order of their ranks.

    Parameters
    ----------
    name : str
        Of the rows, and of their files.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE row (first REAL, second REAL, number INTEGER, content TEXT)")

    def add(self, rank: tuple[float, float], row: Sequence[Any]) -> None:
        """Add a row; among rows of one rank, the one that was added first comes first."""
        content = json.dumps(row, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
        self._rows.execute("INSERT INTO row VALUES (?, ?, ?, ?)", (*rank, self.count, content))
        self.count += 1

    def first(self, most: int) -> list[Any]:
        """Return the first rows."""
        return [json.loads(content) for content in self._sorted(most)]

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write the data files, take away those of an earlier page, and return their paths.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        contents = self._sorted(self.count)
        written: list[Path] = []
        while lines := [line for _, line in zip(range(ROWS_PER_FILE), contents, strict=False)]:
            number = len(written)
            text = f"hipcalcRows({json.dumps(self.name)},{number},[\n" + ",\n".join(lines) + "\n]);\n"
            written.append(folder / f"{self.name}-{number:05d}.js")
            write_derived(written[-1], text)
        for old in folder.glob(f"{self.name}-*.js"):
            if int(old.stem.rpartition("-")[2]) >= len(written):
                old.unlink()
        return tuple(written)

    def close(self) -> None:
        """Drop the temporary file."""
        self._rows.close()

    def _sorted(self, most: int) -> Iterator[str]:
        text = "SELECT content FROM row ORDER BY first, second, number LIMIT ?"
        for (content,) in self._rows.execute(text, (most,)):
            yield str(content)
