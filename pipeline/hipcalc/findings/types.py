"""The rows of the hips and candidates tables, as values."""

from dataclasses import dataclass
from typing import Literal

from hipcalc.anatomy import HipStatus, SideSource
from hipcalc.radiograph import Side

# Where a hip's detection limit holds; empty without one.
Tissue = Literal["soft tissue", "bone", ""]

__all__ = ["DEFAULT_FALSE_MARKS_PER_HIP", "Finding", "HipRecord"]

# The operating point, unless the user gives another.
DEFAULT_FALSE_MARKS_PER_HIP = 0.25


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
    area_px2 : float or None
    area_mm2 : float or None
    tangent_deg, contrast_over_step, margin_px, closed_share, saturated_share : float or None
        Further measures, as in `Candidate`.
    profile : str
        The candidate's profile from the middle outwards, joined by ``;``.
    cleft_deg : float or None
        Angle of the cleft between focus and rim point to the joint's surface, 0 (parallel) to 90; None without a cleft.
    alike_count : int
        Other findings of about this size beside it, in the same hip.
    symmetric : {"yes", "no", "unknown"}
        Whether the other hip has a finding of about this size at the same place; unknown where it was not located.
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
    area_px2: float | None = None
    area_mm2: float | None = None
    tangent_deg: float | None = None
    contrast_over_step: float | None = None
    margin_px: float | None = None
    closed_share: float | None = None
    saturated_share: float | None = None
    profile: str = ""
    cleft_deg: float | None = None
    alike_count: int = 0
    symmetric: Literal["yes", "no", "unknown"] = "unknown"


@dataclass(frozen=True, kw_only=True)
class HipRecord:
    """One hip of one image. Its fields are the columns of the hips table, in order.

    Attributes
    ----------
    image_id, path, side : str
    status : {"located", "uncertain", "implant", "absent"}
    confidence : float
        0 to 1.
    head_row_px, head_column_px, head_radius_px, rim_row_px, rim_column_px, centre_edge_angle_deg : float or None
        None where the hip is absent. The angle is that of the rim point in the hip frame, from its cranial direction;
        `lateral_centre_edge_angle_deg` is the one to report.
    detection_limit_mm, detection_limit_head_radii : float or None
        Diameter of the smallest focus that would have been found here; None when it was not measured.
    side_source : str
        How the side is known.
    detection_limit_tissue : {"soft tissue", "bone", ""}
        Where that holds: in soft tissue beside the rim, or, in a picture that ends at the joint, over bone around it;
        empty where nothing was planted.
    head_visible : float or None
        Share of the head's contour that shows, 0 to 1.
    sourcil_end_*, sourcil_medial_*, teardrop_*
        Place of a landmark, None where it does not show, and its visibility (clear, faint, absent):
        lateral and medial end of the sourcil, lowest point of the teardrop.
    angle_reference : {"heads", "picture", ""}
        Whether the angles that follow are measured against the line through both heads or the picture's horizontal.
    angle_reference_deg : float or None
        Slope of that line, positive clockwise as displayed.
    lateral_centre_edge_angle_deg, acetabular_index_deg, ... : float or None
        Measures of `hipcalc.measure_hips`, each followed by its uncertainty (one standard deviation, ``_sd``). Those
        of a pelvis (distance and slope of the heads, asymmetry of the teardrops) stand on both its hips.
    """

    image_id: str
    path: str
    side: Side
    status: HipStatus
    confidence: float
    head_row_px: float | None
    head_column_px: float | None
    head_radius_px: float | None
    rim_row_px: float | None
    rim_column_px: float | None
    centre_edge_angle_deg: float | None
    detection_limit_mm: float | None
    detection_limit_head_radii: float | None
    side_source: SideSource
    detection_limit_tissue: Tissue = ""
    head_visible: float | None = None
    sourcil_end_row_px: float | None = None
    sourcil_end_column_px: float | None = None
    sourcil_end_visibility: str = "absent"
    sourcil_medial_row_px: float | None = None
    sourcil_medial_column_px: float | None = None
    sourcil_medial_visibility: str = "absent"
    teardrop_row_px: float | None = None
    teardrop_column_px: float | None = None
    teardrop_visibility: str = "absent"
    angle_reference: str = ""
    angle_reference_deg: float | None = None
    lateral_centre_edge_angle_deg: float | None = None
    lateral_centre_edge_angle_deg_sd: float | None = None
    acetabular_index_deg: float | None = None
    acetabular_index_deg_sd: float | None = None
    sharp_angle_deg: float | None = None
    sharp_angle_deg_sd: float | None = None
    extrusion_index: float | None = None
    extrusion_index_sd: float | None = None
    superior_joint_space_head_radii: float | None = None
    superior_joint_space_head_radii_sd: float | None = None
    superior_joint_space_mm: float | None = None
    superior_joint_space_mm_sd: float | None = None
    minimum_joint_space_head_radii: float | None = None
    minimum_joint_space_head_radii_sd: float | None = None
    minimum_joint_space_mm: float | None = None
    minimum_joint_space_mm_sd: float | None = None
    head_distance_head_radii: float | None = None
    head_distance_head_radii_sd: float | None = None
    head_distance_mm: float | None = None
    head_distance_mm_sd: float | None = None
    head_line_slope_deg: float | None = None
    head_line_slope_deg_sd: float | None = None
    teardrop_asymmetry: float | None = None
    teardrop_asymmetry_sd: float | None = None

    @property
    def shown_centre_edge_angle_deg(self) -> float | None:
        """The lateral centre-edge angle as it was measured, else that of the rim point."""
        lateral = self.lateral_centre_edge_angle_deg
        return self.centre_edge_angle_deg if lateral is None else lateral
