"""The two families together: one proposal for each spot, whichever family saw it."""

from dataclasses import dataclass, fields
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.blobs import BlobScale
from hipcalc.candidates.level_lines import LevelLines
from hipcalc.candidates.window import HipWindow

__all__ = ["MOST", "Proposals", "described_places", "joined", "propose"]

Floats = NDArray[np.float64]

# A generous first cut: what passes is measured and ranked, the rest costs nothing more.
MIN_RESPONSE = 0.12
MIN_MEANING = 0.5
MOST = 12
# A quick rank of the union, only to choose which of two overlapping proposals is kept, and which are the `MOST`: in
# logarithms, as in the ranking, so that the grains of a restless picture do not take all places.
LINE_WEIGHT = 0.4
LEAST_RESPONSE, LEAST_LINE = 0.05, 0.2
# Working pixels: what is smaller than 2.4 mm is hardly ever a focus.
SMALL_PX = 9.0
DISK_DIAMETER = 2.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposals:
    """Places worth measuring, strongest first, on the working grid; each an array of shape (n,).

    Attributes
    ----------
    row, column, diameter : ndarray of float64
    response : ndarray of float64
        Of the blob family here, at a scale near this diameter.
    meaning, depth : ndarray of float64
        Of the most meaningful closed level line around here; 0 without one.
    local_gradient : ndarray of float64
        Local mean of the gradient.
    """

    row: Floats
    column: Floats
    diameter: Floats
    response: Floats
    meaning: Floats
    depth: Floats
    local_gradient: Floats


def propose(window: HipWindow, scales: tuple[BlobScale, ...], lines: LevelLines, most: int = MOST) -> Proposals:
    """Join the maxima of both families and drop the weaker of two that lie on each other."""
    spots = _blob_maxima(window, scales)
    strong = lines.meaning >= MIN_MEANING
    outlines = np.stack([lines.row, lines.column, lines.diameter], axis=1)[strong]
    places = np.concatenate([spots, outlines])
    every = described_places(places, scales, lines)
    kept = _without_overlaps(places, np.argsort(-_quick_rank(every), kind="stable"), most)
    return Proposals(**{field.name: getattr(every, field.name)[kept] for field in fields(Proposals)})


def _quick_rank(every: Proposals) -> Floats:
    response, meaning = np.maximum(every.response, LEAST_RESPONSE), np.maximum(every.meaning, LEAST_LINE)
    small = np.maximum(np.log(SMALL_PX / every.diameter), 0.0)
    return np.asarray(np.log(response) + LINE_WEIGHT * np.log(meaning) - small, np.float64)


def described_places(places: Floats, scales: tuple[BlobScale, ...], lines: LevelLines) -> Proposals:
    """Return places, rows of (row, column, diameter), with what both families say of them."""
    meaning, depth = _line_at(lines, places)
    nearest = np.rint(places[:, :2]).astype(np.int64)
    return Proposals(
        row=places[:, 0],
        column=places[:, 1],
        diameter=places[:, 2],
        response=_response_at(scales, places),
        meaning=meaning,
        depth=depth,
        local_gradient=lines.local_gradient[nearest[:, 0], nearest[:, 1]].astype(np.float64),
    )


def joined(first: Proposals, second: Proposals) -> Proposals:
    """Return the places of both, one after the other."""
    both = {f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Proposals)}
    return Proposals(**both)


def _blob_maxima(window: HipWindow, scales: tuple[BlobScale, ...]) -> Floats:
    """Maxima over position at each scale, as rows of (row, column, diameter)."""
    found = [np.empty((0, 3))]
    for scale in scales:
        size = 2 * round(0.7 * scale.radius / scale.coarseness) + 1
        peak = scale.response >= cv2.dilate(scale.response, np.ones((size, size), np.uint8))
        peak &= scale.response > MIN_RESPONSE
        rows, columns = (axis * scale.coarseness for axis in np.divmod(np.flatnonzero(peak), peak.shape[1]))
        inside = window.zone[rows, columns]
        diameters = np.full(rows.size, DISK_DIAMETER * scale.radius)
        found.append(np.stack([rows, columns, diameters], axis=1)[inside])
    return np.concatenate(found).astype(np.float64)


def _response_at(scales: tuple[BlobScale, ...], places: Floats) -> Floats:
    """Largest blob response within half a disk's radius and a factor of 1.6 in scale."""
    response = np.full(len(places), -1.0)
    for scale in scales:
        ratio = places[:, 2] / (DISK_DIAMETER * scale.radius)
        like = np.flatnonzero((ratio > 1 / 1.6) & (ratio < 1.6))
        reach = max(1, round(0.55 * scale.radius / scale.coarseness))
        down, right = _square(reach)
        centres = np.rint(places[like, :2] / scale.coarseness).astype(np.int64)
        rows = np.clip(centres[:, :1] + down, 0, scale.response.shape[0] - 1)
        columns = np.clip(centres[:, 1:] + right, 0, scale.response.shape[1] - 1)
        response[like] = np.maximum(response[like], scale.response[rows, columns].max(axis=1, initial=-1.0))
    return response


@lru_cache
def _square(reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels that far around one, and its own."""
    side = np.arange(-reach, reach + 1)
    return np.repeat(side, len(side)), np.tile(side, len(side))


def _line_at(lines: LevelLines, places: Floats) -> tuple[Floats, Floats]:
    """Meaning of the most meaningful line of like place and size, and its depth."""
    if not len(lines.row):
        return np.zeros(len(places)), np.zeros(len(places))
    row, column, diameter = (places[:, axis, None] for axis in range(3))
    near = np.hypot(lines.row - row, lines.column - column) < 0.35 * np.minimum(diameter, lines.diameter) + 1.0
    like = (lines.diameter < 2.0 * diameter) & (diameter < 2.0 * lines.diameter)
    meaning = np.where(near & like, lines.meaning, 0.0)
    best = meaning.argmax(axis=1)
    value = meaning.max(axis=1)
    lowest = np.where(near & like, lines.level, np.inf).min(axis=1)
    depth = np.where(value > 0, lines.peak[best] - lowest, 0.0)
    return value, np.maximum(depth, 0.0)


def _without_overlaps(places: Floats, order: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the first so many places in that order of which none lies on an earlier one."""
    kept: list[int] = []
    free = np.ones(len(places), bool)
    for k in order:
        if len(kept) == most:
            break
        if free[k]:
            kept.append(int(k))
            distance = np.hypot(places[:, 0] - places[k, 0], places[:, 1] - places[k, 1])
            free &= distance >= 0.5 * np.maximum(places[:, 2], places[k, 2])
    return np.array(kept, np.int64)
