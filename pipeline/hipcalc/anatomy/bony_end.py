"""The rim point again, more exactly: where the bone ends, by everything that shows around the corner of the roof."""

import json
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import PHI_DEG, RADII, PolarStrip
from hipcalc.anatomy.roof import STEP_DEG, Rim, mean_along
from hipcalc.anatomy.shape import MODEL
from hipcalc.anatomy.tracing import trace_border

__all__ = ["RIM_PHI_DEG", "RIM_RADII", "rim_evidence", "settle_rim"]

# Places where a rim may be.
RIM_ROWS, RIM_COLUMNS = (RADII > 1.0) & (RADII < 1.5), (PHI_DEG > 0.0) & (PHI_DEG < 72.0)
RIM_RADII, RIM_PHI_DEG = np.meshgrid(RADII[RIM_ROWS], PHI_DEG[RIM_COLUMNS], indexing="ij")
# How far the roof's border is averaged medially and laterally of a place, and the side of the bone above it.
BACK_DEG, PAST_DEG, SIDE_STEPS = 18.0, 12.0, 6
# From which rows, in the strip's steps outward, the border and what follows it are taken, and from which columns the
# side: readers mark the middle of the bony end, which lies beyond the corner of its edges.
BEFORE_ROWS, AHEAD_ROWS, SIDE_COLUMNS = (-1, -2, -3, -4), (-1, -3), (0, 1, 2, 3)
# Pairs of (rows, columns) between which the grey level is compared: medial and lateral, here and below.
LATERAL_STEP, BELOW_STEP = ((0, -2), (0, 3)), ((0, 0), (-4, 1))
DIAGONAL_FROM, DIAGONAL_TO = (0, -1), ((-3, 4), (0, 5))
REACH_STEPS = 6
# Where rims usually lie: radius, polar angle, and height over the roof's border, with a measure of their spread.
USUAL_RADIUS, USUAL_PHI_DEG, USUAL_HEIGHT = (1.28, 0.08), (33.0, 10.0), (0.06, 0.05)
ROOF_RADII, ROOF_PHI_DEG, LOADED_TO_DEG = (1.02, 1.4), (-20.0, 30.0), 24.0
# The rim is the middle of what is likely within this distance of the likeliest place, in head radii.
AROUND_HEAD_RADII = 0.12

Map = NDArray[np.float32]
Array = NDArray[np.float64]


def _at(values: NDArray[np.float64] | Map, rows: int, columns: int) -> Map:
    """Values so many steps outward and laterally of each place where a rim may be."""
    margins = (REACH_STEPS,) * 4
    padded = cv2.copyMakeBorder(np.asarray(values, np.float32), *margins, cv2.BORDER_REPLICATE)
    top, left = REACH_STEPS + rows, REACH_STEPS + columns
    moved = padded[top : top + values.shape[0], left : left + values.shape[1]]
    return np.asarray(moved[np.ix_(RIM_ROWS, RIM_COLUMNS)])


def _edges(strip: PolarStrip) -> dict[str, Map]:
    """Evidence of the edges: the roof that leads to a place, goes on after it, and the side of the bone."""
    border = cv2.dilate(np.clip(strip.outward, -0.5, 1.0).astype(np.float32), np.ones((3, 1), np.uint8))
    lateral = np.clip(-strip.lateral, -0.5, 1.0).astype(np.float32)
    back, past = round(BACK_DEG / STEP_DEG), round(PAST_DEG / STEP_DEG)
    before = np.roll(mean_along(border, back, axis=1), back, axis=1)
    ahead = mean_along(border, past, axis=1)
    wall = mean_along(cv2.dilate(lateral, np.ones((1, 3), np.uint8)), SIDE_STEPS, axis=0)
    beside = np.asarray(cv2.blur(lateral, (1, 3)), np.float32)
    maps = {f"roof_before_{-rows}": _at(before, rows, 0) for rows in BEFORE_ROWS}
    maps |= {f"roof_ahead_{-rows}": _at(ahead, rows, 1) for rows in AHEAD_ROWS}
    maps |= {f"side_above_{columns}": _at(wall, 1, columns) for columns in SIDE_COLUMNS}
    return maps | {f"side_here_{columns}": _at(beside, 0, columns) for columns in SIDE_COLUMNS}


