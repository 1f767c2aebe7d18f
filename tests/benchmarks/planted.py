"""Foci and traps planted into real hips: stated ones, and ones as natural foci were measured."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from detector_data import BenchHip
from display_processing import Shown, draw_processing

from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow, cut_window
from hipcalc.errors import HipcalcError
from hipcalc.findings.zones import Zone, zone_of
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.normalize.noise import noise_blocks
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus

KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring", "cluster")
KIND_SHARES = (0.35, 0.25, 0.3, 0.1)
# Natural foci in 148 pelves, read by eye: 5th, 25th, 50th, 75th and 95th percentile.
NATURAL_DIAMETER_MM = (2.3, 3.2, 4.1, 6.2, 9.6)
NATURAL_CNR = (1.0, 2.1, 2.9, 3.9, 5.5)
NATURAL_OVER_STEP = (0.14, 0.25, 0.31, 0.39, 0.57)
NATURAL_ASPECT = (1.0, 1.1, 1.2, 1.4, 1.7)
PLACES = {"soft": 0.35, "rim": 0.2, "beside": 0.2, "touching": 0.1, "any": 0.15}

FEWEST_SPOTS = 20
# A crop often has no room for what was drawn: so many foci are drawn for each that is wanted.
ATTEMPTS = 3
# So many places are drawn for a natural focus, and the one whose surround suits its CNR and contrast is taken.
TRIES = 30
# Where the picture itself is nearly as bright as the focus would be, nothing is left to plant.
LEAST_SHARE = 0.25
# Deviation of planted clouds over the cortical step, and how fast their amplitude falls with spatial frequency.
CLOUDS_OVER_STEP = (0.04, 0.12)
CLOUDS_EXPONENT = 1.5

# Rings of metal, so large that their hole shows: outer radius and its ratio of axes, share of the hole, contrast over
# the cortical step. What is smaller looks like a shell of mineral, and teaches nothing.
EYELET_HEAD_RADII = (0.14, 0.26)
EYELET_ASPECT = (1.0, 1.8)
EYELET_HOLE = (0.4, 0.65)
EYELET_OVER_STEP = (0.4, 1.2)

Style = Literal["natural", "stated"]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Truth of one planted focus; `where` is one of `PLACES`, `zone` one of the hip's."""

    row_px: float
    column_px: float
    diameter_px: float
    cnr: float
    kind: str
    where: str
    zone: Zone


def _between(quantiles: tuple[float, ...], chance: float) -> float:
    """Return a quantile, even in the logarithm, of what was measured at the 5th, 25th, 50th, 75th and 95th."""
    return float(np.exp(np.interp(chance, (0.05, 0.25, 0.5, 0.75, 0.95), np.log(quantiles))))


def natural_strength(rank: float) -> tuple[float, float]:
    """Return contrast over the cortical step and CNR of the natural focus at a rank from 0 to 1.

    Both were measured on the same foci: what is faint in one is so in the other.
    """
    return _between(NATURAL_OVER_STEP, rank), _between(NATURAL_CNR, rank)


def plant_foci(
    bench: BenchHip, style: Style, rng: np.random.Generator, count: int = 4
) -> tuple[NormalizedRadiograph, tuple[Plant, ...]]:
    """Plant a few foci, well apart.

    Stated: 2 to 7 mm and CNR 2 to 7, in soft tissue. Natural: sized, shaped and contrasted as natural foci were
    measured, in soft tissue, at the rim, beside bone with a thin gap, touching bone, or anywhere in the zones, where
    the surround is as restless as it was around them.
    """
    window = cut_window(bench.normalized, bench.hip)
    levels = hip_levels(window)
    masks = places_to_plant(bench, window)
    patches: list[FocusPatch] = []
    truth: list[Plant] = []
    for _ in range(ATTEMPTS * count):
        if len(patches) == count:
            break
        where = "soft" if style == "stated" else str(rng.choice(list(PLACES), p=list(PLACES.values())))
        drawn = _Drawn.chosen(style, levels.step, rng)
        patch, cnr = _planted(bench, window, masks, drawn, where, rng)
        if patch is None or any(_apart(patch, other) < 0.6 * bench.hip.head_radius_px for other in patches):
            continue
        patches.append(patch)
        truth.append(
            Plant(
                row_px=patch.row_px,
                column_px=patch.column_px,
                diameter_px=patch.diameter_px,
                cnr=cnr,
                kind=patch.kind,
                where=where,
                zone=zone_of(*bench.hip.to_polar(patch.row_px, patch.column_px), bench.hip.rim_phi_deg),
            )
        )
    return add_patches(bench.normalized, tuple(patches)), tuple(truth)


