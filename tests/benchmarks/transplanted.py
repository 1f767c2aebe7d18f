"""Real foci from elsewhere in real pelves, cut out of their ground and moved to other patients' hips.

The list (elsewhere_by_eye.csv) was written from the pictures without any mark in them, by a reader who is not a
radiologist: phleboliths, grains in the buttocks, and one of the rings that are listed beside a rim.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from detector_data import BenchHip, NaturalFocus, hips_with_foci, natural_foci, resampled
from planted import (
    KIND_SHARES,
    KINDS,
    PLACES,
    TRIES,
    Place,
    Plant,
    as_strong,
    places_to_plant,
    restless_place,
    ring_around,
    spots_to_plant,
)

from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window
from hipcalc.errors import HipcalcError, UsageError
from hipcalc.findings.zones import zone_of
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import FocusPatch, add_patches, draw_focus

FOCI_ELSEWHERE = Path(__file__).with_name("elsewhere_by_eye.csv")
# Moved to a picture that much finer, a focus would show its own pixels; that much coarser, it would lose its texture.
MOST_RESCALED = 1.5
# In radii of the circle that the reader drew: the ring that tells the ground, and how far the outline may reach.
GROUND_RADII = (1.3, 2.4)
OUTLINE_RADII = 1.3
# Pixels beyond the outline that go along, and the blur of the border of what goes along.
MARGIN_PX, SOFT_PX = 2, 0.8
# So many foci are drawn for each that is wanted: not every place has room for what was drawn.
ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """Grey of one focus over its ground, with a soft border, and the inside of its outline; shape (h, w) both."""

    excess: np.ndarray
    mask: np.ndarray

    @property
    def diameter_px(self) -> float:
        return 2 * math.sqrt(self.mask.sum() / math.pi)

    @property
    def aspect(self) -> float:
        spread = np.linalg.eigvalsh(np.cov(np.argwhere(self.mask).T))
        return float(np.sqrt(spread[1] / spread[0]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Donor:
    """One real focus.

    `patient` as `BenchHip.group`, `size` is the diameter in head radii. `over_step` and `cnr` are measured as those of
    natural foci were: the picture's 80th percentile inside the outline over the median of the surround, in cortical
    steps of the hip nearest to it and in the surround's deviations.
    """

    patient: str
    kind: str
    focus: Cut
    head_radius_px: float
    size: float
    over_step: float
    cnr: float


def donors() -> tuple[Donor, ...]:
    """Return the foci that the reader was sure of, in pictures one of whose hips is located."""
    foci = tuple(focus for focus in natural_foci(FOCI_ELSEWHERE) if focus.sure)
    hips = hips_with_foci(foci)
    return tuple(_donor(focus, hips[focus.file]) for focus in foci if hips[focus.file])


def _donor(focus: NaturalFocus, hips: list[BenchHip]) -> Donor:
    def place(bench: BenchHip) -> np.ndarray:
        return np.array([resampled(value, bench.factor) for value in (focus.row_px, focus.column_px)])

    bench = min(hips, key=lambda one: math.dist(place(one), (one.hip.head_row_px, one.hip.head_column_px)))
    at, grey = place(bench), bench.normalized.grey
    top, left, cut = cut_out(grey, at[0], at[1], focus.diameter_px * bench.factor)
    inside = grey[top : top + cut.mask.shape[0], left : left + cut.mask.shape[1]][cut.mask]
    middle, deviation = ring_around(bench.normalized, at, cut.diameter_px)
    contrast = float(np.percentile(inside, 80)) - middle
    return Donor(
        patient=bench.group,
        kind=focus.kind,
        focus=cut,
        head_radius_px=bench.hip.head_radius_px,
        size=cut.diameter_px / bench.hip.head_radius_px,
        over_step=contrast / hip_levels(cut_window(bench.normalized, bench.hip)).step,
        cnr=contrast / deviation,
    )


def cut_out(grey: np.ndarray, row: float, column: float, diameter: float) -> tuple[int, int, Cut]:
    """Cut a focus out of its ground.

    The ground is a quadratic surface through the ring around the focus, fitted to the least absolute deviations: what
    else lies in the ring hardly counts. The outline is the line at half of the focus's level over it.

    Parameters
    ----------
    grey : ndarray, shape (rows, columns)
    row, column, diameter : float
        Circle around the focus, as read by eye, pixels.

    Returns
    -------
    top, left : int
        Row and column of the first pixel of what is cut out.
    cut : Cut
    """
    reach = math.ceil(max(GROUND_RADII[1] * diameter / 2, diameter / 2 + 6.0)) + 1
    top, left = max(round(row) - reach, 0), max(round(column) - reach, 0)
    part = np.asarray(grey[top : round(row) + reach + 1, left : round(column) + reach + 1], np.float32)
    rows, columns = np.indices(part.shape, np.float32)
    y, x = (rows + top - row) / reach, (columns + left - column) / reach
    from_centre = np.hypot(y, x) * reach
    ring = (from_centre > max(GROUND_RADII[0] * diameter / 2, diameter / 2 + 2.0)) & (from_centre < reach)
    over = part - _surface(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1), part, ring)
    smooth = cv2.GaussianBlur(over, (0, 0), 1.0)
    level = 0.5 * np.percentile(smooth[from_centre < 0.5 * diameter], 80)
    mask = _largest_filled((smooth > level) & (from_centre < OUTLINE_RADII * diameter / 2))
    wide = cv2.dilate(mask.astype(np.float32), np.ones((2 * MARGIN_PX + 1, 2 * MARGIN_PX + 1), np.uint8))
    soft = cv2.GaussianBlur(wide, (0, 0), SOFT_PX)
    return top, left, Cut(excess=np.asarray(over * soft, np.float32), mask=mask)


def _surface(terms: np.ndarray, values: np.ndarray, where: np.ndarray) -> np.ndarray:
    design, wanted = terms[where].astype(float), values[where].astype(float)
    weight = np.ones(len(wanted))
    for _ in range(20):
        solved = np.linalg.lstsq(design * weight[:, None], wanted * weight, rcond=None)[0]
        # Squares weighted by the inverse of the deviations are the deviations.
        weight = 1.0 / np.sqrt(np.abs(wanted - design @ solved) + 1e-4)
    return np.asarray(terms @ solved, np.float32)


def _largest_filled(inside: np.ndarray) -> np.ndarray:
    """Return the largest part without its holes; grains a pixel apart are one."""
    closed = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(closed)
    if outlines:
        cv2.drawContours(filled, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return np.asarray(filled > 0)


def moved(
    cut: Cut, bench: BenchHip, place: Place, *, diameter_px: float, turn_deg: float, mirrored: bool
) -> FocusPatch:
    """Return what was cut out, turned, as large and as strong as asked, at a place of a hip.

    Its texture and its blur are its own; it goes through one interpolation. The centre of its outline is at the place,
    and the 80th percentile of what is added inside is the place's contrast.

    Raises
    ------
    UsageError
        Where the focus does not lie wholly inside the picture.
    """
    scale = diameter_px / cut.diameter_px
    reach = math.ceil(scale * math.hypot(*cut.mask.shape) / 2) + 1
    top, left, size = round(place.at[0]) - reach, round(place.at[1]) - reach, 2 * reach + 1
    rows, columns = bench.normalized.shape
    if top < 0 or left < 0 or top + size > rows or left + size > columns:
        raise UsageError("the focus does not lie inside the picture.")
    to = _onto(cut.mask, (place.at[1] - left, place.at[0] - top), scale, turn_deg, mirrored)
    # What is shrunk is smoothed first, as a coarser detector would.
    fine = cut.excess if scale > 0.98 else cv2.GaussianBlur(cut.excess, (0, 0), 0.5 * math.sqrt(scale**-2 - 1))
    signal = cv2.warpAffine(fine, to, (size, size), flags=cv2.INTER_CUBIC)
    mask = cv2.warpAffine(cut.mask.astype(np.float32), to, (size, size), flags=cv2.INTER_LINEAR) > 0.5
    signal = np.asarray(signal * (place.contrast / np.percentile(signal[mask], 80)), np.float32)
    return FocusPatch(
        row=top,
        column=left,
        addition=signal,
        extra_variance=np.zeros_like(signal),
        mask=mask,
        row_px=float(place.at[0]),
        column_px=float(place.at[1]),
        diameter_px=diameter_px,
        diameter_mm=math.nan,
        orientation_deg=turn_deg % 180.0,
        kind="ossicle",
        contrast=place.contrast,
        cnr=place.contrast / place.deviation,
        peak_contrast=float(signal[mask].max()),
        blur_sigma_px=math.nan,
    )


def _onto(mask: np.ndarray, centre: tuple[float, float], scale: float, turn_deg: float, mirrored: bool) -> np.ndarray:
    """Return the affine map (x, y) that turns and scales a mask's centre of mass onto a place."""
    row, column = np.argwhere(mask).mean(axis=0)
    cosine, sine = scale * math.cos(math.radians(turn_deg)), scale * math.sin(math.radians(turn_deg))
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    return np.column_stack([linear, np.array(centre) - linear @ (column, row)])


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """One real focus at its new place."""

    donor: Donor
    truth: Plant


