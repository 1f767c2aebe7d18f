"""Lesion-localisation FROC: which foci were marked, at what price in false marks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Froc", "MatchedMarks", "froc_band", "froc_curve", "interval", "match_marks", "sensitivity_at"]

# A mark counts when it lies within the focus, or this close to its centre: smaller foci could hardly be hit otherwise.
_NEAR_HEAD_RADII = 0.08
# What a 95% interval leaves out on either side.
_TAIL = 0.025


@dataclass(frozen=True, kw_only=True, eq=False)
class MatchedMarks:
    """Marks against true foci.

    Attributes
    ----------
    images : ndarray of str, shape (n_images,)
        Image ids, sorted.
    patients : ndarray of int, shape (n_images,)
        Number of the patient that each image belongs to: the unit of resampling.
    hips_per_image : ndarray of int, shape (n_images,)
    hit_rank : ndarray of float, shape (n_foci,)
        `expected_false_marks` of the strongest mark on each focus; infinite where none is.
    hit_image, false_image : ndarray of int
        Index into `images` of each focus and of each false mark.
    hit_row : ndarray of int, shape (n_foci,)
        Row of each focus in the table of true foci, by position.
    false_rank : ndarray of float, shape (n_false,)
        `expected_false_marks` of each mark on no focus.
    distance_px : ndarray of float, shape (n_foci,)
        From the focus to its strongest mark; NaN where none is.
    """

    images: NDArray[np.str_]
    patients: NDArray[np.int64]
    hips_per_image: NDArray[np.int64]
    hit_rank: NDArray[np.float64]
    hit_image: NDArray[np.int64]
    hit_row: NDArray[np.int64]
    false_rank: NDArray[np.float64]
    false_image: NDArray[np.int64]
    distance_px: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Froc:
    """A FROC curve: sensitivity against false marks per hip, both of shape (n,), from the strictest threshold on."""

    false_marks_per_hip: NDArray[np.float64]
    sensitivity: NDArray[np.float64]


def match_marks(candidates: pd.DataFrame, true_foci: pd.DataFrame, hips: pd.DataFrame) -> MatchedMarks:
    """Assign marks to foci.

    A mark hits a focus when their centres are no further apart than the focus's radius or 0.08 head radii, whichever
    is larger. Further marks on the same focus count neither as hits nor as false (Chakraborty 1989, J Appl Clin Med
    Phys; the acceptance radius is ours).

    Parameters
    ----------
    candidates : DataFrame
        With `image_id`, `row_px`, `column_px`, `diameter_px`, `diameter_head_radii`, `expected_false_marks`.
    true_foci : DataFrame
        With `image_id`, `row_px`, `column_px`, `diameter_px`.
    hips : DataFrame
        The hips that count in the denominator; with `image_id`. A column `patient` in either truth, where it is filled,
        keeps the images of one patient together when intervals are drawn.
    """
    images = np.array(sorted(set(hips["image_id"]) | set(true_foci["image_id"])), dtype=np.str_)
    hits: list[tuple[float, float, int]] = []
    false: list[tuple[float, int]] = []
    for index, image in enumerate(images):
        marks = candidates[candidates["image_id"] == image].sort_values("expected_false_marks", kind="stable")
        foci = true_foci[true_foci["image_id"] == image]
        image_hits, image_false = _match_image(marks, foci)
        hits += [(*hit, index) for hit in image_hits]
        false += [(rank, index) for rank in image_false]
    counts = hips["image_id"].value_counts()
    rows = [np.flatnonzero(true_foci["image_id"].to_numpy() == image) for image in images]
    hit_table = np.array(hits, dtype=np.float64).reshape(-1, 3)
    false_table = np.array(false, dtype=np.float64).reshape(-1, 2)
    return MatchedMarks(
        images=images,
        patients=_patients(images, hips, true_foci),
        hips_per_image=np.array([int(counts.get(image, 0)) for image in images], dtype=np.int64),
        hit_rank=hit_table[:, 0],
        hit_image=hit_table[:, 2].astype(np.int64),
        hit_row=np.concatenate([np.empty(0, np.int64), *rows]).astype(np.int64),
        false_rank=false_table[:, 0],
        false_image=false_table[:, 1].astype(np.int64),
        distance_px=hit_table[:, 1],
    )


def _patients(images: NDArray[np.str_], *tables: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for the patient of each image; an image whose patient no table tells is a patient of its own."""
    known: dict[str, str] = {}
    for table in tables:
        if "patient" in table.columns:
            filled = table.dropna(subset="patient")
            known |= dict(zip(filled["image_id"], "patient " + filled["patient"].astype(str), strict=True))
    return np.unique([known.get(image, image) for image in images.tolist()], return_inverse=True)[1].astype(np.int64)


