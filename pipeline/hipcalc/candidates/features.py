"""What the ranking looks at, one number each, all in units that do not depend on exposure, spacing or head size."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.profiles import ray_profiles
from hipcalc.candidates.proposals import Proposals
from hipcalc.candidates.spots import Spot
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow
from hipcalc.radiograph.percentiles import percentiles

__all__ = ["FEATURES", "HipLevels", "feature_table", "hip_levels", "with_control"]

Floats = NDArray[np.float64]

# With the sign that the weight may have: 1 speaks for a focus, -1 against it, 0 either way.
FEATURES: dict[str, int] = {
    "response": 1,
    "meaning": 1,
    "edge": 1,
    "depth_share": 1,
    "contrast_over_step": 1,
    "fainter_than_foci": -1,
    "cnr": 1,
    "first_arm": -1,
    "second_arm": -1,
    "third_arm": -1,
    "brink_dip": -1,
    "brink_peak": -1,
    "core": -1,
    "hollow": -1,
    "aspect_ratio": -1,
    "drop_in_picture": 1,
    "weakest_drop_in_picture": 1,
    "edge_in_picture": 1,
    "bone_slope": -1,
    "bone_around": -1,
    "on_rim_tip": -1,
    "on_head_contour": -1,
    "smaller_than_2_mm": -1,
    "far_from_head": -1,
    "medial_of_rim": -1,
    "trochanteric": -1,
    "mirrored": -1,
}

# Head, roof and walls lie on each other within so many head radii: nowhere is bone denser.
BONY_R = 1.2
RIM_TIP_HEAD_RADII = 0.12
HEAD_CONTOUR_HEAD_RADII = 0.06
# Working pixels: the slope of the bone is that of so wide a surround.
SLOPE_SIGMA_PX = 3.0
# A lucent centre has at least such a share of the brightest part's level: what is darker is a gap in a mesh of lines.
LEAST_CORE = 0.8
# However thin the wall of a closed shell, two walls lie over its middle: of its brightest part, a third is seen there
# where the wall is a fifth of the radius, and blur adds to that. A ring of metal lets its ground through.
SHELL_CORE = 0.35
# Where along the rays a hole is looked for: out to 0.3 of the way to the outline.
HOLE = slice(0, 3)
# Contrast over the cortical step: of the natural foci in 148 pelves, 95% have more than 0.14.
FAINT = 0.1
# The same place in the other hip, mirrored, is found again within so many head radii.
MIRRORED_WITHIN = 0.3
# What "mirrored" is where no other hip answers.
WITHOUT_CONTROL = -1.0


@dataclass(frozen=True, kw_only=True)
class HipLevels:
    """Log levels of this hip's soft tissue, bone and densest bone, and the step at the rim in grey units."""

    soft: float
    bone: float
    densest: float
    step: float


def hip_levels(window: HipWindow) -> HipLevels:
    """Return the levels of this hip's soft tissue and of its bone, at least a little apart."""
    # Every fourth pixel tells a percentile of thousands.
    some = slice(None, None, 2), slice(None, None, 2)
    level, included, r = window.level[some], window.included[some], window.r[some]
    zone, head, bony = level[window.zone[some]], level[(r < 0.8) & included], level[(r < BONY_R) & included]
    soft = percentiles(zone, 10)[0] if zone.size else 0.0
    bone = max(percentiles(head, 50)[0] if head.size else soft, soft + 0.05)
    densest = max(percentiles(bony, 99.5)[0] if bony.size else bone, bone)
    step = _step_at_rim(window, math.exp(bone) - math.exp(soft))
    return HipLevels(soft=soft, bone=bone, densest=densest, step=step)


