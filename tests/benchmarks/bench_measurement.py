"""Errors of the measures against planted truth, and efficiency against the ideal observer.

Run with the tests' folder on the path: PYTHONPATH=tests python tests/benchmarks/bench_measurement.py
"""

import math
from unittest import mock

import cv2
import numpy as np
from detector_data import load_hips
from scipy.stats import norm

from candidate_scenes import HEAD_RADIUS_PX, SHAPE, as_normalized, hip_frame, power_law_texture, soft_background
from hipcalc.anatomy import HipFrame
from hipcalc.candidates import find_candidates
from hipcalc.candidates.blobs import BlobScale
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.finding import measured_spots
from hipcalc.candidates.level_lines import LevelLines
from hipcalc.candidates.model import load_model
from hipcalc.candidates.proposals import Proposals, described_places
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.synthetic import add_patches, draw_focus

HEAD_RADIUS_MM = 24.0
SIZES_MM = (2.0, 3.0, 4.0, 6.0, 8.0)
PLANTS = 400
SEED = 5
NOISE_PICTURES = 40
EFFICIENCY_AT_MM = (3.0, 4.5)
# From what an observer close to the ideal one sees to what the detector lists.
STAGES = (
    "disk against the ring close around it",
    "blob response, told place and size",
    "best closed level line there",
    "strength of what is measured there",
    "strength of its strongest mark there",
)


def measured_errors() -> None:
    """Plant ellipses of CNR 5 and more into real soft tissue, and print the errors of what is measured."""
    rng = np.random.default_rng(SEED)
    hips = [bench for bench in load_hips(crops=False) if bench.hip.head_radius_px > 40]
    rows = []
    for _ in range(PLANTS):
        bench = hips[rng.integers(len(hips))]
        window = cut_window(bench.normalized, bench.hip)
        levels = hip_levels(window)
        soft = cv2.GaussianBlur(window.level, (0, 0), 6.0) < 0.5 * (levels.soft + levels.bone)
        spots = np.argwhere(window.zone & soft & (window.r > 1.25)).astype(float)
        if not len(spots):
            continue
        size, aspect = float(rng.choice(SIZES_MM)), float(rng.uniform(1.0, 1.8))
        row, column = window.to_image(*spots[rng.integers(len(spots))][:, None])[0]
        reach = 1.2 * size / HEAD_RADIUS_MM * bench.hip.head_radius_px
        if not all(
            reach < at < length - reach for at, length in zip((row, column), bench.normalized.shape, strict=True)
        ):
            continue
        patch = draw_focus(
            bench.normalized,
            row_px=row,
            column_px=column,
            diameter_px=size / HEAD_RADIUS_MM * bench.hip.head_radius_px,
            cnr=float(rng.uniform(5.0, 9.0)),
            kind="ossicle",
            aspect=aspect,
            rng=rng,
        )
        found = find_candidates(add_patches(bench.normalized, (patch,)), bench.hip)
        near = [
            c
            for c in found
            if math.hypot(c.row_px - patch.row_px, c.column_px - patch.column_px) <= patch.diameter_px / 2
        ]
        if near:
            mm = HEAD_RADIUS_MM / bench.hip.head_radius_px
            best = near[0]
            turn = (
                abs(math.remainder(best.orientation_deg - patch.orientation_deg, 180.0)) if aspect > 1.4 else math.nan
            )
            away = math.hypot(best.row_px - patch.row_px, best.column_px - patch.column_px)
            rows.append((size, best.diameter_px * mm - size, away * mm, best.aspect_ratio / aspect - 1.0, turn))
    table = np.array(rows)
    print(f"{len(table)} of {PLANTS} planted foci of CNR 5 to 9 found and measured (heads taken as 48 mm)")
    for size in (None, *SIZES_MM):
        part = table if size is None else table[table[:, 0] == size]
        name = "all" if size is None else f"{size:g} mm"
        print(
            f"  {name:5s} diameter error median {np.median(part[:, 1]):+.2f} mm, 90% within "
            f"{np.percentile(np.abs(part[:, 1]), 90):.2f} mm, within 0.4 mm {np.mean(np.abs(part[:, 1]) <= 0.4):.2f}; "
            f"centre 90% within {np.percentile(part[:, 2], 90):.2f} mm; aspect ratio 90% within "
            f"{np.percentile(np.abs(part[:, 3]), 90):.2f}; direction median {np.nanmedian(part[:, 4]):.0f} deg"
        )


def _known_signal(diameter_px: float, place: tuple[float, float]) -> np.ndarray:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - place[0], columns - place[1])
    return cv2.GaussianBlur(np.float32(np.clip(diameter_px / 2 - away + 0.5, 0, 1)), (0, 0), 1.0)


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
            absent, present = scores[:, 0, stage], scores[:, 1:, stage]
            beats = present[:, None] - absent[:, None]
            right = np.mean((beats > 0) + 0.5 * (beats == 0), axis=(0, 1))
            reached = float(np.interp(0.9, np.maximum.accumulate(right), times))
            limit = "<" if right.max() < 0.9 else " "
            print(f"  {millimetres:g} mm, {name:44s} {limit}{reached**-2:.2f}", end="")
            print(f"  share right at {times}: " + " ".join(f"{value:.2f}" for value in right), flush=True)


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

    with mock.patch("hipcalc.candidates.finding.propose", only):
        told = measured_spots(picture, hip)
    strength = float(load_model().strength(told.features).max(initial=-99.0))
    near = max(diameter / 2, 0.08 * HEAD_RADIUS_PX)
    found = find_candidates(picture, hip)
    listed = (c.strength for c in found if math.hypot(c.row_px - place[0], c.column_px - place[1]) <= near)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - place[0], columns - place[1]) / (diameter / 2)
    disk = float(grey[away <= 1.0].mean() - grey[(away > 1.2) & (away <= 1.7)].mean())
    return disk, float(seen[0].response[0]), float(seen[0].meaning[0]), strength, max(listed, default=-99.0)


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    measured_errors()
    efficiency()


if __name__ == "__main__":
    main()
