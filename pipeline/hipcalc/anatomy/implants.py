"""Prostheses: metal where the other hip of a pelvis should be, and heads on stems in pictures without a native hip."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MetalHead", "heads_on_stems", "metal_head"]

# A prosthesis fills more than the brightest half percent of a pelvis: its grey level is near 1; and it ends sharply.
METAL_GREY = 0.9
EDGE_DROP = 0.2
WORK_SIZE_PX = 500
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


def metal_head(grey: Grey, expected_px: tuple[float, float], radius_px: float) -> MetalHead | None:
    """Find the head of a prosthesis near an expected place: the largest circle inside one piece of metal.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
        Bone bright; 1 is the 99.5th percentile.
    expected_px : (float, float)
        Row and column.
    radius_px : float
        Radius of the native head of the other side.

    Returns
    -------
    MetalHead or None
    """
    small, factor = _reduced(grey)
    found = [_scaled(head, factor) for piece, head in _long_pieces(small, METAL_GREY, LEAST_LENGTH)]
    near = [
        head
        for head in found
        if LEAST_SIZE <= head.radius_px / radius_px <= MOST_SIZE
        and math.hypot(head.row_px - expected_px[0], head.column_px - expected_px[1]) < REACH_HEAD_RADII * radius_px
    ]
    return max(near, key=lambda head: head.radius_px, default=None)


def heads_on_stems(grey: Grey, radii_px: tuple[float, float]) -> tuple[MetalHead, ...]:
    """Find prostheses by their shape alone: a round head above a narrower stem; at most one of either side.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
        Bone bright; 1 is the 99.5th percentile.
    radii_px : (float, float)
        Smallest and largest radius of a native head.
    """
    small, factor = _reduced(grey)
    best: dict[int, MetalHead] = {}
    for level in LEVELS:
        for piece, head in _long_pieces(small, level, LEAST_LENGTH_ALONE):
            scaled = _scaled(head, factor)
            plausible = LEAST_SIZE_ALONE * radii_px[0] <= scaled.radius_px <= 1.2 * radii_px[1]
            known = best.get(head.lateral_sign)
            if plausible and known is None and _is_head_on_stem(piece, head):
                best[head.lateral_sign] = scaled
    return tuple(best[sign] for sign in sorted(best))


def _reduced(grey: Grey) -> tuple[Grey, float]:
    factor = WORK_SIZE_PX / max(grey.shape)
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32), factor


def _scaled(head: MetalHead, factor: float) -> MetalHead:
    return MetalHead(
        row_px=(head.row_px + 0.5) / factor - 0.5,
        column_px=(head.column_px + 0.5) / factor - 0.5,
        radius_px=head.radius_px / factor,
        lateral_sign=head.lateral_sign,
    )


def _long_pieces(small: Grey, level: float, least_length: float) -> list[tuple[Mask, MetalHead]]:
    """Sharply bounded, long pieces above a grey level, each with the largest circle inside."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((small >= level).astype(np.uint8))
    pieces = []
    for label in range(1, count):
        length = int(max(boxes[label][2:4]))
        if length < least_length:
            continue
        piece = (labels == label).astype(np.uint8)
        head = _largest_circle(piece)
        if length >= least_length * head.radius_px and _ends_sharply(small, piece):
            pieces.append((piece, head))
    return pieces


def _largest_circle(piece: Mask) -> MetalHead:
    depth = np.asarray(cv2.distanceTransform(np.pad(piece, 1), cv2.DIST_L2, 5))[1:-1, 1:-1]
    row, column = (int(place) for place in np.unravel_index(int(np.argmax(depth)), depth.shape))
    middle = float(np.flatnonzero(piece.any(axis=0)).mean())
    sign: Literal[1, -1] = 1 if middle >= column else -1
    return MetalHead(row_px=row, column_px=column, radius_px=float(depth[row, column]), lateral_sign=sign)


def _ends_sharply(small: Grey, piece: Mask) -> bool:
    """Whether the grey level three pixels outside of a piece is well below that inside."""
    padded = np.pad(piece, 1)
    grown = cv2.dilate(padded, np.ones((9, 9), np.uint8)) - cv2.dilate(padded, np.ones((5, 5), np.uint8))
    ring, inside = grown[1:-1, 1:-1] > 0, piece > 0
    drop = EDGE_DROP * float(small.max())
    return bool(ring.any()) and float(np.median(small[inside]) - np.median(small[ring])) > drop


def _is_head_on_stem(piece: Mask, head: MetalHead) -> bool:
    """Whether a circle is the round top of a piece that goes on below it, narrower."""
    rows, columns = np.mgrid[: piece.shape[0], : piece.shape[1]]
    away = np.hypot(rows - head.row_px, columns - head.column_px)
    stem = np.where((away > 1.25 * head.radius_px) & (rows > head.row_px), piece, 0).astype(np.uint8)
    if not stem.any() or np.flatnonzero(stem.any(axis=1))[-1] < head.row_px + LEAST_DEPTH * head.radius_px:
        return False
    phi = np.radians(np.arange(*ROUND_PHI_DEG, 5.0))
    inner, outer = ((1.0 + step * ROUND_WITHIN) * head.radius_px for step in (-1.0, 1.0))
    ends = _at(piece, head, inner, phi) & ~_at(piece, head, outer, phi)
    return float(ends.mean()) >= ROUND_SHARE and _largest_circle(stem).radius_px < STEM_WIDTH * head.radius_px


def _at(piece: Mask, head: MetalHead, radius: float, phi: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points of a circle around a head lie in the piece; beyond the picture they do not."""
    rows = np.rint(head.row_px - radius * np.cos(phi)).astype(int)
    columns = np.rint(head.column_px + head.lateral_sign * radius * np.sin(phi)).astype(int)
    inside = (rows >= 0) & (rows < piece.shape[0]) & (columns >= 0) & (columns < piece.shape[1])
    return np.asarray(inside & (piece[rows.clip(0, piece.shape[0] - 1), columns.clip(0, piece.shape[1] - 1)] > 0))