@dataclass(frozen=True, kw_only=True, eq=False)
class Transplanted:
    """Two copies of a picture: with real foci, and with planted ones as large and as strong at the same places."""

    real: NormalizedRadiograph
    planted: NormalizedRadiograph
    foci: tuple[Moved, ...]


def transplant(bench: BenchHip, given: tuple[Donor, ...], rng: np.random.Generator, count: int = 4) -> Transplanted:
    """Plant a few real foci, well apart, and synthetic ones at the same places of another copy.

    Other patients give equally often, however many foci they have. A focus is as large (head radii) and as strong
    (cortical steps) as it was at home; its place is drawn as for planted natural foci, where it is as restless.
    """
    fitting = [donor for donor in given if _fits(donor, bench)]
    window = cut_window(bench.normalized, bench.hip)
    step, masks = hip_levels(window).step, places_to_plant(bench, window)
    patches: list[tuple[FocusPatch, FocusPatch]] = []
    foci: list[Moved] = []
    for _ in range(ATTEMPTS * count if fitting else 0):
        if len(foci) == count:
            break
        patient = rng.choice(sorted({donor.patient for donor in fitting}))
        donor = fitting[rng.choice([k for k, one in enumerate(fitting) if one.patient == patient])]
        where = str(rng.choice(list(PLACES), p=list(PLACES.values())))
        spots = spots_to_plant(masks, where, donor.size * WORKING_RADIUS_PX / 2)
        if not len(spots):
            continue
        chosen = spots[rng.integers(len(spots), size=TRIES)]
        drawn = _drawn(donor, bench, window.to_image(chosen[:, 0], chosen[:, 1]), donor.over_step * step, rng)
        if drawn is None or any(_near(drawn[0], other[0], bench) for other in patches):
            continue
        patches.append(drawn)
        foci.append(Moved(donor=donor, truth=_truth(drawn[0], donor, where, bench)))
    real, planted = (add_patches(bench.normalized, tuple(pair[number] for pair in patches)) for number in range(2))
    return Transplanted(real=real, planted=planted, foci=tuple(foci))


