"""A results folder: where everything lies in it, and one record per input as it is finished."""

import csv
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hipcalc.errors import UsageError
from hipcalc.report.files import write_atomic
from hipcalc.report.ledger import Entry, Ledger, pack, unpack
from hipcalc.report.records import FileRecord

__all__ = ["ResultsFolder", "entry_of", "record_key"]


def record_key(image_id: str, path: str) -> str:
    """Return the name under which an input is kept: its content, and its path, for two files may hold the same."""
    return f"{image_id or 'unread'}-{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def entry_of(
    key: str,
    record: FileRecord,
    settings_hash: str,
    *,
    stamp: str = "",
    times: tuple[float | None, float | None] | None = None,
) -> Entry:
    """Return the ledger's line about one finished input.

    Parameters
    ----------
    key : str
        What `record_key` returned.
    record : FileRecord
    settings_hash : str
    stamp : str, optional
        What tells that the file has not changed (`hipcalc.cohort.sources.stamp`).
    times : tuple of (decode_s, analyze_s), optional
        Those of the record, unless they are given.
    """
    decode_s, analyze_s = times or (record.image.decode_s, record.image.analyze_s)
    return Entry(
        path=record.image.path,
        key=key,
        settings_hash=settings_hash,
        sha256=record.image.sha256,
        stamp=stamp,
        status=record.image.status,
        reason=record.image.reason,
        hips=sum(hip.status != "absent" for hip in record.hips),
        marks=len(record.findings),
        decode_s=decode_s,
        analyze_s=analyze_s,
    )


@dataclass(frozen=True)
class ResultsFolder:
    """The output folder of ``hipcalc screen``.

    Tables and ``run.json`` lie at its top, pages in ``report/``, and in ``work/ledger.sqlite`` one record per input,
    written the moment that the input is done: an interruption loses nothing. A shard is such a folder inside the one
    of all shards, in `top`, where its pictures go.
    """

    path: Path
    top: Path | None = None

    @property
    def run_file(self) -> Path:
        """Versions, settings, machine and times of the run."""
        return self.path / "run.json"

    @property
    def ledger_file(self) -> Path:
        """The record of every input."""
        return self.path / "work" / "ledger.sqlite"

    def ledger(self, *, write: bool = False) -> Ledger:
        """Open the ledger, to read or (one process alone) to write."""
        return Ledger(self.ledger_file, write=write)

    @property
    def pages(self) -> Path:
        """Folder of the HTML pages."""
        return (self.top or self.path) / "report"

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
            If this is no folder that ``hipcalc screen`` wrote, or the file is damaged.
        """
        try:
            run = json.loads(self.run_file.read_text(encoding="utf-8"))
            if run["program"] != "hipcalc":
                raise KeyError
        except ValueError as error:
            raise UsageError(
                f"{self.run_file} is damaged; bring it back from a copy, or screen into a new folder."
            ) from error
        except (OSError, KeyError, TypeError) as error:
            raise UsageError(
                f"{self.path} holds no results of hipcalc screen (no usable run.json); give the folder after its --out."
            ) from error
        return dict(run)

    def write_run(self, run: dict[str, Any]) -> None:
        """Write ``run.json``."""
        write_atomic(self.run_file, json.dumps(run, indent=2, ensure_ascii=False) + "\n")

    def save(self, key: str, record: FileRecord, settings_hash: str) -> None:
        """Keep one finished input; a run of many holds the ledger open instead."""
        with self.ledger(write=True) as ledger:
            ledger.put(entry_of(key, record, settings_hash), pack(record))
            ledger.commit()

    def load(self, key: str, settings_hash: str) -> FileRecord | None:
        """Return what was kept of one input under these settings; None when there is nothing, or not in full."""
        if not self.ledger_file.is_file():
            return None
        with self.ledger() as ledger:
            return _opened(ledger.find(key), settings_hash)

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
        with self.ledger() as ledger, table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            for row in csv.DictReader(file):
                record = _opened(ledger.find(record_key(row["image_id"], row["path"])), settings_hash)
                if record is None:
                    raise UsageError(
                        f"{self.ledger_file} lacks the record of {row['path']}: run hipcalc screen with --resume."
                    )
                yield record


def _opened(found: tuple[str, bytes] | None, settings_hash: str) -> FileRecord | None:
    if found is None or found[0] != settings_hash:
        return None
    try:
        return unpack(found[1])
    except (zlib.error, ValueError, KeyError, TypeError):
        return None
