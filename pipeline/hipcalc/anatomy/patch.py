"""A hip cut out of the picture and scaled to its head."""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from hipcalc.anatomy.gradients import normalised_gradient

__all__ = ["Pyramid", "gradient_patch"]

Array = NDArray[np.float32]
Mask = NDArray[np.uint8]
# A pixel of a reduced picture counts if this much of it does, of 255.
COUNTS = 242


def _halved(level: Array | Mask) -> MatLike:
    """Mean of blocks of two by two; an odd last row or column is left out: it would make this eight times slower."""
    rows, columns = (n // 2 for n in level.shape)
    return cv2.resize(level[: 2 * rows, : 2 * columns], (columns, rows), interpolation=cv2.INTER_AREA)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pyramid:
    """A picture at its own size, at half of it, at a quarter, and so on.

    Attributes
    ----------
    grey : tuple of ndarray of float32
        Bone bright.
    keep : tuple of ndarray of uint8
        255 where the picture counts, less where a part of the pixel does.

    Level n is reduced by 2 to the power of n; what is left of a picture whose size is no multiple of that is cut off
    at the bottom and at the right.
    """

    grey: tuple[Array, ...]
    keep: tuple[Mask, ...]

    @classmethod
    def of(cls, grey: Array, keep: NDArray[np.bool_]) -> Self:
        """Halve a picture, and the mask of what counts in it, down to about 64 pixels."""
        greys, masks = [grey], [np.ascontiguousarray(keep).view(np.uint8) * np.uint8(255)]
        while min(greys[-1].shape) >= 128:
            greys.append(np.asarray(_halved(greys[-1]), np.float32))
            masks.append(np.asarray(_halved(masks[-1]), np.uint8))
        return cls(grey=tuple(greys), keep=tuple(masks))

    def level_for(self, factor: float) -> int:
        """Smallest level from which a picture reduced by `factor` can still be resampled."""
        return max(0, min(len(self.grey) - 1, math.floor(math.log2(max(1.0, 1.0 / factor)))))


def _hip_patch(
    picture: Pyramid,
    centre_px: tuple[float, float],
    radius_px: float,
    unit_px: int,
    half_px: int,
    turn_deg: float,
) -> tuple[Array, Array]:
    """Cut a square around a head centre, turned upright, resampled so that the head's radius becomes `unit_px`.

    The centre lies `half_px` from top and left, and a little more from bottom and right. Beyond the picture its
    border's values go on, and the mask is 0.
    """
    level = picture.level_for(unit_px / radius_px)
    grey, keep = picture.grey[level], picture.keep[level]
    factor = unit_px / radius_px * 2**level
    cos, sin = factor * math.cos(math.radians(turn_deg)), factor * math.sin(math.radians(turn_deg))
    # A multiple of 4: the gradient's local power is taken at a quarter of the resolution.
    side = 4 * (half_px // 2 + 1)
    row, column = ((c + 0.5) / 2**level - 0.5 for c in centre_px)
    reach = (side - half_px) * (abs(cos) + abs(sin)) / factor**2
    (top, bottom), (left, right) = (
        (min(math.floor(c - reach), n - 1), max(math.ceil(c + reach) + 1, 1))
        for c, n in zip((row, column), grey.shape, strict=True)
    )
    near = np.s_[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    above, below = max(0, -top), max(0, bottom - grey.shape[0])
    before, after = max(0, -left), max(0, right - grey.shape[1])
    # Several times faster than to have the warp go on beyond the border.
    around = cv2.copyMakeBorder(grey[near], above, below, before, after, cv2.BORDER_REPLICATE)
    matrix = np.array([[x, y, half_px - x * (column - left) - y * (row - top)] for x, y in ((cos, sin), (-sin, cos))])
    patch = np.asarray(cv2.warpAffine(around, matrix, (side, side)), np.float32)
    if int(keep[near].min()) < 255:
        shown = cv2.copyMakeBorder(keep[near], above, below, before, after, cv2.BORDER_CONSTANT, value=0)
        kept = np.asarray(cv2.warpAffine(shown, matrix, (side, side))) > COUNTS
    elif any((above, below, before, after)):
        kept = _inside(keep.shape, (row, column), (cos, sin), half_px, side)
    else:
        return patch, np.ones((side, side), np.float32)
    return patch, np.asarray(cv2.erode(kept.astype(np.uint8), np.ones((3, 3), np.uint8)), np.float32)


def _inside(
    shape: tuple[int, ...], centre: tuple[float, float], axis: tuple[float, float], half_px: int, side: int
) -> NDArray[np.bool_]:
    """Which pixels of a square lie far enough inside a picture, of which nothing is excluded, to count.

    `axis` is (cos, sin) of the square's turn times its scale.
    """
    away = (np.arange(side) - half_px) / (axis[0] ** 2 + axis[1] ** 2)
    rows = centre[0] + axis[0] * away[:, None] + axis[1] * away
    columns = centre[1] - axis[1] * away[:, None] + axis[0] * away
    least = COUNTS / 255 - 1.0
    inside = [(at > least) & (at < length - 1 - least) for at, length in zip((rows, columns), shape, strict=True)]
    return inside[0] & inside[1]


def gradient_patch(
    picture: Pyramid,
    centre_px: tuple[float, float],
    radius_px: float,
    unit_px: int,
    half_head_radii: float,
    smoothing_head_radii: float,
    turn_deg: float = 0.0,
) -> tuple[Array, Array, Array, int]:
    """Cut out a hip, turned upright by `turn_deg`, and take its normalised gradient.

    Returns
    -------
    field : ndarray of float32, shape (2, n, n)
        Along rows and along columns.
    patch : ndarray of float32, shape (n, n)
        Smoothed grey levels.
    kept : ndarray of float32, shape (n, n)
    centre : int
        Row and column of the head's centre in them.
    """
    half = math.ceil(half_head_radii * unit_px)
    patch, kept = _hip_patch(picture, centre_px, radius_px, unit_px, half, turn_deg)
    smooth = np.asarray(cv2.GaussianBlur(patch, (0, 0), smoothing_head_radii * unit_px), np.float32)
    field = normalised_gradient(smooth, kept, 0.45 * unit_px)
    square = np.s_[..., : 2 * half + 1, : 2 * half + 1]
    return field[square], smooth[square], kept[square], half
