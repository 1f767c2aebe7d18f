"""Foci of known size and contrast planted around one hip, and how strongly the detector marks them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.candidates import MeasuredSpots, bare_hip, strengths_on
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow
from hipcalc.findings import Tissue
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus, estimate_blur_px

__all__ = ["CONTRASTS", "DIAMETERS", "PlantedFoci", "plant_and_find"]

Place = tuple[float, float]

MOST_PLACES = 8
# Head radii: foci that one run of the detector looks for lie so far apart.
APART = 0.45
# So many runs, at most, look at all places once: they take the time.
MOST_GROUPS = 4
# With fewer places, one lucky or unlucky place would decide.
FEWEST_PLACES = 4
# Diameters in head radii: 1.5 to 8 mm for a head of 48 mm.
DIAMETERS = (0.0625, 0.095, 0.14, 0.21, 0.32)
# In a small head, those that would be smaller in the file are planted as large as this.
SMALLEST_PX = 2.0
# In units of the contrast that the limit is stated for.
CONTRASTS = (0.65, 1.0, 1.55)
RUNS = 5
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring")
NEAR_HEAD_RADII = 0.08
# Soft tissue is below half of the way from soft tissue to bone, averaged over so much of the head radius.
TISSUE_SIGMA = 0.067
SOFT_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class _Area:
    """Where around the rim foci are planted.

    Attributes
    ----------
    tissue : Tissue
        Soft tissue alone, or whatever the picture shows there, which is bone for the most part.
    r, from_rim_deg : (float, float)
        Head radii, so far out that the largest focus does not lie on the head; and degrees.
    apart : float
        Head radii between two places.
    room, margin_px : float
        So many diameters and pixels around a place have to lie inside of the picture.
    drawn, most : int
        So many places are drawn evenly over the area, until there are so many to plant at.
    """

    tissue: Tissue
    r: tuple[float, float]
    from_rim_deg: tuple[float, float]
    apart: float
    room: float
    margin_px: int
    drawn: int
    most: int


SOFT: Final = _Area(
    tissue="soft tissue",
    r=(1.2, 2.05),
    from_rim_deg=(-6.0, 58.0),
    apart=APART,
    room=1.2,
    margin_px=6,
    drawn=200,
    most=MOST_PLACES,
)
# Where a picture ends at the joint, it has room for a focus, but not for all of its surround; and the places lie so
# close together that most take a run of the detector of their own.
BONE: Final = _Area(
    tissue="bone",
    r=(1.16, 2.05),
    from_rim_deg=(-30.0, 58.0),
    apart=0.2,
    room=0.6,
    margin_px=3,
    drawn=800,
    most=5,
)


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
    tissue : {"soft tissue", "bone", ""}
        Where the places lie; empty without any.
    """

    place: NDArray[np.int64]
    diameter: NDArray[np.float64]
    cnr: NDArray[np.float64]
    strength: NDArray[np.float64]
    places_px: NDArray[np.float64]
    tissue: Tissue


def plant_and_find(
    normalized: NormalizedRadiograph,
    hip: HipFrame,
    cnr: float,
    control: MeasuredSpots | None,
    *,
    at_once: int = MOST_PLACES,
) -> PlantedFoci:
    """Plant foci of every size and several contrasts at places around the rim, and look for them.

    In soft tissue beside the rim, or, where the picture shows too little of that, over bone, too. Every place sees
    every size once, each time with another contrast and kind; empty where too little can be planted. The detector is
    run on up to `at_once` foci together.
    """
    near = _neighbourhood(normalized, hip)
    if near is None:
        return _gathered([], np.empty((0, 2)), "")
    small, moved = near
    bare = bare_hip(small, moved)
    area, places = _places(small, bare.window)
    if not places:
        return _gathered([], np.empty((0, 2)), "")
    corner = np.array([hip.head_row_px - moved.head_row_px, hip.head_column_px - moved.head_column_px])
    blur = estimate_blur_px(small, row_px=moved.head_row_px, column_px=moved.head_column_px)
    rng = np.random.default_rng(6)
    rows: list[tuple[int, float, float, float]] = []
    for run in range(RUNS):
        patches = [_patch(small, moved, place, (run, number), cnr, blur, rng) for number, place in enumerate(places)]
        for chosen in _well_apart(places, APART * moved.head_radius_px, at_once):
            together = tuple(patches[number] for number in chosen)
            own = np.array([(p.row_px, p.column_px) for p in together])
            reach = np.array([max(p.diameter_px / 2, NEAR_HEAD_RADII * moved.head_radius_px) for p in together])
            strengths = strengths_on(own, reach, add_patches(small, together), bare, control)
            rows += [
                (number, p.diameter_px / moved.head_radius_px, p.cnr, strength)
                for number, p, strength in zip(chosen, together, strengths.tolist(), strict=True)
            ]
    return _gathered(rows, np.array(places) + corner, area.tissue)


