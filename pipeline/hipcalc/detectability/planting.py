"""Foci of known size and contrast planted around one hip, and how strongly the detector marks them."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import MeasuredSpots, strengths_on
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import FocusKind, add_patches, draw_focus, estimate_blur_px

__all__ = ["CONTRASTS", "DIAMETERS", "PlantedFoci", "plant_and_find"]

# Places are drawn evenly over the area beside the rim, so far from the head that the largest focus does not lie on it,
# until there are so many, so far apart (head radii) that one run of the detector serves all.
R_RANGE = (1.2, 2.05)
FROM_RIM_RANGE_DEG = (-6.0, 58.0)
DRAWN = 200
MOST_PLACES = 8
APART = 0.45
# With fewer places in soft tissue, one lucky or unlucky place would decide.
FEWEST_PLACES = 4
# Diameters in head radii: 1.5 to 8 mm for a head of 48 mm.
DIAMETERS = (0.0625, 0.095, 0.14, 0.21, 0.32)
# In units of the contrast that the limit is stated for.
CONTRASTS = (0.65, 1.0, 1.55)
RUNS = 5
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring")
NEAR_HEAD_RADII = 0.08
# Soft tissue is below half of the way from soft tissue to bone, averaged over so much of the head radius.
TISSUE_SIGMA = 0.067
SOFT_SHARE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantedFoci:
    """What was planted around one hip, arrays of shape (n,), and what the detector made of it.

    Attributes
    ----------
    place : ndarray of int64
        Index into `places_px`.
    diameter, cnr : ndarray of float64
        Diameter in head radii, and contrast-to-noise ratio.
    strength : ndarray of float64
        Of the spot on the focus; minus infinity without one.
    places_px : ndarray of float64, shape (n_places, 2)
        (row, column).
    """

    place: NDArray[np.int64]
    diameter: NDArray[np.float64]
    cnr: NDArray[np.float64]
    strength: NDArray[np.float64]
    places_px: NDArray[np.float64]


def plant_and_find(
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    cnr: float,
    control: MeasuredSpots | None,
    *,
    at_once: int = MOST_PLACES,
) -> PlantedFoci:
    """Plant foci of every size and several contrasts at every place in soft tissue beside the rim, and look for them.

    Every place sees every size once, each time with another contrast and kind; empty where too little can be planted.
    The detector is run on up to `at_once` foci together.
    """
    near = _neighbourhood(normalized, hip)
    places = [] if near is None else _soft_places(*near)
    if near is None or len(places) < FEWEST_PLACES:
        return _gathered([], np.empty((0, 2)))
    small, moved = near
    corner = np.array([hip.head_row_px - moved.head_row_px, hip.head_column_px - moved.head_column_px])
    blur = estimate_blur_px(small, row_px=moved.head_row_px, column_px=moved.head_column_px)
    rng = np.random.default_rng(6)
    rows: list[tuple[int, float, float, float]] = []
    for run in range(RUNS):
        patches = []
        for number, (row, column) in enumerate(places):
            # Each run has every size at some place; contrasts and kinds go round at other paces.
            size = DIAMETERS[(run + number) % len(DIAMETERS)]
            patch = draw_focus(
                small,
                row_px=row,
                column_px=column,
                diameter_px=_diameter_px(size, moved),
                cnr=cnr * CONTRASTS[(2 * run + number) % len(CONTRASTS)],
                kind=KINDS[(run + number // 2) % len(KINDS)],
                rng=rng,
                blur_sigma_px=blur,
            )
            patches.append(patch)
        for first in range(0, len(patches), at_once):
            together = tuple(patches[first : first + at_once])
            own = np.array([(p.row_px, p.column_px) for p in together])
            reach = np.array([max(p.diameter_px / 2, NEAR_HEAD_RADII * moved.head_radius_px) for p in together])
            strengths = strengths_on(own, reach, add_patches(small, together), moved, control)
            rows += [
                (first + k, p.diameter_px / moved.head_radius_px, p.cnr, float(strengths[k]))
                for k, p in enumerate(together)
            ]
    return _gathered(rows, np.array(places) + corner)


def _gathered(rows: list[tuple[int, float, float, float]], places_px: NDArray[np.float64]) -> PlantedFoci:
    table = np.array(rows, np.float64).reshape(-1, 4)
    return PlantedFoci(
        place=table[:, 0].astype(np.int64),
        diameter=table[:, 1],
        cnr=table[:, 2],
        strength=table[:, 3],
        places_px=places_px,
    )


def _diameter_px(diameter_head_radii: float, hip: HipFrame) -> float:
    return max(diameter_head_radii * hip.head_radius_px, 2.0)


def _neighbourhood(normalized: NormalizedRadiograph, hip: HipFrame) -> tuple[NormalizedRadiograph, HipFrame] | None:
    """Cut out what the detector looks at, so that planting copies little."""
    half = math.ceil(3.0 * hip.head_radius_px)
    rows, columns = normalized.shape
    top, bottom = max(math.floor(hip.head_row_px) - half, 0), min(math.ceil(hip.head_row_px) + half, rows)
    left, right = max(math.floor(hip.head_column_px) - half, 0), min(math.ceil(hip.head_column_px) + half, columns)
    if bottom - top < 16 or right - left < 16:
        return None
    part = (slice(top, bottom), slice(left, right))
    small = replace(
        normalized,
        radiograph=replace(normalized.radiograph, pixels=normalized.radiograph.pixels[part], padding=None),
        grey=normalized.grey[part],
        noise_blocks=normalized.noise_sigma[part],
        excluded=normalized.excluded[part],
    )
    return small, replace(
        hip,
        head_row_px=hip.head_row_px - top,
        head_column_px=hip.head_column_px - left,
        rim_row_px=hip.rim_row_px - top,
        rim_column_px=hip.rim_column_px - left,
        head_contour_px=hip.head_contour_px - (top, left),
        roof_contour_px=hip.roof_contour_px - (top, left),
    )


def _soft_places(normalized: NormalizedRadiograph, hip: HipFrame) -> list[tuple[float, float]]:
    """Return (row, column) of places in soft tissue, well apart, with room for the largest focus."""
    window = cut_window(normalized, hip)
    levels = hip_levels(window)
    smooth = cv2.GaussianBlur(window.level, (0, 0), TISSUE_SIGMA * WORKING_RADIUS_PX)
    places: list[tuple[float, float]] = []
    for r, from_rim in _drawn_places():
        if len(places) == MOST_PLACES:
            break
        place = row, column = hip.to_image(r, hip.rim_phi_deg + from_rim)
        if any(math.dist(place, other) < APART * hip.head_radius_px for other in places):
            continue
        is_soft = smooth[window.pixel_at(row, column)] < levels.soft + SOFT_SHARE * (levels.bone - levels.soft)
        if is_soft and _is_free(normalized, row, column, _diameter_px(DIAMETERS[-1], hip)):
            places.append(place)
    return places


def _drawn_places() -> list[tuple[float, float]]:
    """Return r in head radii and degrees from the rim of places evenly spread over the area, the same for all hips."""
    rng = np.random.default_rng(6)
    r = np.sqrt(rng.uniform(R_RANGE[0] ** 2, R_RANGE[1] ** 2, DRAWN))
    return list(zip(r.tolist(), rng.uniform(*FROM_RIM_RANGE_DEG, DRAWN).tolist(), strict=True))


def _is_free(normalized: NormalizedRadiograph, row: float, column: float, diameter: float) -> bool:
    """Tell whether a focus and its surround lie inside the picture, where something may be detected and is not flat."""
    reach = math.ceil(1.2 * diameter) + 6
    rows, columns = normalized.shape
    if not (reach <= row < rows - reach and reach <= column < columns - reach):
        return False
    part = (slice(round(row) - reach, round(row) + reach + 1), slice(round(column) - reach, round(column) + reach + 1))
    return not normalized.excluded[part].any() and float(np.ptp(normalized.grey[part])) > 0
