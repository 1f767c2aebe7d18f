"""Objects in the beam: collimator blades, a letter of lead, surgical clips."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.synthetic.beam import attenuation_at
from hipcalc.synthetic.furniture import Clip, Collimation, SideMarker
from hipcalc.synthetic.imaging import Imaging, outside_picture
from hipcalc.synthetic.object_truth import ObjectTruth, object_truth

__all__ = ["InBeam", "objects_in_beam"]

Image = NDArray[np.float32]
# Lead of 1 mm and collimator blades let through less than a thousandth; the scatter behind them is what is seen.
_LEAD_LINE_INTEGRAL: Final = 6.0
_BLADE_LINE_INTEGRAL: Final = 7.0
# A clip is drawn this many times finer than the pixels.
_FINER: Final = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class InBeam:
    """Attenuation that objects add, the exposed field, and what is true of them.

    Attributes
    ----------
    line_integral : ndarray of float32, shape (rows, columns)
    exposed : ndarray of bool, shape (rows, columns)
        False behind a blade.
    truths : tuple of ObjectTruth
    """

    line_integral: Image
    exposed: NDArray[np.bool_]
    truths: tuple[ObjectTruth, ...]


def objects_in_beam(imaging: Imaging) -> InBeam:
    """Draw the objects of an exposure that attenuate the beam.

    Raises
    ------
    UsageError
        When the blades leave nothing exposed, or an object lies outside the picture.
    """
    shape = (imaging.rows, imaging.columns)
    line_integral, exposed = np.zeros(shape, np.float32), np.ones(shape, np.bool_)
    truths: list[ObjectTruth] = []
    furniture = imaging.furniture
    for name, behind in _blades(furniture.collimation, imaging):
        reach = getattr(furniture.collimation, f"{name}_mm")
        truths += object_truth(
            "blade", behind, pixel_mm=imaging.pixel_mm, length_mm=reach,
            angle_deg=furniture.collimation.angle_deg, text=name,
        )  # fmt: skip
        exposed &= ~behind
    if exposed.mean() < 0.1:
        raise UsageError("collimation leaves less than a tenth of the picture exposed; reduce its margins in mm.")
    line_integral[~exposed] = _BLADE_LINE_INTEGRAL
    for marker in furniture.markers:
        truths += _add_marker(line_integral, marker, imaging)
    for clip in furniture.clips:
        truths += _add_clip(line_integral, clip, imaging)
    return InBeam(line_integral=line_integral, exposed=exposed, truths=tuple(truths))


def _blades(collimation: Collimation, imaging: Imaging) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the name and the shadow of each blade that reaches into the picture."""
    turn = math.radians(collimation.angle_deg)
    rows = (np.arange(imaging.rows, dtype=np.float32)[:, None] - (imaging.rows - 1) / 2) * np.float32(imaging.pixel_mm)
    columns = np.arange(imaging.columns, dtype=np.float32)[None, :] - (imaging.columns - 1) / 2
    columns = columns * np.float32(imaging.pixel_mm)
    down = np.asarray(rows * math.cos(turn) - columns * math.sin(turn), np.float32)
    right = np.asarray(columns * math.cos(turn) + rows * math.sin(turn), np.float32)
    half_height, half_width = imaging.rows * imaging.pixel_mm / 2, imaging.columns * imaging.pixel_mm / 2
    shadows = {
        "top": down < collimation.top_mm - half_height,
        "bottom": down > half_height - collimation.bottom_mm,
        "left": right < collimation.left_mm - half_width,
        "right": right > half_width - collimation.right_mm,
    }
    reaching = zip(shadows.items(), collimation.margins_mm, strict=True)
    return [(name, shadow) for (name, shadow), margin in reaching if margin > 0]


def _patch_at(
    row_mm: float, column_mm: float, half_mm: float, name: str, imaging: Imaging
) -> tuple[slice, slice, float, float]:
    """Return the window around a place, and the place in it in pixels."""
    row, column, half = row_mm / imaging.pixel_mm, column_mm / imaging.pixel_mm, math.ceil(half_mm / imaging.pixel_mm)
    top, left = math.floor(row) - half, math.floor(column) - half
    if top < 0 or left < 0 or top + 2 * half >= imaging.rows or left + 2 * half >= imaging.columns:
        raise outside_picture(name, row_mm, column_mm, imaging)
    return slice(top, top + 2 * half + 1), slice(left, left + 2 * half + 1), row - top, column - left


