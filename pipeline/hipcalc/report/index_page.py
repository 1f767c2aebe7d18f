"""The page of a whole results folder: flow, marks, images, distributions, outliers, losses.

It holds the first rows itself and is complete without its script where they are all; further ones stand in data
files beside it, so that a hundred thousand images open as fast as ten.
"""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from markupsafe import Markup

from hipcalc.findings import Finding
from hipcalc.report.cells import PageReview
from hipcalc.report.cohort_figures import CohortFigures
from hipcalc.report.data_files import SortedRows
from hipcalc.report.overlay import numbered_marks
from hipcalc.report.pictures import hip_box
from hipcalc.report.provenance import unconfirmed_notice
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, render
from hipcalc.report.state_table import StateTable
from hipcalc.report.words import count_estimate, count_text, length_text, number_text, side_name, view_name, zone_name

__all__ = ["IndexEntry", "IndexPage"]

IMAGES_SHOWN = 48
MARKS_SHOWN = 24
_ORDER = {"ok": 0, "rejected": 1, "failed": 2}
_CLOSE_UP_HEAD_RADII = 0.5
_CLOSE_UP_DIAMETERS = 1.5
_NONE = Markup("")


@dataclass(frozen=True, kw_only=True)
class IndexEntry:
    """One input on the index: its record, what readers decided, its page and pictures (empty where there are none)."""

    record: FileRecord
    review: PageReview
    page: str
    pictures: str
    thumbnail: str

    @property
    def numbered(self) -> list[tuple[int, Finding]]:
        """The marks that its page shows, with their numbers; rejected ones are in the audit file only."""
        return numbered_marks(self.record, self.review.status)

    def status_of(self, mark: Finding) -> str:
        """Return the review status of a mark."""
        return self.review.status.get(mark.candidate_id, "unreviewed")


class IndexPage:
    """The page as it grows: `add` each input once, in the order of the images table, then `write`."""

    def __init__(self) -> None:
        self._figures = CohortFigures()
        self._images = SortedRows("images")
        self._marks = SortedRows("marks")
        self._confirmed = 0
        self._unreviewed = 0

    def add(self, entry: IndexEntry) -> None:
        """Take in one input."""
        marks = [mark for _, mark in entry.numbered]
        self._figures.add(entry.record, marks, entry.page)
        statuses = [entry.status_of(mark) for mark in marks]
        self._confirmed += statuses.count("confirmed")
        self._unreviewed += statuses.count("unreviewed")
        strength = min((mark.expected_false_marks for mark in marks), default=float("inf"))
        self._images.add((_ORDER[entry.record.image.status], strength), _image_row(entry, marks))
        for number, mark in entry.numbered:
            self._marks.add((mark.expected_false_marks, 0.0), _mark_row(entry, number, mark))

    def write(self, folder: Path, run: RunFacts, states: StateTable | None = None, further: Markup = _NONE) -> str:
        """Write the data files, and return the page as HTML text.

        Parameters
        ----------
        folder : Path
            Where the data files go.
        run : RunFacts
        states : StateTable, optional
            Of the guideline workflow.
        further : Markup, optional
            Links to what other commands wrote beside the page.

        Raises
        ------
        OutputError
            If a data file cannot be written.
        """
        figures = self._figures
        lists = [
            {"name": rows.name, "count": rows.count, "files": len(rows.write(folder)), "shown": shown}
            for rows, shown in ((self._images, IMAGES_SHOWN), (self._marks, MARKS_SHOWN))
        ]
        states = states or StateTable((), {})
        lists.append(states.facts(len(states.write(folder))))
        images = count_text(figures.images_with_marks, "image")
        page = render(
            "index.html.j2",
            run,
            counts={"inputs": figures.status.total()},
            headline=f"{count_text(figures.marks, 'mark')} in {images}" if figures.marks else "No marks",
            unconfirmed=unconfirmed_notice(self._confirmed, self._unreviewed),
            cards=_cards(figures, self._confirmed),
            flow=_flow(figures, self._confirmed),
            workflow=states.section(),
            further=further,
            lists=lists,
            rows=self._images.first(IMAGES_SHOWN),
            marks=self._marks.first(MARKS_SHOWN),
            distributions=figures.distributions(),
            outliers=figures.outliers(),
            losses=figures.losses(),
            folders=figures.folders(),
        )
        for part in (figures, self._images, self._marks):
            part.close()
        return page


