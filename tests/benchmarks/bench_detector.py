"""Foci planted into real hips: the detector's FROC beside its peers, and the calibration of its price in false marks.

The same pictures and zones for all; every ranking of ours is cross-validated by patient. With `--sheets FOLDER`, the
strongest false marks and missed plants are drawn there, to be looked at (never inside the project). The peers see every
second pelvis hip, each with three stated and three natural plantings; `--plot FILE` draws the curves. `--hips 8` looks
at 8 crops and 8 pelves only, and counts no price.
"""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from contact_sheets import draw_sheets
from detector_data import BenchHip, load_hips
from fit_detector import Planting, Ranking, Sample, collect, cross_validated, spots_of, spread_of_calibration, strength
from froc_plot import Scores, draw_froc
from peers import PEERS
from planted import Plant, Style, plant_foci
from price_data import otherwise_pictured

from hipcalc.candidates.window import cut_window
from hipcalc.normalize import NormalizedRadiograph

POINTS = (0.1, 0.25, 0.5, 1.0)
SEED = 2
PLANTINGS: dict[str, tuple[Style, ...]] = {"crop": ("natural",) * 2, "pelvis": ("natural", "stated") * 8}
# The peers together take seconds per window.
PEER_EVERY = 2
PEER_PLANTINGS = 3
PANELS = {"stated": "soft tissue, CNR 2 to 7", "natural": "like natural foci, every place"}
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
    return [float(np.mean(np.array(hits) > threshold)) for threshold in thresholds(false)]


def thresholds(false: list[np.ndarray]) -> list[float]:
    """Strength above which each number of false marks per hip is counted."""
    ordered = np.sort(np.concatenate(false))[::-1]
    ranks = [min(int(point * len(false)), len(ordered) - 1) for point in POINTS]
    return [float(ordered[rank]) if len(ordered) else np.inf for rank in ranks]


def best_hit(marks: tuple[np.ndarray, np.ndarray], plant: Plant, head_radius_px: float) -> float:
    places, strengths = marks
    near = np.hypot(*(places - (plant.row_px, plant.column_px)).T) <= max(plant.diameter_px / 2, 0.08 * head_radius_px)
    return float(strengths[near].max()) if near.any() else -np.inf


def side_by_side(hips: Iterable[BenchHip], models: dict[str, Ranking]) -> dict[str, Scores]:
    """Return, for the detector and every peer, its marks on the same planted foci and hips.

    The detector ranks each hip by weights that were fitted without its patient.
    """
    rng = np.random.default_rng(SEED)
    false: dict[str, list[np.ndarray]] = {}
    hits: dict[str, list[tuple[str, float, float]]] = {}
    for bench in hips:
        finders = {"hipcalc": lambda window, picture, bench=bench: _own_marks(picture, bench, models[bench.group])}
        finders |= {name: lambda window, picture, peer=peer: peer(window) for name, peer in PEERS.items()}
        styles: tuple[Style, ...] = ("stated", "natural") * PEER_PLANTINGS
        planted = [(style, *plant_foci(bench, style, rng)) for style in styles]
        pictures = [("", bench.normalized, ()), *planted]
        for style, picture, truth in pictures:
            window = cut_window(picture, bench.hip)
            for name, find in finders.items():
                marks = find(window, picture)
                if not style:
                    false.setdefault(name, []).append(marks[1])
                found = [(style, plant.cnr, best_hit(marks, plant, bench.hip.head_radius_px)) for plant in truth]
                hits.setdefault(name, []).extend(found)
    return {name: (false[name], hits[name]) for name in false}


def _parts(false: list[np.ndarray], hits: list[tuple[str, float, float]]) -> dict[str, tuple[list[float], int]]:
    parts = {
        "stated": [value for style, _, value in hits if style == "stated"],
        "stated, CNR >= 3": [value for style, cnr, value in hits if style == "stated" and cnr >= 3],
        "as natural": [value for style, _, value in hits if style == "natural"],
    }
    return {name: (froc(false, values), len(values)) for name, values in parts.items()}


def _own_marks(picture: NormalizedRadiograph, bench: BenchHip, ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    measured = spots_of(picture, bench)
    places = np.array([(spot.row, spot.column) for spot in measured.spots]).reshape(-1, 2)
    return measured.window.to_image(places[:, 0], places[:, 1]), strength(ranking, measured.features)


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
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves beside the peers' there")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    hips = load_hips(most=asked.hips)
    samples = collect(hips, SEED, PLANTINGS)
    models = cross_validated(samples)
    print(f"{'sensitivity at false marks per hip of':62s}" + "".join(f"{p:7.2f}" for p in POINTS) + "  plants")
    for name in TABLES:
        false, hits = _scored(samples, models, name)
        if hits:
            print(_line(f"hipcalc, {name}", froc(false, hits), len(hits)))
    # A price cannot be counted on a few hips.
    if asked.hips is None:
        print("\ncounted false marks per hip on unseen halves of the patients: mean (5th to 95th percentile)")
        for name, counted in otherwise_pictured(samples).items():
            cells = [f"{m:.2f} ({a:.2f}-{b:.2f})" for m, a, b in spread_of_calibration(samples, counted).values()]
            print(f"  {name:32s}" + "  ".join(cells), flush=True)
    if asked.sheets is not None:
        draw_sheets(hips, models, asked.sheets)
    print("\nside by side on the same pelves and plants, true frames given")
    scores = side_by_side([h for h in hips if h.source == "pelvis"][::PEER_EVERY], models)
    for name, score in scores.items():
        for part, (values, count) in _parts(*score).items():
            print(_line(f"{name}, {part}", values, count))
    if asked.plot is not None:
        draw_froc(scores, PANELS, asked.plot)


if __name__ == "__main__":
    main()
