"""What is known of a phantom, in (row, column) pixels of its picture."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.deposits import FocusKind
from hipcalc.synthetic.hip_bone import lip_point, rim_point, sourcil_end, sourcil_medial_end, teardrop_point
from hipcalc.synthetic.projection import Frame, Pose
from hipcalc.synthetic.prosthesis import head_radius_mm as implant_radius_mm

__all__ = ["FocusTruth", "HipTruth", "hip_truth"]


@dataclass(frozen=True, kw_only=True)
class HipTruth:
    """One hip of a phantom.

    Attributes
    ----------
    side : {"R", "L"}
    head_row_px, head_column_px, head_radius_px : float
        The femoral head's outline. Off the central ray it is an ellipse, by less than 0.5%.
    kind : {"native", "implant"}
        An implant's circle is that of its metal head; its rim, sourcil and angles are those of the bone around its cup.
    rim_row_px, rim_column_px : float
        Lateral bony end of the roof as a reader marks it: the middle of the dense plate where it ends.
    lip_row_px, lip_column_px : float
        Tip of the rim's osteophyte; the rim point where it has none.
    sourcil_lateral_row_px, sourcil_lateral_column_px : float
        Lateral end of the articular surface.
    sourcil_medial_row_px, sourcil_medial_column_px : float
        Its medial end.
    teardrop_row_px, teardrop_column_px : float
        Lower tip of the teardrop.
    centre_edge_angle_deg : float
        Of the rim point in the picture, against the picture's vertical.
    acetabular_index_deg : float
        Slope of the line from the sourcil's medial to its lateral end, positive where the lateral end is the higher.
    magnification : float
        Size at the detector over size in the body, at the head's centre.
    """

    side: SideName
    kind: Literal["native", "implant"]
    head_row_px: float
    head_column_px: float
    head_radius_px: float
    rim_row_px: float
    rim_column_px: float
    lip_row_px: float
    lip_column_px: float
    sourcil_lateral_row_px: float
    sourcil_lateral_column_px: float
    sourcil_medial_row_px: float
    sourcil_medial_column_px: float
    teardrop_row_px: float
    teardrop_column_px: float
    centre_edge_angle_deg: float
    acetabular_index_deg: float
    magnification: float

    @property
    def lateral_sign(self) -> int:
        """1 where lateral is towards larger columns: the patient's left, as an AP view is displayed."""
        return 1 if self.side == "L" else -1

    def to_image(self, r_head_radii: float, phi_deg: float) -> tuple[float, float]:
        """Return (row, column) of a point in hip coordinates."""
        phi, distance = math.radians(phi_deg), r_head_radii * self.head_radius_px
        return (
            self.head_row_px - distance * math.cos(phi),
            self.head_column_px + self.lateral_sign * distance * math.sin(phi),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FocusTruth:
    """One deposit of a phantom.

    Attributes
    ----------
    side : {"R", "L"}
    kind : str
        One of `FOCUS_KINDS`.
    is_trap : bool
        True for what is not a focus but looks like one (an attached beak, a phlebolith, a calcified artery).
    row_px, column_px, diameter_px : float
        Centre, and diameter of the circle with the outline's area.
    diameter_mm : float
        The same in the body, not magnified.
    r_head_radii, phi_deg : float
        Hip coordinates.
    mineral_mm : float
        Largest thickness along the ray, as solid hydroxyapatite.
    contrast : float
        Grey levels of the stored picture that the deposit adds: 80th percentile inside the outline.
    cnr : float
        `contrast` over the robust deviation of the surround (1.25 to 2.25 radii) in the picture without the deposit.
    peak_contrast : float
        The most that the deposit adds inside the outline, in grey levels of the stored picture.
    contrast_over_step : float
        `contrast` over the local cortical step: the 95th less the 5th percentile of the grey levels within 0.4 head
        radii of the rim point, in the picture without the deposit, smoothed by 0.5 mm.
    aspect : float
        Ratio of the axes of the ellipse that has the outline's second moments.
    mask : ndarray of bool, shape (h, w)
        Inside of the outline; its first pixel is at (mask_row, mask_column) of the picture.
    """

    side: SideName
    kind: FocusKind
    is_trap: bool
    row_px: float
    column_px: float
    diameter_px: float
    diameter_mm: float
    r_head_radii: float
    phi_deg: float
    mineral_mm: float
    contrast: float
    cnr: float
    peak_contrast: float
    contrast_over_step: float
    aspect: float
    mask: NDArray[np.bool_]
    mask_row: int
    mask_column: int


def hip_truth(body: BodyAnatomy, side: SideName, pose: Pose, frame: Frame) -> HipTruth:
    """Project what is known of a hip into the picture whose pixels `frame` has."""
    anatomy = body.hip(side)
    radius = implant_radius_mm(anatomy) if anatomy.prosthesis else anatomy.head_radius_mm
    centre = pose.to_room(0.0, 0.0, 0.0)
    row, column = frame.to_image(*centre)
    places = {
        "rim": rim_point(anatomy),
        "lip": lip_point(anatomy),
        "sourcil_lateral": sourcil_end(anatomy),
        "sourcil_medial": sourcil_medial_end(anatomy),
        "teardrop": teardrop_point(anatomy, head_distance_mm=body.head_distance_mm),
    }
    at = {name: frame.to_image(*pose.to_room(*point)) for name, point in places.items()}
    sign = 1 if side == "L" else -1
    return HipTruth(
        side=side,
        kind="implant" if anatomy.prosthesis else "native",
        head_row_px=row,
        head_column_px=column,
        head_radius_px=radius * frame.magnification(centre[2]) / frame.step_mm,
        rim_row_px=at["rim"][0],
        rim_column_px=at["rim"][1],
        lip_row_px=at["lip"][0],
        lip_column_px=at["lip"][1],
        sourcil_lateral_row_px=at["sourcil_lateral"][0],
        sourcil_lateral_column_px=at["sourcil_lateral"][1],
        sourcil_medial_row_px=at["sourcil_medial"][0],
        sourcil_medial_column_px=at["sourcil_medial"][1],
        teardrop_row_px=at["teardrop"][0],
        teardrop_column_px=at["teardrop"][1],
        centre_edge_angle_deg=_degrees(sign * (at["rim"][1] - column), row - at["rim"][0]),
        acetabular_index_deg=_degrees(
            at["sourcil_medial"][0] - at["sourcil_lateral"][0],
            sign * (at["sourcil_lateral"][1] - at["sourcil_medial"][1]),
        ),
        magnification=frame.magnification(centre[2]),
    )


def _degrees(opposite: float, adjacent: float) -> float:
    return math.degrees(math.atan2(opposite, adjacent))
