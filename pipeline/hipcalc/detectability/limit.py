"""The size at which a focus at one hip's rim would have been found."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import (
    MOST_FALSE_MARKS,
    MeasuredSpots,
    check_operating_point,
    control_of,
    measure_hips,
    strengths_at,
)
from hipcalc.detectability.planting import DIAMETERS, SMALLEST_PX, PlantedFoci, plant_and_find
from hipcalc.detectability.regression import StrengthModel, load_trend, terms
from hipcalc.errors import UsageError
from hipcalc.findings import DEFAULT_FALSE_MARKS_PER_HIP, Tissue
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["DetectionLimit", "PlaceLimit", "detectability"]

STATED_CNR = 4.0
STATED_PROBABILITY = 0.9
# So many diameters make a curve, between the smallest and the largest that are planted.
CURVE_POINTS = 40


@dataclass(frozen=True, kw_only=True)
class PlaceLimit:
    """One place of the map.

    Attributes
    ----------
    row_px, column_px : float
    probability : float
        Of finding a focus of 0.14 head radii (3.4 mm for a head of 48 mm) at the stated contrast.
    detection_limit_head_radii : float or None
        The limit at this place; None where even the largest planted size is found less often.
    """

    row_px: float
    column_px: float
    probability: float
    detection_limit_head_radii: float | None


@dataclass(frozen=True, kw_only=True)
class DetectionLimit:
    """The size at which a focus at this rim would have been found.

    Attributes
    ----------
    detection_limit_head_radii : float or None
        Diameter found with 90% probability in this `tissue`; never below the smallest planted one. None where even the
        largest planted one (`DIAMETERS`) is found less often, and where too little could be planted.
    detection_limit_mm : float or None
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
    tissue : {"soft tissue", "bone", ""}
        Where: in soft tissue beside the rim, or, in a picture that shows too little of that, anywhere around the rim,
        which is over bone for the most part. Empty where too little could be planted.
    places : tuple of PlaceLimit
        The map: where foci were planted, and what would have been found there.
    """

    detection_limit_head_radii: float | None
    detection_limit_mm: float | None
    cnr: float
    false_marks_per_hip: float
    curve: tuple[tuple[float, float], ...] = ()
    planted: int = 0
    tissue: Tissue = ""
    places: tuple[PlaceLimit, ...] = ()


def detectability(
    normalized: NormalizedRadiograph,
    hip: HipFrame | MeasuredSpots,
    *,
    false_marks_per_hip: float = DEFAULT_FALSE_MARKS_PER_HIP,
    cnr: float = STATED_CNR,
    control: HipFrame | MeasuredSpots | None = None,
) -> DetectionLimit:
    """Plant foci of several sizes and contrasts around one hip's rim, and see how strongly they are marked.

    Every place sees every size once, in soft tissue beside the rim where the picture shows enough of it. The strength
    of the marks is regressed on size and contrast, what was not marked counting as weaker than the weakest mark, with
    the slopes of many hips as the prior (`StrengthModel`); the curve is the share of that distribution above the
    operating point's strength.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hip : HipFrame or MeasuredSpots
        The hip, or its spots where they are measured already. One that is not searched (`find_candidates`) has no
        limit.
    false_marks_per_hip : float
        Operating point: at most so many expected false marks make a candidate a finding.
    cnr : float
        Contrast-to-noise ratio that the limit is stated for.
    control : HipFrame or MeasuredSpots, optional
        The other hip of the picture, or its spots, with which the detector compares: without it, a hip of two has
        another limit than its screening states.

    Returns
    -------
    DetectionLimit
        The size found with 90% probability, the curve, and the map.

    Raises
    ------
    UsageError
        If `cnr` is not positive, or the operating point is out of range.
    """
    if not 0 < cnr < math.inf:
        raise UsageError(f"cnr is {cnr:g} but must be a number larger than 0.")
    check_operating_point(false_marks_per_hip)
    unknown = DetectionLimit(
        detection_limit_head_radii=None, detection_limit_mm=None, cnr=cnr, false_marks_per_hip=false_marks_per_hip
    )
    measured = measure_hips(normalized, (hip,))[0] if isinstance(hip, HipFrame) else hip
    if measured is None:
        return unknown
    if isinstance(control, HipFrame):
        control = control_of((measured, *measure_hips(normalized, (control,))), 0)
    frame = measured.window.hip
    planted = plant_and_find(normalized, frame, cnr, control)
    if not len(planted.place):
        return unknown
    floor, threshold = strengths_at((MOST_FALSE_MARKS, false_marks_per_hip), measured, control)
    trend = load_trend(planted.tissue)
    fitted = StrengthModel.fitted(planted.diameter, planted.cnr, planted.strength, floor, trend)
    # A focus in nature has fewer others beside it, and stands out more.
    threshold -= trend.crowding
    sizes = np.geomspace(max(DIAMETERS[0], SMALLEST_PX / frame.head_radius_px), DIAMETERS[-1], CURVE_POINTS)
    curve = fitted.probability(sizes, np.full(len(sizes), cnr), threshold)
    limit, spacing = _limit(sizes, curve), normalized.spacing_mm
    return replace(
        unknown,
        detection_limit_head_radii=limit,
        detection_limit_mm=None if limit is None or spacing is None else limit * frame.head_radius_px * spacing,
        curve=tuple(zip(sizes.tolist(), curve.tolist(), strict=True)),
        planted=len(planted.place),
        tissue=planted.tissue,
        places=_map(planted, fitted, sizes, cnr, floor, threshold),
    )


def _map(
    planted: PlantedFoci,
    fitted: StrengthModel,
    sizes: NDArray[np.float64],
    cnr: float,
    floor: float,
    threshold: float,
) -> tuple[PlaceLimit, ...]:
    """Return what each place adds to the hip's trend, drawn towards none as a mean of so few plants must be."""
    over = np.maximum(planted.strength, floor) - terms(planted.diameter, planted.cnr) @ fitted.coefficient
    found = []
    for number, (row, column) in enumerate(planted.places_px.tolist()):
        own = over[planted.place == number]
        offset = float(own.sum() / (len(own) + 2.0))
        curve = fitted.probability(sizes, np.full(len(sizes), cnr), threshold, offset)
        found.append(
            PlaceLimit(
                row_px=row,
                column_px=column,
                probability=float(np.interp(math.log(0.14), np.log(sizes), curve)),
                detection_limit_head_radii=_limit(sizes, curve),
            )
        )
    return tuple(found)


def _limit(sizes: NDArray[np.float64], curve: NDArray[np.float64]) -> float | None:
    """Return the smallest size at which a curve reaches the stated probability, interpolated."""
    reached = np.flatnonzero(curve >= STATED_PROBABILITY)
    if not reached.size:
        return None
    k = int(reached[0])
    if k == 0:
        return float(sizes[0])
    along = (STATED_PROBABILITY - curve[k - 1]) / (curve[k] - curve[k - 1])
    return float(sizes[k - 1] * (sizes[k] / sizes[k - 1]) ** along)