def _cards(figures: CohortFigures, confirmed: int) -> list[dict[str, Any]]:
    status, hips = figures.status, figures.hips
    cards = [
        ("inputs", status.total(), ""),
        ("analysed", status["ok"], "good"),
        ("rejected", status["rejected"], "warn" if status["rejected"] else ""),
        ("failed", status["failed"], "bad" if status["failed"] else ""),
        ("hips located", hips["located"], "good"),
        ("hips uncertain", hips["uncertain"], "warn" if hips["uncertain"] else ""),
        ("hips with implant", hips["implant"], ""),
        ("marks", figures.marks, "mark"),
        ("marks confirmed", confirmed, "good" if confirmed else ""),
    ]
    return [{"name": name, "value": value, "kind": kind} for name, value, kind in cards]


def _flow(figures: CohortFigures, confirmed: int) -> list[dict[str, Any]]:
    """Return the steps from inputs to findings, each with what it keeps and what leaves there (as in CONSORT)."""
    status, hips = figures.status, figures.hips
    found = hips["located"] + hips["uncertain"]
    return [
        {
            "name": "inputs",
            "count": status.total(),
            "left": [("rejected", status["rejected"]), ("failed", status["failed"])],
        },
        {"name": "images analysed", "count": status["ok"], "left": []},
        {
            "name": "hips looked for",
            "count": hips.total(),
            "left": [("absent", hips["absent"]), ("with implant", hips["implant"])],
        },
        {
            "name": "hips searched",
            "count": found,
            "left": [("without mark", max(0, found - figures.hips_with_marks))],
        },
        {"name": "hips with marks", "count": figures.hips_with_marks, "left": []},
        {"name": "marks", "count": figures.marks, "left": [("not confirmed", figures.marks - confirmed)]},
        {"name": "marks confirmed", "count": confirmed, "left": []},
    ]


def _image_row(entry: IndexEntry, marks: list[Finding]) -> list[Any]:
    """Return a row of the images as the template and the script of the page read it."""
    image = entry.record.image
    path = PurePath(image.path)
    strongest = min(marks, key=lambda mark: mark.expected_false_marks, default=None)
    confirmed = sum(entry.status_of(mark) == "confirmed" for mark in marks)
    return [
        entry.page,
        entry.thumbnail,
        path.name,
        str(path.parent) if str(path.parent) != "." else "",
        image.status,
        len(marks),
        confirmed,
        None if strongest is None else strongest.expected_false_marks,
        ""
        if strongest is None
        else f"{side_name(strongest.side).lower()}, {zone_name(strongest.zone)}, "
        f"{length_text(strongest.diameter_mm, strongest.diameter_head_radii)}",
        [[hip.side if hip.side in ("R", "L") else "?", hip.status] for hip in entry.record.hips],
        view_name(image.view),
        image.reason or image.quality,
    ]


def _mark_row(entry: IndexEntry, number: int, mark: Finding) -> list[Any]:
    """Return a row of the marks as the template and the script of the page read it."""
    return [
        entry.page,
        PurePath(entry.record.image.path).name,
        number,
        side_name(mark.side),
        zone_name(mark.zone),
        length_text(mark.diameter_mm, mark.diameter_head_radii),
        mark.diameter_mm,
        f"{number_text(mark.clock_hour)}\N{NO-BREAK SPACE}h",
        count_estimate(mark.expected_false_marks),
        entry.status_of(mark),
        _close_up(entry, mark),
    ]


def _close_up(entry: IndexEntry, mark: Finding) -> list[Any]:
    """Return picture, view box, and the picture's x, y, width and height for what is around a mark; or nothing."""
    image = entry.record.image
    shape = (image.rows or 1, image.columns or 1)
    for number, hip in enumerate(entry.record.hips, start=1):
        box = hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, shape)
        if hip.side == mark.side and box is not None and entry.pictures:
            reach = max(_CLOSE_UP_HEAD_RADII * (hip.head_radius_px or 0.0), _CLOSE_UP_DIAMETERS * mark.diameter_px)
            view = f"{mark.column_px - reach:.0f} {mark.row_px - reach:.0f} {2 * reach:.0f} {2 * reach:.0f}"
            return [f"{entry.pictures}/hip-{number}.jpg", view, box.left, box.top, box.columns, box.rows]
    return []
