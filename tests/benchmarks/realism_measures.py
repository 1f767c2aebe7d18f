"""What is measured on a hip crop to say how real it is: spectra, noise, edges, local contrast."""

import itertools
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from realism_data import Crop

Image = NDArray[np.float32]
BANDS = (0.1, 0.2, 0.32, 0.5, 0.8, 1.25, 2.0)
# Centre of a patch in head radii (cranial, lateral), and its size in mm.
HEAD_PLACES = ((-0.1, -0.1), (-0.35, 0.1))
ROOF_PLACES = ((1.55, -0.25), (1.6, 0.1))
BONE_MM, SOFT_MM = 13.0, 9.0


def spectrum(patch: Image, pixel_mm: float) -> NDArray[np.float64]:
    """Mean power per band, log10, of a windowed patch whose slow trend is taken off."""
    size = patch.shape[0]
    detail = patch - cv2.GaussianBlur(patch, (0, 0), size / 4)
    window = np.outer(np.hanning(size), np.hanning(size))
    power = np.abs(np.fft.fft2(detail * window)) ** 2 * pixel_mm**2 / (window**2).sum()
    frequency = np.fft.fftfreq(size, pixel_mm)
    radial = np.hypot(frequency[:, None], frequency)
    pairs = itertools.pairwise(BANDS)
    means = [power[(radial >= low) & (radial < high)].mean() for low, high in pairs]
    return np.log10(np.maximum(means, 1e-9))


def _patch(picture: Image, crop: Crop, cranial: float, lateral: float, size_mm: float) -> Image | None:
    row, column, radius = crop.head
    size = int(size_mm / crop.pixel_mm)
    top, left = int(row - cranial * radius - size / 2), int(column + lateral * radius - size / 2)
    if 0 <= top <= picture.shape[0] - size and 0 <= left <= picture.shape[1] - size:
        return picture[top : top + size, left : left + size]
    return None


def _soft_patches(picture: Image, crop: Crop) -> list[Image]:
    """Return the two smoothest of the dark patches away from the head: beside the rim, or within the pelvis."""
    found = []
    bone = float(np.median(picture[_disc(crop, 0.7)]))
    for r, degrees in itertools.product(np.arange(1.3, 2.4, 0.15), (*range(35, 85, 5), *range(-120, -60, 5))):
        phi = math.radians(degrees)
        patch = _patch(picture, crop, r * math.cos(phi), r * math.sin(phi), SOFT_MM)
        if patch is None:
            continue
        smooth = cv2.GaussianBlur(patch, (0, 0), 1.0 / crop.pixel_mm)
        if np.quantile(smooth, 0.95) < bone and smooth.mean() > 0.03:
            found.append((float(smooth.std()), patch))
    found.sort(key=lambda pair: pair[0])
    return [patch for _, patch in found[:2]]


def _disc(crop: Crop, share: float) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[: crop.pixels.shape[0], : crop.pixels.shape[1]]
    row, column, radius = crop.head
    return (rows - row) ** 2 + (columns - column) ** 2 < (share * radius) ** 2


def spectra(crop: Crop) -> dict[str, float]:
    """Level per band and slope of the power spectra of head, roof and soft tissue."""
    picture, measured = crop.scaled, {}
    places = {
        name: [patch for place in where if (patch := _patch(picture, crop, place[0], place[1], BONE_MM)) is not None]
        for name, where in (("head", HEAD_PLACES), ("roof", ROOF_PLACES))
    }
    places["soft"] = _soft_patches(picture, crop)
    middles = [math.log10(math.sqrt(low * high)) for low, high in itertools.pairwise(BANDS)]
    for name, patches in places.items():
        if not patches:
            continue
        power = np.mean([spectrum(patch, crop.pixel_mm) for patch in patches], axis=0)
        for (low, high), value in zip(itertools.pairwise(BANDS), power, strict=True):
            measured[f"spectrum {name} {low:g}-{high:g}/mm, log10"] = float(value)
        measured[f"spectrum {name} slope"] = float(np.polyfit(middles, power, 1)[0])
    return measured


