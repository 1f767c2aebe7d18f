"""The log's readings -> what each reader said of each hip and of each focus."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.report.participants import read_participants
from hipcalc.review import AddedFocus, Reading, Readings, group_foci, kept_foci

__all__ = ["Hips", "Ratings", "focus_groups", "focus_ratings", "hip_ratings", "read_hips", "read_readings"]

_HIP_COLUMNS = ["image_id", "path", "side", "head_radius_px"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hips:
    """What is known of the hips of a results folder, by hip id: head radius (px), spacing (mm), and whose it is."""

    head_radius_px: Mapping[str, float]
    spacing_mm: Mapping[str, float]
    patient: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """Yes or no of the same readers about the same units: shape (n_units, n_readers), and each unit's patient."""

    said: NDArray[np.bool_]
    patients: NDArray[np.int64]


def read_hips(folder: Path, participants: str | Path | None) -> Hips:
    """Read the hips of a results folder.

    Parameters
    ----------
    folder : Path
    participants : path or None
        Whose each image is (`hipcalc prevalence --participants`); without it, each image is taken for a patient.

    Raises
    ------
    UsageError
        If a table is missing or wrong.
    """
    try:
        hips = pd.read_csv(folder / "hips.csv", usecols=_HIP_COLUMNS, dtype={"image_id": str})
        images = pd.read_csv(folder / "images.csv", usecols=["image_id", "spacing_mm"], dtype={"image_id": str})
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no tables of hipcalc screen; give the folder after its --out.") from error
    images = images.drop_duplicates("image_id").set_index("image_id")
    person = hips["image_id"]
    if participants is not None:
        table = read_participants(participants)
        key = table.columns[0]
        known = table.set_index(key)["person"]
        person = hips[key].map(known).fillna(hips["image_id"])
        if not hips[key].isin(known.index).any():
            raise UsageError(f"{participants} names no image of {folder} in its column {key}; compare them.")
    side = hips["side"].where(hips["side"].isin(["R", "L"]), "U")
    hip_ids = (hips["image_id"] + "-" + side).tolist()
    return Hips(
        head_radius_px=dict(zip(hip_ids, hips["head_radius_px"], strict=True)),
        spacing_mm=dict(zip(hip_ids, hips["image_id"].map(images["spacing_mm"]), strict=True)),
        patient=dict(zip(hip_ids, person, strict=True)),
    )


def read_readings(readings: Readings, hips: Hips) -> dict[str, dict[str, Reading]]:
    """Return the finished readings of readers (not of adjudicators), by hip and reader; inadequate images left out."""
    finished: dict[str, dict[str, Reading]] = {}
    for hip_id in readings.hips():
        of_hip = {one.reader: one for one in readings.readings(hip_id) if one.is_reader and one.status == "read"}
        if of_hip and hip_id in hips.patient:
            finished[hip_id] = of_hip
    return finished


def hip_ratings(finished: Mapping[str, Mapping[str, Reading]], readers: Iterable[str], hips: Hips) -> Ratings:
    """Tell for each hip that all of these readers read whether each confirmed or added a focus in it."""
    names = tuple(readers)
    said = {hip_id: [_is_positive(of_hip[name]) for name in names] for hip_id, of_hip in _shared(finished, names)}
    return _ratings([(hip_id, row) for hip_id, row in said.items()], len(names), hips)


def focus_ratings(finished: Mapping[str, Mapping[str, Reading]], readers: Iterable[str], hips: Hips) -> Ratings:
    """Tell for each mark and added focus of hips that all of these readers read whether each confirmed or added it.

    A mark that none of them decided upon is left out. Foci that nobody saw cannot be counted, so that this kappa is
    about what was marked or seen by somebody.
    """
    names = tuple(readers)
    rows: list[tuple[str, list[bool]]] = []
    for hip_id, of_hip in _shared(finished, names):
        readings = [of_hip[name] for name in names]
        marks = sorted({mark for one in readings for mark in one.decisions if mark not in one.foci})
        rows += [(hip_id, [_confirmed(one, mark) for one in readings]) for mark in marks]
        for group in focus_groups(readings, hips.head_radius_px[hip_id]):
            rows.append((hip_id, [name in {focus.reader for focus in group} for name in names]))
    return _ratings(rows, len(names), hips)


def focus_groups(readings: Iterable[Reading], head_radius_px: float) -> list[list[AddedFocus]]:
    """Group the foci that readers added to one hip and stand by."""
    return group_foci((focus for reading in readings for focus in kept_foci(reading)), head_radius_px)


def _shared(
    finished: Mapping[str, Mapping[str, Reading]], names: tuple[str, ...]
) -> list[tuple[str, Mapping[str, Reading]]]:
    return [(hip_id, of_hip) for hip_id, of_hip in finished.items() if all(name in of_hip for name in names)]


def _is_positive(reading: Reading) -> bool:
    return bool(kept_foci(reading)) or any(_confirmed(reading, mark) for mark in reading.decisions)


def _confirmed(reading: Reading, mark: str) -> bool:
    return mark in reading.decisions and reading.decisions[mark].status == "confirmed"


def _ratings(rows: list[tuple[str, list[bool]]], readers: int, hips: Hips) -> Ratings:
    owners = [hips.patient[hip_id] for hip_id, _ in rows]
    return Ratings(
        said=np.array([said for _, said in rows], np.bool_).reshape(-1, readers),
        patients=np.unique(np.array(owners, dtype=np.str_), return_inverse=True)[1].astype(np.int64),
    )
