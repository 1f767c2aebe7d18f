"""Shapes of calcific deposits, as projected thickness on a pixel grid.

One shape serves both uses: as millimetres of mineral in a phantom, and as grey levels planted into a real radiograph.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError

__all__ = [
    "ASPECT_RANGE",
    "FIXED_SHAPES",
    "FOCUS_KINDS",
    "TRAP_KINDS",
    "Deposit",
    "FocusKind",
    "aspect_of",
    "draw_deposit",
]

Image = NDArray[np.float32]
FocusKind = Literal["amorphous", "ossicle", "ring", "linear", "cluster", "beak", "phlebolith", "vascular"]
FOCUS_KINDS: Final[tuple[FocusKind, ...]] = get_args(FocusKind)
# What a reader would call something else than a focus: a lip of bone joined to the rim, a stone in a pelvic vein, the
# two lines of a calcified artery's walls.
TRAP_KINDS: Final[frozenset[FocusKind]] = frozenset({"beak", "phlebolith", "vascular"})
# These have a shape of their own; the others can be stretched to any aspect ratio.
FIXED_SHAPES: Final[frozenset[FocusKind]] = frozenset({"linear", "beak", "vascular"})

ASPECT_RANGE: Final = (1.0, 3.0)
# Shapes are drawn on this canvas and shrunk to the pixel grid, so that a small focus has smooth edges.
_CANVAS = 192
_UNITS_PER_CANVAS = 3.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Deposit:
    """Projected thickness of one deposit, its centre anywhere within a pixel.

    Attributes
    ----------
    thickness : ndarray of float32, shape (n, n)
        Relative thickness along the ray, 1 at its largest.
    mask : ndarray of bool, shape (n, n)
        Inside of the outline.
    row, column : int
        Image position of the patch's first pixel.
    """

    thickness: Image
    mask: NDArray[np.bool_]
    row: int
    column: int


@cache
def _axes() -> tuple[Image, Image]:
    line = (np.arange(_CANVAS, dtype=np.float32) + 0.5 - _CANVAS / 2) * np.float32(_UNITS_PER_CANVAS / _CANVAS)
    x, y = np.meshgrid(line, line)
    for shared in (x, y):
        shared.flags.writeable = False
    return x, y


def _chord(squared_radius: Image, outer: float = 1.0) -> Image:
    """Length of the ray inside a ball of radius `outer`, where `squared_radius` is the squared distance to its axis."""
    return np.asarray(2.0 * np.sqrt(np.maximum(outer**2 - squared_radius, 0.0)), np.float32)


def _ball(x: Image, y: Image, centre: tuple[float, float], radius: float) -> Image:
    # Of the two axes, one row and one column say all.
    return _chord((x[:1] - centre[0]) ** 2 + (y[:, :1] - centre[1]) ** 2, radius)


def _wobbly_radius(x: Image, y: Image, rng: np.random.Generator, wobble: float, aspect: float) -> Image:
    """Distance to the centre in units of an irregular oval outline."""
    theta = np.arctan2(y, x)
    outline = np.ones_like(x)
    for order in (2, 3, 4, 5):
        outline += np.float32(wobble / order * rng.normal()) * np.cos(order * theta + np.float32(rng.uniform(0, 6.28)))
    stretch = math.sqrt(aspect)
    return np.asarray(np.hypot(x / stretch, y * stretch) / np.maximum(outline, 0.5), np.float32)


def _amorphous(x: Image, y: Image, rng: np.random.Generator) -> Image:
    thickness = np.zeros_like(x)
    for _ in range(7):
        centre = tuple(rng.normal(0.0, 0.36, 2))
        thickness += _ball(x, y, (centre[0], centre[1]), rng.uniform(0.4, 0.75))
    cloud = cv2.GaussianBlur(rng.standard_normal(x.shape, dtype=np.float32), (0, 0), 0.14 * _CANVAS / _UNITS_PER_CANVAS)
    # Chalk-like mineral has no shell and no sharp margin.
    thickness *= 1.0 + 0.15 * cloud / cloud.std()
    return np.asarray(cv2.GaussianBlur(thickness, (0, 0), 0.05 * _CANVAS / _UNITS_PER_CANVAS), np.float32)


def _ossicle(x: Image, y: Image, rng: np.random.Generator) -> Image:
    squared = _wobbly_radius(x, y, rng, 0.10, rng.uniform(1.0, 1.7)) ** 2
    return _chord(squared) - 0.65 * _chord(squared, 0.82)


def _ring(x: Image, y: Image, rng: np.random.Generator) -> Image:
    squared = _wobbly_radius(x, y, rng, 0.06, rng.uniform(1.0, 1.4)) ** 2
    return _chord(squared) - 0.95 * _chord(squared, rng.uniform(0.8, 0.88))


def _linear(x: Image, y: Image, rng: np.random.Generator) -> Image:
    """Draw a thin arc, as in chondrocalcinosis: long axis along x, broken here and there."""
    bow = rng.uniform(0.05, 0.2)
    across = (y + bow * (x**2 - 0.5)) / rng.uniform(0.10, 0.16)
    along = np.clip((1.4 - np.abs(x)) / 0.3, 0.0, 1.0)
    beads = cv2.GaussianBlur(rng.standard_normal((1, x.shape[1]), dtype=np.float32), (0, 0), 8.0)
    return np.asarray(
        _chord(np.asarray(across**2, np.float32)) * along * np.clip(1.0 + 0.3 * beads / beads.std(), 0.3, None),
        np.float32,
    )


def _cluster(x: Image, y: Image, rng: np.random.Generator) -> Image:
    thickness = np.zeros_like(x)
    for angle in np.arange(rng.integers(4, 8)) * 2.4 + rng.uniform(0, 6.28):
        distance = rng.uniform(0.35, 0.85)
        thickness += _ball(x, y, (distance * math.cos(angle), distance * math.sin(angle)), rng.uniform(0.18, 0.34))
    return thickness


def _beak(x: Image, y: Image, rng: np.random.Generator) -> Image:
    """Draw a tapering lip of bone with a cortex: its base at -x, its tip at +x."""
    taper = np.clip((1.3 - x) / 2.4, 0.0, None) ** 0.8
    bent = y + 0.15 * rng.uniform(-1, 1) * x**2
    squared = np.where((x > -1.1) & (taper > 0.02), (bent / np.maximum(0.75 * taper, 0.02)) ** 2, 2.0)
    squared = np.asarray(squared, np.float32)
    # The base fades out: there the beak goes over into the bone that it belongs to.
    joined = np.clip((x + 1.1) / 0.4, 0.0, 1.0)
    return np.asarray((_chord(squared) - 0.5 * _chord(squared, 0.7)) * np.sqrt(taper) * joined, np.float32)


def _phlebolith(x: Image, y: Image, rng: np.random.Generator) -> Image:
    centre = tuple(rng.uniform(-0.15, 0.15, 2))
    return _ball(x, y, (0.0, 0.0), 1.0) - 0.9 * _ball(x, y, (centre[0], centre[1]), rng.uniform(0.5, 0.65))


def _vascular(x: Image, y: Image, rng: np.random.Generator) -> Image:
    """Draw the calcified walls of an artery: two parallel lines along x, bent together, each broken in its own places.

    Media calcification fills the wall, so a wall seen edge-on is dense, and what lies between the two is faint.
    """
    bend = rng.uniform(-0.2, 0.2) * (x**2 - 0.7) + 0.04 * np.sin(rng.uniform(2.0, 4.0) * x + rng.uniform(0, 6.28))
    across, radius = np.asarray(y + bend, np.float32), rng.uniform(0.22, 0.32)
    wall = np.asarray((across / radius) ** 2, np.float32)
    tube = _chord(wall) - 0.85 * _chord(wall, 0.72)
    along = np.clip((1.45 - np.abs(x)) / 0.15, 0.0, 1.0)
    gaps = [cv2.GaussianBlur(rng.standard_normal((1, x.shape[1]), dtype=np.float32), (0, 0), 7.0) for _ in range(2)]
    patchy = np.where(y + bend < 0, gaps[0] / gaps[0].std(), gaps[1] / gaps[1].std())
    return np.asarray(tube * along * np.clip(1.0 + 0.45 * patchy, 0.15, None), np.float32)


_SHAPES: Final[dict[FocusKind, Callable[[Image, Image, np.random.Generator], Image]]] = {
    "amorphous": _amorphous,
    "ossicle": _ossicle,
    "ring": _ring,
    "linear": _linear,
    "cluster": _cluster,
    "beak": _beak,
    "phlebolith": _phlebolith,
    "vascular": _vascular,
}


def _filled(thickness: Image, kind: FocusKind) -> NDArray[np.uint8]:
    """Return the inside of the outline: where there is mineral, and what it encloses; of pieces, the hull."""
    inside = (thickness > 0.1 * thickness.max()).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if kind in ("cluster", "vascular"):
        contours = [cv2.convexHull(np.vstack(contours))]
    return np.asarray(cv2.drawContours(np.zeros_like(inside), contours, -1, 1, cv2.FILLED), np.uint8)


def aspect_of(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> float:
    """Return the ratio of the axes of the ellipse that has a mask's second moments."""
    moments = np.linalg.eigvalsh(np.cov(np.nonzero(mask)) + np.eye(2) / 12.0)
    return float(math.sqrt(moments[1] / moments[0]))


