"""What a finished ledger becomes: tables, times, and pages, in one pass over it and without holding it."""

import csv
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hipcalc.cohort.claiming import now
from hipcalc.errors import OutputError
from hipcalc.report import (
    FileRecord,
    Input,
    Ledger,
    ResultsFolder,
    atomic_path,
    unpack,
    write_tables,
)
from hipcalc.report.tables import TABLE_FILES

__all__ = ["CohortResult", "InputsState", "conclude"]

_FINISHED = "finished"
_TOTALS = "totals"
_TIMES = "times.csv"
_MOST_LOSSES = 30
_MOST_SLOW = 3


@dataclass(frozen=True, kw_only=True)
class CohortResult:
    """A finished run.

    Attributes
    ----------
    folder : ResultsFolder
    counts : dict
        Number of inputs, of those that are ok, rejected and failed, of hips that were found and of hips by status, and
        of findings.
    zones : tuple of (zone, side, number of findings)
    losses : tuple of (status, reason, number of files, one of their paths)
        The most frequent ones first.
    slowest : tuple of (path, seconds)
    stages_s : dict of str to float
        Mean seconds of each stage of an image, over those that went through all stages in this run, and as the last one
        the processor's seconds that ledger, tables and pages cost per input analysed. Empty when nothing was analysed.
    analysed, reused : int
        Inputs that were analysed in this run, and kept from before.
    address : str
        Where the results were copied to, if `folder` is but their working copy.
    """

    folder: ResultsFolder
    counts: dict[str, int]
    zones: tuple[tuple[str, str, int], ...]
    losses: tuple[tuple[str, str, int, str], ...]
    slowest: tuple[tuple[str, float], ...]
    stages_s: dict[str, float]
    analysed: int
    reused: int
    address: str = ""

    @property
    def records(self) -> tuple[FileRecord, ...]:
        """The record of every input, in the order of the tables; read from the folder each time."""
        return tuple(self.folder.records())


class InputsState:
    """What tells one list of inputs from any other: to be added to in order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, one: Input) -> None:
        """Add an input."""
        self._digest.update(os.fsencode(one.path) + b"\0")

    @property
    def text(self) -> str:
        """64 hex digits."""
        return self._digest.hexdigest()


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


def conclude(
    folder: ResultsFolder,
    ledger: Ledger,
    run: dict[str, Any],
    *,
    state: str,
    changed: bool,
    identifiers: bool,
    pages: bool,
    on_stage: Callable[[str], None] = lambda _: None,
) -> CohortResult:
    """Write what follows from the ledger, unless it is there already, and the end of ``run.json``.

    Parameters
    ----------
    folder, ledger : ResultsFolder, Ledger
    run : dict
        The beginning of ``run.json``, with the numbers of inputs analysed and reused, and what the stages took.
    state : str
        Of `InputsState`.
    changed : bool
        Whether any result is another than before.
    identifiers, pages : bool
        Whether these are to be written too.
    on_stage : callable, optional
        Told what is written.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    cpu_s = time.process_time()
    if changed or identifiers or not _is_finished(folder, ledger, state=state, pages=pages):
        on_stage("writing tables and pages" if pages else "writing tables")
        _finish(folder, ledger, run, state=state, identifiers=identifiers, pages=pages)
    run = run | {"coordinator_cpu_s": run["coordinator_cpu_s"] + time.process_time() - cpu_s}
    hips, zones = _totals(ledger)
    result = CohortResult(
        folder=folder,
        counts=ledger.summary() | hips,
        zones=zones,
        losses=tuple(ledger.losses(_MOST_LOSSES)),
        slowest=tuple(ledger.slowest(_MOST_SLOW)),
        stages_s=_stages_s(run),
        analysed=run["analysed"],
        reused=run["reused"],
    )
    ledger.forget_refs()
    ledger.commit()
    ended = now()
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(run["started"])).total_seconds()
    folder.write_run(run | {"status": "done", "ended": ended, "elapsed_s": seconds, "counts": result.counts})
    return result


def _stages_s(run: dict[str, Any]) -> dict[str, float]:
    images, seconds = run["stages"]["images"], run["stages"]["seconds"]
    if not images:
        return {}
    means = {name: total / images for name, total in seconds.items()}
    return means | {"ledger, tables and pages": run["coordinator_cpu_s"] / run["analysed"]}


def _finish(
    folder: ResultsFolder, ledger: Ledger, run: dict[str, Any], *, state: str, identifiers: bool, pages: bool
) -> None:
    records = LedgerRecords(ledger, folder, run["settings_hash"])
    ledger.set_fact(_FINISHED, "")
    ledger.commit()
    hips: Counter[str] = Counter()
    zones: Counter[tuple[str, str]] = Counter()
    write_tables(folder.path, _counted(records, hips, zones))
    ledger.set_fact(_TOTALS, json.dumps({"hips": hips, "zones": sorted([*key, count] for key, count in zones.items())}))
    _write_times(folder.path / _TIMES, ledger, run["settings_hash"])
    if identifiers:
        # Here and not above: few ask for them, and they take the reading of DICOM.
        from hipcalc.cohort.identifiers import write_identifiers

        write_identifiers(folder.path, ledger)
    if pages:
        from hipcalc.report import RunFacts, write_pages

        write_pages(folder, records, RunFacts.from_run(run))
    ledger.set_fact(_FINISHED, state)
    ledger.commit()


def _totals(ledger: Ledger) -> tuple[dict[str, int], tuple[tuple[str, str, int], ...]]:
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


def _is_finished(folder: ResultsFolder, ledger: Ledger, *, state: str, pages: bool) -> bool:
    """Tell whether everything was written for this very state of the ledger, and is there."""
    files = [folder.path / name for name in (*TABLE_FILES, _TIMES)] + ([folder.index] if pages else [])
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
