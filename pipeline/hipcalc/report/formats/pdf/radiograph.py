"""A radiograph with its overlay as lines of the PDF: sharp at any size, and drawn as the pages draw it."""

import io
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from hipcalc.report.formats.pdf.styles import BOLD
from hipcalc.report.overlay import Drawing, HipMark, Ring
from hipcalc.report.pictures import Box

__all__ = ["Radiograph"]

_HEAD, _RIM, _ROOF = HexColor("#56b4e9"), HexColor("#f0e442"), HexColor("#2fd0a0")
_RINGS: Final = {"confirmed": HexColor("#40e07a"), "indeterminate": HexColor("#c9d3da")}
_UNCONFIRMED: Final = HexColor("#ffb000")
_LEFT_OUT: Final = Color(0.8, 0.47, 0.65, alpha=0.3)
_NUMBER: Final = 8


class Radiograph(Flowable):
    """A picture of a part of a radiograph, with marks where there is a drawing.

    Parameters
    ----------
    content : bytes
        JPEG.
    box : Box
        The pixels of the file that it spans.
    drawing : Drawing or None
    width, height : float
        The most room that it may take, in points.
    """

    def __init__(self, content: bytes, box: Box, drawing: Drawing | None, *, width: float, height: float) -> None:
        super().__init__()
        self._content, self._box, self._drawing = content, box, drawing
        self._scale = min(width / box.columns, height / box.rows)
        self.width, self.height = self._scale * box.columns, self._scale * box.rows

    def wrap(self, *_available: float) -> tuple[float, float]:
        """Return the size, in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw onto the page."""
        canvas: Any = self.canv
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0, fill=0)
        canvas.drawImage(ImageReader(io.BytesIO(self._content)), 0, 0, self.width, self.height)
        if self._drawing is not None:
            self._overlay(canvas, self._drawing)
        canvas.restoreState()

    def _overlay(self, canvas: Any, drawing: Drawing) -> None:
        for area in drawing.areas:
            self._polygon(canvas, area.points)
        for hip in drawing.hips:
            self._hip(canvas, hip, drawing.cross)
        for ring in drawing.rings:
            # Weaker candidates are not shown: nobody confirmed them, and they are below the operating point.
            if ring.number:
                self._ring(canvas, ring)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pixel's centre lies, from the lower left corner, in points."""
        return (x + 0.5 - self._box.left) * self._scale, self.height - (y + 0.5 - self._box.top) * self._scale

    def _path(self, canvas: Any, points: str) -> Any:
        path = canvas.beginPath()
        for number, pair in enumerate(points.split()):
            x, _, y = pair.partition(",")
            (path.lineTo if number else path.moveTo)(*self._place(float(x), float(y)))
        return path

    def _polygon(self, canvas: Any, points: str) -> None:
        path = self._path(canvas, points)
        path.close()
        canvas.setFillColor(_LEFT_OUT)
        canvas.drawPath(path, stroke=0, fill=1)

    def _hip(self, canvas: Any, hip: HipMark, cross: float) -> None:
        canvas.setLineWidth(0.8)
        canvas.setStrokeColor(_HEAD)
        canvas.setDash(*([] if hip.trusted else [4, 3]))
        canvas.circle(*self._place(hip.x, hip.y), hip.radius * self._scale)
        canvas.setDash()
        if hip.roof:
            canvas.setStrokeColor(_ROOF)
            canvas.drawPath(self._path(canvas, hip.roof))
        if hip.rim is not None:
            canvas.setStrokeColor(_RIM)
            x, y = self._place(*hip.rim)
            arm = cross * self._scale
            canvas.line(x - arm, y, x + arm, y)
            canvas.line(x, y - arm, x, y + arm)

    def _ring(self, canvas: Any, ring: Ring) -> None:
        is_confirmed = ring.review == "confirmed"
        canvas.setStrokeColor(_RINGS.get(ring.review, _UNCONFIRMED))
        canvas.setLineWidth(1.4 if is_confirmed else 1)
        canvas.setDash(*([] if is_confirmed else [3, 2]))
        canvas.circle(*self._place(ring.x, ring.y), ring.radius * self._scale)
        canvas.setDash()
        canvas.setLineWidth(0.6)
        canvas.line(*self._place(ring.line_x, ring.line_y), *self._place(ring.label_x, ring.label_y))
        x, y = self._place(ring.label_x, ring.label_y)
        canvas.setFillColor(HexColor("#000000"))
        canvas.circle(x, y, 0.75 * _NUMBER, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.setFont(BOLD, _NUMBER)
        canvas.drawCentredString(x, y - 0.36 * _NUMBER, str(ring.number))
