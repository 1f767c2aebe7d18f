"""Every spot seen along rays from its middle outwards: whether it is closed all around, and what leaves it."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.spots import Spot
from hipcalc.candidates.window import HipWindow

__all__ = ["ALONG", "RayProfiles", "ray_profiles"]

Floats = NDArray[np.float64]

RAYS = 24
# Along a ray, in units of the distance from the middle to the outline's ellipse; beyond it, blur in pixels is added.
ALONG = np.arange(0.0, 2.86, 0.15)
BLUR_PX = 1.5
INSIDE = (ALONG >= 0.25) & (ALONG <= 1.0)
OUTSIDE = (ALONG > 1.0) & (ALONG <= 1.9)
ARM = (ALONG > 1.2) & (ALONG <= 2.7)
# Rays so far apart, 45 degrees, are the two sides of a line that leaves along the ray between them.
BESIDE = RAYS // 8
EDGE = (ALONG >= 0.55) & (ALONG <= 1.6)
# Just beyond the outline, where a focus has fallen on every side and what goes on into something else has not.
BRINK = int(np.abs(ALONG - 1.2).argmin())
# A focus may touch something with so many rays: a third of a right angle.
FORGIVEN = 2
SMOOTHING_PX = 0.8
MOST_ELONGATED = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RayProfiles:
    """What the rays say of every spot, arrays of shape (n,).

    Attributes
    ----------
    fall : ndarray of float64
        Median over the rays of the fall in level from the spot to the lowest point beyond its outline.
    weakest_fall : ndarray of float64
        The third smallest of the falls: what is not closed there is no focus.
    drop, weakest_drop : ndarray of float64
        Fall from the spot's median level, not from the ray's own highest one, to the lowest point beyond the outline:
        median over the rays, and third smallest; negative where the surround is brighter than the spot.
    first_arm, second_arm, third_arm : ndarray of float64
        How much brighter than its two sides a line is that leaves the spot, over the median fall, for the strongest
        such line and the next ones at least 60 degrees away: where cortical lines cross, there are three.
    brink_dip, brink_peak : ndarray of float64
        How far the third lowest and the third highest ray lie from the median one just beyond the outline.
    edge : ndarray of float64
        Weakest quarter of the steepest gradients along the rays, per working pixel.
    margin : ndarray of float64
        Width of the margin, working pixels: median fall over the median of the steepest gradients.
    profile : ndarray of float64, shape (n, n_along)
        Mean level of all rays at the distances `ALONG`, over the lowest of these means.
    """

    fall: Floats
    weakest_fall: Floats
    drop: Floats
    weakest_drop: Floats
    first_arm: Floats
    second_arm: Floats
    third_arm: Floats
    brink_dip: Floats
    brink_peak: Floats
    edge: Floats
    margin: Floats
    profile: Floats


def ray_profiles(window: HipWindow, spots: tuple[Spot, ...]) -> RayProfiles:
    """Follow the rays of all spots at once."""
    if not spots:
        none = np.empty(0)
        return RayProfiles(**dict.fromkeys(RayProfiles.__dataclass_fields__, none))
    rows, columns, step = _ray_points(spots)
    smooth = np.asarray(cv2.GaussianBlur(window.level, (0, 0), SMOOTHING_PX), np.float32)
    level = _sampled(smooth, rows, columns, cv2.INTER_LINEAR)
    hidden = _sampled(window.included.astype(np.float32), rows, columns, cv2.INTER_NEAREST) < 0.5
    hidden |= ~_inside(rows, columns, smooth.shape)
    # Neighbouring rays share their noise.
    level = 0.5 * level + 0.25 * (np.roll(level, 1, axis=1) + np.roll(level, -1, axis=1))
    lost = hidden[:, :, OUTSIDE].any(axis=2)
    valley = level[:, :, OUTSIDE].min(axis=2)
    highest = level[:, :, INSIDE].max(axis=2)
    fall = np.maximum(highest - valley, 0.0)
    drop = _median(np.sort(highest, axis=1))[:, None] - valley
    median, typical = np.maximum(_median(np.sort(fall, axis=1)), 1e-4), _median(np.sort(drop, axis=1))
    # What cannot be seen neither closes nor opens a spot.
    fall, drop = np.where(lost, median[:, None], fall), np.where(lost, typical[:, None], drop)
    mean = level.mean(axis=1).astype(np.float64)
    arms = _arms(level[:, :, ARM]) / median
    steepest = np.sort(np.max(-np.diff(level, axis=2)[:, :, EDGE[1:]], axis=2) / step, axis=1)
    brink = np.sort(level[:, :, BRINK].astype(np.float64), axis=1)
    middle = _median(brink)
    return RayProfiles(
        fall=median,
        weakest_fall=np.sort(fall, axis=1)[:, FORGIVEN],
        drop=typical,
        weakest_drop=np.sort(drop, axis=1)[:, FORGIVEN],
        first_arm=arms[0],
        second_arm=arms[1],
        third_arm=arms[2],
        brink_dip=middle - brink[:, FORGIVEN],
        brink_peak=brink[:, -1 - FORGIVEN] - middle,
        edge=_weakest_quarter(steepest),
        margin=median / np.maximum(_median(steepest), 1e-6),
        profile=mean - mean.min(axis=1, keepdims=True),
    )


# NumPy's own take ten times as long for so few values.
def _median(ascending: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((ascending[:, RAYS // 2 - 1] + ascending[:, RAYS // 2]) / 2)


def _weakest_quarter(ascending: Floats) -> Floats:
    low, share = divmod(0.25 * (RAYS - 1), 1.0)
    return np.asarray(ascending[:, int(low)] + share * (ascending[:, int(low) + 1] - ascending[:, int(low)]))


def _arms(level: NDArray[np.float32]) -> Floats:
    """Return the strengths of the three strongest lines that leave each spot, shape (3, n)."""
    sides = np.maximum(np.roll(level, BESIDE, axis=1), np.roll(level, -BESIDE, axis=1))
    line = np.asarray((level - sides).mean(axis=2), np.float64)
    found = np.empty((3, len(line)))
    for number in range(3):
        best = line.argmax(axis=1)
        found[number] = line[np.arange(len(line)), best]
        away = np.abs((np.arange(RAYS) - best[:, None] + RAYS // 2) % RAYS - RAYS // 2)
        line[away < RAYS // 6] = -np.inf
    return np.maximum(found, 0.0)


def _ray_points(spots: tuple[Spot, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32], Floats]:
    """Return rows and columns, shape (n, rays, along), and the distance between two points of a ray."""
    ratio = np.sqrt(np.minimum([spot.aspect_ratio for spot in spots], MOST_ELONGATED))
    radius = np.array([spot.diameter for spot in spots]) / 2
    turn = np.radians([spot.orientation_deg for spot in spots])[:, None]
    angle = 2 * math.pi * np.arange(RAYS) / RAYS
    x, y = (radius * ratio)[:, None] * np.cos(angle), (radius / ratio)[:, None] * np.sin(angle)
    right, down = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    length = np.hypot(right, down)
    beyond = 1.0 + BLUR_PX * np.maximum(ALONG - 1.0, 0.0) / (np.maximum(ALONG, 1e-6) * length[:, :, None])
    scale = ALONG * beyond
    middle = np.array([(spot.row, spot.column) for spot in spots])
    rows = middle[:, 0, None, None] + down[:, :, None] * scale
    columns = middle[:, 1, None, None] + right[:, :, None] * scale
    return rows.astype(np.float32), columns.astype(np.float32), length * (ALONG[1] - ALONG[0])


def _sampled(
    image: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32], how: int
) -> NDArray[np.float32]:
    flat = (rows.shape[0] * rows.shape[1], rows.shape[2])
    found = cv2.remap(image, columns.reshape(flat), rows.reshape(flat), how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32).reshape(rows.shape)


def _inside(rows: NDArray[np.float32], columns: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray((rows >= 0) & (rows <= shape[0] - 1) & (columns >= 0) & (columns <= shape[1] - 1), np.bool_)
