"""The hips of a results folder: a short list of all, and everything that is kept of one when it is asked for."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from hipcalc.cohort.identifiers import IDENTIFIERS_FILE
from hipcalc.errors import UsageError
from hipcalc.findings import Finding, HipRecord
from hipcalc.report import FileRecord, ResultsFolder, record_key

__all__ = ["Catalogue", "HipEntry", "Prior"]

_RECORDS_KEPT = 64
_HIP_COLUMNS = ["image_id", "path", "side", "status", "head_radius_px"]


@dataclass(frozen=True, kw_only=True)
class HipEntry:
    """One hip that can be read: where it is, its head's size, and how many foci the detector marked in it."""

    hip_id: str
    image_id: str
    path: str
    side: str
    status: str
    marks: int
    head_radius_px: float


@dataclass(frozen=True, kw_only=True)
class Prior:
    """The same hip of the same patient on an earlier day."""

    hip: HipEntry
    days: int


class Catalogue:
    """The hips of one results folder.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    UsageError
        If the folder holds no finished results, or its tables lack a column.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = ResultsFolder(folder)
        run = self.folder.read_run()
        self._settings_hash = str(run.get("settings_hash", ""))
        self.detector = " ".join(name for name in run.get("models", ()) if str(name).startswith("detector"))
        self.hips = self._entries()
        self._by_id = {hip.hip_id: hip for hip in self.hips}
        self._of_image: dict[str, list[HipEntry]] = defaultdict(list)
        for hip in self.hips:
            self._of_image[hip.image_id].append(hip)
        self._priors = self._earlier_hips()
        self.record = lru_cache(maxsize=_RECORDS_KEPT)(self._load)

    def __getitem__(self, hip_id: str) -> HipEntry:
        """Return one hip; KeyError when there is none."""
        return self._by_id[hip_id]

    def of_image(self, image_id: str) -> list[HipEntry]:
        """Return the hips of one image."""
        return self._of_image.get(image_id, [])

    def priors(self, hip_id: str) -> list[Prior]:
        """Return the same hip on earlier days, the latest first; none unless the results name patients."""
        return self._priors.get(hip_id, [])

    def parts(self, hip: HipEntry) -> tuple[FileRecord, HipRecord, int, tuple[Finding, ...]]:
        """Return a hip's file, its row, its place among the file's hips, and its candidates.

        Raises
        ------
        UsageError
            If the results do not hold them.
        """
        record = self.record(hip.image_id, hip.path)
        for number, row in enumerate(record.hips):
            if row.side == hip.side:
                return record, row, number, tuple(mark for mark in record.candidates if mark.side == hip.side)
        raise UsageError(f"{self.folder.path}: the records lack the {hip.side} hip of {hip.path}; screen it again.")

    def _load(self, image_id: str, path: str) -> FileRecord:
        record = self.folder.load(record_key(image_id, path), self._settings_hash)
        if record is None:
            raise UsageError(
                f"{self.folder.ledger_file} lacks the record of {path}, or another version of hipcalc wrote it: "
                "run hipcalc screen with --resume, or review with the version that screened."
            )
        return record

    def _entries(self) -> tuple[HipEntry, ...]:
        rows = self._table("hips.csv", _HIP_COLUMNS)
        marked = self._table("candidates.csv", ["image_id", "side", "finding"])
        counts = marked[marked["finding"].str.lower() == "true"].groupby(["image_id", "side"]).size().to_dict()
        entries: dict[str, HipEntry] = {}
        for row in rows.itertuples(index=False):
            if row.status == "absent":
                continue
            side = str(row.side)
            hip_id = f"{row.image_id}-{side if side in ('R', 'L') else 'U'}"
            # Two files of the same content are one image: it is read once.
            entries.setdefault(
                hip_id,
                HipEntry(
                    hip_id=hip_id,
                    image_id=str(row.image_id),
                    path=str(row.path),
                    side=side,
                    status=str(row.status),
                    marks=int(counts.get((row.image_id, row.side), 0)),
                    head_radius_px=float(str(row.head_radius_px) or "nan"),
                ),
            )
        if not entries:
            raise UsageError(f"{self.folder.path} holds no hip to read: none was found in its images.")
        return tuple(entries.values())

    def _table(self, name: str, columns: list[str]) -> pd.DataFrame:
        file = self.folder.path / name
        try:
            return pd.read_csv(
                file, usecols=columns, dtype=str, keep_default_na=False, encoding_errors="surrogateescape"
            )
        except FileNotFoundError as error:
            raise UsageError(f"{file} is missing: run hipcalc screen with --resume to finish it.") from error
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file} cannot be used ({error}); it may be of another version: screen again, or review with that one."
            ) from error

    def _earlier_hips(self) -> dict[str, list[Prior]]:
        if not (self.folder.path / IDENTIFIERS_FILE).exists():
            return {}
        of_person: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        rows: Any = self._table(IDENTIFIERS_FILE, ["image_id", "patient_id", "study_date"]).itertuples(index=False)
        for row in rows:
            day = _day(row.study_date)
            if row.patient_id and day is not None and (day, row.image_id) not in of_person[row.patient_id]:
                of_person[row.patient_id].append((day, row.image_id))
        priors: dict[str, list[Prior]] = {}
        for images in of_person.values():
            images.sort(reverse=True)
            for number, (day, image_id) in enumerate(images):
                for hip in self.of_image(image_id):
                    priors[hip.hip_id] = [
                        Prior(hip=earlier, days=(day - then).days)
                        for then, other in images[number + 1 :]
                        if then < day
                        for earlier in self.of_image(other)
                        if earlier.side == hip.side
                    ]
        return priors


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:8], "%Y%m%d")
    except ValueError:
        return None
