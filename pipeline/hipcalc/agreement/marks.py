"""How well the places agree that two readers marked: foci that both added, and heads that both corrected."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from hipcalc.agreement.units import Hips, focus_groups
from hipcalc.review import Reading

__all__ = ["circle_dice", "matched_marks"]


def circle_dice(distance: float, first_radius: float, second_radius: float) -> float:
    """Return the Dice coefficient of two circles: twice the area in common over the sum of both areas."""
    r, s, d = first_radius, second_radius, distance
    whole = math.pi * (r * r + s * s)
    if d >= r + s:
        return 0.0
    if d <= abs(r - s):
        return 2 * math.pi * min(r, s) ** 2 / whole
    part = r * r * math.acos((d * d + r * r - s * s) / (2 * d * r))
    part += s * s * math.acos((d * d + s * s - r * r) / (2 * d * s))
    part -= 0.5 * math.sqrt((-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s))
    return 2 * part / whole


def matched_marks(finished: Mapping[str, Mapping[str, Reading]], hips: Hips) -> Iterator[dict[str, Any]]:
    """Yield a row for each focus that two readers added, and for each head that two readers corrected.

    Columns: `hip_id`, `what` (focus or head), `reader`, `other`, `dice` of the two circles, and the distance of their
    middles in `distance_px`, `distance_head_radii` and `distance_mm` (NaN with unknown spacing).
    """
    for hip_id, of_hip in finished.items():
        for group in focus_groups(of_hip.values(), hips.head_radius_px[hip_id]):
            for one, other in combinations(group, 2):
                circles = [(mark.row_px, mark.column_px, mark.diameter_px / 2) for mark in (one, other)]
                yield _row(hip_id, "focus", one.reader, other.reader, circles, hips)
        heads = [(name, one.geometry) for name, one in of_hip.items() if one.geometry is not None]
        for (name, head), (other_name, other_head) in combinations(heads, 2):
            circles = [(at.head_row_px, at.head_column_px, at.head_radius_px) for at in (head, other_head)]
            yield _row(hip_id, "head", name, other_name, circles, hips)


def _row(
    hip_id: str, what: str, reader: str, other: str, circles: list[tuple[float, float, float]], hips: Hips
) -> dict[str, Any]:
    (row, column, radius), (other_row, other_column, other_radius) = circles
    distance = math.hypot(row - other_row, column - other_column)
    return {
        "hip_id": hip_id,
        "what": what,
        "reader": reader,
        "other": other,
        "dice": circle_dice(distance, radius, other_radius),
        "distance_px": distance,
        "distance_head_radii": distance / hips.head_radius_px[hip_id],
        "distance_mm": distance * hips.spacing_mm[hip_id],
    }