def _contrasts(strip: PolarStrip) -> dict[str, Map]:
    """How much brighter it is here than laterally, below, and both, over the strip's range of grey."""
    shown = strip.grey[strip.kept]
    low, high = np.quantile(shown, (0.1, 0.9)) if shown.size else (0.0, 0.0)
    grey = cv2.blur(np.asarray(strip.grey, np.float32), (3, 3)) / np.float32(high - low + 1e-4)
    darker = np.maximum(*(_at(grey, *place) for place in DIAGONAL_TO))
    return {
        "lateral_contrast": _at(grey, *LATERAL_STEP[0]) - _at(grey, *LATERAL_STEP[1]),
        "contrast_below": _at(grey, *BELOW_STEP[0]) - _at(grey, *BELOW_STEP[1]),
        "contrast_around": _at(grey, *DIAGONAL_FROM) - darker,
    }


def _unusual(strip: PolarStrip) -> dict[str, Array]:
    """How far a place is from the usual ones, and the square of it."""
    border = trace_border(strip.outward, ROOF_RADII, ROOF_PHI_DEG)
    roof = float(np.median(border[border[:, 1] < LOADED_TO_DEG, 0]))
    off = {
        "radius": (RIM_RADII - USUAL_RADIUS[0]) / USUAL_RADIUS[1],
        "phi": (RIM_PHI_DEG - USUAL_PHI_DEG[0]) / USUAL_PHI_DEG[1],
        "height": (RIM_RADII - roof - USUAL_HEIGHT[0]) / USUAL_HEIGHT[1],
    }
    return off | {f"{name}_squared": value**2 for name, value in off.items()}


def rim_evidence(strip: PolarStrip) -> tuple[tuple[str, ...], Array, NDArray[np.bool_]]:
    """Return what speaks for the rim at each place where it may be.

    Parameters
    ----------
    strip : PolarStrip
        Around the head.

    Returns
    -------
    names : tuple of str
    evidence : ndarray of float64, shape (radii, angles, names)
        At the places `RIM_RADII`, `RIM_PHI_DEG`.
    kept : ndarray of bool, shape (radii, angles)
        Whether the place lies in the picture.
    """
    maps = {**_edges(strip), **_contrasts(strip), **_unusual(strip)}
    kept = strip.kept[np.ix_(RIM_ROWS, RIM_COLUMNS)]
    return tuple(maps), np.stack([np.asarray(one, np.float64) for one in maps.values()], axis=-1), kept


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    text = (resources.files("hipcalc_models") / MODEL / "rim.json").read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)
    return weights


def settle_rim(strip: PolarStrip, corner: Rim, weights: dict[str, float] | None = None) -> Rim:
    """Weigh all that speaks for each place of the rim, and take the middle of the likeliest ones.

    Parameters
    ----------
    strip : PolarStrip
        Around the settled head.
    corner : Rim
        What is kept where the picture shows no place for a rim; its support is kept always.
    weights : dict of str to float, optional
        Of the evidence; the fitted ones by default.
    """
    names, evidence, kept = rim_evidence(strip)
    if not kept.any():
        return corner
    used = _weights() if weights is None else weights
    log_odds = np.where(kept, evidence @ np.array([used[name] for name in names]), -np.inf)
    likely = np.exp(log_odds - log_odds.max())
    phi = np.radians(RIM_PHI_DEG)
    lateral, cranial = RIM_RADII * np.sin(phi), RIM_RADII * np.cos(phi)
    best = np.unravel_index(int(np.argmax(likely)), likely.shape)
    likely[np.hypot(lateral - lateral[best], cranial - cranial[best]) >= AROUND_HEAD_RADII] = 0.0
    right, up = (float((likely * place).sum() / likely.sum()) for place in (lateral, cranial))
    return Rim(
        r_head_radii=float(np.hypot(right, up)),
        phi_deg=float(np.degrees(np.arctan2(right, up))),
        support=corner.support,
    )
