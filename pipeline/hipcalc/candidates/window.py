"""The neighbourhood of one hip, resampled: every femoral head has the same radius, and lateral is to the right."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["REGIONS", "WORKING_RADIUS_PX", "HipWindow", "cut_again", "cut_window"]

Image = NDArray[np.float32]

# 0.27 mm for a head of 48 mm: finer than the smallest focus sought, coarser than most detectors' grain.
WORKING_RADIUS_PX = 90
# The zones of the clinical page: superior and lateral of the head, and the strip of the head below the roof's end.
ZONE_PHI_DEG = (-25.0, 120.0)
ZONE_R = (1.0, 2.25)
OVERLAY_R = 0.85
OVERLAY_PHI_FROM_RIM_DEG = (-30.0, 30.0)
# Parts of the zones where false marks are differently frequent: over the roof, around the rim, and beyond it.
REGIONS = ("medial", "rim", "lateral")
RIM_PHI_FROM_RIM_DEG = (-12.0, 35.0)
RIM_R = 1.5
# Rows up and down, columns to medial and to lateral, in head radii: the zones with room for a focus's surround.
REACH = (2.55, 1.4, 1.25, 2.55)
FEWEST_CLIPPED = 20
# A side of the coarsest picture from which what is excluded is filled.
COARSEST_PX = 2
# Added to the grey levels before the logarithm: dark air must not outweigh tissue.
LOG_OFFSET = 0.15


@dataclass(frozen=True, kw_only=True, eq=False)
class HipWindow:
    """One hip on the working grid.

    Attributes
    ----------
    level : ndarray of float32, shape (rows, columns)
        Logarithm of the grey scale: equal steps are equal shares of attenuation, in dark and in bright parts alike.
        Not below its surround where the picture is excluded.
    included, zone : ndarray of bool, shape (rows, columns)
        Pixels that count at all, and those where a focus may be centred.
    region : ndarray of uint8, shape (rows, columns)
        Which of `REGIONS` a pixel belongs to.
    region_shares : tuple of float
        Share of each region's part of the zones that lies in the picture and counts.
    r, phi_deg : ndarray of float32, shape (rows, columns)
        Hip coordinates of every working pixel.
    step_px : float
        Image pixels per working pixel.
    hip : HipFrame
    """

    level: Image
    included: NDArray[np.bool_]
    zone: NDArray[np.bool_]
    region: NDArray[np.uint8]
    region_shares: tuple[float, ...]
    r: Image
    phi_deg: Image
    step_px: float
    hip: HipFrame

    def to_image(self, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (row, column) in the file's pixel grid, shape (n, 2), of points on the working grid."""
        return np.stack(
            [
                self.hip.head_row_px + (rows - REACH[0] * WORKING_RADIUS_PX) * self.step_px,
                self.hip.head_column_px
                + (columns - REACH[2] * WORKING_RADIUS_PX) * self.step_px * self.hip.lateral_sign,
            ],
            axis=-1,
        )

    @property
    def head_centre(self) -> tuple[float, float]:
        """Row and column of the head's centre on the working grid."""
        return REACH[0] * WORKING_RADIUS_PX, REACH[2] * WORKING_RADIUS_PX

    @cached_property
    def brightest(self) -> float:
        """The brightest level, where so many pixels hold it that they look clipped; else infinity."""
        highest = float(self.level.max())
        return highest if int((self.level >= highest - 1e-4).sum()) >= FEWEST_CLIPPED else math.inf

    def pixel_at(self, row_px: float, column_px: float) -> tuple[int, int]:
        """Return the working pixel nearest to a point of the file's pixel grid, inside of the window."""
        row = (row_px - self.hip.head_row_px) / self.step_px + REACH[0] * WORKING_RADIUS_PX
        column = (column_px - self.hip.head_column_px) / self.step_px * self.hip.lateral_sign
        column += REACH[2] * WORKING_RADIUS_PX
        rows, columns = self.level.shape
        return min(max(round(row), 0), rows - 1), min(max(round(column), 0), columns - 1)


def cut_window(normalized: NormalizedRadiograph, hip: HipFrame) -> HipWindow:
    """Resample a hip's neighbourhood; what lies outside of the image is excluded."""
    source, grid, shape = _sampling(normalized, hip)
    included = _sampled(np.asarray(normalized.excluded[source], np.float32), grid, shape, border=1.0) < 0.01
    r, phi = _polar(hip, shape)
    whole, region = _zone(hip, r, phi), _region(hip, r, phi)
    zone = whole & included
    return HipWindow(
        level=_level(normalized, hip, included),
        included=included,
        zone=zone,
        region=region,
        region_shares=_shares(region, whole, zone),
        r=r,
        phi_deg=phi,
        step_px=hip.head_radius_px / WORKING_RADIUS_PX,
        hip=hip,
    )


def cut_again(window: HipWindow, normalized: NormalizedRadiograph) -> HipWindow:
    """Return the window of the same hip in a picture that differs from the first in its grey levels alone."""
    return replace(window, level=_level(normalized, window.hip, window.included))


def _level(normalized: NormalizedRadiograph, hip: HipFrame, included: NDArray[np.bool_]) -> Image:
    source, grid, shape = _sampling(normalized, hip)
    step = hip.head_radius_px / WORKING_RADIUS_PX
    level = _sampled(_smoothed(_log_level(normalized.grey[source]), step), grid, shape)
    excluded = normalized.excluded[source]
    if excluded.any():
        # Between the strokes of dark print, tissue would be a spot.
        hidden = _sampled(np.asarray(excluded, np.float32), grid, shape) >= 0.01
        np.maximum(level, _continued(level, included), out=level, where=hidden)
    return level


