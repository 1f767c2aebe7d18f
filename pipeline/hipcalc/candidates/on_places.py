"""How strongly the detector marks some places of a hip, without measuring what lies far from them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates.atlas import load_atlas
from hipcalc.candidates.finding import MeasuredSpots, controlled, described
from hipcalc.candidates.model import MODEL, load_model
from hipcalc.candidates.outline import furthest_reach
from hipcalc.candidates.proposals import MOST
from hipcalc.candidates.proposed import draw_apart, propose_in
from hipcalc.candidates.standing_out import StandingOut, standing_out
from hipcalc.candidates.window import HipWindow, cut_again, cut_window
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["BareHip", "bare_hip", "strengths_on"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class BareHip:
    """What the detector sees of a hip before anything is planted, and need not look at again."""

    window: HipWindow
    beyond: StandingOut


def bare_hip(normalized: NormalizedRadiograph, hip: HipFrame) -> BareHip:
    """Look at a hip in which foci will be planted."""
    window = cut_window(normalized, hip)
    return BareHip(window=window, beyond=standing_out(window, load_atlas(MODEL)))


def strengths_on(
    places_px: Floats,
    within_px: Floats,
    planted: NormalizedRadiograph,
    bare: BareHip,
    control: MeasuredSpots | None,
) -> Floats:
    """Return the strength of the strongest spot on each of some places, minus infinity without one, shape (n,).

    They are those of all spots of the picture: far from the places, only what may suppress one near them is measured.

    Parameters
    ----------
    places_px : ndarray of float64, shape (n, 2)
        (row, column); so many more spots than usual are proposed, as if there were no other place.
    within_px : ndarray of float64, shape (n,)
        How far from a place its spot may be centred.
    planted : NormalizedRadiograph
        The picture with foci planted at the places.
    bare : BareHip
        The hip in the same picture without them.
    control : MeasuredSpots or None
    """
    window = cut_again(bare.window, planted)
    beyond = standing_out(window, load_atlas(MODEL), bare.beyond)
    proposed = propose_in(window, beyond, MOST + len(places_px))
    own = proposed.places
    reach = window.step_px * np.array([furthest_reach(diameter) for diameter in own.diameter.tolist()])
    away = _away(places_px, window, own.row, own.column)
    drawn = draw_apart(proposed, np.flatnonzero((away <= within_px[:, None] + reach).any(axis=0)).tolist())
    rows, columns = np.array([(spot.row, spot.column) for spot in drawn.values()]).reshape(-1, 2).T
    on = _away(places_px, window, rows, columns) <= within_px[:, None]
    some = np.asarray(on.any(axis=0), np.bool_)
    if not some.any():
        return np.full(len(places_px), -math.inf)
    found = {number: spot for (number, spot), one in zip(drawn.items(), some.tolist(), strict=True) if one}
    strength = load_model().strength(controlled(described(proposed, found), control).features)
    return np.asarray(np.where(on[:, some], strength, -math.inf).max(axis=1), np.float64)


def _away(places_px: Floats, window: HipWindow, rows: Floats, columns: Floats) -> Floats:
    """Return how far each place lies from each point of the working grid, pixels of the image."""
    return np.asarray(np.linalg.norm(places_px[:, None] - window.to_image(rows, columns), axis=2), np.float64)
