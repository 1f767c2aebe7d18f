"""From display levels to stored values: saturation by a wrong exposure, dust, burned-in boxes and rulers, bits."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.furniture import Dust, ScaleBar, TextBox
from hipcalc.synthetic.imaging import Imaging, outside_picture
from hipcalc.synthetic.object_truth import ObjectTruth, object_truth

__all__ = ["Saturation", "burn_in", "saturation_of", "saturation_truths", "stored"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
# Saturated regions smaller than this are noise.
_SMALLEST_REGION_MM2: Final = 25.0


@dataclass(frozen=True, kw_only=True)
class Saturation:
    """Display levels at which a wrong exposure turns black and white."""

    black: float = 0.0
    white: float = 1.0

    def apply(self, level: Image) -> Image:
        """Stretch levels so that everything beyond the two is saturated."""
        return np.asarray(np.clip((level - self.black) / (self.white - self.black), 0.0, 1.0), np.float32)


def saturation_of(level: Image, body: Mask, imaging: Imaging) -> Saturation:
    """Return the levels that saturate the shares of the body which the furniture asks for."""
    shares = imaging.furniture.black_share, imaging.furniture.white_share
    if not any(shares) or not body.any():
        return Saturation()
    black, white = np.quantile(level[body][::7], (shares[0], 1.0 - shares[1]))
    return Saturation(
        black=float(black) if shares[0] else 0.0, white=float(max(white, black + 1e-3)) if shares[1] else 1.0
    )


def saturation_truths(level: Image, body: Mask, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    """Return the largest region of the body that is saturated dark, and the largest that is saturated bright."""
    truths: list[ObjectTruth] = []
    if imaging.furniture.black_share:
        truths += object_truth("black", _largest((level <= 0.0) & body, imaging), pixel_mm=imaging.pixel_mm)
    if imaging.furniture.white_share:
        truths += object_truth("white", _largest((level >= 1.0) & body, imaging), pixel_mm=imaging.pixel_mm)
    return tuple(truths)


def _largest(mask: Mask, imaging: Imaging) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return np.zeros_like(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.max() * imaging.pixel_mm**2 < _SMALLEST_REGION_MM2:
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(areas.argmax()), np.bool_)


def burn_in(level: Image, exposed: Mask, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    """Blacken the border behind the blades, and write dust, boxes and rulers into display levels, in place.

    Raises
    ------
    UsageError
        When one of them does not lie inside the picture.
    """
    if imaging.furniture.collimation.is_blacked:
        level[~exposed] = 0.0
    truths: list[ObjectTruth] = []
    for speck in imaging.furniture.dust:
        truths += _burn_dust(level, speck, imaging)
    for box in imaging.furniture.text_boxes:
        truths += _burn_box(level, box, imaging)
    for bar in imaging.furniture.scale_bars:
        truths += _burn_bar(level, bar, imaging)
    return tuple(truths)


def stored(level: Image, imaging: Imaging) -> NDArray[np.uint16]:
    """Return stored values of the exposure's bits, bone bright."""
    return np.asarray(np.round(level * (2**imaging.bits - 1)), np.uint16)


def _check_inside(name: str, box: tuple[float, float, float, float], imaging: Imaging) -> None:
    top, left, bottom, right = box
    if top < 0 or left < 0 or bottom > imaging.rows - 1 or right > imaging.columns - 1:
        raise outside_picture(name, top * imaging.pixel_mm, left * imaging.pixel_mm, imaging)


def _burn_dust(level: Image, speck: Dust, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    row, column = speck.row_mm / imaging.pixel_mm, speck.column_mm / imaging.pixel_mm
    radius = speck.diameter_mm / 2 / imaging.pixel_mm
    _check_inside("dust", (row - radius, column - radius, row + radius, column + radius), imaging)
    rows, columns = np.ogrid[: imaging.rows, : imaging.columns]
    # At least the pixel that it lies on.
    covered = (rows - row) ** 2 + (columns - column) ** 2 <= max(radius, 0.75) ** 2
    level[covered] = 1.0
    return object_truth("dust", covered, pixel_mm=imaging.pixel_mm, length_mm=speck.diameter_mm)


def _burn_box(level: Image, box: TextBox, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    top, left = round(box.row_mm / imaging.pixel_mm), round(box.column_mm / imaging.pixel_mm)
    height, width = round(box.height_mm / imaging.pixel_mm), round(box.width_mm / imaging.pixel_mm)
    _check_inside("text box", (top, left, top + height - 1, left + width - 1), imaging)
    covered = np.zeros(level.shape, np.bool_)
    covered[top : top + height, left : left + width] = True
    level[covered] = 0.0
    if box.text:
        level[top : top + height, left : left + width] = _written(box.text, height, width)
    return object_truth("text-box", covered, pixel_mm=imaging.pixel_mm, text=box.text)


def _written(text: str, height: int, width: int) -> Image:
    """Return white letters on black that fill three fifths of a box's height, or its width."""
    canvas = np.zeros((height, width), np.uint8)
    stroke = max(1, height // 24)
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, max(int(0.6 * height), 3), stroke)
    wide, tall = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, stroke)[0]
    fit = min(1.0, 0.94 * width / wide)
    corner = (max(int(0.03 * width), 1), int((height + tall * fit) / 2))
    cv2.putText(canvas, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale * fit, 255, stroke, cv2.LINE_AA)
    return np.asarray(canvas, np.float32) / np.float32(255)


def _burn_bar(level: Image, bar: ScaleBar, imaging: Imaging) -> tuple[ObjectTruth, ...]:
    start, across = bar.row_mm / imaging.pixel_mm, bar.column_mm / imaging.pixel_mm
    if bar.direction == "lying":
        start, across = across, start
    step, length = bar.tick_mm / imaging.pixel_mm, bar.length_mm / imaging.pixel_mm
    stroke, tick = max(1, round(0.3 / imaging.pixel_mm)), round(4.0 / imaging.pixel_mm)
    covered = np.zeros(level.shape, np.bool_)
    canvas = covered if bar.direction == "upright" else covered.T
    end, left = start + length, round(across)
    box = (start, across, end + stroke, across + tick)
    _check_inside("scale bar", box if bar.direction == "upright" else (box[1], box[0], box[3], box[2]), imaging)
    canvas[round(start) : round(end) + stroke, left : left + stroke] = True
    for place in np.arange(start, end + 0.5, step):
        canvas[round(place) : round(place) + stroke, left : left + tick] = True
    canvas[round(end) : round(end) + stroke, left : left + tick] = True
    level[covered] = 1.0
    return object_truth("scale-bar", covered, pixel_mm=imaging.pixel_mm, length_mm=bar.length_mm)
