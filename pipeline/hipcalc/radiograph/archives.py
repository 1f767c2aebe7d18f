"""Radiographs inside zip archives, read member by member and never unpacked to disk."""

import stat
import zipfile
import zlib
from pathlib import Path

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph.limits import MAX_FILE_BYTES

__all__ = ["archive_of", "is_archive", "members_of", "read_member"]

# A radiograph shrinks to a half or a third; what shrinks this much is blank, or made to fill a memory.
MAX_RATIO = 200
RATIO_FROM_BYTES = 10_000_000
_ENCRYPTED = 0x1


def is_archive(path: Path) -> bool:
    """Tell a zip archive by its name; its content is looked at when it is opened."""
    return path.suffix.lower() == ".zip"


def members_of(archive: Path) -> tuple[Path, ...]:
    """List an archive's files as paths ``archive.zip/folder/file``; the archive itself where it cannot be opened.

    Folders, links, hidden files (and what macOS adds to archives) are left out, as in a folder.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info.filename for info in opened.infolist() if _is_file(info)]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return (archive,)
    return tuple(archive / name for name in sorted(set(names))) or (archive,)


def _is_file(info: zipfile.ZipInfo) -> bool:
    parts = Path(info.filename).parts
    hidden = any(part.startswith((".", "__MACOSX", "/")) for part in parts)
    return bool(parts) and not info.is_dir() and not hidden and not stat.S_ISLNK(info.external_attr >> 16)


def archive_of(path: Path) -> tuple[Path, str] | None:
    """Split ``archive.zip/folder/file`` into the archive and the member's name; None for any other path."""
    for parent in path.parents:
        if is_archive(parent) and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


def read_member(archive: Path, member: str, path: Path) -> bytes:
    """Return the bytes of one member.

    Raises
    ------
    InputUnreadableError
        When archive or member are damaged, missing, encrypted, or packed in a way that is not read here.
    InputRejectedError
        When the member is an archive itself, or unpacks to more than any radiograph holds.
    """
    if is_archive(Path(member)):
        raise InputRejectedError(f"{path}: an archive inside an archive is not opened; unpack it.")
    try:
        with zipfile.ZipFile(archive) as opened:
            info = opened.getinfo(member)
            if info.flag_bits & _ENCRYPTED:
                raise InputUnreadableError(f"{path}: this file of the archive is encrypted; unpack it.")
            _check_size(info, path)
            with opened.open(info) as file:
                # The size in the archive's directory may lie.
                data = file.read(MAX_FILE_BYTES + 1)
    except KeyError as error:
        raise InputUnreadableError(f"{path}: the archive holds no such file; check the path.") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError) as error:
        raise InputUnreadableError(f"{path}: the archive is damaged or of an unknown kind; unpack it.") from error
    if len(data) > MAX_FILE_BYTES:
        raise InputRejectedError(f"{path}: this file of the archive is larger than any radiograph.")
    return data


def _check_size(info: zipfile.ZipInfo, path: Path) -> None:
    packed = max(info.compress_size, 1)
    if info.file_size > MAX_FILE_BYTES or (info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * packed):
        raise InputRejectedError(f"{path}: this file of the archive would unpack to more than any radiograph holds.")
