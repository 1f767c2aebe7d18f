"""The landmarks of a located hip that measures are taken from, each with how well it shows."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import polar_strip
from hipcalc.anatomy.frame import FOUND_STATUSES, HipFrame
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.sourcil import PolarPoint, find_sourcil
from hipcalc.anatomy.teardrop import find_teardrop
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["ABSENT", "HipLandmarks", "Landmark", "Visibility", "find_landmarks"]

Visibility = Literal["clear", "faint", "absent"]

# How clearly a landmark must show to be called faint, and clear, in the terms of what finds it; chosen where those of
# phantoms, and of real radiographs that were looked at, stop being right.
END_MEDIAL, END_LATERAL, TEARDROP = (0.8, 2.0), (3.0, 8.0), (1.5, 1.75)
# What is cut out around a head reaches this far: the teardrop, and what it is compared with.
REACH_HEAD_RADII = 2.8


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """A landmark in pixels of the file.

    Attributes
    ----------
    row_px, column_px : float
        NaN where it does not show.
    visibility : {"clear", "faint", "absent"}
    """

    row_px: float = math.nan
    column_px: float = math.nan
    visibility: Visibility = "absent"

    @property
    def is_visible(self) -> bool:
        """Whether it shows at all."""
        return self.visibility != "absent"


ABSENT = Landmark()


def _no_points() -> NDArray[np.float64]:
    return np.empty((0, 2))


@dataclass(frozen=True, kw_only=True, eq=False)
class HipLandmarks:
    """Landmarks of one hip; the rim point is the frame's own.

    Attributes
    ----------
    sourcil_end : Landmark
        Lateral end of the dense plate of the roof, on its lower border.
    sourcil_medial : Landmark
        Medial end of it.
    teardrop : Landmark
        Lowest point of the teardrop.
    sourcil_px : ndarray of float64, shape (n, 2)
        (row, column) along the plate's lower border, from its medial to its lateral end.
    joint_space : ndarray of float64, shape (n, 2)
        (polar angle in degrees, distance from the head's circle to the plate's border in head radii).
    """

    sourcil_end: Landmark = ABSENT
    sourcil_medial: Landmark = ABSENT
    teardrop: Landmark = ABSENT
    sourcil_px: NDArray[np.float64] = field(default_factory=_no_points)
    joint_space: NDArray[np.float64] = field(default_factory=_no_points)


def _seen(place: tuple[float, float], support: float, limits: tuple[float, float]) -> Landmark:
    if support < limits[0]:
        return ABSENT
    visibility: Visibility = "clear" if support >= limits[1] else "faint"
    return Landmark(row_px=place[0], column_px=place[1], visibility=visibility)


def _placed(hip: HipFrame, point: PolarPoint | None, limits: tuple[float, float]) -> Landmark:
    if point is None:
        return ABSENT
    return _seen(hip.to_image(point.r_head_radii, point.phi_deg), point.clear, limits)


def _surroundings(normalized: NormalizedRadiograph, hip: HipFrame) -> tuple[Pyramid, int, int]:
    """Cut a hip out, so that small versions of it are quick to make; with its first row and column."""
    reach = REACH_HEAD_RADII * hip.head_radius_px
    top, left = max(0, int(hip.head_row_px - reach)), max(0, int(hip.head_column_px - reach))
    window = np.s_[top : int(hip.head_row_px + reach) + 2, left : int(hip.head_column_px + reach) + 2]
    return Pyramid.of(normalized.grey[window], normalized.pictured[window]), top, left


def find_landmarks(normalized: NormalizedRadiograph, hip: HipFrame) -> HipLandmarks:
    """Find the ends of the sourcil, and the teardrop.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame

    Returns
    -------
    HipLandmarks
        What does not show is absent; all of it for a hip that is absent or replaced.
    """
    if hip.status not in FOUND_STATUSES:
        return HipLandmarks()
    picture, top, left = _surroundings(normalized, hip)
    centre = hip.head_row_px - top, hip.head_column_px - left
    strip = polar_strip(picture, centre, hip.head_radius_px, hip.lateral_sign, hip.cranial_deg)
    sourcil = find_sourcil(strip, hip.to_polar(hip.rim_row_px, hip.rim_column_px))
    tip = find_teardrop(picture, hip, (top, left))
    teardrop = ABSENT if tip is None else _seen((tip.row_px, tip.column_px), tip.support, TEARDROP)
    if sourcil is None:
        return HipLandmarks(teardrop=teardrop)
    end, medial = _placed(hip, sourcil.lateral, END_LATERAL), _placed(hip, sourcil.medial, END_MEDIAL)
    plate = sourcil.border
    if medial.is_visible and sourcil.medial is not None:
        plate = plate[plate[:, 1] >= sourcil.medial.phi_deg]
    return HipLandmarks(
        sourcil_end=end,
        sourcil_medial=medial,
        teardrop=teardrop,
        sourcil_px=np.array([hip.to_image(r, phi) for r, phi, _ in plate.tolist()]).reshape(-1, 2),
        joint_space=np.column_stack([sourcil.border[:, 1], sourcil.border[:, 0] - 1.0]),
    )
