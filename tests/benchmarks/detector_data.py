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
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow, cut_window
from hipcalc.errors import HipcalcError
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.normalize.noise import noise_map
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
# What a head of 24 mm has at the detector of a whole pelvis of 0.28 mm per pixel.
HEAD_RADIUS_PX = 90.0
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring", "cluster")
KIND_SHARES = (0.35, 0.25, 0.3, 0.1)
# Natural foci in 148 pelves, read by eye: 5th, 25th, 50th, 75th and 95th percentile.
NATURAL_DIAMETER_MM = (2.3, 3.2, 4.1, 6.2, 9.6)
NATURAL_CNR = (1.0, 2.1, 2.9, 3.9, 5.5)
NATURAL_OVER_STEP = (0.14, 0.25, 0.31, 0.39, 0.57)
NATURAL_ASPECT = (1.0, 1.1, 1.2, 1.4, 1.7)
PLACES = {"soft": 0.35, "rim": 0.2, "beside": 0.2, "touching": 0.1, "any": 0.15}
# Hips of pelves that the locator may miss, read by eye: head's row, column and radius, rim's row and column, side.
READ_BY_EYE = {
    "acetabular-fracture-3.png": ((968, 623, 115, 868, 524, "R"),),
    "basicervical-femoral-neck-fracture.JPEG": ((537, 263, 60, 477, 217, "R"), (553, 738, 57, 515, 793, "L")),
    "central-fracture-dislocation-of-the-acetabulum-2.JPEG": ((518, 301, 80, 468, 193, "R"),),
    "orlanfonky_cadera_9.jpg": ((235, 279, 63, 170, 217, "R"), (221, 802, 61.5, 150, 870, "L")),
}
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
    """Truth of one planted focus; `where` is one of `PLACES`."""

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


def _between(quantiles: tuple[float, ...], chance: float) -> float:
    """Return a quantile, even in the logarithm, of what was measured at the 5th, 25th, 50th, 75th and 95th."""
    return float(np.exp(np.interp(chance, (0.05, 0.25, 0.5, 0.75, 0.95), np.log(quantiles))))


def plant_foci(
    bench: BenchHip, style: Style, rng: np.random.Generator, count: int = 4
) -> tuple[NormalizedRadiograph, tuple[Plant, ...]]:
    """Plant a few foci, well apart.

    Stated: 2 to 7 mm and CNR 2 to 7, in soft tissue. Natural: sized, shaped and contrasted as natural foci were
    measured, in soft tissue, at the rim, beside bone with a thin gap, touching bone, or anywhere in the zones.
    """
    window = cut_window(bench.normalized, bench.hip)
    levels = hip_levels(window)
    masks = _places(bench, window)
    patches: list[FocusPatch] = []
    places: list[tuple[float, float]] = []
    truth: list[Plant] = []
    for _ in range(count):
        where = "soft" if style == "stated" else str(rng.choice(list(PLACES), p=list(PLACES.values())))
        size = _size(style, rng)
        place = _place(masks, where, size * WORKING_RADIUS_PX / 2, rng)
        if place is None or any(math.dist(place, other) < 0.6 * WORKING_RADIUS_PX for other in places):
            continue
        patch = _drawn(bench, window.to_image(*np.array(place)[:, None])[0], size, style, levels.step, rng)
        if patch is None:
            continue
        patches.append(patch)
        places.append(place)
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


def _size(style: Style, rng: np.random.Generator) -> float:
    """Diameter in head radii."""
    if style == "stated":
        return float(np.exp(rng.uniform(math.log(0.083), math.log(0.29))))
    return _between(NATURAL_DIAMETER_MM, rng.uniform()) / 24.0


def _places(bench: BenchHip, window: HipWindow) -> dict[str, np.ndarray]:
    """Return masks of where to plant, and the distance in working pixels of soft tissue from bone."""
    levels = hip_levels(window)
    soft = cv2.GaussianBlur(window.level, (0, 0), 6.0) < 0.5 * (levels.soft + levels.bone)
    edge = cv2.GaussianBlur(window.level, (0, 0), 1.0) < levels.soft + 0.55 * (levels.bone - levels.soft)
    from_rim = window.phi_deg - bench.hip.rim_phi_deg
    near = window.zone & (window.r < 1.6) & (from_rim > -20) & (from_rim < 50)
    return {
        "soft": window.zone & soft,
        "rim": window.zone & (window.r > 1.02) & (window.r < 1.5) & (from_rim > -8) & (from_rim < 35),
        "beside": near,
        "touching": near,
        "any": window.zone,
        "away": np.asarray(cv2.distanceTransform(edge.astype(np.uint8), cv2.DIST_L2, 5)),
    }


def _place(
    masks: dict[str, np.ndarray], where: str, radius: float, rng: np.random.Generator
) -> tuple[float, float] | None:
    mask = masks[where]
    if where in ("beside", "touching"):
        # A lucent gap of a quarter to one millimetre, or none.
        low, high = (1.0, 4.5) if where == "beside" else (-0.5 * radius, 0.5)
        mask = mask & (masks["away"] > max(radius + low, 0.5)) & (masks["away"] < radius + high)
    spots = np.argwhere(mask)
    if len(spots) < 20:
        return None
    row, column = spots[rng.integers(len(spots))].tolist()
    return float(row), float(column)


