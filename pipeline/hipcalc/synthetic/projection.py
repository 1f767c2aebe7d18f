"""Bones projected from a point source: millimetres of compact and of cancellous bone along each ray."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.resample import enlarge
from hipcalc.synthetic.shapes import Field, Points

__all__ = ["Frame", "Pose", "Thickness", "project_bone"]

_STEP_MM = 2.0
# Unevenness of a bone: its two grains, and of each the surface's deviation in millimetres and the deviation of the
# logarithm of the cortex's thickness. Chosen: lines of cortex then are beaded as on radiographs.
_UNEVEN_MM = (5.0, 2.2)
_UNEVENNESS_MM = (0.2, 0.12)
_CORTEX_SPREAD = (0.22, 0.16)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The detector, sampled every `step_mm`, and the source in front of it.

    The origin of the room is the foot of the central ray at the body's middle plane: right as displayed, down, and
    towards the source, in millimetres.

    Attributes
    ----------
    rows, columns : int
    step_mm : float
        Sample distance at the detector.
    source_mm, detector_mm : float
        Distance of source and detector from the body's middle plane.
    """

    rows: int
    columns: int
    step_mm: float
    source_mm: float
    detector_mm: float

    def magnification(self, toward_source_mm: float) -> float:
        """Return size at the detector over size in the body, at a depth."""
        return (self.source_mm + self.detector_mm) / (self.source_mm - toward_source_mm)

    def to_image(self, right_mm: float, down_mm: float, toward_source_mm: float) -> tuple[float, float]:
        """Return (row, column) of a point of the room."""
        scale = self.magnification(toward_source_mm) / self.step_mm
        return down_mm * scale + (self.rows - 1) / 2, right_mm * scale + (self.columns - 1) / 2


