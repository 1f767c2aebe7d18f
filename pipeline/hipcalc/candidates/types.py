"""The value that the detector returns."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Candidate"]


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
        (row, column) vertices of the outline.
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
    outline_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
