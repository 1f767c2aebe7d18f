"""The decision log of a results folder: rows are added, never changed or dropped."""

import csv
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hipcalc.errors import UsageError
from hipcalc.review.decision import DECISION_COLUMNS, Decision, check_agreement, read_decisions

if sys.platform != "win32":
    import fcntl

__all__ = ["LOG_NAME", "append_decisions", "read_log"]

LOG_NAME = "decisions.csv"


def append_decisions(results_dir: str | Path, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Add decisions to the log of a results folder, durably, all of them or none.

    A decision that the log already holds is not added again, so that the same table can be given twice. The log
    is replaced in one step by a longer copy that begins with every byte of the old one: a reader, a crash or a full
    disk meets either the old log or the new one.

    Parameters
    ----------
    results_dir : str or Path
        Folder that ``hipcalc screen`` wrote; the log is its file ``decisions.csv``.
    decisions : iterable of Decision

    Returns
    -------
    tuple of Decision
        The whole log, in the order of writing.

    Raises
    ------
    UsageError
        If a candidate is not in the folder's candidates table, if two decisions contradict each other, or if the
        log cannot be read or written. The log is then as it was.
    """
    folder = Path(results_dir)
    known = _known_candidates(folder)
    wanted = tuple(decisions)
    for decision in wanted:
        if decision.candidate_id not in known:
            raise UsageError(
                f"{folder / 'candidates.csv'} holds no candidate {decision.candidate_id}; correct the decision's "
                "candidate_id, or give the results folder that it belongs to."
            )
    with _only_writer(folder):
        log = read_log(folder)
        # A dict, because it keeps the order: identical decisions within the table collapse too.
        new = tuple(decision for decision in dict.fromkeys(wanted) if decision not in set(log))
        check_agreement((*log, *new))
        if new:
            _lengthen(folder / LOG_NAME, new)
    return (*log, *new)


def read_log(results_dir: str | Path) -> tuple[Decision, ...]:
    """Return every decision in the log of a results folder, in the order of writing; none where there is no log.

    Raises
    ------
    UsageError
        If the log was changed into something that is no table of decisions.
    """
    log = Path(results_dir) / LOG_NAME
    return read_decisions(log) if log.exists() else ()


def _known_candidates(folder: Path) -> frozenset[str]:
    table = folder / "candidates.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return frozenset(row["candidate_id"] for row in csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise UsageError(f"{table} is no candidates table; give a folder that hipcalc screen wrote.") from error


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two programs that add decisions at once do not lose each other's rows."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lengthen(log: Path, new: tuple[Decision, ...]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, DECISION_COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL)
    draft = log.with_name(f".{LOG_NAME}.draft")
    try:
        old = log.read_bytes() if log.exists() else b""
        if not old:
            writer.writeheader()
        else:
            _check_columns(log, old)
        if old and not old.endswith(b"\n"):
            text.write("\n")
        writer.writerows(decision.to_row() for decision in new)
        with draft.open("wb") as file:
            file.write(old + text.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(log)
        _sync_folder(log.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(
            f"{log} cannot be written ({error.strerror}) and is as it was; free space or allow writing there."
        ) from error


def _check_columns(log: Path, content: bytes) -> None:
    """Refuse a log whose columns stand in another order: new rows would be read as something else."""
    first = content.decode("utf-8-sig").splitlines()[0]
    if [name.strip() for name in next(csv.reader([first]))] != list(DECISION_COLUMNS):
        raise UsageError(f"{log} is no decision log: its first line must be {','.join(DECISION_COLUMNS)}; restore it.")


def _sync_folder(folder: Path) -> None:
    """Make the new name of the log durable as well; Windows does this by itself."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
