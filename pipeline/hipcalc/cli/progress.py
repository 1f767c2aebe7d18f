"""How far a run is: a bar on a terminal, plain lines elsewhere."""

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from hipcalc.cohort import Done

__all__ = ["Counting", "Progress"]

# A log is not filled with more lines than these, however many inputs there are.
_MOST_LINES = 200


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


class Progress:
    """Shows the progress of a run on a console; a context manager that leaves the terminal as it was."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = 0
        self.done = 0
        self._findings = 0
        self._lost = 0
        self._bar = RichProgress(
            TextColumn("screening"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[found]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("screening", start=False, total=None, found="")

    def __enter__(self) -> "Progress":
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def start(self, total: int) -> None:
        """Take the number of inputs."""
        self._total = total
        self._bar.start_task(self._task)
        self._bar.update(self._task, total=total)

    def advance(self, done: Done) -> None:
        """Show one more finished input."""
        self.done += 1
        self._findings += done.findings
        self._lost += done.status != "ok"
        found = f"{self._findings} marks, {self._lost} not analysed"
        self._bar.update(self._task, advance=1, found=found)
        if not self._console.is_terminal and _is_worth_a_line(self.done, self._total):
            self._print(f"{self.done}/{self._total} {done.path}: {_text(done)}")

    def stop(self, last_words: str) -> None:
        """Take the bar away and print one sentence."""
        self._bar.stop()
        self._print(f"hipcalc: {last_words}")

    def kept(self, folder: str) -> str:
        """Say what an unfinished run keeps, and how to go on."""
        return (
            f"{self.done} of {self._total} inputs are done and kept in {folder}; "
            "the same command with --resume goes on from there."
        )

    def _print(self, line: str) -> None:
        self._console.print(escape(line), highlight=False, soft_wrap=True)


def _is_worth_a_line(count: int, total: int) -> bool:
    return count % max(1, total // _MOST_LINES) == 0 or count == total


def _text(done: Done) -> str:
    if done.status != "ok":
        return f"{done.status}, {done.reason}"
    kept = ", kept from before" if done.reused else ""
    return f"{done.hips} hips, {done.findings} marks{kept}"
