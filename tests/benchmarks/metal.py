"""Metal planted into a picture: what no ray passes, machined even and sharp; only the picture blurs its edge."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from hipcalc.anatomy import HipFrame
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import cut_window
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import estimate_blur_px

__all__ = ["METAL", "MetalPiece", "draw_metal", "with_metal"]

# What lies on and in people, with its length (mm) and its width over that.
METAL = {
    "bead": ((2.0, 6.0), (1.0, 1.0)),
    "snap": ((6.0, 12.0), (0.8, 1.0)),
    "eyelet": ((6.0, 13.0), (0.5, 1.0)),
    "bar": ((5.0, 15.0), (0.2, 0.5)),
    "clip": ((4.0, 8.0), (0.15, 0.3)),
    "letter": ((8.0, 15.0), (0.5, 0.8)),
    "coil": ((6.0, 15.0), (0.4, 0.9)),
}
# So many cortical steps brighter than its surround: eyelets have 0.55 in a real radiograph, springs 1 to 1.5.
OVER_STEP = (0.5, 2.0)
# Wall of an eyelet over its radius.
WALL = (0.35, 0.6)
# A piece is drawn so many times finer than the pixels.
FINER = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class MetalPiece:
    """How far a piece of metal covers each pixel of a window, how bright it is, and what is true of it."""

    kind: str
    window: tuple[slice, slice]
    covered: np.ndarray
    level: float
    row_px: float
    column_px: float
    diameter_px: float


def draw_metal(
    image: NormalizedRadiograph, hip: HipFrame, place: tuple[float, float], rng: np.random.Generator
) -> MetalPiece | None:
    """Draw a piece for a place (row, column); None where it would not lie inside of the picture."""
    kind = str(rng.choice(list(METAL)))
    length, ratio = (float(rng.uniform(*limits)) for limits in METAL[kind])
    pixel_mm = image.radiograph.spacing_mm or 25.0 / hip.head_radius_px
    half = math.ceil(0.75 * length / pixel_mm) + 6
    row, column = (round(axis) for axis in place)
    window = slice(row - half, row + half + 1), slice(column - half, column + half + 1)
    if min(row, column) < half or row + half >= image.shape[0] or column + half >= image.shape[1]:
        return None
    fine = _drawn(kind, length / pixel_mm * FINER, ratio, (2 * half + 1) * FINER, rng)
    covered = cv2.resize(fine, (2 * half + 1, 2 * half + 1), interpolation=cv2.INTER_AREA)
    blur = estimate_blur_px(image, row_px=place[0], column_px=place[1])
    step = hip_levels(cut_window(image, hip)).step
    return MetalPiece(
        kind=kind,
        window=window,
        covered=cv2.GaussianBlur(covered, (0, 0), blur),
        level=float(np.median(image.grey[window])) + float(rng.uniform(*OVER_STEP)) * step,
        row_px=row,
        column_px=column,
        diameter_px=2.0 * math.sqrt(float(covered.sum()) / math.pi),
    )


def with_metal(image: NormalizedRadiograph, pieces: tuple[MetalPiece, ...]) -> np.ndarray:
    """Return the picture's grey levels with the pieces in front of what lay there; noise goes on."""
    grey = image.grey.copy()
    for piece in pieces:
        own = grey[piece.window]
        grain = own - cv2.GaussianBlur(own, (0, 0), 2.0)
        grey[piece.window] = own * (1 - piece.covered) + (piece.level + grain) * piece.covered
    return grey


def _drawn(kind: str, length: float, ratio: float, side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one kind in the middle of a square canvas, covered parts 1."""
    angle, wall = float(rng.uniform(0, 180)), float(rng.uniform(*WALL))
    canvas, middle, width = np.zeros((side, side), np.float32), (side - 1) / 2, ratio * length
    box = ((middle, middle), (length, width), angle)
    turn = math.radians(angle)
    along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])

    def line(points: list[tuple[float, float]], thick: float) -> None:
        places = [middle + a * length / 2 * along + b * width / 2 * across for a, b in points]
        cv2.polylines(canvas, [np.rint(places).astype(np.int32)], False, 1.0, max(round(thick), 1))

    if kind in ("bead", "snap", "eyelet"):
        cv2.ellipse(canvas, box, 1.0, cv2.FILLED)
        if kind == "eyelet":
            hole = length - wall * length, width - wall * width
            cv2.ellipse(canvas, ((middle, middle), hole, angle), 0.0, cv2.FILLED)
    elif kind == "bar":
        cv2.fillPoly(canvas, [np.rint(cv2.boxPoints(box)).astype(np.int32)], 1.0)
    elif kind == "clip":
        line([(1, 0.5), (-1, 0.4), (-1, -0.4), (1, -0.5)], 0.4 * width)
    elif kind == "letter":
        line([(1, -1), (-1, -1), (-1, 0.6), (0, 0.6), (0, -1), (1, 0.8)], 0.15 * length)
    else:
        turns = np.linspace(-1.0, 1.0, 9)
        line([(float(at), 1.0 if k % 2 else -1.0) for k, at in enumerate(turns)], 0.1 * length)
    return canvas
