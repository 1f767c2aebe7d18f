"""HTML: a page for each patient that needs no other file, and a page of the cohort."""

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from hipcalc.report.files import write_atomic
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.patients import Patient
from hipcalc.report.formats.view import (
    close_up_jpeg,
    hip_titles,
    image_views,
    patient_title,
    read_picture,
    unconfirmed_text,
)
from hipcalc.report.provenance import RESEARCH_NOTICE
from hipcalc.report.rendering import asset, render
from hipcalc.report.state_table import StateTable
from hipcalc.report.words import count_text
from hipcalc.report.workflow_parts import workflow_section

__all__ = ["write"]

# On paper the notice stands at the foot of every page; pictures leave room for what is said about them.
_FOOTER: Final = """
@page { @bottom-left { content: "NOTICE"; font: 8px sans-serif; width: 85%; } }
@page { @bottom-right { content: counter(page) " / " counter(pages); font: 8px sans-serif; } }
@media print { .whole .stage { max-height: 9cm; } .hips .stage { max-height: 7.5cm; } }
"""


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write ``patients/<name>.html``, and ``index.html`` with ``data/`` where hips are many; yield their paths."""
    style = Markup(asset("style.css") + _FOOTER.replace("NOTICE", RESEARCH_NOTICE))
    for patient in report.patients:
        path = report.folder / "patients" / f"{patient.name}.html"
        write_atomic(path, _patient_page(report, patient, style))
        yield path
    yield from _cohort_page(report, style)


def _patient_page(report: WorkflowReport, patient: Patient, style: Markup) -> str:
    pages = report.results.pages
    return render(
        "patient.html.j2",
        report.run,
        style=style,
        title=patient_title(patient),
        summary=hip_titles(patient.hips),
        unconfirmed=unconfirmed_text(patient.hips),
        workflow=workflow_section(patient.hips, report.origins),
        images=[_embedded(view, pages) for view in image_views(report, patient)],
    )


def _embedded(view: dict[str, Any], pages: Path) -> dict[str, Any]:
    """Put the pictures themselves in the place of their addresses."""

    def held(picture: Any) -> Any:
        return None if picture is None else replace(picture, source=_data(read_picture(pages, picture.source)))

    def mark(row: dict[str, Any]) -> dict[str, Any]:
        close_up = row["close_up"]
        if close_up is None:
            return row
        content, box = close_up_jpeg(pages, close_up)
        return {**row, "close_up": {**close_up, "source": _data(content), "box": box}}

    return {
        **view,
        "overview": held(view["overview"]),
        "hips": [{**hip, "picture": held(hip["picture"])} for hip in view["hips"]],
        "findings": [mark(row) for row in view["findings"]],
    }


def _data(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _cohort_page(report: WorkflowReport, style: Markup) -> Iterator[Path]:
    pages = {one.image_id: f"patients/{patient.name}.html" for patient in report.patients for one in patient.hips}
    names = {one.state: one.state_name for one in report.shown}
    counts = Counter(one.state for one in report.shown)
    patients = count_text(len(report.patients), "patient")
    states = StateTable(report.shown, pages)
    data = states.write(report.folder / "data")
    page = render(
        "patients.html.j2",
        report.run,
        style=style,
        patients=len(report.patients),
        pages=report.has_pictures,
        headline=f"{patients}, {count_text(len(report.shown), 'hip')}",
        unconfirmed=unconfirmed_text(report.shown),
        states=[(state, names[state], counts[state]) for state in sorted(counts, key=lambda state: int(state[1:]))],
        table=states.section(),
        lists=[states.facts(len(data))] if states.is_paged else [],
        script=Markup(asset("index.js")),
    )
    write_atomic(report.folder / "index.html", page)
    yield from (*data, report.folder / "index.html")
