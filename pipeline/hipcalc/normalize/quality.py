"""Whether a picture can carry an answer; every threshold of that decision stands here."""

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.types import Quality
from hipcalc.radiograph import Radiograph

__all__ = ["HeadCircle", "judge_hips", "judge_quality"]

# Row, column and radius in pixels.
HeadCircle = tuple[float, float, float]

# One hip takes about 100 mm. On fewer pixels than this a focus of 2 mm is less than 7 pixels wide.
REJECT_LONGER_SIDE_PX = 350
LIMIT_LONGER_SIDE_PX = 500
REJECT_SPACING_MM = 0.6
LIMIT_SPACING_MM = 0.35
REJECT_EXCLUDED_SHARE = 0.9
LIMIT_EXCLUDED_SHARE = 0.6
LIMIT_CLIPPED_SHARE = 0.01
REJECT_GREY_LEVELS = 6
LIMIT_GREY_LEVELS = 64
# Of the grey scale's range; the contrast of a faint focus is 0.03 to 0.05.
LIMIT_NOISE = 0.04
# Mean step across the edges of 8 x 8 blocks over the mean step within them.
LIMIT_BLOCKING = 1.3
# A femoral head's radius is about 24 mm: below this a focus of 2 mm is less than 5 pixels wide.
LIMIT_HEAD_RADIUS_PX = 60.0
# Blur, as the sigma of a Gaussian over the head's radius: about 0.7 mm, in which a focus of 2 mm loses half its
# contrast.
LIMIT_BLUR_HEAD_RADII = 0.03
# The line between the heads of a pelvis, against the picture's rows: tilted, or one leg is shorter.
LIMIT_TILT_DEG = 6.0
# One head nearer to the detector than the other: the pelvis is rotated. Heads of one person differ by 2% or so.
LIMIT_RADIUS_RATIO = 1.12


def judge_quality(
    radiograph: Radiograph,
    grey: NDArray[np.float32],
    noise: NDArray[np.float32],
    excluded: NDArray[np.bool_],
    clipped: NDArray[np.bool_] | None,
) -> Quality:
    """Judge resolution, what is left of the picture, clipping, grey levels, noise and compression.

    Parameters
    ----------
    radiograph : Radiograph
    grey : ndarray of float32, shape (rows, columns)
    noise : ndarray of float32, shape (n, m)
        In blocks that together cover the picture.
    excluded : ndarray of bool, shape (rows, columns)
    clipped : ndarray of bool, shape (rows, columns), or None
        Anatomy among it that is brighter than the grey scale's end.

    Returns
    -------
    Quality
        ``rejected`` with the one decisive reason, ``limited`` with all reasons, or ``ok``.
    """
    share = cv2.countNonZero(excluded.view(np.uint8)) / excluded.size
    levels = _grey_levels(radiograph.pixels, excluded)
    fatal = next(_fatal(radiograph, share, levels), None)
    if fatal is not None:
        return Quality(level="rejected", reasons=(fatal,))
    reasons = (
        *_limits(radiograph, share, levels),
        *_clipping_limits(clipped),
        *_texture_limits(grey, noise, excluded),
    )
    return Quality(level="limited" if reasons else "ok", reasons=reasons)


def judge_hips(quality: Quality, heads: Sequence[HeadCircle], blurs_px: Sequence[float]) -> Quality:
    """Add what is known of a picture's quality once its hips are found.

    Parameters
    ----------
    quality : Quality
        From :func:`judge_quality`.
    heads : sequence of (row, column, radius)
        Circles of the femoral heads that are trusted, pixels.
    blurs_px : sequence of float
        Blur around each of them, where it is known (`motion_blur_px`).

    Returns
    -------
    Quality
        The same, or ``limited`` with the further reasons: few pixels in a head's radius, blur, a tilted or a rotated
        pelvis.
    """
    further = (*_sharpness_limits(heads, blurs_px), *_hip_limits(heads))
    if not further or quality.level == "rejected":
        return quality
    return Quality(level="limited", reasons=(*quality.reasons, *further))


def _sharpness_limits(heads: Sequence[HeadCircle], blurs_px: Sequence[float]) -> Iterator[str]:
    largest = max((radius for _, _, radius in heads), default=0.0)
    blur = max(blurs_px, default=0.0)
    if blur > LIMIT_BLUR_HEAD_RADII * largest:
        yield f"blurred or moved (edges are {blur:.1f} pixels wide)"


