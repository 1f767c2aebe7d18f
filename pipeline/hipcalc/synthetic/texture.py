"""Band-limited noise: trabeculae that follow the lines of load, and the mottle of soft tissue."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import HipAnatomy

__all__ = ["TILE_STEP_MM", "draped", "load_density", "noise_tile", "trabeculae"]

Image = NDArray[np.float32]
# A tile repeats after 102 mm, more than one bone's width.
TILE_SIZE = 512
TILE_STEP_MM = 0.2
# Grain in cycles per millimetre, and how far its lines waver: chosen so that spectra lie in the band of radiographs.
_STRUT_BAND = (1.0, 4.5)
_BEND_MM = 1.6
# Coarse bars, 2 to 5 mm wide, come in patches whose strength is log-normal. Chosen so that spectra stay in their band
# and details of 2 to 4 mm over the ilium are heavy-tailed as on radiographs: excess kurtosis 0.6 to 1, on radiographs
# 1, without bars 0.2.
_BAR_BAND = (0.2, 0.5)
_BAR_PATCHINESS = 0.75
_FEMORAL_BARS, _PELVIC_BARS = 0.12, 0.17
# Patches and bars hold nothing finer than twice this.
_SLOW_STEP_MM = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fields:
    """Slow displacements of a bone's grain in millimetres, of two directions."""

    bend: tuple[Image, Image]


def noise_tile(
    rng: np.random.Generator, *, slope: float, low: float, high: float, stretch: float = 1.0, floor: float = 0.0
) -> Image:
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
    floor : float
        Cycles per millimetre across the grains below which power falls to nothing: what is wider is no grain.
    """
    frequency = np.fft.fftfreq(TILE_SIZE, TILE_STEP_MM)
    across, along = np.meshgrid(frequency, frequency, indexing="ij")
    radial = np.hypot(across, along * stretch)
    amplitude = np.maximum(radial, low) ** (-slope / 2) * np.exp(-((radial / high) ** 2))
    if floor > 0:
        amplitude *= 1.0 - np.exp(-((across / floor) ** 2))
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


def _struts(
    rng: np.random.Generator, *, low: float = _STRUT_BAND[0], high: float = _STRUT_BAND[1], stretch: float
) -> Image:
    """Return a tile of long bright lines on a darker ground: rods are thin, the marrow between them is wide."""
    lines = np.exp(0.35 * noise_tile(rng, slope=0.5, low=low, high=high, stretch=stretch, floor=0.9 * low))
    return np.asarray((lines - lines.mean()) / lines.std(), np.float32)


def _femoral_groups(lateral: Image, cranial: Image, fields: _Fields, rng: np.random.Generator) -> Image:
    """Return the femur's groups, each strong along its own way, all weak in Ward's triangle."""
    far, angle = _about(lateral + fields.bend[0], cranial + fields.bend[1], (34.0, -75.0), 4)
    compressive = draped(_struts(rng, stretch=9.0), far, angle)
    axis = np.arctan2(lateral - 20.0, cranial + 42.0)
    fan = np.exp(-(((axis + 0.36) / 0.34) ** 2))
    far, angle = _about(lateral + fields.bend[1], cranial + fields.bend[0], (14.0, -80.0), 4)
    tensile = draped(_struts(rng, stretch=8.0), angle, far)
    arch = np.exp(-(((far - 78.0) / 16.0) ** 2))
    ward = 1.0 - 0.6 * np.exp(-(((lateral - 36.0) / 12.0) ** 2) - ((cranial + 27.0) / 11.0) ** 2)
    far, angle = _about(lateral + fields.bend[0], cranial + fields.bend[1], (0.0, -10.0), 4)
    trochanteric = draped(_struts(rng, low=0.4, high=2.8, stretch=4.0), angle, far)
    beyond_neck = np.clip((lateral - 30.0) / 24.0, 0.0, 1.0)
    groups = (0.4 + 1.0 * fan) * compressive + (0.15 + 0.45 * arch) * tensile + 1.2 * beyond_neck * trochanteric
    return np.asarray(groups * ward, np.float32)


def _pelvic_groups(lateral: Image, cranial: Image, fields: _Fields, rng: np.random.Generator) -> Image:
    """Return the grid above the socket, coarser than the head's: rods that radiate from the roof, arcs across."""
    far, angle = _about(lateral + fields.bend[0], cranial + fields.bend[1], (-4.0, -12.0), 3)
    radiating = draped(_struts(rng, low=0.5, high=2.8, stretch=6.0), far, angle)
    arcs = draped(_struts(rng, low=0.5, high=2.8, stretch=5.0), angle, far)
    near = np.exp(-np.maximum(far - 40.0, 0.0) / 30.0)
    return np.asarray((0.45 + 0.5 * near) * radiating + 0.75 * arcs, np.float32)


