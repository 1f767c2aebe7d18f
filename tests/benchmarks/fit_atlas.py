"""Fit what is typical around the rims of the hips of ../shared/data without a focus, and write it to models/.

Per place, the parts of all hips near it are gathered by k-means; what is kept of a cluster is its mean, and only if it
holds parts of several patients, who share in it alike, so that nobody's picture is in it. Run before fit_detector.py.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from detector_data import BenchHip, load_hips

from hipcalc.candidates.atlas import CELL_PX, MARGIN_PX, REACH_PX, Atlas, RimPicture, cut_rim, parts_at
from hipcalc.candidates.model import MODEL as MODEL_NAME
from hipcalc.candidates.window import cut_window

FILE = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / MODEL_NAME / "atlas.npz"
SEED = 1
FOLDS = 5
# Hips differ in where their lines run by so many pixels of the rim's picture: so far around a place its parts lie.
SEARCH_PX = 4
MOST_PARTS, PATCHES_PER_PART, FEWEST_PARTS = 128, 40, 16
FEWEST_HIPS, FEWEST_PATIENTS = 16, 5
ROUNDS = 8


@cache
def _rims() -> tuple[tuple[str, RimPicture], ...]:
    """Patient and surround of the rim of every hip without a focus."""
    hips = load_hips()
    return tuple((hip.group, cut_rim(cut_window(hip.normalized, hip.hip), MARGIN_PX + SEARCH_PX)) for hip in hips)


@cache
def _folds() -> dict[str, int]:
    groups = sorted({group for group, _ in _rims()})
    order = np.random.default_rng(SEED).permutation(len(groups))
    return {groups[k]: number % FOLDS for number, k in enumerate(order)}


@cache
def _without(fold: int | None) -> Atlas:
    return fit_atlas([(group, rim) for group, rim in _rims() if _folds()[group] != fold])


def atlas_without(bench: BenchHip) -> Atlas:
    """Return an atlas that was made without this hip's patient."""
    return _without(_folds().get(bench.group))


def fit_atlas(rims: list[tuple[str, RimPicture]]) -> Atlas:
    """Return the typical parts of some hips, each given with its patient."""
    number = {group: k for k, group in enumerate(sorted({group for group, _ in rims}))}
    middles, parts = [], []
    for row in range(-REACH_PX, REACH_PX + 1, CELL_PX):
        for column in range(-REACH_PX, REACH_PX + 1, CELL_PX):
            patches, patients = _patches(rims, number, row, column)
            typical = _typical(patches, patients)
            if len(typical) >= FEWEST_PARTS:
                middles.append((row, column))
                parts.append(typical)
    return Atlas(middles=np.array(middles), parts=tuple(parts))


def _patches(
    rims: list[tuple[str, RimPicture]], number: dict[str, int], row: int, column: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of all hips near a place, of length 1, and whose they are; none where few hips show it."""
    reach = np.arange(-SEARCH_PX, SEARCH_PX + 1) + MARGIN_PX + SEARCH_PX
    rows, columns = (axis.ravel() for axis in np.meshgrid(row + reach, column + reach, indexing="ij"))
    found, patients = [], []
    for group, rim in rims:
        seen = rim.whole[rows, columns]
        if seen.any():
            found.append(parts_at(rim, rows[seen], columns[seen]))
            patients.append(np.full(np.count_nonzero(seen), number[group]))
    if len(found) < FEWEST_HIPS:
        return np.empty((0, 1), np.float32), np.empty(0, np.int64)
    patches = np.concatenate(found)
    return _of_length_1(patches), np.concatenate(patients)


def _typical(patches: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return what clusters by direction, of several patients' parts, have in common, of length 1.

    It is the mean of the patients' own means: each has the same share in it, whose parts are many, too.
    """
    count = min(MOST_PARTS, len(patches) // PATCHES_PER_PART)
    if count < FEWEST_PARTS:
        return np.empty((0, 1), np.float32)
    means = patches[np.random.default_rng(SEED).choice(len(patches), count, replace=False)]
    for _ in range(ROUNDS):
        nearest = (patches @ means.T).argmax(axis=1)
        order = np.argsort(nearest, kind="stable")
        own, start = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(patches[order], start, axis=0)
        means = _of_length_1(sums)
    clusters = [(patches[nearest == k], patients[nearest == k]) for k in own]
    shared = [_shared(*cluster) for cluster in clusters if len(np.unique(cluster[1])) >= FEWEST_PATIENTS]
    return _of_length_1(np.array(shared, np.float32).reshape(-1, patches.shape[1]))


def _shared(patches: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return the mean of the patients' means."""
    whose = np.unique(patients, return_inverse=True)[1]
    sums = np.zeros((whose.max() + 1, patches.shape[1]))
    np.add.at(sums, whose, patches)
    return (sums / np.bincount(whose)[:, None]).mean(axis=0)


def _of_length_1(parts: np.ndarray) -> np.ndarray:
    return parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-6)


def main() -> None:
    """Fit on all hips, and write."""
    cv2.setNumThreads(1)
    atlas = _without(None)
    parts = np.concatenate(atlas.parts)
    counts = np.array([len(one) for one in atlas.parts])
    scaled = np.rint(127 * parts / np.abs(parts).max(axis=1, keepdims=True)).astype(np.int8)
    np.savez_compressed(FILE, middles=atlas.middles.astype(np.int8), counts=counts.astype(np.int16), parts=scaled)
    print(
        f"{len(_rims())} hips: {len(parts)} typical parts at {len(counts)} places, {FILE.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
