"""Foci planted into real hips: the detector's FROC beside its peers, its calibration, its time.

The same pictures and zones for all; every ranking of ours is cross-validated by patient.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
from detector_data import BenchHip, Plant, load_hips, plant_foci
from fit_detector import collect, cross_validated, spread_of_calibration, strength
from scipy.ndimage import gaussian_laplace
from skimage.feature import blob_log

from hipcalc.candidates import find_candidates
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.detectability import detection_limit
from hipcalc.normalize import structure_normalised

POINTS = (0.1, 0.25, 0.5, 1.0)
SIGMAS = np.geomspace(2.0, 12.0, 8)
SEED = 2
# blob_log takes seconds per window: the peers see every hip, but each with one planting instead of three.
PEER_PLANTINGS = 1

Marks = tuple[np.ndarray, np.ndarray]


def log_marks(picture: np.ndarray, window: HipWindow) -> Marks:
    """Return (row, column) in image pixels and strength of scikit-image's blob_log inside the zones."""
    found = blob_log(
        picture, min_sigma=SIGMAS[0], max_sigma=SIGMAS[-1], num_sigma=len(SIGMAS), log_scale=True, threshold=1e-4
    )
    rows, columns = found[:, 0].astype(int), found[:, 1].astype(int)
    inside = window.zone[rows, columns]
    rows, columns, sigma = rows[inside], columns[inside], found[inside, 2]
    cube = np.stack([-(s**2) * gaussian_laplace(picture, s) for s in SIGMAS])
    scale = np.abs(np.log(sigma[:, None] / SIGMAS)).argmin(axis=1)
    return window.to_image(rows.astype(float), columns.astype(float)), cube[scale, rows, columns]


def on_grey(window: HipWindow) -> Marks:
    return log_marks(np.exp(window.level), window)


def on_normalised(window: HipWindow) -> Marks:
    return log_marks(structure_normalised(np.exp(window.level), ~window.included, 25.0), window)


PEERS: dict[str, Callable[[HipWindow], Marks]] = {
    "blob_log, grey levels": on_grey,
    "blob_log, locally normalised": on_normalised,
}


def froc(false: list[np.ndarray], hits: list[float]) -> list[float]:
    """Sensitivity at each point of false marks per hip."""
    ordered = np.sort(np.concatenate(false))[::-1]
    ranks = [min(int(point * len(false)), len(ordered) - 1) for point in POINTS]
    return [float(np.mean(np.array(hits) > ordered[rank])) for rank in ranks]


def _best_hit(marks: Marks, plant: Plant, head_radius_px: float) -> float:
    places, strengths = marks
    near = np.hypot(*(places - (plant.row_px, plant.column_px)).T) <= max(plant.diameter_px / 2, 0.08 * head_radius_px)
    return float(strengths[near].max()) if near.any() else -np.inf


def peer_froc(peer: Callable[[HipWindow], Marks], hips: tuple[BenchHip, ...]) -> tuple[list[float], int]:
    rng = np.random.default_rng(SEED)
    false, hits = [], []
    for bench in hips:
        false.append(peer(cut_window(bench.normalized, bench.hip))[1])
        for _ in range(PEER_PLANTINGS):
            planted, truth = plant_foci(bench, "stated", rng)
            marks = peer(cut_window(planted, bench.hip))
            hits += [_best_hit(marks, plant, bench.hip.head_radius_px) for plant in truth]
    return froc(false, hits), len(hits)


def _line(name: str, values: list[float], count: int) -> str:
    return f"{name:58s}" + "".join(f"{value:7.2f}" for value in values) + f"{count:7d}"


def froc_tables() -> None:
    samples = collect(load_hips(annotated_only=True), SEED)
    models = cross_validated(samples)
    print(f"{'sensitivity at false marks per hip of':58s}" + "".join(f"{p:7.2f}" for p in POINTS) + "  plants")
    for source, style, where in (
        ("pelvis", "stated", "soft"),
        ("pelvis", "natural", "soft"),
        ("pelvis", "natural", "rim"),
        ("crop", "natural", "soft"),
        ("crop", "natural", "rim"),
    ):
        chosen = [s for s in samples if s.bench.source == source]
        false = [strength(models[s.bench.group], s.features) for s in chosen]
        hits = [
            float(strength(models[s.bench.group], p.features)[hit].max(initial=-np.inf))
            for s in chosen
            for p in s.plantings
            for plant, hit in zip(p.truth, p.hits, strict=True)
            if p.style == style and plant.where == where
        ]
        print(_line(f"hipcalc, {source}, {style}, {where}", froc(false, hits), len(hits)))
    pelves = tuple(s.bench for s in samples if s.bench.source == "pelvis")
    for name, peer in PEERS.items():
        print(_line(f"{name}, pelvis, stated, soft", *peer_froc(peer, pelves)))
    print("\ncounted false marks per hip on unseen halves of the patients: median (5th to 95th percentile)")
    for source in ("pelvis", "crop"):
        for nominal, (median, low, high) in spread_of_calibration(samples, source).items():
            print(f"  {source}, nominal {nominal:4.2f}: {median:.2f} ({low:.2f} to {high:.2f})")


def timing() -> None:
    hips = load_hips(crops=False)
    started = time.process_time()
    for bench in hips:
        find_candidates(bench.normalized, bench.hip)
    print(f"\nCPU time of find_candidates: {1000 * (time.process_time() - started) / len(hips):.0f} ms per hip")


def limits() -> None:
    hips = load_hips(crops=False)
    started = time.process_time()
    found = [detection_limit(bench.normalized, bench.hip, false_marks_per_hip=0.25) for bench in hips]
    seconds = (time.process_time() - started) / len(hips)
    sizes = [limit.diameter_head_radii for limit in found if limit.diameter_head_radii is not None]
    low, median, high = np.percentile(sizes, [5, 50, 95])
    unreached = sum(limit.planted > 0 and limit.diameter_head_radii is None for limit in found)
    print(f"\ndetection limit at CNR {found[0].cnr:g} and 0.25 false marks, {len(hips)} hips of pelves:")
    no_room = len(hips) - len(sizes) - unreached
    print(f"  {len(sizes)} reached, {unreached} not reached, {no_room} without room to plant")
    print(f"  median {median:.3f} head radii (5th to 95th percentile {low:.3f} to {high:.3f})")
    print(f"  CPU {seconds:.2f} s per hip")


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    froc_tables()
    timing()
    limits()


if __name__ == "__main__":
    main()