def _slow_fields(
    lateral: Image, cranial: Image, rng: np.random.Generator
) -> tuple[_Fields, tuple[Image, Image], tuple[Image, Image]]:
    """Return the grain's bends, patches and clouds of unit deviation, and the coarse bars of femur and hip bone."""
    slow = noise_tile(rng, slope=3.0, low=0.015, high=0.05)
    patchy = noise_tile(rng, slope=2.0, low=0.06, high=0.25)
    bend = draped(slow, lateral, cranial), draped(slow, cranial + np.float32(51.0), lateral)
    fields = _Fields(bend=(_BEND_MM * bend[0], _BEND_MM * bend[1]))
    patches = draped(patchy, lateral, cranial), draped(patchy, cranial + np.float32(37.0), lateral)
    coarse = np.exp(np.float32(_BAR_PATCHINESS) * draped(patchy, lateral + np.float32(20.0), cranial))
    return fields, patches, _bars(lateral, cranial, fields, coarse, rng)


def _bars(
    lateral: Image, cranial: Image, fields: _Fields, coarse: Image, rng: np.random.Generator
) -> tuple[Image, Image]:
    """Return the coarse bars of the femur and of the hip bone, along their groups and across."""
    lumps = np.exp(0.2 * noise_tile(rng, slope=1.0, low=_BAR_BAND[0], high=_BAR_BAND[1], stretch=2.5))
    tile = np.asarray((lumps - lumps.mean()) / lumps.std(), np.float32)
    both = []
    for centre in ((24.0, -75.0), (-4.0, -12.0)):
        far, angle = _about(lateral + fields.bend[0], cranial + fields.bend[1], centre, 3)
        both.append(np.asarray(0.7 * coarse * (draped(tile, far, angle) + draped(tile, angle, far)), np.float32))
    return both[0], both[1]


def _spread(image: Image, every: int, shape: tuple[int, int]) -> Image:
    """Bring an image of every so many samples back to all of them."""
    matrix = np.array([[1.0 / every, 0.0, 0.0], [0.0, 1.0 / every, 0.0]])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    spread = cv2.warpAffine(image, matrix, shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(spread, np.float32)


def trabeculae(lateral: Image, cranial: Image, *, unevenness: float, rng: np.random.Generator) -> tuple[Image, Image]:
    """Return the trabecular texture of the femur and of the hip bone, zero mean, about unit deviation.

    The femur has the principal compressive group, a fan from the calcar to the top of the head, and the principal
    tensile group, arches from the lateral cortex through the neck, and the group of the greater trochanter (the groups
    of M. Singh, J Bone Joint Surg Am 52 (1970) 457). Above the socket the trabeculae radiate from the roof and cross
    arcs parallel to it. Grain comes in patches, here and there coarse, and its lines waver.

    Parameters
    ----------
    lateral, cranial : ndarray of float32, shape (rows, columns)
        Hip coordinates of the pixels in millimetres.
    unevenness : float
        How strong the coarse bars are, of the adult median.
    rng : numpy.random.Generator
    """
    step = math.hypot(lateral[0, 1] - lateral[0, 0], cranial[0, 1] - cranial[0, 0])
    every = max(int(_SLOW_STEP_MM / step), 1)
    fields, patches, bars = _slow_fields(lateral[::every, ::every], cranial[::every, ::every], rng)
    bend, (clustered, clouds), bars = (
        (_spread(pair[0], every, lateral.shape), _spread(pair[1], every, lateral.shape))
        for pair in (fields.bend, patches, bars)
    )
    fields, clustered = _Fields(bend=bend), np.exp(np.float32(0.16) * clustered)
    fine = draped(noise_tile(rng, slope=0.6, low=1.1, high=4.5), lateral, cranial)
    femur = clustered * (_femoral_groups(lateral, cranial, fields, rng) + 0.5 * fine) + 0.06 * clouds
    hip = clustered * (_pelvic_groups(lateral, cranial, fields, rng) + 0.4 * fine) + 0.25 * clouds
    femur += np.float32(_FEMORAL_BARS * unevenness) * bars[0]
    hip += np.float32(_PELVIC_BARS * unevenness) * bars[1]
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
    return np.asarray(0.72 + 0.75 * fan - 0.25 * ward, np.float32), np.asarray(1.0 + 1.1 * roof, np.float32)
