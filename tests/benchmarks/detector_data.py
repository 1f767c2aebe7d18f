"""Real hips for fitting and measuring the detector. Nothing of the pictures is kept."""

import csv
import math
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.errors import HipcalcError
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
# What a head of 24 mm has at the detector of a whole pelvis of 0.28 mm per pixel.
HEAD_RADIUS_PX = 90.0
# Hips of pelves that the locator may miss, read by eye: head's row, column and radius, rim's row and column, side.
READ_BY_EYE = {
    "acetabular-fracture-3.png": ((968, 623, 115, 868, 524, "R"),),
    "basicervical-femoral-neck-fracture.JPEG": ((537, 263, 60, 477, 217, "R"), (553, 738, 57, 515, 793, "L")),
    "central-fracture-dislocation-of-the-acetabulum-2.JPEG": ((518, 301, 80, 468, 193, "R"),),
    "orlanfonky_cadera_9.jpg": ((235, 279, 63, 170, 217, "R"), (221, 802, 61.5, 150, 870, "L")),
}
# Dense foci as read by eye, before any detector's marks were seen. The pictures that hold one, or may, teach nothing.
FOCI_BY_EYE = Path(__file__).with_name("natural_by_eye.csv")
# The same as two further readers saw them, who knew neither that list nor each other's nor any mark nor file name.
FOCI_READ_BLIND = Path(__file__).with_name("natural_read_blind.csv")
# Of their certainty, the mean of both: from so much on a place is rather a focus than none, and may be one.
SURE, MAY_BE_FOCUS = 0.5, 0.2

Source = Literal["crop", "pelvis"]
SOURCES: dict[str, Source] = {"hip_crops/images": "crop", "dicom": "pelvis", "radiographs_mixed": "pelvis"}
Item = TypeVar("Item")
Moved = TypeVar("Moved", float, np.ndarray)


@dataclass(frozen=True, kw_only=True, eq=False)
class BenchHip:
    """One hip at the resolution of a whole pelvis; `factor` is how much smaller its pixels' grid was made."""

    name: str
    group: str
    source: Source
    normalized: NormalizedRadiograph
    hip: HipFrame
    factor: float


@dataclass(frozen=True, kw_only=True)
class NaturalFocus:
    """One focus as read by eye, in its file's pixel grid; `sure` if the reader was, with a `certainty` from 0 to 1."""

    file: str
    row_px: float
    column_px: float
    diameter_px: float
    sure: bool
    kind: str
    certainty: float


def natural_foci(read: Path = FOCI_BY_EYE) -> tuple[NaturalFocus, ...]:
    """Return the foci that were read by eye; where two readers were asked, sure are those that more likely are one."""
    with read.open(newline="") as table:
        return tuple(_natural_focus(row) for row in csv.DictReader(table))


def _natural_focus(row: dict[str, str]) -> NaturalFocus:
    two = [float(row[reader]) for reader in ("first_reader", "second_reader") if reader in row]
    certainty = sum(two) / 200 if two else float(row["sure"])
    return NaturalFocus(
        file=row["file"],
        row_px=float(row["row_px"]),
        column_px=float(row["column_px"]),
        diameter_px=float(row["diameter_px"]),
        sure=certainty >= SURE,
        kind=row["kind"],
        certainty=certainty,
    )


def files_not_free() -> set[str]:
    """Return the names of the files that hold a focus, or may."""
    blind = (focus for focus in natural_foci(FOCI_READ_BLIND) if focus.certainty >= MAY_BE_FOCUS)
    return {focus.file for focus in (*natural_foci(), *blind)}


def file_of(focus: NaturalFocus) -> Path:
    """Return the file that a focus was read in."""
    places = [DATA / folder / focus.file for folder in SOURCES]
    return next((file for file in places if file.exists()), places[-1])


def hips_with_foci(foci: tuple[NaturalFocus, ...] | None = None) -> dict[str, list[BenchHip]]:
    """Return, per file that holds a focus or may, its hips as located."""
    files = sorted({file_of(focus) for focus in foci or natural_foci()})
    sources = {(DATA / folder): source for folder, source in SOURCES.items()}
    patients = {row["file"]: row["patient_group"] for row in _crops()}
    return {
        file.name: _bench_hips(file, patients.get(file.name, file.name), sources[file.parent], None) for file in files
    }


