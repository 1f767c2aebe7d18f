"""The page that lists every input: findings first, what was rejected and why last."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from markupsafe import Markup

from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, render
from hipcalc.report.words import count_text, length_text, side_name, view_name, zone_name

__all__ = ["IndexEntry", "index_page"]

_ORDER = {"ok": 0, "rejected": 1, "failed": 2}


@dataclass(frozen=True, kw_only=True)
class IndexEntry:
    """One input on the index: its record, its page and its thumbnail (empty where there is none)."""

    record: FileRecord
    page: str
    thumbnail: str


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
    marks = sum(len(record.findings) for record in records)
    images = count_text(sum(bool(record.findings) for record in records), "image")
    return render(
        "index.html.j2",
        run,
        counts={"inputs": len(records)},
        headline=f"{count_text(marks, 'mark')} in {images}" if marks else "No marks",
        unconfirmed=not workflow,
        cards=_cards(records, marks),
        workflow=workflow,
        rows=[_row(entry) for entry in sorted(entries, key=_priority)],
    )


def _priority(entry: IndexEntry) -> tuple[int, float]:
    strengths = [finding.expected_false_marks for finding in entry.record.findings]
    return _ORDER[entry.record.image.status], min(strengths, default=float("inf"))


def _cards(records: list[FileRecord], marks: int) -> list[dict[str, Any]]:
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
    ]
    return [{"name": name, "value": value, "kind": kind} for name, value, kind in cards]


def _row(entry: IndexEntry) -> dict[str, Any]:
    image = entry.record.image
    path = PurePath(image.path)
    strongest = min(entry.record.findings, key=lambda finding: finding.expected_false_marks, default=None)
    return {
        "page": entry.page,
        "thumbnail": entry.thumbnail,
        "alt": f"Thumbnail of {path.name}",
        "name": path.name,
        "path": image.path,
        "folder": str(path.parent) if str(path.parent) != "." else "",
        "status": image.status,
        "marks": len(entry.record.findings),
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
