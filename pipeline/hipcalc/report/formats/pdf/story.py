"""A patient's report as reportlab's flowing parts: images and marks, what the workflow says, how it was made."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, Spacer, Table, TableStyle

from hipcalc.guideline import Recommendation
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.patients import Patient
from hipcalc.report.formats.pdf.radiograph import Radiograph
from hipcalc.report.formats.pdf.styles import LINE, STYLES
from hipcalc.report.formats.sections import Line, hip_sections
from hipcalc.report.formats.view import (
    close_up_jpeg,
    hip_titles,
    image_views,
    patient_title,
    read_picture,
    unconfirmed_text,
)

__all__ = ["patient_story"]

_WIDTH: Final = 180 * mm
_GAP: Final = 2 * mm
_WHOLE_HEIGHT, _HIP_HEIGHT, _CLOSE_UP = 95 * mm, 70 * mm, 22 * mm
_MARKS: Final = (
    "No.",
    "Close-up",
    "Where",
    "Apparent diameter",
    "Gap to the rim point",
    "Strength",
    "May be",
    "Review",
)
_MARK_WIDTHS: Final = (8, 25, 32, 19, 19, 22, 27, 28)
_HIPS: Final = ("Hip", "Status", "Confidence", "Head diameter", "Centre-edge angle", "Detection limit", "Marks")
_HIP_WIDTHS: Final = (18, 22, 22, 38, 30, 34, 16)
_WEIGHTS: Final = (
    "“May be” is ranked; the figures are weights, not probabilities of disease. R is the femoral head's radius."
)
_RULES: Final = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
)
_BARE: Final = TableStyle(
    [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")]
)


def patient_story(report: WorkflowReport, patient: Patient) -> list[Flowable]:
    """Return the parts of one patient's report, in the order of the HTML page."""
    story: list[Flowable] = []
    doubt = unconfirmed_text(patient.hips)
    if doubt:
        story.append(_text(f"Unconfirmed algorithm output. {doubt}", "banner"))
    titles = hip_titles(patient.hips)
    story += [_text(patient_title(patient), "h1"), *(_text(title, "soft") for title in titles)]
    views = list(image_views(report, patient))
    for view in views:
        story += _image(view, report.results.pages)
    story.append(_text("Guideline workflow", "h2"))
    for one, title in zip(patient.hips, titles, strict=True):
        story += _hip(report, one, title)
    for view in views:
        story.append(_text(f"Image {view['name']}", "h2"))
        story.append(_table([], [[name, str(value)] for name, value in view["details"]], (38, 142)))
    return story


def _text(text: str, style: str = "text") -> Paragraph:
    return Paragraph(escape(text), STYLES[style])


def _image(view: dict[str, Any], pages: Path) -> Iterator[Flowable]:
    yield CondPageBreak(_WHOLE_HEIGHT + 20 * mm)
    yield _text(f"{view['name']}: {view['headline']}", "h2")
    yield _text(" · ".join(view["facts"]), "soft")
    yield from (_text(warning, "banner") for warning in view["warnings"])
    yield Spacer(0, _GAP)
    yield from _pictures(view, pages)
    yield _text("Marks", "h2")
    if view["findings"]:
        rows = [_mark_row(row, pages) for row in view["findings"]]
        yield _table(_MARKS, rows, _MARK_WIDTHS)
        yield _text(_WEIGHTS, "soft")
    else:
        yield _text("No mark at this operating point. This does not exclude a focus: see each hip's detection limit.")
    yield _text("Hips", "h2")
    names = ("side", "status", "confidence", "head", "angle", "limit", "count")
    yield _table(_HIPS, [[str(hip[name]) for name in names] for hip in view["hips"]], _HIP_WIDTHS)


def _picture(picture: Any, pages: Path, width: float, height: float) -> Radiograph:
    content = read_picture(pages, picture.source)
    return Radiograph(content, picture.box, picture.drawing, width=width, height=height)


def _pictures(view: dict[str, Any], pages: Path) -> Iterator[Flowable]:
    """Lay out the whole picture and the hips': one hip beside it, two below it."""
    seen = [hip for hip in view["hips"] if hip["picture"] is not None]
    width = (_WIDTH - _GAP) / 2
    cells: list[list[Flowable]] = [
        [_picture(hip["picture"], pages, width - _GAP, _HIP_HEIGHT), _text(f"{hip['title']}: {hip['summary']}", "soft")]
        for hip in seen
    ]
    if len(seen) == 1:
        cells.insert(0, [_picture(view["overview"], pages, width - _GAP, _WHOLE_HEIGHT)])
    else:
        yield _picture(view["overview"], pages, _WIDTH, _WHOLE_HEIGHT)
        yield Spacer(0, _GAP)
    if cells:
        yield Table([cells], colWidths=[width] * len(cells), style=_BARE, hAlign="LEFT")


def _mark_row(row: dict[str, Any], pages: Path) -> list[Any]:
    close_up: Any = ""
    if row["close_up"] is not None:
        content, box = close_up_jpeg(pages, row["close_up"])
        close_up = Radiograph(content, box, None, width=_CLOSE_UP, height=_CLOSE_UP)
    may_be = "; ".join(f"{name} {weight}%" for name, weight in row["differential"])
    where = f"{row['side']}, {row['zone']}; {row['clock']} h, {row['distance']} R at {row['phi']}°"
    strength = f"CNR {row['cnr']}; {row['expected']} expected false marks"
    return [str(row["number"]), close_up, where, row["diameter"], row["gap"], strength, may_be, row["review_text"]]


def _hip(report: WorkflowReport, one: Recommendation, title: str) -> Iterator[Flowable]:
    yield _text(title, "urgent" if one.state == "S17" else "h2")
    for heading, lines in hip_sections(one, report.origin(one)).items():
        yield _text(heading, "h3")
        yield from (_item(line) for line in lines)


def _item(line: Line) -> Paragraph:
    small = f' <font size="7" color="#5a6875">{escape(line.small)}</font>' if line.small else ""
    return Paragraph(escape(line.text) + small, STYLES["item"], bulletText="•")


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Table:
    """Lay out a table whose head is repeated on every page; widths are in millimetres."""
    cells = [[_text(cell, "cell") if isinstance(cell, str) else cell for cell in row] for row in rows]
    heads = [[_text(name, "head") for name in head]] if head else []
    return Table(
        [*heads, *cells],
        colWidths=[width * mm for width in widths],
        repeatRows=len(heads),
        style=_RULES,
        hAlign="LEFT",
        spaceAfter=3 * mm,
    )
