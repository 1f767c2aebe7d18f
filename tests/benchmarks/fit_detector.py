"""Fit the detector's ranking and calibration on the real hips of ../shared/data, and write them to models/.

The ranking is a logistic regression of planted foci against every other spot; the calibration counts the spots of
hips without focus, each ranked by a model that was fitted without its patient.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from detector_data import BenchHip, Plant, load_hips, plant_foci
from scipy.optimize import minimize

from hipcalc.candidates.features import FEATURES
from hipcalc.candidates.finding import MeasuredSpots, measured_spots
from hipcalc.candidates.model import DetectorModel

MODEL = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / "detector-1"
SEED = 1
FOLDS = 5
PENALTY = 0.005
# All planted foci together weigh so much of all other spots together.
PLANTED_WEIGHT = 0.05
# A pelvis shows all of the zones, a crop its medial part: there are few pelves, so each counts more.
PELVIS_WEIGHT = 4.0
CALIBRATION_WEIGHT = {"crop": 0.25, "pelvis": 4.0}
PLANTINGS = {"crop": ("natural",), "pelvis": ("natural", "stated") * 3}
KNOTS = (20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.02)


@dataclass(frozen=True, kw_only=True, eq=False)
class Planting:
    """Features of every spot of a picture with planted foci, and which spots hit which plant."""

    style: str
    features: np.ndarray
    truth: tuple[Plant, ...]
    hits: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One hip: its spots before planting, and its plantings."""

    bench: BenchHip
    features: np.ndarray
    plantings: tuple[Planting, ...]
    zone_share: float

    @property
    def weight(self) -> float:
        return PELVIS_WEIGHT if self.bench.source == "pelvis" else 1.0


def hits_of(measured: MeasuredSpots, truth: tuple[Plant, ...]) -> tuple[np.ndarray, ...]:
    """Return, per plant, the spots whose centre lies in it, or within 0.08 head radii of its centre."""
    spots = np.array([(spot.row, spot.column) for spot in measured.spots]).reshape(-1, 2)
    centres = measured.window.to_image(spots[:, 0], spots[:, 1])
    near = 0.08 * measured.window.hip.head_radius_px
    return tuple(
        np.flatnonzero(np.hypot(*(centres - (p.row_px, p.column_px)).T) <= max(p.diameter_px / 2, near)) for p in truth
    )


def collect(hips: tuple[BenchHip, ...], seed: int = SEED) -> list[Sample]:
    """Run the detector up to its features on every hip, without and with planted foci."""
    rng = np.random.default_rng(seed)
    samples = []
    for bench in hips:
        plantings = []
        for style in PLANTINGS[bench.source]:
            planted, truth = plant_foci(bench, style, rng)
            measured = measured_spots(planted, bench.hip)
            plantings.append(
                Planting(style=style, features=measured.features, truth=truth, hits=hits_of(measured, truth))
            )
        bare = measured_spots(bench.normalized, bench.hip)
        samples.append(
            Sample(bench=bench, features=bare.features, plantings=tuple(plantings), zone_share=bare.window.zone_share)
        )
    return samples


