"""The hip as a line drawing in head radii, and its borders as points with the direction in which bone lies."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DIRECTIONS", "Level", "Part", "PartKernel", "hip_parts", "part_kernels"]

MODEL = "locator-2"
# Directions of a border, in half a turn.
DIRECTIONS = 8
# A part whose response is this many standard deviations above the background, or below it, counts no more than that.
CEILING, FLOOR = 4.5, -2.0

Level = Literal["coarse", "fine"]


@dataclass(frozen=True, kw_only=True)
class Border:
    """One border of bone in a standard AP view.

    Attributes
    ----------
    points : tuple of (float, float)
        (lateral, cranial) in head radii from the head's centre; bone is on the left hand of who walks along them.
    weight : float
    """

    points: tuple[tuple[float, float], ...]
    weight: float


@dataclass(frozen=True, kw_only=True)
class Part:
    """Borders that move together.

    Attributes
    ----------
    name : str
    borders : tuple of Border
    weight : float
        What one standard deviation of response is worth in a hip's score.
    background_mean, background_sd : float
        Of the part's response at places that are no hip.
    slack : float
        How far the part may lie from its mean place, in head radii.
    """

    name: str
    borders: tuple[Border, ...]
    weight: float
    background_mean: float
    background_sd: float
    slack: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PartKernel:
    """A part as points, each with the direction in which bone lies.

    Attributes
    ----------
    weights : tuple of float
        One per border: what its points' components are worth in the part's score.
    points : tuple of tuples of (int, int, int, bool)
        Per border and point: row and column from the head's centre in pixels, the direction (0 to DIRECTIONS - 1, in
        half a turn), and whether bone lies against it.
    bounds : (int, int, int, int)
        First row, first column, and one past the last row and column.
    usual : float
        What the background's response is worth; the score is what a response is worth beyond that.
    lowest, highest : float
        Limits of the score.
    disk : ndarray of uint8, or None
        Places around one whose best response counts there; None where the part does not move.
    """

    weights: tuple[float, ...]
    points: tuple[tuple[tuple[int, int, int, bool], ...], ...]
    bounds: tuple[int, int, int, int]
    usual: float
    lowest: float
    highest: float
    disk: NDArray[np.uint8] | None


def _arc_points(radius: float, first_deg: float, last_deg: float) -> list[tuple[float, float]]:
    steps = max(2, math.ceil(abs(last_deg - first_deg) / 3) + 1)
    return [
        (radius * math.sin(phi), radius * math.cos(phi)) for phi in np.radians(np.linspace(first_deg, last_deg, steps))
    ]


def _border(entry: dict[str, Any]) -> Border:
    points = _arc_points(*entry["arc"]) if "arc" in entry else [(float(x), float(y)) for x, y in entry["points"]]
    return Border(points=tuple(points), weight=entry["weight"])


@lru_cache(maxsize=2)
def hip_parts(level: Level) -> tuple[Part, ...]:
    """Read the line drawing of the hip from the model folder."""
    text = (resources.files("hipcalc_models") / MODEL / "shape.json").read_text(encoding="utf-8")
    return tuple(
        Part(**{**entry, "borders": tuple(_border(border) for border in entry["borders"])})
        for entry in json.loads(text)[level]
    )


def _resample(points: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Points every `step` along a polyline."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    places = np.linspace(0.0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _trace(border: Border, step: float, turn_deg: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(down, right) of a border's points in head radii, and its unit normals towards bone; lateral is at the right."""
    points = _resample(np.array(border.points), step)
    turn = math.radians(turn_deg)
    right = points[:, 0] * math.cos(turn) + points[:, 1] * math.sin(turn)
    down = points[:, 0] * math.sin(turn) - points[:, 1] * math.cos(turn)
    along_right, along_down = np.gradient(right), np.gradient(down)
    length = np.hypot(along_right, along_down)
    # Left hand of the walking direction, in a frame whose rows run down.
    return np.stack([down, right], axis=1), np.stack([-along_right / length, along_down / length], axis=1)


@lru_cache(maxsize=64)
def part_kernels(
    level: Level, radius_px: float, spacing_px: float, lateral_sign: int, turn_deg: float = 0.0
) -> tuple[PartKernel, ...]:
    """Sample the borders of all parts.

    Parameters
    ----------
    level : {'coarse', 'fine'}
    radius_px : float
        Head radius in kernel pixels.
    spacing_px : float
        Distance between points.
    lateral_sign : {1, -1}
        1 where lateral is at the right.
    turn_deg : float
        A positive turn lowers the lateral side.
    """
    return tuple(_part_kernel(part, radius_px, spacing_px, lateral_sign, turn_deg) for part in hip_parts(level))


def _part_kernel(part: Part, radius_px: float, spacing_px: float, lateral_sign: int, turn_deg: float) -> PartKernel:
    borders = []
    for border in part.borders:
        traced, normals = _trace(border, spacing_px / radius_px, turn_deg)
        rows = np.rint(radius_px * traced[:, 0]).astype(int)
        columns = np.rint(lateral_sign * radius_px * traced[:, 1]).astype(int)
        steps = np.rint(np.arctan2(normals[:, 0], lateral_sign * normals[:, 1]) * DIRECTIONS / np.pi).astype(int)
        against = (steps // DIRECTIONS) % 2 == 1
        borders.append(
            tuple(zip(rows.tolist(), columns.tolist(), (steps % DIRECTIONS).tolist(), against.tolist(), strict=True))
        )
    mass = sum(border.weight * len(points) for border, points in zip(part.borders, borders, strict=True))
    places = np.array([point[:2] for points in borders for point in points])
    (top, left), (bottom, right) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    worth, slack = part.weight / part.background_sd, round(part.slack * radius_px)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * slack + 1, 2 * slack + 1)) if slack else None
    return PartKernel(
        weights=tuple(worth * border.weight / mass for border in part.borders),
        points=tuple(borders),
        bounds=(top, left, bottom + 1, right + 1),
        usual=worth * part.background_mean,
        lowest=FLOOR * part.weight,
        highest=CEILING * part.weight,
        disk=None if disk is None else np.asarray(disk, np.uint8),
    )