def _step_at_rim(window: HipWindow, otherwise: float) -> float:
    """Return the 5th to 95th percentile of the smoothed grey levels within 0.4 head radii of the rim point."""
    row, column = window.pixel_at(window.hip.rim_row_px, window.hip.rim_column_px)
    reach = round(0.4 * WORKING_RADIUS_PX)
    part = slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)
    values = np.exp(cv2.GaussianBlur(window.level[part], (0, 0), 2.0))[window.included[part]]
    if values.size < 100:
        return otherwise
    low, high = percentiles(values, 5, 95)
    return float(max(high - low, 0.25 * otherwise))


def feature_table(
    picture: HipWindow,
    detached: HipWindow,
    levels: HipLevels,
    spots: tuple[Spot, ...],
    proposals: Proposals,
    kept: list[int],
    stands_out: Floats,
) -> Floats:
    """Return the features of all spots, shape (n, n_features + 1): those of `FEATURES`, then how far each stands out.

    Parameters
    ----------
    picture, detached : HipWindow
        As it is, and with the bone taken away.
    levels : HipLevels
    spots : tuple of Spot
    proposals : Proposals
    kept : list of int
        Which proposal each spot grew from.
    stands_out : ndarray of float64, shape (n,)
        Logarithm of how far each stands out from what other hips explain, over the noise (`StandingOut`).
    """
    if not spots:
        return np.empty((0, len(FEATURES) + 1))
    rays, seen = ray_profiles(detached, spots), ray_profiles(picture, spots)
    row, column, diameter = (np.array([getattr(s, name) for s in spots]) for name in ("row", "column", "diameter"))
    contrast, deviation, background = (
        np.array([getattr(s, name) for s in spots]) for name in ("contrast", "deviation", "background")
    )
    rows, columns = picture.level.shape
    pixel = np.clip(np.rint(row).astype(int), 0, rows - 1), np.clip(np.rint(column).astype(int), 0, columns - 1)
    gradient = proposals.local_gradient[kept]
    over_brightest = rays.profile / np.maximum(rays.profile.max(axis=1, keepdims=True), 1e-6)
    over_step = np.exp(background) * np.expm1(contrast) / levels.step
    millimetres = diameter / WORKING_RADIUS_PX * 24.0
    r, from_rim = picture.r[pixel].astype(float), picture.phi_deg[pixel].astype(float) - picture.hip.rim_phi_deg
    bone = picture.level - detached.level + np.float32(levels.soft)
    table = {
        "response": _log(proposals.response[kept], 0.05, 4.0),
        "meaning": _log(proposals.meaning[kept], 0.2, 5.0),
        "edge": _log(rays.edge / gradient, 0.1, 6.0),
        "depth_share": _log(proposals.depth[kept] / contrast, 0.05, 0.8),
        "contrast_over_step": _log(over_step, 0.02, 0.35),
        "fainter_than_foci": np.maximum(np.log(FAINT / np.maximum(over_step, 0.02)), 0.0),
        "cnr": _log(contrast / deviation, 0.5, 6.0),
        "first_arm": np.minimum(rays.first_arm, 1.0),
        "second_arm": np.minimum(rays.second_arm, 1.0),
        "third_arm": np.minimum(rays.third_arm, 1.0),
        "brink_dip": _log(rays.brink_dip / contrast, 0.03, 3.0),
        "brink_peak": _log(rays.brink_peak / contrast, 0.03, 3.0),
        "core": np.clip(over_brightest[:, 1], LEAST_CORE, 1.0),
        "hollow": np.clip(1.0 - over_brightest[:, HOLE].min(axis=1) / SHELL_CORE, 0.0, 1.0),
        "aspect_ratio": _log(np.array([s.aspect_ratio for s in spots]), 1.3, 3.0),
        # Taking the bone away closes every lip and ledge of bone, too: in the picture they stay open.
        "drop_in_picture": np.clip(seen.drop / contrast, -1.0, 2.0),
        "weakest_drop_in_picture": _log(seen.weakest_drop / contrast, 0.05, 1.5),
        "edge_in_picture": _log(seen.edge / gradient, 0.1, 6.0),
        "bone_slope": _log(_slope(bone, pixel) * diameter / contrast, 0.01, 3.0),
        "bone_around": np.clip((bone[pixel] - levels.soft) / (levels.bone - levels.soft), 0.0, 1.5),
        # The lateral end of the roof is itself a bright spot.
        "on_rim_tip": np.exp(-0.5 * (_from_rim_tip(picture, row, column) / RIM_TIP_HEAD_RADII) ** 2),
        "on_head_contour": np.exp(-0.5 * ((r - 1.0) / HEAD_CONTOUR_HEAD_RADII) ** 2),
        "smaller_than_2_mm": np.maximum(np.log(2.2 / millimetres), 0.0),
        # Foci lie near the rim; what crosses at the trochanter and in the ilium lies far out.
        "far_from_head": np.clip((r - 1.1) / 1.1, 0.0, 1.0),
        # Inwards of the rim lies the roof's bone, beyond it soft tissue, then the trochanter.
        "medial_of_rim": np.clip(-from_rim / 30.0 - 0.2, 0.0, 2.0),
        "trochanteric": np.clip((from_rim - 45.0) / 20.0, 0.0, 1.0),
        "mirrored": np.full(len(spots), WITHOUT_CONTROL),
    }
    return np.stack([*(np.asarray(table[name], np.float64) for name in FEATURES), stands_out], axis=1)


