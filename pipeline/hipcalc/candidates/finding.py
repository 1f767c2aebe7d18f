"""The steps of the detector in their order."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates.blobs import blob_responses
from hipcalc.candidates.features import FEATURES, Evidence, feature_row, hip_levels
from hipcalc.candidates.level_lines import closed_level_lines
from hipcalc.candidates.model import load_model
from hipcalc.candidates.outline import Spot, measure_spot
from hipcalc.candidates.proposals import propose
from hipcalc.candidates.types import Candidate
from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["MOST_FALSE_MARKS", "MeasuredSpots", "find_candidates", "measured_spots"]

MOST_FALSE_MARKS = 10.0
# A head smaller than this in the file shows no focus: 2 mm would be one pixel.
SMALLEST_HEAD_PX = 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredSpots:
    """Every spot near one hip before ranking: what the ranking and its fit look at.

    Attributes
    ----------
    window : HipWindow
    spots : tuple of Spot
    features : ndarray of float64, shape (n_spots, n_features)
    """

    window: HipWindow
    spots: tuple[Spot, ...]
    features: NDArray[np.float64]


def find_candidates(normalized: NormalizedRadiograph, hip: HipFrame) -> tuple[Candidate, ...]:
    """Find small dense spots around one hip.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
        Only a located or uncertain hip is searched.

    Returns
    -------
    tuple of Candidate
        Strongest first, down to 10 expected false marks per hip; empty for a hip with an implant or an absent one.
    """
    if hip.status not in ("located", "uncertain") or not hip.head_radius_px >= SMALLEST_HEAD_PX:
        return ()
    measured = measured_spots(normalized, hip)
    model = load_model()
    strength = model.strength(measured.features)
    # Where part of the zones is cut off or excluded, there is less to mark falsely.
    marks = model.expected_false_marks(strength) * measured.window.zone_share
    order = np.argsort(-strength, kind="stable")
    return tuple(
        _candidate(measured.window, measured.spots[k], float(strength[k]), float(marks[k]))
        for k in order
        if marks[k] <= MOST_FALSE_MARKS
    )


def measured_spots(normalized: NormalizedRadiograph, hip: HipFrame) -> MeasuredSpots:
    """Propose, measure and describe every spot near one hip, without ranking them."""
    window = cut_window(normalized, hip)
    proposals = propose(window, blob_responses(window), closed_level_lines(window))
    levels = hip_levels(window)
    spots: list[Spot] = []
    rows: list[NDArray[np.float64]] = []
    for k in range(len(proposals.row)):
        spot = measure_spot(window.level, window.included, proposals.row[k], proposals.column[k], proposals.diameter[k])
        if spot is None or _lies_on_another(spot, spots):
            continue
        evidence = Evidence(
            response=float(proposals.response[k]),
            isotropy=float(proposals.isotropy[k]),
            meaning=float(proposals.meaning[k]),
            depth=float(proposals.depth[k]),
        )
        spots.append(spot)
        rows.append(feature_row(window, levels, spot, evidence))
    return MeasuredSpots(window=window, spots=tuple(spots), features=np.array(rows).reshape(-1, len(FEATURES)))


def _lies_on_another(spot: Spot, others: list[Spot]) -> bool:
    """Two proposals can grow into one outline: the arcs of a ring are one focus."""
    return any(
        math.hypot(spot.row - other.row, spot.column - other.column) < 0.4 * max(spot.diameter, other.diameter)
        for other in others
    )


def _candidate(window: HipWindow, spot: Spot, strength: float, marks: float) -> Candidate:
    centre = window.to_image(np.array([spot.row]), np.array([spot.column]))[0]
    orientation = spot.orientation_deg * window.hip.lateral_sign
    # Percentiles pass through the logarithm; a small deviation does so to first order.
    background = float(np.exp(spot.background))
    contrast = background * float(np.expm1(spot.contrast))
    return Candidate(
        row_px=float(centre[0]),
        column_px=float(centre[1]),
        diameter_px=spot.diameter * window.step_px,
        strength=strength,
        expected_false_marks=marks,
        cnr=contrast / (background * spot.deviation),
        contrast=contrast,
        aspect_ratio=spot.aspect_ratio,
        solidity=spot.solidity,
        orientation_deg=90.0 if orientation == -90.0 else orientation,
        core_to_rim=spot.core_to_rim,
        outline_px=window.to_image(spot.outline[:, 0], spot.outline[:, 1]),
    )