def _add(line_integral: Image, window: tuple[slice, slice], patch: Image) -> NDArray[np.bool_]:
    line_integral[window] += patch
    covered = np.zeros(line_integral.shape, np.bool_)
    covered[window] = patch > 0.5 * patch.max()
    return covered


def _letter(marker: SideMarker) -> Image:
    """Draw the letter 400 pixels high, on a canvas of 800."""
    canvas = np.zeros((800, 800), np.uint8)
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, 400, 60)
    (width, height), _ = cv2.getTextSize(marker.letter, cv2.FONT_HERSHEY_SIMPLEX, scale, 60)
    corner = ((800 - width) // 2, (800 + height) // 2)
    cv2.putText(canvas, marker.letter, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 60, cv2.LINE_AA)
    return np.asarray(canvas[:, ::-1] if marker.is_mirrored else canvas, np.float32) / np.float32(255)


def _add_marker(line_integral: Image, marker: SideMarker, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    *window, row, column = _patch_at(marker.row_mm, marker.column_mm, 0.8 * marker.height_mm, "marker", imaging)
    place = (window[0], window[1])
    letter = _letter(marker)
    used = np.flatnonzero((letter > 0.5).any(axis=1))
    scale = marker.height_mm / imaging.pixel_mm / (used[-1] - used[0] + 1)
    turn = cv2.getRotationMatrix2D((0.0, 0.0), -marker.angle_deg, scale)
    turn[:, 2] = (column, row) - turn[:, :2] @ (399.5, (used[0] + used[-1]) / 2)
    smooth = cv2.GaussianBlur(letter, (0, 0), 0.35 / scale)
    size = (place[1].stop - place[1].start, place[0].stop - place[0].start)
    patch = np.asarray(_LEAD_LINE_INTEGRAL * np.clip(cv2.warpAffine(smooth, turn, size), 0.0, 1.0), np.float32)
    return object_truth(
        "marker", _add(line_integral, place, patch), pixel_mm=imaging.pixel_mm,
        length_mm=marker.height_mm, angle_deg=marker.angle_deg, text=marker.letter,
    )  # fmt: skip


def _add_clip(line_integral: Image, clip: Clip, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    """Add a closed clip: a wire there and back, its two legs a wire's width apart, open at one end."""
    *window, row, column = _patch_at(clip.row_mm, clip.column_mm, 0.6 * clip.length_mm + 2.0, "clip", imaging)
    place = (window[0], window[1])
    fine = imaging.pixel_mm / _FINER
    half, gap, turn = clip.length_mm / 2 - clip.wire_mm / 2, 0.8 * clip.wire_mm, math.radians(clip.angle_deg)
    corners = np.array([(half, gap), (-half, 0.5 * gap), (-half, -0.5 * gap), (half, -gap)])
    along, across = corners.T
    x = (column + 0.5) * _FINER - 0.5 + (along * math.cos(turn) - across * math.sin(turn)) / fine
    y = (row + 0.5) * _FINER - 0.5 + (along * math.sin(turn) + across * math.cos(turn)) / fine
    shape = tuple((part.stop - part.start) * _FINER for part in place)
    line = np.round(np.stack([x, y], axis=1)).astype(np.int32)
    wire = cv2.polylines(np.zeros(shape, np.uint8), [line], isClosed=False, color=1, thickness=1)
    distance = cv2.distanceTransform(1 - wire, cv2.DIST_L2, 5) * np.float32(fine)
    chord = 2.0 * np.sqrt(np.maximum((clip.wire_mm / 2) ** 2 - distance**2, 0.0))
    thickness = cv2.resize(chord, (shape[1] // _FINER, shape[0] // _FINER), interpolation=cv2.INTER_AREA)
    patch = np.asarray(attenuation_at(imaging.kilovolts).titanium * thickness, np.float32)
    return object_truth(
        "clip", _add(line_integral, place, patch), pixel_mm=imaging.pixel_mm,
        length_mm=clip.length_mm, angle_deg=clip.angle_deg,
    )  # fmt: skip
