"""How much the surroundings of a fitted circle look like a hip: edges by place and direction, against phantoms."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.patch import Pyramid, gradient_patch
from hipcalc.anatomy.shape import MODEL

__all__ = ["CELLS", "EDGE_DIRECTIONS", "edge_cells", "lies_on_its_side", "likeness"]

UNIT_PX = 14
HALF_HEAD_RADII = 3.0
CELL_PX = 4
SMOOTHING_HEAD_RADII = 0.05
# Directions of an edge, in a whole turn.
EDGE_DIRECTIONS = 8
CELLS = (2 * int(HALF_HEAD_RADII * UNIT_PX) + 1) // CELL_PX
# Moves of the template, in cells down and right, by which it lies beside the hip: 0.9 and 1.7 head radii.
MOVES = tuple((down, right) for down in (-6, -3, 0, 3, 6) for right in (-6, -3, 0, 3, 6) if (down, right) != (0, 0))
# Correlations beside a hip spread by 0.05 to 0.13; this keeps empty surroundings from looking like anything.
LEAST_SPREAD = 0.02

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Appearance:
    """The fitted template.

    Attributes
    ----------
    usual : ndarray of float32, shape (CELLS, CELLS, EDGE_DIRECTIONS)
        Edges at places that are no hip.
    weight : ndarray of float32, shape (CELLS, CELLS, EDGE_DIRECTIONS)
        What an edge there speaks for a hip; lateral is towards larger columns.
    """

    usual: Array
    weight: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """The template, moved over its own grid: first not at all, then by each of `MOVES`.

    Attributes
    ----------
    weight : ndarray of float32, shape (moves, CELLS * CELLS * EDGE_DIRECTIONS)
    power : ndarray of float32, shape (moves, CELLS * CELLS)
        Sum of the squared weights of a cell.
    covered : ndarray of float32, shape (moves, CELLS * CELLS)
        1 where the template lies, 0 elsewhere.
    """

    weight: Array
    power: Array
    covered: Array


@lru_cache(maxsize=1)
def _moved() -> Moved:
    weight = _template().weight
    moves = ((0, 0), *MOVES)
    moved = np.zeros((len(moves), *weight.shape), np.float32)
    covered = np.zeros((len(moves), CELLS, CELLS), np.float32)
    for number, move in enumerate(moves):
        to, out_of = zip(*(_overlap(steps) for steps in move), strict=True)
        moved[number][to], covered[number][to] = weight[out_of], 1.0
    power = (moved * moved).sum(axis=-1)
    count = len(moves)
    return Moved(weight=moved.reshape(count, -1), power=power.reshape(count, -1), covered=covered.reshape(count, -1))


@lru_cache(maxsize=1)
def _unmoved() -> Moved:
    moved = _moved()
    return Moved(weight=moved.weight[:1], power=moved.power[:1], covered=moved.covered[:1])


def _overlap(steps: int) -> tuple[slice, slice]:
    """Where cells lie after a move along one axis, and where they came from."""
    to = slice(max(0, steps), CELLS + min(0, steps))
    return to, slice(to.start - steps, to.stop - steps)


@lru_cache(maxsize=1)
def _template() -> Appearance:
    text = (resources.files("hipcalc_models") / MODEL / "appearance.json").read_text(encoding="utf-8")
    model = json.loads(text)
    shape = (CELLS, CELLS, EDGE_DIRECTIONS)
    usual, weight = (np.array(model[name], np.float32).reshape(shape) for name in ("usual", "weight"))
    return Appearance(usual=usual, weight=weight)


def edge_cells(
    picture: Pyramid, centre_px: tuple[float, float], radius_px: float, lateral_sign: int, turn_deg: float = 0.0
) -> tuple[Array, Array]:
    """Edges around a head by place and direction, as histograms of oriented gradients have them.

    Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005.

    Returns
    -------
    edges : ndarray of float32, shape (CELLS, CELLS, EDGE_DIRECTIONS)
        Mean strength in cells of 0.29 head radii; lateral is towards larger columns, cranial towards smaller rows.
    kept : ndarray of float32, shape (CELLS, CELLS)
        Share of a cell inside the part of the picture that counts.
    """
    field, _, inside, centre = gradient_patch(
        picture, centre_px, radius_px, UNIT_PX, HALF_HEAD_RADII, SMOOTHING_HEAD_RADII, turn_deg
    )
    if lateral_sign < 0:
        field, inside = field[..., ::-1], inside[:, ::-1]
    half = CELLS * CELL_PX // 2
    part = np.s_[centre - half : centre + half, centre - half : centre + half]
    down, right, inside = field[0][part], lateral_sign * field[1][part], inside[part]
    size = (CELLS, CELLS)
    faint = 1.0 / (down * down + right * right + np.float32(1e-12))
    edges = np.empty((EDGE_DIRECTIONS, *size), np.float32)
    for direction, angle in enumerate(2.0 * np.pi / EDGE_DIRECTIONS * np.arange(EDGE_DIRECTIONS // 2)):
        along = down * np.float32(np.sin(angle)) + right * np.float32(np.cos(angle))
        # The square of the cosine parts neighbouring directions from each other.
        strength = along * along * along * faint
        for way, strong in enumerate((np.maximum(strength, 0.0), np.maximum(-strength, 0.0))):
            cv2.resize(strong, size, edges[direction + way * EDGE_DIRECTIONS // 2], interpolation=cv2.INTER_AREA)
    kept = cv2.resize(np.ascontiguousarray(inside), size, interpolation=cv2.INTER_AREA)
    return np.moveaxis(edges, 0, -1), np.asarray(kept, np.float32)


def likeness(
    picture: Pyramid, centre_px: tuple[float, float], radius_px: float, lateral_sign: int, turn_deg: float
) -> float:
    """How much better the visible surroundings fit the fitted template than the same template moved beside them.

    Correlation with the template, in units of the correlations' spread over places beside (the peak-to-sidelobe ratio
    of Bolme et al., Visual object tracking using adaptive correlation filters, CVPR 2010): the more a picture's edges
    were evened out by display processing, the less either is.

    Returns
    -------
    float
        About 0 elsewhere, 2 to 3 at a hip; 0 where nothing shows.
    """
    fits = _correlations(*edge_cells(picture, centre_px, radius_px, lateral_sign, turn_deg), _moved())
    return float(fits[0] / (fits[1:].std() + LEAST_SPREAD))


def lies_on_its_side(
    picture: Pyramid, centre_px: tuple[float, float], radius_px: float, lateral_sign: int, turn_deg: float
) -> bool:
    """Whether the surroundings of a head look more like a hip's, of either side, after a quarter turn of the picture.

    A head is round: in a picture on its side, the circle may be right and everything else wrong.
    """
    edges, kept = edge_cells(picture, centre_px, radius_px, lateral_sign, turn_deg)
    own = _correlations(edges, kept, _unmoved())[0]
    # Directions go clockwise as displayed, by an eighth of a turn, from the right on.
    mirrored = edges[:, ::-1, (EDGE_DIRECTIONS // 2 - np.arange(EDGE_DIRECTIONS)) % EDGE_DIRECTIONS], kept[:, ::-1]
    return any(
        _correlations(
            np.roll(np.rot90(some, way), -way * EDGE_DIRECTIONS // 4, axis=-1), np.rot90(inside, way), _unmoved()
        )[0]
        > own
        for some, inside in ((edges, kept), mirrored)
        for way in (1, -1)
    )


def _correlations(edges: Array, kept: Array, moved: Moved) -> Array:
    """Correlation of edges that are kept with the template after each move."""
    beyond = (edges - _template().usual) * kept[:, :, None]
    seen = np.sqrt((moved.power @ (kept * kept).ravel()) * (moved.covered @ (beyond * beyond).sum(axis=-1).ravel()))
    return np.asarray(moved.weight @ beyond.ravel() / np.maximum(seen, np.float32(1e-6)))
