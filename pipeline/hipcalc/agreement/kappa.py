"""Chance-corrected agreement on yes or no, with what explains a low one and an interval that respects patients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from hipcalc.evaluate.froc import interval

__all__ = ["Kappa", "kappa_of"]

RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Kappa:
    """Agreement of two or more readers on the same units.

    Attributes
    ----------
    statistic : str
        Cohen's kappa of two readers, Fleiss' of more.
    value, low, high : float
        Kappa and its 95% interval; NaN where everybody said the same of everything, or there are no units. There is
        no interval either where every sample of patients says the same, as where all readers agree.
    asymptotic_low, asymptotic_high : float
        The interval of Cohen's kappa from its large-sample standard error (Fleiss, Cohen and Everitt 1969), as if
        units were independent; NaN for more readers.
    observed : float
        Share of pairs of readers who agree, over all units.
    adjusted : float
        Prevalence- and bias-adjusted kappa, 2 x observed - 1 (Byrt, Bishop and Carlin 1993).
    prevalence_index, bias_index : float
        Of Byrt, Bishop and Carlin: difference of the shares of units that both called positive and both negative; and,
        for two readers, difference of their shares of positive units. For more readers the former is the same
        difference over all pairs, and the latter NaN.
    units, patients : int
    """

    statistic: str
    value: float
    low: float
    high: float
    asymptotic_low: float
    asymptotic_high: float
    observed: float
    adjusted: float
    prevalence_index: float
    bias_index: float
    units: int
    patients: int


def kappa_of(ratings: NDArray[np.bool_], patients: NDArray[np.int64], rng: np.random.Generator) -> Kappa:
    """Measure how far readers agree.

    The interval is a percentile bootstrap over patients: both hips of a patient, and all foci of a hip, hang together,
    so that standard errors for independent units, which are what statsmodels gives, would be too small.

    Parameters
    ----------
    ratings : ndarray of bool, shape (n_units, n_readers)
        At least two readers.
    patients : ndarray of int, shape (n_units,)
        Whose each unit is.
    rng : numpy.random.Generator
    """
    units, readers = ratings.shape
    positive = ratings.sum(axis=1)
    pairs = readers * (readers - 1) / 2
    both_yes = float((positive * (positive - 1) / 2 / pairs).mean()) if units else np.nan
    negative = readers - positive
    both_no = float((negative * (negative - 1) / 2 / pairs).mean()) if units else np.nan
    low, high = interval(_resampled(ratings, patients, rng))
    asymptotic = _asymptotic(ratings) if readers == 2 else (np.nan, np.nan)
    is_pair = readers == 2 and units > 0
    return Kappa(
        statistic="Cohen's kappa" if readers == 2 else "Fleiss' kappa",
        value=_kappa(ratings),
        low=low,
        high=high,
        asymptotic_low=asymptotic[0],
        asymptotic_high=asymptotic[1],
        observed=both_yes + both_no,
        adjusted=2 * (both_yes + both_no) - 1,
        prevalence_index=both_yes - both_no,
        bias_index=float(ratings[:, 0].mean() - ratings[:, 1].mean()) if is_pair else np.nan,
        units=units,
        patients=len(np.unique(patients)),
    )


def _kappa(ratings: NDArray[np.bool_]) -> float:
    # Without units, or with one answer alone, chance explains everything: kappa is 0 / 0.
    if ratings.size == 0 or ratings.all() or not ratings.any():
        return float("nan")
    if ratings.shape[1] == 2:
        return float(cohens_kappa(_table(ratings), return_results=False))
    positive = ratings.sum(axis=1)
    return float(fleiss_kappa(np.column_stack([positive, ratings.shape[1] - positive])))


def _table(ratings: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how often the two readers said (no, yes), shape (2, 2)."""
    return np.bincount(2 * ratings[:, 0] + ratings[:, 1], minlength=4).reshape(2, 2)


def _asymptotic(ratings: NDArray[np.bool_]) -> tuple[float, float]:
    value = _kappa(ratings)
    # The standard error supposes that each reader gave both answers.
    if not np.isfinite(value) or (ratings == ratings[:1]).all(axis=0).any():
        return float("nan"), float("nan")
    half = float(norm.ppf(0.975) * cohens_kappa(_table(ratings)).std_kappa)
    return value - half, value + half


def _resampled(
    ratings: NDArray[np.bool_], patients: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    numbers = np.unique(patients, return_inverse=True)[1]
    rows = [np.flatnonzero(numbers == number) for number in range(int(numbers.max(initial=-1)) + 1)]
    if not rows:
        return np.array([np.nan])
    drawn = (rng.integers(0, len(rows), len(rows)) for _ in range(RESAMPLES))
    return np.array([_kappa(ratings[np.concatenate([rows[number] for number in some])]) for some in drawn])
