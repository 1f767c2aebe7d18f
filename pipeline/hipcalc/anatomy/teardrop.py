"""The pelvic teardrop: two bright legs beside the acetabular floor that meet in a rounded tip below."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.frame import HipFrame
from hipcalc.anatomy.patch import Pyramid, gradient_patch

__all__ = ["TeardropTip", "find_teardrop"]

UNIT_PX = 28
SMOOTHING_HEAD_RADII = 0.035
# Where tips lie: medially of and below the head's centre, with what one spread costs; and how far around is looked.
USUAL_MEDIAL, USUAL_CAUDAL = 1.4, 0.95
MEDIAL_SPREAD, CAUDAL_SPREAD = 0.16, 0.2
PRIOR_WEIGHT = 0.08
REACH_HEAD_RADII = (0.4, 0.5)
# What a teardrop looks like: distance between its legs, how they lean (upper end lateral), how long they are.
WIDTHS_HEAD_RADII = (0.12, 0.17, 0.22, 0.28, 0.35)
LEANS_DEG = (-12.0, 0.0, 12.0, 24.0)
LEG_HEAD_RADII, BELOW_HEAD_RADII = 0.4, 0.2
BELOW_WEIGHT, TIP_WEIGHT = 0.5, 0.5
# From where the legs meet to the lower edge of the tip.
TO_EDGE_HEAD_RADII = 0.08
HALF_HEAD_RADII = 1.0

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class TeardropTip:
    """Lower tip of the teardrop.

    Attributes
    ----------
    row_px, column_px : float
    support : float
        How clearly both legs and the tip show, about 0 in texture.
    """

    row_px: float
    column_px: float
    support: float


def _ridges(patch: Array) -> tuple[Array, Array, Array]:
    """Second derivatives (right-right, right-down, down-down) over their local root mean square."""
    along = [cv2.Sobel(patch, cv2.CV_32F, *order, ksize=5) for order in ((2, 0), (1, 1), (0, 2))]
    power = cv2.GaussianBlur(along[0] ** 2 + 2 * along[1] ** 2 + along[2] ** 2, (0, 0), 0.4 * UNIT_PX)
    scale = 1.0 / (np.sqrt(power) + 1e-6)
    return tuple(np.asarray(one * scale, np.float32) for one in along)  # type: ignore[return-value]


def _ridge_along(ridges: tuple[Array, Array, Array], angle_deg: float) -> Array:
    """Strength of bright lines whose upper end leans to the right by an angle; 90 is a horizontal line."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    across = ridges[0] * (cos * cos) + ridges[1] * (2 * sin * cos) + ridges[2] * (sin * sin)
    return np.asarray(np.clip(-across, -0.3, 1.5), np.float32)


def _mean_along(values: Array, lean_deg: float, start: float, end: float) -> Array:
    """Mean of a map over the line from `start` to `end` head radii above each place."""
    reach = math.ceil(max(abs(start), abs(end)) * UNIT_PX) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    steps = np.linspace(start, end, 2 * math.ceil(abs(end - start) * UNIT_PX)) * UNIT_PX
    rows = np.rint(reach - steps * math.cos(math.radians(lean_deg))).astype(int)
    columns = np.rint(reach + steps * math.sin(math.radians(lean_deg))).astype(int)
    kernel[rows, columns] = 1.0
    return np.asarray(cv2.filter2D(values, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)


def _shifted(values: Array, right_px: float) -> Array:
    """Value at a place `right_px` to the right of each one; the ends of a row follow each other."""
    first = round(right_px) % values.shape[1]
    shifted = np.empty_like(values)
    shifted[:, : values.shape[1] - first] = values[:, first:]
    shifted[:, values.shape[1] - first :] = values[:, :first]
    return shifted


def _support(patch: Array) -> Array:
    """How much like the tip of a teardrop each place of an upright patch is, lateral at the right."""
    ridges = _ridges(patch)
    best = np.full(patch.shape, -np.inf, np.float32)
    flat = np.asarray(cv2.dilate(_ridge_along(ridges, 90.0), np.ones((3, 1), np.uint8)), np.float32)
    for lean in LEANS_DEG:
        lines = np.asarray(cv2.dilate(_ridge_along(ridges, lean), np.ones((1, 3), np.uint8)), np.float32)
        leg = _mean_along(lines, lean, 0.08, 0.08 + LEG_HEAD_RADII)
        below = _mean_along(lines, lean, -0.06, -0.06 - BELOW_HEAD_RADII)
        for width in WIDTHS_HEAD_RADII:
            half = width * UNIT_PX / 2
            both = np.minimum(_shifted(leg, -half), _shifted(leg, half))
            going_on = _shifted(below, -half) + _shifted(below, half)
            tip = cv2.blur(flat, (max(3, 2 * round(half / 2) + 1), 1))
            np.maximum(best, both + TIP_WEIGHT * tip - BELOW_WEIGHT * going_on, out=best)
    return best


def find_teardrop(picture: Pyramid, hip: HipFrame, corner_px: tuple[int, int] = (0, 0)) -> TeardropTip | None:
    """Find the likeliest tip of a hip's teardrop; None where its place is outside of the picture.

    Parameters
    ----------
    picture : Pyramid
        The hip's surroundings.
    hip : HipFrame
        With a head.
    corner_px : (int, int)
        Row and column of the file where the surroundings begin.
    """
    row, column = _place(hip, USUAL_MEDIAL, USUAL_CAUDAL)
    middle = row - corner_px[0], column - corner_px[1]
    _, patch, kept, centre = gradient_patch(
        picture, middle, hip.head_radius_px, UNIT_PX, HALF_HEAD_RADII, SMOOTHING_HEAD_RADII, hip.cranial_deg
    )
    if hip.lateral_sign == -1:
        patch, kept = patch[:, ::-1].copy(), kept[:, ::-1].copy()
    support = _support(patch)
    down, right = np.mgrid[-centre : centre + 1, -centre : centre + 1] / UNIT_PX
    near = (np.abs(right) < REACH_HEAD_RADII[0]) & (np.abs(down) < REACH_HEAD_RADII[1]) & (kept > 0.5)
    if not near.any():
        return None
    unusual = (right / MEDIAL_SPREAD) ** 2 + (down / CAUDAL_SPREAD) ** 2
    judged = np.where(near, support - PRIOR_WEIGHT * unusual, -np.inf)
    best = np.unravel_index(int(np.argmax(judged)), judged.shape)
    caudal = USUAL_CAUDAL + TO_EDGE_HEAD_RADII + float(down[best])
    row, column = _place(hip, USUAL_MEDIAL - float(right[best]), caudal)
    return TeardropTip(row_px=row, column_px=column, support=float(judged[best]))


def _place(hip: HipFrame, medial: float, caudal: float) -> tuple[float, float]:
    """Pixel of a place given in head radii from the head's centre."""
    return hip.to_image(math.hypot(medial, caudal), -math.degrees(math.atan2(medial, -caudal)))
