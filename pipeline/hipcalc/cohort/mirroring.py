"""Results at an address (``s3://bucket/run``): worked out in a local folder, copied there as they become durable.

An object store has no ledger that grows; it has objects that are there in full or not at all. So the ledger lives on
a local disk, and a copy of it is put to the store every minute, after the pictures that it speaks of: a node that is
lost costs a minute of work and no row, and any other node goes on from the copy.
"""

import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from hipcalc.cohort.remote import file_system
from hipcalc.errors import OutputError
from hipcalc.report import Ledger, ResultsFolder, make_folder

__all__ = ["Mirror"]

EVERY_S = 60.0
_LEDGER = "work/ledger.sqlite"


class Mirror:
    """A results folder at an address and its local working copy.

    Parameters
    ----------
    url : str

    Attributes
    ----------
    url : str
    local : Path

    Raises
    ------
    UsageError
        If the address's kind is not known.
    OutputError
        If the store does not answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._system, self._root = file_system(self.url)
        # One place per address, so that a run which was killed before its first copy goes on from it.
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self.local = Path(base) / "hipcalc" / hashlib.sha256(self.url.encode()).hexdigest()[:16]
        self._sent: dict[str, int] = {}
        self._last = time.monotonic()

    def fetch(self) -> None:
        """Bring the local copy to the state at the address, if there is one: that one counts."""
        make_folder(self.local)
        try:
            if not self._system.exists(f"{self._root}/run.json"):
                return
            names = ["run.json", _LEDGER, *self._thumbnails()]
            for name in names:
                if self._system.exists(f"{self._root}/{name}"):
                    target = self.local / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.with_name(target.name + "-wal").unlink(missing_ok=True)
                    self._system.get_file(f"{self._root}/{name}", str(target))
                    self._sent[name] = target.stat().st_mtime_ns
        except Exception as error:  # each store has errors of its own
            raise self._unwritten(error) from error

    def _thumbnails(self) -> list[str]:
        found = self._system.glob(f"{self._root}/report/pictures/*/thumbnail.jpg")
        return [str(name)[str(name).index("report/pictures/") :] for name in found]

    def keep(self, ledger: Ledger, *, now: bool = False) -> None:
        """Copy pictures and the ledger, if the last time is a minute ago.

        Raises
        ------
        OutputError
            If the store does not take them.
        """
        if not now and time.monotonic() - self._last < EVERY_S:
            return
        self._send(self.local / "report")
        with tempfile.TemporaryDirectory(dir=self.local) as name:
            copy = Path(name) / "ledger.sqlite"
            ledger.copy_to(copy)
            self._put(copy, _LEDGER)
        # Last: an address with a run.json has a ledger, too.
        self._put(self.local / "run.json", "run.json")
        self._last = time.monotonic()

    def publish(self) -> None:
        """Copy everything, the account of the run last.

        Raises
        ------
        OutputError
            If the store does not take it.
        """
        self._send(self.local, leave=("run.json",))
        self._put(self.local / "run.json", "run.json")

    def _send(self, folder: Path, leave: tuple[str, ...] = ()) -> None:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = file.relative_to(self.local).as_posix()
            changed = file.stat().st_mtime_ns
            if name not in leave and not file.name.startswith(".") and self._sent.get(name) != changed:
                self._put(file, name)
                self._sent[name] = changed

    def _put(self, file: Path, name: str) -> None:
        try:
            self._system.put_file(str(file), f"{self._root}/{name}")
        except Exception as error:  # each store has errors of its own
            raise self._unwritten(error) from error

    def _unwritten(self, error: Exception) -> OutputError:
        words: Any = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return OutputError(f"{self.url} cannot be written ({words}); {self.local} holds what is done.")

    @property
    def folder(self) -> ResultsFolder:
        """The local copy as a results folder."""
        return ResultsFolder(self.local)
