"""What a focus has to do with its neighbours: the cleft to the rim, others alike beside it, one like it opposite."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.findings.finding import Finding

__all__ = ["ATTACHED_HEAD_RADII", "cleft_deg", "count_alike", "with_other_side"]

# Closer than this to the rim point, one view cannot show a gap.
ATTACHED_HEAD_RADII = 0.04
# Chosen: farther from the rim point, the space between is no cleft of a fragment.
WIDEST_CLEFT_HEAD_RADII = 0.25
# Chosen: alike are sizes within this ratio; beside each other, centres within this distance.
ALIKE_RATIO = 1.8
BESIDE_HEAD_RADII = 1.0
# Chosen: a place on the other side is the same within this distance, sizes within this ratio.
SAME_PLACE_HEAD_RADII = 0.25
SAME_SIZE_RATIO = 2.0


def cleft_deg(outline_px: NDArray[np.float64], hip: HipFrame, gap_head_radii: float) -> float | None:
    """Return the angle of the cleft between a focus and the rim point to the joint's surface there.

    The cleft runs across the shortest line from the rim point to the outline; the joint's surface along the tangent of
    the head's circle.

    Parameters
    ----------
    outline_px : ndarray of float64, shape (n, 2)
        (row, column) vertices.
    hip : HipFrame
    gap_head_radii : float
        From the outline to the rim point, 0 where it holds it.

    Returns
    -------
    float or None
        0 (parallel) to 90 (perpendicular) degrees; None where there is no outline, no gap, or no rim beside it.
    """
    if len(outline_px) < 3 or not ATTACHED_HEAD_RADII <= gap_head_radii <= WIDEST_CLEFT_HEAD_RADII:
        return None
    rim = np.array([hip.rim_row_px, hip.rim_column_px])
    gaps = outline_px - rim
    nearest = gaps[int(np.argmin(np.hypot(*gaps.T)))]
    outwards = rim - (hip.head_row_px, hip.head_column_px)
    cosine = abs(float(nearest @ outwards)) / float(np.hypot(*nearest) * np.hypot(*outwards))
    return math.degrees(math.acos(min(cosine, 1.0)))


def count_alike(finding: Finding, others: Sequence[Finding]) -> int:
    """Return how many other findings of the same hip lie beside one and are about as large.

    Parameters
    ----------
    finding : Finding
    others : sequence of Finding
        Every candidate of the hip; those above the operating point do not count.
    """
    return sum(
        other.finding
        and other.candidate_id != finding.candidate_id
        and _ratio(other, finding) <= ALIKE_RATIO
        and _distance(finding, other) <= BESIDE_HEAD_RADII
        for other in others
    )


def with_other_side(hips: Sequence[tuple[HipFrame, Sequence[Finding]]]) -> tuple[tuple[Finding, ...], ...]:
    """Tell for each candidate whether the other hip has a finding at the same place.

    Parameters
    ----------
    hips : sequence of (HipFrame, sequence of Finding)

    Returns
    -------
    tuple of tuple of Finding
        In the same order, with `symmetric` set where the other hip was located.
    """
    groups: list[tuple[Finding, ...]] = []
    for number, (hip, findings) in enumerate(hips):
        other = next(
            (found for k, (one, found) in enumerate(hips) if k != number and "located" == one.status == hip.status),
            None,
        )
        if other is None:
            groups.append(tuple(findings))
        else:
            groups.append(tuple(replace(one, symmetric=_has_opposite(one, other)) for one in findings))
    return tuple(groups)


def _has_opposite(one: Finding, others: Sequence[Finding]) -> Literal["yes", "no"]:
    for other in others:
        same_place = _distance(one, other) <= SAME_PLACE_HEAD_RADII
        if other.finding and same_place and _ratio(one, other) <= SAME_SIZE_RATIO:
            return "yes"
    return "no"


def _ratio(one: Finding, other: Finding) -> float:
    sizes = sorted((one.diameter_head_radii, other.diameter_head_radii))
    return sizes[1] / sizes[0] if sizes[0] > 0 else math.inf


def _distance(one: Finding, other: Finding) -> float:
    """Return the distance of two centres in head radii, by their hip coordinates, which both sides share."""
    away = math.radians(one.phi_deg - other.phi_deg)
    a, b = one.r_head_radii, other.r_head_radii
    return math.sqrt(max(a * a + b * b - 2 * a * b * math.cos(away), 0.0))
