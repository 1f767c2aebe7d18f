"""Tasks in worker processes, where a worker that dies costs no more than the task that killed it."""

import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from hipcalc.cohort.process import Fate, Limits, Outcome, close_workers, run_in_worker

__all__ = ["Engine", "LocalEngine", "TaskResult", "run_tasks"]

Item = TypeVar("Item")
Value = TypeVar("Value")

# Tasks handed out ahead, per worker, so that none waits for the coordinator.
_AHEAD = 16
# How many places an item may lose when it runs alone.
_PLACES = 5
# Results are taken in groups when they come faster than this, so that one commit to the disk serves them all.
_PAUSE_S = 0.02


@dataclass(frozen=True, kw_only=True)
class TaskResult(Generic[Item, Value]):
    """What came of one item: its value, or how its process was lost even when it was alone."""

    item: Item
    fate: Fate
    value: Value | None = None
    how: str = ""


class Engine(Protocol):
    """Where tasks run.

    Attributes
    ----------
    lost_errors : tuple of type
        What a task raises when the engine lost the place where it ran.
    """

    lost_errors: tuple[type[Exception], ...]

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        ...

    def open(self) -> AbstractContextManager[Executor]:
        """Return a context in which `run_in_worker` can be submitted; leaving it ends what it started."""
        ...

    def check(self) -> None:
        """Raise OutputError where there is nobody left to work; asked while nothing gets done."""
        ...


class LocalEngine:
    """Processes of this machine."""

    lost_errors: tuple[type[Exception], ...] = ()

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def check(self) -> None:
        """Do nothing: a process that is lost is started again."""

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Return an executor of threads, each of which minds one process."""
        executor = ThreadPoolExecutor(self.workers)
        try:
            yield executor
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
            close_workers()


def run_tasks(
    task: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    engine: Engine,
    limits: Limits | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[list[TaskResult[Item, Value]]]:
    """Run a function over items in processes, and yield results in groups as soon as they are there.

    When a worker is lost (killed, out of memory or time, crashed library), its item is a suspect: it is run
    again alone when all others are done, and only if its worker is lost again is it given up. An exception that
    a task raises goes through to the caller.

    Parameters
    ----------
    task : callable
        Importable by name in a fresh process.
    items : iterable
        Taken one by one as workers come free.
    engine : Engine
    limits : Limits, optional
        What one item may take.
    stop : callable, optional
        Asked often; when it says true, no further item is started, those that run are finished, and the rest,
        suspects too, is left.

    Yields
    ------
    list of TaskResult
        In the order of finishing.
    """
    limits = limits or Limits()
    suspects: list[Item] = []
    with engine.open() as executor:

        def begin(item: Item) -> Future[Outcome]:
            return executor.submit(run_in_worker, pickle.dumps((task, item)), limits)

        def end(item: Item, future: Future[Outcome]) -> TaskResult[Item, Value]:
            try:
                outcome = future.result()
            except engine.lost_errors:
                return TaskResult(item=item, fate="lost", how="lost the nodes of the cluster that it ran on")
            if outcome.fate == "raised":
                raise pickle.loads(outcome.pickled)
            value = pickle.loads(outcome.pickled) if outcome.fate == "done" else None
            return TaskResult(item=item, fate=outcome.fate, value=value, how=outcome.how)

        for group in _run_all(items, begin, engine, stop):
            results = [end(item, future) for item, future in group]
            suspects += [result.item for result in results if result.fate != "done"]
            yield [result for result in results if result.fate == "done"]
        for item in suspects:
            if stop():
                return
            yield [_alone(item, begin, end)]


def _alone(
    item: Item,
    begin: Callable[[Item], Future[Outcome]],
    end: Callable[[Item, Future[Outcome]], TaskResult[Item, Value]],
) -> TaskResult[Item, Value]:
    """Run one item; again, where a cluster lost the place where it ran: a task cannot take a whole node with it."""
    for _ in range(_PLACES):
        result = end(item, begin(item))
        if result.fate != "lost":
            break
    return result


def _run_all(
    items: Iterable[Item],
    begin: Callable[[Item], Future[Value]],
    engine: Engine,
    stop: Callable[[], bool],
) -> Iterator[list[tuple[Item, Future[Value]]]]:
    """Keep some items begun for each worker, and yield those that are done."""
    most = engine.workers * _AHEAD
    waiting = iter(items)
    running: dict[Future[Value], Item] = {}
    taken = float("-inf")
    while True:
        if stop():
            _withdraw(running)
            waiting = iter(())
        for item in islice(waiting, most - len(running)):
            running[begin(item)] = item
        if not running:
            return
        done = wait(running, timeout=1.0, return_when=FIRST_COMPLETED).done
        pause = taken + _PAUSE_S - time.monotonic()
        if done and pause > 0:
            time.sleep(pause)
            done = {future for future in running if future.done()}
        taken = time.monotonic()
        if not done:
            engine.check()
        else:
            yield [(running.pop(future), future) for future in done]


def _withdraw(running: dict[Future[Any], Any]) -> None:
    for future in [future for future in running if future.cancel()]:
        del running[future]
