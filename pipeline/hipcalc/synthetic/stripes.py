"""Sheets and ridges seen edge-on: thickness along the ray around a path in the picture's plane."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Way", "legs_of", "stripe"]

Image = NDArray[np.float32]
# (lateral, cranial, half width, thickness) at each point of a path, in hip millimetres.
Way = tuple[tuple[float, float, float, float], ...]


def legs_of(lateral: Image, cranial: Image, way: Way) -> Iterator[tuple[Image, Image, Image]]:
    """Yield, for each leg of a path, the squared distance to it, and width and thickness at its nearest point."""
    for (l0, c0, w0, t0), (l1, c1, w1, t1) in pairwise(way):
        dl, dc = l1 - l0, c1 - c0
        along = ((lateral - l0) * dl + (cranial - c0) * dc) / (dl**2 + dc**2)
        t = np.asarray(np.clip(along, 0.0, 1.0), np.float32)
        squared = (lateral - l0 - t * dl) ** 2 + (cranial - c0 - t * dc) ** 2
        yield squared, w0 + t * (w1 - w0), t0 + t * (t1 - t0)


def stripe(lateral: Image, cranial: Image, way: Way) -> Image:
    """Return the thickness of a sheet seen edge-on along a path, fading at its ends and to its sides."""
    thickness = np.zeros_like(lateral)
    for squared, width, depth in legs_of(lateral, cranial, way):
        np.maximum(thickness, depth * np.exp(-squared / (2.0 * width**2)), out=thickness)
    return thickness
