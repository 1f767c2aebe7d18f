"""The command ``hipcalc`` and its subcommands."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hipcalc.cli.ahead import begin_ahead
from hipcalc.cli.status import INTERRUPTED, NOTHING_DONE, WRONG_USAGE
from hipcalc.cli.terminal import printable
from hipcalc.cohort.process import close_workers
from hipcalc.errors import HipcalcError, UsageError

if TYPE_CHECKING:
    from hipcalc.cohort.dask_engine import DaskEngine

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process when not given.

    Returns
    -------
    int
        0 all inputs done; 3 done, but some inputs failed or were rejected; 2 wrong usage; 1 nothing could be done;
        130 interrupted.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    cluster = None
    try:
        cluster = begin_ahead(given)
        return _run(given, cluster)
    except UsageError as error:
        return _complain(error, WRONG_USAGE)
    except HipcalcError as error:
        return _complain(error, NOTHING_DONE)
    except KeyboardInterrupt:
        print("hipcalc: interrupted.", file=sys.stderr)
        return INTERRUPTED
    finally:
        close_workers()
        if cluster is not None:
            cluster.close()


def _run(arguments: Sequence[str], cluster: "DaskEngine | None") -> int:
    # A second's work, in which workers load theirs.
    from hipcalc.cli import commands, options
    from hipcalc.report import package_version

    parsed = options.parser(package_version()).parse_args(arguments, argparse.Namespace(cluster=cluster))
    command: Callable[[argparse.Namespace], int] = getattr(commands, parsed.command)
    return command(parsed)


def _complain(error: HipcalcError, status: int) -> int:
    for line in str(error).splitlines():
        print(f"hipcalc: {printable(line)}", file=sys.stderr)
    return status
