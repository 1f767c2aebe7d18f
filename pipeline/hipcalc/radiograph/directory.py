"""DICOMDIR: the files that the directory of an exported medium names (PS3.10, 8)."""

import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["is_directory_file", "referenced_files"]


def is_directory_file(path: Path) -> bool:
    """Tell a DICOMDIR by its prescribed name."""
    return path.name.upper() == "DICOMDIR" and path.is_file()


def referenced_files(path: Path) -> tuple[Path, ...]:
    """List the image files that a DICOMDIR names, there or not; the DICOMDIR itself where it cannot be read.

    Names that lead out of its folder are no files of the medium and are left out.
    """
    # Here and not above: few media are listed, and reading DICOM takes a fifth of a second to load.
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            records = pydicom.dcmread(path, force=True).get("DirectoryRecordSequence") or ()
            names = [_relative(record) for record in records if "ReferencedFileID" in record]
        except Exception:  # a damaged file raises anything
            return (path,)
    inside = [path.parent / name for name in names if name is not None]
    return tuple(dict.fromkeys(inside)) or (path,)


def _relative(record: "Dataset") -> PurePosixPath | None:
    value = record.ReferencedFileID
    parts = [value] if isinstance(value, str) else list(value)
    name = PurePosixPath(*(str(part) for part in parts))
    return None if name.is_absolute() or ".." in name.parts or not name.parts else name
