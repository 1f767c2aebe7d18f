"""A stored hip as a frame again, and the coordinates that follow from a corrected circle and rim."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hipcalc.anatomy import HipFrame
from hipcalc.findings import Finding, HipRecord
from hipcalc.findings.zones import zone_of
from hipcalc.report.records import HipShape
from hipcalc.review import Geometry

__all__ = ["coordinates", "corrected", "frame_of", "placed"]

DIGITS = 6


def frame_of(hip: HipRecord, shape: HipShape) -> HipFrame:
    """Return the frame of a hip that is not absent, from its row and its drawing.

    The direction that was taken for cranial is not kept as such: it follows from the rim point and its stored angle.
    """
    frame = HipFrame(
        side=hip.side,
        side_source=hip.side_source,
        status=hip.status,
        confidence=hip.confidence,
        head_row_px=_number(hip.head_row_px),
        head_column_px=_number(hip.head_column_px),
        head_radius_px=_number(hip.head_radius_px),
        rim_row_px=_number(hip.rim_row_px),
        rim_column_px=_number(hip.rim_column_px),
        lateral_sign=1 if shape.lateral_sign > 0 else -1,
    )
    turn = (frame.rim_phi_deg - _number(hip.centre_edge_angle_deg)) * frame.lateral_sign
    return replace(frame, cranial_deg=turn if math.isfinite(turn) else 0.0)


def corrected(frame: HipFrame, geometry: Geometry | None) -> HipFrame:
    """Return the frame with a reader's circle and rim; the cranial direction stays."""
    return frame if geometry is None else replace(frame, **vars(geometry))


def placed(frame: HipFrame, row_px: float, column_px: float) -> dict[str, Any]:
    """Return where a point lies in the hip: `r_head_radii`, `phi_deg`, `clock_hour`, `zone`.

    The zone is empty where no rim is known, as beside an implant.
    """
    r, phi = frame.to_polar(row_px, column_px)
    return {
        "r_head_radii": _rounded(r),
        "phi_deg": _rounded(phi),
        "clock_hour": _rounded(frame.clock_hour(phi)),
        "zone": zone_of(r, phi, frame.rim_phi_deg) if math.isfinite(frame.rim_phi_deg) else "",
    }


def coordinates(frame: HipFrame, candidates: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the coordinates of candidates in a frame, each with its `candidate_id`."""
    return [{"candidate_id": mark.candidate_id, **placed(frame, mark.row_px, mark.column_px)} for mark in candidates]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
