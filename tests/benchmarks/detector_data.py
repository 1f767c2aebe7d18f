"""Real hips for fitting and measuring the detector, and foci planted into them. Nothing of the pictures is kept."""

import csv
import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window
from hipcalc.errors import HipcalcError
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
# What a head of 24 mm has at the detector of a whole pelvis of 0.28 mm per pixel.
HEAD_RADIUS_PX = 90.0
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring", "cluster")
KIND_SHARES = (0.35, 0.25, 0.3, 0.1)
# Torn-off spines, buckles and gravel beside the hip: what the detector marks there is no false mark.
NOT_FREE_OF_FOCI = ("acetabulum-fracture.jpg", "anterior-inferior-iliac", "spine-avulsion-4")

Style = Literal["natural", "stated"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BenchHip:
    """One hip at the resolution of a whole pelvis, believed to be without focus."""

    name: str
    group: str
    source: Literal["crop", "pelvis"]
    normalized: NormalizedRadiograph
    hip: HipFrame


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Truth of one planted focus; `where` is soft (tissue), rim or any."""

    row_px: float
    column_px: float
    diameter_px: float
    cnr: float
    kind: str
    where: str


def _coarser(file: Path, head_radius_px: float) -> tuple[NormalizedRadiograph, float]:
    """Read a file and shrink it so that its heads have the radius of `HEAD_RADIUS_PX`; return it and the factor."""
    radiograph = read_radiograph(file)
    factor = min(1.0, HEAD_RADIUS_PX / head_radius_px)
    if factor < 1.0:
        pixels = cv2.resize(radiograph.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        radiograph = replace(radiograph, pixels=np.asarray(pixels, np.float32), padding=None, spacing_mm=None)
    return normalize(radiograph), factor


def _shrunk(hip: HipFrame, factor: float) -> HipFrame:
    def moved(value: float) -> float:
        return (value + 0.5) * factor - 0.5

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
    return tuple(hip for hip in found if hip.status in ("located", "uncertain"))


def _annotated(row: dict[str, str]) -> HipFrame | None:
    if not row["rim_row_px"] or row["head_ok"] != "1":
        return None
    numbers = {key: float(value) for key, value in row.items() if key.endswith("_px") and value and "alt" not in key}
    return HipFrame(side="unknown", side_source="unknown", status="located", confidence=1.0, lateral_sign=1, **numbers)


@cache
def load_hips(*, crops: bool = True, pelves: bool = True, annotated_only: bool = False) -> tuple[BenchHip, ...]:
    """Return the hips of ../shared/data: frames as read by eye where there are some, else as located."""
    hips: list[BenchHip] = []
    if crops:
        with (DATA / "hip_crops" / "annotations.csv").open(newline="") as table:
            read = {row["file"]: _annotated(row) for row in csv.DictReader(table)}
        with (DATA / "hip_crops" / "index.csv").open(newline="") as table:
            for row in csv.DictReader(table):
                file, known = DATA / "hip_crops" / "images" / row["file"], read.get(row["file"])
                if known or not annotated_only:
                    hips += _bench_hips(file, row["patient_group"], "crop", known)
    if pelves:
        for file in sorted((DATA / "radiographs_mixed").iterdir()):
            free = not any(part in file.name for part in NOT_FREE_OF_FOCI)
            if free and file.suffix.lower() in (".png", ".jpg", ".jpeg"):
                hips += _bench_hips(file, file.name, "pelvis", None)
    return tuple(hips)


def _bench_hips(file: Path, group: str, source: Literal["crop", "pelvis"], known: HipFrame | None) -> list[BenchHip]:
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
                )
            )
        return made
    except HipcalcError:
        return []


def _strength(style: Style, step: float, rng: np.random.Generator) -> dict[str, float]:
    """CNR, or contrast as a share of the step from soft tissue to bone (natural foci: 0.14 to 0.57)."""
    if style == "stated":
        return {"cnr": float(np.exp(rng.uniform(math.log(2.0), math.log(7.0))))}
    if rng.random() < 0.5:
        return {"cnr": float(np.clip(np.exp(rng.normal(math.log(3.2), 0.45)), 1.5, 8.0))}
    return {"contrast": step * float(np.clip(np.exp(rng.normal(math.log(0.31), 0.4)), 0.12, 0.8))}


def plant_foci(
    bench: BenchHip, style: Style, rng: np.random.Generator, count: int = 4
) -> tuple[NormalizedRadiograph, tuple[Plant, ...]]:
    """Plant a few foci, well apart.

    Stated: 2 to 7 mm and CNR 2 to 7, in soft tissue. Natural: sized and contrasted as natural foci were measured, in
    soft tissue, at the rim, or anywhere in the zones.
    """
    window = cut_window(bench.normalized, bench.hip)
    soft, bone = hip_levels(window)
    smooth = cv2.GaussianBlur(window.level, (0, 0), 6.0)
    from_rim = window.phi_deg - bench.hip.rim_phi_deg
    masks = {
        "soft": window.zone & (smooth < 0.5 * (soft + bone)),
        "rim": window.zone & (window.r > 1.02) & (window.r < 1.5) & (from_rim > -8) & (from_rim < 35),
        "any": window.zone,
    }
    patches: list[FocusPatch] = []
    places: list[tuple[float, float]] = []
    truth: list[Plant] = []
    for _ in range(count):
        where = "soft" if style == "stated" else str(rng.choice(["soft", "rim", "any"], p=[0.5, 0.35, 0.15]))
        spots = np.argwhere(masks[where])
        if len(spots) < 100:
            continue
        place = spots[rng.integers(len(spots))].astype(float)
        if any(math.dist(place, other) < 0.6 * WORKING_RADIUS_PX for other in places):
            continue
        patch = _drawn(bench, window.to_image(place[:1], place[1:])[0], style, math.exp(bone) - math.exp(soft), rng)
        if patch is None:
            continue
        patches.append(patch)
        places.append((place[0], place[1]))
        truth.append(
            Plant(
                row_px=patch.row_px,
                column_px=patch.column_px,
                diameter_px=patch.diameter_px,
                cnr=patch.cnr,
                kind=patch.kind,
                where=where,
            )
        )
    return add_patches(bench.normalized, tuple(patches)), tuple(truth)


def _drawn(
    bench: BenchHip, place: np.ndarray, style: Style, step: float, rng: np.random.Generator
) -> FocusPatch | None:
    """Draw one focus, or None where it would not lie inside the picture or not be seen at all."""
    if style == "stated":
        size = float(np.exp(rng.uniform(math.log(0.083), math.log(0.29))))
    else:
        size = float(np.clip(np.exp(rng.normal(math.log(0.167), 0.43)), 0.07, 0.45))
    try:
        patch = draw_focus(
            bench.normalized,
            row_px=place[0],
            column_px=place[1],
            diameter_px=max(size * bench.hip.head_radius_px, 2.0),
            kind=KINDS[rng.choice(len(KINDS), p=KIND_SHARES)],
            rng=rng,
            **_strength(style, step, rng),
        )
    except HipcalcError:
        return None
    return patch if 1.2 <= patch.cnr < 100.0 else None
