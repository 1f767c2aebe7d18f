"""The anatomy of a phantom: each parameter with its published range."""

from dataclasses import dataclass, field
from typing import Literal

from hipcalc.errors import UsageError
from hipcalc.synthetic.ranges import check_ranges, ranged

__all__ = ["BodyAnatomy", "HipAnatomy", "SideName"]

SideName = Literal["R", "L"]


@dataclass(frozen=True, kw_only=True)
class HipAnatomy:
    """One hip. Every range is checked; the error names the parameter, its range and its unit.

    Attributes
    ----------
    head_radius_mm : float
        20 to 27: heads of adults measure 41-53 mm across on AP radiographs.
    centre_edge_angle_deg : float
        15 to 45: lateral centre-edge angle from dysplastic to over-covered; 23-33 is normal [1]_.
    acetabular_index_deg : float
        -5 to 20: slope of the sourcil, positive where its lateral end is the higher; 3-13 is normal [1]_.
    neck_shaft_angle_deg : float
        115 to 145 [2]_.
    joint_space_mm : float
        1 to 5: radiographic joint space at the roof, from osteoarthritic to wide [3]_.
    femoral_rotation_deg : float
        -15 to 30: anteversion left in the view; 0 shows the neck at its full length.
    cortical_thickness : float
        0.6 to 1.4 of the adult mean.
    bone_density : float
        0.5 to 1.3 of the adult mean, cancellous bone.
    asphericity : float
        0 to 0.12: height of a bump at the lateral head-neck junction, in head radii.
    osteophyte_mm : float
        0 to 8: how far spurs stand out at the edges of the head's cartilage and as a lip of the acetabular rim.
    unevenness : float
        0.3 to 3 of the adult median: how coarse-grained cancellous bone is in places, and how uneven its cortex.
    prosthesis : bool
        Whether the joint is replaced: a metal cup, head and stem.

    References
    ----------
    .. [1] M. Tannast et al., What are the radiographic reference values for acetabular under- and overcoverage?,
       Clin Orthop Relat Res 473 (2015) 1234.
    .. [2] I. Gilligan et al., Femoral neck-shaft angle in humans, J Anat 223 (2013) 133.
    .. [3] M. G. Lequesne et al., The normal hip joint space, Ann Rheum Dis 63 (2004) 1145.
    """

    head_radius_mm: float = ranged(24.0, 20.0, 27.0, "mm")
    centre_edge_angle_deg: float = ranged(30.0, 15.0, 45.0, "degrees")
    acetabular_index_deg: float = ranged(5.0, -5.0, 20.0, "degrees")
    neck_shaft_angle_deg: float = ranged(128.0, 115.0, 145.0, "degrees")
    joint_space_mm: float = ranged(3.8, 1.0, 5.0, "mm")
    femoral_rotation_deg: float = ranged(5.0, -15.0, 30.0, "degrees")
    cortical_thickness: float = ranged(1.0, 0.6, 1.4, "of the adult mean")
    bone_density: float = ranged(1.0, 0.5, 1.3, "of the adult mean")
    asphericity: float = ranged(0.02, 0.0, 0.12, "head radii")
    osteophyte_mm: float = ranged(0.0, 0.0, 8.0, "mm")
    unevenness: float = ranged(1.0, 0.3, 3.0, "of the adult median")
    prosthesis: bool = False

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.sourcil_medial_deg > self.centre_edge_angle_deg - 25.0:
            raise UsageError(
                f"acetabular_index_deg {self.acetabular_index_deg:g} with centre_edge_angle_deg "
                f"{self.centre_edge_angle_deg:g} leaves a sourcil of less than 25 degrees; raise one of them."
            )

    @property
    def socket_radius_mm(self) -> float:
        """Radius of the acetabular articular surface, concentric with the head."""
        return self.head_radius_mm + self.joint_space_mm

    @property
    def sourcil_medial_deg(self) -> float:
        """Polar angle of the sourcil's medial end, from the index: the chord between its ends has that slope."""
        return -2.0 * self.acetabular_index_deg - self.centre_edge_angle_deg


@dataclass(frozen=True, kw_only=True)
class BodyAnatomy:
    """A pelvis with both hips, and the soft tissue around it.

    Attributes
    ----------
    right, left : HipAnatomy
    head_distance_mm : float
        150 to 210: between the centres of the femoral heads.
    pelvic_tilt_deg : float
        -12 to 12: positive turns the symphysis downwards (outlet to inlet view).
    pelvic_rotation_deg : float
        -8 to 8: about the body's long axis, positive turns the patient's left side away from the table.
    obliquity_deg : float
        -6 to 6: in the image plane, positive clockwise as displayed.
    body_thickness_mm : float
        150 to 350: front to back, at the hips.
    gas : float
        0 to 1: how much gas and stool the bowel holds.
    """

    right: HipAnatomy = field(default_factory=HipAnatomy)
    left: HipAnatomy = field(default_factory=HipAnatomy)
    head_distance_mm: float = ranged(180.0, 150.0, 210.0, "mm")
    pelvic_tilt_deg: float = ranged(0.0, -12.0, 12.0, "degrees")
    pelvic_rotation_deg: float = ranged(0.0, -8.0, 8.0, "degrees")
    obliquity_deg: float = ranged(0.0, -6.0, 6.0, "degrees")
    body_thickness_mm: float = ranged(220.0, 150.0, 350.0, "mm")
    gas: float = ranged(0.5, 0.0, 1.0, "(a share)")

    def __post_init__(self) -> None:
        check_ranges(self)

    def hip(self, side: SideName) -> HipAnatomy:
        """Return the hip of one side."""
        return self.right if side == "R" else self.left
