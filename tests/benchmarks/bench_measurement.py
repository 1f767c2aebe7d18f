"""Errors of the measures against planted truth, and efficiency against the ideal observer.

PYTHONPATH=tests python tests/benchmarks/bench_measurement.py
"""

import itertools
import math
from dataclasses import dataclass, replace
from unittest import mock

import cv2
import numpy as np
import pandas as pd
from detector_data import BenchHip, load_hips
from planted import KINDS, places_to_plant, spots_to_plant
from scipy.stats import norm

from candidate_scenes import HEAD_RADIUS_PX, SHAPE, as_normalized, hip_frame, power_law_texture, soft_background
from hipcalc.anatomy import HipFrame
from hipcalc.candidates import Candidate, evidence_at, find_candidates
from hipcalc.candidates.blobs import BlobScale
from hipcalc.candidates.evidence import SPOT_SHAPES, SpotShape
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.finding import measured_spots
from hipcalc.candidates.level_lines import LevelLines
from hipcalc.candidates.model import load_model
from hipcalc.candidates.outline import measure_spot
from hipcalc.candidates.proposals import Proposals, described_places
from hipcalc.candidates.redrawing import redraw_spot
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow, cut_window
from hipcalc.findings.describing import _gap_to_rim_px
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus
from hipcalc.synthetic.deposits import aspect_of

HEAD_RADIUS_MM = 24.0
SIZES_MM = (2.0, 3.0, 4.0, 6.0, 8.0)
GOAL_MM = 0.4
SEED = 5
NOISE_PICTURES = 40
EFFICIENCY_AT_MM = (3.0, 4.5)
# From what an observer close to the ideal one sees to what the detector lists.
STAGES = (
    "evidence_at, told place and size",
    "disk against the ring close around it",
    "blob response, told place and size",
    "best closed level line there",
    "strength of what is measured there",
    "strength of its strongest mark there",
)


@dataclass(frozen=True, kw_only=True)
class Planting:
    """What is planted: so many foci of a kind, in soft tissue or near bone, of so large a CNR or contrast."""

    title: str
    kind: FocusKind
    count: int
    where: str = "soft"
    cnr: tuple[float, float] | None = (5.0, 9.0)


# Near bone a CNR says little, as bone itself makes the surround restless: there the contrast is drawn.
OVER_STEP = (0.25, 0.6)
PLANTINGS = (
    *(Planting(title=f"{kind}, free, CNR 5 to 9", kind=kind, count=400) for kind in KINDS),
    *(
        Planting(title=f"{kind}, free, CNR 3 to 5", kind=kind, count=200, cnr=(3.0, 5.0))
        for kind in ("ossicle", "ring")
    ),
    *(
        Planting(title=f"{kind}, {where}", kind=kind, count=120, where=where, cnr=None)
        for kind in ("ossicle", "ring")
        for where in ("rim", "beside", "touching")
    ),
)


def measured_errors() -> None:
    """Plant foci into real pelves, and print the errors of what is measured."""
    hips = [bench for bench in load_hips(crops=False) if bench.hip.head_radius_px > 40]
    print("diameter: median error, share within 0.4 mm, and 90% within (heads taken as 48 mm); n and share found;")
    print("[...]: the same for the diameter that the same rule draws around the focus alone, on even ground")
    for planting in PLANTINGS:
        table = _measured(planting, hips)
        found = table[table["found"]]
        print(f"{planting.title}: {_summary(found)}; {len(table)}, {table['found'].mean():.2f}", flush=True)
        print("    by size: " + "; ".join(f"{size:g} mm {_summary(part)}" for size, part in found.groupby("size")))
        if planting.kind in ("ossicle", "ring") and planting.where == "soft":
            _print_other(found)


def _summary(found: pd.DataFrame) -> str:
    def said(errors: pd.Series) -> str:
        return f"{errors.median():+.2f} {np.mean(errors.abs() <= GOAL_MM):.2f} {errors.abs().quantile(0.9):.2f}"

    return f"{said(found['diameter'])} [{said(found['against rule'])}]"


