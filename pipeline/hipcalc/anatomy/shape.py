"""The hip as a line drawing in head radii, and its borders as kernels of expected grey-level gradients."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["BorderKernel", "Part", "border_kernel", "hip_parts"]

MODEL = "locator-1"


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
class BorderKernel:
    """A part as a field of gradients towards bone.

    Attributes
    ----------
    field : ndarray of float32, shape (rows, columns, 2)
        Component along rows, then along columns; a picture whose gradient follows it with length 1 gives response 1.
    row, column : int
        Where the kernel's first pixel lies, from the head's centre.
    """

    field: NDArray[np.float32]
    row: int
    column: int


def _arc_points(radius: float, first_deg: float, last_deg: float) -> list[tuple[float, float]]:
    steps = max(2, math.ceil(abs(last_deg - first_deg) / 3) + 1)
    return [
        (radius * math.sin(phi), radius * math.cos(phi)) for phi in np.radians(np.linspace(first_deg, last_deg, steps))
    ]


def _border(entry: dict[str, Any]) -> Border:
    points = _arc_points(*entry["arc"]) if "arc" in entry else [(float(x), float(y)) for x, y in entry["points"]]
    return Border(points=tuple(points), weight=entry["weight"])


@lru_cache(maxsize=2)
def hip_parts(level: Literal["coarse", "fine"]) -> tuple[Part, ...]:
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


@lru_cache(maxsize=256)
def border_kernel(
    part: Part, radius_px: int, width_head_radii: float, lateral_sign: int, turn_deg: float = 0.0
) -> BorderKernel:
    """Rasterise a part.

    Parameters
    ----------
    part : Part
    radius_px : int
        Head radius in kernel pixels.
    width_head_radii : float
        Standard deviation of the blur across a border.
    lateral_sign : {1, -1}
        1 where lateral is at the right.
    turn_deg : float
        Turn of the hip, positive clockwise as displayed before mirroring: a positive turn lowers the lateral side.
    """
    traced = [_trace(border, 1.0 / radius_px, turn_deg) for border in part.borders]
    mirror = np.array([1.0, lateral_sign])
    points = np.concatenate([radius_px * mirror * trace[0] for trace in traced])
    weights = np.concatenate(
        [np.full(len(t[0]), border.weight) for t, border in zip(traced, part.borders, strict=True)]
    )
    pulls = np.concatenate([mirror * trace[1] for trace in traced]) * weights[:, None]
    blur = width_head_radii * radius_px
    margin = math.ceil(3 * blur)
    first = np.floor(points.min(axis=0)).astype(int) - margin
    last = np.ceil(points.max(axis=0)).astype(int) + margin
    near = [
        np.exp(-0.5 * ((np.arange(first[axis], last[axis] + 1)[:, None] - points[:, axis]) / blur) ** 2)
        for axis in (0, 1)
    ]
    field = np.einsum("yp,xp,pk->yxk", near[0], near[1], pulls, optimize=True)
    mass = float(np.einsum("yp,xp,p->", near[0], near[1], weights, optimize=True))
    return BorderKernel(field=(field / mass).astype(np.float32), row=int(first[0]), column=int(first[1]))
