"""What the ranking looks at, one number each, all in units that do not depend on exposure, spacing or head size."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.outline import Spot
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow

__all__ = ["FEATURES", "Evidence", "feature_row", "hip_levels"]

FEATURES = (
    "log_response",
    "log_meaning",
    "log_cnr",
    "log_noise_ratio",
    "log_diameter",
    "log_diameter_squared",
    "log_isotropy",
    "log_depth_share",
    "log_aspect_ratio",
    "surround_level",
    "surround_is_bone",
    "degrees_from_rim",
    "degrees_beyond_rim",
    "head_radii_from_head",
    "on_rim_tip",
)


RIM_TIP_HEAD_RADII = 0.12
# Log units: an 8-bit picture cannot be less noisy than its steps, whatever its flat compressed blocks say.
QUANTISATION = 0.003


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the two families saw at a spot; see `Proposals`."""

    response: float
    isotropy: float
    meaning: float
    depth: float


def hip_levels(window: HipWindow) -> tuple[float, float]:
    """Return the levels of this hip's soft tissue and of its bone, at least a little apart."""
    head = window.level[(window.r < 0.8) & window.included]
    zone = window.level[window.zone]
    soft = float(np.percentile(zone, 10)) if zone.size else 0.0
    bone = float(np.median(head)) if head.size else soft
    return soft, max(bone, soft + 0.05)


def feature_row(window: HipWindow, levels: tuple[float, float], spot: Spot, evidence: Evidence) -> NDArray[np.float64]:
    """Return the features of one spot, in the order of `FEATURES`."""
    soft, bone = levels
    rows, columns = window.level.shape
    pixel = min(max(round(spot.row), 0), rows - 1), min(max(round(spot.column), 0), columns - 1)
    noise = math.hypot(float(window.noise[pixel]), QUANTISATION)
    from_rim = float(window.phi_deg[pixel]) - window.hip.rim_phi_deg
    size = math.log(spot.diameter / WORKING_RADIUS_PX)
    # How far the surround is from soft tissue (0) to bone (1): over bone, trabeculae look like foci.
    surround = _limited((spot.background - soft) / (bone - soft), -0.3, 1.5)
    return np.array(
        [
            math.log(max(evidence.response, 0.05)),
            math.log(max(evidence.meaning, 0.2)),
            math.log(spot.contrast / spot.deviation + 0.3),
            math.log(max(spot.contrast / noise, 0.1)),
            size,
            size**2,
            math.log(_limited(evidence.isotropy, 0.05, 1.0)),
            math.log(_limited(evidence.depth / spot.contrast, 0.05, 2.0)),
            math.log(spot.aspect_ratio),
            surround,
            max(surround - 0.4, 0.0),
            # Inwards of the rim lies the roof's bone, beyond it soft tissue, then the trochanter.
            _limited(from_rim / 30.0, -2.0, 0.0),
            _limited(from_rim / 30.0, 0.0, 3.0),
            _limited(float(window.r[pixel]) - 1.0, -0.15, 1.3),
            # The lateral end of the roof is itself a bright spot.
            math.exp(-0.5 * (_from_rim_tip(window, spot) / RIM_TIP_HEAD_RADII) ** 2),
        ]
    )


def _limited(value: float, low: float, high: float) -> float:
    """Limit one number; on single numbers NumPy's functions take most of the ranking's time."""
    return min(max(value, low), high)


def _from_rim_tip(window: HipWindow, spot: Spot) -> float:
    """Distance of a spot's centre from the rim point, in head radii."""
    hip = window.hip
    row, column = window.to_image(np.array([spot.row]), np.array([spot.column]))[0]
    return math.hypot(row - hip.rim_row_px, column - hip.rim_column_px) / hip.head_radius_px
