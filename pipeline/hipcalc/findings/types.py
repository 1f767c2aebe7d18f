"""The rows of the hips and candidates tables, as values, and what each column means."""

from dataclasses import dataclass
from typing import Annotated, Literal

from hipcalc.anatomy import HipStatus, SideSource
from hipcalc.columns import Column
from hipcalc.radiograph import Side

# Where a hip's detection limit holds; empty without one.
Tissue = Literal["soft tissue", "bone", ""]

__all__ = ["DEFAULT_FALSE_MARKS_PER_HIP", "Finding", "HipRecord"]

# The operating point, unless the user gives another.
DEFAULT_FALSE_MARKS_PER_HIP = 0.25

_IMAGE_ID = Column("first 16 hex digits of the image file's SHA-256")
_PATH = Column("the image file, as in the images table")
_SIDE = Column("the patient's side: R, L or unknown")


def _sd(measure: str, unit: str = "") -> Column:
    return Column(f"uncertainty of {measure}: one standard deviation of its error; blank with it", unit)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A candidate described in hip coordinates. Its fields are the columns of the candidates table, in order."""

    candidate_id: Annotated[
        str, Column("<image_id>-<side>-<number>: side R, L or U (unknown), numbered from the hip's strongest candidate")
    ]
    image_id: Annotated[str, _IMAGE_ID]
    path: Annotated[str, _PATH]
    side: Annotated[Side, _SIDE]
    row_px: Annotated[
        float, Column("row of the outline's centroid, in pixels of the file; 0 is the middle of the first row", "px")
    ]
    column_px: Annotated[
        float,
        Column("column of the outline's centroid, in pixels of the file; 0 is the middle of the first column", "px"),
    ]
    diameter_px: Annotated[
        float,
        Column(
            "diameter of the circle with the outline's area. The outline is drawn at half of the level just inside of "
            "it, over a curved surface through the surround (of the upper quartile inside where there is no border, "
            "of the peak where that line would not close)",
            "px",
        ),
    ]
    diameter_mm: Annotated[
        float | None, Column("diameter_px times the pixel spacing; blank with unknown spacing", "mm")
    ]
    diameter_head_radii: Annotated[float, Column("diameter_px over the radius of the hip's head circle", "head radii")]
    cnr: Annotated[
        float,
        Column(
            "contrast-to-noise ratio: contrast over 1.4826 times the median absolute deviation of the surround, which "
            "reaches from about 1.35 to 2.3 of the spot's radius. The deviation is that of the grey scale's "
            "logarithm, scaled back at the surround's median"
        ),
    ]
    expected_false_marks: Annotated[
        float,
        Column(
            "marks at least this strong to be expected in this hip if it were without a focus; none is listed above 10",
            "marks per hip",
        ),
    ]
    zone: Annotated[
        str,
        Column(
            "part of the hip in which the centre lies, by its polar coordinates and the hip's own rim: rim, "
            "rim-overlay (over the head, along the rim), supra-rim (above the rim), trochanteric, "
            "lateral-soft-tissue, intra-osseous, pelvic (medial) or remote (beyond 2.6 head radii)"
        ),
    ]
    phi_deg: Annotated[
        float,
        Column(
            "polar angle of the centre around the middle of the head: 0 is cranial, 90 lateral and -90 medial on "
            "either side, 180 caudal",
            "deg",
        ),
    ]
    r_head_radii: Annotated[float, Column("distance of the centre from the middle of the head", "head radii")]
    clock_hour: Annotated[
        float,
        Column(
            "phi_deg as the hour of a clock face laid on a standard AP view, 0 to below 12: phi/30 on a left hip, 12 "
            "- phi/30 on a right one. A hip of unknown side is read as it is displayed",
            "h",
        ),
    ]
    first_class: Annotated[str, Column("class with the largest weight in the differential")]
    differential: Annotated[
        str,
        Column(
            "what the measures allow it to be, class:weight by falling weight, joined by ;. Weights are probabilities "
            "among the model's classes, by its priors; small ones are left out"
        ),
    ]
    finding: Annotated[bool, Column("whether expected_false_marks is at or below the operating point of the run")]
    contrast: Annotated[
        float,
        Column(
            "80th percentile of the grey levels inside the outline minus the surround's median, in units of the "
            "picture's normalised grey scale (0 and 1 are its 0.5th and 99.5th percentile)"
        ),
    ]
    aspect_ratio: Annotated[float, Column("long over short axis of the outline, by its second moments")]
    solidity: Annotated[float, Column("area of the outline over that of its convex hull")]
    orientation_deg: Annotated[
        float,
        Column(
            "direction of the long axis in the picture: 0 horizontal, positive clockwise as displayed, above -90 to 90",
            "deg",
        ),
    ]
    core_to_rim: Annotated[
        float,
        Column(
            "mean level of the inner half of the outline's area over that of its outer half, both above the surface "
            "through the surround: below 1 with a lucent centre"
        ),
    ]
    gap_head_radii: Annotated[
        float,
        Column(
            "shortest distance from the outline to the rim point; 0 where the outline holds that point", "head radii"
        ),
    ]
    gap_mm: Annotated[float | None, Column("gap_head_radii in millimetres; blank with unknown spacing", "mm")]
    area_px2: Annotated[float | None, Column("area inside the outline", "px2")] = None
    area_mm2: Annotated[float | None, Column("area_px2 in square millimetres; blank with unknown spacing", "mm2")] = (
        None
    )
    tangent_deg: Annotated[
        float | None,
        Column(
            "angle of the long axis to the tangent of a circle around the middle of the head: 0 along, 90 across", "deg"
        ),
    ] = None
    contrast_over_step: Annotated[
        float | None,
        Column(
            "contrast over the cortical step: the range from the 5th to the 95th percentile of the smoothed grey "
            "levels within 0.4 head radii of the rim point"
        ),
    ] = None
    margin_px: Annotated[
        float | None,
        Column(
            "width of the margin: the fall in level across it over its steepest gradient, medians over 24 rays from "
            "the centre; small is sharp",
            "px",
        ),
    ] = None
    closed_share: Annotated[
        float | None,
        Column(
            "third smallest over the median of the 24 rays' falls in level: near 1 where the focus stands free all "
            "around, 0 where it goes over into something as bright"
        ),
    ] = None
    saturated_share: Annotated[
        float | None,
        Column(
            "share of the inside that is at the brightest level of the hip's neighbourhood, where at least 20 pixels "
            "hold that level. With contrast_over_step from 0.8 on, also what is at least as bright as the hip's "
            "densest bone"
        ),
    ] = None
    profile: Annotated[
        str,
        Column(
            "mean levels at 0, 0.3, 0.6, 0.9, 1.2, 1.5 and 1.8 of the way from the centre to the outline, less the "
            "lowest along the rays, over the largest of these; joined by ;"
        ),
    ] = ""
    cleft_deg: Annotated[
        float | None,
        Column(
            "angle of the cleft between focus and rim point to the tangent of the head's circle: 0 parallel, 90 "
            "across; blank unless the gap is 0.04 to 0.25 head radii",
            "deg",
        ),
    ] = None
    alike_count: Annotated[
        int,
        Column(
            "other findings of the same hip whose centres are within 1 head radius and whose diameters within a "
            "factor of 1.8"
        ),
    ] = 0
    symmetric: Annotated[
        Literal["yes", "no", "unknown"],
        Column(
            "yes or no: whether the other hip has a finding within 0.25 head radii of the mirrored place and a factor "
            "of 2 in diameter; unknown unless both hips are located"
        ),
    ] = "unknown"


@dataclass(frozen=True, kw_only=True)
class HipRecord:
    """One hip of one image. Its fields are the columns of the hips table, in order.

    From `angle_reference` on they are what `hipcalc.measure_hips` measures.
    """

    image_id: Annotated[str, _IMAGE_ID]
    path: Annotated[str, _PATH]
    side: Annotated[Side, _SIDE]
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
            "90% probability, never below the smallest planted one, 0.0625. Blank where it was not measured, or where "
            "foci of 0.32 are found less often (then detection_limit_tissue is given)",
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
