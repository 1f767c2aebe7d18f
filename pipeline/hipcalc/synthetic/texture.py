"""Band-limited noise: trabeculae that follow the lines of load, and the mottle of soft tissue."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["TILE_STEP_MM", "draped", "noise_tile", "trabeculae"]

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
    columns = np.asarray(np.mod(along_mm / TILE_STEP_MM, TILE_SIZE), np.float32)
    rows = np.asarray(np.mod(across_mm / TILE_STEP_MM, TILE_SIZE), np.float32)
    return np.asarray(cv2.remap(tile, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def _about(lateral: Image, cranial: Image, centre: tuple[float, float], unit_mm: float) -> tuple[Image, Image]:
    """Return distance to a point, and arc length about it on the circle of `unit_mm`."""
    return (
        np.asarray(np.hypot(lateral - centre[0], cranial - centre[1]), np.float32),
        np.asarray(unit_mm * np.arctan2(lateral - centre[0], cranial - centre[1]), np.float32),
    )


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
    struts, cross = (noise_tile(rng, slope=2.2, low=0.25, high=2.6, stretch=s) for s in (5.0, 3.0))
    fine = noise_tile(rng, slope=2.0, low=0.3, high=3.0)
    isotropic = draped(fine, lateral, cranial)
    far, angle = _about(lateral, cranial, (34.0, -75.0), 70.0)
    compressive = draped(struts, far, angle)
    far, angle = _about(lateral, cranial, (14.0, -80.0), 70.0)
    tensile = draped(cross, angle, far)
    femur = 0.75 * compressive + 0.5 * tensile + 0.45 * isotropic
    far, angle = _about(lateral, cranial, (-4.0, -12.0), 55.0)
    radiating, arcs = draped(struts, far, angle), draped(cross, angle, far)
    hip = 0.65 * radiating + 0.5 * arcs + 0.6 * isotropic
    return np.asarray(femur, np.float32), np.asarray(hip, np.float32)
