"""Candidates in hip coordinates, with a differential: the rows of the candidates table."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import Candidate
from hipcalc.findings.differential import with_differential
from hipcalc.findings.finding import Finding
from hipcalc.findings.relations import cleft_deg, count_alike, with_other_side
from hipcalc.findings.zones import zone_of
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.radiograph import Radiograph

__all__ = ["compare_sides", "describe_candidates"]


def describe_candidates(
    candidates: tuple[Candidate, ...], hip: HipFrame, normalized: NormalizedRadiograph, *, false_marks_per_hip: float
) -> tuple[Finding, ...]:
    """Describe a hip's candidates, in their order.

    Parameters
    ----------
    candidates : tuple of Candidate
        As `find_candidates` returned them, strongest first.
    hip : HipFrame
        The hip that they were found in.
    normalized : NormalizedRadiograph
        The picture that they were found in; gives identity and pixel spacing.
    false_marks_per_hip : float
        The operating point: candidates with no more expected false marks are findings.

    Returns
    -------
    tuple of Finding
        One per candidate.
    """
    found = tuple(
        _finding(candidate, hip, normalized.radiograph, number, false_marks_per_hip)
        for number, candidate in enumerate(candidates, start=1)
    )
    return tuple(with_differential(replace(one, alike_count=count_alike(one, found))) for one in found)


def compare_sides(hips: Sequence[tuple[HipFrame, tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """Compare the hips of one image, and rank again what a focus may be that has, or lacks, one like it opposite.

    Parameters
    ----------
    hips : sequence of (HipFrame, tuple of Finding)
        Each hip with its described candidates.

    Returns
    -------
    tuple of Finding
        Hip by hip, in the order given.
    """
    described = (finding for _, group in hips for finding in group)
    compared = (finding for group in with_other_side(hips) for finding in group)
    return tuple(
        now if now.symmetric == before.symmetric else with_differential(now)
        for before, now in zip(described, compared, strict=True)
    )


def _finding(
    candidate: Candidate, hip: HipFrame, radiograph: Radiograph, number: int, false_marks_per_hip: float
) -> Finding:
    r, phi = hip.to_polar(candidate.row_px, candidate.column_px)
    spacing = radiograph.spacing_mm
    diameter_mm = None if spacing is None else candidate.diameter_px * spacing
    diameter_head_radii = candidate.diameter_px / hip.head_radius_px
    gap_px = _gap_to_rim_px(candidate, hip)
    return Finding(
        candidate_id=f"{radiograph.image_id}-{'U' if hip.side == 'unknown' else hip.side}-{number}",
        image_id=radiograph.image_id,
        path=radiograph.path,
        side=hip.side,
        row_px=candidate.row_px,
        column_px=candidate.column_px,
        diameter_px=candidate.diameter_px,
        diameter_mm=diameter_mm,
        diameter_head_radii=diameter_head_radii,
        cnr=candidate.cnr,
        expected_false_marks=candidate.expected_false_marks,
        zone=zone_of(r, phi, hip.rim_phi_deg),
        phi_deg=phi,
        r_head_radii=r,
        clock_hour=hip.clock_hour(phi),
        first_class="",
        differential="",
        finding=candidate.expected_false_marks <= false_marks_per_hip,
        contrast=candidate.contrast,
        aspect_ratio=candidate.aspect_ratio,
        solidity=candidate.solidity,
        orientation_deg=candidate.orientation_deg,
        core_to_rim=candidate.core_to_rim,
        gap_head_radii=gap_px / hip.head_radius_px,
        gap_mm=None if spacing is None else gap_px * spacing,
        area_px2=candidate.area_px2,
        area_mm2=None if spacing is None else candidate.area_px2 * spacing**2,
        tangent_deg=candidate.tangent_deg,
        contrast_over_step=candidate.contrast_over_step,
        margin_px=candidate.margin_px,
        closed_share=candidate.closed_share,
        saturated_share=candidate.saturated_share,
        profile=";".join(f"{value:.2f}" for value in candidate.profile),
        cleft_deg=cleft_deg(candidate.outline_px, hip, gap_px / hip.head_radius_px),
    )


def _gap_to_rim_px(candidate: Candidate, hip: HipFrame) -> float:
    """Shortest distance from the outline to the rim point; 0 where the outline holds it."""
    rim = np.array([hip.rim_row_px, hip.rim_column_px])
    if len(candidate.outline_px) < 3:
        centre = float(np.hypot(*(rim - (candidate.row_px, candidate.column_px))))
        return max(centre - candidate.diameter_px / 2, 0.0)
    return 0.0 if _holds(candidate.outline_px, rim) else float(np.min(np.hypot(*(candidate.outline_px - rim).T)))


def _holds(outline: NDArray[np.float64], point: NDArray[np.float64]) -> bool:
    """Tell whether a polygon holds a point (crossing number)."""
    row, column = point
    here, following = outline, np.roll(outline, -1, axis=0)
    crosses = (here[:, 0] > row) != (following[:, 0] > row)
    here, following = here[crosses], following[crosses]
    at = here[:, 1] + (row - here[:, 0]) * (following[:, 1] - here[:, 1]) / (following[:, 0] - here[:, 0])
    return bool(np.count_nonzero(at > column) % 2)
