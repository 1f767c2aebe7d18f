"""The femoral head's circle, from the part of its contour that is really visible."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hipcalc.anatomy.patch import Pyramid, gradient_patch

__all__ = ["HeadCircle", "HeadPatch", "PolarStrip", "fit_head_circle", "moved", "polar_strip"]

UNIT_PX = 40
SMOOTHING_HEAD_RADII = 0.03
# Polar angles, every 2 degrees: from below the fovea over the top to the neck.
PHI_DEG = np.arange(-138.0, 91.0, 2.0)
RADII = np.arange(0.55, 1.75, 1.0 / UNIT_PX)
EDGE = 0.1
# How much of the head's contour shows at a polar angle: medial and lateral well, on top it hides behind the walls of
# the socket, and beyond 70 degrees the neck begins.
CONTOUR_PHI_DEG = (-140.0, -125.0, -100.0, -80.0, -20.0, -10.0, 30.0, 40.0, 60.0, 72.0)
CONTOUR_WEIGHT = (0.0, 0.5, 0.8, 1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 0.0)
ROOF_PHI_DEG = (-35.0, 32.0)
# Joint spaces that are tried, in head radii.
JOINT_SPACES = (0.04, 0.08, 0.12, 0.17, 0.23)
ROOF_WEIGHT = 0.4
# Reach and step of the centre and of the radius in head radii, and every how many angles count; coarse to fine.
ROUNDS = ((0.3, 0.05, 0.24, 0.04, 2), (0.1, 0.025, 0.1, 0.02, 2), (0.03, 0.01, 0.04, 0.01, 1))
# How far a circle may move and grow after it was cut out, in head radii.
ROOM = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class PolarStrip:
    """Surroundings of a head, unrolled: one row per radius in `RADII`, one column per angle in `PHI_DEG`.

    Attributes
    ----------
    outward : ndarray of float32
        Outward component of the normalised gradient: negative where it gets darker outward.
    lateral : ndarray of float32
        Component towards larger polar angles.
    grey : ndarray of float32
    kept : ndarray of bool
    """

    outward: NDArray[np.float32]
    lateral: NDArray[np.float32]
    grey: NDArray[np.float32]
    kept: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class HeadCircle:
    """A head's circle.

    Attributes
    ----------
    row_px, column_px, radius_px : float
    support : float
        Mean edge strength along the visible contour and the roof, about 0 in noise, at most 1.4.
    visible : float
        Share of the head's contour that shows along the circle, 0 to 1; NaN before the contour was followed.
    """

    row_px: float
    column_px: float
    radius_px: float
    support: float
    visible: float = math.nan


def moved(
    circle: HeadCircle, down: float, lateral: float, radius: float, lateral_sign: int, turn_deg: float
) -> HeadCircle:
    """Move a circle down and laterally, as the hip lies, and scale it, all in its own radii."""
    size, right, turn = circle.radius_px, lateral * lateral_sign, math.radians(turn_deg)
    return replace(
        circle,
        row_px=circle.row_px + size * (down * math.cos(turn) + right * math.sin(turn)),
        column_px=circle.column_px + size * (right * math.cos(turn) - down * math.sin(turn)),
        radius_px=size * radius,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadPatch:
    """A head cut out of the picture with room around it: strips of all circles near it are taken from here.

    Attributes
    ----------
    field : ndarray of float32, shape (2, n, n)
        Normalised gradient along rows and columns.
    grey : ndarray of float32, shape (n, n)
    kept : ndarray of float32, shape (n, n)
        1 where the picture counts.
    row_px, column_px, radius_px : float
        Of the circle around its middle, whose radius is `UNIT_PX` here.
    lateral_sign : {1, -1}
    turn_deg : float
    """

    field: NDArray[np.float32]
    grey: NDArray[np.float32]
    kept: NDArray[np.float32]
    row_px: float
    column_px: float
    radius_px: float
    lateral_sign: int
    turn_deg: float

    @classmethod
    def around(cls, picture: Pyramid, circle: HeadCircle, room: float, lateral_sign: int, turn_deg: float) -> Self:
        """Cut out a circle with its strip and `room`, in head radii, around that."""
        centre_px = circle.row_px, circle.column_px
        field, grey, kept, _ = gradient_patch(
            picture, centre_px, circle.radius_px, UNIT_PX, RADII[-1] + EDGE + room, SMOOTHING_HEAD_RADII
        )
        return cls(
            field=field,
            grey=grey,
            kept=kept,
            row_px=circle.row_px,
            column_px=circle.column_px,
            radius_px=circle.radius_px,
            lateral_sign=lateral_sign,
            turn_deg=turn_deg,
        )

    def strip(self, circle: HeadCircle) -> PolarStrip:
        """Unroll the surroundings of a circle; what lies beyond the patch is not kept."""
        down, right, points, inside = self._points(circle)
        field_down, field_right = (component.take(points) * inside for component in self.field)
        return PolarStrip(
            outward=field_down * down + field_right * right,
            # Towards larger polar angles.
            lateral=self.lateral_sign * (field_right * -down + field_down * right),
            grey=self.grey.take(points),
            kept=inside,
        )

    def outward(self, circle: HeadCircle) -> NDArray[np.float32]:
        """Outward component of the gradient in the strip of a circle."""
        down, right, points, inside = self._points(circle)
        outward: NDArray[np.float32] = self.field[0].take(points) * down + self.field[1].take(points) * right
        outward *= inside
        return outward

    def _points(
        self, circle: HeadCircle
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.intp], NDArray[np.bool_]]:
        """Directions (down, right) of a strip's columns, its points in the raveled patch, and which of them count."""
        phi = np.radians(PHI_DEG) + math.radians(self.lateral_sign * self.turn_deg)
        down, right = (a.astype(np.float32) for a in (-np.cos(phi), self.lateral_sign * np.sin(phi)))
        side, unit = len(self.kept), UNIT_PX / self.radius_px
        distance = (circle.radius_px * unit * RADII).astype(np.float32)[:, None]
        row, column = (
            np.float32(side // 2 + unit * away)
            for away in (circle.row_px - self.row_px, circle.column_px - self.column_px)
        )
        rows, columns = np.rint(row + distance * down), np.rint(column + distance * right)
        reach = float(distance[-1, 0]) + 1.0
        # Mostly the whole strip lies inside the patch.
        if reach <= min(row, column) and max(row, column) + reach <= side:
            points = (rows * side + columns).astype(np.intp)
            return down, right, points, self.kept.take(points) > 0.5
        beyond = (rows < 0) | (columns < 0) | (rows >= side) | (columns >= side)
        points = np.where(beyond, 0, rows * side + columns).astype(np.intp)
        return down, right, points, (self.kept.take(points) > 0.5) & ~beyond


def polar_strip(
    picture: Pyramid,
    centre_px: tuple[float, float],
    radius_px: float,
    lateral_sign: int,
    turn_deg: float,
) -> PolarStrip:
    """Unroll the surroundings of a head."""
    circle = HeadCircle(row_px=centre_px[0], column_px=centre_px[1], radius_px=radius_px, support=math.nan)
    return HeadPatch.around(picture, circle, 0.0, lateral_sign, turn_deg).strip(circle)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Circles:
    """Circles around a head that are compared with a strip.

    Attributes
    ----------
    places : ndarray of float64, shape (circles, 3)
        Down, lateral and radius in head radii.
    contour : csr_array of float32, shape (circles, points of the strip)
        Weighted mean over the points of each circle.
    roofs : csr_array of float32, shape (joint spaces * circles, points of the strip)
        Mean over the points above each circle, for one joint space after the other.
    far : ndarray of float32, shape (circles,)
        What a circle loses by its distance from where we are.
    """

    places: NDArray[np.float64]
    contour: csr_array
    roofs: csr_array
    far: NDArray[np.float32]


def _mean_over(points: NDArray[np.intp], weight: NDArray[np.float64]) -> csr_array:
    """Matrix that takes the weighted mean over the points of the raveled strip in each row."""
    values = np.broadcast_to(weight.astype(np.float32), points.shape).ravel()
    ends = np.arange(0, points.size + 1, points.shape[1], dtype=np.int32)
    return csr_array((values, points.ravel().astype(np.int32), ends), shape=(len(points), len(RADII) * len(PHI_DEG)))


@lru_cache(maxsize=len(ROUNDS))
def _circles(reach: float, step: float, radius_reach: float, radius_step: float, stride: int) -> _Circles:
    offsets = np.arange(-reach, reach + 1e-9, step)
    sizes = 1.0 + np.arange(-radius_reach, radius_reach + 1e-9, radius_step)
    down, lateral, radius = (a.ravel() for a in np.meshgrid(offsets, offsets, sizes, indexing="ij"))
    angle = np.arange(0, len(PHI_DEG), stride)
    phi = np.radians(PHI_DEG[angle])
    along = -down[:, None] * np.cos(phi) + lateral[:, None] * np.sin(phi)
    across = lateral[:, None] * np.cos(phi) + down[:, None] * np.sin(phi)
    distance = along + np.sqrt(np.maximum(radius[:, None] ** 2 - across**2, 0.01))
    index = np.clip(np.rint((distance - RADII[0]) * UNIT_PX).astype(np.intp), 0, len(RADII) - 1)
    weight = np.interp(PHI_DEG[angle], CONTOUR_PHI_DEG, CONTOUR_WEIGHT)
    roof = np.flatnonzero((PHI_DEG[angle] > ROOF_PHI_DEG[0]) & (PHI_DEG[angle] < ROOF_PHI_DEG[1]))
    higher = [np.minimum(index[:, roof] + round(space * UNIT_PX), len(RADII) - 1) for space in JOINT_SPACES]
    # Of equals, the one nearest to where we are.
    far = 0.02 * ((down**2 + lateral**2) / 0.15**2 + ((radius - 1.0) / 0.12) ** 2) * (reach > 0.2)
    return _Circles(
        places=np.stack([down, lateral, radius], axis=1),
        contour=_mean_over(index * len(PHI_DEG) + angle, weight / weight.sum()),
        roofs=_mean_over(np.concatenate(higher) * len(PHI_DEG) + angle[roof], np.full(len(roof), 1.0 / len(roof))),
        far=far.astype(np.float32),
    )


def _best_circle(outward: NDArray[np.float32], circles: _Circles) -> tuple[float, float, float, float]:
    """(down, lateral, radius, support) of the circle along which the contour is clearest, in head radii."""
    edge = outward.ravel()
    support = circles.contour @ np.clip(-edge, -0.5, 1.0)
    above = circles.roofs @ np.clip(edge, -0.5, 1.0)
    support += ROOF_WEIGHT * above.reshape(len(JOINT_SPACES), -1).max(axis=0)
    support -= circles.far
    best = int(np.argmax(support))
    down, lateral, radius = circles.places[best].tolist()
    return down, lateral, radius, float(support[best])


def fit_head_circle(
    picture: Pyramid,
    start_px: tuple[float, float, float],
    lateral_sign: int,
    turn_deg: float,
) -> tuple[HeadCircle, PolarStrip]:
    """Find the circle (row, column, radius) with the clearest contour around a start, in three rounds, and its strip.

    The first round may lead far, and the picture is cut out again after it.
    """
    row, column, radius = start_px
    circle = HeadCircle(row_px=row, column_px=column, radius_px=radius, support=0.0)
    for search in ROUNDS:
        if search in ROUNDS[:2]:
            room = 0.0 if search == ROUNDS[0] else ROOM
            patch = HeadPatch.around(picture, circle, room, lateral_sign, turn_deg)
        down, lateral, factor, support = _best_circle(patch.outward(circle), _circles(*search))
        circle = replace(moved(circle, down, lateral, factor, lateral_sign, turn_deg), support=support)
    return circle, patch.strip(circle)
