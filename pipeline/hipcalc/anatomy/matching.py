"""How well a part of the hip's drawing fits a picture's gradients at every place."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.shape import DIRECTIONS, PartKernel

__all__ = ["LEAST_VISIBLE", "counting_share", "direction_channels", "part_map", "worth_within"]

# A part counts fully from 0.8 of it inside the picture, not at all below 0.3.
LEAST_VISIBLE, VISIBLE_RANGE = 0.3, 0.5
# Components are whole numbers of 1/200: they add up twice as fast, and 115 of the largest (1.42) fit into 16 bits;
# no border has half as many points.
LEVELS = 200

Array = NDArray[np.float32]
Channels = NDArray[np.int16]


def direction_channels(field: Array) -> Channels:
    """Component of a gradient field along each direction, times `LEVELS`.

    Parameters
    ----------
    field : ndarray of float32, shape (2, rows, columns)
        Along rows and along columns.

    Returns
    -------
    ndarray of int16, shape (DIRECTIONS, rows, columns)
    """
    down, right = field
    channels = np.empty((DIRECTIONS, *down.shape), np.int16)
    for channel, angle in zip(channels, np.pi / DIRECTIONS * np.arange(DIRECTIONS), strict=True):
        cv2.addWeighted(down, LEVELS * np.sin(angle), right, LEVELS * np.cos(angle), 0.0, channel, cv2.CV_16S)
    return channels


def _response(channels: Channels, kernel: PartKernel, origin: tuple[int, int], shape: tuple[int, int]) -> Array:
    """Weighted sum of the components at a part's points.

    Rows are added as one run, over what lies between the rectangle's right and its left: that is several times faster
    than row by row.
    """
    width = channels.shape[2]
    flat = channels.ravel()
    plane, start = flat.size // DIRECTIONS, origin[0] * width + origin[1]
    length = (shape[0] - 1) * width + shape[1]
    border = np.empty(shape[0] * width, np.int16)
    total = np.zeros(shape, np.float32)
    for weight, points in zip(kernel.weights, kernel.points, strict=True):
        border[:] = 0
        run = border[:length]
        for row, column, direction, against in points:
            first = direction * plane + row * width + column + start
            (np.subtract if against else np.add)(run, flat[first : first + length], run)
        total += border.reshape(shape[0], width)[:, : shape[1]] * np.float32(weight / LEVELS)
    return total


def _visible_share(counted: Array, kernel: PartKernel, origin: tuple[int, int], shape: tuple[int, int]) -> Array:
    """Share of a part's bounding box that counts, by the integral image of what does."""
    top, left, bottom, right = kernel.bounds
    upper, lower = (np.s_[origin[0] + row : origin[0] + row + shape[0]] for row in (top, bottom))
    before, after = (np.s_[origin[1] + column : origin[1] + column + shape[1]] for column in (left, right))
    inside = counted[lower, after] - counted[upper, after]
    inside -= counted[lower, before]
    inside += counted[upper, before]
    inside *= np.float32(1.0 / ((bottom - top) * (right - left)))
    return inside


def counting_share(visible: Array) -> Array:
    """How much parts count of which a share is visible, 0 to 1."""
    share = visible * np.float32(1.0 / VISIBLE_RANGE)
    share -= np.float32(LEAST_VISIBLE / VISIBLE_RANGE)
    return np.clip(share, np.float32(0.0), np.float32(1.0), out=share)


def worth_within(response: Array, usual: Array, lowest: Array, highest: Array) -> None:
    """Turn what responses are worth into scores, in place: beyond the background's, within limits (`PartKernel`)."""
    response -= usual
    np.clip(response, lowest, highest, out=response)


def part_map(
    channels: Channels, counted: Array, kernel: PartKernel, origin: tuple[int, int], shape: tuple[int, int]
) -> tuple[Array, Array]:
    """Score a part for head centres on a rectangle of pixels.

    Parameters
    ----------
    channels : ndarray of int16, shape (DIRECTIONS, rows, columns)
    counted : ndarray of float32, shape (rows + 1, margin + columns + 1)
        Integral image of where the picture counts; it has the margin at the left, too.
    kernel : PartKernel
    origin : (int, int)
        First row and column of the rectangle.
    shape : (int, int)
        Its rows and columns; the kernel must stay inside the channels' rows around each of them, and beyond a row's
        end the next one's beginning counts: one margin of zeros between them serves both sides.

    Returns
    -------
    score : ndarray of float32, shape `shape`
        0 where the part is out of the picture.
    share : ndarray of float32, shape `shape`
        0 to 1: how much the part counts there.
    """
    margin = counted.shape[1] - 1 - channels.shape[2]
    visible = _visible_share(counted, kernel, (origin[0], origin[1] + margin), shape)
    share = counting_share(visible)
    score = _response(channels, kernel, origin, shape)
    score /= np.clip(visible, np.float32(LEAST_VISIBLE), np.float32(1.0), out=visible)
    if kernel.disk is not None:
        score = np.asarray(cv2.dilate(score, kernel.disk), np.float32)
    worth_within(score, *(np.asarray(value, np.float32) for value in (kernel.usual, kernel.lowest, kernel.highest)))
    score *= share
    return score, share