def _hip_limits(heads: Sequence[HeadCircle]) -> Iterator[str]:
    smallest = min((radius for _, _, radius in heads), default=math.inf)
    if smallest < LIMIT_HEAD_RADIUS_PX:
        yield f"low resolution ({smallest:.0f} pixels in the radius of a femoral head)"
    if len(heads) != 2:
        return
    (row, column, radius), (other_row, other_column, other_radius) = heads
    tilt = math.degrees(math.atan2(abs(other_row - row), abs(other_column - column)))
    if tilt > LIMIT_TILT_DEG:
        yield f"the line between the heads is tilted by {tilt:.0f} degrees"
    ratio = max(radius, other_radius) / max(min(radius, other_radius), 1e-6)
    if ratio > LIMIT_RADIUS_RATIO:
        yield f"the heads differ in size by {ratio - 1:.0%}, as in a rotated pelvis"


def _fatal(radiograph: Radiograph, excluded_share: float, levels: int) -> Iterator[str]:
    rows, columns = radiograph.shape
    if excluded_share > REJECT_EXCLUDED_SHARE:
        yield "almost the whole picture is blank or covered"
    if max(rows, columns) < REJECT_LONGER_SIDE_PX:
        yield f"the resolution is too low ({rows} x {columns} pixels)"
    if radiograph.spacing_mm is not None and radiograph.spacing_mm > REJECT_SPACING_MM:
        yield f"the resolution is too low ({radiograph.spacing_mm:.2f} mm per pixel)"
    if levels < REJECT_GREY_LEVELS:
        yield f"the picture has only {levels} grey levels"


def _limits(radiograph: Radiograph, excluded_share: float, levels: int) -> Iterator[str]:
    if excluded_share > LIMIT_EXCLUDED_SHARE:
        yield f"{excluded_share:.0%} of the picture are blank or covered"
    if radiograph.spacing_mm is None:
        if max(radiograph.shape) < LIMIT_LONGER_SIDE_PX:
            yield "few pixels, and their size is unknown"
    elif radiograph.spacing_mm > LIMIT_SPACING_MM:
        yield f"low resolution ({radiograph.spacing_mm:.2f} mm per pixel)"
    if levels < LIMIT_GREY_LEVELS:
        yield f"only {levels} grey levels"


def _clipping_limits(clipped: NDArray[np.bool_] | None) -> Iterator[str]:
    share = 0.0 if clipped is None else float(clipped.mean())
    if share >= LIMIT_CLIPPED_SHARE:
        yield f"bone is clipped to white in {share:.0%} of the picture, where nothing can be found"


def _texture_limits(
    grey: NDArray[np.float32], noise: NDArray[np.float32], excluded: NDArray[np.bool_]
) -> Iterator[str]:
    middles = (
        (np.arange(0, blocks, 2) * 2 + 1) * length // (2 * blocks)
        for blocks, length in zip(noise.shape, excluded.shape, strict=True)
    )
    included = ~excluded[np.ix_(*middles)]
    # Every other block: noise changes little from one to the next.
    if included.any() and float(np.median(noise[::2, ::2][included])) > LIMIT_NOISE:
        yield "noisy"
    if _blocking(grey) > LIMIT_BLOCKING:
        yield "visible compression blocks"


def _grey_levels(pixels: NDArray[np.float32], excluded: NDArray[np.bool_]) -> int:
    """Distinct values in the included 99% of a sample."""
    step = max(1, int(np.sqrt(pixels.size / 100_000)))
    sample = pixels[::step, ::step][~excluded[::step, ::step]]
    if not sample.size:
        return 0
    _, counts = np.unique(sample, return_counts=True)
    tail = np.cumsum(counts) / sample.size
    return int(((tail >= 0.005) & (tail <= 0.995)).sum())


def _blocking(grey: NDArray[np.float32]) -> float:
    """Ratio of steps across 8-pixel block edges to steps elsewhere, along rows (Wang, Sheikh, Bovik 2002)."""
    lines = grey[:: max(1, grey.shape[0] // 128)]
    steps = np.abs(np.diff(lines, axis=1)).mean(axis=0)
    whole = steps[: steps.size // 8 * 8].reshape(-1, 8).mean(axis=0)
    return float(whole[7] / max(float(np.delete(whole, 7).mean()), 1e-9))
