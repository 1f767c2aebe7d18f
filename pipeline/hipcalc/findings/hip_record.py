"""A row of the hips table, as a value, and what each column means."""

from dataclasses import dataclass
from typing import Annotated, Literal

from hipcalc.anatomy import HipStatus, SideSource
from hipcalc.columns import IMAGE_ID, PATH, SIDE, Column
from hipcalc.radiograph import Side

__all__ = ["HipRecord", "Tissue"]

# Where a hip's detection limit holds; empty without one.
Tissue = Literal["soft tissue", "bone", ""]


def _sd(measure: str, unit: str = "") -> Column:
    return Column(f"uncertainty of {measure}: one standard deviation of its error; blank with it", unit)


@dataclass(frozen=True, kw_only=True)
class HipRecord:
    """One hip of one image. Its fields are the columns of the hips table, in order.

    From `angle_reference` on they are what `hipcalc.measure_hips` measures.
    """

    image_id: Annotated[str, IMAGE_ID]
    path: Annotated[str, PATH]
    side: Annotated[Side, SIDE]
    status: Annotated[
        HipStatus,
        Column(
            "located; uncertain (its place is not to be trusted); implant (a prosthesis, not searched); or absent "
            "(not found in a picture that shows the other hip)"
        ),
    ]
    confidence: Annotated[
        float,
        Column("estimated probability that the head's circle is right within 0.2 head radii; 0 for implant and absent"),
    ]
    head_row_px: Annotated[
        float | None,
        Column(
            "row of the middle of the circle fitted to the femoral head, or of a prosthesis's head, in pixels of the "
            "file (0 is the middle of the first row); blank where absent",
            "px",
        ),
    ]
    head_column_px: Annotated[float | None, Column("column of the middle of that circle; blank where absent", "px")]
    head_radius_px: Annotated[
        float | None,
        Column("radius of the head's circle: the unit of everything in head radii; blank where absent", "px"),
    ]
    rim_row_px: Annotated[
        float | None,
        Column(
            "row of the rim point, the lateral bony end of the weight-bearing roof; blank for implant and absent", "px"
        ),
    ]
    rim_column_px: Annotated[float | None, Column("column of the rim point; blank for implant and absent", "px")]
    centre_edge_angle_deg: Annotated[
        float | None,
        Column(
            "polar angle of the rim point from the hip frame's own cranial direction (the picture's up, unless it had "
            "to be turned); blank for implant and absent. lateral_centre_edge_angle_deg is the one to report",
            "deg",
        ),
    ]
    detection_limit_mm: Annotated[
        float | None,
        Column("detection_limit_head_radii in millimetres; blank where that is, and with unknown spacing", "mm"),
    ]
    detection_limit_head_radii: Annotated[
        float | None,
        Column(
            "smallest diameter at which a planted focus of CNR 4 would be a finding at the run's operating point with "
            "90% probability, never below the smallest planted one: 0.0625, or 2 px where that is more. Blank where "
            "it was not measured, or where foci of 0.32 are found less often (then detection_limit_tissue is given)",
            "head radii",
        ),
    ]
    side_source: Annotated[
        SideSource,
        Column(
            "how the side is known: header, filename, or display-convention (patient's right at the picture's left)"
        ),
    ]
    detection_limit_tissue: Annotated[
        Tissue,
        Column(
            "where foci were planted: soft tissue (beside the rim), or bone (anywhere around the rim, where the "
            "picture shows too little soft tissue); blank where none or too few were"
        ),
    ] = ""
    head_visible: Annotated[
        float | None,
        Column("share of the head's contour that shows along the circle, 0 to 1; blank without a native head"),
    ] = None
    sourcil_end_row_px: Annotated[
        float | None,
        Column("row of the sourcil's lateral end, on its lower border; blank where it does not show", "px"),
    ] = None
    sourcil_end_column_px: Annotated[
        float | None,
        Column("column of the sourcil's lateral end, on its lower border; blank where it does not show", "px"),
    ] = None
    sourcil_end_visibility: Annotated[
        str, Column("how well the sourcil's lateral end shows: clear, faint or absent")
    ] = "absent"
    sourcil_medial_row_px: Annotated[
        float | None, Column("row of the sourcil's medial end, on its lower border; blank where it does not show", "px")
    ] = None
    sourcil_medial_column_px: Annotated[
        float | None,
        Column("column of the sourcil's medial end, on its lower border; blank where it does not show", "px"),
    ] = None
    sourcil_medial_visibility: Annotated[
        str, Column("how well the sourcil's medial end shows: clear, faint or absent")
    ] = "absent"
    teardrop_row_px: Annotated[
        float | None, Column("row of the lowest point of the teardrop; blank where it does not show", "px")
    ] = None
    teardrop_column_px: Annotated[
        float | None, Column("column of the lowest point of the teardrop; blank where it does not show", "px")
    ] = None
    teardrop_visibility: Annotated[
        str, Column("how well the lowest point of the teardrop shows: clear, faint or absent")
    ] = "absent"
    angle_reference: Annotated[
        str,
        Column(
            "line that the lateral centre-edge angle and what follows up to the extrusion index are measured against: "
            "heads (through the middle of both heads) or picture (its horizontal); blank without measures"
        ),
    ] = ""
    angle_reference_deg: Annotated[
        float | None,
        Column(
            "slope of the line of angle_reference in the picture, positive clockwise as displayed; 0 for picture", "deg"
        ),
    ] = None
    lateral_centre_edge_angle_deg: Annotated[
        float | None,
        Column(
            "angle at the middle of the head from the perpendicular of the reference line to the rim point, positive "
            "to lateral; blank for implant and absent",
            "deg",
        ),
    ] = None
    lateral_centre_edge_angle_deg_sd: Annotated[float | None, _sd("lateral_centre_edge_angle_deg", "deg")] = None
    acetabular_index_deg: Annotated[
        float | None,
        Column(
            "slope of the line from the sourcil's medial to its lateral end against the reference line, positive "
            "where the lateral end is higher (Tönnis); blank where an end does not show",
            "deg",
        ),
    ] = None
    acetabular_index_deg_sd: Annotated[float | None, _sd("acetabular_index_deg", "deg")] = None
    sharp_angle_deg: Annotated[
        float | None,
        Column(
            "slope of the line from the teardrop to the rim point against the reference line (Sharp); blank where the "
            "teardrop does not show",
            "deg",
        ),
    ] = None
    sharp_angle_deg_sd: Annotated[float | None, _sd("sharp_angle_deg", "deg")] = None
    extrusion_index: Annotated[
        float | None,
        Column(
            "share of the head's width that lies lateral to the rim point, along the reference line; blank for "
            "implant and absent"
        ),
    ] = None
    extrusion_index_sd: Annotated[float | None, _sd("extrusion_index")] = None
    superior_joint_space_head_radii: Annotated[
        float | None,
        Column(
            "median distance from the head's circle to the roof's dense plate over polar angles from -15 to 15 "
            "degrees, corrected for the width of edges; blank where too little of the roof was followed",
            "head radii",
        ),
    ] = None
    superior_joint_space_head_radii_sd: Annotated[
        float | None, _sd("superior_joint_space_head_radii", "head radii")
    ] = None
    superior_joint_space_mm: Annotated[
        float | None,
        Column("superior_joint_space_head_radii in millimetres; blank where that is, and with unknown spacing", "mm"),
    ] = None
    superior_joint_space_mm_sd: Annotated[float | None, _sd("superior_joint_space_mm", "mm")] = None
    minimum_joint_space_head_radii: Annotated[
        float | None,
        Column(
            "smallest distance from the head's circle to the roof's dense plate, as the median of five neighbouring "
            "places, from -20 degrees to 6 degrees short of the rim point, corrected for the width of edges; never "
            "above superior_joint_space_head_radii, and blank where that is",
            "head radii",
        ),
    ] = None
    minimum_joint_space_head_radii_sd: Annotated[float | None, _sd("minimum_joint_space_head_radii", "head radii")] = (
        None
    )
    minimum_joint_space_mm: Annotated[
        float | None,
        Column("minimum_joint_space_head_radii in millimetres; blank where that is, and with unknown spacing", "mm"),
    ] = None
    minimum_joint_space_mm_sd: Annotated[float | None, _sd("minimum_joint_space_mm", "mm")] = None
    head_distance_head_radii: Annotated[
        float | None,
        Column(
            "distance between the middles of both heads over the geometric mean of their radii, the same on both "
            "hips; blank unless both are located or uncertain, and their line slopes by at most 20 degrees",
            "head radii",
        ),
    ] = None
    head_distance_head_radii_sd: Annotated[float | None, _sd("head_distance_head_radii", "head radii")] = None
    head_distance_mm: Annotated[
        float | None,
        Column("head_distance_head_radii in millimetres; blank where that is, and with unknown spacing", "mm"),
    ] = None
    head_distance_mm_sd: Annotated[float | None, _sd("head_distance_mm", "mm")] = None
    head_line_slope_deg: Annotated[
        float | None,
        Column(
            "slope of the line through the middles of both heads, positive where the picture's right is lower, the "
            "same on both hips; blank where head_distance_head_radii is",
            "deg",
        ),
    ] = None
    head_line_slope_deg_sd: Annotated[float | None, _sd("head_line_slope_deg", "deg")] = None
    teardrop_asymmetry: Annotated[
        float | None,
        Column(
            "difference of the distances from head to teardrop along the line through the heads, picture's right "
            "minus left, over their sum; the same on both hips; blank where a teardrop does not show or "
            "head_line_slope_deg is blank"
        ),
    ] = None
    teardrop_asymmetry_sd: Annotated[float | None, _sd("teardrop_asymmetry")] = None

    @property
    def shown_centre_edge_angle_deg(self) -> float | None:
        """The lateral centre-edge angle as it was measured, else that of the rim point."""
        lateral = self.lateral_centre_edge_angle_deg
        return self.centre_edge_angle_deg if lateral is None else lateral