def _roughened(canvas: Image, rng: np.random.Generator) -> Image:
    """Make a drawn shape as uneven as grown mineral is: a bent outline, here denser, there thinner, a soft border."""
    unit = _CANVAS / _UNITS_PER_CANVAS
    noise = [rng.standard_normal(canvas.shape, dtype=np.float32) for _ in range(3)]
    bend = [cv2.GaussianBlur(field, (0, 0), 0.22 * unit) for field in noise[:2]]
    row, column = np.indices(canvas.shape, np.float32)
    right, down = (np.asarray(0.09 * unit / field.std() * field, np.float32) for field in bend)
    uneven = cv2.GaussianBlur(noise[2], (0, 0), 0.16 * unit)
    density = np.clip(1.0 + 0.22 * uneven / uneven.std(), 0.3, None)
    bent = cv2.remap(canvas, column + right, row + down, cv2.INTER_LINEAR) * density
    return np.asarray(cv2.GaussianBlur(bent, (0, 0), 0.05 * unit), np.float32)


def _stretched(canvas: Image, inside: NDArray[np.uint8], aspect: float) -> tuple[Image, NDArray[np.uint8]]:
    """Stretch a shape along its own axes to an aspect ratio, its long axis turned to x and its size kept."""
    y, x = np.nonzero(inside)
    spread, axes = np.linalg.eigh(np.cov(x, y))
    ratio = math.sqrt(aspect / math.sqrt(spread[1] / spread[0]))
    turned = np.stack([axes[:, 1] * ratio, axes[:, 0] / ratio])
    # Aspect ratios beyond this canvas are left to the kinds that are lines; a little smaller, it stays inside.
    turned *= min(1.0, 1.3 / math.sqrt(aspect))
    matrix = np.column_stack([turned, np.full(2, (_CANVAS - 1) / 2) - turned @ (x.mean(), y.mean())])
    size = (_CANVAS, _CANVAS)
    return (
        np.asarray(np.maximum(cv2.warpAffine(canvas, matrix, size), 0.0), np.float32),
        np.asarray(cv2.warpAffine(inside.astype(np.float32), matrix, size) > 0.5, np.uint8),
    )


