"""The steps of normalisation in their order."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.exclusion import exclusion_mask
from hipcalc.normalize.levels import strips
from hipcalc.normalize.noise import noise_blocks
from hipcalc.normalize.quality import judge_quality
from hipcalc.normalize.types import NormalizedRadiograph
from hipcalc.radiograph import Radiograph
from hipcalc.radiograph.percentiles import percentiles

__all__ = ["normalize"]

# Pixels that are enough for two percentiles.
SAMPLE = 250_000


def normalize(radiograph: Radiograph) -> NormalizedRadiograph:
    """Bring a radiograph to one grey scale, bone bright, and say where it may not be believed.

    Parameters
    ----------
    radiograph : Radiograph

    Returns
    -------
    NormalizedRadiograph
        A picture that cannot carry an answer is returned with quality ``rejected``, not raised.
    """
    bright = radiograph.pixels if radiograph.polarity == "bone-bright" else -radiograph.pixels
    excluded, clipped, regions = exclusion_mask(bright, radiograph.padding)
    grey = _grey_scale(bright, excluded)
    noise = noise_blocks(grey, excluded)
    return NormalizedRadiograph(
        radiograph=radiograph,
        grey=grey,
        noise_blocks=noise,
        excluded=excluded,
        clipped=clipped,
        regions=regions,
        quality=judge_quality(radiograph, grey, noise, excluded, clipped),
    )


def _grey_scale(bright: NDArray[np.float32], excluded: NDArray[np.bool_]) -> NDArray[np.float32]:
    stride = max(1, int(np.sqrt(bright.size / SAMPLE)))
    sample = bright[::stride, ::stride][~excluded[::stride, ::stride]]
    low, high = percentiles(sample if sample.size > 100 else bright, 0.5, 99.5)
    offset, gain = np.float32(low), np.float32(1.0 / max(high - low, 1e-6))
    grey = np.empty_like(bright)
    for strip in strips(bright):
        part = np.subtract(bright[strip.core], offset, out=grey[strip.core])
        part *= gain
    return grey
