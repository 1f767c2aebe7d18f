"""The measures of a hip on a page: rows of a table, and the lines that show how each was taken."""

import math
from dataclasses import dataclass
from typing import Any

from hipcalc.anatomy import published_range
from hipcalc.findings import HipRecord

__all__ = ["MeasureLine", "measure_lines", "measure_rows"]

# Name in words, column of the hips table, the measure whose published range applies, unit, decimals.
_ROWS = (
    ("Lateral centre-edge angle", "lateral_centre_edge_angle_deg", "centre_edge_angle", "°", 0),
    ("Acetabular index (Tönnis angle)", "acetabular_index_deg", "acetabular_index", "°", 0),
    ("Sharp angle", "sharp_angle_deg", "sharp_angle", "°", 0),
    ("Extrusion index", "extrusion_index", "extrusion_index", "%", 0),
    ("Superior joint space", "superior_joint_space_mm", "superior_joint_space", " mm", 1),
    ("Superior joint space", "superior_joint_space_head_radii", "superior_joint_space", " R", 2),
    ("Smallest joint space", "minimum_joint_space_mm", "minimum_joint_space", " mm", 1),
    ("Smallest joint space", "minimum_joint_space_head_radii", "minimum_joint_space", " R", 2),
    ("Distance between the heads", "head_distance_mm", "head_distance", " mm", 0),
    ("Distance between the heads", "head_distance_head_radii", "head_distance", " R", 2),
    ("Slope of the line through the heads", "head_line_slope_deg", "head_line_slope", "°", 1),
    ("Asymmetry of the teardrops", "teardrop_asymmetry", "teardrop_asymmetry", "%", 0),
)
_UNITS = {"°": "deg", "%": "ratio", " mm": "mm", " R": "head_radii"}
_UPRIGHT_HEAD_RADII, _BEYOND = 1.6, 0.25


@dataclass(frozen=True, kw_only=True)
class MeasureLine:
    """A line of the drawing; x is the column, y the row. `kind` says what it belongs to."""

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float


def measure_rows(hip: HipRecord) -> list[dict[str, Any]]:
    """Return the measures of one hip as texts by name; lengths in millimetres where they are known, else in radii."""
    rows: list[dict[str, Any]] = []
    for name, column, kind, unit, decimals in _ROWS:
        value, sd = getattr(hip, column), getattr(hip, f"{column}_sd")
        if value is None or (rows and rows[-1]["name"] == name):
            continue
        scale = 100.0 if unit == "%" else 1.0
        published = published_range(kind)
        normal = published.limits if published.unit == _UNITS[unit] else None
        rows.append(
            {
                "name": name,
                "value": f"{value * scale:.{decimals}f}{unit}",
                "sd": f"± {sd * scale:.{max(decimals, 1)}f}{unit}",
                "normal": "–" if normal is None else f"{normal[0] * scale:g} to {normal[1] * scale:g}{unit}",
                "verdict": _verdict(value, sd, normal),
                "source": published.source,
            }
        )
    return rows


def _verdict(value: float, sd: float, normal: tuple[float, float] | None) -> str:
    """Say where a value stands, and nothing where its uncertainty reaches over a limit."""
    if normal is None:
        return ""
    if min(abs(value - limit) for limit in normal) < sd:
        return "at the limit"
    if value < normal[0]:
        return "below"
    return "above" if value > normal[1] else "within"


def measure_lines(hip: HipRecord) -> tuple[MeasureLine, ...]:
    """Return the lines that show a hip's angles: the upright, to the rim, along the sourcil, from the teardrop."""
    head, rim = _place(hip, "head"), _place(hip, "rim")
    if head is None or rim is None or not hip.angle_reference or hip.head_radius_px is None:
        return ()
    slope = math.radians(hip.angle_reference_deg or 0.0)
    reach = _UPRIGHT_HEAD_RADII * hip.head_radius_px
    upright = head[0] + reach * math.sin(slope), head[1] - reach * math.cos(slope)
    lines = [_line("upright", head, upright), _line("edge", head, rim)]
    medial, end, teardrop = (_place(hip, name) for name in ("sourcil_medial", "sourcil_end", "teardrop"))
    if medial is not None and end is not None:
        lines.append(_line("roof-line", *_longer(medial, end)))
    if teardrop is not None:
        lines.append(_line("sharp", teardrop, rim))
    return tuple(lines)


def _place(hip: HipRecord, name: str) -> tuple[float, float] | None:
    row, column = getattr(hip, f"{name}_row_px"), getattr(hip, f"{name}_column_px")
    return None if row is None or column is None else (column, row)


def _longer(start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    right, down = _BEYOND * (end[0] - start[0]), _BEYOND * (end[1] - start[1])
    return (start[0] - right, start[1] - down), (end[0] + right, end[1] + down)


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> MeasureLine:
    x1, y1, x2, y2 = (round(value, 1) for value in (*start, *end))
    return MeasureLine(kind=kind, x1=x1, y1=y1, x2=x2, y2=y2)
