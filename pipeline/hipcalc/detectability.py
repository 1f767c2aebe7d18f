"""NormalizedRadiograph, HipFrame -> the smallest focus that would have been found here.

Foci of known size and contrast are planted into this very picture, around this very rim, and the detector is run as
it is: the injection and recovery test by which astronomers state the completeness of a survey.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import Candidate, find_candidates
from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus, estimate_blur_px

__all__ = ["DetectionLimit", "detection_limit"]

STATED_CNR = 4.0
STATED_PROBABILITY = 0.9
# (r in head radii, degrees from the rim), far enough from each other that one run of the detector serves all.
PLACES = ((1.15, 18.0), (1.35, -2.0), (1.42, 34.0), (1.68, 14.0), (1.75, 38.0), (1.85, -8.0))
# Diameters in head radii: 1.5 to 8 mm for a head of 48 mm.
DIAMETERS = (0.0625, 0.095, 0.14, 0.21, 0.32)
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring")
# What a plant counts that no candidate hit: more than the detector ever lists.
MISSED_MARKS = 30.0
NEAR_HEAD_RADII = 0.08
FEWEST_PLANTS = 8


@dataclass(frozen=True, kw_only=True)
class DetectionLimit:
    """The size at which a focus at this rim would have been found.

    Attributes
    ----------
    diameter_head_radii : float or None
        Diameter found with 90% probability; None where no planted size was, or where nothing could be planted.
    diameter_mm : float or None
        The same with known pixel spacing.
    cnr : float
        Contrast-to-noise ratio for which it is stated: the planted signal's 80th percentile over the robust deviation
        of the surround.
    false_marks_per_hip : float
        Operating point for which it is stated.
    curve : tuple of (float, float)
        Diameter in head radii, and estimated probability of being found.
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
    normalized: NormalizedRadiograph, hip: HipFrame, *, false_marks_per_hip: float, cnr: float = STATED_CNR
) -> DetectionLimit:
    """Plant foci of several sizes around one hip's rim, and see which are found.

    The logarithm of the expected false marks at which a plant is found is fitted as a straight line over the logarithm
    of its diameter, with normal scatter; the line gives the probability at every size from few plants.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
        A hip without a trusted place (implant, absent) has no limit.
    false_marks_per_hip : float
        Operating point: at most so many expected false marks make a candidate a finding.
    cnr : float
        Contrast-to-noise ratio of the planted foci.

    Raises
    ------
    UsageError
        If `cnr` is not positive.
    """
    if not cnr > 0:
        raise UsageError(f"cnr is {cnr:g} but must be larger than 0.")
    results = _plant_and_find(normalized, hip, cnr) if hip.status in ("located", "uncertain") else np.empty((0, 2))
    curve, limit = _fit(results, math.log(false_marks_per_hip))
    spacing = normalized.spacing_mm
    return DetectionLimit(
        diameter_head_radii=limit,
        diameter_mm=None if limit is None or spacing is None else limit * hip.head_radius_px * spacing,
        cnr=cnr,
        false_marks_per_hip=false_marks_per_hip,
        curve=curve,
        planted=len(results),
    )


def _plant_and_find(normalized: NormalizedRadiograph, hip: HipFrame, cnr: float) -> NDArray[np.float64]:
    """Return rows of (log diameter, log expected false marks at which it was found), one per plant."""
    near = _neighbourhood(normalized, hip)
    if near is None:
        return np.empty((0, 2))
    small, moved = near
    blur = estimate_blur_px(small, row_px=moved.head_row_px, column_px=moved.head_column_px)
    rng = np.random.default_rng(6)
    rows: list[tuple[float, float]] = []
    for run in range(len(DIAMETERS)):
        # Each place sees every size once, and each run every size at some place.
        sizes = [DIAMETERS[(run + place) % len(DIAMETERS)] for place in range(len(PLACES))]
        patches = _draw(small, moved, sizes, cnr, blur, rng, run)
        if patches:
            found = find_candidates(add_patches(small, tuple(patches)), moved)
            rows += [_outcome(patch, found, moved) for patch in patches]
    return np.array(rows, np.float64).reshape(-1, 2)


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


def _draw(
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    sizes: list[float],
    cnr: float,
    blur: float,
    rng: np.random.Generator,
    run: int,
) -> list[FocusPatch]:
    patches = []
    for place, ((r, from_rim), size) in enumerate(zip(PLACES, sizes, strict=True)):
        row, column = hip.to_image(r, hip.rim_phi_deg + from_rim)
        diameter = max(size * hip.head_radius_px, 2.0)
        if not _is_free(normalized, row, column, diameter):
            continue
        patches.append(
            draw_focus(
                normalized,
                row_px=row,
                column_px=column,
                diameter_px=diameter,
                cnr=cnr,
                kind=KINDS[(run + place) % len(KINDS)],
                rng=rng,
                blur_sigma_px=blur,
            )
        )
    return patches


def _is_free(normalized: NormalizedRadiograph, row: float, column: float, diameter: float) -> bool:
    """Tell whether a focus and its surround lie inside the picture, where something may be detected and is not flat."""
    reach = math.ceil(1.2 * diameter) + 6
    rows, columns = normalized.shape
    if not (reach <= row < rows - reach and reach <= column < columns - reach):
        return False
    part = (slice(round(row) - reach, round(row) + reach + 1), slice(round(column) - reach, round(column) + reach + 1))
    return not normalized.excluded[part].any() and float(np.ptp(normalized.grey[part])) > 0


def _outcome(patch: FocusPatch, found: tuple[Candidate, ...], hip: HipFrame) -> tuple[float, float]:
    near = max(patch.diameter_px / 2, NEAR_HEAD_RADII * hip.head_radius_px)
    marks = [
        candidate.expected_false_marks
        for candidate in found
        if math.hypot(candidate.row_px - patch.row_px, candidate.column_px - patch.column_px) <= near
    ]
    return math.log(patch.diameter_px / hip.head_radius_px), math.log(max(min(marks, default=MISSED_MARKS), 1e-6))


def _fit(results: NDArray[np.float64], threshold: float) -> tuple[tuple[tuple[float, float], ...], float | None]:
    """Return the curve, and the diameter at the stated probability."""
    if len(results) < FEWEST_PLANTS:
        return (), None
    size, marks = results.T
    slope, level = np.polyfit(size, marks, 1)
    # A larger focus is never harder to find: a slope of the wrong sign is scatter.
    slope = min(float(slope), -1e-6)
    level = float(np.mean(marks - slope * size))
    scatter = max(float(np.std(marks - slope * size - level, ddof=2)), 0.1)
    normal = NormalDist()
    curve = tuple(
        (diameter, normal.cdf((threshold - level - slope * math.log(diameter)) / scatter)) for diameter in DIAMETERS
    )
    limit = math.exp((threshold - level - normal.inv_cdf(STATED_PROBABILITY) * scatter) / slope)
    # Beyond the planted sizes the line is a guess.
    return curve, max(limit, DIAMETERS[0]) if limit <= DIAMETERS[-1] else None
