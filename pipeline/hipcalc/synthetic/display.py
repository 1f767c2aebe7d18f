"""The display chain: logarithm, multi-frequency enhancement, tone curve, 12 bits."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.beam import wide_blur
from hipcalc.synthetic.imaging import Imaging

__all__ = ["BITS", "Tone", "enhance", "logarithm", "tone_of"]

Image = NDArray[np.float32]
BITS = 12
# In log attenuation: a detail as strong as a cortex, and one as weak as noise.
_STRONG_DETAIL = 0.04
_NOISE_LEVEL = 0.008


def logarithm(signal: Image) -> Image:
    """Return the log attenuation of a detector signal; unexposed pixels are held at a floor."""
    return np.asarray(-np.log(np.maximum(signal, 1e-6)), np.float32)


def _compressed(band: Image, largest: float, strength: float) -> Image:
    """Return a band whose strong details are lifted less than its weak ones; the order of values stays."""
    return np.asarray(band * (1.0 + (band / np.float32(largest)) ** 2) ** np.float32(-strength / 2), np.float32)


def enhance(log: Image, imaging: Imaging) -> Image:
    """Return log attenuation with the broad differences compressed and the edges lifted, band by band.

    The bands are differences of ever wider blurs, each with its gain, its bend for strong details, and in the finest
    one less gain for what is as weak as noise: after P. Vuylsteke, E. Schoeters, Proc SPIE 2167 (1994) 551,
    without its subsampling. What a change in a window does is confined to about 30 mm around it.
    """
    gain, bend = imaging.enhancement, imaging.compression
    levels = [log, cv2.GaussianBlur(log, (0, 0), 0.45 / imaging.pixel_mm)]
    levels += [wide_blur(log, sigma / imaging.pixel_mm) for sigma in (1.2, 3.0, 14.0)]
    finest, fine, middle, coarse = (inner - outer for inner, outer in pairwise(levels))
    if imaging.noise_reduction > 0:
        finest *= 1.0 - np.float32(imaging.noise_reduction) * np.exp(-((finest / np.float32(_NOISE_LEVEL)) ** 2))
    enhanced = np.float32(1.0 - imaging.latitude) * levels[-1]
    for band, share in ((finest, 1.0), (fine, 0.8), (middle, 0.5), (coarse, 0.0)):
        enhanced += np.float32(1.0 + share * gain) * _compressed(band, _STRONG_DETAIL, bend)
    return np.asarray(enhanced, np.float32)


@dataclass(frozen=True, kw_only=True)
class Tone:
    """A tone curve anchored at two enhanced values, taken once per exposure."""

    low: float
    high: float

    def level(self, enhanced: Image) -> Image:
        """Return display levels from 0 to 1: a soft S between the anchors, shoulders beyond."""
        level = (enhanced - self.low) / (self.high - self.low)
        soft = 0.5 + 0.5 * np.tanh(1.35 * (level - 0.5)) / np.tanh(1.35 * 0.62)
        return np.asarray(np.clip(soft, 0.0, 1.0), np.float32)

    def apply(self, enhanced: Image) -> NDArray[np.uint16]:
        """Return the display levels as stored pixel values of 12 bits."""
        return np.asarray(np.round(self.level(enhanced) * (2**BITS - 1)), np.uint16)


def tone_of(enhanced: Image, body: NDArray[np.bool_]) -> Tone:
    """Anchor the curve at the darkest and brightest hundredths of what lies behind the body."""
    values = enhanced[body][::7] if body.any() else enhanced.ravel()
    low, high = np.percentile(values, (1.0, 99.7))
    return Tone(low=float(low), high=float(max(high, low + 1e-3)))
