"""Family three: spots in what other hips do not explain around the rim."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.atlas import COARSENESS, Atlas, Unexplained, cut_rim, unexplained
from hipcalc.candidates.window import HipWindow

__all__ = ["LEAST_LOG", "StandingOut", "standing_out"]

Image = NDArray[np.float32]
Floats = NDArray[np.float64]

# Pixels of the rim's picture: a disk of 1.8 mm answers most, one of 4 mm half as much.
SPOT_SIGMA_PX = 0.8
# A line is no spot: across it, its level curves so many times as much as along it, or more.
LINE_RATIO = 8.0
# What varies from pixel to pixel is noise; its level is that of so wide a surround, and not below the picture's median.
GRAIN_SIGMA_PX, SURROUND_SIGMA_PX = 0.8, 6.0
# In nine of ten pictures the deviation at the size of spots is below so much of it. Beyond, the picture was smoothed.
SMOOTHED = 0.63
# Log units: below it, it is quantisation.
LEAST_NOISE = 0.002
NEIGHBOURS = np.ones((5, 5), np.uint8)
# Spots that stand out less, in units of the noise, are not worth a place; working pixels across a first outline.
LEAST, DIAMETER_PX = 0.5, 9.0
LEAST_LOG = math.log(0.05)
# Of a spot's radius, where its peak may lie, and at least so many pixels.
NEAR_SHARE, NEAR_PX = 0.35, 1.5


@dataclass(frozen=True, kw_only=True, eq=False)
class StandingOut:
    """What is left around the rim after all that other hips explain.

    Attributes
    ----------
    strength : ndarray of float32, shape (n, n)
        How far a spot stands out from its surround, over the noise; 0 where nothing is known.
    level : ndarray of float32, shape (rows, columns)
        On the working grid: what is left, in log units; 0 where nothing is known.
    known : ndarray of bool, shape (rows, columns)
        On the working grid.
    unexplained : Unexplained
        What is left around the rim.
    """

    strength: Image
    level: Image
    known: NDArray[np.bool_]
    unexplained: Unexplained

    @property
    def grid(self) -> NDArray[np.float64]:
        """From columns and rows of `strength` to those of the working grid, shape (2, 3)."""
        return self.unexplained.rim.grid

    def places(self, zone: NDArray[np.bool_], most: int) -> Floats:
        """Return the strongest spots in a window's zone as rows of (row, column, diameter) on the working grid."""
        peak = (self.strength >= cv2.dilate(self.strength, NEIGHBOURS)) & (self.strength >= LEAST)
        found = np.argwhere(peak)
        found = found[np.argsort(-self.strength[peak], kind="stable")]
        own = found * COARSENESS + self.grid[::-1, 2]
        pixel = np.rint(own).astype(np.int64)
        within = ((pixel >= 0) & (pixel < zone.shape)).all(axis=1)
        own, pixel = own[within], pixel[within]
        own = own[zone[pixel[:, 0], pixel[:, 1]]][:most]
        return np.column_stack([own, np.full(len(own), DIAMETER_PX)])

    def at(self, row: float, column: float, diameter: float) -> float:
        """Return the logarithm of the strength near the middle of a spot on the working grid."""
        reach = max(NEAR_SHARE * diameter / 2 / COARSENESS, NEAR_PX)
        middle = (row - self.grid[1, 2]) / COARSENESS, (column - self.grid[0, 2]) / COARSENESS
        part = tuple(slice(max(math.floor(m - reach), 0), max(math.ceil(m + reach) + 1, 0)) for m in middle)
        return max(math.log(max(float(self.strength[part].max(initial=0.0)), 1e-9)), LEAST_LOG)


def standing_out(window: HipWindow, atlas: Atlas, like: StandingOut | None = None) -> StandingOut:
    """Compare a window around its rim with what an atlas lets expect there.

    Parameters
    ----------
    window : HipWindow
    atlas : Atlas
    like : StandingOut, optional
        The same of a window that differs in its level alone, and not everywhere (`cut_again`): saves most of the time.
    """
    rim = cut_rim(window)
    if like is not None and np.array_equal(rim.level, like.unexplained.rim.level):
        return like
    found = unexplained(rim, atlas, None if like is None else like.unexplained)
    left, known = found.level, found.known
    over_noise = left / _noise(left, known)
    spot, surround = (cv2.GaussianBlur(over_noise, (0, 0), times * SPOT_SIGMA_PX) for times in (1, 2))
    strength = (spot - surround) * _roundness(np.asarray(spot, np.float32)) / _smoothness(spot - surround, known)
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    size = window.level.shape[::-1]
    there = cv2.warpAffine(known.astype(np.float32), rim.grid, size, flags=cv2.INTER_LINEAR) > 0.9
    return StandingOut(
        strength=np.asarray(np.where(inner, strength, 0.0), np.float32),
        level=np.asarray(cv2.warpAffine(left, rim.grid, size, flags=cv2.INTER_LINEAR), np.float32),
        known=np.asarray(there),
        unexplained=found,
    )


def _smoothness(above: Image, known: NDArray[np.bool_]) -> float:
    """Return by how much the noise is too small a measure of what varies at the size of spots, 1 in most pictures."""
    deviation = 1.4826 * float(np.median(np.abs(above[known]))) if known.any() else 0.0
    return max(deviation / SMOOTHED, 1.0) ** 2


def _roundness(spot: Image) -> Image:
    """Return 1 where a level curves down much alike in all directions, less where hardly in one, as along a line."""
    down, across, both = (cv2.Sobel(spot, cv2.CV_32F, *order, ksize=3) for order in ((0, 2), (2, 0), (1, 1)))
    mean, apart = -(down + across) / 2, np.hypot((down - across) / 2, both)
    least, most = np.maximum(mean - apart, 0.0), np.maximum(mean + apart, 1e-6)
    return np.asarray(np.minimum(LINE_RATIO * least / most, 1.0), np.float32)


def _noise(left: Image, known: NDArray[np.bool_]) -> Image:
    """Return the deviation from pixel to pixel around every pixel."""
    weight = known.astype(np.float32)
    grain = (left - cv2.GaussianBlur(left, (0, 0), GRAIN_SIGMA_PX)) * weight
    wide = cv2.GaussianBlur(weight, (0, 0), SURROUND_SIGMA_PX) + np.float32(1e-3)
    noise = np.sqrt(cv2.GaussianBlur(grain * grain, (0, 0), SURROUND_SIGMA_PX) / wide)
    middle = float(np.median(noise[known])) if known.any() else 0.0
    return np.asarray(np.maximum(noise, max(middle, LEAST_NOISE)), np.float32)
