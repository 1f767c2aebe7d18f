"""Fonts, colours and paragraph styles of the PDF report."""

from pathlib import Path
from typing import Any, Final

import matplotlib
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

__all__ = ["BOLD", "LINE", "REGULAR", "SOFT", "STYLES", "register_fonts"]

REGULAR: Final = "DejaVuSans"
BOLD: Final = "DejaVuSans-Bold"
_INK, SOFT, LINE = HexColor("#1c2630"), HexColor("#5a6875"), HexColor("#dde3e8")
_BANNER, _BANNER_INK, _URGENT, _WHITE = map(HexColor, ("#fff5dc", "#5b4300", "#b3261e", "#ffffff"))


def register_fonts() -> None:
    """Make DejaVu Sans known, which comes with matplotlib and has every sign that a report prints."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def _style(name: str, **more: Any) -> ParagraphStyle:
    shared: dict[str, Any] = {"fontName": REGULAR, "fontSize": 8.5, "leading": 11.5, "textColor": _INK}
    return ParagraphStyle(name, **{**shared, **more})


STYLES: Final = {
    style.name: style
    for style in (
        _style("text", spaceAfter=2),
        _style("soft", textColor=SOFT, fontSize=7.5, leading=10),
        _style("item", leftIndent=9, bulletIndent=1, spaceAfter=1.5),
        _style("cell", fontSize=7.5, leading=9.5),
        _style("head", fontSize=7, leading=9, textColor=SOFT, fontName=BOLD),
        _style("h1", fontName=BOLD, fontSize=15, leading=19, spaceAfter=3),
        _style("h2", fontName=BOLD, fontSize=11, leading=14, spaceBefore=9, spaceAfter=3, keepWithNext=1),
        _style("h3", fontName=BOLD, fontSize=9, leading=12, spaceBefore=6, spaceAfter=2, keepWithNext=1),
        _style("banner", backColor=_BANNER, textColor=_BANNER_INK, borderPadding=4, spaceBefore=5, spaceAfter=7),
        _style(
            "urgent", backColor=_URGENT, textColor=_WHITE, fontName=BOLD, borderPadding=4, spaceBefore=8, spaceAfter=7
        ),
    )
}
