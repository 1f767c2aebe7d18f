"""The value that normalisation returns."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.excluded import ExcludedKind, ExcludedRegion
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
    noise_sigma : ndarray of float32, shape (rows, columns)
        Standard deviation of the pixel noise, in the units of `grey`, from the picture itself.
    excluded : ndarray of bool, shape (rows, columns)
        True where nothing may be detected: collimation, padding, blacked-out boxes, burned-in letters, metal, clipped
        pixels.
    quality : Quality
    regions : tuple of ExcludedRegion
        The excluded areas by name, as outlines.
    """

    radiograph: Radiograph
    grey: NDArray[np.float32]
    noise_sigma: NDArray[np.float32]
    excluded: NDArray[np.bool_]
    quality: Quality
    regions: tuple[ExcludedRegion, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.radiograph.shape

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
