"""Worker processes, here or in a cluster, that load what they need while the command line still loads what it needs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hipcalc.cohort.process import begin_workers, default_workers

if TYPE_CHECKING:
    from hipcalc.cohort.dask_engine import DaskEngine

__all__ = ["begin_ahead"]


def begin_ahead(arguments: Sequence[str]) -> "DaskEngine | None":
    """Start the workers of ``hipcalc screen``, if that is what the arguments ask for.

    Nothing is wrong with arguments here: that is told by whoever reads them all.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name.

    Returns
    -------
    DaskEngine or None
        The cluster, if they ask for one.

    Raises
    ------
    UsageError
        If they name a cluster that cannot be used.
    """
    if arguments[:1] != ["screen"]:
        return None
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--workers", type=int, default=sys.maxsize)
    parser.add_argument("--memory-limit", type=float)
    parser.add_argument("--scheduler")
    parser.add_argument("--out")
    try:
        given, rest = parser.parse_known_args(arguments[1:])
        memory = None if given.memory_limit is None else round(given.memory_limit * 2**20)
    except (argparse.ArgumentError, OverflowError, ValueError):
        return None
    if "--help" in rest or "-h" in rest:
        return None
    if given.engine == "dask" and given.scheduler is not None:
        from hipcalc.cohort.dask_engine import DaskEngine

        engine = DaskEngine(given.scheduler)
        engine.begin(memory)
        return engine
    if given.engine == "local":
        # More than there are cores would only wait for each other.
        begin_workers(min(given.workers, default_workers(), _most_inputs(rest)), memory)
    return None


def _most_inputs(named: Sequence[str]) -> int:
    """Return how many inputs there may be: as many as there are files, unless folders or addresses are among them."""
    most = 0
    for one in named:
        if "://" in one or Path(one).is_dir() or one.lower().endswith(".zip"):
            return sys.maxsize
        most += Path(one).is_file()
    return most
