"""Foci planted into real hips: the detector's FROC beside its peers, and the calibration of its price in false marks.

The same pictures and zones for all; every ranking of ours is cross-validated by patient. With `--sheets FOLDER`, the
strongest false marks and missed plants are drawn there, to be looked at (never inside the project). The whole run takes
half an hour, most of it for blob_doh; `--hips 8` looks at 8 crops and 8 pelves only, and counts no price.
"""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from contact_sheets import draw_sheets
from detector_data import BenchHip, load_hips
from fit_detector import Planting, Sample, collect, cross_validated, spread_of_calibration, strength
from peers import PEERS
from planted import Plant, plant_foci

from hipcalc.candidates.window import HipWindow, cut_window

POINTS = (0.1, 0.25, 0.5, 1.0)
SEED = 2
# blob_doh takes seconds per window: the peers see every hip, but each with one planting.
PEER_PLANTINGS = 1
TABLES: dict[str, tuple[str, str, Callable[[Plant], bool]]] = {
    "pelves, stated (2-7 mm, CNR 2-7), soft tissue": ("pelvis", "stated", lambda plant: True),
    "pelves, stated, CNR >= 3": ("pelvis", "stated", lambda plant: plant.cnr >= 3),
    "pelves, as natural, free in the zones": ("pelvis", "natural", lambda plant: plant.where in ("soft", "any")),
    "pelves, as natural, at the rim": ("pelvis", "natural", lambda plant: plant.where in ("rim", "beside")),
    "pelves, as natural, touching bone": ("pelvis", "natural", lambda plant: plant.where == "touching"),
    "crops, as natural, free in the zones": ("crop", "natural", lambda plant: plant.where in ("soft", "any")),
    "crops, as natural, at the rim": ("crop", "natural", lambda plant: plant.where in ("rim", "beside")),
    "crops, as natural, touching bone": ("crop", "natural", lambda plant: plant.where == "touching"),
}


def froc(false: list[np.ndarray], hits: list[float]) -> list[float]:
    """Sensitivity at each point of false marks per hip."""
    ordered = np.sort(np.concatenate(false))[::-1]
    ranks = [min(int(point * len(false)), len(ordered) - 1) for point in POINTS]
    return [float(np.mean(np.array(hits) > ordered[rank])) if len(ordered) else 0.0 for rank in ranks]


def _best_hit(marks: tuple[np.ndarray, np.ndarray], plant: Plant, head_radius_px: float) -> float:
    places, strengths = marks
    near = np.hypot(*(places - (plant.row_px, plant.column_px)).T) <= max(plant.diameter_px / 2, 0.08 * head_radius_px)
    return float(strengths[near].max()) if near.any() else -np.inf


def peer_frocs(
    peer: Callable[[HipWindow], tuple[np.ndarray, np.ndarray]], hips: Iterable[BenchHip]
) -> dict[str, tuple[list[float], int]]:
    """Return a peer's sensitivities at the stated foci, all and from CNR 3, and at natural-like ones."""
    rng = np.random.default_rng(SEED)
    false, hits = [], []
    for bench in hips:
        false.append(peer(cut_window(bench.normalized, bench.hip))[1])
        for style in ("stated", "natural") * PEER_PLANTINGS:
            planted, truth = plant_foci(bench, style, rng)
            marks = peer(cut_window(planted, bench.hip))
            hits += [(style, plant.cnr, _best_hit(marks, plant, bench.hip.head_radius_px)) for plant in truth]
    parts = {
        "stated": [value for style, _, value in hits if style == "stated"],
        "stated, CNR >= 3": [value for style, cnr, value in hits if style == "stated" and cnr >= 3],
        "as natural": [value for style, _, value in hits if style == "natural"],
    }
    return {name: (froc(false, values), len(values)) for name, values in parts.items()}


def _line(name: str, values: list[float], count: int) -> str:
    return f"{name:62s}" + "".join(f"{value:7.2f}" for value in values) + f"{count:7d}"


def _scored(samples: list[Sample], models: dict, name: str) -> tuple[list[np.ndarray], list[float]]:
    source, style, belongs = TABLES[name]
    chosen = [s for s in samples if s.bench.source == source]
    false = [strength(models[s.bench.group], s.features) for s in chosen]
    hits = [
        _strongest(models, sample, planting, hit)
        for sample in chosen
        for planting in sample.plantings
        for plant, hit in zip(planting.truth, planting.hits, strict=True)
        if planting.style == style and belongs(plant)
    ]
    return false, hits


def _strongest(models: dict, sample: Sample, planting: Planting, hit: np.ndarray) -> float:
    return float(strength(models[sample.bench.group], planting.features)[hit].max(initial=-np.inf))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hips", type=int, help="only so many crops and so many pelves")
    parser.add_argument("--sheets", type=Path, metavar="FOLDER", help="draw the strongest mistakes there")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    hips = load_hips(most=asked.hips)
    samples = collect(hips, SEED)
    models = cross_validated(samples)
    print(f"{'sensitivity at false marks per hip of':62s}" + "".join(f"{p:7.2f}" for p in POINTS) + "  plants")
    for name in TABLES:
        false, hits = _scored(samples, models, name)
        if hits:
            print(_line(f"hipcalc, {name}", froc(false, hits), len(hits)))
    # A price cannot be counted on a few hips.
    if asked.hips is None:
        print("\ncounted false marks per hip on unseen halves of the patients: median (5th to 95th percentile)")
        for source in ("pelvis", "crop"):
            for nominal, (median, low, high) in spread_of_calibration(samples, source).items():
                print(f"  {source}, nominal {nominal:4.2f}: {median:.2f} ({low:.2f} to {high:.2f})")
    if asked.sheets is not None:
        draw_sheets(hips, models, asked.sheets)
    print("\npeers on the pelves, true frames given")
    for name, peer in PEERS.items():
        for part, (values, count) in peer_frocs(peer, [h for h in hips if h.source == "pelvis"]).items():
            print(_line(f"{name}, {part}", values, count), flush=True)


if __name__ == "__main__":
    main()
