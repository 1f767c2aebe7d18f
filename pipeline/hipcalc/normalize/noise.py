"""The picture -> standard deviation of its pixel noise, place by place."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["noise_at", "noise_blocks"]

Grey = NDArray[np.float32]

# Response to planar and linear structure is zero, to white noise of unit deviation 6 (Immerkaer 1996).
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
KERNEL_GAIN = 6.0
BLOCK_PX = 8
# Every n-th row of blocks is looked at where there are still so many blocks: place changes noise slowly.
ENOUGH_BLOCKS = 30_000
# Rows of pixels of a block from which its grey level is taken.
LEVEL_ROWS = 2
# Blocks that are enough for the noise of the grey levels.
BLOCK_SAMPLE = 12_000
# Of the blocks of one grey level the quieter ones show noise, the others structure as well. The lower quartile of
# 8 x 8 block means of white noise lies this far below their mean (simulated).
QUANTILE = 0.25
QUANTILE_BIAS = 0.91
LEVELS = 24
STEP_SAMPLE = 100_000
MIN_BLOCKS = 20
# How far a place may depart from its grey level's noise, and over how many blocks that is averaged.
LOCAL_FACTOR = 1.6
LOCAL_SIGMA_BLOCKS = 6.0


def noise_blocks(grey: Grey, excluded: NDArray[np.bool_]) -> Grey:
    """Estimate the noise of blocks from the picture itself, as a function of grey level and then of place.

    No law is assumed between grey level and noise: display processing breaks the square-root law of counting. The
    mean absolute response to a second-difference kernel (Immerkaer, Comput Vis Image Underst 1996;64:300) is taken in
    blocks; the lower quartile of each grey level's blocks gives the level's noise, and each place may depart from it by
    a smoothed, bounded factor. The floor is the rounding error of the picture's own grey step.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
    excluded : ndarray of bool, shape (rows, columns)

    Returns
    -------
    ndarray of float32, shape (rows // 8, columns // 8), each at least 1
        Standard deviation in the units of `grey`, one for each block of about 8 by 8 pixels (see `noise_at`), positive
        everywhere. Noise that is correlated over several pixels (a picture that was enlarged or smoothed) is
        underestimated: white noise blurred with a Gaussian of 0.5, 0.7 and 1 pixels is read as 0.65, 0.27 and 0.08 of
        its deviation.
    """
    rows, columns = grey.shape
    size = (max(1, columns // BLOCK_PX), max(1, rows // BLOCK_PX))
    # Whole blocks only: OpenCV averages these several times faster than fractions of pixels.
    whole = grey[: size[1] * BLOCK_PX, : size[0] * BLOCK_PX]
    level = _means(whole[BLOCK_PX // LEVEL_ROWS // 2 :: BLOCK_PX // LEVEL_ROWS], size)
    every = max(1, size[0] * size[1] // ENOUGH_BLOCKS)
    looked_at = slice(every // 2, None, every)
    sigma = _responses(grey, size, looked_at) * np.float32(np.sqrt(np.pi / 2) / KERNEL_GAIN)
    valid = ~excluded[BLOCK_PX // 2 :: BLOCK_PX, BLOCK_PX // 2 :: BLOCK_PX][: size[1], : size[0]]
    floor = np.float32(max(_grey_step(grey) / np.sqrt(12.0), 1e-6))
    curve = _noise_of_level(sigma, level[looked_at], valid[looked_at])
    expected: Grey = np.maximum(np.interp(level, *curve).astype(np.float32), floor)
    factor = _local_factor(sigma / expected[looked_at], valid[looked_at], every)
    return np.asarray(expected * cv2.resize(factor, size, interpolation=cv2.INTER_LINEAR), np.float32)


def noise_at(
    blocks: Grey, shape: tuple[int, int], rows: NDArray[np.integer[Any]], columns: NDArray[np.integer[Any]]
) -> Grey:
    """Return the noise of some pixels, between the middles of the blocks linearly, as enlarging all of them has it.

    Parameters
    ----------
    blocks : ndarray of float32, shape (n, m)
        Standard deviation of the noise in blocks that together cover the picture.
    shape : (int, int)
        Rows and columns of the picture.
    rows, columns : ndarray of int, shape (k,)
        Pixels.

    Returns
    -------
    ndarray of float32, shape (k,)
    """
    upper, down = _between(rows, blocks.shape[0], shape[0])
    left, right = _between(columns, blocks.shape[1], shape[1])
    lower, beside = np.minimum(upper + 1, blocks.shape[0] - 1), np.minimum(left + 1, blocks.shape[1] - 1)
    above = blocks[upper, left] * (1 - right) + blocks[upper, beside] * right
    below = blocks[lower, left] * (1 - right) + blocks[lower, beside] * right
    return np.asarray(above * (1 - down) + below * down, np.float32)


def _between(
    pixels: NDArray[np.integer[Any]], blocks: int, length: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the blocks before pixels along one axis, and the shares of the way to the next ones."""
    place = np.clip((pixels + 0.5) * (blocks / length) - 0.5, 0, blocks - 1)
    before = place.astype(np.intp)
    return before, (place - before).astype(np.float32)


def _responses(grey: Grey, size: tuple[int, int], looked_at: slice) -> Grey:
    """Return the mean absolute second difference of the blocks in some rows of blocks."""
    columns, tops = size[0] * BLOCK_PX, range(size[1])[looked_at]
    means = np.empty((len(tops), size[0]), np.float32)
    for number, top in enumerate(tops):
        # One row of pixels more on either side, where there is one, so that the parts do not show.
        first, last = max(top * BLOCK_PX - 1, 0), min((top + 1) * BLOCK_PX + 1, len(grey))
        response = cv2.filter2D(grey[first:last], cv2.CV_32F, KERNEL, borderType=cv2.BORDER_REFLECT_101)
        inner = np.asarray(response[top * BLOCK_PX - first :][:BLOCK_PX, :columns], np.float32)
        means[number] = _means(np.abs(inner, out=inner), (size[0], 1))[0]
    return means


def _means(values: Grey, size: tuple[int, int]) -> Grey:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _noise_of_level(sigma: Grey, level: Grey, valid: NDArray[np.bool_]) -> tuple[list[float], NDArray[np.float64]]:
    """Noise as a function of grey level: middles of equally filled bins, and their lower quartiles, smoothed."""
    usable = valid if int(valid.sum()) >= MIN_BLOCKS else np.ones_like(valid)
    levels, sigmas = level[usable], sigma[usable]
    step = max(1, levels.size // BLOCK_SAMPLE)
    levels, sigmas = levels[::step], sigmas[::step]
    order = np.argsort(levels, kind="stable")
    bins = max(1, min(LEVELS, levels.size // MIN_BLOCKS))
    centres = [float(np.median(part)) for part in np.array_split(levels[order], bins)]
    quartiles = [_quantile(part) for part in np.array_split(sigmas[order], bins)]
    smooth = np.convolve(np.pad(quartiles, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid") / QUANTILE_BIAS
    return centres, smooth


def _quantile(values: Grey) -> float:
    """Return what `numpy.quantile` does, which takes ten times as long for so few values."""
    ordered = np.sort(values)
    place = QUANTILE * (ordered.size - 1)
    below = int(place)
    low, high, step = ordered[below], ordered[min(below + 1, ordered.size - 1)], place - below
    gap = high - low
    return float(low + gap * np.float32(step) if step < 0.5 else high - gap * np.float32(1 - step))


def _local_factor(ratio: Grey, valid: NDArray[np.bool_], every: int) -> Grey:
    """Smooth, bounded departure from the level's noise; 1 where there is nothing to judge by.

    Each row of blocks stands for `every` of them.
    """
    bound = float(np.log(LOCAL_FACTOR))
    departure = np.clip(np.log(np.maximum(ratio, np.float32(1e-3))), -bound, bound) * valid
    across, down = LOCAL_SIGMA_BLOCKS, LOCAL_SIGMA_BLOCKS / every
    weight = cv2.GaussianBlur(valid.astype(np.float32), (0, 0), sigmaX=across, sigmaY=down)
    smooth = cv2.GaussianBlur(departure.astype(np.float32), (0, 0), sigmaX=across, sigmaY=down)
    return np.asarray(np.exp(smooth / np.maximum(weight, np.float32(0.1))), dtype=np.float32)


def _grey_step(grey: Grey) -> float:
    """Smallest step between two grey values of the picture: one unit of an integer file."""
    stride = max(1, int(np.sqrt(grey.size / STEP_SAMPLE)))
    values = np.unique(grey[::stride, ::stride])
    # Rounding of float32 makes no step.
    steps = np.diff(values)
    steps = steps[steps > 1e-5]
    return float(steps.min()) if steps.size else 0.0
