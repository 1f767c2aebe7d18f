"""A run takes its results folder: empty, or with results of the very same settings."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from hipcalc.cohort.pacs import shown
from hipcalc.cohort.settings import CohortSettings
from hipcalc.errors import OutputError, UsageError
from hipcalc.report import Ledger, ResultsFolder, make_folder, model_versions, models_digest, package_version

__all__ = ["Shard", "beginning", "check_folder", "check_unfinished", "now"]

_LIBRARIES = ("numpy", "scipy", "scikit-image", "opencv-python-headless", "pydicom", "imagecodecs", "pandas", "pyarrow")
# Of the planted foci from which a detection limit is measured (`hipcalc.detectability`); nothing else is drawn.
_SEEDS = {"detectability": 6}


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Part `number` (from 1) of `total`: the inputs whose paths' hashes say so, whatever other inputs there are."""

    number: int
    total: int

    def __post_init__(self) -> None:
        """Refuse what is no part."""
        if not 1 <= self.number <= self.total:
            raise UsageError(f"A shard is one of 1/N to N/N, not {self.number}/{self.total}.")

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return f"{self.number:0{len(str(self.total))}d}-of-{self.total}"


def beginning(named: tuple[str, ...], settings: CohortSettings, **more: Any) -> dict[str, Any]:
    """Return the beginning of ``run.json``.

    Parameters
    ----------
    named : tuple of str
        Inputs as the user named them.
    settings : CohortSettings
    **more
        What else is to be told of the run.
    """
    return {
        "program": "hipcalc",
        "status": "running",
        "version": package_version(),
        "models": list(model_versions()),
        "models_digest": models_digest(),
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "inputs": [shown(name) for name in named],
        **more,
        "seeds": _SEEDS,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "started": now(),
    }


def check_folder(folder: ResultsFolder, run: dict[str, Any], *, resume: bool) -> None:
    """Make the folder, or check that it may take this run.

    Raises
    ------
    UsageError
        If it holds something else, or results of other settings or inputs.
    OutputError
        If it cannot be made or read.
    """
    make_folder(folder.path)
    try:
        empty = not any(folder.path.iterdir())
    except OSError as error:
        raise OutputError(f"{folder.path} cannot be read ({error.strerror}); choose another output folder.") from error
    if not empty:
        _check_earlier(folder, run, resume=resume)


def _check_earlier(folder: ResultsFolder, run: dict[str, Any], *, resume: bool) -> None:
    if not folder.run_file.is_file():
        if (folder.path / "shards").is_dir():
            raise UsageError(
                f"{folder.path} holds shards; take them together with hipcalc merge, or choose a new folder."
            )
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


def check_unfinished(folder: ResultsFolder, ledger: Ledger) -> None:
    """Refuse to throw away what a run that was interrupted has kept, because somebody forgot to ask for it.

    Raises
    ------
    UsageError
        If the last run in this folder did not end, and the ledger holds results.
    """
    if not folder.run_file.is_file() or folder.read_run().get("status") != "running":
        return
    counts = ledger.summary()
    kept = counts["ok"] + counts["rejected"] + counts["failed"]
    if kept:
        raise UsageError(
            f"{folder.path} holds {kept} results of a run that was interrupted; add --resume to go on from there, or "
            "choose another folder to begin anew."
        )


def _differences(earlier: dict[str, Any], run: dict[str, Any]) -> str:
    before, now_ = (
        {
            "hipcalc": one.get("version"),
            "models": one.get("models"),
            "contents of the models": one.get("models_digest"),
            **one.get("settings", {}),
        }
        for one in (earlier, run)
    )
    return "; ".join(
        f"{name} {before.get(name)} there, {now_[name]} here" for name in now_ if before.get(name) != now_[name]
    )


def now() -> str:
    """Return the time as ``run.json`` writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