def noise(crop: Crop) -> dict[str, float]:
    """Deviation of the finest detail in the quietest fifth of blocks by grey, in thousandths of the grey range."""
    picture = crop.scaled
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    detail = np.abs(cv2.filter2D(picture, -1, kernel))
    size = (crop.pixels.shape[1] // 16, crop.pixels.shape[0] // 16)
    level = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    # Mean deviation of a Gaussian (J. Immerkaer, Comput Vis Image Underst 64 (1996) 300).
    spread = cv2.resize(detail, size, interpolation=cv2.INTER_AREA) * math.sqrt(math.pi / 2)
    measured = {}
    for name, low, high in (("dark", 0.05, 0.3), ("middle", 0.3, 0.6), ("bright", 0.6, 0.9)):
        values = spread[(level > low) & (level < high)]
        if len(values) >= 15:
            measured[f"noise in {name} grey, 1/1000"] = 1000 * float(np.quantile(values, 0.2))
    return measured


def local_contrast(crop: Crop) -> dict[str, float]:
    """Quantiles over the crop of the local rms of three bands, in thousandths of the grey range."""
    picture, measured = crop.scaled, {}
    for fine in (0.3, 1.0, 3.0):
        sigma = fine / crop.pixel_mm
        band = cv2.GaussianBlur(picture, (0, 0), 0.5 * sigma) - cv2.GaussianBlur(picture, (0, 0), sigma)
        rms = np.sqrt(cv2.GaussianBlur(band**2, (0, 0), 2 * sigma))
        for share in (0.1, 0.5, 0.9):
            measured[f"local rms at {fine:g} mm, {100 * share:.0f}%, 1/1000"] = 1000 * float(np.quantile(rms, share))
    return measured


def _rays(crop: Crop, first: int, last: int, low_mm: float, high_mm: float) -> tuple[NDArray[np.float64], Image]:
    """Return distances from the head's contour and one profile per angle (up is 0, lateral 90) that lies inside."""
    row, column, radius = crop.head
    distance = np.arange(low_mm, high_mm, 0.1)
    angles = np.radians(np.arange(first, last, 2))[:, None]
    reach = radius + distance[None, :] / crop.pixel_mm
    rows, columns = row - reach * np.cos(angles), column + reach * np.sin(angles)
    height, width = crop.pixels.shape
    inside = ((rows > 1) & (rows < height - 2) & (columns > 1) & (columns < width - 2)).all(axis=1)
    if not inside.any():
        return distance, np.zeros((0, len(distance)), np.float32)
    smooth = cv2.GaussianBlur(crop.scaled, (0, 0), 0.7)
    profiles = cv2.remap(smooth, columns[inside].astype(np.float32), rows[inside].astype(np.float32), cv2.INTER_LINEAR)
    return distance, np.asarray(profiles, np.float32)


def head_edge(crop: Crop) -> dict[str, float]:
    """Medians over the lateral angles that show the head's free contour: step, width, bright line, undershoot."""
    distance, profiles = _rays(crop, 35, 95, -8.0, 8.0)
    rows = [found for profile in profiles if (found := _one_edge(distance, profile))]
    if len(rows) < 5:
        return {}
    step, width, line, under = np.median(rows, axis=0)
    return {
        "head contour: step, 1/1000": 1000 * step,
        "head contour: 10-90% width, mm": width,
        "head contour: line over step": line,
        "head contour: undershoot over step": under,
    }


def _one_edge(distance: NDArray[np.float64], profile: Image) -> tuple[float, float, float, float] | None:
    slope = np.gradient(profile)
    near = np.abs(distance) < 2.5
    at = int(np.flatnonzero(near)[np.argmin(slope[near])])
    place = distance - distance[at]
    inner, outer = (profile[(place > low) & (place < low + 2.0)] for low in (-4.5, 2.5))
    step = float(np.median(inner) - np.median(outer))
    if step < 0.05:
        return None
    before, after = profile[(place > -2.0) & (place <= 0)], profile[(place >= 0) & (place < 2.0)]
    top, bottom = float(before.max()), float(after.min())
    start, end = at - len(before) + 1 + int(np.argmax(before)), at + int(np.argmin(after))
    fall = (profile[start : end + 1] - bottom) / max(top - bottom, 1e-6)
    width = 0.1 * float(np.count_nonzero((fall > 0.1) & (fall < 0.9)))
    return step, width, (top - float(np.median(inner))) / step, (float(np.median(outer)) - bottom) / step


def sourcil_edge(crop: Crop) -> dict[str, float]:
    """Medians over the roof's angles: height over the joint space and over the bone above, width at half height."""
    _, profiles = _rays(crop, -25, 25, 0.0, 16.0)
    rows = []
    for profile in profiles:
        top = int(np.argmax(profile[:90]))
        gap = float(profile[: top + 1].min())
        if profile[top] - gap < 0.05:
            continue
        above = float(np.median(profile[top + 30 : top + 70]))
        half = (profile[top] + gap) / 2
        below = np.flatnonzero(profile[:top] < half)
        rise = 0.1 * float(top - below[-1]) if len(below) else math.nan
        rows.append((float(profile[top]) - gap, float(profile[top]) - above, rise))
    if len(rows) < 5:
        return {}
    over_gap, over_bone, rise = np.nanmedian(rows, axis=0)
    return {
        "sourcil: over joint space, 1/1000": 1000 * over_gap,
        "sourcil: over bone above, 1/1000": 1000 * over_bone,
        "sourcil: half rise, mm": rise,
    }


def measures(crop: Crop) -> dict[str, float]:
    """Return everything measured on one crop; what could not be measured is absent."""
    parts = (spectra, noise, local_contrast, head_edge, sourcil_edge)
    return {name: value for part in parts for name, value in part(crop).items()}
