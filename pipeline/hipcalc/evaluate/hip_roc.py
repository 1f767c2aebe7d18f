"""Per-hip ROC: whether a hip's strongest mark tells that the hip has a focus at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from hipcalc.evaluate.froc import interval

__all__ = ["HipRoc", "area_under", "hip_roc"]


@dataclass(frozen=True, kw_only=True, eq=False)
class HipRoc:
    """Every true hip with its strongest mark.

    Attributes
    ----------
    strongest : ndarray of float64, shape (n_hips,)
        Smallest `expected_false_marks` of the marks in the hip, on a focus or not; infinite without a mark.
    has_focus : ndarray of bool, shape (n_hips,)
    patient : ndarray of int, shape (n_hips,)
    """

    strongest: NDArray[np.float64]
    has_focus: NDArray[np.bool_]
    patient: NDArray[np.int64]

    def area(self, *, resamples: int, rng: np.random.Generator) -> tuple[float, float, float]:
        """Return the area under the ROC curve with its 95% interval, a percentile bootstrap over patients.

        The interval is NaN where the hips are wholly told apart, or wholly confused: every sample then says the same.
        """
        area = area_under(self.strongest, self.has_focus)
        if area in (0.0, 1.0):
            return area, float("nan"), float("nan")
        patients = [np.flatnonzero(self.patient == number) for number in range(int(self.patient.max(initial=-1)) + 1)]
        drawn = []
        for _ in range(resamples):
            chosen = np.concatenate([patients[k] for k in rng.integers(0, len(patients), len(patients))])
            drawn.append(area_under(self.strongest[chosen], self.has_focus[chosen]))
        return (area, *interval(np.array(drawn)))

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return false positive share and sensitivity, each from 0 to 1, over every threshold that occurs."""
        thresholds = np.concatenate([[-np.inf], np.unique(self.strongest)])
        positive = np.sort(self.strongest[self.has_focus])
        negative = np.sort(self.strongest[~self.has_focus])
        shares = [np.searchsorted(part, thresholds, side="right") / max(part.size, 1) for part in (negative, positive)]
        return shares[0], shares[1]


def hip_roc(candidates: pd.DataFrame, true_foci: pd.DataFrame, hips: pd.DataFrame) -> HipRoc:
    """Gather the strongest mark of each hip.

    Parameters
    ----------
    candidates : DataFrame
        With `image_id`, `side`, `expected_false_marks`.
    true_foci : DataFrame
        With `image_id`, `side`.
    hips : DataFrame
        With `image_id`, `side` and, where known, `patient`. Only these hips count; marks of an image with one hip count
        for that hip whatever side they name.
    """
    images = hips["image_id"].to_numpy()
    alone = hips.groupby("image_id")["image_id"].transform("size").to_numpy() == 1
    key = list(zip(images.tolist(), hips["side"].tolist(), alone.tolist(), strict=True))
    strongest = [float(_of_hip(candidates, *k)["expected_false_marks"].min()) for k in key]
    owner = hips["patient"].fillna(hips["image_id"]) if "patient" in hips.columns else hips["image_id"]
    return HipRoc(
        strongest=np.nan_to_num(np.array(strongest, np.float64), nan=np.inf),
        has_focus=np.array([len(_of_hip(true_foci, *k)) > 0 for k in key], np.bool_),
        patient=np.unique(owner.astype(str), return_inverse=True)[1].astype(np.int64),
    )


def _of_hip(table: pd.DataFrame, image: object, side: object, is_alone: bool) -> pd.DataFrame:
    return table[(table["image_id"] == image) & (is_alone | (table["side"] == side))]


def area_under(strongest: NDArray[np.float64], has_focus: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of hips, both arrays of shape (n_hips,); NaN without both classes.

    Ties count half (Mann and Whitney 1947).
    """
    positive, negative = int(has_focus.sum()), int((~has_focus).sum())
    if not positive or not negative:
        return float("nan")
    # Small expected false marks are strong.
    ranks = rankdata(-strongest)
    return float((ranks[has_focus].sum() - positive * (positive + 1) / 2) / (positive * negative))
