"""The value that normalisation returns."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.excluded import ExcludedKind, ExcludedRegion
from hipcalc.normalize.noise import noise_at
from hipcalc.radiograph import Radiograph

__all__ = ["NormalizedRadiograph", "Quality"]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Whether the picture can carry an answer: ``ok``, ``limited`` (with reasons) or ``rejected`` (with the reason)."""

    level: Literal["ok", "limited", "rejected"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class NormalizedRadiograph:
    """A radiograph in one grey scale, with what is known about its noise.

    Attributes
    ----------
    radiograph : Radiograph
        The source; its pixel grid is the grid of every array here.
    grey : ndarray of float32, shape (rows, columns)
        Bone bright and linear in the source's values, not clipped: 0 and 1 are the 0.5th and 99.5th percentile of the
        included pixels.
    noise_blocks : ndarray of float32, shape (n, m)
        Standard deviation of the pixel noise, in the units of `grey`, from the picture itself, in blocks that together
        cover the picture; see `noise_sigma` and `noise_at`.
    excluded : ndarray of bool, shape (rows, columns)
        True where nothing may be detected: collimation, padding, blacked-out boxes, burned-in letters, metal, clipped
        pixels.
    quality : Quality
    regions : tuple of ExcludedRegion
        The excluded areas by name, as outlines.
    clipped : ndarray of bool, shape (rows, columns), or None
        True in those excluded areas that are anatomy brighter than the grey scale's end, with a rim; None where there
        are none. Nothing can be detected in them, but their outline is pictured.
    """

    radiograph: Radiograph
    grey: NDArray[np.float32]
    noise_blocks: NDArray[np.float32]
    excluded: NDArray[np.bool_]
    quality: Quality
    regions: tuple[ExcludedRegion, ...] = ()
    clipped: NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.radiograph.shape

    @cached_property
    def noise_sigma(self) -> NDArray[np.float32]:
        """Standard deviation of the noise of every pixel, shape (rows, columns)."""
        # Made for those who ask, as hardly a step asks for more than some places.
        rows, columns = self.shape
        if self.noise_blocks.shape == (rows, columns):
            return self.noise_blocks
        return np.asarray(cv2.resize(self.noise_blocks, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)

    @cached_property
    def variance_slope(self) -> float:
        """How fast the noise's variance grows with the grey level, in units of `grey`, over the included pixels.

        0 without any.
        """
        step = max(1, min(self.shape) // 256)
        keep = ~self.excluded[::step, ::step]
        if not keep.any():
            return 0.0
        grey, variance = self.grey[::step, ::step][keep], self.noise_sigma[::step, ::step][keep] ** 2
        spread = grey - grey.mean()
        return float((spread * variance).mean() / max((spread**2).mean(), 1e-12))

    def noise_at(self, rows: NDArray[np.integer[Any]], columns: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return `noise_sigma` at some pixels, shape (k,), for rows and columns of shape (k,)."""
        return noise_at(self.noise_blocks, self.shape, rows, columns)

    @cached_property
    def pictured(self) -> NDArray[np.bool_]:
        """True where the picture shows anatomy, be it clipped, shape (rows, columns)."""
        included = ~self.excluded
        return included if self.clipped is None else included | self.clipped

    def share_within(self, kind: ExcludedKind) -> float:
        """Share of the picture that excluded areas of a kind cover, by their outlines; those at its border left out."""
        margin, limits = 0.02 * max(self.shape), np.array(self.shape)
        outlines = [np.array(one.outline_px, np.float32) for one in self.regions if one.kind == kind]
        within = [one for one in outlines if one.min() > margin and (one.max(axis=0) < limits - margin).all()]
        return sum(cv2.contourArea(one) for one in within) / self.grey.size

    @property
    def spacing_mm(self) -> float | None:
        """Size of one pixel in millimetres, or None."""
        return self.radiograph.spacing_mm
