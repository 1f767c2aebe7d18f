"""Many files: checked folder, workers, tables and pages."""

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hipcalc.cohort.analysis import Done, Job, analyse_file, record_death
from hipcalc.cohort.identifiers import write_identifiers
from hipcalc.cohort.pool import run_tasks
from hipcalc.cohort.settings import CohortSettings
from hipcalc.errors import InputUnreadableError, OutputError, UsageError
from hipcalc.radiograph import find_inputs
from hipcalc.radiograph.archives import archive_of
from hipcalc.report import (
    FileRecord,
    ResultsFolder,
    RunFacts,
    make_folder,
    model_versions,
    package_version,
    write_pages,
    write_tables,
)

__all__ = ["CohortResult", "default_workers", "run_cohort"]

_LIBRARIES = ("numpy", "scipy", "scikit-image", "opencv-python-headless", "pydicom", "imagecodecs", "pandas", "pyarrow")


@dataclass(frozen=True, kw_only=True)
class CohortResult:
    """A finished run: its folder and the record of every input, in the order of the tables."""

    folder: ResultsFolder
    records: tuple[FileRecord, ...]
    reused: int


def run_cohort(
    inputs: Iterable[str | Path],
    out: str | Path,
    *,
    settings: CohortSettings | None = None,
    workers: int | None = None,
    resume: bool = False,
    identifiers: bool = False,
    on_start: Callable[[int], None] = lambda _: None,
    on_done: Callable[[Done], None] = lambda _: None,
) -> CohortResult:
    """Screen many files and write tables and pages.

    Parameters
    ----------
    inputs : iterable of str or Path
        Files and folders (see `hipcalc.radiograph.find_inputs`); files inside `out` are no inputs.
    out : str or Path
        New or empty, or the folder of a run with the same settings.
    settings : CohortSettings, optional
    workers : int, optional
        Number of processes; one for each core when it is not given. Results do not depend on it.
    resume : bool
        Keep what `out` holds of the same content under the same settings.
    identifiers : bool
        Also write `identifiers.csv`, which links each image to patient and study, readable by its owner alone.
    on_start, on_done : callable, optional
        Called with the number of inputs, and with each input as it is finished.

    Returns
    -------
    CohortResult

    Raises
    ------
    UsageError
        If `out` holds something else or the inputs themselves, or a number is out of range.
    InputUnreadableError
        If there is not one file to analyse.
    OutputError
        If results cannot be written; those written before are kept.
    """
    named = tuple(str(path) for path in inputs)
    settings = settings or CohortSettings()
    folder = ResultsFolder(Path(out))
    count = default_workers() if workers is None else workers
    if count < 1:
        raise UsageError(f"The number of workers must be at least 1, not {count}.")
    files = _files(named, folder.path)
    run = _claim(folder, named, settings, resume=resume)
    run["workers"] = min(count, len(files))
    folder.write_run(run)
    on_start(len(files))
    jobs = [
        Job(path=str(file), folder=folder, settings=settings, settings_hash=run["settings_hash"], resume=resume)
        for file in files
    ]
    done = _work(jobs, run["workers"], on_done)
    records = tuple(_kept(folder, one.key, run["settings_hash"]) for one in done)
    write_tables(folder.path, records)
    if identifiers:
        write_identifiers(folder.path, records)
    if settings.pages:
        write_pages(folder, records, RunFacts.from_run(run))
    folder.write_run(run | _ending(run, records))
    return CohortResult(folder=folder, records=records, reused=sum(one.reused for one in done))


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _files(named: Sequence[str], out: Path) -> list[Path]:
    inside = out.resolve()
    files = [file for file in find_inputs(named) if not file.resolve().is_relative_to(inside)]
    if any(file.is_file() or archive_of(file) for file in files):
        return files
    if not files:
        raise UsageError(f"{out}: every input lies inside this output folder; choose another one.")
    why = (
        f"{file}: this folder holds no file; name one with radiographs."
        if file.is_dir()
        else f"{file}: there is no such file or folder; check the path."
        for file in files
    )
    raise InputUnreadableError("\n".join(why))


def _claim(folder: ResultsFolder, named: tuple[str, ...], settings: CohortSettings, *, resume: bool) -> dict[str, Any]:
    """Check that the folder may take this run, and return the beginning of its ``run.json``."""
    run = {
        "program": "hipcalc",
        "status": "running",
        "version": package_version(),
        "models": list(model_versions()),
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "inputs": list(named),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "started": _now(),
    }
    make_folder(folder.path)
    try:
        empty = not any(folder.path.iterdir())
    except OSError as error:
        raise OutputError(f"{folder.path} cannot be read ({error.strerror}); choose another output folder.") from error
    if not empty:
        _check_earlier(folder, run, resume=resume)
    return run


def _check_earlier(folder: ResultsFolder, run: dict[str, Any], *, resume: bool) -> None:
    if not folder.run_file.is_file():
        raise UsageError(
            f"{folder.path} is not empty and holds no results of hipcalc screen; choose a new or an empty folder."
        )
    earlier = folder.read_run()
    if earlier.get("settings_hash") != run["settings_hash"]:
        raise UsageError(
            f"{folder.path} holds results of other settings ({_differences(earlier, run)}); choose another folder, "
            "or give the same settings."
        )
    if not resume and earlier.get("inputs") != run["inputs"]:
        raise UsageError(
            f"{folder.path} holds results of other inputs; choose another folder, or add --resume to keep what is "
            "done and to write new tables."
        )


def _differences(earlier: dict[str, Any], run: dict[str, Any]) -> str:
    before = {"hipcalc": earlier.get("version"), "models": earlier.get("models"), **earlier.get("settings", {})}
    now = {"hipcalc": run["version"], "models": run["models"], **run["settings"]}
    return "; ".join(
        f"{name} {before.get(name)} there, {now[name]} here" for name in now if before.get(name) != now[name]
    )


def _work(jobs: list[Job], workers: int, on_done: Callable[[Done], None]) -> list[Done]:
    finished: dict[int, Done] = {}
    for result in run_tasks(analyse_file, jobs, workers=workers, preload=("hipcalc.cohort.analysis",)):
        done = record_death(jobs[result.index]) if result.value is None else result.value
        finished[result.index] = done
        on_done(done)
    return [finished[index] for index in range(len(jobs))]


def _kept(folder: ResultsFolder, key: str, settings_hash: str) -> FileRecord:
    record = folder.load(key, settings_hash)
    if record is None:
        raise OutputError(f"{folder.path / 'work'}: the record {key} has vanished; run again with --resume.")
    return record


def _ending(run: dict[str, Any], records: Sequence[FileRecord]) -> dict[str, Any]:
    ended = _now()
    status = [record.image.status for record in records]
    return {
        "status": "done",
        "ended": ended,
        "elapsed_s": (datetime.fromisoformat(ended) - datetime.fromisoformat(run["started"])).total_seconds(),
        "counts": {
            "inputs": len(records),
            **{name: status.count(name) for name in ("ok", "rejected", "failed")},
            "hips": sum(len(record.hips) for record in records),
            "findings": sum(len(record.findings) for record in records),
        },
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
