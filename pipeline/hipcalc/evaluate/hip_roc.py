"""Per-hip ROC: whether a hip's strongest mark tells that the hip has a focus at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.evaluate.froc import interval, patients_of

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

        The interval is NaN where every sample says the same, as where the hips are wholly told apart: that is none.
        """
        area = area_under(self.strongest, self.has_focus)
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
        With `hip` (row of the hip that the mark lies in) and `expected_false_marks`.
    true_foci : DataFrame
        With `image_id` and `hip`, -1 for a focus in none.
    hips : DataFrame
        With `image_id`. A column `patient` in either truth keeps the images of one patient together.
    """
    strongest = np.full(len(hips), np.inf)
    ranks = candidates["expected_false_marks"].to_numpy(np.float64)
    np.minimum.at(strongest, candidates["hip"].to_numpy(np.int64), ranks)
    has_focus = np.zeros(len(hips), np.bool_)
    has_focus[true_foci.loc[true_foci["hip"] >= 0, "hip"].to_numpy(np.int64)] = True
    images = hips["image_id"].to_numpy(np.str_)
    return HipRoc(strongest=strongest, has_focus=has_focus, patient=patients_of(images, hips, true_foci))


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