def _apart(one: FocusPatch, other: FocusPatch) -> float:
    return math.hypot(one.row_px - other.row_px, one.column_px - other.column_px)


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """What a focus is to be like: size in head radii, CNR, and contrast in grey units if that is given too."""

    size: float
    cnr: float
    contrast: float | None
    kind: FocusKind
    aspect: float | None
    seed: int

    @staticmethod
    def chosen(style: Style, step: float, rng: np.random.Generator) -> "_Drawn":
        natural, (over_step, cnr) = style == "natural", natural_strength(rng.uniform())
        return _Drawn(
            size=_size(style, rng),
            cnr=cnr if natural else float(np.exp(rng.uniform(math.log(2.0), math.log(7.0)))),
            contrast=over_step * step if natural else None,
            kind=KINDS[rng.choice(len(KINDS), p=KIND_SHARES)],
            aspect=_between(NATURAL_ASPECT, rng.uniform()) if natural else None,
            seed=int(rng.integers(2**31)),
        )


def _planted(
    bench: BenchHip,
    window: HipWindow,
    masks: dict[str, np.ndarray],
    drawn: _Drawn,
    where: str,
    rng: np.random.Generator,
) -> tuple[FocusPatch | None, float]:
    """Return the focus at a place that suits it, None where there is none, and its CNR."""
    spots = spots_to_plant(masks, where, drawn.size * WORKING_RADIUS_PX / 2)
    if not len(spots):
        return None, math.nan
    chosen = spots[rng.integers(len(spots), size=1 if drawn.contrast is None else TRIES)]
    points = window.to_image(chosen[:, 0], chosen[:, 1])
    diameter = max(drawn.size * bench.hip.head_radius_px, 2.0)
    try:
        if drawn.contrast is None:
            return _focus(bench, points[0], diameter, drawn, cnr=drawn.cnr), drawn.cnr
        place = restless_place(bench.normalized, points, diameter, drawn.contrast, drawn.cnr)
        patch = _focus(bench, place.at, diameter, drawn, contrast=place.contrast)
        return as_strong(bench.normalized, patch, place), place.contrast / place.deviation
    except HipcalcError:
        return None, math.nan


