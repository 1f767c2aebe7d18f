"""What a phantom is made from: anatomy, beam and focus parameters, each with its range."""

from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from hipcalc.errors import UsageError
from hipcalc.synthetic.deposits import FOCUS_KINDS, FocusKind

__all__ = ["BodyAnatomy", "FocusPlan", "HipAnatomy", "Imaging", "SideName", "View"]

SideName = Literal["R", "L"]
View = Literal["ap-pelvis", "ap-right-hip", "ap-left-hip"]
VIEWS: Final[tuple[View, ...]] = ("ap-pelvis", "ap-right-hip", "ap-left-hip")


def _ranged(default: float, low: float, high: float, unit: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "unit": unit})


def _check_ranges(values: object) -> None:
    for item in fields(values):  # type: ignore[arg-type]
        if "range" not in item.metadata:
            continue
        value, (low, high), unit = getattr(values, item.name), item.metadata["range"], item.metadata["unit"]
        if not low <= value <= high:
            raise UsageError(f"{item.name} is {value:g} but must be between {low:g} and {high:g} {unit}.")


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

    References
    ----------
    .. [1] M. Tannast et al., What are the radiographic reference values for acetabular under- and overcoverage?,
       Clin Orthop Relat Res 473 (2015) 1234.
    .. [2] I. Gilligan et al., Femoral neck-shaft angle in humans, J Anat 223 (2013) 133.
    .. [3] M. G. Lequesne et al., The normal hip joint space, Ann Rheum Dis 63 (2004) 1145.
    """

    head_radius_mm: float = _ranged(24.0, 20.0, 27.0, "mm")
    centre_edge_angle_deg: float = _ranged(30.0, 15.0, 45.0, "degrees")
    acetabular_index_deg: float = _ranged(5.0, -5.0, 20.0, "degrees")
    neck_shaft_angle_deg: float = _ranged(128.0, 115.0, 145.0, "degrees")
    joint_space_mm: float = _ranged(3.8, 1.0, 5.0, "mm")
    femoral_rotation_deg: float = _ranged(5.0, -15.0, 30.0, "degrees")
    cortical_thickness: float = _ranged(1.0, 0.6, 1.4, "of the adult mean")
    bone_density: float = _ranged(1.0, 0.5, 1.3, "of the adult mean")
    asphericity: float = _ranged(0.02, 0.0, 0.12, "head radii")

    def __post_init__(self) -> None:
        _check_ranges(self)
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
    head_distance_mm: float = _ranged(180.0, 150.0, 210.0, "mm")
    pelvic_tilt_deg: float = _ranged(0.0, -12.0, 12.0, "degrees")
    pelvic_rotation_deg: float = _ranged(0.0, -8.0, 8.0, "degrees")
    obliquity_deg: float = _ranged(0.0, -6.0, 6.0, "degrees")
    body_thickness_mm: float = _ranged(220.0, 150.0, 350.0, "mm")
    gas: float = _ranged(0.5, 0.0, 1.0, "(a share)")

    def __post_init__(self) -> None:
        _check_ranges(self)

    def hip(self, side: SideName) -> HipAnatomy:
        """Return the hip of one side."""
        return self.right if side == "R" else self.left


@dataclass(frozen=True, kw_only=True)
class FocusPlan:
    """A deposit to be put into a phantom, in the hip coordinates of one side.

    Attributes
    ----------
    side : {"R", "L"}
    kind : str
        One of `FOCUS_KINDS`.
    r_head_radii, phi_deg : float
        Centre.
    diameter_mm : float
        1 to 15: of the circle with the outline's area, in the body (not magnified).
    cnr : float
        0.5 to 15: contrast inside over the robust deviation of the surround, which sets the mineral's thickness.
    orientation_deg : float
        -180 to 180: of the long axis against the head's tangent, positive turning outwards towards lateral.
    """

    side: SideName
    kind: FocusKind = "amorphous"
    r_head_radii: float = _ranged(1.3, 0.0, 4.0, "head radii")
    phi_deg: float = _ranged(40.0, -180.0, 180.0, "degrees")
    diameter_mm: float = _ranged(4.0, 1.0, 15.0, "mm")
    cnr: float = _ranged(5.0, 0.5, 15.0, "(a ratio)")
    orientation_deg: float = _ranged(0.0, -180.0, 180.0, "degrees")

    def __post_init__(self) -> None:
        if self.side not in ("R", "L"):
            raise UsageError(f"side is {self.side!r} but must be R or L.")
        if self.kind not in FOCUS_KINDS:
            raise UsageError(f"kind is {self.kind!r} but must be one of {', '.join(FOCUS_KINDS)}.")
        _check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class Imaging:
    """The exposure and the frame.

    Attributes
    ----------
    view : {"ap-pelvis", "ap-right-hip", "ap-left-hip"}
    rows, columns : int
        64 to 4000.
    pixel_mm : float
        0.1 to 0.5: at the detector.
    source_distance_mm : float
        900 to 2000: from the focal spot to the detector.
    table_distance_mm : float
        10 to 120: from the patient's back to the detector.
    kilovolts : float
        60 to 100: tube voltage; the effective energy is taken as 0.75 of it in keV, after filtration and the patient.
    dose : float
        0.2 to 5: detector exposure relative to 2.5 microgray.
    blur_mm : float
        0.05 to 0.5: focal spot and detector together, sigma of a Gaussian at the detector.
    scatter : float
        0 to 1.5: scatter-to-primary ratio behind the grid.
    enhancement : float
        0 to 1.5: strength of the display's multi-frequency edge enhancement.
    """

    view: View = "ap-pelvis"
    rows: int = field(default=1400, metadata={"range": (64, 4000), "unit": "pixels"})
    columns: int = field(default=1536, metadata={"range": (64, 4000), "unit": "pixels"})
    pixel_mm: float = _ranged(0.28, 0.1, 0.5, "mm")
    source_distance_mm: float = _ranged(1150.0, 900.0, 2000.0, "mm")
    table_distance_mm: float = _ranged(60.0, 10.0, 120.0, "mm")
    kilovolts: float = _ranged(77.0, 60.0, 100.0, "kV")
    dose: float = _ranged(1.0, 0.2, 5.0, "of 2.5 microgray")
    blur_mm: float = _ranged(0.18, 0.05, 0.5, "mm")
    scatter: float = _ranged(0.35, 0.0, 1.5, "(a ratio)")
    enhancement: float = _ranged(0.6, 0.0, 1.5, "(a gain)")

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise UsageError(f"view is {self.view!r} but must be one of {', '.join(VIEWS)}.")
        _check_ranges(self)
