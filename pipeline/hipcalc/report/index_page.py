"""The page that lists every input: findings first, what was rejected and why last."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from markupsafe import Markup

from hipcalc.findings import Finding
from hipcalc.report.cells import PageReview
from hipcalc.report.overlay import numbered_marks
from hipcalc.report.provenance import unconfirmed_notice
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, render
from hipcalc.report.words import count_text, length_text, side_name, view_name, zone_name

__all__ = ["IndexEntry", "index_page"]

_ORDER = {"ok": 0, "rejected": 1, "failed": 2}


@dataclass(frozen=True, kw_only=True)
class IndexEntry:
    """One input on the index: its record, what readers decided, its page and its thumbnail (empty where none)."""

    record: FileRecord
    review: PageReview
    page: str
    thumbnail: str

    @property
    def marks(self) -> list[Finding]:
        """The marks that its page shows; rejected ones are in the audit file only."""
        return [mark for _, mark in numbered_marks(self.record, self.review.status)]

    def with_status(self, status: str) -> int:
        """Return how many of its marks have a review status."""
        return sum(self.review.status.get(mark.candidate_id, "unreviewed") == status for mark in self.marks)


def index_page(entries: Sequence[IndexEntry], run: RunFacts, workflow: Markup = Markup("")) -> str:  # noqa: B008
    """Return the index as HTML text.

    Parameters
    ----------
    entries : sequence of IndexEntry
        In any order.
    run : RunFacts
    workflow : Markup, optional
        A section about the guideline workflow.

    Returns
    -------
    str
    """
    records = [entry.record for entry in entries]
    marks = sum(len(entry.marks) for entry in entries)
    images = count_text(sum(bool(entry.marks) for entry in entries), "image")
    confirmed = sum(entry.with_status("confirmed") for entry in entries)
    return render(
        "index.html.j2",
        run,
        counts={"inputs": len(records)},
        headline=f"{count_text(marks, 'mark')} in {images}" if marks else "No marks",
        unconfirmed=unconfirmed_notice(confirmed, sum(entry.with_status("unreviewed") for entry in entries)),
        cards=_cards(records, marks, confirmed),
        workflow=workflow,
        rows=[_row(entry) for entry in sorted(entries, key=_priority)],
    )


def _priority(entry: IndexEntry) -> tuple[int, float]:
    strengths = [mark.expected_false_marks for mark in entry.marks]
    return _ORDER[entry.record.image.status], min(strengths, default=float("inf"))


def _cards(records: list[FileRecord], marks: int, confirmed: int) -> list[dict[str, Any]]:
    status = Counter(record.image.status for record in records)
    hips = Counter(hip.status for record in records for hip in record.hips)
    cards = [
        ("inputs", len(records), ""),
        ("analysed", status["ok"], "good"),
        ("rejected", status["rejected"], "warn" if status["rejected"] else ""),
        ("failed", status["failed"], "bad" if status["failed"] else ""),
        ("hips located", hips["located"], "good"),
        ("hips uncertain", hips["uncertain"], "warn" if hips["uncertain"] else ""),
        ("hips with implant", hips["implant"], ""),
        ("marks", marks, "mark"),
        ("marks confirmed", confirmed, "good" if confirmed else ""),
    ]
    return [{"name": name, "value": value, "kind": kind} for name, value, kind in cards]


def _row(entry: IndexEntry) -> dict[str, Any]:
    image = entry.record.image
    path = PurePath(image.path)
    strongest = min(entry.marks, key=lambda mark: mark.expected_false_marks, default=None)
    return {
        "page": entry.page,
        "thumbnail": entry.thumbnail,
        "alt": f"Thumbnail of {path.name}",
        "name": path.name,
        "path": image.path,
        "folder": str(path.parent) if str(path.parent) != "." else "",
        "status": image.status,
        "marks": len(entry.marks),
        "confirmed": entry.with_status("confirmed"),
        "strength": "" if strongest is None else strongest.expected_false_marks,
        "strongest": ""
        if strongest is None
        else f"{side_name(strongest.side).lower()}, {zone_name(strongest.zone)}, "
        f"{length_text(strongest.diameter_mm, strongest.diameter_head_radii)}",
        "hips": [
            {"side": hip.side if hip.side in ("R", "L") else "?", "status": hip.status} for hip in entry.record.hips
        ],
        "view": view_name(image.view),
        "quality": image.quality,
        "reason": image.reason,
    }
