"""What the page is told of one hip: places and words, and nothing that a blinded reader must not know."""

import math
from collections.abc import Iterable
from typing import Any

from hipcalc.anatomy import HipFrame
from hipcalc.findings import Finding
from hipcalc.findings.zones import zone_sectors
from hipcalc.reading_room.geometry import placed
from hipcalc.reading_room.training import Feedback
from hipcalc.report.words import class_name, count_estimate, short_length, zone_name
from hipcalc.review import FINDING_CLASSES, AddedFocus, Decision, Reading

__all__ = [
    "CLASSES",
    "feedback_values",
    "focus_values",
    "frame_values",
    "mark_values",
    "order_by_place",
    "reading_values",
    "said_text",
    "sector_values",
]

CLASSES = [{"name": name, "words": class_name(name)} for name in FINDING_CLASSES]


def order_by_place(frame: HipFrame, candidates: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return candidates around the head, from medial over cranial to caudal: their order tells no score."""
    return tuple(sorted(candidates, key=lambda mark: frame.to_polar(mark.row_px, mark.column_px)[::-1]))


def frame_values(frame: HipFrame) -> dict[str, Any]:
    """Return circle, rim (None where it is not known) and directions; y is the row, x the column."""
    has_rim = math.isfinite(frame.rim_phi_deg)
    return {
        "x": frame.head_column_px,
        "y": frame.head_row_px,
        "radius": frame.head_radius_px,
        "rim_x": frame.rim_column_px if has_rim else None,
        "rim_y": frame.rim_row_px if has_rim else None,
        "lateral": frame.lateral_sign,
        "cranial_deg": frame.cranial_deg,
        "rim_phi_deg": frame.rim_phi_deg if has_rim else None,
    }


def sector_values() -> list[dict[str, Any]]:
    """Return the zones' borders; `from_rim` says whether their angles count from the rim's."""
    return [
        {"words": zone_name(sector.zone), "from_rim": sector.from_rim, "phi_deg": sector.phi_deg, "r": sector.r}
        for sector in zone_sectors()
    ]


def mark_values(mark: Finding, key: str, frame: HipFrame, *, scores: bool) -> dict[str, Any]:
    """Return a candidate as the page shows it."""
    at = placed(frame, mark.row_px, mark.column_px)
    entries = [entry.rpartition(":") for entry in mark.differential.split(";") if ":" in entry]
    values = {
        "key": key,
        "x": mark.column_px,
        "y": mark.row_px,
        "diameter": mark.diameter_px,
        "added": False,
        "zone": zone_name(at["zone"]),
        "clock": round(at["clock_hour"], 1),
        "size": short_length(mark.diameter_mm, mark.diameter_px / frame.head_radius_px),
        "classes": [
            {"name": name, "words": class_name(name), "percent": round(100 * float(weight))}
            for name, _, weight in entries
            if name in FINDING_CLASSES
        ],
    }
    return values | ({"score": count_estimate(mark.expected_false_marks)} if scores else {})


def focus_values(focus: AddedFocus, key: str, frame: HipFrame, spacing_mm: float | None) -> dict[str, Any]:
    """Return a focus that the reader added as the page shows it."""
    at = placed(frame, focus.row_px, focus.column_px)
    millimetres = None if spacing_mm is None else focus.diameter_px * spacing_mm
    return {
        "key": key,
        "x": focus.column_px,
        "y": focus.row_px,
        "diameter": focus.diameter_px,
        "added": True,
        "zone": zone_name(at["zone"]),
        "clock": round(at["clock_hour"], 1),
        "size": short_length(millimetres, focus.diameter_px / frame.head_radius_px),
        "classes": [],
    }


def reading_values(reading: Reading, keys: dict[str, str]) -> dict[str, Any]:
    """Return what a reader holds of a hip; `keys` are the marks' by their ids."""
    return {
        "status": reading.status,
        "note": reading.note,
        "seen": reading.last_seq,
        "duration_s": round(reading.duration_s, 1),
        "corrected": reading.geometry is not None,
        "decisions": {
            keys[mark]: _decision_values(said)
            for mark, said in reading.decisions.items()
            if mark in keys and said.status != "unreviewed"
        },
    }


def said_text(reading: Reading, mark_id: str) -> str:
    """Return in words what a reader said about a mark."""
    if reading.status == "inadequate":
        return "image inadequate"
    said = reading.decisions.get(mark_id)
    if said is None or said.status == "unreviewed":
        return "not marked"
    why = class_name(said.confirmed_class) or said.reason.replace("-", " ")
    return f"{said.status}: {why}" if why else said.status


def feedback_values(told: Feedback) -> dict[str, Any]:
    """Return what a reader in training is told of a hip."""
    marks = [
        {"x": mark["column_px"], "y": mark["row_px"], "diameter": mark["diameter_px"], "words": mark["words"],
         "found": mark["found"]}
        for mark in told.marks
    ]  # fmt: skip
    return {"words": list(told.words), "marks": marks}


def _decision_values(decision: Decision) -> dict[str, str]:
    return {
        "status": decision.status,
        "reason": decision.reason,
        "confirmed_class": decision.confirmed_class,
    }
