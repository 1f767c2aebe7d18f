"""A row of the candidates table, as a value, and what each column means."""

from dataclasses import dataclass
from typing import Annotated, Literal

from hipcalc.columns import IMAGE_ID, PATH, SIDE, Column
from hipcalc.radiograph import Side

__all__ = ["DEFAULT_FALSE_MARKS_PER_HIP", "Finding"]

# The operating point, unless the user gives another.
DEFAULT_FALSE_MARKS_PER_HIP = 0.25


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A candidate described in hip coordinates. Its fields are the columns of the candidates table, in order."""

    candidate_id: Annotated[
        str, Column("<image_id>-<side>-<number>: side R, L or U (unknown), numbered from the hip's strongest candidate")
    ]
    image_id: Annotated[str, IMAGE_ID]
    path: Annotated[str, PATH]
    side: Annotated[Side, SIDE]
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
            "levels up to 0.4 head radii above, below and beside the rim point, but at least a quarter of what the "
            "head's bone is above soft tissue"
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