def draw_deposit(
    *,
    kind: FocusKind,
    row_px: float,
    column_px: float,
    diameter_px: float,
    orientation_deg: float,
    rng: np.random.Generator,
    aspect: float | None = None,
) -> Deposit:
    """Draw one deposit of a given kind and size, unblurred.

    Parameters
    ----------
    kind : str
        One of `FOCUS_KINDS`.
    row_px, column_px : float
        Centroid of the outline's inside.
    diameter_px : float
        Of the circle with the outline's area.
    orientation_deg : float
        Direction of the long axis (of a beak: from base to tip); 0 is towards larger columns, positive clockwise as
        displayed.
    rng : numpy.random.Generator
        Draws the irregularities.
    aspect : float, optional
        1 to 3: ratio of the axes of the ellipse that has the outline's second moments, and an outline, border and
        density as uneven as grown mineral has. Lines, beaks and vessels (`FIXED_SHAPES`) keep their own ratio. When not
        given, the shape is drawn as it is.

    Raises
    ------
    UsageError
        For an unknown kind, or an aspect ratio out of range.
    """
    if kind not in _SHAPES:
        raise UsageError(f"kind is {kind!r} but must be one of {', '.join(FOCUS_KINDS)}.")
    low, high = ASPECT_RANGE
    if aspect is not None and not low <= aspect <= high:
        raise UsageError(f"aspect is {aspect:g} but must be between {low:g} and {high:g} (a ratio).")
    canvas = _SHAPES[kind](*_axes(), rng)
    # A vessel keeps its two smooth walls.
    if aspect is not None and kind != "vascular":
        canvas = _roughened(canvas, rng)
    inside = _filled(canvas, kind)
    if aspect is not None and kind not in FIXED_SHAPES:
        canvas, inside = _stretched(canvas, inside, aspect)
    scale = diameter_px / (2.0 * math.sqrt(float(inside.sum()) / math.pi))
    centre_y, centre_x = (float(axis.mean()) for axis in np.nonzero(inside))
    half = math.ceil(0.75 * _CANVAS * scale) + 2
    row, column = math.floor(row_px) - half, math.floor(column_px) - half
    turn = cv2.getRotationMatrix2D((0.0, 0.0), -orientation_deg, scale)
    turn[:, 2] = (column_px - column, row_px - row) - turn[:, :2] @ (centre_x, centre_y)
    size = (2 * half + 1, 2 * half + 1)
    # One output pixel covers 1/scale canvas pixels: average over them before sampling.
    smooth = cv2.GaussianBlur(canvas, (0, 0), max(0.35 / scale, 0.3))
    thickness = np.maximum(cv2.warpAffine(smooth, turn, size, flags=cv2.INTER_LINEAR), 0.0)
    soft_mask = cv2.warpAffine(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), max(0.35 / scale, 0.3)), turn, size)
    return Deposit(
        thickness=np.asarray(thickness / thickness.max(), np.float32), mask=soft_mask > 0.5, row=row, column=column
    )
