"""What the ranking looks at, one number each, all in units that do not depend on exposure, spacing or head size."""

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
    "weakest_edge",
    "solidity",
    "log_aspect_ratio",
    "core_to_rim",
    "surround_level",
    "surround_level_squared",
    "log_contrast_share",
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the two families saw at a spot: blob response, and meaning of the closed level line (0 without one)."""

    response: float
    meaning: float


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
    noise = window.noise[int(np.clip(round(spot.row), 0, rows - 1)), int(np.clip(round(spot.column), 0, columns - 1))]
    size = np.log(spot.diameter / WORKING_RADIUS_PX)
    # How far the surround is from soft tissue (0) to bone (1): over bone, trabeculae look like foci.
    surround = np.clip((spot.background - soft) / (bone - soft), -0.3, 1.5)
    return np.array(
        [
            np.log(max(evidence.response, 0.05)),
            np.log(max(evidence.meaning, 0.2)),
            np.log(spot.contrast / spot.deviation + 0.3),
            np.log(max(spot.contrast / (float(noise) + 1e-4), 0.1)),
            size,
            size**2,
            np.clip(spot.edge, -0.5, 1.0),
            spot.solidity,
            np.log(spot.aspect_ratio),
            np.clip(spot.core_to_rim, 0.3, 1.6),
            surround,
            surround**2,
            np.log(np.clip(spot.contrast / (bone - soft), 0.02, 3.0)),
        ]
    )
