"""A plain hip in power-law texture, with planted foci: enough for the detector's contracts, no anatomy to speak of."""

import math

import cv2
import numpy as np

from hipcalc.anatomy import HipFrame
from hipcalc.normalize import NormalizedRadiograph, Quality
from hipcalc.radiograph import Radiograph

HEAD_RADIUS_PX = 85.0
SHAPE = (560, 560)
BLUR_PX = 1.0


def hip_frame(**changes):
    fields = {
        "side": "L",
        "side_source": "user",
        "status": "located",
        "confidence": 1.0,
        "head_row_px": 300.0,
        "head_column_px": 220.0,
        "head_radius_px": HEAD_RADIUS_PX,
        "rim_row_px": 300.0 - 1.2 * HEAD_RADIUS_PX * math.cos(math.radians(35)),
        "rim_column_px": 220.0 + 1.2 * HEAD_RADIUS_PX * math.sin(math.radians(35)),
        "lateral_sign": 1,
    }
    return HipFrame(**{**fields, **changes})


def power_law_texture(seed, shape=SHAPE, exponent=1.5):
    """Unit-deviation texture whose amplitude falls with spatial frequency, as tissue's does."""
    rng = np.random.default_rng(seed)
    rows = np.fft.fftfreq(shape[0])[:, None]
    columns = np.fft.rfftfreq(shape[1])[None, :]
    amplitude = 1.0 / np.maximum(np.hypot(rows, columns), 2.0 / max(shape)) ** exponent
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * amplitude
    texture = np.fft.irfft2(spectrum, shape)
    return ((texture - texture.mean()) / texture.std()).astype(np.float32)


def soft_background(seed=0, structure=0.03, noise=0.004):
    """Soft tissue of grey 0.35, with a brighter head of bone."""
    rng = np.random.default_rng(seed + 1000)
    grey = 0.35 + structure * power_law_texture(seed) + noise * rng.standard_normal(SHAPE).astype(np.float32)
    hip = hip_frame()
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    distance = np.hypot(rows - hip.head_row_px, columns - hip.head_column_px)
    return (grey + 0.35 / (1.0 + np.exp((distance - HEAD_RADIUS_PX) / 2.0))).astype(np.float32)


def with_disk(grey, place, diameter_px, contrast, *, core=1.0, aspect=1.0):
    """Add a blurred disk or ellipse at (row, column); `core` below 1 makes its inner 60% darker."""
    finer = 4
    rows, columns = np.ogrid[: grey.shape[0] * finer, : grey.shape[1] * finer]
    down = ((rows + 0.5) / finer - 0.5 - place[0]) * math.sqrt(aspect)
    right = ((columns + 0.5) / finer - 0.5 - place[1]) / math.sqrt(aspect)
    radius = np.hypot(down, right) / (diameter_px / 2)
    fine = np.where(radius <= 1.0, np.where(radius <= 0.6, core, 1.0), 0.0).astype(np.float32)
    disk = cv2.GaussianBlur(cv2.resize(fine, grey.shape[::-1], interpolation=cv2.INTER_AREA), (0, 0), BLUR_PX)
    return (grey + contrast * disk).astype(np.float32)


def as_normalized(grey, *, excluded=None, noise=0.004, spacing_mm=0.28):
    radiograph = Radiograph(
        pixels=grey,
        path="phantom.dcm",
        sha256="ab" * 32,
        bits=12,
        polarity="bone-bright",
        polarity_source="default",
        spacing_mm=spacing_mm,
        spacing_source="unknown" if spacing_mm is None else "detector-plane",
    )
    return NormalizedRadiograph(
        radiograph=radiograph,
        grey=grey,
        noise_blocks=np.full(grey.shape, noise, np.float32),
        excluded=np.zeros(grey.shape, bool) if excluded is None else excluded,
        quality=Quality(level="ok"),
    )
