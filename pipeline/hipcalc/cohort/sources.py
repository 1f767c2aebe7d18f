"""Where inputs lie and how their bytes are had: files, members of archives, objects of any file system, a PACS."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from hipcalc.cohort.pacs import fetch_instance, is_pacs, list_instances
from hipcalc.cohort.remote import fetch_object, is_url, list_objects, object_stamp
from hipcalc.radiograph import iter_inputs, read_file
from hipcalc.radiograph.archives import archive_of
from hipcalc.report import Input

__all__ = ["exists", "fetch", "iter_sources", "place_of", "stamp"]

# A file that was changed this recently may be changed again within the clock's grain, as git knows too.
_RACY_NS = 2_000_000_000


def iter_sources(named: Sequence[str], outside: Path) -> Iterator[Input]:
    """Yield every input that files, folders, archives and addresses stand for, in no certain order.

    Parameters
    ----------
    named : sequence of str
    outside : Path
        The output folder: files inside it are no inputs.
    """
    inside = outside.resolve()

    @lru_cache(maxsize=1000)
    def is_output(folder: str) -> bool:
        return Path(folder).resolve().is_relative_to(inside)

    for name in named:
        if is_url(name):
            yield from list_instances(name) if is_pacs(name) else list_objects(name)
            continue
        # A loop of links is an input that cannot be read, not the end of the run, as `Path.resolve` would have it.
        if Path(os.path.realpath(name)) == inside:
            continue
        for file in iter_inputs([name]):
            if not is_output(os.path.dirname(file)):  # noqa: PTH120 (for a million inputs, pathlib is slow)
                yield Input(path=file)


def place_of(one: Input) -> bytes:
    """Return what orders inputs, and is the same for two names of one file."""
    if is_url(one.path):
        # Behind the files of this machine, whose first part is a slash or a drive.
        return b"\xff" + os.fsencode(one.path)
    # Folder by folder, as paths are compared. Two dots stay: behind a link they lead elsewhere.
    whole = os.path.join(os.getcwd(), one.path)  # noqa: PTH118, PTH109
    return os.fsencode(whole).replace(os.fsencode(os.sep), b"\0")


def exists(one: Input) -> bool:
    """Tell whether there is something to read."""
    if is_url(one.path):
        return True
    return Path(one.path).is_file() or archive_of(Path(one.path)) is not None


def fetch(source: str) -> bytes:
    """Return the bytes of an input.

    Raises
    ------
    InputUnreadableError, InputRejectedError
        As `hipcalc.radiograph.read_file`.
    """
    if is_pacs(source):
        return fetch_instance(source)
    return fetch_object(source) if is_url(source) else read_file(source)


def stamp(source: str, *, now: bool = False) -> str:
    """Return what changes whenever the content of an input does, had without reading it; empty where nothing does.

    Size, times of change of content and of the entry, and number of the file: a program that changes a file may set
    the first time back, but not the second.

    Parameters
    ----------
    source : str
    now : bool
        The input is about to be read: nothing is returned for a file that was changed a moment ago.
    """
    if is_pacs(source):
        # A SOP instance UID names one content for ever (PS3.3, C.12.1.1.1).
        return "instance"
    if is_url(source):
        return object_stamp(source)
    # For a million inputs it matters that most paths are not taken apart.
    inside = archive_of(Path(source)) if ".zip" in source.lower() else None
    try:
        state = os.stat(source if inside is None else inside[0])  # noqa: PTH116
    except OSError:
        return ""
    if now and time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) < _RACY_NS:
        return ""
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_ctime_ns}-{state.st_ino}"
