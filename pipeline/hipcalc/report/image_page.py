"""One page per image."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from hipcalc.findings import Finding
from hipcalc.report.cells import (
    NO_REVIEW,
    PageReview,
    details,
    facts,
    finding_cells,
    headline,
    hip_cells,
    hip_warnings,
    marks_alt,
)
from hipcalc.report.overlay import Drawing, draw, left_out, numbered_marks
from hipcalc.report.pictures import Box, hip_box, whole_box
from hipcalc.report.provenance import unconfirmed_notice
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, render
from hipcalc.report.words import side_name

__all__ = ["PageLinks", "PagePicture", "image_page", "image_view"]

# A hip's picture that would show nearly the same as the whole one is left out.
_SAME_SHARE = 0.8
# A close-up shows this much around a mark.
_CLOSE_UP_HEAD_RADII = 0.4
_CLOSE_UP_DIAMETERS = 1.5


@dataclass(frozen=True, kw_only=True)
class PageLinks:
    """Where a page finds its pictures and its neighbours; empty where there is none."""

    pictures: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class PagePicture:
    """A picture with its overlay; `source` is where the page finds it."""

    source: str
    alt: str
    box: Box
    drawing: Drawing


def image_page(record: FileRecord, run: RunFacts, links: PageLinks, review: PageReview = NO_REVIEW) -> str:
    """Return the page of one analysed image as HTML text.

    Parameters
    ----------
    record : FileRecord
        With status ok.
    run : RunFacts
    links : PageLinks
    review : PageReview, optional

    Returns
    -------
    str
    """
    return render("image.html.j2", run, page=image_view(record, run, links, review))


def image_view(record: FileRecord, run: RunFacts, links: PageLinks, review: PageReview = NO_REVIEW) -> dict[str, Any]:
    """Return what the templates show of one analysed image; arguments as of `image_page`."""
    shown = numbered_marks(record, review.status)
    status = [review.status.get(mark.candidate_id, "unreviewed") for _, mark in shown]
    return {
        "name": PurePath(record.image.path).name,
        "links": links,
        "headline": headline(record, review),
        "unconfirmed": unconfirmed_notice(status.count("confirmed"), status.count("unreviewed")),
        "facts": facts(record.image),
        "warnings": hip_warnings(record),
        "weaker": len(record.candidates) - len(record.findings),
        "left_out": left_out(record),
        "overview": _overview(record, links, review),
        "hips": _hips(record, run, links, review),
        "measured": any(hip.angle_reference for hip in record.hips),
        "findings": [
            {**finding_cells(number, mark, review), "close_up": _close_up(record, mark, links)}
            for number, mark in shown
        ],
        "workflow": review.workflow,
        "details": details(record.image, run),
    }


def _overview(record: FileRecord, links: PageLinks, review: PageReview) -> PagePicture:
    box = _whole(record)
    alt = f"Radiograph {PurePath(record.image.path).name}, {marks_alt(record, review)}"
    return _picture(record, box, f"{links.pictures}/overview.jpg", alt, review)


def _whole(record: FileRecord) -> Box:
    return whole_box((record.image.rows or 1, record.image.columns or 1))


def _picture(record: FileRecord, box: Box, source: str, alt: str, review: PageReview) -> PagePicture:
    return PagePicture(source=source, alt=alt, box=box, drawing=draw(record, box, review.status))


def _hips(record: FileRecord, run: RunFacts, links: PageLinks, review: PageReview) -> list[dict[str, Any]]:
    whole = _whole(record)
    rows = []
    for number, hip in enumerate(record.hips, start=1):
        box = hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, (whole.rows, whole.columns))
        alt = f"{side_name(hip.side)} hip, enlarged, {marks_alt(record, review, hip.side)}"
        picture = None
        if box is not None and box.rows * box.columns < _SAME_SHARE * whole.rows * whole.columns:
            picture = _picture(record, box, f"{links.pictures}/hip-{number}.jpg", alt, review)
        count = sum(mark.side == hip.side for _, mark in numbered_marks(record, review.status))
        cells = hip_cells(hip, record.image.spacing_mm, count, run)
        rows.append({"picture": picture, "seen": box is not None, **cells})
    # As displayed: the hip at the image's left comes first.
    order = sorted(range(len(rows)), key=lambda index: record.hips[index].head_column_px or 0.0)
    return [rows[index] for index in order]


def _close_up(record: FileRecord, mark: Finding, links: PageLinks) -> dict[str, Any] | None:
    """Return the part of the hip's picture around one mark, without anything drawn over it."""
    whole = _whole(record)
    for number, hip in enumerate(record.hips, start=1):
        box = hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, (whole.rows, whole.columns))
        if hip.side == mark.side and box is not None:
            reach = max(_CLOSE_UP_HEAD_RADII * (hip.head_radius_px or 0.0), _CLOSE_UP_DIAMETERS * mark.diameter_px)
            return {
                "view_box": f"{mark.column_px - reach:g} {mark.row_px - reach:g} {2 * reach:g} {2 * reach:g}",
                "source": f"{links.pictures}/hip-{number}.jpg",
                "box": box,
            }
    return None
