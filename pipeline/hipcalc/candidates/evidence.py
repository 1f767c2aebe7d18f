"""How much a spot stands out at a place that somebody names, against all other places around the same hip.

A detector that searches must not mark edges and lines, compares with the second-brightest of samples around a spot, and
pays for it: of a focus whose place and size are known from elsewhere it sees less than the picture shows. Here the
place is given, and the levels of rings around it are weighed as this hip's own texture asks for: a Hotelling observer
with radially symmetric channels, after H. H. Barrett, J. Yao, J. P. Rolland and K. J. Myers, Model observers for
assessment of image quality, Proc. Natl. Acad. Sci. USA 90 (1993) 9758.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates.detaching import OPENING_RADIUS, opened_level
from hipcalc.candidates.finding import is_searched
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow, cut_window
from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["PlaceEvidence", "SpotShape", "evidence_at"]

Image = NDArray[np.float32]
Floats = NDArray[np.float64]
SpotShape = Literal["disk", "ball", "gaussian"]
SPOT_SHAPES: Final[tuple[SpotShape, ...]] = get_args(SpotShape)

# Borders of the rings, in radii of the focus: its inside, its margin, and what lies around it.
RINGS = (0.0, 0.45, 0.75, 0.95, 1.15, 1.4, 1.8, 2.4)
# Blur of a focus's margin, working pixels; where its place is known to within a distance only, so much of that.
MARGIN_SIGMA_PX = 1.0
BLUR_OF_WITHIN = 0.4
# Of the mean variance of the rings: keeps what never varies in this hip from counting as proof.
RIDGE = 1e-3
# An opening wider than the spot by half takes none of it for bone. What fades out reaches to where a tenth is left.
WIDER = 1.5
GAUSSIAN_FOOT = math.sqrt(math.log2(10.0))
# Places within so many diameters of the named one show the same focus.
OWN_DIAMETERS = 1.5
# Smaller than half of the smallest focus sought, or larger than any, nothing is told.
DIAMETER_HEAD_RADII = (0.03, 0.5)
FEWEST_PLACES = 20
MOST_WITHIN_DIAMETERS = 2.0
# Of each ring so much must lie in the picture, outside of what is masked.
LEAST_SHOWN = 0.5


@dataclass(frozen=True, kw_only=True)
class PlaceEvidence:
    """What one place shows, among the places around the same hip.

    Attributes
    ----------
    share : float
        Of the other places around this hip, at which a spot of this size stands out at least as much; never below one
        in `places`. It says nothing of what it is: edges and ends of bone stand out as well.
    places : int
        How many spots of this size have room side by side where it was compared.
    deviations : float
        By how much it stands out, in robust deviations over the same places.
    """

    share: float
    places: int
    deviations: float


def evidence_at(
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    *,
    row_px: float,
    column_px: float,
    diameter_px: float,
    within_px: float = 0.0,
    shape: SpotShape = "disk",
) -> PlaceEvidence | None:
    """Tell how much a round spot stands out at a place that is known from elsewhere: another view, CT, an earlier year.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame
    row_px, column_px, diameter_px : float
        Of the spot, in the file's pixel grid.
    within_px : float
        How far its centre may lie from there: the strongest place so near counts, here and at every other place. At 0
        a focus a quarter of its diameter away stands out half as often.
    shape : {"disk", "ball", "gaussian"}
        What is looked for: equally dense throughout, as mineral in a picture mostly is; as thick as a ball; or fading
        out, with its width at half of the maximum for a diameter.

    Returns
    -------
    PlaceEvidence or None
        None where the hip is not searched (`find_candidates`), where the place lies outside of its zones or of what the
        picture shows there, where fewer than 20 such spots have room around it, and where all of that is black.

    Raises
    ------
    UsageError
        If the place is no number or not known to within two diameters, the diameter below 0.03 or above 0.5 head radii
        (0.7 and 12 mm for a head of 48 mm), or the shape is another one.
    """
    if shape not in SPOT_SHAPES:
        raise UsageError(f"{shape!r} is no shape of a spot; choose one of {', '.join(SPOT_SHAPES)}.")
    if not is_searched(hip):
        return None
    if not (math.isfinite(row_px) and math.isfinite(column_px)):
        raise UsageError(f"A place at row {row_px:g} and column {column_px:g} is none; give both in the file's pixels.")
    size = diameter_px / hip.head_radius_px
    if not DIAMETER_HEAD_RADII[0] <= size <= DIAMETER_HEAD_RADII[1]:
        low, high = (share * hip.head_radius_px for share in DIAMETER_HEAD_RADII)
        raise UsageError(
            f"A spot of {diameter_px:g} pixels is no focus beside a head of {hip.head_radius_px:.0f}; "
            f"give a diameter of {low:.1f} to {high:.1f} pixels."
        )
    if not 0 <= within_px <= MOST_WITHIN_DIAMETERS * diameter_px:
        raise UsageError(
            f"A place known to within {within_px:g} pixels says too little of a spot of {diameter_px:g}; "
            f"give 0 to {MOST_WITHIN_DIAMETERS * diameter_px:.1f}."
        )
    window = cut_window(normalized, hip)
    row, column = window.pixel_at(row_px, column_px)
    nearest = window.to_image(np.array([float(row)]), np.array([float(column)]))[0]
    if not window.zone[row, column] or math.dist(nearest, (row_px, column_px)) > window.step_px:
        return None
    return _compared(window, (row, column), 0.5 * diameter_px / window.step_px, within_px / window.step_px, shape)


def _compared(
    window: HipWindow, place: tuple[int, int], radius: float, within: float, shape: SpotShape
) -> PlaceEvidence | None:
    kernels, signal = _rings(radius, max(MARGIN_SIGMA_PX, BLUR_OF_WITHIN * within), shape)
    rings, shown = _ring_means(window.level - opened_level(window, _opening(radius, shape)), window.included, kernels)
    compared = window.zone & shown
    rows, columns = np.ogrid[: shown.shape[0], : shown.shape[1]]
    others = compared & (np.hypot(rows - place[0], columns - place[1]) > 2 * OWN_DIAMETERS * radius + within)
    places = int(np.count_nonzero(others) / (math.pi * radius**2))
    if not compared[place] or places < FEWEST_PLACES:
        return None
    covariance = np.cov(rings[others].T.astype(np.float64))
    if not covariance.any():
        return None
    covariance += RIDGE * np.trace(covariance) / len(signal) * np.eye(len(signal))
    weights = np.linalg.solve(covariance, signal)
    strength = _strongest_within(np.where(compared, rings @ weights, -math.inf), within)
    values, value = strength[others], float(strength[place])
    middle = float(np.median(values))
    deviation = 1.4826 * float(np.median(np.abs(values - middle)))
    return PlaceEvidence(
        share=max(float(np.mean(values >= value)), 1 / places),
        places=places,
        deviations=(value - middle) / max(deviation, 1e-12),
    )


def _opening(radius: float, shape: SpotShape) -> float:
    """Return the radius of an opening, in head radii, that takes a spot of this radius away whole."""
    foot = GAUSSIAN_FOOT if shape == "gaussian" else 1.0
    return max(OPENING_RADIUS, WIDER * foot * radius / WORKING_RADIUS_PX)


def _strongest_within(values: Floats, within: float) -> Floats:
    reach = math.floor(within)
    if not reach:
        return values
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(cv2.dilate(values, (np.hypot(rows, columns) <= within).astype(np.uint8)), np.float64)


def _ring_means(
    level: Image, included: NDArray[np.bool_], kernels: tuple[Image, ...]
) -> tuple[Image, NDArray[np.bool_]]:
    """Return the mean over what counts of each ring around every pixel, and where half of each ring counts."""
    weight = included.astype(np.float32)
    counted, total = (
        np.stack([cv2.filter2D(image, -1, kernel) for kernel in kernels], axis=-1) for image in (weight, level * weight)
    )
    means = np.asarray(total / np.maximum(counted, np.float32(LEAST_SHOWN)), np.float32)
    return means, np.asarray(counted.min(axis=-1) >= LEAST_SHOWN, np.bool_)


@lru_cache
def _rings(radius: float, blur: float, shape: SpotShape) -> tuple[tuple[Image, ...], Floats]:
    """Return the mean over each ring as a kernel, and what a blurred spot shows in each."""
    reach = math.ceil(RINGS[-1] * radius) + 1
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    away = np.hypot(rows, columns) / radius

    def disk(edge: float) -> Floats:
        return np.clip((edge - away) * radius + 0.5, 0.0, 1.0) if edge else np.zeros(away.shape)

    kernels = [disk(outer) - disk(inner) for inner, outer in pairwise(RINGS)]
    kernels = [kernel / kernel.sum() for kernel in kernels]
    spots = {"disk": disk(1.0), "ball": np.sqrt(np.clip(1.0 - away**2, 0.0, None)), "gaussian": np.exp2(-(away**2))}
    focus = cv2.GaussianBlur(spots[shape], (0, 0), blur)
    signal = np.array([float((kernel * focus).sum()) for kernel in kernels])
    return tuple(np.asarray(kernel, np.float32) for kernel in kernels), signal
