"""Candidate -> Finding: where in the hip it lies, how large it is, what it may be."""

from dataclasses import dataclass

from hipcalc.radiograph import Side

__all__ = ["Finding"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A candidate described in hip coordinates. Its fields are the columns of the candidates table, in order.

    Attributes
    ----------
    candidate_id : str
        ``<image_id>-<side>-<number>``, numbered from the strongest; side is R, L or U.
    image_id, path, side : str
    row_px, column_px, diameter_px : float
    diameter_mm : float or None
        None with unknown spacing.
    diameter_head_radii, cnr, expected_false_marks : float
    zone : str
        rim, rim-overlay, supra-rim, trochanteric, lateral-soft-tissue, intra-osseous, pelvic or remote.
    phi_deg, r_head_radii, clock_hour : float
    first_class : str
        First entry of the differential.
    differential : str
        Ranked classes with weights, ``class:weight`` joined by ``;``.
    finding : bool
        Whether it is at or below the operating point.
    contrast, aspect_ratio, solidity, orientation_deg, core_to_rim, gap_head_radii : float
        Measures for the differential; the gap is from the outline to the rim point.
    gap_mm : float or None
    """

    candidate_id: str
    image_id: str
    path: str
    side: Side
    row_px: float
    column_px: float
    diameter_px: float
    diameter_mm: float | None
    diameter_head_radii: float
    cnr: float
    expected_false_marks: float
    zone: str
    phi_deg: float
    r_head_radii: float
    clock_hour: float
    first_class: str
    differential: str
    finding: bool
    contrast: float
    aspect_ratio: float
    solidity: float
    orientation_deg: float
    core_to_rim: float
    gap_head_radii: float
    gap_mm: float | None
