"""Borders followed through the unrolled surroundings of a head."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hipcalc.anatomy.circle import PHI_DEG, RADII, UNIT_PX

__all__ = ["trace_border"]

# What a step to another radius costs from one angle to the next, and the longest step, in radii of the strip.
JUMP_COST, LONGEST_JUMP = 0.15, 2

Array = NDArray[np.float64]


def trace_border(strength: NDArray[np.float32], radii: tuple[float, float], angles_deg: tuple[float, float]) -> Array:
    """Follow the strongest smooth border across a strip by dynamic programming.

    Parameters
    ----------
    strength : ndarray of float32, shape of the strip
        Edge strength, about 1 on a clear border.
    radii, angles_deg : (float, float)
        Limits between which the border runs.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        (r in head radii, phi in degrees, strength) along the border; r is interpolated between the strip's radii.
    """
    rows = np.flatnonzero((radii[0] <= RADII) & (radii[1] >= RADII))
    columns = np.flatnonzero((angles_deg[0] <= PHI_DEG) & (angles_deg[1] >= PHI_DEG))
    gain = strength[np.ix_(rows, columns)].astype(np.float64)
    if gain.size == 0:
        return np.empty((0, 3))
    path = _best_path(gain)
    strengths = gain[path, np.arange(gain.shape[1])]
    return np.stack([RADII[rows[path]] + _between(gain, path) / UNIT_PX, PHI_DEG[columns], strengths], axis=1)


def _best_path(gain: Array) -> NDArray[np.intp]:
    """Row per column of the path of the largest sum."""
    count, steps = gain.shape
    jumps = np.arange(-LONGEST_JUMP, LONGEST_JUMP + 1)
    # What a step to each column brings, over the way there: one row of this for each jump.
    brings = gain.T[:, None, :] - JUMP_COST * jumps[:, None] ** 2
    padded = np.full(count + 2 * LONGEST_JUMP, -np.inf)
    total = padded[LONGEST_JUMP : LONGEST_JUMP + count]
    total[:] = gain[:, 0]
    # The best sums seen from every row, in the same way.
    before = sliding_window_view(padded, count)
    reached = np.empty((steps, len(jumps), count))
    for step in range(1, steps):
        np.add(before, brings[step], out=reached[step])
        np.maximum.reduce(reached[step], axis=0, out=total)
    came = reached[1:].argmax(axis=1) + np.arange(count) - LONGEST_JUMP
    path = [int(np.argmax(total))]
    for one in came[::-1].tolist():
        path.append(one[path[-1]])
    return np.array(path[::-1], np.intp)


def _between(gain: Array, path: NDArray[np.intp]) -> Array:
    """Where between its neighbours the strongest edge lies, by a parabola, at most one radius off."""
    if gain.shape[0] < 3:
        return np.zeros(len(path))
    middle, column = np.clip(path, 1, gain.shape[0] - 2), np.arange(len(path))
    below, at, above = (gain[middle + step, column] for step in (-1, 0, 1))
    bend = below - 2.0 * at + above
    peaked = (bend < 0.0) & (middle == path)
    return np.where(peaked, np.clip(0.5 * (below - above) / np.where(peaked, bend, -1.0), -1.0, 1.0), 0.0)
