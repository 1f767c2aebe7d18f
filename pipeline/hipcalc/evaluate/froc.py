"""Lesion-localisation FROC: which foci were marked, at what price in false marks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.evaluate.belonging import rows_by_image

__all__ = [
    "Froc",
    "MatchedMarks",
    "froc_band",
    "froc_curve",
    "interval",
    "match_marks",
    "patients_of",
    "sensitivity_at",
]

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
    is larger; it may hit several that lie so close. Further marks on the same focus count neither as hits nor as false
    (after D. P. Chakraborty, Med. Phys. 16 (1989) 561; the acceptance radius is ours).

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
    marks_of, foci_of = (rows_by_image(table) for table in (candidates, true_foci))
    none = np.empty(0, np.int64)
    places = candidates[["row_px", "column_px"]].to_numpy(np.float64)
    ranks = candidates["expected_false_marks"].to_numpy(np.float64)
    head_radius = (candidates["diameter_px"] / candidates["diameter_head_radii"]).to_numpy(np.float64)
    foci = true_foci[["row_px", "column_px", "diameter_px"]].to_numpy(np.float64)
    for index, image in enumerate(images.tolist()):
        marks = marks_of.get(image, none)
        marks = marks[np.argsort(ranks[marks], kind="stable")]
        near = _NEAR_HEAD_RADII * head_radius[marks]
        image_hits, image_false = _match_image(places[marks], ranks[marks], near, foci[foci_of.get(image, none)])
        hits += [(*hit, index) for hit in image_hits]
        false += [(rank, index) for rank in image_false]
    counts = hips["image_id"].value_counts().to_dict()
    rows = [foci_of.get(image, none) for image in images.tolist()]
    hit_table = np.array(hits, dtype=np.float64).reshape(-1, 3)
    false_table = np.array(false, dtype=np.float64).reshape(-1, 2)
    return MatchedMarks(
        images=images,
        patients=patients_of(images, hips, true_foci),
        hips_per_image=np.array([counts.get(image, 0) for image in images.tolist()], dtype=np.int64),
        hit_rank=hit_table[:, 0],
        hit_image=hit_table[:, 2].astype(np.int64),
        hit_row=np.concatenate([none, *rows]).astype(np.int64),
        false_rank=false_table[:, 0],
        false_image=false_table[:, 1].astype(np.int64),
        distance_px=hit_table[:, 1],
    )


def patients_of(images: NDArray[np.str_], *tables: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for the patient of each image; an image whose patient no table tells is a patient of its own.

    Parameters
    ----------
    images : ndarray of str, shape (n_images,)
        Image ids; one may be there several times.
    *tables : DataFrame
        With `image_id` and, where known, `patient`.

    Returns
    -------
    ndarray of int64, shape (n_images,)
    """
    known: dict[str, str] = {}
    for table in tables:
        if "patient" in table.columns:
            filled = table.dropna(subset="patient")
            known |= dict(zip(filled["image_id"], "patient " + filled["patient"].astype(str), strict=True))
    return np.unique([known.get(image, image) for image in images.tolist()], return_inverse=True)[1].astype(np.int64)


def _match_image(
    positions: NDArray[np.float64], ranks: NDArray[np.float64], near: NDArray[np.float64], foci: NDArray[np.float64]
) -> tuple[list[tuple[float, float]], list[float]]:
    """Return (rank, distance) per focus, and the ranks of the marks on no focus; marks come strongest first."""
    on_a_focus = np.zeros(len(ranks), dtype=bool)
    hits: list[tuple[float, float]] = []
    for row, column, diameter in foci:
        distance = np.hypot(positions[:, 0] - row, positions[:, 1] - column)
        on_it = distance <= np.maximum(diameter / 2, near)
        on_a_focus |= on_it
        strongest = int(np.argmax(on_it)) if on_it.any() else None
        hits.append((np.inf, np.nan) if strongest is None else (ranks[strongest], distance[strongest]))
    return hits, list(ranks[~on_a_focus])


def froc_curve(matched: MatchedMarks) -> Froc:
    """Return the FROC curve over every threshold that occurs; without any focus its sensitivity is NaN."""
    hips = max(1, int(matched.hips_per_image.sum()))
    thresholds = np.unique(np.concatenate([matched.hit_rank[np.isfinite(matched.hit_rank)], matched.false_rank]))
    false = np.searchsorted(np.sort(matched.false_rank), thresholds, side="right") / hips
    foci = len(matched.hit_rank) or np.nan
    hits = np.searchsorted(np.sort(matched.hit_rank), thresholds, side="right") / foci
    return Froc(false_marks_per_hip=false, sensitivity=hits)


