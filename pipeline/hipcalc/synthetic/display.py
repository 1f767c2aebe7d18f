"""The display chain: logarithm, multi-frequency enhancement, tone curve, 12 bits."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.beam import wide_blur
from hipcalc.synthetic.imaging import Imaging

__all__ = ["BITS", "Tone", "enhance", "logarithm", "tone_of"]

Image = NDArray[np.float32]
BITS = 12


def logarithm(signal: Image) -> Image:
    """Return the log attenuation of a detector signal; unexposed pixels are held at a floor."""
    return np.asarray(-np.log(np.maximum(signal, 1e-6)), np.float32)


def enhance(log: Image, imaging: Imaging) -> Image:
    """Return log attenuation with the broad differences compressed and the edges lifted; linear in `log`."""
    broad = wide_blur(log, 14.0 / imaging.pixel_mm)
    middle = wide_blur(log, 2.5 / imaging.pixel_mm)
    fine = cv2.GaussianBlur(log, (0, 0), 0.6 / imaging.pixel_mm)
    gain = imaging.enhancement
    return np.asarray(
        broad * 0.6 + (middle - broad) + (1.0 + 0.5 * gain) * (fine - middle) + (1.0 + gain) * (log - fine), np.float32
    )


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
