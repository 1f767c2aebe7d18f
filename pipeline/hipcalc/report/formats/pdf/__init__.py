"""PDF: the same report as the patient's HTML page, on A4."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate

from hipcalc.report.files import write_atomic
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.patients import Patient
from hipcalc.report.formats.pdf.story import patient_story
from hipcalc.report.formats.pdf.styles import BOLD, REGULAR, SOFT, register_fonts
from hipcalc.report.formats.view import patient_title, unconfirmed_text
from hipcalc.report.provenance import RESEARCH_NOTICE

__all__ = ["write"]

_SIDE = 15 * mm
_TOP, _BOTTOM = 17 * mm, 18 * mm


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write ``patients/<name>.pdf`` and yield their paths."""
    register_fonts()
    for patient in report.patients:
        path = report.folder / "patients" / f"{patient.name}.pdf"
        write_atomic(path, _document(report, patient))
        yield path


def _document(report: WorkflowReport, patient: Patient) -> bytes:
    content = io.BytesIO()
    title = patient_title(patient)
    unconfirmed = unconfirmed_text(patient.hips)

    def frame(canvas: Any, document: Any) -> None:
        width, height = A4
        canvas.saveState()
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 7)
        canvas.drawString(_SIDE, 11 * mm, RESEARCH_NOTICE)
        canvas.drawRightString(width - _SIDE, 11 * mm, f"{document.page}")
        canvas.drawString(_SIDE, height - 11 * mm, f"hipcalc {report.run.version} · {title}")
        if unconfirmed:
            canvas.setFont(BOLD, 7)
            canvas.drawRightString(width - _SIDE, height - 11 * mm, "holds unconfirmed algorithm output")
        canvas.restoreState()

    document = SimpleDocTemplate(
        content,
        pagesize=A4,
        leftMargin=_SIDE,
        rightMargin=_SIDE,
        topMargin=_TOP,
        bottomMargin=_BOTTOM,
        title=f"hipcalc: {title}",
        subject=RESEARCH_NOTICE,
        author="hipcalc",
        creator=f"hipcalc {report.run.version}",
        lang="en",
        # Without dates, so that the same report is the same bytes.
        invariant=1,
    )
    document.build(patient_story(report, patient), onFirstPage=frame, onLaterPages=frame)
    return content.getvalue()