def _print_other(found: pd.DataFrame) -> None:
    turned = found["direction, deg"].where(found["aspect"] > 1.4).median()
    print(
        f"    centre 90% within {found['centre, mm'].quantile(0.9):.2f} mm; gap to the rim point: error median "
        f"{found['gap, mm'].median():+.2f}, 90% within {found['gap, mm'].abs().quantile(0.9):.2f} mm; "
        f"direction median {turned:.0f} deg"
    )
    ratios = ("area", "aspect ratio", "solidity", "contrast", "contrast over step", "CNR", "core to rim", "margin")
    for name in ratios:
        low, middle, high = found[name].quantile([0.05, 0.5, 0.95])
        print(f"    {name} over the planted: {middle:.2f} ({low:.2f} to {high:.2f})")


def _measured(planting: Planting, hips: list[BenchHip]) -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    rows: list[dict[str, object]] = []
    for _ in range(planting.count):
        bench = hips[rng.integers(len(hips))]
        size, aspect = float(rng.choice(SIZES_MM)), float(rng.uniform(1.0, 1.8))
        patch = _drawn(planting, bench, size, aspect, rng)
        if patch is None:
            continue
        found = find_candidates(add_patches(bench.normalized, (patch,)), bench.hip)
        away = [math.hypot(c.row_px - patch.row_px, c.column_px - patch.column_px) for c in found]
        best = next((c for c, far in zip(found, away, strict=True) if far <= patch.diameter_px / 2), None)
        errors = {} if best is None else _errors(best, patch, bench)
        rows.append({"size": size, "aspect": aspect, "found": best is not None, **errors})
    return pd.DataFrame(rows)


def _drawn(
    planting: Planting, bench: BenchHip, size: float, aspect: float, rng: np.random.Generator
) -> FocusPatch | None:
    """Draw a focus for a place that suits it; None where there is no room."""
    window, diameter = cut_window(bench.normalized, bench.hip), size / HEAD_RADIUS_MM * bench.hip.head_radius_px
    masks = places_to_plant(bench, window)
    masks["soft"] &= window.r > 1.25
    spots = spots_to_plant(masks, planting.where, size / HEAD_RADIUS_MM * WORKING_RADIUS_PX / 2)
    if not len(spots):
        return None
    row, column = window.to_image(*spots[rng.integers(len(spots))][:, None])[0]
    reach = 1.2 * diameter
    if not all(reach < at < length - reach for at, length in zip((row, column), bench.normalized.shape, strict=True)):
        return None
    step = hip_levels(window).step
    strength = (
        {"contrast": rng.uniform(*OVER_STEP) * step} if planting.cnr is None else {"cnr": rng.uniform(*planting.cnr)}
    )
    return draw_focus(
        bench.normalized,
        row_px=row,
        column_px=column,
        diameter_px=diameter,
        kind=planting.kind,
        aspect=aspect,
        rng=rng,
        **strength,
    )


