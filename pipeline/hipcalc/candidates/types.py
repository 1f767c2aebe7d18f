"""The value that the detector returns."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError

__all__ = ["MOST_FALSE_MARKS", "Candidate", "check_operating_point"]

# No candidate is listed beyond so many expected false marks per hip.
MOST_FALSE_MARKS = 10.0


def check_operating_point(false_marks_per_hip: float) -> None:
    """Raise UsageError unless an operating point is above 0 and at most `MOST_FALSE_MARKS`."""
    if not 0 < false_marks_per_hip <= MOST_FALSE_MARKS:
        raise UsageError(
            f"The operating point must be above 0 and at most {MOST_FALSE_MARKS:g} expected false marks per hip, "
            f"not {false_marks_per_hip:g}."
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One dense spot near a hip, measured in the file's pixel grid.

    Attributes
    ----------
    row_px, column_px : float
        Centre.
    diameter_px : float
        Of the circle with the outline's area.
    strength : float
        The detector's score, normalised by the local structure; larger is stronger.
    expected_false_marks : float
        Marks at least this strong to be expected per hip without focus.
    cnr : float
        80th percentile inside the outline against the surround's median, over the surround's robust deviation.
    contrast : float
        The same difference in units of the normalised grey scale.
    aspect_ratio, solidity : float
        Of the outline: long over short axis, and area over convex hull's area.
    orientation_deg : float
        Of the long axis: 0 is horizontal in the image, positive clockwise as displayed, in (-90, 90].
    core_to_rim : float
        Mean of the inner half over mean of the outer half, both above the surround: below 1 for a lucent centre.
    outline_px : ndarray of float64, shape (n, 2)
        (row, column) vertices of the outline: the line at half of the level just inside of it, over the local
        background; of what fades out without a border, at half of the upper quartile of all inside (`redraw_spot`).
    area_px2 : float
        Inside of the outline, square pixels.
    tangent_deg : float
        Angle of the long axis from the tangent to the head's circle beside it, 0 (along) to 90 (across).
    contrast_over_step : float
        `contrast` over the local cortical step: the 5th to 95th percentile of the smoothed grey levels in the square
        that reaches 0.4 head radii from the rim point, but at least a quarter of the head's bone over soft tissue.
    margin_px : float
        Width of the margin: the fall over the margin's steepest gradient, medians over 24 rays. Small is sharp.
    closed_share : float
        The third smallest over the median of the 24 rays' falls: near 1 where the focus stands free all around, 0 where
        it goes over into something as bright.
    saturated_share : float
        Share of the inside at the brightest level of the hip's neighbourhood, where that level is held by several
        pixels; or, where the contrast is more than 0.8 of the cortical step, brighter than the hip's densest bone.
    profile : tuple of float
        Mean level at 0, 0.3, 0.6, 0.9, 1.2, 1.5 and 1.8 of the way from the middle to the outline, over the lowest
        level beyond it, the largest of these values being 1: low at first for a lucent centre.
    """

    row_px: float
    column_px: float
    diameter_px: float
    strength: float
    expected_false_marks: float
    cnr: float
    contrast: float
    aspect_ratio: float
    solidity: float
    orientation_deg: float
    core_to_rim: float
    area_px2: float = math.nan
    tangent_deg: float = math.nan
    contrast_over_step: float = math.nan
    margin_px: float = math.nan
    closed_share: float = math.nan
    saturated_share: float = 0.0
    profile: tuple[float, ...] = ()
    outline_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
