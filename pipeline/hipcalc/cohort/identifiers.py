"""The linkage file: whose each image is, apart from all results and readable by its owner alone."""

import csv
import os
from pathlib import Path

from hipcalc.cohort.sources import fetch
from hipcalc.errors import HipcalcError, OutputError
from hipcalc.radiograph import IDENTIFIER_COLUMNS, identifiers_of
from hipcalc.report import Input, Ledger

__all__ = ["IDENTIFIERS_FILE", "write_identifiers"]

IDENTIFIERS_FILE = "identifiers.csv"


def write_identifiers(folder: Path, ledger: Ledger) -> Path:
    """Write `identifiers.csv`: a row per input with what its DICOM header says of patient and study.

    The file is made anew with permissions 0600 before anything is written to it, and takes its name when it is whole.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    file = folder / IDENTIFIERS_FILE
    part = file.with_suffix(".part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as table:
            writer = csv.DictWriter(table, ("image_id", "path", *IDENTIFIER_COLUMNS), lineterminator="\n")
            writer.writeheader()
            for one, known in ledger.inputs():
                image_id = "" if known is None else known.sha256[:16]
                writer.writerow({"image_id": image_id, "path": one.path, **_identifiers(one)})
        part.replace(file)
    except OSError as error:
        raise OutputError(f"{file}: the linkage file cannot be written ({error.strerror}).") from error
    return file


def _identifiers(one: Input) -> dict[str, str]:
    try:
        return identifiers_of(fetch(one.source))
    except HipcalcError:
        return dict.fromkeys(IDENTIFIER_COLUMNS, "")