def _sampling(
    normalized: NormalizedRadiograph, hip: HipFrame
) -> tuple[tuple[slice, slice], NDArray[np.float64], tuple[int, int]]:
    """Return the part of the image to sample, from columns and rows of the working grid to that, and their number."""
    up, down, medial, lateral = (reach * WORKING_RADIUS_PX for reach in REACH)
    step = hip.head_radius_px / WORKING_RADIUS_PX
    across = step * hip.lateral_sign
    source = _source_window(normalized, hip)
    grid = np.array(
        [
            [across, 0.0, hip.head_column_px - medial * across - source[1].start],
            [0.0, step, hip.head_row_px - up * step - source[0].start],
        ]
    )
    return source, grid, (round(up + down) + 1, round(medial + lateral) + 1)


def _source_window(normalized: NormalizedRadiograph, hip: HipFrame) -> tuple[slice, slice]:
    """Return the part of the image that the working grid covers, with room for the blur."""
    up, down, medial, lateral = ((reach + 0.2) * hip.head_radius_px for reach in REACH)
    left, right = (medial, lateral) if hip.lateral_sign > 0 else (lateral, medial)

    def part(centre: float, before: float, after: float, length: int) -> slice:
        start = int(np.clip(math.floor(centre - before), 0, length - 1))
        return slice(start, int(np.clip(math.ceil(centre + after) + 1, start + 1, length)))

    rows, columns = normalized.shape
    return part(hip.head_row_px, up, down, rows), part(hip.head_column_px, left, right, columns)


def _log_level(grey: Image) -> Image:
    level = np.maximum(grey, np.float32(0.0))
    level += np.float32(LOG_OFFSET)
    return np.log(level, out=level)


def _smoothed(image: Image, step: float) -> Image:
    """Blur before coarser sampling, so that fine grain does not fold into the working grid."""
    if step <= 1.0:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.5 * math.sqrt(step**2 - 1.0) + 0.01), np.float32)


def _sampled(image: Image, grid: NDArray[np.float64], shape: tuple[int, int], border: float | None = None) -> Image:
    mode = cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT
    return np.asarray(
        cv2.warpAffine(
            image,
            grid,
            shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=mode,
            borderValue=border or 0.0,
        ),
        np.float32,
    )


def _continued(level: Image, included: NDArray[np.bool_]) -> Image:
    """Return the included pixels' level, and elsewhere how it goes on there: from ever wider surrounds."""

    def filled(total: Image, weight: Image) -> Image:
        if min(weight.shape) <= COARSEST_PX or weight.min() >= 1.0:
            return np.asarray(total / np.maximum(weight, np.float32(1e-6)), np.float32)
        wider = filled(*(np.asarray(cv2.pyrDown(one), np.float32) for one in (total, weight)))
        # The mean of what is seen, times the share that is seen, is its sum.
        unseen = np.asarray(cv2.pyrUp(wider, dstsize=weight.shape[::-1]), np.float32)
        return total + unseen * (np.float32(1.0) - weight)

    seen = included.astype(np.float32)
    return filled(level * seen, seen)


def _polar(hip: HipFrame, shape: tuple[int, int]) -> tuple[Image, Image]:
    r, upright = _upright_polar(shape)
    # Clockwise as displayed is towards lateral only where lateral is to the right.
    turn = np.float32(hip.cranial_deg * hip.lateral_sign)
    return r, upright if turn == 0 else (upright - turn + 180.0) % np.float32(360.0) - np.float32(180.0)


@lru_cache(maxsize=1)
def _upright_polar(shape: tuple[int, int]) -> tuple[Image, Image]:
    row, column = np.ogrid[: shape[0], : shape[1]]
    cranial = (REACH[0] * WORKING_RADIUS_PX - row) / WORKING_RADIUS_PX
    lateral = (column - REACH[2] * WORKING_RADIUS_PX) / WORKING_RADIUS_PX
    r, phi = np.hypot(cranial, lateral).astype(np.float32), np.degrees(np.arctan2(lateral, cranial)).astype(np.float32)
    for shared in (r, phi):
        shared.flags.writeable = False
    return r, phi


def _zone(hip: HipFrame, r: Image, phi: Image) -> NDArray[np.bool_]:
    from_rim = phi - hip.rim_phi_deg
    outside_head = (r >= ZONE_R[0]) & (r <= ZONE_R[1]) & (phi >= ZONE_PHI_DEG[0]) & (phi <= ZONE_PHI_DEG[1])
    low, high = OVERLAY_PHI_FROM_RIM_DEG
    over_head = (r >= OVERLAY_R) & (r < ZONE_R[0]) & (from_rim >= low) & (from_rim <= high)
    return np.asarray(outside_head | over_head, np.bool_)


def _region(hip: HipFrame, r: Image, phi: Image) -> NDArray[np.uint8]:
    from_rim = phi - hip.rim_phi_deg
    low, high = RIM_PHI_FROM_RIM_DEG
    region = np.full(r.shape, REGIONS.index("lateral"), np.uint8)
    region[(from_rim >= low) & (from_rim <= high) & (r < RIM_R)] = REGIONS.index("rim")
    region[from_rim < low] = REGIONS.index("medial")
    return region


def _shares(region: NDArray[np.uint8], whole: NDArray[np.bool_], zone: NDArray[np.bool_]) -> tuple[float, ...]:
    def share(number: int) -> float:
        there = whole & (region == number)
        return int(np.count_nonzero(there & zone)) / max(int(np.count_nonzero(there)), 1)

    return tuple(share(number) for number in range(len(REGIONS)))