def _focus(bench: BenchHip, place: np.ndarray, diameter: float, drawn: _Drawn, **strength: float) -> FocusPatch:
    return draw_focus(
        bench.normalized,
        row_px=place[0],
        column_px=place[1],
        diameter_px=diameter,
        kind=drawn.kind,
        aspect=drawn.aspect,
        rng=np.random.default_rng(drawn.seed),
        **strength,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Where a focus goes: (row, column), the surround's median and robust deviation, and the contrast asked there."""

    at: np.ndarray
    middle: float
    deviation: float
    contrast: float


def restless_place(
    picture: NormalizedRadiograph, points: np.ndarray, diameter: float, contrast: float, cnr: float
) -> Place:
    """Return that of some places whose surround suits a focus's contrast and CNR best.

    Together they say how restless the surround of a natural focus is. What is left of a difference is shared by both.
    """
    rings = [ring_around(picture, point, diameter) for point in points]
    best = int(np.argmin([abs(math.log(max(deviation, 1e-6) * cnr / contrast)) for _, deviation in rings]))
    middle, deviation = rings[best]
    return Place(at=points[best], middle=middle, deviation=deviation, contrast=math.sqrt(contrast * cnr * deviation))


def as_strong(picture: NormalizedRadiograph, patch: FocusPatch, place: Place) -> FocusPatch | None:
    """Return a focus as strong as its place asks for, None where what lies there already leaves too little of it."""
    share = _share(picture, patch, place.middle, place.contrast)
    return _weakened(patch, share) if share > LEAST_SHARE else None


def _weakened(patch: FocusPatch, share: float) -> FocusPatch:
    return replace(patch, addition=patch.addition * np.float32(share), extra_variance=patch.extra_variance * share)


def ring_around(picture: NormalizedRadiograph, place: np.ndarray, diameter: float) -> tuple[float, float]:
    """Median and robust deviation of the grey levels from 1.25 to 2.25 radii around a place."""
    reach = max(1.125 * diameter, diameter / 2 + 6.0)
    top, left = max(round(place[0] - reach), 0), max(round(place[1] - reach), 0)
    part = picture.grey[top : round(place[0] + reach) + 1, left : round(place[1] + reach) + 1]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    distance = np.hypot(rows + top - place[0], columns + left - place[1])
    values = part[(distance >= max(0.625 * diameter, diameter / 2 + 2.0)) & (distance <= reach)]
    if not values.size:
        return 0.0, 0.0
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def _share(picture: NormalizedRadiograph, patch: FocusPatch, middle: float, wanted: float) -> float:
    """Return the share of a focus that makes the picture's 80th percentile inside so much brighter than the surround.

    That is how natural foci were measured: what lies there already, and the noise, count in.
    """
    before, added = picture.grey[patch.window][patch.mask], patch.addition[patch.mask]
    low, high = 0.0, 2.0
    for _ in range(20):
        share = (low + high) / 2
        short = float(np.percentile(before + share * added, 80)) - middle < wanted
        low, high = (share, high) if short else (low, share)
    return high


def _size(style: Style, rng: np.random.Generator) -> float:
    """Diameter in head radii."""
    if style == "stated":
        return float(np.exp(rng.uniform(math.log(0.083), math.log(0.29))))
    return _between(NATURAL_DIAMETER_MM, rng.uniform()) / 24.0


def places_to_plant(bench: BenchHip, window: HipWindow) -> dict[str, np.ndarray]:
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


def spots_to_plant(masks: dict[str, np.ndarray], where: str, radius: float) -> np.ndarray:
    """Return the (row, column) of the working grid where a focus may be planted; none where there is little room."""
    mask = masks[where]
    if where in ("beside", "touching"):
        # A lucent gap of a quarter to one millimetre, or none.
        low, high = (1.0, 4.5) if where == "beside" else (-0.5 * radius, 0.5)
        mask = mask & (masks["away"] > max(radius + low, 0.5)) & (masks["away"] < radius + high)
    spots = np.argwhere(mask).astype(float)
    return spots if len(spots) >= FEWEST_SPOTS else spots[:0]


def plant_traps(bench: BenchHip, rng: np.random.Generator) -> NormalizedRadiograph:
    """Plant what is no focus: lips of bone on the rim, edges and lines of muscles and folds of skin."""
    window = cut_window(bench.normalized, bench.hip)
    levels, masks = hip_levels(window), places_to_plant(bench, window)
    picture = bench.normalized
    for _ in range(2):
        spots = spots_to_plant(masks, "touching", 3.0)
        if len(spots):
            place = spots[rng.integers(len(spots))]
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


def with_clouds(bench: BenchHip, rng: np.random.Generator) -> NormalizedRadiograph:
    """Add what soft tissue lets through everywhere: texture whose amplitude falls with spatial frequency."""
    reach, step = math.ceil(3.0 * bench.hip.head_radius_px), hip_levels(cut_window(bench.normalized, bench.hip)).step
    rows, columns = (
        slice(max(round(centre) - reach, 0), round(centre) + reach)
        for centre in (bench.hip.head_row_px, bench.hip.head_column_px)
    )
    grey = bench.normalized.grey.copy()
    grey[rows, columns] += np.float32(rng.uniform(*CLOUDS_OVER_STEP) * step) * _texture(grey[rows, columns].shape, rng)
    return replace(bench.normalized, grey=grey)


def with_eyelet(bench: BenchHip, rng: np.random.Generator) -> NormalizedRadiograph:
    """Add a ring of metal as garments have them, lying flat or tilted: sharp, and level with its ground inside."""
    window = cut_window(bench.normalized, bench.hip)
    spots = np.argwhere(window.zone).astype(float)
    if not len(spots):
        return bench.normalized
    row, column = window.to_image(*spots[rng.integers(len(spots))][:, None])[0]
    rows, columns = np.indices(bench.normalized.shape, np.float32)
    angle, outer = rng.uniform(0, math.pi), rng.uniform(*EYELET_HEAD_RADII) * bench.hip.head_radius_px
    stretch, hole = math.sqrt(rng.uniform(*EYELET_ASPECT)), rng.uniform(*EYELET_HOLE)
    along = (columns - column) * math.cos(angle) + (rows - row) * math.sin(angle)
    across = (rows - row) * math.cos(angle) - (columns - column) * math.sin(angle)
    from_wire = (np.hypot(along / stretch, across * stretch) / outer - (1 + hole) / 2) / ((1 - hole) / 2)
    wire = np.asarray(np.sqrt(np.clip(1.0 - from_wire**2, 0.0, 1.0)), np.float32)
    contrast = np.float32(rng.uniform(*EYELET_OVER_STEP) * hip_levels(window).step)
    return replace(bench.normalized, grey=bench.normalized.grey + contrast * cv2.GaussianBlur(wire, (0, 0), 0.7))


def _texture(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Power-law texture of unit deviation."""
    down, right = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    amplitude = np.maximum(np.hypot(down, right), 2.0 / max(shape)) ** -CLOUDS_EXPONENT
    texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * amplitude, shape)
    return np.asarray((texture - texture.mean()) / texture.std(), np.float32)


def _with_lip(
    picture: NormalizedRadiograph,
    bench: BenchHip,
    window: HipWindow,
    away: np.ndarray,
    place: np.ndarray,
    step: float,
    rng: np.random.Generator,
) -> NormalizedRadiograph:
    row, column = (round(axis) for axis in place)
    down = float(away[min(row + 2, len(away) - 1), column] - away[row - 2, column])
    right = float(away[row, min(column + 2, away.shape[1] - 1)] - away[row, column - 2])
    centre = window.to_image(*place[:, None])[0]
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
    levels, low, gain = _as_bytes(picture)
    quality = int(rng.integers(60, 96))
    stored = cv2.imdecode(cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    return _shown_as(picture, np.asarray((stored.astype(np.float32) - 5.0) / gain + low, np.float32))


def as_processed(bench: BenchHip, rng: np.random.Generator) -> NormalizedRadiograph:
    """Return the picture as a vendor's display processing would show it, and normalising such a file."""
    picture, hip = bench.normalized, bench.hip
    place = (hip.head_row_px, hip.head_column_px, hip.head_radius_px, hip.lateral_sign)
    pixels = draw_processing(rng)(Shown(pixels=_as_bytes(picture)[0], hips=(place,))).astype(np.float32)
    low, high = np.percentile(pixels[~picture.excluded], (0.5, 99.5))
    return _shown_as(picture, np.asarray((pixels - low) / max(high - low, 1.0), np.float32))


def _as_bytes(picture: NormalizedRadiograph) -> tuple[np.ndarray, float, float]:
    """Return 8-bit levels, the grey of level 5, and levels per grey."""
    low, high = (float(value) for value in np.percentile(picture.grey, (0.1, 99.9)))
    gain = 245.0 / (high - low)
    return np.clip(5.0 + (picture.grey - low) * gain, 0, 255).round().astype(np.uint8), low, gain


def _shown_as(picture: NormalizedRadiograph, grey: np.ndarray) -> NormalizedRadiograph:
    return replace(picture, grey=grey, noise_blocks=noise_blocks(grey, picture.excluded))
