"""Solids as signed distance fields: negative inside, in millimetres, float32 arrays of shape (depth, rows, columns).

The primitives are those of implicit modelling (J. C. Hart, Sphere tracing, The Visual Computer 12 (1996) 527); the
smooth union is the polynomial blend usual there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Points", "ball", "carve", "ellipsoid", "half_space", "intersect", "smooth_union", "tube"]

Field = NDArray[np.float32]
Point = tuple[float, float, float]
# Beyond every blend between solids: farther away, how far a tube is does not matter.
_FAR_MM = 14.0
_NOWHERE_MM = 1e3


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Where a field is sampled, in the body's own axes: `lateral`, `cranial` and `anterior`, in millimetres."""

    lateral: Field
    cranial: Field
    anterior: Field

    @cached_property
    def _extents(self) -> tuple[tuple[Field, Field], ...]:
        """Smallest and largest anterior, cranial, lateral coordinate on every plane of the grid's three axes."""
        fields = (self.anterior, self.cranial, self.lateral)
        others = ((1, 2), (0, 2), (0, 1))
        return tuple((field.min(axis=axes), field.max(axis=axes)) for field, axes in zip(fields, others, strict=True))

    def window(self, low: Sequence[float], high: Sequence[float]) -> tuple[slice, slice, slice]:
        """Return a part of the grid that holds every sample of a box (lateral, cranial, anterior)."""
        slices = []
        for (least, most), start, end in zip(self._extents, low[::-1], high[::-1], strict=True):
            touched = np.flatnonzero((most >= start) & (least <= end))
            slices.append(slice(touched[0], touched[-1] + 1) if len(touched) else slice(0, 0))
        return slices[0], slices[1], slices[2]

    def within(self, window: tuple[slice, slice, slice]) -> "Points":
        """Return the samples of a part of the grid."""
        return Points(lateral=self.lateral[window], cranial=self.cranial[window], anterior=self.anterior[window])


def ball(points: Points, centre: Point, radius: float) -> Field:
    """Return the distance to a ball."""
    squared = (points.lateral - centre[0]) ** 2 + (points.cranial - centre[1]) ** 2 + (points.anterior - centre[2]) ** 2
    return np.asarray(np.sqrt(squared) - radius, np.float32)


def ellipsoid(points: Points, centre: Point, radii: Point) -> Field:
    """Return an approximate distance to an ellipsoid with its axes along the body's."""
    squared = (
        ((points.lateral - centre[0]) / radii[0]) ** 2
        + ((points.cranial - centre[1]) / radii[1]) ** 2
        + ((points.anterior - centre[2]) / radii[2]) ** 2
    )
    return np.asarray((np.sqrt(squared) - 1.0) * min(radii), np.float32)


def half_space(points: Points, through: Point, normal: Point) -> Field:
    """Return the distance to the half space behind a plane (negative against the normal)."""
    length = math.sqrt(sum(part**2 for part in normal))
    n = [part / length for part in normal]
    offset = sum(a * b for a, b in zip(n, through, strict=True))
    return np.asarray(points.lateral * n[0] + points.cranial * n[1] + points.anterior * n[2] - offset, np.float32)


def _segment(points: Points, start: Sequence[float], end: Sequence[float], flatten: float) -> Field:
    """Return the distance to one round cone; start and end are lateral, cranial, anterior and the radius."""
    axis = [b - a for a, b in zip(start, end, strict=True)]
    length2 = sum(part**2 for part in axis[:3])
    dl, dc, da = points.lateral - start[0], points.cranial - start[1], points.anterior - start[2]
    t = np.clip(dl * (axis[0] / length2) + dc * (axis[1] / length2) + da * (axis[2] / length2), 0.0, 1.0)
    squared = (dl - t * axis[0]) ** 2 + (dc - t * axis[1]) ** 2 + ((da - t * axis[2]) * flatten) ** 2
    return np.asarray(np.sqrt(squared) - (start[3] + t * axis[3]), np.float32)


def tube(points: Points, path: Sequence[Point], radii: Sequence[float], *, flatten: float = 1.0) -> Field:
    """Return the distance to a chain of round cones along a smooth curve through a path.

    Parameters
    ----------
    points : Points
    path : sequence of points
        At least two.
    radii : sequence of float
        At each of them.
    flatten : float
        Above 1 it makes the tube thinner from front to back.
    """
    knots = np.column_stack([np.asarray(path, float), np.asarray(radii, float)])
    if len(knots) > 2:
        from scipy.interpolate import PchipInterpolator  # Here and not above: see hip_bone.

        parts = 2 * (len(knots) - 1)
        curve = PchipInterpolator(np.arange(len(knots)), knots)
        knots = curve(np.linspace(0, len(knots) - 1, parts + 1))
    whole = np.full(points.lateral.shape, _NOWHERE_MM, np.float32)
    for start, end in pairwise(knots.tolist()):
        reach = _FAR_MM + max(start[3], end[3])
        low, high = (
            [pick(pair) + shift for pair in zip(start[:3], end[:3], strict=True)]
            for pick, shift in ((min, -reach), (max, reach))
        )
        window = points.window(low, high)
        near = _segment(points.within(window), start, end, flatten)
        np.minimum(whole[window], near, out=whole[window])
    return whole


def smooth_union(one: Field, other: Field, blend: float) -> Field:
    """Return the union of two solids, its seam filled with a fillet of about `blend` millimetres."""
    seam = one - other
    np.abs(seam, out=seam)
    np.subtract(blend, seam, out=seam)
    np.maximum(seam, 0.0, out=seam)
    seam *= seam
    seam *= 0.25 / blend
    whole = np.minimum(one, other)
    whole -= seam
    return whole


def intersect(one: Field, other: Field, blend: float) -> Field:
    """Return the intersection of two solids, its edge rounded by about `blend` millimetres."""
    whole = smooth_union(-one, -other, blend)
    return np.negative(whole, out=whole)


def carve(solid: Field, tool: Field, blend: float) -> Field:
    """Return the solid without the tool, the edge rounded by about `blend` millimetres."""
    return intersect(solid, -tool, blend)
