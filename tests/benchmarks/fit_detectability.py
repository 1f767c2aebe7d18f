"""Fit what is known of planted foci's strengths before anything is planted in a hip, and write it to models/.

Run after fit_detector.py: the strengths are those of its model.
"""

import json

import cv2
import numpy as np
from detector_data import BenchHip, load_hips
from fit_detector import MODEL
from scipy.stats import norm

from hipcalc.candidates import MOST_FALSE_MARKS, strengths_at
from hipcalc.candidates.finding import measured_spots
from hipcalc.detectability.limit import STATED_CNR
from hipcalc.detectability.planting import MOST_PLACES, PlantedFoci, plant_and_find
from hipcalc.detectability.regression import RESIDUAL_LEVELS, StrengthModel, Trend, terms

ROUNDS = 8
TISSUES = ("soft tissue", "bone")
# Coefficients of hips differ at least so much.
LEAST_SPREAD = 0.1

Planted = tuple[PlantedFoci, float]


def planted_in(hips: tuple[BenchHip, ...], at_once: int = MOST_PLACES) -> list[Planted]:
    """Plant into every hip that has room; return the plants and the weakest strength that is reported there."""
    found = []
    for bench in hips:
        planted = plant_and_find(bench.normalized, bench.hip, STATED_CNR, None, at_once=at_once)
        if len(planted.place):
            measured = measured_spots(bench.normalized, bench.hip)
            found.append((planted, strengths_at((MOST_FALSE_MARKS,), measured, None)[0]))
    return found


def crowding(together: list[Planted], alone: list[Planted]) -> float:
    """Return how much stronger the same foci are marked alone, where both are marked."""
    one, other = (np.concatenate([p.strength for p, _ in planted]) for planted in (alone, together))
    both = np.isfinite(one) & np.isfinite(other)
    return float((one[both] - other[both]).mean())


def fit_trend(planted: list[Planted], crowding: float) -> Trend:
    """Return mean and spread of the coefficients over hips, by empirical Bayes."""
    strengths = np.concatenate([np.maximum(p.strength, floor) for p, floor in planted])
    x = np.concatenate([terms(p.diameter, p.cnr) for p, _ in planted])
    start = np.linalg.lstsq(x, strengths, rcond=None)[0]
    trend = Trend(
        mean=start,
        spread=np.ones(len(start)),
        deviation=float((strengths - x @ start).std()),
        crowding=crowding,
        residual=norm.ppf(RESIDUAL_LEVELS),
    )
    for _ in range(ROUNDS):
        fits = [StrengthModel.fitted(p.diameter, p.cnr, p.strength, floor, trend) for p, floor in planted]
        b = np.array([fit.coefficient for fit in fits])
        unsure = np.mean([np.diag(fit.covariance) for fit in fits], axis=0)
        over = [
            (np.maximum(p.strength, floor) - terms(p.diameter, p.cnr) @ fit.coefficient) / fit.deviation
            for fit, (p, floor) in zip(fits, planted, strict=True)
        ]
        trend = Trend(
            mean=b.mean(axis=0),
            spread=np.sqrt(np.maximum(b.var(axis=0) + unsure, LEAST_SPREAD**2)),
            deviation=float(np.sqrt(np.mean([fit.deviation**2 for fit in fits]))),
            crowding=crowding,
            # What was not marked counts at the weakest strength that is reported: it lies in the lowest quantiles.
            residual=np.quantile(np.concatenate(over), RESIDUAL_LEVELS),
        )
    return trend


def as_table(trend: Trend) -> dict[str, float | list[float]]:
    """Return a trend as it is written."""
    return {
        "mean": trend.mean.round(4).tolist(),
        "spread": trend.spread.round(4).tolist(),
        "deviation": round(trend.deviation, 4),
        "crowding": round(trend.crowding, 4),
        "residual": trend.residual.round(3).tolist(),
    }


def main() -> None:
    """Fit, write and print."""
    cv2.setNumThreads(1)
    hips = load_hips(annotated_only=True)
    together, alone = planted_in(hips), planted_in(hips, at_once=1)
    table: dict[str, object] = {"terms": ["1", "log(diameter / 0.14 head radii)", "its square", "log(cnr / 4)"]}
    for tissue in TISSUES:
        own, single = ([row for row in planted if row[0].tissue == tissue] for planted in (together, alone))
        table[tissue] = as_table(fit_trend(own, crowding(own, single)))
        print(f"{tissue}: {len(own)} hips, {sum(len(p.place) for p, _ in own)} planted foci")
    (MODEL / "detectability.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
