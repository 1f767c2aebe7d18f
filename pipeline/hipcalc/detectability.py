"""NormalizedRadiograph, HipFrame -> the smallest focus that would have been found here.

Foci of known size and contrast are planted into this very picture, around this very rim, and the detector is run as
it is: the injection and recovery test by which astronomers state the completeness of a survey. The statement holds for
soft tissue beside the rim, where deposits lie: over bone every detector finds less.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import Candidate, MeasuredSpots, find_candidates
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window
from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus, estimate_blur_px

__all__ = ["DetectionLimit", "detection_limit"]

STATED_CNR = 4.0
STATED_PROBABILITY = 0.9
# (r in head radii, degrees from the rim), far enough from each other that one run of the detector serves all, and from
# the head that the largest focus does not lie on it.
PLACES = (
    (1.22, 18.0),
    (1.22, 46.0),
    (1.35, -4.0),
    (1.62, 30.0),
    (1.62, 54.0),
    (1.75, 4.0),
    (2.0, 18.0),
    (2.0, 42.0),
)
# With fewer places in soft tissue, one lucky or unlucky place would decide.
FEWEST_PLACES = 4
# Diameters in head radii: 1.5 to 8 mm for a head of 48 mm.
DIAMETERS = (0.0625, 0.095, 0.14, 0.21, 0.32)
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring")
NEAR_HEAD_RADII = 0.08
# Soft tissue is below half of the way from soft tissue to bone, averaged over so much of the head radius.
TISSUE_SIGMA = 0.067
SOFT_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class DetectionLimit:
    """The size at which a focus at this rim would have been found.

    Attributes
    ----------
    diameter_head_radii : float or None
        Diameter found with 90% probability in soft tissue beside the rim; never below the smallest planted one. None
        where even the largest planted one (`DIAMETERS`) was found less often, and where too little could be planted.
    diameter_mm : float or None
        The same with known pixel spacing.
    cnr : float
        Contrast-to-noise ratio for which it is stated: the planted signal's 80th percentile over the robust deviation
        of the surround.
    false_marks_per_hip : float
        Operating point for which it is stated.
    curve : tuple of (float, float)
        Diameter in head radii, and estimated probability of being found; empty where too little could be planted.
    planted : int
        How many foci were planted.
    """

    diameter_head_radii: float | None
    diameter_mm: float | None
    cnr: float
    false_marks_per_hip: float
    curve: tuple[tuple[float, float], ...]
    planted: int


def detection_limit(
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    *,
    false_marks_per_hip: float,
    cnr: float = STATED_CNR,
    control: MeasuredSpots | None = None,
) -> DetectionLimit:
    """Plant foci of several sizes around one hip's rim, and see which are found.

    Every place in soft tissue sees every size once. The share found, per size, is made monotone by isotonic regression
    [1]_, since a larger focus is never harder to find; between the sizes it is linear in the logarithm of the diameter.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
        A hip without a trusted place (implant, absent) has no limit.
    false_marks_per_hip : float
        Operating point: at most so many expected false marks make a candidate a finding.
    cnr : float
        Contrast-to-noise ratio of the planted foci.
    control : MeasuredSpots, optional
        Of the other hip, as the detector is given it.

    Raises
    ------
    UsageError
        If `cnr` is not positive.

    References
    ----------
    .. [1] M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid, E. Silverman, An empirical distribution function for sampling
       with incomplete information, Ann. Math. Stat. 26 (1955) 641.
    """
    if not cnr > 0:
        raise UsageError(f"cnr is {cnr:g} but must be larger than 0.")
    trusted = hip.status in ("located", "uncertain")
    marks = _plant_and_find(normalized, hip, cnr, control) if trusted else np.empty((0, len(DIAMETERS)))
    curve = _curve(marks <= false_marks_per_hip)
    limit = _limit(curve)
    spacing = normalized.spacing_mm
    return DetectionLimit(
        diameter_head_radii=limit,
        diameter_mm=None if limit is None or spacing is None else limit * hip.head_radius_px * spacing,
        cnr=cnr,
        false_marks_per_hip=false_marks_per_hip,
        curve=curve,
        planted=marks.size,
    )


def _plant_and_find(
    normalized: NormalizedRadiograph, hip: HipFrame, cnr: float, control: MeasuredSpots | None
) -> NDArray[np.float64]:
    """Return the expected false marks at which each plant was found, shape (places, sizes); infinite where missed."""
    near = _neighbourhood(normalized, hip)
    if near is None:
        return np.empty((0, len(DIAMETERS)))
    small, moved = near
    places = _soft_places(small, moved)
    if len(places) < FEWEST_PLACES:
        return np.empty((0, len(DIAMETERS)))
    blur = estimate_blur_px(small, row_px=moved.head_row_px, column_px=moved.head_column_px)
    rng = np.random.default_rng(6)
    marks = np.empty((len(places), len(DIAMETERS)))
    for run in range(len(DIAMETERS)):
        # Each place sees every size once, and each run every size at some place.
        sizes = [(run + place) % len(DIAMETERS) for place in range(len(places))]
        patches = tuple(
            draw_focus(
                small,
                row_px=row,
                column_px=column,
                diameter_px=_diameter_px(DIAMETERS[size], moved),
                cnr=cnr,
                kind=KINDS[(run + place) % len(KINDS)],
                rng=rng,
                blur_sigma_px=blur,
            )
            for place, ((row, column), size) in enumerate(zip(places, sizes, strict=True))
        )
        found = find_candidates(add_patches(small, patches), moved, control=control)
        marks[np.arange(len(places)), sizes] = [_outcome(patch, found, moved) for patch in patches]
    return marks


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
        noise_sigma=normalized.noise_sigma[part],
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
    """Return (row, column) of the places that lie in soft tissue and have room for the largest focus."""
    window = cut_window(normalized, hip)
    levels = hip_levels(window)
    smooth = cv2.GaussianBlur(window.level, (0, 0), TISSUE_SIGMA * WORKING_RADIUS_PX)
    places = []
    for r, from_rim in PLACES:
        row, column = hip.to_image(r, hip.rim_phi_deg + from_rim)
        is_soft = smooth[window.pixel_at(row, column)] < levels.soft + SOFT_SHARE * (levels.bone - levels.soft)
        if is_soft and _is_free(normalized, row, column, _diameter_px(DIAMETERS[-1], hip)):
            places.append((row, column))
    return places


def _is_free(normalized: NormalizedRadiograph, row: float, column: float, diameter: float) -> bool:
    """Tell whether a focus and its surround lie inside the picture, where something may be detected and is not flat."""
    reach = math.ceil(1.2 * diameter) + 6
    rows, columns = normalized.shape
    if not (reach <= row < rows - reach and reach <= column < columns - reach):
        return False
    part = (slice(round(row) - reach, round(row) + reach + 1), slice(round(column) - reach, round(column) + reach + 1))
    return not normalized.excluded[part].any() and float(np.ptp(normalized.grey[part])) > 0


def _outcome(patch: FocusPatch, found: tuple[Candidate, ...], hip: HipFrame) -> float:
    near = max(patch.diameter_px / 2, NEAR_HEAD_RADII * hip.head_radius_px)
    return min(
        (
            candidate.expected_false_marks
            for candidate in found
            if math.hypot(candidate.row_px - patch.row_px, candidate.column_px - patch.column_px) <= near
        ),
        default=math.inf,
    )


def _curve(found: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Isotonic regression of the share found over size, from outcomes of shape (places, sizes)."""
    if not len(found):
        return ()
    # Pool adjacent violators; every size has as many plants.
    blocks: list[tuple[float, int]] = []
    for share in found.mean(axis=0).tolist():
        blocks.append((share, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (one, ones), (two, twos) = blocks[-2:]
            blocks[-2:] = [((one * ones + two * twos) / (ones + twos), ones + twos)]
    shares = [share for share, sizes in blocks for _ in range(sizes)]
    return tuple(zip(DIAMETERS, shares, strict=True))


def _limit(curve: tuple[tuple[float, float], ...]) -> float | None:
    """Return the smallest diameter at which the curve reaches the stated probability."""
    reached = next((k for k, (_, share) in enumerate(curve) if share >= STATED_PROBABILITY), None)
    if reached is None:
        return None
    if reached == 0:
        return curve[0][0]
    (small, less), (large, more) = curve[reached - 1], curve[reached]
    along = (STATED_PROBABILITY - less) / (more - less)
    return float(small * (large / small) ** along)
