"""What a finished ledger becomes: tables, times, and pages, in one pass over it and without holding it."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hipcalc.cohort.identifiers import write_identifiers
from hipcalc.errors import OutputError
from hipcalc.report import FileRecord, Ledger, ResultsFolder, RunFacts, atomic_path, unpack, write_pages, write_tables
from hipcalc.report.tables import TABLES

__all__ = ["LedgerRecords", "finish", "is_finished", "totals"]

_FINISHED = "finished"
_TOTALS = "totals"
_TIMES = "times.csv"


class LedgerRecords:
    """The records of all inputs in order; each round reads them anew, so that none is held."""

    def __init__(self, ledger: Ledger, folder: ResultsFolder, settings_hash: str) -> None:
        self._ledger, self._folder, self._hash = ledger, folder, settings_hash

    def __iter__(self) -> Iterator[FileRecord]:
        for entry, packed in self._ledger.rows(self._hash):
            if packed is None:
                raise OutputError(
                    f"{self._folder.ledger_file}: the record of {entry.path} has vanished; run again with --resume."
                )
            yield unpack(packed)


def finish(
    folder: ResultsFolder, ledger: Ledger, run: dict[str, Any], *, state: str, identifiers: bool, pages: bool
) -> None:
    """Write everything that follows from the ledger, and note there for which state of it.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    records = LedgerRecords(ledger, folder, run["settings_hash"])
    ledger.set_fact(_FINISHED, "")
    ledger.commit()
    hips: Counter[str] = Counter()
    zones: Counter[tuple[str, str]] = Counter()
    write_tables(folder.path, _counted(records, hips, zones))
    ledger.set_fact(_TOTALS, json.dumps({"hips": hips, "zones": sorted([*key, count] for key, count in zones.items())}))
    _write_times(folder.path / _TIMES, ledger, run["settings_hash"])
    if identifiers:
        write_identifiers(folder.path, ledger)
    if pages:
        write_pages(folder, records, RunFacts.from_run(run))
    ledger.set_fact(_FINISHED, state)
    ledger.commit()


def totals(ledger: Ledger) -> tuple[dict[str, int], tuple[tuple[str, str, int], ...]]:
    """Return the number of hips by status, and of findings by zone and side, of a finished ledger."""
    known = json.loads(ledger.fact(_TOTALS))
    hips = {status: known["hips"].get(status, 0) for status in ("located", "uncertain", "implant", "absent")}
    return hips, tuple((zone, side, count) for zone, side, count in known["zones"])


def _counted(
    records: Iterable[FileRecord], hips: Counter[str], zones: Counter[tuple[str, str]]
) -> Iterator[FileRecord]:
    """Count on the way what the end of a run tells."""
    for record in records:
        hips.update(hip.status for hip in record.hips)
        zones.update((finding.zone, finding.side) for finding in record.findings)
        yield record


def is_finished(folder: ResultsFolder, ledger: Ledger, *, state: str, pages: bool) -> bool:
    """Tell whether everything was written for this very state of the ledger, and is there."""
    files = [folder.path / f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet")]
    files += [folder.path / _TIMES, *([folder.index] if pages else [])]
    return ledger.fact(_FINISHED) == state and all(file.is_file() for file in files)


def _write_times(file: Path, ledger: Ledger, settings_hash: str) -> None:
    """Write what each input took when it was done: a table apart, because it is never the same twice."""
    with (
        atomic_path(file) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("image_id", "path", "decode_s", "analyze_s"))
        for entry, _ in ledger.rows(settings_hash):
            times = ("" if value is None else f"{value:.4g}" for value in (entry.decode_s, entry.analyze_s))
            writer.writerow((entry.sha256[:16], entry.path, *times))