def _match_image(marks: pd.DataFrame, foci: pd.DataFrame) -> tuple[list[tuple[float, float]], list[float]]:
    """Return (rank, distance) per focus, and the ranks of the marks on no focus."""
    positions = marks[["row_px", "column_px"]].to_numpy(dtype=np.float64)
    ranks = marks["expected_false_marks"].to_numpy(dtype=np.float64)
    head_radius = (marks["diameter_px"] / marks["diameter_head_radii"]).to_numpy(dtype=np.float64)
    on_a_focus = np.zeros(len(marks), dtype=bool)
    hits: list[tuple[float, float]] = []
    for row, column, diameter in foci[["row_px", "column_px", "diameter_px"]].to_numpy(dtype=np.float64):
        distance = np.hypot(positions[:, 0] - row, positions[:, 1] - column)
        on_it = distance <= np.maximum(diameter / 2, _NEAR_HEAD_RADII * head_radius)
        on_a_focus |= on_it
        strongest = int(np.argmax(on_it)) if on_it.any() else None
        hits.append((np.inf, np.nan) if strongest is None else (ranks[strongest], distance[strongest]))
    return hits, list(ranks[~on_a_focus])


def froc_curve(matched: MatchedMarks) -> Froc:
    """Return the FROC curve over every threshold that occurs."""
    hips = max(1, int(matched.hips_per_image.sum()))
    thresholds = np.unique(np.concatenate([matched.hit_rank[np.isfinite(matched.hit_rank)], matched.false_rank]))
    false = np.searchsorted(np.sort(matched.false_rank), thresholds, side="right") / hips
    hits = np.searchsorted(np.sort(matched.hit_rank), thresholds, side="right") / max(1, len(matched.hit_rank))
    return Froc(false_marks_per_hip=false, sensitivity=hits)


def froc_band(
    matched: MatchedMarks, false_marks_per_hip: NDArray[np.float64], *, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the 95% interval of the sensitivity at each of n counted numbers of false marks, shape (2, n)."""
    weights = _resampled(matched, resamples, rng)
    values = np.array([[_sensitivity(matched, w, at, None) for at in false_marks_per_hip] for w in weights])
    known = np.ones(len(matched.images), np.int64)
    whole = [_sensitivity(matched, known, at, None) for at in false_marks_per_hip]
    patients = _patients_with_foci(matched, None)
    return np.array([_honest(one, values[:, k], patients) for k, one in enumerate(whole)]).T


def sensitivity_at(
    matched: MatchedMarks,
    false_marks_per_hip: float,
    *,
    resamples: int,
    rng: np.random.Generator,
    among: NDArray[np.bool_] | None = None,
) -> tuple[float, float, float]:
    """Return sensitivity at a counted number of false marks per hip, with its 95% interval.

    The interval is a percentile bootstrap over patients, because all hips and foci of one patient hang together. Where
    every focus was found, or none, all samples are alike as if that were certain; the interval then reaches at least
    as far as the exact one of so many patients (Clopper and Pearson 1934).

    Parameters
    ----------
    matched : MatchedMarks
    false_marks_per_hip : float
    resamples : int
    rng : numpy.random.Generator
    among : ndarray of bool, shape (n_foci,), optional
        Foci to count; false marks are counted on all hips.
    """
    whole = _sensitivity(matched, np.ones(len(matched.images), np.int64), false_marks_per_hip, among)
    drawn = [_sensitivity(matched, w, false_marks_per_hip, among) for w in _resampled(matched, resamples, rng)]
    return (whole, *_honest(whole, np.array(drawn), _patients_with_foci(matched, among)))


def _patients_with_foci(matched: MatchedMarks, among: NDArray[np.bool_] | None) -> int:
    images = matched.hit_image if among is None else matched.hit_image[among]
    return len(np.unique(matched.patients[images]))


def _honest(whole: float, drawn: NDArray[np.float64], patients: int) -> tuple[float, float]:
    """Return the interval of a sensitivity, no narrower than exact where all foci went the same way."""
    low, high = interval(drawn)
    if whole == 1.0:
        return min(low, _TAIL ** (1 / patients)), high
    if whole == 0.0:
        return low, max(high, 1 - _TAIL ** (1 / patients))
    return low, high


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 2.5th and the 97.5th percentile of values of shape (n,), NaN among them left out; NaN of none."""
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [_TAIL, 1 - _TAIL]) if known.size else (np.nan, np.nan)
    return float(low), float(high)


def _resampled(matched: MatchedMarks, resamples: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return how often each image counts in each resample of the patients."""
    patients = int(matched.patients.max(initial=-1)) + 1
    drawn = (rng.integers(0, patients, patients) for _ in range(resamples))
    return [np.bincount(d, minlength=patients)[matched.patients] for d in drawn]


def _sensitivity(
    matched: MatchedMarks, weight: NDArray[np.int64], false_marks_per_hip: float, among: NDArray[np.bool_] | None
) -> float:
    """Sensitivity with each image counted `weight` times; NaN when no focus was drawn."""
    foci = weight[matched.hit_image] * (1 if among is None else among)
    if not foci.sum():
        return float("nan")
    allowed = false_marks_per_hip * float((weight * matched.hips_per_image).sum())
    order = np.argsort(matched.false_rank, kind="stable")
    counted = np.cumsum(weight[matched.false_image[order]])
    beyond = np.flatnonzero(counted > allowed)
    threshold = matched.false_rank[order][beyond[0]] if beyond.size else np.inf
    return float((foci * (matched.hit_rank < threshold)).sum() / foci.sum())
