"""Tasks in worker processes, their results in the tasks' order whatever the number of workers."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Final, TypeVar

import cv2

from hipcalc.errors import OutputError, UsageError
from hipcalc.memory import keep_freed_memory

__all__ = ["cores", "map_in_order"]

Item = TypeVar("Item")
Value = TypeVar("Value")
_MAX_WORKERS: Final = 64


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_order(
    task: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    workers: int,
    on_done: Callable[[int], None] | None = None,
) -> list[Value]:
    """Run a function over items, in this process or in several, and return its values in the items' order.

    Parameters
    ----------
    task : callable
        Importable by name in a fresh process.
    items : sequence
    workers : int
        1 to 64 processes; 1 is this process.
    on_done : callable, optional
        Called with the number of items done so far.

    Raises
    ------
    UsageError
        For a number of workers out of range.
    OutputError
        When a worker process dies.
    """
    if not 1 <= workers <= _MAX_WORKERS:
        raise UsageError(f"workers is {workers} but must be between 1 and {_MAX_WORKERS} processes.")
    tell = on_done or (lambda _count: None)
    if workers == 1 or len(items) == 1:
        values = []
        for item in items:
            values.append(task(item))
            tell(len(values))
        return values
    # A plain fork would copy this process's threads' locks.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(min(workers, len(items)), mp_context=context, initializer=_prepare_worker) as executor:
        futures = [executor.submit(task, item) for item in items]
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                tell(count)
        except BrokenProcessPool as error:
            raise OutputError("a worker process died, probably for want of memory; give fewer workers.") from error
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
    return [future.result() for future in futures]


def _prepare_worker() -> None:
    cv2.setNumThreads(1)
    keep_freed_memory()
