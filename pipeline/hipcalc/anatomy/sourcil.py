"""The sourcil, the dense plate of the weight-bearing roof: its arc and its two ends."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import PHI_DEG, RADII, UNIT_PX, PolarStrip
from hipcalc.anatomy.tracing import trace_border

__all__ = ["PolarPoint", "Sourcil", "find_sourcil"]

# Where the roof's lower border runs; its medial part, where it rises into the fossa, is not followed farther than this
# from the circle that fits the loaded part.
BORDER_RADII, BORDER_FROM_DEG, BORDER_PAST_RIM_DEG = (1.02, 1.4), -74.0, 24.0
LOADED_FROM_DEG, SHORT_OF_RIM_DEG = -20.0, 6.0
OFF_CIRCLE_HEAD_RADII = 0.05
# The plate lies this far beyond its border.
PLATE_HEAD_RADII = (0.02, 0.11)
# Where the plate ends: between these angles, compared over so many degrees to both sides.
MEDIAL_DEG, LATERAL_FROM_RIM_DEG, COMPARED_DEG = (-62.0, -8.0), (-14.0, 12.0), 10.0
LEAST_BEYOND_DEG, FEWEST_ANGLES = 4.0, 8
# Mean and twice the spread of its medial end, and what one of those costs in shares of the clearest step.
USUAL_MEDIAL_DEG, MEDIAL_SPREAD_DEG, PRIOR_WEIGHT = -39.0, 14.0, 0.25

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PolarPoint:
    """A place in hip coordinates; `clear` is its step in grey over the roof's own scatter, about 0 to 2 in texture."""

    r_head_radii: float
    phi_deg: float
    clear: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Sourcil:
    """The roof's lower border and where its dense plate ends.

    Attributes
    ----------
    medial, lateral : PolarPoint or None
        Ends of the dense plate, on its lower border; None where the picture ends first.
    border : ndarray of float64, shape (n, 3)
        (r, phi, strength) along the roof from medial to its lateral end.
    """

    medial: PolarPoint | None
    lateral: PolarPoint | None
    border: Array


def _band(grey: NDArray[np.float32], radius: Array, columns: NDArray[np.intp], reach: tuple[float, float]) -> Array:
    """Mean grey beyond a border, one value per angle."""
    steps = np.arange(*reach, 0.5 / UNIT_PX)
    rows = np.clip((radius[:, None] + steps - RADII[0]) * UNIT_PX, 0, len(RADII) - 1.01)
    low = rows.astype(np.intp)
    share = rows - low
    at = columns[:, None]
    return np.asarray(((1 - share) * grey[low, at] + share * grey[low + 1, at]).mean(axis=1))


def _steps(values: Array, phi: Array, places: Array) -> Array:
    """How much brighter it is laterally of each place than medially of it."""
    beyond, before = phi[None] - places[:, None], places[:, None] - phi[None]
    lateral = (beyond > 0) & (beyond <= COMPARED_DEG)
    medial = (before >= 0) & (before < COMPARED_DEG)
    return np.asarray(lateral @ values / lateral.sum(axis=1) - medial @ values / medial.sum(axis=1))


def _scatter(values: Array) -> float:
    """Robust scatter from one angle to the next but one, where the roof itself is smooth."""
    return float(1.4826 * np.median(np.abs(values[2:] - values[:-2]))) + 1e-4


def _places(phi: Array, low_deg: float, high_deg: float) -> Array:
    """Angles between limits that have enough of the roof on either side."""
    low, high = max(low_deg, phi[0] + COMPARED_DEG), min(high_deg, phi[-1] - LEAST_BEYOND_DEG)
    return np.arange(low, high, 1.0)


def _end(judged: Array, steps: Array, places: Array, border: Array, scatter: float) -> PolarPoint:
    best = int(np.argmax(judged))
    radius = float(np.interp(places[best], border[:, 1], border[:, 0]))
    return PolarPoint(r_head_radii=radius, phi_deg=float(places[best]), clear=float(steps[best]) / scatter)


def _medial_end(plate: Array, border: Array, scatter: float) -> PolarPoint | None:
    places = _places(border[:, 1], *MEDIAL_DEG)
    if not len(places):
        return None
    steps = _steps(plate, border[:, 1], places)
    unusual = ((places - USUAL_MEDIAL_DEG) / MEDIAL_SPREAD_DEG) ** 2
    return _end(steps - PRIOR_WEIGHT * steps.max() * unusual, steps, places, border, scatter)


def _lateral_end(plate: Array, border: Array, rim_deg: float, scatter: float) -> PolarPoint | None:
    places = _places(border[:, 1], *(rim_deg + shift for shift in LATERAL_FROM_RIM_DEG))
    if not len(places):
        return None
    steps = -_steps(plate, border[:, 1], places)
    return _end(steps, steps, places, border, scatter)


def _pictured(strip: PolarStrip, border: Array) -> Array:
    """Return the part of a border around its top that lies in the picture."""
    rows = np.clip(np.rint((border[:, 0] - RADII[0]) * UNIT_PX).astype(np.intp), 0, len(RADII) - 1)
    outside = np.flatnonzero(~strip.kept[rows, np.searchsorted(PHI_DEG, border[:, 1])])
    top = int(np.searchsorted(border[:, 1], 0.0))
    before, after = outside[outside <= top], outside[outside > top]
    return border[(before[-1] + 1 if len(before) else 0) : (after[0] if len(after) else len(border))]


def find_sourcil(strip: PolarStrip, rim: tuple[float, float]) -> Sourcil | None:
    """Follow the roof, and find where its dense plate ends on either side.

    Parameters
    ----------
    strip : PolarStrip
        Around the head.
    rim : (float, float)
        Radius in head radii and polar angle of the rim point.

    Returns
    -------
    Sourcil or None
        None where the rim leaves no roof to look at, or the roof is outside of the picture.
    """
    border = trace_border(strip.outward, BORDER_RADII, (BORDER_FROM_DEG, rim[1] + BORDER_PAST_RIM_DEG))
    border = _pictured(strip, border)
    loaded = (border[:, 1] > LOADED_FROM_DEG) & (border[:, 1] < rim[1] - SHORT_OF_RIM_DEG)
    if loaded.sum() < FEWEST_ANGLES:
        return None
    usual = float(np.median(border[loaded, 0]))
    border[:, 0] = np.clip(border[:, 0], usual - OFF_CIRCLE_HEAD_RADII, usual + OFF_CIRCLE_HEAD_RADII)
    phi = border[:, 1]
    plate = _band(strip.grey, border[:, 0], np.searchsorted(PHI_DEG, phi), PLATE_HEAD_RADII)
    scatter = _scatter(plate[loaded])
    lateral = _lateral_end(plate, border, rim[1], scatter)
    return Sourcil(
        medial=_medial_end(plate, border, scatter),
        lateral=lateral,
        border=border[phi <= (rim[1] if lateral is None else lateral.phi_deg)],
    )
