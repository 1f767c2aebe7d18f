"""Band-limited noise: trabeculae that follow the lines of load, and the mottle of soft tissue."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import HipAnatomy

__all__ = ["TILE_STEP_MM", "draped", "load_density", "noise_tile", "trabeculae"]

Image = NDArray[np.float32]
# A tile repeats after 102 mm, more than one bone's width.
TILE_SIZE = 512
TILE_STEP_MM = 0.2


def noise_tile(rng: np.random.Generator, *, slope: float, low: float, high: float, stretch: float = 1.0) -> Image:
    """Return a periodic tile of noise with zero mean and unit deviation.

    Parameters
    ----------
    rng : numpy.random.Generator
    slope : float
        Power falls with spatial frequency to this power.
    low, high : float
        Band in cycles per millimetre; power is flat below `low` and vanishes smoothly above `high`.
    stretch : float
        How many times longer than wide the grains are, along the columns' direction (second axis).
    """
    frequency = np.fft.fftfreq(TILE_SIZE, TILE_STEP_MM)
    across, along = np.meshgrid(frequency, frequency, indexing="ij")
    radial = np.hypot(across, along * stretch)
    amplitude = np.maximum(radial, low) ** (-slope / 2) * np.exp(-((radial / high) ** 2))
    amplitude[0, 0] = 0.0
    white = np.fft.fft2(rng.standard_normal((TILE_SIZE, TILE_SIZE)))
    tile = np.real(np.fft.ifft2(white * amplitude))
    return np.asarray(tile / tile.std(), np.float32)


def draped(tile: Image, along_mm: Image, across_mm: Image) -> Image:
    """Lay a tile over curved coordinates: its grains run along lines of constant `across_mm`."""
    scale = np.float32(1.0 / TILE_STEP_MM)
    wrapped = cv2.remap(tile, along_mm * scale, across_mm * scale, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(wrapped, np.float32)


def _about(lateral: Image, cranial: Image, centre: tuple[float, float], turns: int) -> tuple[Image, Image]:
    """Return distance to a point, and arc length about it on the circle that `turns` tiles fill without a seam."""
    distance, angle = cv2.cartToPolar(lateral - np.float32(centre[0]), cranial - np.float32(centre[1]))
    unit = np.float32(turns * TILE_SIZE * TILE_STEP_MM / (2.0 * np.pi))
    return np.asarray(distance, np.float32), np.asarray(angle * unit, np.float32)


def trabeculae(lateral: Image, cranial: Image, *, rng: np.random.Generator) -> tuple[Image, Image]:
    """Return the trabecular texture of the femur and of the hip bone, zero mean, about unit deviation.

    The femur has the principal compressive group, a fan from the calcar to the top of the head, and the principal
    tensile group, arches from the lateral cortex through the neck (the groups of M. Singh, J Bone Joint Surg Am 52
    (1970) 457). Above the socket the trabeculae radiate from the roof and cross arcs parallel to it.

    Parameters
    ----------
    lateral, cranial : ndarray of float32, shape (rows, columns)
        Hip coordinates of the pixels in millimetres.
    rng : numpy.random.Generator
    """
    struts, cross = (noise_tile(rng, slope=0.8, low=0.9, high=3.6, stretch=s) for s in (10.0, 8.0))
    fine = noise_tile(rng, slope=0.7, low=0.9, high=4.5)
    isotropic = draped(fine, lateral, cranial)
    far, angle = _about(lateral, cranial, (34.0, -75.0), 4)
    compressive = draped(struts, far, angle)
    far, angle = _about(lateral, cranial, (14.0, -80.0), 4)
    tensile = draped(cross, angle, far)
    femur = 0.85 * compressive + 0.38 * tensile + 0.45 * isotropic
    far, angle = _about(lateral, cranial, (-4.0, -12.0), 3)
    radiating, arcs = draped(struts, far, angle), draped(cross, angle, far)
    hip = 0.75 * radiating + 0.38 * arcs + 0.5 * isotropic
    return np.asarray(femur, np.float32), np.asarray(hip, np.float32)


def load_density(lateral: Image, cranial: Image, anatomy: HipAnatomy) -> tuple[Image, Image]:
    """Return how dense the cancellous bone of femur and hip bone is, against its mean, where the load goes.

    Dense: a fan from the head's top to the calcar, and the bone above the sourcil. Sparse: the triangle of F. O. Ward
    (Outlines of human osteology, 1838) below the neck's middle.
    """
    size = anatomy.head_radius_mm / 24.0
    axis = np.arctan2(lateral - 20.0 * size, cranial + 42.0 * size)
    fan = np.exp(-(((axis + 0.38) / 0.30) ** 2)) * np.clip((cranial + 40.0 * size) / 25.0, 0.0, 1.0)
    ward = np.exp(-(((lateral - 36.0 * size) / 10.0) ** 2) - ((cranial + 27.0 * size) / 9.0) ** 2)
    distance = np.hypot(lateral, cranial) - anatomy.socket_radius_mm
    angle = np.degrees(np.arctan2(lateral, cranial))
    edge = anatomy.centre_edge_angle_deg
    loaded = np.clip((edge + 20.0 - angle) / 25.0, 0.0, 1.0) * np.clip((angle + 80.0) / 40.0, 0.0, 1.0)
    roof = np.exp(-np.maximum(distance, 0.0) / 20.0) * loaded
    return np.asarray(1.0 + 0.35 * fan - 0.3 * ward, np.float32), np.asarray(1.0 + 1.1 * roof, np.float32)