def _errors(best: Candidate, patch: FocusPatch, bench: BenchHip) -> dict[str, float]:
    """Return errors in millimetres and degrees, and ratios of what was measured to what was planted."""
    mm, step = HEAD_RADIUS_MM / bench.hip.head_radius_px, hip_levels(cut_window(bench.normalized, bench.hip)).step
    contours, _ = cv2.findContours(patch.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.fillConvexPoly(np.zeros(patch.mask.shape, np.uint8), cv2.convexHull(contour), 1)
    true_outline = contour[:, 0, ::-1] + np.array([patch.row, patch.column], float)
    true_gap = _gap_to_rim_px(replace(best, outline_px=true_outline), bench.hip)
    return {
        "diameter": (best.diameter_px - patch.diameter_px) * mm,
        "against rule": (best.diameter_px - _by_rule(best, patch, bench)) * mm,
        "centre, mm": math.hypot(best.row_px - patch.row_px, best.column_px - patch.column_px) * mm,
        "gap, mm": (_gap_to_rim_px(best, bench.hip) - true_gap) * mm,
        "direction, deg": abs(math.remainder(best.orientation_deg - patch.orientation_deg, 180.0)),
        "area": best.area_px2 / (math.pi / 4 * patch.diameter_px**2),
        "aspect ratio": best.aspect_ratio / aspect_of(patch.mask),
        "solidity": best.solidity / (patch.mask.sum() / hull.sum()),
        "contrast": best.contrast / patch.contrast,
        "contrast over step": best.contrast_over_step / (patch.contrast / step),
        "CNR": best.cnr / patch.cnr,
        "core to rim": best.core_to_rim / _core_to_rim(patch),
        # Of a straight edge, the fall over the steepest gradient is the blur times the root of two pi.
        "margin": best.margin_px / (math.sqrt(2 * math.pi) * patch.blur_sigma_px),
    }


def _core_to_rim(patch: FocusPatch) -> float:
    depth = cv2.distanceTransform(patch.mask.astype(np.uint8), cv2.DIST_L2, 5)
    core = depth > np.median(depth[patch.mask])
    rim = patch.mask & ~core
    return float(patch.addition[core].mean() / patch.addition[rim].mean()) if core.any() and rim.any() else math.nan


def _by_rule(best: Candidate, patch: FocusPatch, bench: BenchHip) -> float:
    """Return the diameter that the rule draws around the focus alone, on even ground, nan where it draws none."""
    grey = np.full(bench.normalized.shape, np.median(bench.normalized.grey[patch.window]), np.float32)
    grey[patch.window] += patch.addition
    window = cut_window(replace(bench.normalized, grey=grey), bench.hip)
    row, column = window.pixel_at(best.row_px, best.column_px)
    spot = measure_spot(window.level, window.included, row, column, best.diameter_px / window.step_px)
    return math.nan if spot is None else redraw_spot(window.level, window.included, spot)[0].diameter * window.step_px


def _known_signal(diameter_px: float, place: tuple[float, float], shape: SpotShape = "disk") -> np.ndarray:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - place[0], columns - place[1])
    radius = diameter_px / 2
    signals = {
        "disk": np.clip(radius - away + 0.5, 0, 1),
        "ball": np.sqrt(np.clip(1 - (away / radius) ** 2, 0, None)),
        "gaussian": np.exp2(-((away / radius) ** 2)),
    }
    return cv2.GaussianBlur(np.float32(signals[shape]), (0, 0), 1.0)


def _ideal_index(signal: np.ndarray, structure: float, noise: float) -> float:
    """Detectability index per unit of contrast of the prewhitening observer, from the spectrum of many pictures."""
    power = np.mean(
        [
            np.abs(np.fft.rfft2(structure * power_law_texture(seed) + noise * _white(seed))) ** 2
            for seed in range(100, 140)
        ],
        axis=0,
    )
    spectrum = np.abs(np.fft.rfft2(signal)) ** 2
    twice = np.full(spectrum.shape, 2.0)
    twice[:, 0] = twice[:, -1] = 1.0
    return float(np.sqrt((twice * spectrum / np.maximum(power, 1e-12)).sum()))


def _white(seed: int) -> np.ndarray:
    return np.random.default_rng(seed + 5000).standard_normal(SHAPE).astype(np.float32)


def efficiency(structure: float = 0.03, noise: float = 0.012) -> None:
    """Compare the contrast that each stage of the detector needs with the ideal observer's, in power-law noise."""
    hip = hip_frame()
    place = hip.to_image(1.6, 50.0)
    print("\nefficiency against the ideal observer (signal and place known, power-law noise; 2AFC 90% right)")
    times = np.array([1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0])
    for millimetres in EFFICIENCY_AT_MM:
        diameter = millimetres / HEAD_RADIUS_MM * HEAD_RADIUS_PX
        signal = _known_signal(diameter, place)
        needed = math.sqrt(2.0) * norm.ppf(0.9)
        least = needed / _ideal_index(signal, structure, noise)
        scores = np.array(
            [
                [
                    _stages(
                        soft_background(seed, structure=structure, noise=noise) + share * least * signal,
                        hip,
                        place,
                        diameter,
                        noise,
                    )
                    for share in (0.0, *times)
                ]
                for seed in range(NOISE_PICTURES)
            ]
        )
        for stage, name in enumerate(STAGES):
            print(f"  {millimetres:g} mm, {name:44s} {_efficiency(scores[:, :, stage], times)}", flush=True)