def _drawn(
    bench: BenchHip, place: np.ndarray, size: float, style: Style, step: float, rng: np.random.Generator
) -> FocusPatch | None:
    """Draw one focus, or None where it would not lie inside the picture or not be seen at all."""
    seed, rank = int(rng.integers(2**31)), rng.uniform()
    natural = style == "natural"
    cnr = _between(NATURAL_CNR, rank) if natural else float(np.exp(rng.uniform(math.log(2.0), math.log(7.0))))
    kind = KINDS[rng.choice(len(KINDS), p=KIND_SHARES)]
    aspect = _between(NATURAL_ASPECT, rng.uniform()) if natural else None

    def draw(**strength: float) -> FocusPatch:
        return draw_focus(
            bench.normalized,
            row_px=place[0],
            column_px=place[1],
            diameter_px=max(size * bench.hip.head_radius_px, 2.0),
            kind=kind,
            aspect=aspect,
            rng=np.random.default_rng(seed),
            **strength,
        )

    try:
        patch = draw(cnr=cnr)
        if natural:
            # Both were measured on the same foci: what is faint in one is so in the other.
            share = _between(NATURAL_OVER_STEP, rank) * step
            patch = draw(contrast=float(np.clip(math.sqrt(share * patch.contrast), share / 1.5, share * 1.5)))
    except HipcalcError:
        return None
    return patch if patch.cnr >= 0.8 else None


def plant_traps(bench: BenchHip, rng: np.random.Generator) -> NormalizedRadiograph:
    """Plant what is no focus: lips of bone on the rim, edges and lines of muscles and folds of skin."""
    window = cut_window(bench.normalized, bench.hip)
    levels, masks = hip_levels(window), _places(bench, window)
    picture = bench.normalized
    for _ in range(2):
        place = _place(masks, "touching", 3.0, rng)
        if place is not None:
            picture = _with_lip(picture, bench, window, masks["away"], place, levels.step, rng)
    rows, columns = np.indices(picture.shape, np.float32)
    grey = picture.grey.copy()
    for number in range(3):
        angle, bend = rng.uniform(0, math.pi), rng.normal(0.0, 0.12) / bench.hip.head_radius_px
        row, column = bench.hip.to_image(rng.uniform(1.2, 2.2), bench.hip.rim_phi_deg + rng.uniform(-20.0, 70.0))
        along = (columns - column) * math.cos(angle) + (rows - row) * math.sin(angle)
        across = (rows - row) * math.cos(angle) - (columns - column) * math.sin(angle) + bend * along**2
        width = rng.uniform(0.008, 0.03) * bench.hip.head_radius_px
        shape = 0.5 * (1.0 + np.tanh(across / width)) if number else np.exp(-0.5 * (across / width) ** 2)
        # Edges of fat and muscle fade out at both ends.
        fading = np.exp(-0.5 * (along / (rng.uniform(0.5, 1.5) * bench.hip.head_radius_px)) ** 2)
        grey += np.asarray(rng.uniform(0.05, 0.3) * levels.step * shape * fading, np.float32)
    return replace(picture, grey=grey)


def _with_lip(
    picture: NormalizedRadiograph,
    bench: BenchHip,
    window: HipWindow,
    away: np.ndarray,
    place: tuple[float, float],
    step: float,
    rng: np.random.Generator,
) -> NormalizedRadiograph:
    row, column = (round(axis) for axis in place)
    down = float(away[min(row + 2, len(away) - 1), column] - away[row - 2, column])
    right = float(away[row, min(column + 2, away.shape[1] - 1)] - away[row, column - 2])
    centre = window.to_image(*np.array(place)[:, None])[0]
    try:
        patch = draw_focus(
            picture,
            row_px=centre[0],
            column_px=centre[1],
            diameter_px=rng.uniform(0.1, 0.25) * bench.hip.head_radius_px,
            kind="beak",
            contrast=rng.uniform(0.2, 0.6) * step,
            orientation_deg=math.degrees(math.atan2(down, right * bench.hip.lateral_sign)),
            rng=rng,
        )
    except HipcalcError:
        return picture
    return add_patches(picture, (patch,))


def as_stored(picture: NormalizedRadiograph, rng: np.random.Generator) -> NormalizedRadiograph:
    """Return the picture as an archive of 8-bit JPEG files would give it back."""
    low, high = (float(value) for value in np.percentile(picture.grey, (0.1, 99.9)))
    gain = 245.0 / (high - low)
    levels = np.clip(5.0 + (picture.grey - low) * gain, 0, 255).round().astype(np.uint8)
    quality = int(rng.integers(60, 96))
    stored = cv2.imdecode(cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    grey = np.asarray((stored.astype(np.float32) - 5.0) / gain + low, np.float32)
    return replace(picture, grey=grey, noise_sigma=noise_map(grey, picture.excluded))
