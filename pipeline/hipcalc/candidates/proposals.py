"""The two families together: one proposal for each spot, whichever family saw it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.blobs import BlobStack
from hipcalc.candidates.level_lines import LevelLines
from hipcalc.candidates.window import HipWindow

__all__ = ["Proposals", "propose"]

Floats = NDArray[np.float64]

# A generous first cut: what passes is measured and ranked, the rest costs nothing more.
MIN_RESPONSE = 0.12
MIN_MEANING = 0.5
MOST = 60
# A quick rank of the union, only to choose which of two overlapping proposals is kept, and which are the `MOST`.
LINE_WEIGHT = 0.6
DISK_DIAMETER = 2.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposals:
    """Places worth measuring, strongest first, on the working grid.

    Attributes
    ----------
    row, column, diameter : ndarray of float64, shape (n,)
    response : ndarray of float64, shape (n,)
        Blob response here, at a scale near this diameter.
    meaning : ndarray of float64, shape (n,)
        Largest meaning of a closed level line around here; 0 without one.
    solidity : ndarray of float64, shape (n,)
        Of that line.
    """

    row: Floats
    column: Floats
    diameter: Floats
    response: Floats
    meaning: Floats
    solidity: Floats


def propose(window: HipWindow, blobs: BlobStack, lines: LevelLines) -> Proposals:
    """Join the maxima of both families and drop the weaker of two that lie on each other."""
    spots = _blob_maxima(window, blobs)
    strong = lines.meaning >= MIN_MEANING
    outlines = np.stack([lines.row, lines.column, lines.diameter], axis=1)[strong]
    places = np.concatenate([spots, outlines])
    response = _response_at(blobs, places)
    line = _line_at(lines, places)
    meaning = np.where(line >= 0, np.append(lines.meaning, 0.0)[line], 0.0)
    order = np.argsort(-(response + LINE_WEIGHT * meaning), kind="stable")
    kept = _without_overlaps(places, order)[:MOST]
    return Proposals(
        row=places[kept, 0],
        column=places[kept, 1],
        diameter=places[kept, 2],
        response=response[kept],
        meaning=meaning[kept],
        solidity=np.append(lines.solidity, 0.0)[line[kept]],
    )


def _blob_maxima(window: HipWindow, blobs: BlobStack) -> Floats:
    """Maxima over position and neighbouring scales, as rows of (row, column, diameter)."""
    found = []
    for index, radius in enumerate(blobs.radii):
        response = blobs.response[index]
        size = 2 * round(0.7 * radius) + 1
        peak = response >= cv2.dilate(response, np.ones((size, size), np.uint8))
        peak &= (response > MIN_RESPONSE) & window.zone
        rows, columns = np.nonzero(peak)
        around = blobs.response[max(index - 1, 0) : index + 2, rows, columns]
        best = response[rows, columns] >= around.max(axis=0) if rows.size else np.empty(0, bool)
        diameters = np.full(rows.size, DISK_DIAMETER * radius)
        found.append(np.stack([rows, columns, diameters], axis=1)[best])
    return np.concatenate(found).astype(np.float64)


def _response_at(blobs: BlobStack, places: Floats) -> Floats:
    """Largest blob response within a quarter of the diameter and a factor of 1.6 in scale."""
    values = np.full(len(places), -1.0)
    shape = blobs.response.shape[1:]
    for index, radius in enumerate(blobs.radii):
        ratio = places[:, 2] / (DISK_DIAMETER * radius)
        for k in np.flatnonzero((ratio > 1 / 1.6) & (ratio < 1.6)):
            reach = max(1, round(places[k, 2] / 4))
            row, column = round(places[k, 0]), round(places[k, 1])
            window = (
                slice(max(row - reach, 0), min(row + reach + 1, shape[0])),
                slice(max(column - reach, 0), min(column + reach + 1, shape[1])),
            )
            values[k] = max(values[k], blobs.response[(index, *window)].max())
    return values


def _line_at(lines: LevelLines, places: Floats) -> NDArray[np.int64]:
    """Index of the most meaningful line of like place and size, -1 without one."""
    best = np.full(len(places), -1)
    if not len(lines.row):
        return best
    for k, (row, column, diameter) in enumerate(places):
        near = np.hypot(lines.row - row, lines.column - column) < 0.35 * np.minimum(diameter, lines.diameter) + 1.0
        like = (lines.diameter < 2.0 * diameter) & (diameter < 2.0 * lines.diameter)
        match = np.flatnonzero(near & like)
        if match.size:
            best[k] = match[np.argmax(lines.meaning[match])]
    return best


def _without_overlaps(places: Floats, order: NDArray[np.int64]) -> NDArray[np.int64]:
    kept: list[int] = []
    for k in order:
        near = np.hypot(*(places[kept, :2] - places[k, :2]).T) < 0.5 * np.maximum(places[kept, 2], places[k, 2])
        if not near.any():
            kept.append(int(k))
    return np.array(kept, np.int64)