def _crops() -> list[dict[str, str]]:
    with (DATA / "hip_crops" / "index.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def _coarser(file: Path, head_radius_px: float) -> tuple[NormalizedRadiograph, float]:
    """Read a file and shrink it so that its heads have the radius of `HEAD_RADIUS_PX`; return it and the factor."""
    radiograph = read_radiograph(file)
    factor = min(1.0, HEAD_RADIUS_PX / head_radius_px)
    if factor < 1.0:
        pixels = cv2.resize(radiograph.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        radiograph = replace(radiograph, pixels=np.asarray(pixels, np.float32), padding=None, spacing_mm=None)
    return normalize(radiograph), factor


def resampled(value: Moved, factor: float) -> Moved:
    """Return where a row or column lies on a pixel grid that was made so many times finer."""
    return (value + 0.5) * factor - 0.5


def _shrunk(hip: HipFrame, factor: float) -> HipFrame:
    moved = partial(resampled, factor=factor)
    return replace(
        hip,
        head_row_px=moved(hip.head_row_px),
        head_column_px=moved(hip.head_column_px),
        head_radius_px=hip.head_radius_px * factor,
        rim_row_px=moved(hip.rim_row_px),
        rim_column_px=moved(hip.rim_column_px),
        head_contour_px=moved(hip.head_contour_px),
        roof_contour_px=moved(hip.roof_contour_px),
    )


def _hips_of(file: Path) -> tuple[HipFrame, ...]:
    found = locate_hips(normalize(read_radiograph(file)))
    hips = [hip for hip in found if hip.status in ("located", "uncertain")]
    for row, column, radius, rim_row, rim_column, side in READ_BY_EYE.get(file.name, ()):
        hips = [hip for hip in hips if math.hypot(hip.head_row_px - row, hip.head_column_px - column) > radius]
        hips.append(
            HipFrame(
                side="R" if side == "R" else "L",
                side_source="user",
                status="located",
                confidence=1.0,
                head_row_px=row,
                head_column_px=column,
                head_radius_px=radius,
                rim_row_px=rim_row,
                rim_column_px=rim_column,
                lateral_sign=-1 if side == "R" else 1,
            )
        )
    return tuple(hips)


def _annotated(row: dict[str, str]) -> HipFrame | None:
    if not row["rim_row_px"] or row["head_ok"] != "1":
        return None
    numbers = {key: float(value) for key, value in row.items() if key.endswith("_px") and value and "alt" not in key}
    return HipFrame(side="unknown", side_source="unknown", status="located", confidence=1.0, lateral_sign=1, **numbers)


@cache
def load_hips(
    *, crops: bool = True, pelves: bool = True, annotated_only: bool = False, most: int | None = None
) -> tuple[BenchHip, ...]:
    """Return the hips of ../shared/data without a focus, framed as read by eye where there is that, else as located.

    With `most`, only so many crops and so many pelves, spread evenly over the files: for a quick look.
    """
    hips: list[BenchHip] = []
    not_free = files_not_free()
    if crops:
        with (DATA / "hip_crops" / "annotations.csv").open(newline="") as table:
            read = {row["file"]: _annotated(row) for row in csv.DictReader(table)}
        rows = [row for row in _crops() if row["file"] not in not_free]
        for row in _spread([row for row in rows if read.get(row["file"]) or not annotated_only], most):
            file = DATA / "hip_crops" / "images" / row["file"]
            hips += _bench_hips(file, row["patient_group"], "crop", read.get(row["file"]))
    if pelves:
        files = [file for file in sorted((DATA / "radiographs_mixed").iterdir()) if file.name not in not_free]
        for file in _spread([file for file in files if file.suffix.lower() in (".png", ".jpg", ".jpeg")], most):
            hips += _bench_hips(file, file.name, "pelvis", None)
    return tuple(hips)


def _spread(items: list[Item], most: int | None) -> list[Item]:
    """Return at most so many of a list, evenly."""
    if most is None or len(items) <= most:
        return items
    return [items[k * len(items) // most] for k in range(most)]


def _bench_hips(file: Path, group: str, source: Source, known: HipFrame | None) -> list[BenchHip]:
    try:
        frames = (known,) if known else _hips_of(file)
        made = []
        for hip in frames:
            normalized, factor = _coarser(file, hip.head_radius_px)
            made.append(
                BenchHip(
                    name=f"{file.stem} {hip.side}",
                    group=group,
                    source=source,
                    normalized=normalized,
                    hip=_shrunk(hip, factor),
                    factor=factor,
                )
            )
        return made
    except HipcalcError:
        return []
