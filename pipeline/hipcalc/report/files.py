"""Files that are either there in full or not at all."""

import os
from pathlib import Path

from hipcalc.errors import OutputError

__all__ = ["make_folder", "replace_file", "write_atomic"]


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name, force it to the disk, and give it its name.

    Raises
    ------
    OutputError
        When the folder does not take it (no permission, disk full).
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # The process id keeps two workers that write the same file apart.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace_file(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); give the folder space and permission."
        ) from error


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
