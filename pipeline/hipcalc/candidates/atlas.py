"""What other hips let expect around the rim, and what this one shows beyond it.

Cortex, lips, roof and wall lines look alike in many hips, if not at the same place to the pixel; a focus is in few. So
each small part of this picture is rebuilt from those typical parts of other hips that are most like it, and what
cannot be rebuilt remains: also a node that grows out of the rim and is closed at no level. A typical part is the mean
of many parts of several hips.

After A. Buades, B. Coll and J.-M. Morel, A non-local algorithm for image denoising, CVPR 2005, 60, and T. Ehret,
A. Davy, J.-M. Morel and M. Delbracio, Image anomalies: a review and synthesis of detection methods, J. Math. Imaging
Vis. 61 (2019) 710: what other parts cannot rebuild is an anomaly, sought in what they leave.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hipcalc.candidates.window import HipWindow
from hipcalc_models import model_file

__all__ = [
    "CELL_PX",
    "MARGIN_PX",
    "REACH_PX",
    "Atlas",
    "RimPicture",
    "Unexplained",
    "cut_rim",
    "load_atlas",
    "parts_at",
    "unexplained",
]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# All at half of the working grid's resolution, where a pixel is 0.53 mm for a head of 48 mm.
COARSENESS = 2
SMOOTHING_PX = 1.0
# A part reaches so far from its middle, 2.4 mm; middles lie up to 0.62 head radii down or across from the rim point.
HALF_PX = 4
REACH_PX = 28
# Typical parts are kept per square of so many pixels; so far apart, this picture's parts are rebuilt.
CELL_PX, STRIDE_PX = 5, 3
MARGIN_PX = REACH_PX + CELL_PX + HALF_PX
# From so many typical parts, by least squares; the ridge keeps nearly equal ones from working against each other.
CHOSEN, RIDGE = 4, 0.01
SIDE = 2 * HALF_PX + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """Typical parts of the pictures of other hips, by their place around the rim point.

    Attributes
    ----------
    middles : ndarray of int64, shape (n_cells, 2)
        Rows down and columns to lateral from the rim point, in pixels of `RimPicture`.
    parts : tuple of ndarray of float32, each of shape (n_parts, SIDE * SIDE)
        Per cell; each without its mean and slope, and of length 1.
    """

    middles: Index
    parts: tuple[Image, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class RimPicture:
    """The picture around a hip's rim point, which lies in its middle.

    Attributes
    ----------
    level : ndarray of float32, shape (n, n)
        As the window's, at half of its resolution.
    included, whole : ndarray of bool, shape (n, n)
        Pixels that count, and middles of parts of which every pixel counts.
    grid : ndarray of float64, shape (2, 3)
        From columns and rows of this picture to those of the window, as OpenCV's affine maps.
    """

    level: Image
    included: Mask
    whole: Mask
    grid: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Unexplained:
    """What the typical parts of other hips leave of a picture.

    Attributes
    ----------
    rim : RimPicture
        The picture.
    rest : ndarray of float32, shape (m, m, SIDE * SIDE)
        Of each of its parts; 0 where none is rebuilt.
    level : ndarray of float32, shape (n, n)
        Of its level; 0 where nothing is known.
    known : ndarray of bool, shape (n, n)
        Where the typical parts say anything.
    """

    rim: RimPicture
    rest: Image
    level: Image
    known: Mask


def cut_rim(window: HipWindow, margin: int = MARGIN_PX) -> RimPicture:
    """Return the picture up to so many pixels around a window's rim point."""
    hip = window.hip
    row = window.head_centre[0] + (hip.rim_row_px - hip.head_row_px) / window.step_px
    column = window.head_centre[1] + (hip.rim_column_px - hip.head_column_px) / window.step_px * hip.lateral_sign
    far = float(COARSENESS * margin)
    grid = np.array([[COARSENESS, 0.0, column - far], [0.0, COARSENESS, row - far]])
    size, flags = (2 * margin + 1, 2 * margin + 1), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    smooth = cv2.GaussianBlur(window.level, (0, 0), SMOOTHING_PX)
    level = cv2.warpAffine(smooth, grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    included = cv2.warpAffine(window.included.astype(np.float32), grid, size, flags=flags) > 0.9
    whole = cv2.erode(included.astype(np.uint8), np.ones((SIDE, SIDE), np.uint8), borderValue=0) > 0
    return RimPicture(
        level=np.asarray(level, np.float32), included=np.asarray(included), whole=np.asarray(whole), grid=grid
    )


def parts_at(rim: RimPicture, rows: Index, columns: Index) -> Image:
    """Return the parts around some middles without mean and slope, float32, shape (n, SIDE * SIDE)."""
    parts = sliding_window_view(rim.level, (SIDE, SIDE))[rows - HALF_PX, columns - HALF_PX].reshape(-1, SIDE * SIDE)
    return np.asarray(parts - (parts @ _plane()) @ _plane().T, np.float32)


@lru_cache(maxsize=1)
def _plane() -> Image:
    """Mean and slopes of a part, orthonormal, as columns."""
    side = np.linspace(-1.0, 1.0, SIDE)
    down, across = np.meshgrid(side, side, indexing="ij")
    plane = np.stack([np.ones_like(down), down, across], axis=-1).reshape(-1, 3)
    return np.asarray(np.linalg.qr(plane)[0], np.float32)


@lru_cache(maxsize=1)
def _weight() -> Image:
    """How much the pixels of a part count where parts overlap."""
    side = np.exp(-0.5 * (np.arange(-HALF_PX, HALF_PX + 1) / (HALF_PX / 2)) ** 2)
    return np.outer(side, side).astype(np.float32)


def unexplained(rim: RimPicture, atlas: Atlas, like: Unexplained | None = None) -> Unexplained:
    """Return what the typical parts leave of a picture.

    Parameters
    ----------
    rim : RimPicture
    atlas : Atlas
    like : Unexplained, optional
        The same of a picture in which the same pixels count, by the same atlas: what is equal is not rebuilt again.
    """
    cell = _cells(atlas)
    at = np.arange(len(cell)) * STRIDE_PX + MARGIN_PX - REACH_PX // STRIDE_PX * STRIDE_PX
    rebuilt = (cell >= 0) & rim.whole[np.ix_(at, at)]
    rest = np.zeros((*cell.shape, SIDE * SIDE), np.float32) if like is None else like.rest.copy()
    # Of a cell, all parts or none: a product of fewer rows may be rounded otherwise.
    again = rebuilt if like is None else np.isin(cell, cell[_touched(rim, like.rim)[np.ix_(at, at)]])
    rows, columns = np.nonzero(rebuilt)
    # Cell by cell, so that the parts of each are compared at once.
    order = np.argsort(cell[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    own, new = parts_at(rim, at[rows], at[columns]), again[rows, columns]
    if new.any():
        rows, columns, own = rows[new], columns[new], own[new]
        numbers, starts = np.unique(cell[rows, columns], return_index=True)
        split = zip(numbers.tolist(), np.split(own, starts[1:]), strict=True)
        alike = [_most_alike(one, atlas.parts[number]) for number, one in split]
        rest[rows, columns] = _rest(own, *(np.concatenate(arrays) for arrays in zip(*alike, strict=True)))
    left, weight = _overlaid(rest, rebuilt, at[0] - HALF_PX, rim.level.shape)
    known = (weight > 0) & rim.included
    level = np.asarray(np.where(known, left / np.maximum(weight, 1e-6), 0.0), np.float32)
    return Unexplained(rim=rim, rest=rest, level=level, known=known)


def _touched(rim: RimPicture, other: RimPicture) -> Mask:
    """Return the middles of parts in which two pictures differ."""
    differs = (rim.level != other.level).view(np.uint8)
    return cv2.dilate(differs, np.ones((SIDE, SIDE), np.uint8)) > 0


def _cells(atlas: Atlas) -> Index:
    """Return which cell of an atlas each part of a picture is rebuilt from, by its middle; -1 for none."""
    steps = np.arange(-(REACH_PX // STRIDE_PX), REACH_PX // STRIDE_PX + 1) * STRIDE_PX
    near = np.abs(atlas.middles[:, :, None] - steps) <= CELL_PX // 2
    inside = near[:, 0, :, None] & near[:, 1, None, :]
    return np.where(inside.any(axis=0), inside.argmax(axis=0), -1)


def _most_alike(own: Image, parts: Image) -> tuple[Image, Image]:
    """Return the typical parts that are most like each, shape (n, CHOSEN, SIDE * SIDE), and how much they are."""
    # Seldom more than three at once: what looks values up would cost more than to compare them.
    unlike = -own @ parts.T
    best = unlike.argpartition(CHOSEN - 1, axis=1)[:, :CHOSEN]
    return parts.take(best, axis=0), -unlike[np.arange(len(own))[:, None], best]


def _rest(own: Image, chosen: Image, likeness: Image) -> Image:
    """Return what is left of each part after the sum of the chosen ones that is most like it."""
    square = chosen @ chosen.transpose(0, 2, 1) + np.float32(RIDGE) * np.eye(CHOSEN, dtype=np.float32)
    share = np.linalg.solve(square, likeness[..., None])
    return np.asarray(own - (share.transpose(0, 2, 1) @ chosen)[:, 0], np.float32)


def _overlaid(rest: Image, rebuilt: Mask, first: int, shape: tuple[int, ...]) -> tuple[Image, Image]:
    """Return the weighted sum of all parts at their places, and the sum of their weights."""
    count, steps = len(rebuilt), -(-SIDE // STRIDE_PX)
    weighed = np.zeros((2, count, count, STRIDE_PX * steps, STRIDE_PX * steps), np.float32)
    np.multiply(rest.reshape(count, count, SIDE, SIDE), _weight(), out=weighed[0, :, :, :SIDE, :SIDE])
    np.multiply(rebuilt[:, :, None, None], _weight(), out=weighed[1, :, :, :SIDE, :SIDE])
    # Parts lie a stride apart, so that squares of that size, one of each part, are a picture without gaps.
    span, squares = STRIDE_PX * count, weighed.reshape(2, count, count, steps, STRIDE_PX, steps, STRIDE_PX)
    pictures = squares.transpose(3, 5, 0, 1, 4, 2, 6).reshape(steps, steps, 2, span, span)
    sums = np.zeros((2, *shape), np.float32)
    for down, across in np.ndindex(steps, steps):
        top, left = first + STRIDE_PX * down, first + STRIDE_PX * across
        sums[:, top : top + span, left : left + span] += pictures[down, across]
    return sums[0], sums[1]


@lru_cache(maxsize=1)
def load_atlas(model: str) -> Atlas:
    """Read the atlas of a detector's model from the package."""
    with model_file(model, "atlas.npz").open("rb") as file, np.load(file) as stored:
        middles, counts, parts = stored["middles"], stored["counts"], stored["parts"].astype(np.float32)
    parts /= np.linalg.norm(parts, axis=1, keepdims=True)
    return Atlas(middles=middles.astype(np.int64), parts=tuple(np.split(parts, np.cumsum(counts)[:-1])))