def froc_band(
    matched: MatchedMarks, false_marks_per_hip: NDArray[np.float64], *, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the 95% interval of the sensitivity at each of n counted numbers of false marks, shape (2, n)."""
    values = _sensitivities(matched, [_as_is(matched), *_resampled(matched, resamples, rng)], false_marks_per_hip, None)
    patients = _patients_with_foci(matched, None)
    return np.array([_honest(column[0], column[1:], patients) for column in values.T]).T


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
    as far as the exact one of so many patients (Clopper and Pearson 1934). Where all samples say the same otherwise,
    as those of a single patient do, there is none (NaN).

    Parameters
    ----------
    matched : MatchedMarks
    false_marks_per_hip : float
    resamples : int
    rng : numpy.random.Generator
    among : ndarray of bool, shape (n_foci,), optional
        Foci to count; false marks are counted on all hips.
    """
    weights = [_as_is(matched), *_resampled(matched, resamples, rng)]
    whole, *drawn = _sensitivities(matched, weights, np.array([false_marks_per_hip]), among)[:, 0].tolist()
    return (whole, *_honest(whole, np.array(drawn), _patients_with_foci(matched, among)))


def _patients_with_foci(matched: MatchedMarks, among: NDArray[np.bool_] | None) -> int:
    images = matched.hit_image if among is None else matched.hit_image[among]
    return len(np.unique(matched.patients[images]))


def _honest(whole: float, drawn: NDArray[np.float64], patients: int) -> tuple[float, float]:
    """Return the interval of a sensitivity, no narrower than exact where all foci went the same way."""
    low, high = interval(drawn)
    if whole == 1.0:
        return float(np.fmin(low, _TAIL ** (1 / patients))), 1.0
    if whole == 0.0:
        return 0.0, float(np.fmax(high, 1 - _TAIL ** (1 / patients)))
    return low, high


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 2.5th and the 97.5th percentile of samples of shape (n,), NaN among them left out.

    NaN where all say the same: samples of one patient, or of patients who are all alike, tell nothing of others.
    """
    known = values[np.isfinite(values)]
    differ = known.size and np.ptp(known) > 0
    low, high = np.quantile(known, [_TAIL, 1 - _TAIL]) if differ else (np.nan, np.nan)
    return float(low), float(high)


def _resampled(matched: MatchedMarks, resamples: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return how often each image counts in each resample of the patients."""
    patients = int(matched.patients.max(initial=-1)) + 1
    drawn = (rng.integers(0, patients, patients) for _ in range(resamples))
    return [np.bincount(d, minlength=patients)[matched.patients] for d in drawn]


def _as_is(matched: MatchedMarks) -> NDArray[np.int64]:
    """Return the weights of the images as they are: each counts once."""
    return np.ones(len(matched.images), np.int64)


def _sensitivities(
    matched: MatchedMarks,
    weights: list[NDArray[np.int64]],
    false_marks_per_hip: NDArray[np.float64],
    among: NDArray[np.bool_] | None,
) -> NDArray[np.float64]:
    """Sensitivity with each image counted so many times, shape (n_weights, n_points); NaN when no focus was drawn."""
    order = np.argsort(matched.false_rank, kind="stable")
    ranks, images = np.append(matched.false_rank[order], np.inf), matched.false_image[order]
    counted = np.ones(len(matched.hit_rank), bool) if among is None else among
    rank, image = matched.hit_rank[counted], matched.hit_image[counted]
    values = np.full((len(weights), len(false_marks_per_hip)), np.nan)
    for row, weight in zip(values, weights, strict=True):
        foci = weight[image]
        if foci.sum():
            allowed = false_marks_per_hip * float(weight @ matched.hips_per_image)
            thresholds = ranks[_first_beyond(weight, images, allowed)]
            row[:] = (foci * (rank < thresholds[:, None])).sum(axis=1) / foci.sum()
    return values


def _first_beyond(
    weight: NDArray[np.int64], images: NDArray[np.int64], allowed: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return how many of the false marks, strongest first, come before more of them count than are allowed."""
    # Some twenty false marks are listed per hip, and one or two of them are asked for.
    few = min(round(3 * allowed.max(initial=0.0)) + 100, images.size)
    counted = np.cumsum(weight[images[:few]])
    if few < images.size and counted[-1] <= allowed.max():
        counted = np.cumsum(weight[images])
    return np.searchsorted(counted, allowed, side="right")
