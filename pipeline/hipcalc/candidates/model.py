"""The fitted part of the detector: the ranking's weights, and the price of each strength in false marks."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.features import FEATURES
from hipcalc.candidates.window import REGIONS
from hipcalc_models import model_file

__all__ = ["MODEL", "PAIRED", "DetectorModel", "Price", "Raised", "load_model"]

MODEL = "detector-2"
LARGEST_STRENGTH = 50.0
# How restless a hip is, its fifth spot tells: of the marks that are asked for it has hardly ever so many. Spots that
# cost less are left out, as foci do.
RESTLESS_RANK, FOCI_COST = 5, 0.4

# What only stands out from other hips is no cheaper however far it does so: a lip or a line may, too. This keeps order.
ORDER_SLOPE = 0.05

# How the prices of hips with and without the other one beside them are called in the model's file.
PAIRED = {False: "one_hip", True: "both_hips"}

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Price:
    """Marks at least so strong, for one region in a hip without focus that shows the whole region.

    Attributes
    ----------
    strength, log_marks : ndarray of float64, shape (n_knots,)
        Strength, ascending, and the natural logarithm of the marks, descending.
    """

    strength: Floats
    log_marks: Floats

    def marks(self, strength: Floats) -> Floats:
        """Return the marks: linear in the logarithm between the knots, on with the outermost slopes beyond them."""
        x, y = self.strength, self.log_marks
        inside = np.interp(strength, x, y)
        below = np.minimum(strength - x[0], 0.0) * (y[1] - y[0]) / (x[1] - x[0])
        above = np.maximum(strength - x[-1], 0.0) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return np.asarray(np.exp(inside + below + above), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Raised:
    """How strong a spot is by standing out from what other hips explain, alone: it is at least so strong.

    Attributes
    ----------
    stands_out, at_least : ndarray of float64, shape (n_knots,)
        Logarithm of how far it stands out, ascending, and the strength that it then has at least, ascending.
    """

    stands_out: Floats
    at_least: Floats

    def strength(self, stands_out: Floats) -> Floats:
        """Return the least strength: linear between the knots, hardly more beyond them, minus infinity below them."""
        x, y = self.stands_out, self.at_least
        above = ORDER_SLOPE * np.maximum(stands_out - x[-1], 0.0)
        return np.where(stands_out < x[0], -np.inf, np.interp(stands_out, x, y) + above)


@dataclass(frozen=True, kw_only=True, eq=False)
class DetectorModel:
    """A linear ranking of standardised features, what else raises a spot, and the calibration of both.

    Attributes
    ----------
    centre, scale, weight : ndarray of float64, shape (n_features,)
    raised : Raised
    prices : tuple of Price
        One for each of `REGIONS`.
    adapted : dict of bool to Price
        What a price times the hip's `rate` comes to in counted marks: True where the other hip is searched, too, False
        where the picture shows one; `strength` is minus the logarithm of that product.
    """

    centre: Floats
    scale: Floats
    weight: Floats
    raised: "Raised"
    prices: tuple[Price, ...]
    adapted: dict[bool, Price]

    def strength(self, features: Floats) -> Floats:
        """Return the strength of spots, shape (n,), of a `feature_table`, shape (n, n_features + 1).

        Either may speak for a spot, the weighted sum of the standardised features or what `raised` gives: as logarithms
        of odds, of which the odds add.
        """
        ranked = ((features[:, :-1] - self.centre) / self.scale) @ self.weight
        return np.asarray(np.logaddexp(ranked, self.raised.strength(features[:, -1])), np.float64)

    def price(self, strength: Floats, region_shares: tuple[float, ...]) -> Floats:
        """Return marks at least this strong to be expected in an average hip without focus.

        Parameters
        ----------
        strength : ndarray of float64, shape (n,)
        region_shares : tuple of float
            How much of each of `REGIONS` the picture shows: where less is seen, less is marked falsely.
        """
        pairs = zip(self.prices, region_shares, strict=True)
        return np.asarray(sum(share * price.marks(strength) for price, share in pairs), np.float64)

    def rate(self, strength: Floats, region_shares: tuple[float, ...]) -> float:
        """Return how many times as many marks this hip bears as an average one, from its own spots.

        In an average hip the fifth strongest spot has a price of about 5: so many marks are to be expected at least
        that strong. Where it has a third of that, the hip bears three times as many. As it is the price that is read,
        and not spots that are counted, it goes on however much display processing lifts all of them. A calm hip pays
        no less: what marks it bears are as strong.

        Parameters
        ----------
        strength : ndarray of float64, shape (n,)
            Of all spots of the hip.
        region_shares : tuple of float
        """
        price = np.sort(self.price(strength, region_shares))
        ordinary = price[price > FOCI_COST]
        if len(ordinary) < RESTLESS_RANK:
            return 1.0
        return max(RESTLESS_RANK / float(ordinary[RESTLESS_RANK - 1]), 1.0)

    def expected_false_marks(
        self, strength: Floats, region_shares: tuple[float, ...], rate: float, paired: bool
    ) -> Floats:
        """Return marks at least this strong to be expected in this hip if it were without focus, shape (n,)."""
        return self.adapted[paired].marks(-np.log(np.maximum(self.price(strength, region_shares) * rate, 1e-300)))

    def strength_of(self, false_marks: float, region_shares: tuple[float, ...], rate: float, paired: bool) -> float:
        """Return the strength whose `expected_false_marks` are so many; minus infinity where nothing is pictured."""
        if not any(region_shares):
            return -math.inf
        low, high = -LARGEST_STRENGTH, LARGEST_STRENGTH
        # Marks fall steadily with strength, so halving finds it.
        for _ in range(60):
            middle = (low + high) / 2
            more = self.expected_false_marks(np.array([middle]), region_shares, rate, paired)[0] > false_marks
            low, high = (middle, high) if more else (low, middle)
        return high


@lru_cache(maxsize=1)
def load_model() -> DetectorModel:
    """Read the detector's model from the package."""
    ranking = json.loads(model_file(MODEL, "ranking.json").read_text(encoding="utf-8"))
    calibration = json.loads(model_file(MODEL, "calibration.json").read_text(encoding="utf-8"))
    rows = [ranking["features"][name] for name in FEATURES]
    knots = ranking["raised"]
    return DetectorModel(
        centre=np.array([row["centre"] for row in rows]),
        scale=np.array([row["scale"] for row in rows]),
        weight=np.array([row["weight"] for row in rows]),
        raised=Raised(
            stands_out=np.array([knot["stands_out"] for knot in knots]),
            at_least=np.array([knot["at_least"] for knot in knots]),
        ),
        prices=tuple(_price(calibration["regions"][region]) for region in REGIONS),
        adapted={paired: _price(calibration["adapted"][name]) for paired, name in PAIRED.items()},
    )


def _price(knots: list[dict[str, float]]) -> Price:
    return Price(
        strength=np.array([knot["strength"] for knot in knots]),
        log_marks=np.log([knot["marks_per_hip"] for knot in knots]),
    )
