"""What deposit a phantom gets, and where."""

from dataclasses import dataclass

from hipcalc.errors import UsageError
from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.deposits import FOCUS_KINDS, FocusKind
from hipcalc.synthetic.ranges import check_ranges, ranged

__all__ = ["FocusPlan"]


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
    least_over_step, most_over_step : float
        0 to 5: bounds of the contrast, in units of the local cortical step (`FocusTruth.contrast_over_step`), which
        hold whatever CNR is asked for: over the uneven rim, a high CNR would take more mineral than there is in nature.
    aspect : float
        1 to 3: length over width of the outline; a line, a beak and a vessel have their own.
    orientation_deg : float
        -180 to 180: of the long axis against the head's tangent, positive turning outwards towards lateral.
    """

    side: SideName
    kind: FocusKind = "amorphous"
    r_head_radii: float = ranged(1.3, 0.0, 4.0, "head radii")
    phi_deg: float = ranged(40.0, -180.0, 180.0, "degrees")
    diameter_mm: float = ranged(4.0, 1.0, 15.0, "mm")
    cnr: float = ranged(5.0, 0.5, 15.0, "(a ratio)")
    least_over_step: float = ranged(0.0, 0.0, 5.0, "of the cortical step")
    most_over_step: float = ranged(5.0, 0.0, 5.0, "of the cortical step")
    aspect: float = ranged(1.2, 1.0, 3.0, "(a ratio)")
    orientation_deg: float = ranged(0.0, -180.0, 180.0, "degrees")

    def __post_init__(self) -> None:
        if self.side not in ("R", "L"):
            raise UsageError(f"side is {self.side!r} but must be R or L.")
        if self.kind not in FOCUS_KINDS:
            raise UsageError(f"kind is {self.kind!r} but must be one of {', '.join(FOCUS_KINDS)}.")
        check_ranges(self)
        if self.least_over_step > self.most_over_step:
            raise UsageError(
                f"least_over_step is {self.least_over_step:g} but must not exceed most_over_step, "
                f"{self.most_over_step:g} of the cortical step."
            )
