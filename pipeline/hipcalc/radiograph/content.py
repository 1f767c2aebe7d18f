"""The bytes of an input, whatever they hold."""

import hashlib
from pathlib import Path

from hipcalc.errors import HipcalcError, InputRejectedError, InputUnreadableError
from hipcalc.radiograph.archives import archive_of, read_member
from hipcalc.radiograph.limits import MAX_FILE_BYTES

__all__ = ["content_sha256", "read_file"]


def read_file(named: str | Path) -> bytes:
    """Return the bytes of an input: a file, or a member of a zip archive (``archive.zip/folder/file``).

    Raises
    ------
    InputUnreadableError
        When it is missing, a folder, or cannot be opened.
    InputRejectedError
        When it is larger than any radiograph.
    """
    path = Path(named)
    inside = archive_of(path)
    if inside is not None:
        return read_member(*inside, path)
    if path.is_dir():
        raise InputUnreadableError(f"{path}: {_why_no_folder(path)}.")
    try:
        # A pipe or a device would never end, and a film or a volume would fill the memory.
        if path.exists() and not path.is_file():
            raise InputUnreadableError(f"{path}: this is no regular file; give a file or a folder.")
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            raise InputRejectedError(f"{path}: the file is larger than any radiograph; give a single image.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputUnreadableError(
            f"{path}: this is a link to a file that is not there; mend the link, or fetch the file."
            if path.is_symlink()
            else f"{path}: there is no such file or folder; check the path."
        ) from error
    except OSError as error:
        raise InputUnreadableError(
            f"{path}: the file cannot be opened ({error.strerror}); check its permissions."
        ) from error


def _why_no_folder(folder: Path) -> str:
    if folder.is_symlink():
        return "this is a link to a folder, which is not followed; name the folder itself"
    try:
        is_empty = not any(folder.iterdir())
    except OSError as error:
        return f"this folder cannot be opened ({error.strerror}); check its permissions"
    return "this folder holds no file; leave it out" if is_empty else "this is a folder; name a file in it"


def content_sha256(named: str | Path) -> str:
    """Return the hash of an input's bytes, 64 hex digits, or nothing where they cannot be had."""
    path = Path(named)
    try:
        if archive_of(path) is None and path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        return hashlib.sha256(read_file(path)).hexdigest()
    except (OSError, HipcalcError):
        return ""
