"""Results that are DICOM objects, stored in a PACS when a user asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hipcalc.cohort.pacs import Address, is_pacs, open_archive
from hipcalc.errors import InputUnreadableError, UsageError
from hipcalc.radiograph import find_inputs, read_file

__all__ = ["Sent", "send_files"]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many DICOM files a PACS took, and which it refused, with the reasons."""

    taken: int
    refused: tuple[tuple[str, str], ...]


def send_files(named: Sequence[str | Path], url: str) -> Sent:
    """Store DICOM files in a PACS; files of other kinds are left aside.

    Parameters
    ----------
    named : sequence of str or Path
        Files and folders.
    url : str
        Address of the PACS.

    Returns
    -------
    Sent

    Raises
    ------
    UsageError
        If the address is none of a PACS.
    InputUnreadableError
        If there is no DICOM file.
    OutputError
        If the PACS does not answer.
    """
    if not is_pacs(url):
        raise UsageError(f"{url}: this is no address of a PACS; give one as in dicomweb+https://host/dicom-web.")
    archive = open_archive(Address.of(url))
    files = [path for path in find_inputs(named) if path.is_file() and _is_dicom(path)]
    if not files:
        raise InputUnreadableError(f"{', '.join(map(str, named))}: there is no DICOM file to send.")
    refused: list[tuple[str, str]] = []
    for path in files:
        refused += [(str(path), why) for why in archive.send([read_file(path)])]
    return Sent(taken=len(files) - len(refused), refused=tuple(refused))


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
