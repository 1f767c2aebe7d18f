"""A prevalence from hips that come in pairs, found by a test that errs: point, interval, and both corrected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from hipcalc.errors import UsageError

__all__ = ["Estimate", "Validation", "estimate"]

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What the search for findings was measured to do, hip by hip, on hips whose truth is known.

    Attributes
    ----------
    true_positives, with_focus : int
        Hips with a focus that were called positive, and all hips with a focus: sensitivity.
    true_negatives, without_focus : int
        Hips without that were called negative, and all hips without: specificity.

    Raises
    ------
    UsageError
        If the counts are impossible, or the test tells nothing (sensitivity and specificity sum to 1 or less).
    """

    true_positives: int
    with_focus: int
    true_negatives: int
    without_focus: int

    def __post_init__(self) -> None:
        """Refuse counts that are impossible or useless."""
        for part, whole in ((self.true_positives, self.with_focus), (self.true_negatives, self.without_focus)):
            if not 0 <= part <= whole or whole == 0:
                raise UsageError(f"A share is given as hips/hips, as in 45/50, not {part}/{whole}.")
        if self.sensitivity + self.specificity <= 1:
            raise UsageError(
                f"With sensitivity {self.sensitivity:.2f} and specificity {self.specificity:.2f} a mark says nothing; "
                "no prevalence follows from it."
            )

    @property
    def sensitivity(self) -> float:
        """Share of hips with a focus that are called positive."""
        return self.true_positives / self.with_focus

    @property
    def specificity(self) -> float:
        """Share of hips without a focus that are called negative."""
        return self.true_negatives / self.without_focus


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A prevalence among hips.

    Attributes
    ----------
    people, hips, positive : int
    crude, crude_low, crude_high : float
        Share of hips that are positive, with its exact interval (Clopper and Pearson) at the effective sample size.
    design_effect : float
        By how much the variance is larger than that of independent hips; at least 1.
    adjusted, adjusted_low, adjusted_high : float or None
        Corrected for sensitivity and specificity (Rogan and Gladen), with the bootstrap's percentile interval.
    """

    people: int
    hips: int
    positive: int
    crude: float
    crude_low: float
    crude_high: float
    design_effect: float
    adjusted: float | None = None
    adjusted_low: float | None = None
    adjusted_high: float | None = None


def estimate(
    hips: Sequence[int] | NDArray[np.int64],
    positive: Sequence[int] | NDArray[np.int64],
    validation: Validation | None = None,
    *,
    resamples: int = 4000,
    seed: int = 1,
) -> Estimate:
    """Estimate the prevalence among hips whose owners are the independent units.

    The crude interval is that of Clopper and Pearson (1934) at the effective sample size, hips over design effect
    (Korn and Graubard 1998); the design effect is the ratio estimator's linearised variance between people over the
    binomial one (Cochran 1977, 6.3), not below 1. The adjusted one is (p + Sp - 1) / (Se + Sp - 1), cut to 0 and 1
    (Rogan and Gladen 1978); its interval holds the middle 95% of bootstrap samples in which people are drawn anew with
    all their hips, and sensitivity and specificity from their Jeffreys distributions given the validation's counts.
    Where all hips are positive, or none, the share is drawn from its Jeffreys distribution, too: of hips that are all
    alike every sample is the same.

    Parameters
    ----------
    hips, positive : sequence of int
        For each person, the number of hips (at least 1) and of those that are positive.
    validation : Validation, optional
        Without it nothing is adjusted.
    resamples, seed : int

    Returns
    -------
    Estimate

    Raises
    ------
    UsageError
        If there is nobody.
    """
    n, x = np.asarray(hips, np.int64), np.asarray(positive, np.int64)
    if n.size == 0:
        raise UsageError("There is no hip to take a prevalence of.")
    share = float(x.sum() / n.sum())
    effect = _design_effect(n, x, share)
    low, high = _exact_interval(share, n.sum() / effect)
    known = Estimate(
        people=int(n.size),
        hips=int(n.sum()),
        positive=int(x.sum()),
        crude=share,
        crude_low=low,
        crude_high=high,
        design_effect=effect,
    )
    if validation is None:
        return known
    adjusted = _rogan_gladen(np.array(share), validation.sensitivity, validation.specificity)
    draws = _bootstrap(n, x, validation, resamples, seed)
    tail = (1 - LEVEL) / 2
    around = np.quantile(draws, [tail, 1 - tail])
    return Estimate(
        **{
            **vars(known),
            "adjusted": float(adjusted),
            "adjusted_low": float(around[0]),
            "adjusted_high": float(around[1]),
        }
    )


def _design_effect(n: NDArray[np.int64], x: NDArray[np.int64], share: float) -> float:
    independent = share * (1 - share) / n.sum()
    if n.size < 2 or n.max() == 1 or independent == 0:
        return 1.0
    residuals = x - share * n
    clustered = n.size / (n.size - 1) * np.square(residuals).sum() / n.sum() ** 2
    return max(1.0, float(clustered / independent))


def _exact_interval(share: float, size: float) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    hits = share * size
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, size - hits + 1))
    high = 1.0 if hits >= size else float(beta.ppf(1 - tail, hits + 1, size - hits))
    return low, high


def _rogan_gladen(share: NDArray[np.float64], sensitivity: object, specificity: object) -> NDArray[np.float64]:
    power = np.asarray(sensitivity) + np.asarray(specificity) - 1
    # A draw in which the test tells nothing leaves the prevalence wholly open; the share itself stands for it.
    useful = np.where(power > 0, power, np.nan)
    corrected = (share + np.asarray(specificity) - 1) / useful
    result: NDArray[np.float64] = np.clip(np.where(np.isnan(corrected), share, corrected), 0, 1)
    return result


def _bootstrap(
    n: NDArray[np.int64], x: NDArray[np.int64], validation: Validation, resamples: int, seed: int
) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    shares = _drawn_shares(n, x, resamples, rng)
    sensitivity = rng.beta(
        validation.true_positives + 0.5, validation.with_focus - validation.true_positives + 0.5, resamples
    )
    specificity = rng.beta(
        validation.true_negatives + 0.5, validation.without_focus - validation.true_negatives + 0.5, resamples
    )
    return _rogan_gladen(shares, sensitivity, specificity)


def _drawn_shares(
    n: NDArray[np.int64], x: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    hips, positive = int(n.sum()), int(x.sum())
    if positive in (0, hips):
        # Samples of hips that are all alike are all alike, too, as if that were certain of every other hip.
        return rng.beta(positive + 0.5, hips - positive + 0.5, resamples)
    # People with the same counts are the same to the bootstrap: drawing how many of each kind is drawing people.
    kinds, numbers = np.unique(np.stack([n, x]), axis=1, return_counts=True)
    drawn = rng.multinomial(n.size, numbers / n.size, size=resamples)
    shares: NDArray[np.float64] = (drawn @ kinds[1]) / (drawn @ kinds[0])
    return shares
