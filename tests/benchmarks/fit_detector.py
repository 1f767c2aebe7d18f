"""Fit the detector's ranking and calibration on the real hips of ../shared/data, and write them to models/.

The ranking is a logistic regression of planted foci against every other spot; standing out from what other hips
explain raises a spot by the odds of a strength that it shares with rarer ones; the calibration counts the spots of hips
without focus, each ranked by a model, and seen beside an atlas, that were fitted without its patient. Run after
fit_atlas.py.
"""

import json
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from detector_data import BenchHip, load_hips
from fit_atlas import atlas_without
from planted import Plant, Style, as_processed, as_stored, plant_foci, plant_traps, with_clouds, with_eyelet
from scipy.optimize import minimize

from hipcalc.candidates.features import FEATURES
from hipcalc.candidates.finding import MeasuredSpots, controlled, measured_spots
from hipcalc.candidates.model import MODEL as MODEL_NAME
from hipcalc.candidates.model import PAIRED, DetectorModel, Price, Raised
from hipcalc.candidates.window import REGIONS
from hipcalc.normalize import NormalizedRadiograph

MODEL = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / MODEL_NAME
SEED = 1
FOLDS = 5
PENALTY = 0.01
# All planted foci together weigh so much of all other spots together.
PLANTED_WEIGHT = 0.05
# Only the strongest spots of a hip are ever marked: the second fit looks at so many of each.
STRONGEST = 10
# A pelvis shows all of the zones, a crop its medial part: there are few pelves, so each counts more, all of them as
# much as all crops.
PELVIS_WEIGHT = 8.0
# With fewer, weights and prices would be those of the draw alone.
PLANTINGS: dict[str, tuple[Style, ...]] = {"crop": ("natural",) * 3, "pelvis": ("natural",) * 16}
TRAPS = plant_traps, with_clouds
# One picture in so many bears an eyelet among the traps: they are rarer than rings of mineral, and look like them.
EYELET_EVERY = 4
# So many marks, counted where they were expected, are added to those of either kind of picture: pelves are few.
PRIOR_MARKS = 5.0
# Of every hip: as it is, as stored, as processed.
VIEWS = 3
# Marks by standing out from other hips to those by the ranking, at every strength.
RAISED_SHARE = 0.5
# Marks by the ranking at which that is read. Beyond the last, standing out alone makes no mark cheaper.
RAISED_KNOTS = (3.0, 2.0, 1.0, 0.5, 0.25)
KNOTS = (20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.02)

