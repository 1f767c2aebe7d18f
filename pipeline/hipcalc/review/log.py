"""The review log: an SQLite file to which rows are added, never changed, each durable before it counts as written."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from hipcalc.errors import OutputError, UsageError
from hipcalc.review.events import FIRST_HASH, Draft, Event, chain_hash

__all__ = ["LOG_FILE", "BehindError", "ReviewLog", "Verification"]

# Within a results folder.
LOG_FILE = Path("review") / "log.sqlite"
FORMAT = 1
# "hipc": an SQLite file of another program is not taken for a log.
APPLICATION_ID = 0x68697063
BUSY_S = 20.0

_SCHEMA = f"""
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL, reader TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL, hip_id TEXT NOT NULL,
    request_id TEXT NOT NULL UNIQUE, payload TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TRIGGER never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER never_dropped BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
"""
_COLUMNS = "seq, time, reader, role, kind, hip_id, request_id, payload, previous, hash"


class BehindError(UsageError):
    """The log has rows that whoever asked did not know of; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a check of the chain found: the number of rows, the last hash, and a sentence for each fault."""

    rows: int
    last_hash: str
    faults: tuple[str, ...]


class ReviewLog:
    """The log in one file; may be used by several threads, and beside other programs that use the same file.

    Parameters
    ----------
    file : Path
        Made, with its folder, by the first row that is written.

    Raises
    ------
    UsageError
        When the file is damaged, or is no log of this version.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        if file.exists():
            with self._errors():
                self._open()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> "ReviewLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ensure_writable(self) -> None:
        """Try to write, leaving nothing behind: whoever begins to read learns at once that it would be lost.

        Raises
        ------
        OutputError
            If no row can be written (read-only, no folder can be made).
        """
        with self._lock, self._errors():
            if self.file.exists():
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            nearest = next(folder for folder in self.file.parents if folder.exists())
            with TemporaryFile(dir=nearest):
                pass

    def append(self, drafts: Sequence[Draft], *, follows: int | None = None) -> tuple[Event, ...]:
        """Write rows, all of them or none; when this returns they are on the disk.

        Parameters
        ----------
        drafts : sequence of Draft
            One whose `request_id` is in the log already is not written again.
        follows : int, optional
            Number of the last row known, 0 for none: rows that were drawn up with others in mind than there are by
            now are refused.

        Returns
        -------
        tuple of Event
            One for each draft, in order.

        Raises
        ------
        BehindError
            If the log has rows after `follows`.
        OutputError
            If the rows cannot be written (disk full, read-only); the log is as it was.
        UsageError
            If the file is damaged.
        """
        with self._lock, self._errors():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                known = [_known(connection, draft) for draft in drafts]
                if follows is not None and None in known:
                    _check_last(connection, follows)
                events = tuple(found or _insert(connection, draft) for draft, found in zip(drafts, known, strict=True))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return events

    def events(self, *, after: int = 0) -> tuple[Event, ...]:
        """Return the rows with a number above `after`, in the order of writing."""
        with self._lock:
            if self._connection is None and not self.file.exists():
                return ()
            with self._errors():
                rows = self._open().execute(f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq", (after,))
                return tuple(_event(row) for row in rows)

    def holds(self, request_id: str) -> bool:
        """Tell whether the row of a request is in the log."""
        with self._lock:
            if self._connection is None and not self.file.exists():
                return False
            with self._errors():
                found = self._open().execute("SELECT 1 FROM events WHERE request_id = ?", (request_id,))
                return found.fetchone() is not None

    def verify(self) -> Verification:
        """Check that no row was changed, dropped or slipped in since it was written.

        Rows cut off at the end, together with SQLite's own count of them, leave a sound shorter chain: whoever has
        noted the last hash finds that, too.
        """
        if not self.file.exists():
            return Verification(rows=0, last_hash=FIRST_HASH, faults=())
        with self._lock, self._errors():
            connection = self._open()
            damage = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
            rows = connection.execute(f"SELECT {_COLUMNS} FROM events ORDER BY seq").fetchall()
            counted = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        faults = [f"{self.file} is damaged: {line}." for line in damage if line != "ok"]
        faults += _chain_faults(rows)
        last = rows[-1] if rows else None
        if counted is not None and counted[0] != (last[0] if last else 0):
            faults.append(f"rows {(last[0] if last else 0) + 1} to {counted[0]} were dropped from the end.")
        return Verification(rows=len(rows), last_hash=last[-1] if last else FIRST_HASH, faults=tuple(faults))

    def _open(self) -> sqlite3.Connection:
        """Return the connection; every caller holds the lock, the constructor aside."""
        if self._connection is not None:
            return self._connection
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            # EXTRA also makes the removal of the rollback journal durable: what was acknowledged outlives a power cut.
            connection.execute("PRAGMA synchronous = EXTRA")
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0 and _is_empty(connection):
            # Two programs may meet here: the second one waits, and finds the table made.
            connection.execute("BEGIN IMMEDIATE")
            if _is_empty(connection):
                for statement in _statements(_SCHEMA):
                    connection.execute(statement)
            connection.execute("COMMIT")
        found = (
            connection.execute("PRAGMA application_id").fetchone()[0],
            connection.execute("PRAGMA user_version").fetchone()[0],
        )
        if found[0] != APPLICATION_ID:
            raise UsageError(f"{self.file} is no review log of hipcalc; move it away, or restore the log.")
        if found[1] != FORMAT:
            raise UsageError(
                f"{self.file} is a review log of format {found[1]}, and this hipcalc knows format {FORMAT}; "
                "use the version of hipcalc that wrote it."
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what SQLite and the disk say into one sentence each."""
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.file} cannot be written ({error.strerror}); {_KEPT}") from error
        except sqlite3.OperationalError as error:
            if _is_damage(error):
                raise UsageError(self._damaged(error)) from error
            raise OutputError(f"{self.file} cannot be written ({error}); {_KEPT}") from error
        except sqlite3.DatabaseError as error:
            raise UsageError(self._damaged(error)) from error

    def _damaged(self, error: sqlite3.Error) -> str:
        return (
            f"{self.file} is damaged ({error}) and was left as it is; restore a copy of it, or export what can be read "
            "with the program sqlite3 (.recover)."
        )


_KEPT = "nothing of this was recorded, and everything recorded before is kept: free space or allow writing there."


def _is_damage(error: sqlite3.Error) -> bool:
    return any(word in str(error) for word in ("malformed", "not a database", "no such table", "no such column"))


def _statements(script: str) -> list[str]:
    """Split a script at the ends of its statements, of which one holds semicolons itself."""
    statements, part = [], ""
    for piece in script.split(";"):
        part += piece + ";"
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements


def _is_empty(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)


def _known(connection: sqlite3.Connection, draft: Draft) -> Event | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM events WHERE request_id = ?", (draft.request_id,)).fetchone()
    return None if row is None else _event(row)


def _check_last(connection: sqlite3.Connection, follows: int) -> None:
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
    if last != follows:
        raise BehindError(f"rows were added to the log after row {follows}; read them first.")


def _insert(connection: sqlite3.Connection, draft: Draft) -> Event:
    last = connection.execute("SELECT seq, time, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    counted = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    seq = max(last[0] if last else 0, counted[0] if counted else 0) + 1
    values: dict[str, Any] = {
        "previous": last[2] if last else FIRST_HASH,
        "seq": seq,
        "time": _time_after(last[1] if last else None),
        "reader": draft.reader,
        "role": draft.role,
        "kind": draft.kind,
        "hip_id": draft.hip_id,
        "request_id": draft.request_id,
        "payload": json.dumps(dict(draft.payload), sort_keys=True, ensure_ascii=False, allow_nan=False),
    }
    values["hash"] = chain_hash(**values)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO events ({names}) VALUES ({marks})", values)
    return Event(**{**values, "payload": json.loads(values["payload"])})


def _time_after(last: str | None) -> str:
    """Return the time, later than the last row's even where the clock was set back: the latest decision holds."""
    now = datetime.now(UTC)
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))
    return now.isoformat(timespec="microseconds")


def _event(row: Sequence[Any]) -> Event:
    names = _COLUMNS.split(", ")
    values = dict(zip(names, row, strict=True))
    return Event(**{**values, "payload": json.loads(values["payload"])})


def _chain_faults(rows: Sequence[Sequence[Any]]) -> list[str]:
    faults = []
    previous, expected = FIRST_HASH, 1
    names = _COLUMNS.split(", ")
    for row in rows:
        values = dict(zip(names, row, strict=True))
        stated = values.pop("hash")
        if values["seq"] != expected:
            faults.append(f"rows {expected} to {values['seq'] - 1} are missing.")
        elif values["previous"] != previous:
            faults.append(f"row {values['seq']} does not follow the row before it: a row was changed or exchanged.")
        if chain_hash(**values) != stated:
            faults.append(f"row {values['seq']} was changed after it was written.")
        previous, expected = stated, values["seq"] + 1
    return faults
