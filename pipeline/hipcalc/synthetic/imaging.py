"""The exposure of a phantom, and its frame."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from hipcalc.errors import UsageError
from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.furniture import Furniture
from hipcalc.synthetic.ranges import check_ranges, ranged

__all__ = ["SIDE_OF_VIEW", "VIEWS", "Imaging", "Photometric", "View", "outside_picture"]

View = Literal["ap-pelvis", "ap-right-hip", "ap-left-hip", "frog-pelvis", "frog-right-hip", "frog-left-hip"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
# The one hip that a view shows; none where it shows the pelvis.
SIDE_OF_VIEW: Final[dict[View, SideName | None]] = {
    "ap-pelvis": None, "ap-right-hip": "R", "ap-left-hip": "L",
    "frog-pelvis": None, "frog-right-hip": "R", "frog-left-hip": "L",
}  # fmt: skip

Photometric = Literal["MONOCHROME2", "MONOCHROME1"]
PHOTOMETRICS: Final[tuple[Photometric, ...]] = ("MONOCHROME2", "MONOCHROME1")
BITS: Final = (8, 10, 12, 14, 16)


@dataclass(frozen=True, kw_only=True)
class Imaging:
    """The exposure and the frame.

    Attributes
    ----------
    view : {"ap-pelvis", "ap-right-hip", "ap-left-hip", "frog-pelvis", "frog-right-hip", "frog-left-hip"}
        The pelvis or one hip from front to back; in a frog-leg view with thighs bent, spread and turned out.
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
        0.05 to 0.5: focal spot and detector together, at the detector: sigma of the Gaussian core of the blur.
    scatter : float
        0 to 1.5: scatter-to-primary ratio behind the grid.
    enhancement : float
        0 to 1.5: strength of the display's multi-frequency edge enhancement.
    compression : float
        0 to 0.8: how much less the display lifts strong details than weak ones.
    latitude : float
        0 to 0.7: how far it takes back the broad differences of thickness.
    noise_reduction : float
        0 to 0.8: how far it takes back the finest detail where that is as weak as noise.
    bits : {8, 10, 12, 14, 16}
        Of a stored value.
    photometric : {"MONOCHROME2", "MONOCHROME1"}
        How a file stores it: bone bright, or bone dark.
    furniture : Furniture
        Blades, marker, clips, dust, what is burned in, saturation.
    """

    view: View = "ap-pelvis"
    rows: int = field(default=1400, metadata={"range": (64, 4000), "unit": "pixels"})
    columns: int = field(default=1536, metadata={"range": (64, 4000), "unit": "pixels"})
    pixel_mm: float = ranged(0.28, 0.1, 0.5, "mm")
    source_distance_mm: float = ranged(1150.0, 900.0, 2000.0, "mm")
    table_distance_mm: float = ranged(60.0, 10.0, 120.0, "mm")
    kilovolts: float = ranged(77.0, 60.0, 100.0, "kV")
    dose: float = ranged(1.0, 0.2, 5.0, "of 2.5 microgray")
    blur_mm: float = ranged(0.18, 0.05, 0.5, "mm")
    scatter: float = ranged(0.35, 0.0, 1.5, "(a ratio)")
    enhancement: float = ranged(0.6, 0.0, 1.5, "(a gain)")
    compression: float = ranged(0.3, 0.0, 0.8, "(an exponent)")
    latitude: float = ranged(0.4, 0.0, 0.7, "(a share)")
    noise_reduction: float = ranged(0.2, 0.0, 0.8, "(a share)")
    bits: int = 12
    photometric: Photometric = "MONOCHROME2"
    furniture: Furniture = field(default_factory=Furniture)

    @property
    def is_frog_leg(self) -> bool:
        """Whether the thighs are bent, spread and turned out."""
        return self.view.startswith("frog")

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise UsageError(f"view is {self.view!r} but must be one of {', '.join(VIEWS)}.")
        if self.bits not in BITS:
            raise UsageError(f"bits is {self.bits!r} but must be one of {', '.join(map(str, BITS))}.")
        if self.photometric not in PHOTOMETRICS:
            raise UsageError(f"photometric is {self.photometric!r} but must be one of {', '.join(PHOTOMETRICS)}.")
        check_ranges(self)


def outside_picture(name: str, row_mm: float, column_mm: float, imaging: Imaging) -> UsageError:
    """Return the error for an object that does not fit into the frame."""
    return UsageError(
        f"the {name} at row {row_mm:g} mm, column {column_mm:g} mm does not lie inside the picture of "
        f"{imaging.rows * imaging.pixel_mm:.0f} x {imaging.columns * imaging.pixel_mm:.0f} mm."
    )
