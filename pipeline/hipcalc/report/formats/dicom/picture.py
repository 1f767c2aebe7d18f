"""The picture of a hip with its marks and the notice drawn into it, for viewers that show no presentation state."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hipcalc.report.formats.dicom.case import UNCONFIRMED, HipCase
from hipcalc.report.formats.sections import origin_lines
from hipcalc.report.overlay import HipMark, Ring
from hipcalc.report.pictures import Box, picture_of

__all__ = ["draw_picture"]

_Rgb = tuple[int, int, int]
_Picture = NDArray[np.uint8]

# Wide enough for the notice on one or two lines. Smaller crops are enlarged, as the marks' numbers need room.
_WIDTH_PX: Final = 1000
_TEXT_PX: Final = 20
_PAD_PX: Final = 12
_INK: Final[_Rgb] = (255, 255, 255)
_PLAIN: Final[_Rgb] = (30, 30, 30)
_WARNING: Final[_Rgb] = (140, 60, 0)
_ANATOMY: Final[_Rgb] = (120, 190, 255)
# Colours that the usual kinds of colour blindness keep apart (Wong, Nature Methods 2011); the dashes tell it too.
_MARKS: Final[dict[str, _Rgb]] = {
    "confirmed": (0, 200, 140),
    "indeterminate": (230, 159, 0),
    "unreviewed": (240, 228, 66),
}
_DASHES: Final = {"confirmed": 0, "indeterminate": 24, "unreviewed": 12}
# Sixteenths of a pixel, as cv2 draws between pixels.
_SHIFT: Final = 4


@dataclass(frozen=True)
class _View:
    """From the file's pixels to those of the picture."""

    box: Box
    scale: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Return a point in sixteenths of the picture's pixels."""
        points = ((x - self.box.left + 0.5) * self.scale - 0.5, (y - self.box.top + 0.5) * self.scale - 0.5)
        return round(points[0] * 2**_SHIFT), round(points[1] * 2**_SHIFT)

    def length(self, value: float) -> int:
        """Return a length in sixteenths of the picture's pixels."""
        return round(value * self.scale * 2**_SHIFT)


def draw_picture(case: HipCase) -> _Picture:
    """Return the window around a hip with circle, rim point and marks, the state above and the notice below.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        Red, green and blue.
    """
    box = case.box
    scale = _WIDTH_PX / box.columns
    grey = picture_of(case.grey[box.top : box.bottom, box.left : box.right])
    size = (_WIDTH_PX, max(1, round(box.rows * scale)))
    enlarged = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    canvas = np.repeat(enlarged[:, :, np.newaxis], 3, axis=2).astype(np.uint8)
    drawing, view = case.drawing(), _View(box, scale)
    for hip in drawing.hips:
        _draw_hip(canvas, view, hip)
    for ring in drawing.rings:
        _draw_ring(canvas, view, ring)
    canvas = _with_labels(canvas, view, drawing.rings)
    first = _band([f"hipcalc: {case.headline}"], _PLAIN if case.is_confirmed else _WARNING)
    return np.vstack([first, canvas, _band(_below(case), _PLAIN)])


def _below(case: HipCase) -> list[str]:
    lines = [] if case.is_confirmed else [UNCONFIRMED]
    if not case.shown:
        lines.append("No mark at this operating point.")
    return [*lines, *origin_lines(case.origin)]


def _draw_hip(canvas: _Picture, view: _View, hip: HipMark) -> None:
    cv2.circle(canvas, view.at(hip.x, hip.y), view.length(hip.radius), _ANATOMY, 1, cv2.LINE_AA, _SHIFT)
    if hip.rim is not None:
        column, row = (round(value / 2**_SHIFT) for value in view.at(*hip.rim))
        cv2.drawMarker(canvas, (column, row), _ANATOMY, cv2.MARKER_CROSS, 20, 1, cv2.LINE_AA)


def _draw_ring(canvas: _Picture, view: _View, ring: Ring) -> None:
    centre, radius, colour = view.at(ring.x, ring.y), view.length(ring.radius), _MARKS[ring.review]
    for first, last in _arcs(_DASHES[ring.review]):
        cv2.ellipse(canvas, centre, (radius, radius), 0, first, last, colour, 2, cv2.LINE_AA, _SHIFT)
    cv2.line(
        canvas, view.at(ring.line_x, ring.line_y), view.at(ring.label_x, ring.label_y), colour, 1, cv2.LINE_AA, _SHIFT
    )


def _arcs(dashes: int) -> Iterator[tuple[float, float]]:
    """Yield first and last degree of each dash of a ring; one whole ring for none."""
    if not dashes:
        yield 0.0, 360.0
    for dash in range(dashes):
        yield 360.0 * dash / dashes, 360.0 * (dash + 0.5) / dashes


def _with_labels(canvas: _Picture, view: _View, rings: tuple[Ring, ...]) -> _Picture:
    image = Image.fromarray(canvas)
    pen = ImageDraw.Draw(image)
    for ring in rings:
        x, y = (value / 2**_SHIFT for value in view.at(ring.label_x, ring.label_y))
        text = f"{ring.number} {ring.review}"
        # Kept within the picture, whatever the place of the mark.
        left, top, right, bottom = pen.textbbox((x, y), text, font=_font(), anchor="mm")
        x += max(0, 4 - left) - max(0, right + 4 - image.width)
        y += max(0, 4 - top) - max(0, bottom + 4 - image.height)
        pen.rectangle(pen.textbbox((x, y), text, font=_font(), anchor="mm"), fill=(0, 0, 0))
        pen.text((x, y), text, fill=_MARKS[ring.review], font=_font(), anchor="mm")
    return np.asarray(image, dtype=np.uint8)


def _band(lines: list[str], paper: _Rgb) -> _Picture:
    """Return a band of text, as wide as the picture and as high as the text needs."""
    font = _font()
    wrapped = [part for line in lines for part in _wrapped(line, font)]
    step = _TEXT_PX + 6
    image = Image.new("RGB", (_WIDTH_PX, 2 * _PAD_PX + step * len(wrapped)), paper)
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(wrapped):
        pen.text((_PAD_PX, _PAD_PX + step * number), line, fill=_INK, font=font)
    return np.asarray(image, dtype=np.uint8)


def _wrapped(line: str, font: ImageFont.FreeTypeFont) -> Iterator[str]:
    part = ""
    for word in line.split():
        longer = f"{part} {word}".strip()
        if part and font.getlength(longer) > _WIDTH_PX - 2 * _PAD_PX:
            yield part
            part = word
        else:
            part = longer
    yield part


@cache
def _font() -> ImageFont.FreeTypeFont:
    # The one font that is on every machine: matplotlib brings it along.
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(file), _TEXT_PX, layout_engine=ImageFont.Layout.BASIC)
