"""Prostheses: metal where the other hip of a pelvis should be, and heads on stems in pictures without a native hip."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.patch import Pyramid

__all__ = ["MetalHead", "heads_on_stems", "is_metal", "metal_head"]

# A prosthesis fills more than the brightest half percent of a pelvis: its grey level is near 1; and it ends sharply.
METAL_GREY = 0.9
EDGE_DROP = 0.2
WORK_SIZE_PX = 256
# A prosthesis' head and cup against the radius of the native head of the other side, and how far it may be dislocated.
LEAST_SIZE, MOST_SIZE = 0.5, 1.7
REACH_HEAD_RADII = 5.0
# Head and stem together are longer than this many radii of the largest circle in them; a gonad shield is not.
LEAST_LENGTH = 5.0
# Without a native hip beside it the metal is looked for at more levels: stems let more through than heads.
LEVELS = (0.9, 0.82, 0.75, 0.68, 0.6, 0.5)
LEAST_LENGTH_ALONE, LEAST_SIZE_ALONE = 4.0, 0.7
# A stem is narrower than its head, by this at least, and reaches that many of its radii below its centre; the head is
# round on top and medially, where neither the cup's opening nor the neck interrupts it.
STEM_WIDTH = 0.6
LEAST_DEPTH = 2.5
ROUND_SHARE, ROUND_WITHIN = 0.75, 0.17
ROUND_PHI_DEG = (-90.0, 40.0)
# Of the inside of a metal head most outshines nearly all around it, roof included: 85 to 93 percent in phantoms, where
# native heads of 235 hips had 32 at most.
INSIDE_HEAD_RADII, AROUND_HEAD_RADII = 0.7, (1.05, 1.9)
NEARLY_ALL, MOST = 0.95, 0.6
METAL_RADIUS_PX = 16
# Of its surroundings, this much goes with a piece: the grey level is compared up to four pixels outside.
MARGIN_PX = 5

Grey = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class MetalHead:
    """The head of a prosthesis, or its cup.

    Attributes
    ----------
    row_px, column_px, radius_px : float
        Largest circle inside it.
    lateral_sign : {1, -1}
        1 where its stem lies towards larger columns.
    """

    row_px: float
    column_px: float
    radius_px: float
    lateral_sign: Literal[1, -1]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """A piece of metal: its mask with a margin around it, where that begins in the picture, and the circle in it."""

    mask: Mask
    corner: tuple[int, int]
    head: MetalHead


def metal_head(picture: Pyramid, expected_px: tuple[float, float], radius_px: float) -> MetalHead | None:
    """Find the head of a prosthesis near an expected place: the largest circle inside one piece of metal.

    Parameters
    ----------
    picture : Pyramid
        Bone bright; 1 is the 99.5th percentile.
    expected_px : (float, float)
        Row and column.
    radius_px : float
        Radius of the native head of the other side.

    Returns
    -------
    MetalHead or None
    """
    small, factor = _reduced(picture)
    best: MetalHead | None = None
    for one in _long_pieces(small, METAL_GREY, LEAST_LENGTH, LEAST_SIZE * radius_px * factor):
        head = _scaled(one.head, factor)
        near = math.hypot(head.row_px - expected_px[0], head.column_px - expected_px[1]) < REACH_HEAD_RADII * radius_px
        larger = best is None or head.radius_px > best.radius_px
        if near and larger and LEAST_SIZE <= head.radius_px / radius_px <= MOST_SIZE and _ends_sharply(small, one):
            best = head
    return best


def heads_on_stems(picture: Pyramid, radii_px: tuple[float, float]) -> tuple[MetalHead, ...]:
    """Find prostheses by their shape alone: a round head above a narrower stem; at most one of either side.

    Parameters
    ----------
    picture : Pyramid
        Bone bright; 1 is the 99.5th percentile.
    radii_px : (float, float)
        Smallest and largest radius of a native head.
    """
    small, factor = _reduced(picture)
    best: dict[int, MetalHead] = {}
    least_radius = LEAST_SIZE_ALONE * radii_px[0]
    brightest = _brightest_square(small, least_radius * factor)
    for level in (one for one in LEVELS if one <= brightest):
        for one in _long_pieces(small, level, LEAST_LENGTH_ALONE, least_radius * factor):
            scaled = _scaled(one.head, factor)
            plausible = least_radius <= scaled.radius_px <= 1.2 * radii_px[1]
            # At another level an upright stem may seem to lie on the other side of the same head.
            is_new = scaled.lateral_sign not in best and not any(_lie_on_each_other(scaled, it) for it in best.values())
            if plausible and is_new and _is_head_on_stem(one) and _ends_sharply(small, one):
                best[scaled.lateral_sign] = scaled
    return tuple(best[sign] for sign in sorted(best))


def _lie_on_each_other(one: MetalHead, other: MetalHead) -> bool:
    away = math.hypot(one.row_px - other.row_px, one.column_px - other.column_px)
    return away < max(one.radius_px, other.radius_px)


def is_metal(picture: Pyramid, centre_px: tuple[float, float], radius_px: float) -> bool:
    """Whether the circle that was taken for a head is filled with metal."""
    level = picture.level_for(METAL_RADIUS_PX / radius_px)
    radius = radius_px / 2**level
    row, column = ((c + 0.5) / 2**level - 0.5 for c in centre_px)
    reach = AROUND_HEAD_RADII[1] * radius
    near = tuple(slice(max(0, math.floor(c - reach)), math.ceil(c + reach) + 1) for c in (row, column))
    grey, kept = picture.grey[level][near], picture.keep[level][near] == 255
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    away = np.hypot(rows + near[0].start - row, columns + near[1].start - column) / radius
    inside = grey[kept & (away < INSIDE_HEAD_RADII)]
    around = grey[kept & (away > AROUND_HEAD_RADII[0]) & (away < AROUND_HEAD_RADII[1])]
    if not inside.size or not around.size:
        return False
    return float(np.mean(inside > np.quantile(around, NEARLY_ALL))) > MOST


def _brightest_square(small: Grey, radius: float) -> float:
    """Highest grey level that the whole of a square reaches which any circle of a radius has room for."""
    side = max(1, math.floor(math.sqrt(2.0) * max(radius, 1.0)) - 1)
    return float(np.max(cv2.erode(small, np.ones((side, side), np.uint8))))


def _reduced(picture: Pyramid) -> tuple[Grey, float]:
    rows, columns = picture.grey[0].shape
    factor = WORK_SIZE_PX / max(rows, columns)
    size = max(1, round(columns * factor)), max(1, round(rows * factor))
    small = cv2.resize(picture.grey[picture.level_for(factor)], size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), factor


def _scaled(head: MetalHead, factor: float) -> MetalHead:
    return MetalHead(
        row_px=(head.row_px + 0.5) / factor - 0.5,
        column_px=(head.column_px + 0.5) / factor - 0.5,
        radius_px=head.radius_px / factor,
        lateral_sign=head.lateral_sign,
    )


def _long_pieces(small: Grey, level: float, least_length: float, least_radius: float) -> Iterator[_Piece]:
    """Long pieces above a grey level, each with the largest circle inside, the thickest first."""
    bright = (small >= level).astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(np.pad(bright, 1), cv2.DIST_L2, 5))[1:-1, 1:-1].copy()
    while True:
        _, radius, _, (column, row) = cv2.minMaxLoc(depth)
        if radius < max(least_radius, 1.0):
            return
        _, _, _, (left, top, width, height) = cv2.floodFill(bright, None, (column, row), 2, flags=8)
        near = (
            slice(max(0, top - MARGIN_PX), top + height + MARGIN_PX),
            slice(max(0, left - MARGIN_PX), left + width + MARGIN_PX),
        )
        mask = (bright[near] == 2).astype(np.uint8)
        bright[near] -= mask
        depth[near] *= 1 - mask
        if max(width, height) >= max(least_length * radius, least_length):
            middle = float(np.flatnonzero(mask.any(axis=0)).mean())
            lateral: Literal[1, -1] = 1 if middle >= column - near[1].start else -1
            head = MetalHead(row_px=row, column_px=column, radius_px=radius, lateral_sign=lateral)
            yield _Piece(mask=mask, corner=(near[0].start, near[1].start), head=head)


def _ends_sharply(small: Grey, piece: _Piece) -> bool:
    """Whether the grey level three pixels outside of a piece is well below that inside."""
    mask, (top, left) = piece.mask, piece.corner
    grey = small[top : top + mask.shape[0], left : left + mask.shape[1]]
    padded = np.pad(mask, 1)
    grown = cv2.dilate(padded, np.ones((9, 9), np.uint8)) - cv2.dilate(padded, np.ones((5, 5), np.uint8))
    ring, inside = grown[1:-1, 1:-1] > 0, mask > 0
    drop = EDGE_DROP * float(small.max())
    return bool(ring.any()) and float(np.median(grey[inside]) - np.median(grey[ring])) > drop


def _is_head_on_stem(piece: _Piece) -> bool:
    """Whether the circle is the round top of a piece that goes on below it, narrower."""
    mask, radius = piece.mask, piece.head.radius_px
    row, column = piece.head.row_px - piece.corner[0], piece.head.column_px - piece.corner[1]
    phi = np.radians(np.arange(*ROUND_PHI_DEG, 5.0))
    down, right = -np.cos(phi), piece.head.lateral_sign * np.sin(phi)
    inner, outer = (
        _at(mask, row + size * radius * down, column + size * radius * right)
        for size in (1.0 - ROUND_WITHIN, 1.0 + ROUND_WITHIN)
    )
    if float((inner & ~outer).mean()) < ROUND_SHARE:
        return False
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    away = np.hypot(rows - row, columns - column)
    stem = np.where((away > 1.25 * radius) & (rows > row), mask, 0).astype(np.uint8)
    if not stem.any() or np.flatnonzero(stem.any(axis=1))[-1] < row + LEAST_DEPTH * radius:
        return False
    width = float(np.max(cv2.distanceTransform(np.pad(stem, 1), cv2.DIST_L2, 5)))
    return width < STEM_WIDTH * radius


def _at(mask: Mask, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points lie in a mask; beyond it they do not."""
    row, column = np.rint(rows).astype(int), np.rint(columns).astype(int)
    inside = (row >= 0) & (row < mask.shape[0]) & (column >= 0) & (column < mask.shape[1])
    return np.asarray(inside & (mask[row.clip(0, mask.shape[0] - 1), column.clip(0, mask.shape[1] - 1)] > 0))
