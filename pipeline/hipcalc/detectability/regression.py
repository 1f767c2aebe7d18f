"""Strength of a planted focus, as it depends on its size and contrast in one hip.

A hip has room for a few tens of plants. Counting them would give its limit in steps of a tenth and more; their
strengths say more than whether each passed a threshold, and how strength grows with size and contrast is much alike in
all hips.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.model import MODEL
from hipcalc.findings import Tissue
from hipcalc_models import model_file

__all__ = ["RESIDUAL_LEVELS", "StrengthModel", "Trend", "load_trend", "terms"]

Floats = NDArray[np.float64]

STEPS = 12
# Where the distribution of strengths around a hip's trend is known.
RESIDUAL_LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trend:
    """What is known before anything is planted into one kind of tissue.

    Attributes
    ----------
    mean, spread : ndarray of float64, shape (4,)
        Of the coefficients (`terms`) over hips.
    deviation : float
        Standard deviation of a plant's strength around its hip's trend.
    crowding : float
        How much stronger a focus is marked alone than among as many as are planted at once.
    residual : ndarray of float64, shape (n_levels,)
        Quantiles, at `RESIDUAL_LEVELS`, of the strengths around their hips' trends in units of the deviation: skewed,
        as a focus that a line or an edge hides falls further than another one rises.
    """

    mean: Floats
    spread: Floats
    deviation: float
    crowding: float
    residual: Floats


@lru_cache
def load_trend(tissue: Tissue) -> Trend:
    """Read the trend of foci in one kind of tissue from the package."""
    values = json.loads(model_file(MODEL, "detectability.json").read_text(encoding="utf-8"))[tissue]
    return Trend(
        mean=np.array(values["mean"]),
        spread=np.array(values["spread"]),
        deviation=values["deviation"],
        crowding=values["crowding"],
        residual=np.array(values["residual"]),
    )


def terms(diameter: Floats, cnr: Floats) -> Floats:
    """Return what the coefficients multiply, shape (n, 4): 1, size, its square, and contrast, all logarithms.

    Parameters
    ----------
    diameter : ndarray of float64, shape (n,)
        In head radii.
    cnr : ndarray of float64, shape (n,)
    """
    size = np.log(np.asarray(diameter) / 0.14)
    return np.stack([np.ones_like(size), size, size**2, np.log(np.asarray(cnr) / 4.0)], axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class StrengthModel:
    """One hip's trend and the deviation around it.

    Attributes
    ----------
    coefficient : ndarray of float64, shape (4,)
    covariance : ndarray of float64, shape (4, 4)
    deviation : float
    residual : ndarray of float64, shape (n_levels,)
        As in `Trend`.
    """

    coefficient: Floats
    covariance: Floats
    deviation: float
    residual: Floats

    @staticmethod
    def fitted(diameter: Floats, cnr: Floats, strength: Floats, floor: float, trend: Trend) -> "StrengthModel":
        """Fit a hip's plants, with the trend of all hips as the prior.

        Parameters
        ----------
        diameter, cnr, strength : ndarray of float64, shape (n,)
        floor : float
            The weakest strength that the detector reports: of what was not found it is known only that it is weaker (a
            censored regression, J. Tobin, Econometrica 26 (1958) 24, solved by expectation and maximisation).
        trend : Trend
        """
        from scipy.special import log_ndtr  # Here and not above: it takes a quarter of a second to load.

        x, missed = terms(diameter, cnr), ~(strength > floor)
        prior = np.diag(trend.spread**-2.0)
        b, deviation = trend.mean.copy(), trend.deviation
        # The deviation is as certain beforehand as so many plants would make it.
        known = 20.0
        for _ in range(STEPS):
            mean = x @ b
            at = (floor - mean) / deviation
            # Mean and variance of a normal variable below the floor.
            ratio = np.exp(-0.5 * at**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(at))
            y = np.where(missed, mean - deviation * ratio, strength)
            hidden = np.where(missed, deviation**2 * np.maximum(1 - at * ratio - ratio**2, 0.0), 0.0)
            precision = x.T @ x / deviation**2 + prior
            b = np.asarray(np.linalg.solve(precision, x.T @ y / deviation**2 + prior @ trend.mean), np.float64)
            squares = float(((y - x @ b) ** 2 + hidden).sum())
            deviation = float(np.sqrt((known * trend.deviation**2 + squares) / (known + len(x))))
        covariance = np.asarray(np.linalg.inv(x.T @ x / deviation**2 + prior), np.float64)
        return StrengthModel(coefficient=b, covariance=covariance, deviation=deviation, residual=trend.residual)

    def probability(self, diameter: Floats, cnr: Floats, threshold: float, offset: float = 0.0) -> Floats:
        """Return the probability that foci are at least so strong, shape (n,); never falling with the diameter.

        Parameters
        ----------
        diameter, cnr : ndarray of float64, shape (n,)
            Diameters in head radii, ascending.
        threshold : float
        offset : float
            By how much foci at a place are stronger than elsewhere in this hip.
        """
        from scipy.special import ndtr, ndtri

        x = terms(diameter, cnr)
        unsure = np.einsum("ni,ij,nj->n", x, self.covariance, x)
        spread = np.sqrt(self.deviation**2 + unsure)
        missing = (threshold - offset - x @ self.coefficient) / spread
        # Between the known levels by their normal scores, beyond them as a normal distribution falls.
        known = np.clip(missing, self.residual[0], self.residual[-1])
        score = np.interp(known, self.residual, ndtri(RESIDUAL_LEVELS)) + missing - known
        return np.asarray(np.maximum.accumulate(ndtr(-score)), np.float64)
