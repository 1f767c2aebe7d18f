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

__all__ = ["CELLS", "EDGE_DIRECTIONS", "edge_cells", "likeness"]

UNIT_PX = 14
HALF_HEAD_RADII = 3.0
CELL_PX = 4
SMOOTHING_HEAD_RADII = 0.05
# Directions of an edge, in a whole turn.
EDGE_DIRECTIONS = 8
CELLS = (2 * int(HALF_HEAD_RADII * UNIT_PX) + 1) // CELL_PX

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
    """Correlation of the visible surroundings with the fitted template: about 0 elsewhere, positive at a hip."""
    model = _template()
    edges, kept = edge_cells(picture, centre_px, radius_px, lateral_sign, turn_deg)
    beyond = (edges - model.usual) * kept[:, :, None]
    size = float(np.linalg.norm(beyond)) * float(np.linalg.norm(model.weight * kept[:, :, None]))
    return float(np.vdot(beyond, model.weight)) / size if size > 0 else 0.0