# A price's logarithm that stays what it is.
AS_IT_IS = [(-9.0, math.exp(9.0)), (9.0, math.exp(-9.0))]

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]
Knots = list[tuple[float, float]]
Trap = Callable[[BenchHip, np.random.Generator], NormalizedRadiograph]
Calibration = tuple[list[Knots], dict[bool, Knots]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Centre, scale and weight of the features, and what raises a spot besides."""

    weights: Weights
    raised: Raised


@dataclass(frozen=True, kw_only=True, eq=False)
class Planting:
    """Features of every spot of a picture with planted foci, and which spots hit which plant."""

    style: str
    features: np.ndarray
    truth: tuple[Plant, ...]
    hits: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One hip: its spots as it is, stored as an 8-bit JPEG, processed for display, with planted traps; its plantings.

    `paired` where the other hip was its control.
    """

    bench: BenchHip
    features: np.ndarray
    stored: np.ndarray
    traps: tuple[np.ndarray, ...]
    plantings: tuple[Planting, ...]
    regions: np.ndarray
    stored_regions: np.ndarray
    processed: np.ndarray
    processed_regions: np.ndarray
    region_shares: tuple[float, ...]
    paired: bool

    @property
    def views(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Features and regions of the spots, as the picture is, as stored and as processed."""
        return (
            (self.features, self.regions),
            (self.stored, self.stored_regions),
            (self.processed, self.processed_regions),
        )

    @property
    def weight(self) -> float:
        return PELVIS_WEIGHT if self.bench.source == "pelvis" else 1.0


def spots_of(picture: NormalizedRadiograph, bench: BenchHip) -> MeasuredSpots:
    """Return what is measured in a picture of a hip, beside an atlas that was fitted without its patient."""
    return measured_spots(picture, bench.hip, atlas=atlas_without(bench))


def hits_of(measured: MeasuredSpots, truth: tuple[Plant, ...]) -> tuple[np.ndarray, ...]:
    """Return, per plant, the spots whose centre lies in it, or within 0.08 head radii of its centre."""
    spots = np.array([(spot.row, spot.column) for spot in measured.spots]).reshape(-1, 2)
    centres = measured.window.to_image(spots[:, 0], spots[:, 1])
    near = 0.08 * measured.window.hip.head_radius_px
    return tuple(
        np.flatnonzero(np.hypot(*(centres - (p.row_px, p.column_px)).T) <= max(p.diameter_px / 2, near)) for p in truth
    )


def collect(
    hips: tuple[BenchHip, ...], seed: int = SEED, plantings: dict[str, tuple[Style, ...]] = PLANTINGS
) -> list[Sample]:
    """Run the detector up to its features on every hip, without and with planted foci."""
    bare = [spots_of(bench.normalized, bench) for bench in hips]
    samples = []
    for number, bench in enumerate(hips):
        # By its name, so that a hip that is left out changes nothing in the others.
        own = zlib.crc32(bench.name.encode())
        rng = np.random.default_rng((seed, own))
        traps = TRAPS if own % EYELET_EVERY else (*TRAPS, with_eyelet)
        other = other_hip(hips, bare, number)
        samples.append(_sample(bench, bare[number], other, plantings[bench.source], traps, rng))
    return samples


def other_hip(hips: tuple[BenchHip, ...], bare: list[MeasuredSpots], number: int) -> MeasuredSpots | None:
    """Return what was measured in the other hip of the same pelvis, the control of one of them."""
    mine = hips[number]
    if mine.source == "crop":
        return None
    others = [k for k, bench in enumerate(hips) if bench.group == mine.group and k != number]
    return bare[others[0]] if others else None


def _sample(
    bench: BenchHip,
    bare: MeasuredSpots,
    other: MeasuredSpots | None,
    styles: tuple[Style, ...],
    traps: tuple[Trap, ...],
    rng: np.random.Generator,
) -> Sample:
    def features(picture: NormalizedRadiograph) -> np.ndarray:
        return controlled(spots_of(picture, bench), other).features

    plantings = []
    for number, style in enumerate(styles):
        planted, truth = plant_foci(bench, style, rng)
        measured = controlled(spots_of(as_stored(planted, rng) if number % 2 else planted, bench), other)
        plantings.append(Planting(style=style, features=measured.features, truth=truth, hits=hits_of(measured, truth)))
    stored = spots_of(as_stored(bench.normalized, rng), bench)
    trapped = tuple(features(trap(bench, rng)) for trap in traps)
    processed = spots_of(as_processed(bench, rng), bench)
    return Sample(
        bench=bench,
        features=controlled(bare, other).features,
        stored=controlled(stored, other).features,
        traps=trapped,
        plantings=tuple(plantings),
        regions=regions_of(bare),
        stored_regions=regions_of(stored),
        processed=controlled(processed, other).features,
        processed_regions=regions_of(processed),
        region_shares=bare.window.region_shares,
        paired=other is not None,
    )


def fit_ranking(samples: list[Sample]) -> Ranking:
    """Return the weights of the features, and what raises a spot besides.

    The weights are fitted twice: first on all spots, then on those that the first fit ranks highest in their picture.
    """
    everything = np.concatenate([f for s in samples for f in (s.features, *s.traps)])[:, :-1]
    centre, scale = everything.mean(axis=0), everything.std(axis=0) + 1e-6
    start = np.array([max(sign, 0) for sign in FEATURES.values()], float)
    weight = _fitted(samples, (centre, scale, start), most=None)
    weights = centre, scale, _fitted(samples, (centre, scale, weight), most=STRONGEST)
    return Ranking(weights=weights, raised=_fitted_raised(samples, weights))


def _fitted_raised(samples: list[Sample], weights: Weights) -> Raised:
    """Return which strength costs as many marks as so much standing out, by their share, in hips without a focus."""
    views = [(s, f) for s in samples for f, _ in s.views]
    weight = np.concatenate([np.full(len(f), s.weight) for s, f in views])
    hips = sum(s.weight for s, _ in views)
    features = np.concatenate([f for _, f in views])

    def at(values: np.ndarray, marks: float) -> float:
        order = np.argsort(-values)
        return float(values[order][np.searchsorted(np.cumsum(weight[order]) / hips, marks)])

    return Raised(
        stands_out=np.array([at(features[:, -1], RAISED_SHARE * marks) for marks in RAISED_KNOTS]),
        at_least=np.array([at(ranked(weights, features), marks) for marks in RAISED_KNOTS]),
    )


def _fitted(samples: list[Sample], weights: Weights, most: int | None) -> np.ndarray:
    """Weights of a logistic regression on the spots that a ranking puts first, their signs held to what they may be."""
    negative, negative_weight = [], []
    for sample in samples:
        for features in (sample.features, sample.stored, *sample.traps):
            chosen = features[np.argsort(-ranked(weights, features))[:most]]
            negative.append(chosen)
            negative_weight.append(np.full(len(chosen), sample.weight))
    positive, w1 = _planted_spots(samples, weights)
    others, w0 = np.concatenate(negative), np.concatenate(negative_weight)
    z = (np.concatenate([others, positive])[:, :-1] - weights[0]) / weights[1]
    y = np.concatenate([np.zeros(len(others)), np.ones(len(positive))])
    share = PLANTED_WEIGHT if most is None else 0.3
    w = np.concatenate([w0 / w0.sum(), share * w1 / w1.sum()])

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = z @ b[1:] + b[0]
        residual = w * (1.0 / (1.0 + np.exp(-logit)) - y)
        value = float((w * (np.logaddexp(0.0, logit) - y * logit)).sum() + PENALTY * (b[1:] ** 2).sum())
        return value, np.concatenate([[residual.sum()], z.T @ residual + 2 * PENALTY * b[1:]])

    bounds = [(None, None)] + [{1: (0.0, None), -1: (None, 0.0), 0: (None, None)}[s] for s in FEATURES.values()]
    return minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x[1:]


def _planted_spots(samples: list[Sample], weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of the strongest spot on every natural plant that was proposed, and the plants' weights.

    The plants of a hip weigh together as much as the hip.
    """
    positive, shares = [], []
    for sample in samples:
        natural = [p for p in sample.plantings if p.style == "natural"]
        planted = sum(len(planting.truth) for planting in natural)
        for planting in natural:
            for hit in planting.hits:
                if len(hit):
                    rows = planting.features[hit]
                    positive.append(rows[np.argmax(ranked(weights, rows))])
                    shares.append(sample.weight / planted)
    return np.array(positive), np.array(shares)


def cross_validated(samples: list[Sample]) -> dict[str, Ranking]:
    """Return, per patient group, a ranking that was fitted without it."""
    groups = sorted({sample.bench.group for sample in samples})
    order = np.random.default_rng(SEED).permutation(len(groups))
    models = {}
    for fold in range(FOLDS):
        out = {groups[k] for k in order[fold::FOLDS]}
        model = fit_ranking([s for s in samples if s.bench.group not in out])
        models |= dict.fromkeys(out, model)
    return models


def ranked(weights: Weights, features: np.ndarray) -> np.ndarray:
    """Return the weighted sum of the features, without what else raises a spot."""
    centre, scale, weight = weights
    return ((features[:, :-1] - centre) / scale) @ weight


def strength(ranking: Ranking, features: np.ndarray) -> np.ndarray:
    return np.logaddexp(ranked(ranking.weights, features), ranking.raised.strength(features[:, -1]))


def regions_of(measured: MeasuredSpots) -> np.ndarray:
    """Return which region each spot lies in."""
    rows, columns = measured.window.region.shape
    places = np.array([(spot.row, spot.column) for spot in measured.spots]).reshape(-1, 2).round().astype(int)
    return measured.window.region[places[:, 0].clip(0, rows - 1), places[:, 1].clip(0, columns - 1)]


def fit_calibration(samples: list[Sample], models: dict[str, Ranking]) -> Calibration:
    """Return the knots (strength, marks) per region and the adapted ones, from hips without focus.

    Counted are the spots of the pictures as they are, as stored and as processed, each ranked without its patient.
    """
    views = [(s, strength(models[s.bench.group], f), r) for s in samples for f, r in s.views]
    weights = np.array([s.weight for s, _, _ in views])
    value = np.concatenate([v for _, v, _ in views])
    region = np.concatenate([r for _, _, r in views])
    weight = np.concatenate([np.full(len(v), w) for (_, v, _), w in zip(views, weights, strict=True)])
    shown = np.array([s.region_shares for s, _, _ in views])
    knots = [
        _knots(value[region == number], weight[region == number], float(weights @ shown[:, number]))
        for number in range(len(REGIONS))
    ]
    # As if every price were counted as it is, until it is known what the rates make of it.
    model = as_model(next(iter(models.values())), (knots, dict.fromkeys(PAIRED, AS_IT_IS)))
    cheapness = [-np.log(model.price(v, s.region_shares) * model.rate(v, s.region_shares)) for s, v, _ in views]
    pooled = _knots(np.concatenate(cheapness), weight, float(weights.sum()))
    kinds = {p: [c for (s, _, _), c in zip(views, cheapness, strict=True) if s.paired == p] for p in PAIRED}
    return knots, {paired: _shrunk(pooled, own) for paired, own in kinds.items()}


def _shrunk(pooled: Knots, own: list[np.ndarray]) -> Knots:
    """Return the knots of one kind of picture, all views of every hip, drawn towards those of all.

    The mean of a gamma distribution by a Poisson count: what all hips together let expect counts as so many marks more.
    """
    values, hips = np.concatenate([np.empty(0), *own]), len(own) / VIEWS
    return [
        (at, marks * (np.count_nonzero(values >= at) / VIEWS + PRIOR_MARKS) / (marks * hips + PRIOR_MARKS))
        for at, marks in pooled
    ]


def _knots(values: np.ndarray, weight: np.ndarray, shown: float) -> Knots:
    order = np.argsort(-values)
    marks = np.cumsum(weight[order]) / shown
    # Fewer than three marks, each seen in every view, tell nothing of the price: beyond, the last slope goes on.
    least = marks[min(3 * VIEWS, len(marks)) - 1]
    found = [
        (float(values[order][k]), m)
        for m in KNOTS
        if m >= least and (k := int(np.searchsorted(marks, m))) < len(values)
    ]
    # Equal strengths would break the interpolation.
    return [knot for i, knot in enumerate(found) if i == 0 or knot[0] > found[i - 1][0] + 0.02]


def as_model(ranking: Ranking, calibration: Calibration) -> DetectorModel:
    centre, scale, weight = ranking.weights
    regions, adapted = calibration
    return DetectorModel(
        centre=centre,
        scale=scale,
        weight=weight,
        raised=ranking.raised,
        prices=tuple(_price(knots) for knots in regions),
        adapted={paired: _price(knots) for paired, knots in adapted.items()},
    )


def _price(knots: Knots) -> Price:
    return Price(strength=np.array([s for s, _ in knots]), log_marks=np.log([m for _, m in knots]))


def spread_of_calibration(samples: list[Sample], counted: list[Sample]) -> dict[float, tuple[float, float, float]]:
    """Return counted marks per hip at each nominal value, on unseen halves of the patients: mean, 5th, 95th percentile.

    Fitted on `samples`, counted in `counted`: some of the same hips, or pictures of them, or of none of their patients.
    """
    groups = sorted({s.bench.group for s in samples})
    models = cross_validated(samples)
    whole = fit_ranking(samples)
    marks: dict[float, list[float]] = {0.1: [], 0.25: [], 0.5: [], 1.0: []}
    rng = np.random.default_rng(SEED)
    for _ in range(100):
        chosen = set(rng.permutation(groups)[: len(groups) // 2].tolist())
        model = as_model(models[groups[0]], fit_calibration([s for s in samples if s.bench.group in chosen], models))
        unseen = [s for s in counted if s.bench.group not in chosen]
        if not unseen:
            continue
        prices = [marks_of(model, models.get(s.bench.group, whole), s) for s in unseen]
        for nominal, values in marks.items():
            values.append(float(np.mean([(price <= nominal).sum() for price in prices])))
    return {n: (float(np.mean(v)), *np.percentile(v, (5, 95)).tolist()) for n, v in marks.items()}  # type: ignore[misc]


def marks_of(model: DetectorModel, ranking: Ranking, sample: Sample) -> np.ndarray:
    """Return the expected false marks of a hip's spots, ranked by a model that has not seen its patient."""
    values = strength(ranking, sample.features)
    rate = model.rate(values, sample.region_shares)
    return model.expected_false_marks(values, sample.region_shares, rate, sample.paired)


def _table(knots: Knots) -> list[dict[str, float]]:
    return [{"strength": round(s, 4), "marks_per_hip": round(m, 4)} for s, m in knots]


def fit_and_write(samples: list[Sample]) -> None:
    """Fit, write and print."""
    ranking = fit_ranking(samples)
    knots, adapted = fit_calibration(samples, cross_validated(samples))
    centre, scale, weight = ranking.weights
    features = {
        name: {"centre": round(float(c), 5), "scale": round(float(s), 5), "weight": round(float(w), 4)}
        for name, c, s, w in zip(FEATURES, centre, scale, weight, strict=True)
    }
    MODEL.mkdir(exist_ok=True)
    raised = [
        {"stands_out": round(float(x), 4), "at_least": round(float(y), 4)}
        for x, y in zip(ranking.raised.stands_out, ranking.raised.at_least, strict=True)
    ]
    (MODEL / "ranking.json").write_text(
        json.dumps({"features": features, "raised": raised}, indent=2) + "\n", encoding="utf-8"
    )
    regions = {name: _table(rows) for name, rows in zip(REGIONS, knots, strict=True)}
    calibration = {"regions": regions, "adapted": {PAIRED[paired]: _table(rows) for paired, rows in adapted.items()}}
    (MODEL / "calibration.json").write_text(json.dumps(calibration, indent=2) + "\n", encoding="utf-8")
    sources = [s.bench.source for s in samples]
    print(f"{sources.count('crop')} crops, {sources.count('pelvis')} hips of pelves, ", end="")
    print(f"{sum(len(h) > 0 for s in samples for p in s.plantings for h in p.hits)} planted foci proposed")
    for name, row in features.items():
        print(f"  {name:24s} weight {row['weight']:6.2f}")
    for source in ("pelvis", "crop"):
        counted = [s for s in samples if s.bench.source == source]
        for nominal, (mean, low, high) in spread_of_calibration(samples, counted).items():
            print(f"  {source}, nominal {nominal:4.2f}: counted {mean:.2f} ({low:.2f} to {high:.2f})")
    assert all(math.isfinite(s) for rows in knots for s, _ in rows)


def main() -> None:
    """Plant into every hip, and fit."""
    cv2.setNumThreads(1)
    fit_and_write(collect(load_hips()))


if __name__ == "__main__":
    main()
