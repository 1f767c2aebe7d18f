"""Shards that were done apart, on any machines, become one results folder: the same bytes as without shards."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

from hipcalc.cohort.claiming import Shard, now
from hipcalc.cohort.finishing import CohortResult, InputsState, conclude
from hipcalc.errors import UsageError
from hipcalc.report import ResultsFolder

__all__ = ["merge_shards", "missing_shards"]

# Of shards in one sentence.
_MOST_NAMES = 20
_NAME = re.compile(r"(\d+)-of-(\d+)")


def merge_shards(out: str | Path) -> CohortResult:
    """Take the results of all shards in a folder together, and write its tables and pages.

    Parameters
    ----------
    out : str or Path
        The folder that was given to every shard.

    Returns
    -------
    CohortResult

    Raises
    ------
    UsageError
        If it holds no shards, or one is missing, unfinished or of other settings.
    OutputError
        If something cannot be written.
    """
    top = ResultsFolder(Path(out))
    shards = _shards(top)
    runs = [shard.read_run() for shard in shards]
    _check(shards, runs)
    run = runs[0] | {"status": "running", "shard": None, "shards": len(shards), "started": now()}
    # Shards of an earlier version do not tell all of it.
    run |= {name: sum(one.get(name, 0) for one in runs) for name in ("analysed", "reused", "coordinator_cpu_s")}
    run["stages"] = _added([one["stages"] for one in runs if "stages" in one])
    with top.ledger(write=True) as ledger:
        top.write_run(run)
        ledger.begin_inputs()
        ledger.clear()
        for shard in shards:
            ledger.take_in(shard.ledger_file)
        state = InputsState()
        for one, _ in ledger.inputs():
            state.add(one)
        pages = run["settings"]["pages"]
        return conclude(top, ledger, run, state=state.text, changed=True, identifiers=False, pages=pages)


def missing_shards(out: str | Path) -> str:
    """Name the shards that a folder lacks, or whose tables are not written yet; empty where there are all.

    Parameters
    ----------
    out : str or Path
        The folder that was given to every shard.

    Raises
    ------
    UsageError
        If it holds no shards, or such of different numbers.
    """
    top = Path(out)
    return _some([folder.name for folder in _folders(top) if not (folder / "images.parquet").is_file()])


def _shards(top: ResultsFolder) -> list[ResultsFolder]:
    folders = _folders(top.path)
    missing = [folder.name for folder in folders if not folder.is_dir()]
    if missing:
        raise UsageError(f"{top.path / 'shards'} lacks {_some(missing)}; run the missing shards first.")
    return [ResultsFolder(folder, top.path) for folder in folders]


def _folders(top: Path) -> list[Path]:
    """Return the folder of every shard, whether it is there or not."""
    found = [(path, _NAME.fullmatch(path.name)) for path in sorted((top / "shards").glob("*-of-*"))]
    totals = {int(match[2]) for _, match in found if match}
    if not totals:
        raise UsageError(f"{top} holds no shards; run hipcalc screen with --shard 1/N to N/N first.")
    if len(totals) > 1:
        raise UsageError(f"{top / 'shards'} holds shards of different numbers; remove those that do not belong.")
    total = totals.pop()
    return [top / "shards" / Shard(number=number, total=total).folder for number in range(1, total + 1)]


def _check(shards: list[ResultsFolder], runs: list[dict[str, Any]]) -> None:
    unfinished = [shard.path.name for shard, run in zip(shards, runs, strict=True) if run["status"] != "done"]
    if unfinished:
        raise UsageError(f"{shards[0].path.parent}: not finished: {_some(unfinished)}; run them again with --resume.")
    for shard, run in zip(shards, runs, strict=True):
        if (run["settings_hash"], run["inputs"]) != (runs[0]["settings_hash"], runs[0]["inputs"]):
            raise UsageError(f"{shard.path} is of other settings or inputs than {shards[0].path}; run it again.")


def _added(stages: list[dict[str, Any]]) -> dict[str, Any]:
    seconds: Counter[str] = Counter()
    for one in stages:
        seconds.update(one["seconds"])
    return {"images": sum(one["images"] for one in stages), "seconds": dict(seconds)}


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
