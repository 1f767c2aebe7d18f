"""Tasks in worker processes, where a worker that dies costs no more than the task that killed it."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2

__all__ = ["TaskResult", "run_tasks"]

Item = TypeVar("Item")
Value = TypeVar("Value")

# Libraries read these when they are loaded; more threads than cores would only wait for each other.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Tasks handed out ahead, per worker, so that none waits for the coordinator.
_AHEAD = 2


@dataclass(frozen=True, kw_only=True)
class TaskResult(Generic[Value]):
    """What came of one task: its value, or None where the task killed its worker even when it was alone."""

    index: int
    value: Value | None


def run_tasks(
    task: Callable[[Item], Value], items: Sequence[Item], *, workers: int, preload: Sequence[str] = ()
) -> Iterator[TaskResult[Value]]:
    """Run a function over items in processes, and yield each result as soon as it is there.

    When a worker dies (killed, out of memory, crashed library), the tasks that were handed out are suspects: each is
    run again alone, and only the one whose worker dies again is given up. An exception that a task raises
    goes through to the caller. Closing the iterator lets running tasks finish and starts no others.

    Parameters
    ----------
    task : callable
        Importable by name in a fresh process.
    items : sequence
    workers : int
        Number of processes.
    preload : sequence of str
        Modules that a worker needs, loaded once where the system allows it.

    Yields
    ------
    TaskResult
        In the order of finishing.
    """
    context = _context(preload)
    waiting = deque(enumerate(items))
    with _one_thread_each():
        while waiting:
            suspects = yield from _run_until_broken(task, waiting, workers, context)
            yield from _run_one_by_one(task, suspects, context)


def _context(preload: Sequence[str]) -> multiprocessing.context.BaseContext:
    # A plain fork would copy this process's threads' locks; a fork server starts clean, and as fast.
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        return context
    return multiprocessing.get_context("spawn")


def _run_until_broken(
    task: Callable[[Item], Value],
    waiting: deque[tuple[int, Item]],
    workers: int,
    context: multiprocessing.context.BaseContext,
) -> Generator[TaskResult[Value], None, list[tuple[int, Item]]]:
    """Yield results until all is done or a worker dies; return the tasks that were handed out then."""
    running: dict[Future[Value], tuple[int, Item]] = {}
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
    try:
        while waiting or running:
            while waiting and len(running) < workers * _AHEAD:
                running[executor.submit(task, waiting[0][1])] = waiting[0]
                waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                value = future.result()
                index, _ = running.pop(future)
                yield TaskResult(index=index, value=value)
    except BrokenProcessPool:
        return sorted(running.values(), key=lambda pair: pair[0])
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    return []


def _run_one_by_one(
    task: Callable[[Item], Value], items: Sequence[tuple[int, Item]], context: multiprocessing.context.BaseContext
) -> Iterator[TaskResult[Value]]:
    """Run suspects with nothing beside them, so that the one which kills its worker gives itself away."""
    waiting = deque(items)
    while waiting:
        with ProcessPoolExecutor(1, mp_context=context, initializer=_prepare_worker) as executor:
            while waiting:
                index, item = waiting.popleft()
                try:
                    yield TaskResult(index=index, value=executor.submit(task, item).result())
                except BrokenProcessPool:
                    yield TaskResult(index=index, value=None)
                    break


def _prepare_worker() -> None:
    # Ctrl-C reaches the whole process group; only the coordinator answers it, so that running tasks are finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_coordinator, daemon=True).start()


def _end_with_coordinator() -> None:
    """Leave when the coordinator is killed: nobody would ever hand out work or stop this process again."""
    coordinator = multiprocessing.parent_process()
    if coordinator is not None:
        coordinator.join()
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
