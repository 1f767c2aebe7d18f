"""How far a run is: a bar on a terminal, plain lines elsewhere."""

import json
import time
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from hipcalc.cli.terminal import printable
from hipcalc.cohort import Done
from hipcalc.report.words import count_text

__all__ = ["Counting", "JsonLog", "Progress"]

# A log is not filled with more lines than these, however many inputs there are.
_MOST_LINES = 200
# A bar is drawn no more often; a hundred thousand inputs that are kept from before pass in seconds.
_DRAWN_S = 0.1


class Counting:
    """Counts up to a known number: a bar on a terminal, plain lines elsewhere; a context manager."""

    def __init__(self, console: Console, total: int, what: str) -> None:
        self._console, self._total, self._what = console, total, what
        self._bar = RichProgress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> "Counting":
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def reach(self, count: int) -> None:
        """Show how far the work has come."""
        self._bar.update(self._task, completed=count)
        if not self._console.is_terminal and _is_worth_a_line(count, self._total):
            self._console.print(f"{count}/{self._total} {self._what}", highlight=False)


class _Counts:
    """What is counted while a run goes on."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.analysed = 0
        self.findings = 0
        self.lost = 0
        self._began = time.monotonic()

    def begin(self, total: int) -> None:
        """Take the number of inputs."""
        self.total = total
        self._began = time.monotonic()

    def take(self, done: Done) -> None:
        """Count one more."""
        self.done += 1
        self.analysed += not done.reused
        self.findings += done.findings
        self.lost += done.status != "ok"

    @property
    def rate(self) -> float:
        """Inputs analysed per second; what was kept from before is no work."""
        return self.analysed / max(time.monotonic() - self._began, 1e-3)

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest will take at this rate; None before there is one."""
        return (self.total - self.done) / self.rate if self.analysed else None


def _kept_text(counts: _Counts, folder: str) -> str:
    return (
        f"{counts.done} of {counts.total} inputs are done and kept in {folder}; "
        "the same command with --resume goes on from there."
    )


class Progress:
    """Shows the progress of a run on a console; a context manager that leaves the terminal as it was."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts = _Counts()
        self._drawn = 0.0
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[found]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("screening", start=False, total=None, pace="", found="")

    def __enter__(self) -> "Progress":
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    @property
    def done(self) -> int:
        """Inputs that are finished."""
        return self._counts.done

    def start(self, total: int) -> None:
        """Take the number of inputs."""
        self._counts.begin(total)
        self._bar.start_task(self._task)
        self._bar.update(self._task, total=total, description="screening")

    def stage(self, text: str) -> None:
        """Say what takes time now."""
        if self._console.is_terminal:
            self._bar.update(self._task, description=text)
        else:
            self._print(text)

    def advance(self, done: Done) -> None:
        """Show one more finished input."""
        counts = self._counts
        counts.take(done)
        if self._console.is_terminal:
            now = time.monotonic()
            if now - self._drawn > _DRAWN_S or counts.done == counts.total:
                self._drawn = now
                self._draw()
        elif _is_worth_a_line(counts.done, counts.total):
            self._print(f"{counts.done}/{counts.total} {done.path}: {_text(done)}")

    def _draw(self) -> None:
        counts = self._counts
        left = "" if counts.left_s is None else f", {_duration(counts.left_s)} left"
        self._bar.update(
            self._task,
            completed=counts.done,
            pace=f"{counts.rate:.2g}/s{left}",
            found=f"{counts.findings} marks, {counts.lost} not analysed",
        )

    def end(self, _: dict[str, int]) -> None:
        """Take the bar away; what was counted stands in the summary."""
        self._bar.stop()

    def stop(self, last_words: str) -> None:
        """Take the bar away and print one sentence."""
        self._bar.stop()
        self._print(f"hipcalc: {last_words}")

    def kept(self, folder: str) -> str:
        """Say what an unfinished run keeps, and how to go on."""
        return _kept_text(self._counts, folder)

    def _print(self, line: str) -> None:
        self._console.print(escape(printable(line)), highlight=False, soft_wrap=True)


class JsonLog:
    """Writes a JSON object per line for a program that watches; a context manager as `Progress`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._counts = _Counts()

    def __enter__(self) -> "JsonLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()

    @property
    def done(self) -> int:
        """Inputs that are finished."""
        return self._counts.done

    def start(self, total: int) -> None:
        """Take the number of inputs."""
        self._counts.begin(total)
        self._write("start", inputs=total)

    def stage(self, text: str) -> None:
        """Write a line about what takes time now."""
        self._write("stage", message=text)

    def advance(self, done: Done) -> None:
        """Write a line about one more finished input."""
        counts = self._counts
        counts.take(done)
        self._write("input", **vars(done), done=counts.done, inputs=counts.total)

    def end(self, counts: dict[str, int]) -> None:
        """Write a last line with what was counted."""
        self._write("end", **counts)

    def stop(self, last_words: str) -> None:
        """Write one last sentence."""
        self._write("stop", message=last_words)

    def kept(self, folder: str) -> str:
        """Say what an unfinished run keeps, and how to go on."""
        return _kept_text(self._counts, folder)

    def _write(self, event: str, **values: object) -> None:
        line = {"event": event, "time": round(time.time(), 3), **values}
        self._stream.write(json.dumps(line) + "\n")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _is_worth_a_line(count: int, total: int) -> bool:
    return count % max(1, total // _MOST_LINES) == 0 or count == total


def _text(done: Done) -> str:
    if done.status != "ok":
        return f"{done.status}, {done.reason}"
    kept = ", kept from before" if done.reused else ""
    return f"{count_text(done.hips, 'hip')}, {count_text(done.findings, 'mark')}{kept}"
