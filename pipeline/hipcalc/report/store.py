"""A results folder: where everything lies in it, and one record per input as it is finished."""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hipcalc.errors import UsageError
from hipcalc.report.files import write_atomic
from hipcalc.report.records import FileRecord

__all__ = ["ResultsFolder", "record_key"]


def record_key(image_id: str, path: str) -> str:
    """Return the name under which an input is kept: its content, and its path, for two files may hold the same."""
    return f"{image_id or 'unread'}-{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


@dataclass(frozen=True)
class ResultsFolder:
    """The output folder of ``hipcalc screen``.

    Tables and ``run.json`` lie at its top, pages in ``report/``, and in ``work/`` one record per input, written the
    moment that the input is done: an interruption loses nothing.
    """

    path: Path

    @property
    def run_file(self) -> Path:
        """Versions, settings, machine and times of the run."""
        return self.path / "run.json"

    @property
    def pages(self) -> Path:
        """Folder of the HTML pages."""
        return self.path / "report"

    @property
    def index(self) -> Path:
        """The page to open first."""
        return self.pages / "index.html"

    def pictures(self, key: str) -> Path:
        """Folder of one input's pictures."""
        return self.pages / "pictures" / key

    def read_run(self) -> dict[str, Any]:
        """Return what ``run.json`` holds.

        Raises
        ------
        UsageError
            If this is no folder that ``hipcalc screen`` wrote.
        """
        try:
            run = json.loads(self.run_file.read_text(encoding="utf-8"))
            if run["program"] != "hipcalc":
                raise ValueError
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{self.path} holds no results of hipcalc screen (no usable run.json); give the folder after its --out."
            ) from error
        return dict(run)

    def write_run(self, run: dict[str, Any]) -> None:
        """Write ``run.json``."""
        write_atomic(self.run_file, json.dumps(run, indent=2, ensure_ascii=False) + "\n")

    def save(self, key: str, record: FileRecord, settings_hash: str) -> None:
        """Keep one finished input."""
        content = {"settings_hash": settings_hash, "record": record.to_json()}
        write_atomic(self._record_file(key), json.dumps(content, ensure_ascii=False, allow_nan=False))

    def load(self, key: str, settings_hash: str) -> FileRecord | None:
        """Return what was kept of one input under these settings; None when there is nothing, or not in full."""
        try:
            content = json.loads(self._record_file(key).read_text(encoding="utf-8"))
            if content["settings_hash"] != settings_hash:
                return None
            return FileRecord.from_json(content["record"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def records(self) -> Iterator[FileRecord]:
        """Yield the record of every row of ``images.csv``, in its order.

        Raises
        ------
        UsageError
            If the table or a record is missing: the run was not finished, or files were removed.
        """
        settings_hash = self.read_run()["settings_hash"]
        table = self.path / "images.csv"
        if not table.is_file():
            raise UsageError(f"{self.path} holds no images.csv: run hipcalc screen with --resume to finish it.")
        with table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            for row in csv.DictReader(file):
                record = self.load(record_key(row["image_id"], row["path"]), settings_hash)
                if record is None:
                    raise UsageError(
                        f"{self.path / 'work'} lacks the record of {row['path']}: run hipcalc screen with --resume."
                    )
                yield record

    def _record_file(self, key: str) -> Path:
        # Two levels, because folders with a million files are slow.
        return self.path / "work" / key[:2] / f"{key}.json"
