"""The outline of a spot: half of its peak over the local background."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Spot", "measure_spot"]

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Radii, in units of the proposal's: where the outline may reach to, and the surround.
OUTLINE_REACH = 1.5
SURROUND = (1.35, 2.3)
MARGIN_PX = 2.0
FINER = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Spot:
    """One spot, measured on the working grid.

    Attributes
    ----------
    row, column : float
        Centroid of the outline.
    diameter : float
        Of the circle with its area.
    background, deviation : float
        Median and robust standard deviation (1.4826 times the median absolute deviation) of the surround.
    contrast : float
        80th percentile inside, over the background.
    aspect_ratio, solidity, orientation_deg, core_to_rim : float
        As in `Candidate`, with the working grid's column axis as the horizontal.
    edge : float
        Weakest of eight sectors' mean inward step across the outline, in units of the contrast.
    outline : ndarray of float64, shape (n, 2)
        (row, column) vertices.
    """

    row: float
    column: float
    diameter: float
    background: float
    deviation: float
    contrast: float
    aspect_ratio: float
    solidity: float
    orientation_deg: float
    core_to_rim: float
    edge: float
    outline: NDArray[np.float64]


def measure_spot(level: Image, included: Mask, row: float, column: float, diameter: float) -> Spot | None:
    """Measure the spot at a place of about a known size; None where nothing stands out.

    The outline is the line at half of the way from the surround's median to the spot's peak, around the connected part
    that lies nearest to the place, holes filled, no further out than one and a half proposed radii.
    """
    patch = _Patch.cut(level, included, row, column, diameter / 2)
    if patch is None:
        return None
    inside = patch.inside()
    if inside is None:
        return None
    mask, contour = inside
    background, deviation = patch.surround(mask)
    values = patch.level[mask]
    contrast = float(np.percentile(values, 80)) - background
    if contrast <= 0:
        return None
    return _describe(patch, mask, contour, background, deviation, contrast)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Patch:
    """A spot's neighbourhood, drawn `FINER` times finer so that a small outline has no stairs."""

    level: Image
    included: Mask
    distance: Image
    radius: float
    top: int
    left: int

    @staticmethod
    def cut(level: Image, included: Mask, row: float, column: float, radius: float) -> "_Patch | None":
        reach = int(np.ceil(SURROUND[1] * radius + MARGIN_PX)) + 1
        top, left = max(round(row) - reach, 0), max(round(column) - reach, 0)
        window = slice(top, round(row) + reach + 1), slice(left, round(column) + reach + 1)
        part = level[window]
        if min(part.shape) < 5:
            return None
        size = (part.shape[1] * FINER, part.shape[0] * FINER)
        fine = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
        usable = cv2.resize(included[window].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        rows, columns = np.ogrid[: size[1], : size[0]]
        centre = (row - top + 0.5) * FINER - 0.5, (column - left + 0.5) * FINER - 0.5
        distance = np.hypot(rows - centre[0], columns - centre[1]) / FINER
        return _Patch(
            level=np.asarray(fine, np.float32),
            included=np.asarray(usable, np.bool_),
            distance=distance.astype(np.float32),
            radius=radius,
            top=top,
            left=left,
        )

    def surround(self, mask: Mask | None = None) -> tuple[float, float]:
        """Median and robust deviation of the ring around the spot."""
        inner, outer = SURROUND
        ring = (self.distance > inner * self.radius) & (self.distance <= outer * self.radius + MARGIN_PX)
        if mask is not None:
            grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * FINER + 1, 2 * FINER + 1), np.uint8)) > 0
            ring &= ~grown
        values = self.level[ring & self.included]
        if values.size < 20:
            return float(np.median(self.level)), 1e-3
        middle = float(np.median(values))
        return middle, 1.4826 * float(np.median(np.abs(values - middle))) + 1e-4

    def inside(self) -> tuple[Mask, NDArray[np.int32]] | None:
        core = self.level[self.distance <= max(self.radius, 1.0)]
        background, _ = self.surround()
        half = (float(np.percentile(core, 97)) + background) / 2
        bright = (self.level > half) & self.included & (self.distance <= OUTLINE_REACH * self.radius + 1.0)
        contours, _ = cv2.findContours(bright.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not contours:
            return None
        middle = np.unravel_index(int(np.argmin(self.distance)), self.distance.shape)
        point = float(middle[1]), float(middle[0])

        # A small piece right at the place against a large one beside it: area counts, distance counts against it.
        outside = [max(0.0, -float(cv2.pointPolygonTest(contour, point, True))) / FINER for contour in contours]
        merit = [cv2.contourArea(c) / (1.0 + 4.0 * far / self.radius) for c, far in zip(contours, outside, strict=True)]
        best = contours[int(np.argmax(merit))]
        filled = np.zeros(bright.shape, np.uint8)
        cv2.drawContours(filled, [best], -1, 1, cv2.FILLED)
        return filled > 0, np.asarray(best, np.int32)


def _describe(
    patch: _Patch, mask: Mask, contour: NDArray[np.int32], background: float, deviation: float, contrast: float
) -> Spot:
    rows, columns = np.nonzero(mask)
    area = float(rows.size)
    spread = np.cov(np.stack([columns, rows])) + np.eye(2) / 12 if area > 1 else np.eye(2)
    small, large = np.linalg.eigvalsh(spread)
    angle = 0.5 * np.degrees(np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]))
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(contour), 1)
    outline = contour[:, 0, ::-1].astype(np.float64)
    # From the fine patch's pixel centres to the working grid.
    outline = (outline + 0.5) / FINER - 0.5 + (patch.top, patch.left)
    return Spot(
        row=(rows.mean() + 0.5) / FINER - 0.5 + patch.top,
        column=(columns.mean() + 0.5) / FINER - 0.5 + patch.left,
        diameter=2.0 * np.sqrt(area / np.pi) / FINER,
        background=background,
        deviation=deviation,
        contrast=contrast,
        aspect_ratio=float(np.sqrt(large / max(small, 1e-9))),
        solidity=area / float(hull.sum()),
        orientation_deg=float(angle),
        core_to_rim=_core_to_rim(patch.level, mask, background),
        edge=_weakest_sector(patch, mask, rows.mean(), columns.mean(), contrast),
        outline=outline,
    )


def _core_to_rim(level: Image, mask: Mask, background: float) -> float:
    """Mean of the inner half of the area over mean of the outer half."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    middle = np.median(depth[mask])
    inner, outer = level[mask & (depth > middle)], level[mask & (depth <= middle)]
    if inner.size == 0 or outer.size == 0:
        return 1.0
    return float((inner.mean() - background) / max(float(outer.mean()) - background, 1e-6))


def _weakest_sector(patch: _Patch, mask: Mask, row: float, column: float, contrast: float) -> float:
    """Weakest of eight sectors: mean just inside the outline minus mean just outside, over the contrast."""
    width = max(1, round(0.35 * patch.radius * FINER))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    solid = mask.astype(np.uint8)
    outer = (cv2.dilate(solid, kernel) > 0) & ~mask
    inner = mask & (cv2.erode(solid, kernel, borderValue=0) == 0)
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    sector = ((np.arctan2(rows - row, columns - column) + np.pi) * (8 / (2 * np.pi))).astype(np.int64) % 8
    means = []
    for side in (inner, outer):
        count = np.bincount(sector[side], minlength=8)
        total = np.bincount(sector[side], weights=patch.level[side], minlength=8)
        means.append(total / np.maximum(count, 1))
    return float(np.sort(means[0] - means[1])[0] / contrast)