def _slope(bone: NDArray[np.float32], pixel: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Floats:
    """Return how steep the bone that was taken away is around some pixels, log units per working pixel."""
    around = math.ceil(4 * SLOPE_SIGMA_PX) + 1
    found = []
    for row, column in zip(*(axis.tolist() for axis in pixel), strict=True):
        top, left = max(row - around, 0), max(column - around, 0)
        part = bone[top : row + around + 1, left : column + around + 1]
        down, right = (cv2.Sobel(part, cv2.CV_32F, *axis, ksize=3, scale=0.125) for axis in ((0, 1), (1, 0)))
        steep = cv2.GaussianBlur(cv2.magnitude(right, down), (0, 0), SLOPE_SIGMA_PX)
        found.append(float(steep[row - top, column - left]))
    return np.array(found)


def with_control(spots: tuple[Spot, ...], features: Floats, control: tuple[Spot, ...], theirs: Floats) -> Floats:
    """Return the features with the other hip, mirrored, as a control: anatomy is on both sides, most foci on one.

    Parameters
    ----------
    spots : tuple of Spot
        Of this hip, on its working grid, with their `features`.
    control : tuple of Spot
        Of the other hip, on its own working grid, where lateral is to the same side, with `theirs`.
    """
    if not spots or not control:
        return features
    place, other = (np.array([(s.row, s.column, s.diameter) for s in row]) for row in (spots, control))
    distance = np.hypot(place[:, :1] - other[:, 0], place[:, 1:2] - other[:, 1])
    ratio = place[:, 2:] / other[:, 2]
    like = (distance < MIRRORED_WITHIN * WORKING_RADIUS_PX) & (ratio < 2.0) & (ratio > 0.5)
    response = list(FEATURES).index("response")
    strongest = np.where(like, theirs[:, response], math.log(0.05)).max(axis=1)
    answered = features.copy()
    answered[:, list(FEATURES).index("mirrored")] = np.clip(strongest - features[:, response], -1.5, 0.5)
    return answered


def _log(values: Floats, low: float, high: float) -> Floats:
    """Logarithm of limited values: beyond the limits, more says nothing more."""
    return np.log(np.clip(values, low, high))


def _from_rim_tip(window: HipWindow, row: Floats, column: Floats) -> Floats:
    """Distance of the spots' centres from the rim point, in head radii."""
    hip = window.hip
    places = window.to_image(row, column)
    return np.hypot(places[:, 0] - hip.rim_row_px, places[:, 1] - hip.rim_column_px) / hip.head_radius_px
