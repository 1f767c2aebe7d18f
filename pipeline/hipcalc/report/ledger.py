"""The ledger of a results folder: which inputs there are, and what came of each, in one SQLite file.

SQLite, because it is what this asks for: a result is in it in full or not at all, also after a power cut or on a full
disk; it is read in order without being held in memory; and a million inputs are one file, not a million.
"""

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hipcalc.errors import OutputError, UsageError
from hipcalc.report.records import FileRecord

__all__ = ["Entry", "Input", "Ledger", "pack", "unpack"]

# The record stands apart from what is asked for of every input, so that a resumed run reads little.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS inputs (place BLOB PRIMARY KEY, path BLOB NOT NULL, ref BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (
  id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, key TEXT NOT NULL, settings_hash TEXT NOT NULL,
  sha256 TEXT NOT NULL, stamp TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  hips INTEGER NOT NULL, marks INTEGER NOT NULL, decode_s REAL, analyze_s REAL
);
CREATE INDEX IF NOT EXISTS done_key ON done (key);
CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_NAMES = (
    "path", "key", "settings_hash", "sha256", "stamp", "status", "reason", "hips", "marks", "decode_s", "analyze_s",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
_DONE_COLUMNS = ", ".join(f"done.{name}" for name in _NAMES)
_CACHE_KIB = 16_000
_READING_CACHE_KIB = 1000
_COMPRESSION = 1
# Inputs read in one step: an open question would keep the log beside the file from being taken in.
_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input: its path as results show it, and where it is read (the path itself, unless it is told)."""

    path: str
    ref: str = ""

    @property
    def source(self) -> str:
        """Where it is read."""
        return self.ref or self.path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the ledger says of one finished input, beside its record.

    Attributes
    ----------
    path, key, settings_hash, sha256 : str
    stamp : str
        What tells without reading it that a file is the same as then (`hipcalc.cohort.sources.stamp`); empty when
        nothing does.
    status, reason : str
    hips, marks : int
        Hips that are not absent, and candidates at or below the operating point.
    decode_s, analyze_s : float or None
        Seconds of reading and of everything after it.
    """

    path: str
    key: str
    settings_hash: str
    sha256: str
    stamp: str
    status: str
    reason: str
    hips: int
    marks: int
    decode_s: float | None
    analyze_s: float | None


def pack(record: FileRecord) -> bytes:
    """Return a record as the ledger keeps it."""
    return zlib.compress(record.dumps().encode("utf-8", "surrogateescape"), _COMPRESSION)


def unpack(packed: bytes) -> FileRecord:
    """Return the record that `pack` made smaller."""
    return FileRecord.from_json(json.loads(zlib.decompress(packed).decode("utf-8", "surrogateescape")))


class Ledger:
    """An open ledger; a context manager. One process writes, and while it does nobody else opens it.

    Parameters
    ----------
    file : Path
    write : bool
        Whether it is made where it is missing, and may be changed.

    Raises
    ------
    UsageError
        If another run holds it, or the file is no ledger.
    OutputError
        If it cannot be made.
    """

    def __init__(self, file: Path, *, write: bool) -> None:
        self._file = file
        self._write = write
        with self._telling():
            if write:
                file.parent.mkdir(parents=True, exist_ok=True)
            mode = "rwc" if write else "ro"
            self._base = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, timeout=2.0)
            try:
                self._prepare()
            except BaseException:
                self._base.close()
                raise

    def _prepare(self) -> None:
        run = self._base.execute
        run(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if not self._write:
            run("SELECT count(*) FROM facts").fetchone()
            return
        run("PRAGMA locking_mode = EXCLUSIVE")
        # With the lock held by one process, the write-ahead log needs no shared memory, which network disks lack.
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        self._base.executescript("BEGIN EXCLUSIVE;" + _SCHEMA + "COMMIT;")

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was not committed is dropped. At rest there is one file that can be read anywhere."""
        try:
            if self._write:
                self._base.rollback()
                self._base.execute("PRAGMA locking_mode = NORMAL")
                self._base.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error:
            # A full disk: the log beside the file stays, and the next one who opens it takes it in.
            pass
        finally:
            self._base.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(
                    f"{self._file.parent.parent}: another hipcalc is at work in this folder; wait for it to end, or "
                    "choose another folder."
                ) from error
            if not self._write:
                raise UsageError(f"{self._file} cannot be read ({error}); run hipcalc screen with --resume.") from error
            raise OutputError(
                f"{self._file} cannot be written ({error}); give the folder space and permission."
            ) from error
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{self._file} is damaged ({error}); remove it and run hipcalc screen again with --resume."
            ) from error
        except OSError as error:
            raise OutputError(f"{self._file} cannot be made ({error.strerror}); choose another folder.") from error

    def commit(self) -> None:
        """Make everything that was put in so far durable."""
        with self._telling():
            self._base.commit()

    # Facts of the whole folder

    def fact(self, name: str) -> str:
        """Return a fact; empty when it was never set."""
        with self._telling():
            row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Set a fact."""
        with self._telling():
            self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # Inputs

    def begin_inputs(self) -> None:
        """Forget the inputs of an earlier run; what came of them is kept."""
        with self._telling():
            self._base.execute("DELETE FROM inputs")

    def add_inputs(self, placed: Iterable[tuple[bytes, Input]]) -> None:
        """Add inputs under the places that give them their order; a place that is taken stays as it is."""
        rows = ((place, os.fsencode(one.path), os.fsencode(one.ref) if one.ref else None) for place, one in placed)
        with self._telling():
            self._base.executemany("INSERT OR IGNORE INTO inputs VALUES (?, ?, ?)", rows)

    def forget_refs(self) -> None:
        """Forget where inputs were read: an archive's addresses name studies."""
        with self._telling():
            self._base.execute("UPDATE inputs SET ref = NULL WHERE ref IS NOT NULL")

    def count(self) -> int:
        """Return the number of inputs."""
        with self._telling():
            return int(self._base.execute("SELECT count(*) FROM inputs").fetchone()[0])

    def inputs(self) -> Iterator[tuple[Input, Entry | None]]:
        """Yield every input in order, with what is known of it from before. Results may be put in meanwhile."""
        text = (
            f"SELECT inputs.place, inputs.path, inputs.ref, {_DONE_COLUMNS} FROM inputs "
            "LEFT JOIN done ON done.path = inputs.path WHERE inputs.place > ? ORDER BY inputs.place LIMIT ?"
        )
        last = b""
        while True:
            with self._telling():
                rows = self._base.execute(text, (last, _AT_ONCE)).fetchall()
            for place, path, ref, *rest in rows:
                last = place
                one = Input(path=os.fsdecode(path), ref=os.fsdecode(ref) if ref else "")
                yield one, None if rest[0] is None else _entry(rest)
            if len(rows) < _AT_ONCE:
                return

    # What came of them

    def put(self, entry: Entry, packed: bytes) -> bool:
        """Keep what came of one input, in place of what was kept of its path before; tell whether that was another."""
        kept = self.find(entry.key)
        with self._telling():
            values = (os.fsencode(entry.path), *list(vars(entry).values())[1:])
            marks = ", ".join("?" * len(values))
            changes = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])
            row = self._base.execute(
                f"INSERT INTO done ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (path) DO UPDATE SET {changes} "
                "RETURNING id",
                values,
            ).fetchone()
            self._base.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (row[0], packed))
        return kept != (entry.settings_hash, packed)

    def set_stamp(self, path: str, stamp: str) -> None:
        """Note that a file whose content is the same looks different from outside now."""
        with self._telling():
            self._base.execute("UPDATE done SET stamp = ? WHERE path = ?", (stamp, os.fsencode(path)))

    def entry(self, path: str) -> Entry | None:
        """Return what is known of one path."""
        with self._telling():
            row = self._base.execute(f"SELECT {_COLUMNS} FROM done WHERE path = ?", (os.fsencode(path),)).fetchone()
        return None if row is None else _entry(list(row))

    def clear(self) -> None:
        """Forget everything that came of inputs."""
        with self._telling():
            self._base.execute("DELETE FROM done")
            self._base.execute("DELETE FROM records")

    def find(self, key: str) -> tuple[str, bytes] | None:
        """Return the settings' hash and the packed record of one key."""
        with self._telling():
            row = self._base.execute(
                "SELECT done.settings_hash, records.record FROM done JOIN records USING (id) WHERE done.key = ?", (key,)
            ).fetchone()
        return None if row is None else (str(row[0]), bytes(row[1]))

    def rows(self, settings_hash: str) -> Iterator[tuple[Entry, bytes | None]]:
        """Yield the entry and the packed record of every input, in order; None where a record is missing."""
        text = (
            f"SELECT inputs.path, records.record, {_DONE_COLUMNS} FROM inputs "
            "LEFT JOIN done ON done.path = inputs.path AND done.settings_hash = ? "
            "LEFT JOIN records ON records.id = done.id ORDER BY inputs.place"
        )
        with self._telling(), self._reading_once():
            for path, record, *rest in self._base.execute(text, (settings_hash,)):
                if rest[0] is None:
                    yield _missing(os.fsdecode(path)), None
                else:
                    yield _entry(rest), None if record is None else bytes(record)

    @contextmanager
    def _reading_once(self) -> Iterator[None]:
        """Keep few pages: what is read in order is not read again, and tables being written need the memory."""
        run = self._base.execute
        run("PRAGMA shrink_memory")
        run(f"PRAGMA cache_size = -{_READING_CACHE_KIB}")
        try:
            yield
        finally:
            run(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def summary(self) -> dict[str, int]:
        """Return counts over the inputs: by status, hips that are not absent, and marks."""
        text = (
            "SELECT done.status, count(*), sum(done.hips), sum(done.marks) FROM inputs "
            "JOIN done ON done.path = inputs.path GROUP BY done.status"
        )
        counts = {"inputs": self.count(), "ok": 0, "rejected": 0, "failed": 0, "hips": 0, "findings": 0}
        with self._telling():
            for status, files, hips, marks in self._base.execute(text):
                counts[status] = files
                counts["hips"] += hips
                counts["findings"] += marks
        return counts

    def losses(self, most: int) -> list[tuple[str, str, int, str]]:
        """Return (status, reason, number of files, one of their paths) of what was not analysed, most files first."""
        text = (
            "SELECT done.status, done.reason, count(*), min(inputs.path) FROM inputs "
            "JOIN done ON done.path = inputs.path WHERE done.status <> 'ok' "
            "GROUP BY done.status, done.reason ORDER BY count(*) DESC, done.status, done.reason LIMIT ?"
        )
        with self._telling():
            rows = self._base.execute(text, (most,)).fetchall()
        return [(str(row[0]), str(row[1]), int(row[2]), os.fsdecode(row[3])) for row in rows]

    def slowest(self, most: int) -> list[tuple[str, float]]:
        """Return (path, seconds) of the inputs that took longest, reading included."""
        text = (
            "SELECT inputs.path, coalesce(done.decode_s, 0) + coalesce(done.analyze_s, 0) AS seconds FROM inputs "
            "JOIN done ON done.path = inputs.path WHERE done.analyze_s IS NOT NULL "
            "ORDER BY seconds DESC, inputs.place LIMIT ?"
        )
        with self._telling():
            rows = self._base.execute(text, (most,)).fetchall()
        return [(os.fsdecode(row[0]), float(row[1])) for row in rows]

    # Several ledgers

    def take_in(self, other: Path) -> None:
        """Add inputs and results of another ledger to this one."""
        with self._telling():
            self._base.commit()
            self._base.execute("ATTACH DATABASE ? AS other", (f"{other.absolute().as_uri()}?mode=ro",))
            try:
                self._base.execute("INSERT OR IGNORE INTO inputs SELECT * FROM other.inputs")
                self._base.execute(
                    f"INSERT OR REPLACE INTO done ({_COLUMNS}) SELECT {_COLUMNS} FROM other.done "
                    "WHERE path IN (SELECT path FROM other.inputs)"
                )
                self._base.execute(
                    "INSERT OR REPLACE INTO records SELECT mine.id, records.record FROM other.records AS records "
                    "JOIN other.done AS theirs ON theirs.id = records.id JOIN done AS mine ON mine.path = theirs.path"
                )
                self._base.commit()
            finally:
                self._base.rollback()
                self._base.execute("DETACH DATABASE other")

    def copy_to(self, file: Path) -> None:
        """Write a consistent copy of the ledger as it stands to another file."""
        with self._telling():
            target = sqlite3.connect(file)
            try:
                self._base.backup(target)
            finally:
                target.close()


def _entry(values: list[Any]) -> Entry:
    values[0] = os.fsdecode(values[0])
    return Entry(**dict(zip(_NAMES, values, strict=True)))


def _missing(path: str) -> Entry:
    return Entry(
        path=path, key="", settings_hash="", sha256="", stamp="", status="", reason="", hips=0, marks=0,
        decode_s=None, analyze_s=None,
    )  # fmt: skip
