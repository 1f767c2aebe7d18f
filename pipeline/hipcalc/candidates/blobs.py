"""Family one: spots brighter than what surrounds them on every side."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow

__all__ = ["BlobScale", "blob_responses"]

Image = NDArray[np.float32]

# Radii of the disks in head radii: diameters of 0.06 to 0.46, which is 1.5 to 11 mm for a head of 48 mm.
DISK_RADII = (0.030, 0.041, 0.056, 0.076, 0.103, 0.140, 0.190)
# From these radii on, in working pixels, half and a quarter of the resolution show the same.
COARSER_FROM_PX = (4.5, 11.0)
SAMPLES = 16
SAMPLE_DISTANCE = 2.0
STRUCTURE_SIGMA = 0.5
# Log units: below it, structure is quantisation, and must not be blown up.
STRUCTURE_FLOOR = 0.004


@dataclass(frozen=True, kw_only=True, eq=False)
class BlobScale:
    """Responses at one scale, on a grid that may be coarser than the working grid.

    Attributes
    ----------
    radius : float
        Of the disk, in working pixels.
    response : ndarray of float32, shape (rows, columns)
        Disk's mean minus the second-brightest of the samples around it, in units of the local structure; -1 where no
        spot's centre can lie.
    coarseness : int
        Working pixels per pixel of these images.
    """

    radius: float
    response: Image
    coarseness: int


def blob_responses(window: HipWindow) -> tuple[BlobScale, ...]:
    """Compare every disk with its surround at every scale.

    Against the mean of the surround, a straight edge or a ridge is a spot too. Against the brightest sample around it
    neither is, but a focus that touches another bright thing is lost; the second-brightest forgives one such contact.
    """
    grids = _grids(window)
    left, top, width, height = cv2.boundingRect(window.zone.view(np.uint8))
    scales = []
    for radius in (share * WORKING_RADIUS_PX for share in DISK_RADII):
        level, weight = grids[sum(radius >= limit for limit in COARSER_FROM_PX)]
        # A maximum in the zones is told by its neighbours, up to a radius away.
        rows, columns = (
            slice(max(int((first - radius) / weight.coarseness), 0), int((last + radius) / weight.coarseness) + 2)
            for first, last in ((top, top + height), (left, left + width))
        )
        scales.append(_scale(level, weight, radius, (rows, columns)))
    return tuple(scales)


def _grids(window: HipWindow) -> list[tuple[Image, "_Weight"]]:
    """Return level and weight on the working grid, at half and at a quarter of its resolution."""
    level, weight = window.level, window.included.astype(np.float32)
    grids = [(level, _Weight.of(weight, 1))]
    for coarseness in (2, 4):
        rows, columns = level.shape
        size = (columns + 1) // 2, (rows + 1) // 2
        level = np.asarray(cv2.resize(cv2.GaussianBlur(level, (0, 0), 1.0), size, interpolation=cv2.INTER_LINEAR))
        weight = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_LINEAR), np.float32)
        grids.append((level.astype(np.float32, copy=False), _Weight.of(weight, coarseness)))
    return grids


@dataclass(frozen=True, kw_only=True, eq=False)
class _Weight:
    """How much each pixel counts, and the same averaged widely: one for all scales of a grid."""

    pixel: Image
    wide: Image
    coarseness: int

    @staticmethod
    def of(pixel: Image, coarseness: int) -> "_Weight":
        # Mostly nothing is excluded, and the mean of ones is one.
        whole = float(pixel.min()) == 1.0
        wide = pixel if whole else np.maximum(_wide_blur(pixel, _structure_sigma(coarseness)), np.float32(1e-3))
        return _Weight(pixel=pixel, wide=wide, coarseness=coarseness)


def _structure_sigma(coarseness: int) -> float:
    return STRUCTURE_SIGMA * WORKING_RADIUS_PX / coarseness


def _scale(level: Image, weight: _Weight, radius: float, part: tuple[slice, slice]) -> BlobScale:
    own = radius / weight.coarseness
    disk = np.asarray(cv2.GaussianBlur(level, (0, 0), 0.55 * own), np.float32)
    mean, second = _surround(disk, SAMPLE_DISTANCE * own, part)
    structure = _structure(np.asarray(cv2.absdiff(disk, mean), np.float32), weight, part)
    response = np.full_like(disk, -1.0)
    np.divide(disk[part] - second, structure, out=response[part])
    return BlobScale(radius=radius, response=response, coarseness=weight.coarseness)


def _surround(image: Image, distance: float, part: tuple[slice, slice]) -> tuple[Image, Image]:
    """Return the mean of the samples on a circle around every pixel, and the second-brightest for a part of them."""
    border = round(distance) + 1
    padded = np.asarray(cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REFLECT), np.float32)
    rows, columns = image.shape

    def sample(number: int) -> Image:
        angle = 2 * np.pi * number / SAMPLES
        top, left = border + round(distance * np.sin(angle)), border + round(distance * np.cos(angle))
        return padded[top : top + rows, left : left + columns]

    # Half of the time that the same takes in NumPy.
    total = cv2.add(sample(0), sample(1))
    first, second = cv2.max(sample(0)[part], sample(1)[part]), cv2.min(sample(0)[part], sample(1)[part])
    smaller = np.empty_like(first)
    for number in range(2, SAMPLES):
        whole = sample(number)
        own = whole[part]
        cv2.add(total, whole, dst=total)
        cv2.min(first, own, dst=smaller)
        cv2.max(second, smaller, dst=second)
        cv2.max(first, own, dst=first)
    return np.asarray(total / np.float32(SAMPLES), np.float32), np.asarray(second, np.float32)


def _structure(detail: Image, weight: _Weight, part: tuple[slice, slice]) -> Image:
    """Local mean of the absolute detail at a scale over the included pixels, as a normal distribution's deviation.

    Squares would let one strong focus hide itself and what lies beside it. Returned for a part of the pixels.
    """
    sigma = _structure_sigma(weight.coarseness)
    mean = _wide_blur(detail * weight.pixel, sigma)[part] / weight.wide[part]
    mean *= np.float32(1.2533)
    mean += np.float32(STRUCTURE_FLOOR)
    return mean


def _wide_blur(image: Image, sigma: float) -> Image:
    """Blur on a quarter-size copy; for sigmas of tens of pixels the difference is far below a per cent."""
    rows, columns = image.shape
    small = cv2.resize(image, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
