"""A worker process with a time and a memory limit, in which one task after the other is run.

The same process serves every engine: a task that kills, hangs or bloats it costs this process and nothing else, be
its parent the coordinator or a worker of a cluster. It is started as a program of its own, not forked: a fork
would copy its parent's threads' locks, and the workers of a cluster may not have forks. Tasks and what they return pass
through its parent as bytes, so that a worker of a cluster need not load what they are made of.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, Literal

from hipcalc.errors import OutputError

__all__ = [
    "Fate",
    "Limits",
    "Outcome",
    "WorkerProcess",
    "begin_workers",
    "close_workers",
    "default_workers",
    "run_in_worker",
]

Fate = Literal["done", "raised", "died", "time", "memory", "lost"]

_LENGTH_BYTES = 8
# Libraries read these when they are loaded; more threads than cores would only wait for each other.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Large arrays lie on large pages where the system lends them to those who ask: walking through them takes a twentieth
# less time. Read by glibc from 2.35 on, as the process begins.
_TUNABLES, _LARGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"
_READY = b"ready"
# The first byte of an answer.
_VALUE, _RAISED, _NO_MEMORY = b"v", b"r", b"m"
_ATTEMPTS = 10
# A small radiograph, as read and as analysed.
_LEAST_ROOM = 100 * 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one image may take: seconds, and bytes of its process's data (None where there is no limit)."""

    time_s: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a task ended: ``done`` with its value, ``raised`` with its error (both pickled), or what stopped it."""

    fate: Fate
    pickled: bytes = b""
    how: str = ""


class WorkerProcess:
    """One process that runs tasks, started when the first comes and again after it was lost."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def begin(self) -> None:
        """Start the process without waiting for it: loading what it needs takes it a second."""
        self._process = self._start()

    def run(self, question: bytes) -> Outcome:
        """Run one task.

        Parameters
        ----------
        question : bytes
            The task and its item, pickled together.

        Returns
        -------
        Outcome

        Raises
        ------
        OutputError
            If no process can be started.
        """
        process = self._started()
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = None if self.limits.time_s is None else threading.Timer(self.limits.time_s, stop)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            answer = _ask(process, question)
        finally:
            if timer is not None:
                timer.cancel()
        if answer is None:
            return self._lost(process, late.is_set())
        kind, pickled = answer[:1], answer[1:]
        if kind == _NO_MEMORY:
            self.close()
            return Outcome(fate="memory", how=self._memory_text())
        return Outcome(fate="done" if kind == _VALUE else "raised", pickled=pickled)

    def close(self) -> None:
        """End the process."""
        process, self._process, self._is_ready = self._process, None, False
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.kill()
        process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._is_ready and self._process.poll() is None:
            return self._process
        if self._is_ready:
            self.close()
        # One that was killed while it started, by chance or for another's memory, says little.
        for _ in range(_ATTEMPTS):
            process = self._process = self._process or self._start()
            self._is_ready = _answer(process) == _READY
            if self._is_ready:
                return process
            status = process.wait()
            self.close()
            if status >= 0:
                break
        raise OutputError(
            f"a worker process could not be started (exit status {status}); is there memory for it? Try "
            "fewer workers, a larger --memory-limit, or look at the installation."
        )

    def _start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        # What the user says of it comes last, and so holds.
        environment[_TUNABLES] = ":".join(filter(None, (_LARGE_PAGES, os.environ.get(_TUNABLES))))
        # A task is found by its module's name, as in this process.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-P", "-m", "hipcalc.cohort.process", str(self.limits.memory_bytes or 0)]
        # What a decoder prints would break the progress bar and the log.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    def _lost(self, process: subprocess.Popen[bytes], late: bool) -> Outcome:
        status = process.wait()
        self.close()
        if late:
            return Outcome(fate="time", how=f"took longer than the time limit of {self.limits.time_s:g} s")
        if status < 0:
            return Outcome(fate="died", how=f"was ended by {_signal_name(-status)}")
        return Outcome(fate="died", how=f"ended with status {status}")

    def _memory_text(self) -> str:
        limit = self.limits.memory_bytes
        return (
            "needs more memory than is free"
            if limit is None
            else (f"needs more memory than the limit of {limit / 2**20:.0f} MB")
        )


