"""Worker processes that load what they need while the command line still loads what it needs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hipcalc.cohort.process import begin_workers, default_workers

__all__ = ["begin_ahead"]


def begin_ahead(arguments: Sequence[str]) -> None:
    """Start the workers of ``hipcalc screen`` on this machine, if that is what the arguments ask for.

    Nothing is wrong here: what is wrong with the arguments is told by whoever reads them all.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name.
    """
    if arguments[:1] != ["screen"]:
        return
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--workers", type=int, default=sys.maxsize)
    parser.add_argument("--memory-limit", type=float)
    parser.add_argument("--out")
    try:
        given, rest = parser.parse_known_args(arguments[1:])
        memory = None if given.memory_limit is None else round(given.memory_limit * 2**20)
    except (argparse.ArgumentError, OverflowError, ValueError):
        return
    if given.engine == "local" and "--help" not in rest and "-h" not in rest:
        # More than there are cores would only wait for each other.
        begin_workers(min(given.workers, default_workers(), _most_inputs(rest)), memory)


def _most_inputs(named: Sequence[str]) -> int:
    """Return how many inputs there may be: as many as there are files, unless folders or addresses are among them."""
    most = 0
    for one in named:
        if "://" in one or Path(one).is_dir() or one.lower().endswith(".zip"):
            return sys.maxsize
        most += Path(one).is_file()
    return most