def _efficiency(scores: np.ndarray, times: np.ndarray) -> str:
    """Say what (pictures, contrasts) scores reach, of which the first contrast is none."""
    beats = scores[:, None, 1:] - scores[None, :, :1]
    right = np.mean((beats > 0) + 0.5 * (beats == 0), axis=(0, 1))
    reached = float(np.interp(0.9, np.maximum.accumulate(right), times))
    limit = "<" if right.max() < 0.9 else " "
    return f"{limit}{reached**-2:.2f}  share right at {times}: " + " ".join(f"{value:.2f}" for value in right)


def efficiency_by_shape(structure: float = 0.03, noise: float = 0.012) -> None:
    """Compare the contrast that `evidence_at` needs with the ideal observer's, told the shape and told a disk."""
    hip = hip_frame()
    place = hip.to_image(1.6, 50.0)
    times = np.array([1.0, 1.25, 1.6, 2.0, 2.5, 3.2])
    print("\nefficiency of evidence_at against the ideal observer, by shape")
    for shape, millimetres in itertools.product(SPOT_SHAPES, (3.0, 4.5, 6.0)):
        diameter = millimetres / HEAD_RADIUS_MM * HEAD_RADIUS_PX
        signal = _known_signal(diameter, place, shape)
        least = math.sqrt(2.0) * norm.ppf(0.9) / _ideal_index(signal, structure, noise)
        for told in dict.fromkeys((shape, "disk")):
            scores = np.zeros((NOISE_PICTURES, 1 + len(times)))
            for seed, column in np.ndindex(scores.shape):
                ground = soft_background(seed, structure=structure, noise=noise)
                picture = as_normalized(ground + (0.0, *times)[column] * least * signal, noise=noise)
                evidence = evidence_at(
                    picture, hip, row_px=place[0], column_px=place[1], diameter_px=diameter, shape=told
                )
                assert evidence is not None
                scores[seed, column] = evidence.deviations
            print(f"  {millimetres:g} mm {shape}, told a {told}: {_efficiency(scores, times)}", flush=True)


def _stages(
    grey: np.ndarray, hip: HipFrame, place: tuple[float, float], diameter: float, noise: float
) -> tuple[float, ...]:
    """Return what each of `STAGES` makes of a place where a focus of that size may be."""
    picture = as_normalized(np.asarray(grey, np.float32), noise=noise)
    window = cut_window(picture, hip)
    row, column = window.pixel_at(*place)
    seen: list[Proposals] = []

    def only(_: HipWindow, scales: tuple[BlobScale, ...], lines: LevelLines, most: int) -> Proposals:
        seen.append(described_places(np.array([[row, column, diameter / window.step_px]], float), scales, lines))
        return seen[-1]

    with mock.patch("hipcalc.candidates.proposed.propose", only):
        told = measured_spots(picture, hip)
    near = max(diameter / 2, 0.08 * HEAD_RADIUS_PX)
    spots = np.array([(spot.row, spot.column) for spot in told.spots]).reshape(-1, 2)
    there = np.hypot(*(told.window.to_image(spots[:, 0], spots[:, 1]) - place).T) <= near
    strength = float(load_model().strength(told.features)[there].max(initial=-99.0))
    found = find_candidates(picture, hip)
    listed = (c.strength for c in found if math.hypot(c.row_px - place[0], c.column_px - place[1]) <= near)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - place[0], columns - place[1]) / (diameter / 2)
    disk = float(grey[away <= 1.0].mean() - grey[(away > 1.2) & (away <= 1.7)].mean())
    evidence = evidence_at(picture, hip, row_px=place[0], column_px=place[1], diameter_px=diameter)
    assert evidence is not None
    return (
        -evidence.share,
        disk,
        float(seen[0].response[0]),
        float(seen[0].meaning[0]),
        strength,
        max(listed, default=-99.0),
    )


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    measured_errors()
    efficiency()
    efficiency_by_shape()


if __name__ == "__main__":
    main()
