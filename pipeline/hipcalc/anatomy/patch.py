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
    row, column = ((c + 0.5) / 2**level - 0.5 for c in centre_px)
    factor = unit_px / radius_px * 2**level
    cos, sin = factor * math.cos(math.radians(turn_deg)), factor * math.sin(math.radians(turn_deg))
    across, down = (cos, sin), (-sin, cos)
    matrix = np.array(
        [
            [*across, half_px - across[0] * column - across[1] * row],
            [*down, half_px - down[0] * column - down[1] * row],
        ]
    )
    # A multiple of 4: the gradient's local power is taken at a quarter of the resolution.
    size = (4 * (half_px // 2 + 1), 4 * (half_px // 2 + 1))
    patch = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if _counts_whole(keep, matrix, size[0]):
        return np.asarray(patch, np.float32), np.ones(size, np.float32)
    kept = cv2.warpAffine(keep, matrix, size, flags=cv2.INTER_LINEAR, borderValue=0)
    kept = cv2.erode((kept > COUNTS).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(patch, np.float32), kept.astype(np.float32)


def _counts_whole(keep: Mask, matrix: NDArray[np.float64], side: int) -> bool:
    """Whether all of the picture that a square shows counts: then its mask needs no resampling."""
    corners = np.array([(0, 0, side - 1, side - 1), (0, side - 1, 0, side - 1)])
    columns, rows = np.linalg.solve(matrix[:, :2], corners - matrix[:, 2:])
    top, left = math.floor(rows.min()), math.floor(columns.min())
    bottom, right = math.ceil(rows.max()) + 1, math.ceil(columns.max()) + 1
    inside = top >= 0 and left >= 0 and bottom <= keep.shape[0] and right <= keep.shape[1]
    return inside and int(keep[top:bottom, left:right].min()) == 255


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
