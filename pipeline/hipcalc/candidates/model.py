"""The fitted part of the detector: the ranking's weights, and the price of each strength in false marks."""

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.features import FEATURES
from hipcalc_models import model_file

__all__ = ["MODEL", "DetectorModel", "load_model"]

MODEL = "detector-1"


@dataclass(frozen=True, kw_only=True, eq=False)
class DetectorModel:
    """A linear ranking of standardised features, and its calibration.

    Attributes
    ----------
    centre, scale, weight : ndarray of float64, shape (n_features,)
    knots_strength, knots_log_marks : ndarray of float64, shape (n_knots,)
        Strength, ascending, and the natural logarithm of marks at least that strong per hip without focus whose zones
        lie wholly in the picture, descending.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    knots_strength: NDArray[np.float64]
    knots_log_marks: NDArray[np.float64]

    def strength(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted sum of the standardised features, shape (n,), of features of shape (n, n_features)."""
        return np.asarray(((features - self.centre) / self.scale) @ self.weight, np.float64)

    def expected_false_marks(self, strength: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return marks at least this strong to be expected per wholly pictured hip without focus.

        Linear in the logarithm between the knots, and on with the outermost slopes beyond them.
        """
        x, y = self.knots_strength, self.knots_log_marks
        inside = np.interp(strength, x, y)
        below = np.minimum(strength - x[0], 0.0) * (y[1] - y[0]) / (x[1] - x[0])
        above = np.maximum(strength - x[-1], 0.0) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return np.asarray(np.exp(inside + below + above), np.float64)


@lru_cache(maxsize=1)
def load_model() -> DetectorModel:
    """Read the detector's model from the package."""
    ranking = json.loads(model_file(MODEL, "ranking.json").read_text(encoding="utf-8"))
    calibration = json.loads(model_file(MODEL, "calibration.json").read_text(encoding="utf-8"))
    rows = [ranking["features"][name] for name in FEATURES]
    return DetectorModel(
        centre=np.array([row["centre"] for row in rows]),
        scale=np.array([row["scale"] for row in rows]),
        weight=np.array([row["weight"] for row in rows]),
        knots_strength=np.array([knot["strength"] for knot in calibration["knots"]]),
        knots_log_marks=np.log([knot["marks_per_hip"] for knot in calibration["knots"]]),
    )
