"""The hip frame: head circle, rim point, and the coordinates that hang on them."""

import math
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from hipcalc.radiograph import Side

__all__ = ["FOUND_STATUSES", "HipFrame", "HipStatus", "SideSource"]

HipStatus = Literal["located", "uncertain", "implant", "absent"]
# A native hip was found: it is measured and searched for foci.
FOUND_STATUSES: Final[tuple[HipStatus, ...]] = ("located", "uncertain")
SideSource = Literal["header", "filename", "user", "anatomy", "display-convention", "unknown"]


def _no_points() -> NDArray[np.float64]:
    return np.empty((0, 2))


@dataclass(frozen=True, kw_only=True, eq=False)
class HipFrame:
    """One hip found in a radiograph, in the file's own pixel grid.

    The origin of hip coordinates is the centre of the femoral head, the unit its radius R. The polar angle phi is 0
    towards cranial, positive towards lateral, 180 towards caudal, so that both sides share one table.

    Attributes
    ----------
    side : {"R", "L", "unknown"}
        The patient's side.
    side_source : str
        How `side` is known.
    status : {"located", "uncertain", "implant", "absent"}
        Only a located hip is trusted; coordinates of an absent hip are NaN.
    confidence : float
        Between 0 and 1: the estimated probability that the head's circle is right, within 0.2 head radii.
    head_row_px, head_column_px, head_radius_px : float
        Circle fitted to the femoral head's contour.
    head_visible : float
        Share of the head's contour that shows along the circle, 0 to 1; NaN without a native head.
    rim_row_px, rim_column_px : float
        Lateral bony end of the weight-bearing roof.
    lateral_sign : {1, -1}
        1 where lateral is towards larger columns.
    cranial_deg : float
        Angle from the image's up direction to the cranial direction, positive clockwise as displayed.
    head_contour_px, roof_contour_px : ndarray of float64, shape (n, 2)
        (row, column) points of the visible head contour and of the acetabular roof; empty when not traced.
    """

    side: Side
    side_source: SideSource
    status: HipStatus
    confidence: float
    head_row_px: float
    head_column_px: float
    head_radius_px: float
    rim_row_px: float
    rim_column_px: float
    lateral_sign: Literal[1, -1]
    cranial_deg: float = 0.0
    head_visible: float = math.nan
    head_contour_px: NDArray[np.float64] = field(default_factory=_no_points)
    roof_contour_px: NDArray[np.float64] = field(default_factory=_no_points)

    def to_polar(self, row_px: float, column_px: float) -> tuple[float, float]:
        """Return (r, phi): distance from the head's centre in head radii, and polar angle in degrees (-180, 180]."""
        down, right = row_px - self.head_row_px, column_px - self.head_column_px
        turn = math.radians(self.cranial_deg)
        cranial = -down * math.cos(turn) + right * math.sin(turn)
        lateral = (right * math.cos(turn) + down * math.sin(turn)) * self.lateral_sign
        return math.hypot(down, right) / self.head_radius_px, math.degrees(math.atan2(lateral, cranial))

    def to_image(self, r_head_radii: float, phi_deg: float) -> tuple[float, float]:
        """Return (row, column) in pixels of a point given in hip coordinates."""
        phi, turn = math.radians(phi_deg), math.radians(self.cranial_deg)
        cranial = r_head_radii * self.head_radius_px * math.cos(phi)
        lateral = r_head_radii * self.head_radius_px * math.sin(phi) * self.lateral_sign
        row = self.head_row_px - cranial * math.cos(turn) + lateral * math.sin(turn)
        column = self.head_column_px + cranial * math.sin(turn) + lateral * math.cos(turn)
        return row, column

    def clock_hour(self, phi_deg: float) -> float:
        """Return the hour on the image clock of a standard AP view, in [0, 12): right hip 12 - phi/30, left hip phi/30.

        A hip of unknown side is read as it is displayed: lateral to the image's left is a right hip.
        """
        is_right = self.side == "R" or (self.side == "unknown" and self.lateral_sign == -1)
        return (-phi_deg if is_right else phi_deg) / 30.0 % 12.0

    @property
    def rim_phi_deg(self) -> float:
        """Polar angle of the rim point, which is the lateral centre-edge angle."""
        return self.to_polar(self.rim_row_px, self.rim_column_px)[1]
