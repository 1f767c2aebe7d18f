"""Family one: spots brighter than what surrounds them on every side."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow

__all__ = ["BlobStack", "blob_responses"]

Image = NDArray[np.float32]

# Radii of the disks in head radii: diameters of 0.06 to 0.46, which is 1.5 to 11 mm for a head of 48 mm.
DISK_RADII = (0.030, 0.041, 0.056, 0.076, 0.103, 0.140, 0.190)
SAMPLES = 16
SAMPLE_DISTANCE = 2.0
STRUCTURE_SIGMA = 0.5
# Log units: below it, structure is quantisation, and must not be blown up.
STRUCTURE_FLOOR = 0.004


@dataclass(frozen=True, kw_only=True, eq=False)
class BlobStack:
    """Responses at all scales.

    Attributes
    ----------
    response : ndarray of float32, shape (scales, rows, columns)
        Disk's mean minus the second-brightest of the samples around it, in units of the local structure.
    step : ndarray of float32, shape (scales, rows, columns)
        The same difference in log units.
    radii : ndarray of float64, shape (scales,)
        Disk radii in working pixels.
    """

    response: Image
    step: Image
    radii: NDArray[np.float64]


def blob_responses(window: HipWindow) -> BlobStack:
    """Compare every disk with its surround at every scale.

    Against the mean of the surround, a straight edge or a ridge is a spot too. Against the brightest sample around it
    neither is, but a focus that touches another bright thing is lost; the second-brightest forgives one such contact.
    """
    radii = np.array(DISK_RADII) * WORKING_RADIUS_PX
    steps = np.empty((len(radii), *window.level.shape), np.float32)
    responses = np.empty_like(steps)
    for index, radius in enumerate(radii):
        disk = cv2.GaussianBlur(window.level, (0, 0), 0.55 * radius)
        mean, second = _surround(np.asarray(disk, np.float32), SAMPLE_DISTANCE * radius)
        steps[index] = disk - second
        responses[index] = steps[index] / _structure(np.asarray(disk - mean, np.float32), window)
    return BlobStack(response=responses, step=steps, radii=radii)


def _surround(image: Image, distance: float) -> tuple[Image, Image]:
    """Return mean and second-brightest of the samples on a circle around every pixel."""
    border = round(distance) + 1
    padded = np.asarray(cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REFLECT), np.float32)
    rows, columns = image.shape
    first = np.full_like(image, -np.inf)
    second = np.full_like(image, -np.inf)
    total = np.zeros_like(image)
    for angle in 2 * np.pi * np.arange(SAMPLES) / SAMPLES:
        top, left = border + round(distance * np.sin(angle)), border + round(distance * np.cos(angle))
        sample = padded[top : top + rows, left : left + columns]
        total += sample
        np.maximum(second, np.minimum(first, sample), out=second)
        np.maximum(first, sample, out=first)
    return total / np.float32(SAMPLES), second


def _structure(detail: Image, window: HipWindow) -> Image:
    """Local rms of the detail at this scale, over the included pixels."""
    sigma = STRUCTURE_SIGMA * WORKING_RADIUS_PX
    weight = window.included.astype(np.float32)
    power = _wide_blur(detail**2 * weight, sigma) / np.maximum(_wide_blur(weight, sigma), np.float32(1e-3))
    return np.sqrt(power + np.float32(STRUCTURE_FLOOR**2))


def _wide_blur(image: Image, sigma: float) -> Image:
    """Blur on a quarter-size copy; for sigmas of tens of pixels the difference is far below a per cent."""
    rows, columns = image.shape
    small = cv2.resize(image, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