def _patch(
    picture: NormalizedRadiograph,
    hip: HipFrame,
    place: Place,
    turn: tuple[int, int],
    cnr: float,
    blur_px: float,
    rng: np.random.Generator,
) -> FocusPatch:
    """Draw the focus of one run at one place: each run has every size, contrasts and kinds go round at other paces."""
    run, number = turn
    return draw_focus(
        picture,
        row_px=place[0],
        column_px=place[1],
        diameter_px=_diameter_px(DIAMETERS[(run + number) % len(DIAMETERS)], hip),
        cnr=cnr * CONTRASTS[(2 * run + number) % len(CONTRASTS)],
        kind=KINDS[(run + number // 2) % len(KINDS)],
        rng=rng,
        blur_sigma_px=blur_px,
    )


def _well_apart(places: list[Place], apart_px: float, most: int) -> list[list[int]]:
    """Return the places in groups, at most so many in each, of which no two lie closer together."""
    groups: list[list[int]] = []
    for number, place in enumerate(places):
        for group in groups:
            if len(group) < most and all(math.dist(place, places[other]) >= apart_px for other in group):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _gathered(
    rows: list[tuple[int, float, float, float]], places_px: NDArray[np.float64], tissue: Tissue
) -> PlantedFoci:
    table = np.array(rows, np.float64).reshape(-1, 4)
    return PlantedFoci(
        place=table[:, 0].astype(np.int64),
        diameter=table[:, 1],
        cnr=table[:, 2],
        strength=table[:, 3],
        places_px=places_px,
        tissue=tissue,
    )


def _diameter_px(diameter_head_radii: float, hip: HipFrame) -> float:
    return max(diameter_head_radii * hip.head_radius_px, SMALLEST_PX)


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


def _places(normalized: NormalizedRadiograph, window: HipWindow) -> tuple[_Area, list[Place]]:
    """Return where to plant: in soft tissue if there is room, else over bone, too; no places where there is none."""
    hip, levels = window.hip, hip_levels(window)
    smooth = cv2.GaussianBlur(window.level, (0, 0), TISSUE_SIGMA * WORKING_RADIUS_PX)
    softest = levels.soft + SOFT_SHARE * (levels.bone - levels.soft)
    drawn = _drawn_places(normalized, hip, SOFT)
    soft = _spread_out((place for place in drawn if smooth[window.pixel_at(*place)] < softest), hip, SOFT)
    if len(soft) >= FEWEST_PLACES:
        return SOFT, soft
    rows, columns = normalized.shape
    # Bone around a rim that the picture cuts off would say nothing of that rim.
    shows_rim = 0 <= hip.rim_row_px < rows and 0 <= hip.rim_column_px < columns
    bony = _spread_out(_drawn_places(normalized, hip, BONE), hip, BONE) if shows_rim else []
    return BONE, bony if len(bony) >= FEWEST_PLACES else []


def _spread_out(drawn: Iterator[Place], hip: HipFrame, area: _Area) -> list[Place]:
    """Return the first places that lie far enough from those before, as many as are planted at."""
    places: list[Place] = []
    for place in drawn:
        away = [math.dist(place, other) / hip.head_radius_px for other in places]
        if min(away, default=area.apart) >= area.apart and sum(one < APART for one in away) < MOST_GROUPS:
            places.append(place)
        if len(places) == area.most:
            break
    return places


def _drawn_places(normalized: NormalizedRadiograph, hip: HipFrame, area: _Area) -> Iterator[Place]:
    """Yield (row, column) of places spread evenly over an area, the same for all hips, that have room for a focus."""
    rng = np.random.default_rng(6)
    r = np.sqrt(rng.uniform(area.r[0] ** 2, area.r[1] ** 2, area.drawn))
    for one, from_rim in zip(r.tolist(), rng.uniform(*area.from_rim_deg, area.drawn).tolist(), strict=True):
        place = hip.to_image(one, hip.rim_phi_deg + from_rim)
        reach = math.ceil(area.room * _diameter_px(DIAMETERS[-1], hip)) + area.margin_px
        if _is_free(normalized, *place, reach):
            yield place


def _is_free(normalized: NormalizedRadiograph, row: float, column: float, reach: int) -> bool:
    """Tell whether what lies so near lies inside the picture, where something may be detected and is not flat."""
    rows, columns = normalized.shape
    if not (reach <= row < rows - reach and reach <= column < columns - reach):
        return False
    part = (slice(round(row) - reach, round(row) + reach + 1), slice(round(column) - reach, round(column) + reach + 1))
    return not normalized.excluded[part].any() and float(np.ptp(normalized.grey[part])) > 0
