"""Sacrum, coccyx and the last lumbar vertebrae, in axes whose lateral origin is the midline."""

import numpy as np

from hipcalc.synthetic.shapes import Field, Points, carve, ellipsoid, intersect, smooth_union, tube

__all__ = ["spine"]


def _sacral_body(points: Points) -> Field:
    upright = np.clip((points.cranial + 5.0) / 105.0, 0.0, 1.0)
    # Broad wings above the sciatic notch, narrow below it.
    half_width = 10.0 + 16.0 * upright + 26.0 / (1.0 + np.exp((52.0 - points.cranial) / 6.0))
    depth = -38.0 - 96.0 * upright * (1 - upright) - 8.0 * (1 - upright)
    sideways = np.abs(points.lateral) - half_width
    # The wings fall back and get thinner to the side, so that their edges fade.
    front_back = np.abs(points.anterior - depth + 0.25 * np.abs(points.lateral)) - (5.0 + 9.0 * upright)
    slab = intersect(np.asarray(sideways, np.float32), np.asarray(front_back, np.float32), 12.0)
    slope = points.cranial + 0.0035 * points.lateral**2 + 0.35 * (points.anterior + 38.0)
    length = np.maximum(slope - 102.0, 6.0 - points.cranial)
    return intersect(slab, np.asarray(length, np.float32), 8.0)


def spine(points: Points) -> tuple[Field, Field]:
    """Return the distance field of sacrum, coccyx, L5 and L4, and the thickness of their cortex, in millimetres."""
    whole = _sacral_body(points)
    for level, apart in ((84.0, 17.0), (65.0, 16.0), (48.0, 14.0), (33.0, 12.0)):
        for sign in (-1, 1):
            hole = tube(points, [(sign * apart, level, -30.0), (sign * (apart + 8), level + 9, -75.0)], [7.0, 2.0])
            whole = carve(whole, hole, 9.0)
    for level, depth, width in ((0.0, -54.0, 8.0), (-9.0, -50.0, 6.0), (-17.0, -44.0, 4.5)):
        whole = smooth_union(whole, ellipsoid(points, (0.0, level, depth), (width, 5.0, 5.0)), 1.5)
    for level, depth in ((122.0, -36.0), (156.0, -34.0)):
        whole = smooth_union(whole, _vertebra(points, level, depth), 1.5)
    return whole, np.full(whole.shape, 0.55, np.float32)


def _vertebra(points: Points, level: float, depth: float) -> Field:
    waist = 24.0 - 2.0 * np.cos(np.clip((points.cranial - level) / 14.0, -1.0, 1.0) * 1.57)
    around = np.hypot(points.lateral, (points.anterior - depth) * 1.3) - waist
    body = intersect(np.asarray(around, np.float32), np.asarray(np.abs(points.cranial - level) - 14.0, np.float32), 4.0)
    wings = tube(
        points, [(-42, level + 2, depth - 28), (0, level - 4, depth - 32), (42, level + 2, depth - 28)], [4.0, 7.0, 4.0]
    )
    process = ellipsoid(points, (0.0, level - 10.0, depth - 50.0), (4.0, 11.0, 9.0))
    return smooth_union(smooth_union(body, wings, 4.0), process, 4.0)
