"""Files that are either there in full or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hipcalc.errors import OutputError

__all__ = ["atomic_path", "make_folder", "replace_file", "write_atomic", "write_derived", "write_private"]


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name, force it to the disk, and give it its name.

    Raises
    ------
    OutputError
        When the folder does not take it (no permission, disk full).
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(_as_bytes(content))


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file as `write_atomic` does, for its owner alone to read.

    Raises
    ------
    OutputError
        When the folder does not take it.
    """
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_as_bytes(content))


def write_derived(path: Path, content: bytes | str) -> None:
    """Write a file that can be made again from others: whole or not at all, but not forced to the disk one by one.

    Raises
    ------
    OutputError
        When the folder does not take it.
    """
    with _temporary_beside(path) as temporary:
        temporary.write_bytes(_as_bytes(content))
        temporary.replace(path)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to; when the block ends well, force the file to the disk and give it its name.

    Raises
    ------
    OutputError
        When the folder does not take it (no permission, disk full). The file of that name is then as it was.
    """
    with _temporary_beside(path) as temporary:
        yield temporary
        handle = os.open(temporary, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        replace_file(temporary, path)


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    # The process id keeps two workers that write the same file apart.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); give the folder space and permission."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _as_bytes(content: bytes | str) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def replace_file(temporary: Path, path: Path) -> None:
    """Give a finished file its name, and make the name itself durable where the system can."""
    temporary.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    OutputError
        When it cannot be made, or a file is in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{path} is a file, not a folder; choose another output folder.") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be made ({error.strerror}); choose another output folder.") from error