def _fits(donor: Donor, bench: BenchHip) -> bool:
    scale = bench.hip.head_radius_px / donor.head_radius_px
    return donor.patient != bench.group and 1 / MOST_RESCALED <= scale <= MOST_RESCALED


def _drawn(
    donor: Donor, bench: BenchHip, points: np.ndarray, contrast: float, rng: np.random.Generator
) -> tuple[FocusPatch, FocusPatch] | None:
    """Return the real focus and a synthetic one at the place that suits best; None where one of them does not fit."""
    turn, mirrored = rng.uniform(0.0, 360.0), bool(rng.integers(2))
    kind, seed = KINDS[rng.choice(len(KINDS), p=KIND_SHARES)], rng.integers(2**31)
    diameter = donor.size * bench.hip.head_radius_px
    try:
        place = restless_place(bench.normalized, points, diameter, contrast, donor.cnr)
        real = moved(donor.focus, bench, place, diameter_px=diameter, turn_deg=turn, mirrored=mirrored)
        planted = draw_focus(
            bench.normalized,
            row_px=place.at[0],
            column_px=place.at[1],
            diameter_px=diameter,
            contrast=place.contrast,
            kind=kind,
            aspect=donor.focus.aspect,
            rng=np.random.default_rng(seed),
        )
    except HipcalcError:
        return None
    strong = as_strong(bench.normalized, real, place), as_strong(bench.normalized, planted, place)
    return None if strong[0] is None or strong[1] is None else (strong[0], strong[1])


def _near(one: FocusPatch, other: FocusPatch, bench: BenchHip) -> bool:
    return math.hypot(one.row_px - other.row_px, one.column_px - other.column_px) < 0.6 * bench.hip.head_radius_px


def _truth(patch: FocusPatch, donor: Donor, where: str, bench: BenchHip) -> Plant:
    return Plant(
        row_px=patch.row_px,
        column_px=patch.column_px,
        diameter_px=patch.diameter_px,
        cnr=patch.cnr,
        kind=donor.kind,
        where=where,
        zone=zone_of(*bench.hip.to_polar(patch.row_px, patch.column_px), bench.hip.rim_phi_deg),
    )
