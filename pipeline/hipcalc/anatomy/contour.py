"""The femoral head's circle, settled on the contour that is really visible."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.circle import CONTOUR_PHI_DEG, CONTOUR_WEIGHT, ROOM, HeadCircle, HeadPatch, PolarStrip, moved
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.tracing import trace_border

__all__ = ["settle_circle"]

# Where the contour is followed, in head radii and degrees: the lower medial end lies in the shadow of the ischium.
REACH, ANGLES_DEG = (0.88, 1.12), (-125.0, 65.0)
TRACES = 2
# Edges weaker than this are texture.
FAINT = 0.1
# Points farther from the circle than 2.5 times this belong to something else (Tukey's biweight); in head radii.
SCATTER_HEAD_RADII = 0.03
# What holds the circle where too little of its contour shows: as much as one degree-step of full strength.
ANCHOR = 1.0
ROUNDS = 12

Array = NDArray[np.float64]


def settle_circle(
    picture: Pyramid, circle: HeadCircle, lateral_sign: int, turn_deg: float
) -> tuple[HeadCircle, PolarStrip]:
    """Follow the contour around a circle, and fit the circle to it by iterated weighted least squares, twice over.

    The weights are those of Tukey's biweight (Beaton and Tukey, Technometrics 16, 1974) times the edge's strength.

    Returns
    -------
    circle : HeadCircle
    strip : PolarStrip
        Around it.
    """
    patch = HeadPatch.around(picture, circle, ROOM, lateral_sign, turn_deg)
    for _ in range(TRACES):
        contour = trace_border(-patch.outward(circle), REACH, ANGLES_DEG)
        up, lateral, radius, visible = _robust_circle(contour)
        circle = replace(moved(circle, -up, lateral, radius, lateral_sign, turn_deg), visible=visible)
    return circle, patch.strip(circle)


def _robust_circle(contour: Array) -> tuple[float, float, float, float]:
    """(up, lateral, radius) of the circle in head radii, and the share of the contour that lies along it."""
    radius, phi, strength = contour[:, 0], np.radians(contour[:, 1]), contour[:, 2]
    usual = np.interp(contour[:, 1], CONTOUR_PHI_DEG, CONTOUR_WEIGHT)
    weight = usual * np.clip(strength - FAINT, 0.0, 1.0)
    design = np.stack([np.cos(phi), np.sin(phi), np.ones_like(phi)], axis=1)
    fitted = np.array([0.0, 0.0, 1.0])
    near = np.ones_like(radius)
    for _ in range(ROUNDS):
        off = (radius - design @ fitted) / (2.5 * SCATTER_HEAD_RADII)
        near = np.clip(1.0 - off**2, 0.0, None) ** 2
        weighted = design * (weight * near)[:, None]
        fitted = np.linalg.solve(design.T @ weighted + ANCHOR * np.eye(3), weighted.T @ (radius - 1.0))
        fitted[2] += 1.0
    seen = (near > 0.5) & (strength > FAINT)
    return float(fitted[0]), float(fitted[1]), float(fitted[2]), float(usual @ seen / usual.sum())
