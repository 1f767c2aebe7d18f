"""An act of a reader -> the rows of the log that record it."""

import hashlib
from dataclasses import dataclass
from typing import Any

from hipcalc.anatomy import HipFrame
from hipcalc.findings import Finding
from hipcalc.reading_room.geometry import coordinates, corrected, placed
from hipcalc.reading_room.requests import Act, BadRequestError
from hipcalc.review import Draft, Event, Geometry, Reading, Role
from hipcalc.review.events import EventKind

__all__ = ["Scene", "drafts_of", "undo_drafts"]

SMALLEST_FOCUS_PX = 1.0
SMALLEST_RADIUS_PX = 4.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What an act is about: who acts, on which hip, and what is known of both.

    Attributes
    ----------
    reader : str
    role : {"reader", "adjudicator"}
    hip_id : str
    frame : HipFrame
        As the detector's locator had it.
    spacing_mm : float or None
    shape : tuple of int
        Rows and columns of the image.
    candidates : tuple of Finding
        Those that the reader is asked about.
    reading : Reading
    common : dict
        What every row states: detector, image_sha256, blind.
    """

    reader: str
    role: Role
    hip_id: str
    frame: HipFrame
    spacing_mm: float | None
    shape: tuple[int, int]
    candidates: tuple[Finding, ...]
    reading: Reading
    common: dict[str, Any]


def drafts_of(act: Act, scene: Scene, mark_id: str = "") -> list[Draft]:
    """Return the rows that record an act.

    Parameters
    ----------
    act : Act
    scene : Scene
    mark_id : str
        What the act's mark is: a candidate or a focus that the reader added.

    Raises
    ------
    BadRequestError
        If it cannot be so in this hip.
    """
    kind, payload = _MAKERS[act.kind](act, scene, mark_id)
    return [_draft(act, scene, kind, payload, 0)]


def undo_drafts(act: Act, scene: Scene, undone: list[Event]) -> list[Draft]:
    """Return the rows that take one act back."""
    return [_draft(act, scene, "undo", {"of": event.seq}, number) for number, event in enumerate(undone)]


def _draft(act: Act, scene: Scene, kind: EventKind, payload: dict[str, Any], number: int) -> Draft:
    return Draft(
        request_id=f"{act.request}-{number}",
        reader=scene.reader,
        role=scene.role,
        kind=kind,
        hip_id=scene.hip_id,
        payload={
            **payload,
            **scene.common,
            "action": act.request,
            # Time counts once, whatever the number of rows.
            "duration_s": act.duration_s if number == 0 else 0.0,
            "shown": act.shown,
        },
    )


def _decision(act: Act, _scene: Scene, mark_id: str) -> tuple[EventKind, dict[str, Any]]:
    values = act.values
    payload = {
        "candidate_id": mark_id,
        "status": values["status"],
        "reason": values["reason"],
        "note": "",
        "confirmed_class": values["confirmed_class"],
    }
    return "decision", payload | ({"finishes": values["finishes"]} if values["finishes"] else {})


def _focus(act: Act, scene: Scene, _mark_id: str) -> tuple[EventKind, dict[str, Any]]:
    row, column, diameter = (act.values[name] for name in ("row_px", "column_px", "diameter_px"))
    frame = corrected(scene.frame, scene.reading.geometry)
    _check_inside(scene, row, column)
    if not SMALLEST_FOCUS_PX <= diameter <= 2 * frame.head_radius_px:
        raise BadRequestError("A focus is at least one pixel and at most the femoral head across.")
    # The same request gives the same id, and no two requests do.
    number = hashlib.sha256(act.request.encode()).hexdigest()[:8].upper()
    spacing = scene.spacing_mm
    return "focus", {
        "candidate_id": f"{scene.hip_id}-A{number}",
        "status": "confirmed",
        "confirmed_class": act.values["confirmed_class"],
        "row_px": round(row, 2),
        "column_px": round(column, 2),
        "diameter_px": round(diameter, 2),
        "diameter_head_radii": round(diameter / frame.head_radius_px, 4),
        "diameter_mm": None if spacing is None else round(diameter * spacing, 3),
        **placed(frame, row, column),
    }


def _geometry(act: Act, scene: Scene, _mark_id: str) -> tuple[EventKind, dict[str, Any]]:
    values = {name: round(value, 2) for name, value in act.values.items()}
    _check_inside(scene, values["head_row_px"], values["head_column_px"])
    _check_inside(scene, values["rim_row_px"], values["rim_column_px"])
    if not SMALLEST_RADIUS_PX <= values["head_radius_px"] <= max(scene.shape):
        raise BadRequestError("A femoral head's radius is at least 4 pixels and at most the image's longer side.")
    frame = corrected(scene.frame, Geometry(**values))
    return "geometry", {
        **values,
        "centre_edge_angle_deg": round(frame.rim_phi_deg, 2),
        "candidates": coordinates(frame, scene.candidates),
    }


def _check_inside(scene: Scene, row: float, column: float) -> None:
    if not (-0.5 <= row <= scene.shape[0] - 0.5 and -0.5 <= column <= scene.shape[1] - 0.5):
        raise BadRequestError("This place is outside the image.")


def _note(act: Act, _scene: Scene, _mark_id: str) -> tuple[EventKind, dict[str, Any]]:
    return "note", {"note": act.values["note"]}


def _finish(act: Act, _scene: Scene, _mark_id: str) -> tuple[EventKind, dict[str, Any]]:
    return "hip", {"finishes": act.values["finishes"]}


_MAKERS = {"decide": _decision, "focus": _focus, "geometry": _geometry, "note": _note, "finish": _finish}
