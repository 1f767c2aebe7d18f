"""What is known of a phantom, in (row, column) pixels of its picture."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import HipAnatomy, SideName
from hipcalc.synthetic.deposits import FocusKind
from hipcalc.synthetic.hip_bone import rim_point
from hipcalc.synthetic.projection import Frame, Pose

__all__ = ["FocusTruth", "HipTruth", "hip_truth"]


@dataclass(frozen=True, kw_only=True)
class HipTruth:
    """One hip of a phantom.

    Attributes
    ----------
    side : {"R", "L"}
    head_row_px, head_column_px, head_radius_px : float
        The femoral head's outline. Off the central ray it is an ellipse, by less than 0.5%.
    rim_row_px, rim_column_px : float
        Lateral end of the sourcil.
    sourcil_medial_row_px, sourcil_medial_column_px : float
        Its medial end.
    centre_edge_angle_deg : float
        Of the rim point in the picture, against the picture's vertical.
    acetabular_index_deg : float
        Slope of the line from the sourcil's medial to its lateral end, positive where the lateral end is the higher.
    magnification : float
        Size at the detector over size in the body, at the head's centre.
    """

    side: SideName
    head_row_px: float
    head_column_px: float
    head_radius_px: float
    rim_row_px: float
    rim_column_px: float
    sourcil_medial_row_px: float
    sourcil_medial_column_px: float
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


def hip_truth(side: SideName, anatomy: HipAnatomy, pose: Pose, frame: Frame) -> HipTruth:
    """Project what is known of a hip into the picture whose pixels `frame` has."""
    centre = pose.to_room(0.0, 0.0, 0.0)
    row, column = frame.to_image(*centre)
    rim_row, rim_column = frame.to_image(*pose.to_room(*rim_point(anatomy)))
    angle = math.radians(anatomy.sourcil_medial_deg)
    medial = (anatomy.socket_radius_mm * math.sin(angle), anatomy.socket_radius_mm * math.cos(angle), 0.0)
    medial_row, medial_column = frame.to_image(*pose.to_room(*medial))
    sign = 1 if side == "L" else -1
    return HipTruth(
        side=side,
        head_row_px=row,
        head_column_px=column,
        head_radius_px=anatomy.head_radius_mm * frame.magnification(centre[2]) / frame.step_mm,
        rim_row_px=rim_row,
        rim_column_px=rim_column,
        sourcil_medial_row_px=medial_row,
        sourcil_medial_column_px=medial_column,
        centre_edge_angle_deg=math.degrees(math.atan2(sign * (rim_column - column), row - rim_row)),
        acetabular_index_deg=math.degrees(math.atan2(medial_row - rim_row, sign * (rim_column - medial_column))),
        magnification=frame.magnification(centre[2]),
    )
