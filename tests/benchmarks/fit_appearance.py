"""Fit the locator's template of a hip's surroundings on phantoms, and write it to models/ (8 minutes of CPU).

    PYTHONPATH=tests/benchmarks python tests/benchmarks/fit_appearance.py

Hips of phantoms, a little off, against other places, sizes and sides of the same phantoms, also upside down; each
phantom as it is and twice as display processing may leave it. A linear discriminant whose covariance is shrunk
strongly, so that it is little more than the difference of the means.
"""

import json
import math
from dataclasses import replace
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from bench_confidence import bare, bright
from display_processing import processed
from numpy.typing import NDArray

from hipcalc.anatomy.appearance import edge_cells
from hipcalc.anatomy.patch import Pyramid
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.synthetic import Phantom, make_phantom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging

MODEL = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / "locator-2" / "appearance.json"
SEED = 77
PHANTOMS = 100
# Views of each phantom after display processing, beside the one without.
PROCESSED = 2
PIXEL_MM = {"pelvis": 0.5, "hip": 0.33}
# Times the mean variance that is added to every one.
SHRINKAGE = 100.0

Sample = tuple[NDArray[np.float32], NDArray[np.float32]]


def small_phantom(kind: str, number: int, *, seed: int = SEED, replaced: bool = False) -> Phantom:
    """Return a phantom of a pelvis or of one hip, with few pixels; its hips are native, or all of them replaced."""
    rng = np.random.default_rng([seed, number, kind == "pelvis"])
    view = "ap-pelvis" if kind == "pelvis" else ("ap-left-hip" if number % 2 else "ap-right-hip")
    body, imaging = draw_body(rng), draw_imaging(view, rng)
    body = replace(body, right=replace(body.right, prosthesis=replaced), left=replace(body.left, prosthesis=replaced))
    factor = imaging.pixel_mm / PIXEL_MM[kind]
    imaging = replace(
        imaging,
        rows=int(imaging.rows * factor),
        columns=int(imaging.columns * factor),
        pixel_mm=PIXEL_MM[kind],
    )
    return make_phantom(body=body, imaging=imaging, foci=(), seed=number)


def samples(job: tuple[str, int]) -> tuple[list[Sample], list[Sample]]:
    """Edges of one phantom's hips, and of places that are none, in all its views."""
    cv2.setNumThreads(1)
    phantom = small_phantom(*job)
    image, rng = phantom.to_radiograph(), np.random.default_rng([3, job[1], job[0] == "pelvis"])
    radius = float(np.median([hip.head_radius_px for hip in phantom.hips]))
    views = [image] + [bare(processed(bright(image), radius, rng)) for _ in range(PROCESSED)]
    parts = [_samples_of_view(phantom, normalize(view), job) for view in views]
    return [one for part, _ in parts for one in part], [one for _, part in parts for one in part]


def _samples_of_view(
    phantom: Phantom, normalized: NormalizedRadiograph, job: tuple[str, int]
) -> tuple[list[Sample], list[Sample]]:
    """Edges in one view; the places are the same in every view."""
    rng = np.random.default_rng([SEED + 1, job[1], job[0] == "pelvis"])
    keep = ~normalized.excluded
    upright = Pyramid.of(normalized.grey, keep)
    turned_over = Pyramid.of(normalized.grey[::-1].copy(), keep[::-1].copy())
    hips, others = [], []
    rows, columns = normalized.shape
    for hip in phantom.hips:
        row, column, radius, sign = hip.head_row_px, hip.head_column_px, hip.head_radius_px, hip.lateral_sign
        for _ in range(3):
            size = radius * math.exp(rng.normal(0.0, 0.04))
            place = row + size * rng.normal(0.0, 0.04), column + size * rng.normal(0.0, 0.04)
            hips.append(edge_cells(upright, place, size, sign))
        for _ in range(2):
            size = radius * math.exp(rng.choice([-1, 1]) * rng.uniform(0.15, 0.5))
            angle, away = rng.uniform(0.0, 2 * math.pi), radius * rng.uniform(0.4, 1.1)
            place = row + away * math.sin(angle), column + away * math.cos(angle)
            others.append(edge_cells(upright, place, size, sign * int(rng.choice([1, 1, -1]))))
    for _ in range(14):
        over, sign = rng.random() < 0.35, int(rng.choice([-1, 1]))
        size = phantom.hips[0].head_radius_px * math.exp(rng.normal(0.0, 0.35))
        row, column = rng.uniform(0, rows), rng.uniform(0, columns)
        is_hip = any(
            math.hypot(row - hip.head_row_px, column - hip.head_column_px) < 0.5 * hip.head_radius_px
            for hip in phantom.hips
        )
        if over or not is_hip:
            edges, kept = edge_cells(turned_over if over else upright, (row, column), size, sign)
            if kept.mean() >= 0.4:
                others.append((edges, kept))
    return hips, others


def discriminant(hips: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Direction that parts two sets of rows, with a shrunken pooled covariance."""
    means = hips.mean(axis=0, dtype=np.float64), others.mean(axis=0, dtype=np.float64)
    covariance = sum(0.5 * np.cov(rows, rowvar=False, bias=True) for rows in (hips, others))
    shrunk = covariance + SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.linalg.solve(shrunk, means[0] - means[1])


def main() -> None:
    """Fit and write."""
    jobs = [(kind, number) for number in range(PHANTOMS) for kind in PIXEL_MM]
    with Pool(2) as pool:
        parts = pool.map(samples, jobs, chunksize=4)
    hips = [one for part, _ in parts for one in part]
    others = [one for _, part in parts for one in part]
    edges, kept = (np.array([one[k] for one in others]) for k in (0, 1))
    usual = (edges * kept[..., None]).sum(axis=0) / kept.sum(axis=0)[..., None]
    flat = [np.array([((e - usual) * k[..., None]).ravel() for e, k in some]) for some in (hips, others)]
    weight = discriminant(*flat)
    weight /= np.abs(weight).max()
    model = {
        "shape": list(usual.shape),
        "usual": [float(f"{value:.3g}") for value in usual.ravel()],
        "weight": [round(float(value), 3) for value in weight],
    }
    MODEL.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(hips)} views of hips, {len(others)} of other places; written to {MODEL.name}")


if __name__ == "__main__":
    main()