# One process per thread that hands out tasks, in the coordinator as in the workers of a cluster.
_own = threading.local()
_all: dict[int, WorkerProcess] = {}
# Those that were begun before there was a task for them.
_begun: list[WorkerProcess] = []


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def begin_workers(count: int, memory_bytes: int | None) -> None:
    """Start processes for tasks that are still to come, and do not wait for them.

    Parameters
    ----------
    count : int
    memory_bytes : int or None
        The limit of the tasks; those with another get other processes.
    """
    for _ in range(count):
        worker = WorkerProcess(Limits(memory_bytes=memory_bytes))
        worker.begin()
        _all[id(worker)] = worker
        _begun.append(worker)


def run_in_worker(question: bytes, limits: Limits) -> Outcome:
    """Run one task in the process that belongs to the calling thread (see `WorkerProcess.run`)."""
    worker: WorkerProcess | None = getattr(_own, "worker", None)
    if worker is None or worker.limits != limits or id(worker) not in _all:
        worker = _own.worker = _begun_or_new(limits)
        _all[id(worker)] = worker
    return worker.run(question)


def _begun_or_new(limits: Limits) -> WorkerProcess:
    with contextlib.suppress(IndexError):
        worker = _begun.pop()
        if worker.limits.memory_bytes == limits.memory_bytes:
            # Time is the parent's to limit.
            worker.limits = limits
            return worker
    return WorkerProcess(limits)


def close_workers() -> None:
    """End the processes of all threads, and those that wait for a task."""
    _begun.clear()
    while _all:
        _, worker = _all.popitem()
        worker.close()


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"{name} (out of memory, or stopped by hand)" if number == signal.SIGKILL else name


def _ask(process: subprocess.Popen[bytes], question: bytes) -> bytes | None:
    """Send a question and return the answer; None where the process ends before it answers."""
    try:
        _send(process.stdin, question)
    except OSError:
        return None
    return _answer(process)


def _answer(process: subprocess.Popen[bytes]) -> bytes | None:
    try:
        return _receive(process.stdout)
    except OSError:
        return None


def _send(pipe: IO[bytes] | None, message: bytes) -> None:
    if pipe is None:
        raise BrokenPipeError
    pipe.write(len(message).to_bytes(_LENGTH_BYTES, "little") + message)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> bytes | None:
    if pipe is None:
        return None
    header = pipe.read(_LENGTH_BYTES)
    if len(header) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(header, "little")
    content = pipe.read(length)
    return content if len(content) == length else None


def _limit_memory(limit: int) -> None:
    if limit and sys.platform == "linux":
        import resource

        # Data, not address space: libraries reserve far more addresses than they use.
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        # A limit that leaves no room for any image must not be blamed on each of them.
        bytearray(_LEAST_ROOM)


def _serve(limit: int) -> None:
    """Answer questions until the parent is gone. Runs in the worker process."""
    import queue

    import cv2

    # Loaded now, so that no image's time limit pays for it.
    import hipcalc.cohort.analysis
    import hipcalc.screen  # noqa: F401
    from hipcalc.memory import keep_freed_memory

    # Ctrl-C reaches the whole process group; only the coordinator answers it, so that running tasks are finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    cv2.setNumThreads(1)
    keep_freed_memory()
    _limit_memory(limit)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever prints must not mix with answers.
    os.dup2(2, 1)
    questions: queue.Queue[bytes] = queue.Queue()

    def listen() -> None:
        while (question := _receive(sys.stdin.buffer)) is not None:
            questions.put(question)
        # The parent is gone: nobody would ever stop this process again, whatever it is at.
        os._exit(0)

    _send(answers, _READY)
    threading.Thread(target=listen, daemon=True).start()
    while True:
        _send(answers, _answer_to(questions.get()))


def _answer_to(question: bytes) -> bytes:
    try:
        task, item = pickle.loads(question)
        return _VALUE + pickle.dumps(task(item), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return _NO_MEMORY
    except Exception as error:
        return _RAISED + pickle.dumps(error, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