def fit_ranking(samples: list[Sample]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centre, scale and weight of the features."""
    quick = [FEATURES.index("log_response"), FEATURES.index("log_meaning")]
    others = np.concatenate([s.features for s in samples])
    others_weight = np.concatenate([np.full(len(s.features), s.weight) for s in samples])
    planted, planted_weight = [], []
    for sample in samples:
        for planting in sample.plantings:
            for hit in planting.hits:
                if planting.style == "natural" and len(hit):
                    planted.append(planting.features[hit[np.argmax(planting.features[hit][:, quick].sum(axis=1))]])
                    planted_weight.append(sample.weight)
    x = np.concatenate([others, np.array(planted)])
    y = np.concatenate([np.zeros(len(others)), np.ones(len(planted))])
    w = np.concatenate(
        [others_weight / others_weight.sum(), PLANTED_WEIGHT * np.array(planted_weight) / np.sum(planted_weight)]
    )
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - centre) / scale

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = z @ b[1:] + b[0]
        residual = w * (1.0 / (1.0 + np.exp(-logit)) - y)
        value = float((w * (np.logaddexp(0.0, logit) - y * logit)).sum() + PENALTY * (b[1:] ** 2).sum())
        return value, np.concatenate([[residual.sum()], z.T @ residual + 2 * PENALTY * b[1:]])

    solution = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B")
    return centre, scale, solution.x[1:]


def cross_validated(samples: list[Sample]) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return, per patient group, a ranking that was fitted without it."""
    groups = sorted({sample.bench.group for sample in samples})
    order = np.random.default_rng(SEED).permutation(len(groups))
    models = {}
    for fold in range(FOLDS):
        out = {groups[k] for k in order[fold::FOLDS]}
        model = fit_ranking([s for s in samples if s.bench.group not in out])
        models |= dict.fromkeys(out, model)
    return models


def strength(model: tuple[np.ndarray, np.ndarray, np.ndarray], features: np.ndarray) -> np.ndarray:
    centre, scale, weight = model
    return ((features - centre) / scale) @ weight


def fit_calibration(samples: list[Sample], strengths: list[np.ndarray]) -> list[tuple[float, float]]:
    """Return (strength, marks per hip) knots, from the strengths of all spots of each hip without focus."""
    weights = [CALIBRATION_WEIGHT[s.bench.source] for s in samples]
    hips = sum(w * s.zone_share for w, s in zip(weights, samples, strict=True))
    values = np.concatenate(strengths)
    counted = np.concatenate([np.full(len(s), w) for s, w in zip(strengths, weights, strict=True)])
    order = np.argsort(-values)
    marks = np.cumsum(counted[order]) / hips
    found = [(float(values[order][k]), m) for m in KNOTS if (k := int(np.searchsorted(marks, m))) < len(values)]
    # Equal strengths would break the interpolation.
    return [knot for i, knot in enumerate(found) if i == 0 or knot[0] > found[i - 1][0] + 1e-3]


def as_model(ranking: tuple[np.ndarray, np.ndarray, np.ndarray], knots: list[tuple[float, float]]) -> DetectorModel:
    centre, scale, weight = ranking
    return DetectorModel(
        centre=centre,
        scale=scale,
        weight=weight,
        knots_strength=np.array([k[0] for k in knots]),
        knots_log_marks=np.log([k[1] for k in knots]),
    )


def spread_of_calibration(samples: list[Sample], source: str) -> dict[float, tuple[float, float, float]]:
    """Return counted marks per hip at each nominal value, on unseen halves of the patients: median, 5th, 95th."""
    groups = sorted({s.bench.group for s in samples})
    models = cross_validated(samples)
    scored = [(s, strength(models[s.bench.group], s.features)) for s in samples]
    counted: dict[float, list[float]] = {0.1: [], 0.25: [], 0.5: [], 1.0: []}
    rng = np.random.default_rng(SEED)
    for _ in range(200):
        chosen = set(rng.permutation(groups)[: len(groups) // 2].tolist())
        seen = [row for row in scored if row[0].bench.group in chosen]
        unseen = [row for row in scored if row[0].bench.group not in chosen and row[0].bench.source == source]
        model = as_model(models[groups[0]], fit_calibration([s for s, _ in seen], [v for _, v in seen]))
        for nominal, values in counted.items():
            marks = [(model.expected_false_marks(v) * s.zone_share <= nominal).sum() for s, v in unseen]
            values.append(float(np.mean(marks)))
    return {n: tuple(np.percentile(v, [50, 5, 95]).tolist()) for n, v in counted.items()}  # type: ignore[misc]


def main() -> None:
    """Fit, write and print."""
    cv2.setNumThreads(1)
    samples = collect(load_hips())
    ranking = fit_ranking(samples)
    models = cross_validated(samples)
    unseen = [strength(models[s.bench.group], s.features) for s in samples]
    knots = fit_calibration(samples, unseen)
    centre, scale, weight = ranking
    features = {
        name: {"centre": round(float(c), 5), "scale": round(float(s), 5), "weight": round(float(w), 4)}
        for name, c, s, w in zip(FEATURES, centre, scale, weight, strict=True)
    }
    MODEL.mkdir(exist_ok=True)
    (MODEL / "ranking.json").write_text(json.dumps({"features": features}, indent=2) + "\n", encoding="utf-8")
    table = [{"strength": round(s, 4), "marks_per_hip": m} for s, m in knots]
    (MODEL / "calibration.json").write_text(json.dumps({"knots": table}, indent=2) + "\n", encoding="utf-8")
    sources = [s.bench.source for s in samples]
    print(f"{sources.count('crop')} crops, {sources.count('pelvis')} hips of pelves, ", end="")
    print(f"{sum(len(h) > 0 for s in samples for p in s.plantings for h in p.hits)} planted foci proposed")
    for name, row in features.items():
        print(f"  {name:24s} weight {row['weight']:6.2f}")
    for source in ("pelvis", "crop"):
        for nominal, (median, low, high) in spread_of_calibration(samples, source).items():
            print(f"  {source}, nominal {nominal:4.2f}: counted {median:.2f} ({low:.2f} to {high:.2f})")
    assert all(math.isfinite(s) for s, _ in knots)


if __name__ == "__main__":
    main()