def frame_of(imaging: Imaging, body_thickness_mm: float, *, step_mm: float) -> Frame:
    """Return the frame of an exposure, sampled more or less finely than its pixels."""
    detector = imaging.table_distance_mm + body_thickness_mm / 2
    ratio = imaging.pixel_mm / step_mm
    return Frame(
        rows=math.ceil(imaging.rows * ratio),
        columns=math.ceil(imaging.columns * ratio),
        step_mm=step_mm,
        source_mm=imaging.source_distance_mm - detector,
        detector_mm=detector,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Pose:
    """Where a bone's own axes (lateral, cranial, anterior) lie in the room (right, down, towards the source).

    Attributes
    ----------
    origin : ndarray of float64, shape (3,)
        Of the bone's axes, in the room.
    axes : ndarray of float64, shape (3, 3)
        Rows: the bone's lateral, cranial and anterior directions in the room; orthonormal up to a mirror.
    """

    origin: NDArray[np.float64]
    axes: NDArray[np.float64]

    def to_room(self, lateral: float, cranial: float, anterior: float) -> tuple[float, float, float]:
        """Return the room coordinates of a point of the bone."""
        right, down, toward = self.origin + np.array([lateral, cranial, anterior]) @ self.axes
        return float(right), float(down), float(toward)


@dataclass(frozen=True, kw_only=True, eq=False)
class Thickness:
    """Millimetres of compact and cancellous bone along the rays of a frame, shape (rows, columns)."""

    compact: NDArray[np.float32]
    cancellous: NDArray[np.float32]


Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def _room_grid(pose: Pose, box: Box, frame: Frame) -> tuple[list[NDArray[np.float32]], Points]:
    """Room axes (right, down, toward) around a bone, cut to what is seen, and the bone's coordinates there."""
    corners = np.array([pose.to_room(a, b, c) for a in box[0] for b in box[1] for c in box[2]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    reach = np.array([frame.columns, frame.rows]) * frame.step_mm / 2 + 6.0
    low[:2], high[:2] = np.maximum(low[:2], -reach), np.minimum(high[:2], reach)
    axes = [np.arange(a, b + _STEP_MM, _STEP_MM, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    toward, down, right = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    room = [right - np.float32(pose.origin[0]), down - np.float32(pose.origin[1]), toward - np.float32(pose.origin[2])]
    own = [np.asarray(a * room[0] + b * room[1] + c * room[2], np.float32) for a, b, c in pose.axes.tolist()]
    return axes, Points(lateral=own[0], cranial=own[1], anterior=own[2])


def _roughened(surface: Field, cortex: Field, unevenness: float, rng: np.random.Generator) -> tuple[Field, Field]:
    uneven, varying = (_grain(surface.shape, heights, rng) for heights in (_UNEVENNESS_MM, _CORTEX_SPREAD))
    # A thick cortex varies no more than a thin one, in millimetres; knots stand out further than thin places fall back.
    varying = np.clip(np.expm1(np.float32(unevenness) * varying), -0.7, 2.5)
    thickness = cortex + np.minimum(cortex, 1.2) * varying
    return np.asarray(surface + uneven, np.float32), np.asarray(thickness, np.float32)


def _grain(shape: tuple[int, ...], heights: tuple[float, float], rng: np.random.Generator) -> Field:
    """Return noise of two grains, each with its deviation."""
    from scipy.ndimage import gaussian_filter  # Here and not above: see hip_bone.

    total = np.zeros(shape, np.float32)
    for sigma, height in zip(_UNEVEN_MM, heights, strict=True):
        field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma / _STEP_MM, truncate=2.5)
        total += np.float32(height / field.std()) * field
    return total


def _inside(near: Field, far: Field) -> Field:
    """Share of the ray between two neighbouring samples that lies inside, the field being linear between them."""
    # Each step into the array of the one before: there are hundreds of these, and new arrays cost more than sums.
    depth, part = np.minimum(near, 0), np.minimum(far, 0)
    depth += part
    whole = np.abs(near)
    whole += np.abs(far, out=part)
    np.maximum(whole, 1e-6, out=whole)
    depth /= whole
    return np.negative(depth, out=depth)


def project_bone(
    solid: Callable[[Points], tuple[Field, Field]],
    *,
    pose: Pose,
    box: Box,
    frame: Frame,
    unevenness: float = 1.0,
    rng: np.random.Generator | None = None,
) -> Thickness:
    """Project one bone.

    The distance field is sampled every 2 mm and interpolated to the rays, slice by slice, each slice magnified as the
    cone of rays has it; along a ray, the crossing of each surface is found to a fraction of a step.

    Parameters
    ----------
    solid : callable
        From `Points` in the bone's own axes to the distance field and the cortex's thickness.
    pose, frame
        Where the bone and the detector are.
    box : three pairs of float
        Lateral, cranial and anterior extent of the bone, in millimetres.
    unevenness : float
        How much the cortex's thickness varies, of the adult median.
    rng : numpy.random.Generator, optional
        Makes the surface a little uneven and its cortex here thicker, there thinner, as bone is.
    """
    compact, cancellous = (np.zeros((frame.rows, frame.columns), np.float32) for _ in range(2))
    (right, down, toward), points = _room_grid(pose, box, frame)
    if min(len(right), len(down), len(toward)) < 2:
        return Thickness(compact=compact, cancellous=cancellous)
    surface, cortex = solid(points)
    if rng is not None:
        surface, cortex = _roughened(surface, cortex, unevenness, rng)
    marrow = surface + cortex
    slabs = [_shadow(surface[k : k + 2], (right, down, toward[k : k + 2]), frame) for k in range(len(toward) - 1)]
    slabs = [_NO_SHADOW, *slabs, _NO_SHADOW]
    step = np.float32(toward[1] - toward[0])
    behind = _Slice(window=_NO_SHADOW, planes=())
    for k, slab in enumerate(slabs[:-1]):
        # Each slice serves the slab behind it and the one in front of it.
        window = _hull(slab, slabs[k + 1])
        planes = (
            tuple(
                _on_rays(field[k], (right[0], down[0]), frame, float(toward[k]), window) for field in (surface, marrow)
            )
            if window.size
            else ()
        )
        here = _Slice(window=window, planes=planes)
        if slab.size:
            all_bone, inner = (_inside(*pair) for pair in zip(behind.cut(slab), here.cut(slab), strict=True))
            all_bone -= inner
            all_bone *= step
            inner *= step
            compact[slab.place] += all_bone
            cancellous[slab.place] += inner
        behind = here
    return Thickness(compact=compact, cancellous=cancellous)


@dataclass(frozen=True, kw_only=True)
class _Window:
    """A rectangle of the detector: first and one past the last row and column."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> int:
        return max(self.bottom - self.top, 0) * max(self.right - self.left, 0)

    @property
    def place(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


_NO_SHADOW = _Window(top=0, left=0, bottom=0, right=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Slice:
    """Surface and marrow field where the rays to a window cross one plane."""

    window: _Window
    planes: tuple[Field, ...]

    def cut(self, part: _Window) -> tuple[Field, ...]:
        rows = slice(part.top - self.window.top, part.bottom - self.window.top)
        columns = slice(part.left - self.window.left, part.right - self.window.left)
        return tuple(plane[rows, columns] for plane in self.planes)


def _hull(one: _Window, other: _Window) -> _Window:
    if not one.size or not other.size:
        return one if one.size else other
    return _Window(
        top=min(one.top, other.top),
        left=min(one.left, other.left),
        bottom=max(one.bottom, other.bottom),
        right=max(one.right, other.right),
    )


def _shadow(surface: Field, axes: tuple[Field, Field, Field], frame: Frame) -> _Window:
    """Return the part of the detector on which what lies between two slices casts its shadow."""
    right, down, toward = axes
    rows, columns = (np.flatnonzero((surface.min(axis=0) < _STEP_MM).any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return _NO_SHADOW
    top, bottom = down[max(rows[0] - 1, 0)], down[min(rows[-1] + 1, len(down) - 1)]
    left, end = right[max(columns[0] - 1, 0)], right[min(columns[-1] + 1, len(right) - 1)]
    corners = [frame.to_image(x, y, float(z)) for x in (left, end) for y in (top, bottom) for z in toward]
    shadow = _Window(
        top=max(math.floor(min(row for row, _ in corners)), 0),
        left=max(math.floor(min(column for _, column in corners)), 0),
        bottom=min(math.ceil(max(row for row, _ in corners)) + 1, frame.rows),
        right=min(math.ceil(max(column for _, column in corners)) + 1, frame.columns),
    )
    return shadow if shadow.bottom > shadow.top and shadow.right > shadow.left else _NO_SHADOW


def _on_rays(plane: Field, corner: tuple[float, float], frame: Frame, toward: float, window: _Window) -> Field:
    """Sample one slice where the rays to a window of the detector cross it; `corner` is its first sample's place."""
    scale = frame.step_mm / frame.magnification(toward) / _STEP_MM
    row = (window.top - (frame.rows - 1) / 2) * scale - corner[1] / _STEP_MM
    column = (window.left - (frame.columns - 1) / 2) * scale - corner[0] / _STEP_MM
    shape = (window.bottom - window.top, window.right - window.left)
    return enlarge(plane, shape=shape, scale=scale, shift=(row, column))
