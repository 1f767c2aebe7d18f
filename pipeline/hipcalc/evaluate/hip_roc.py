"""Per-hip ROC: whether a hip's strongest mark tells that the hip has a focus at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.evaluate.froc import interval

__all__ = ["HipRoc", "area_under", "hip_roc"]

# In place of a side: whichever it is.
_ANY = ""


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
        patients = int(self.patient.max(initial=-1)) + 1
        drawn = []
        for _ in range(resamples):
            times = np.bincount(rng.integers(0, patients, patients), minlength=patients)
            drawn.append(area_under(self.strongest, self.has_focus, times[self.patient]))
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
    alone = hips.groupby("image_id")["image_id"].transform("size") == 1
    # An image with one hip is asked for without a side.
    keys = list(zip(hips["image_id"], hips["side"].mask(alone, _ANY), strict=True))
    strongest: dict[tuple[str, str], float] = {}
    for image, side, rank in candidates[["image_id", "side", "expected_false_marks"]].itertuples(index=False):
        for key in ((image, side), (image, _ANY)):
            strongest[key] = min(rank, strongest.get(key, np.inf))
    with_focus = {
        (image, key)
        for image, side in zip(true_foci["image_id"], true_foci["side"], strict=True)
        for key in (side, _ANY)
    }
    owner = hips["patient"].fillna(hips["image_id"]) if "patient" in hips.columns else hips["image_id"]
    return HipRoc(
        strongest=np.array([strongest.get(key, np.inf) for key in keys], np.float64),
        has_focus=np.array([key in with_focus for key in keys], np.bool_),
        patient=np.unique(owner.astype(str), return_inverse=True)[1].astype(np.int64),
    )


def area_under(
    strongest: NDArray[np.float64], has_focus: NDArray[np.bool_], times: NDArray[np.int64] | None = None
) -> float:
    """Return the area under the ROC curve of hips; NaN without both classes.

    Ties count half (Mann and Whitney 1947).

    Parameters
    ----------
    strongest : ndarray of float64, shape (n_hips,)
        Expected false marks of each hip's strongest mark: small ones are strong.
    has_focus : ndarray of bool, shape (n_hips,)
    times : ndarray of int, shape (n_hips,), optional
        How often each hip counts; once, if not given.
    """
    counted = np.ones(len(strongest)) if times is None else times
    place = np.unique(strongest, return_inverse=True)[1]
    positive, negative = (
        np.bincount(place[kind], counted[kind], place.max(initial=0) + 1) for kind in (has_focus, ~has_focus)
    )
    if not positive.sum() or not negative.sum():
        return float("nan")
    weaker = negative.sum() - np.cumsum(negative)
    return float((positive * (weaker + negative / 2)).sum() / (positive.sum() * negative.sum()))
