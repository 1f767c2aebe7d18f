"""Random but plausible exposures."""

from typing import Final

import numpy as np

from hipcalc.synthetic.draw_furniture import draw_furniture
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, Imaging, Photometric, View

__all__ = ["draw_imaging"]

_BITS: Final = {8: 0.1, 10: 0.25, 12: 0.4, 14: 0.15, 16: 0.1}
_PHOTOMETRIC: Final[dict[Photometric, float]] = {"MONOCHROME2": 0.75, "MONOCHROME1": 0.25}


def draw_imaging(view: View, rng: np.random.Generator) -> Imaging:
    """Draw an exposure, a frame that fits the view, and what stands in it."""
    side = SIDE_OF_VIEW[view]
    low, high = (0.14, 0.30) if side is None else (0.10, 0.20)
    pixel = float(np.round(np.exp(rng.uniform(np.log(low), np.log(high))), 3))
    height, width = (392.0, 425.0) if side is None else (255.0, 210.0)
    photometric: list[Photometric] = list(_PHOTOMETRIC)
    return Imaging(
        view=view,
        rows=int(height / pixel),
        columns=int(width / pixel),
        pixel_mm=pixel,
        kilovolts=float(np.round(rng.uniform(70.0, 85.0))),
        dose=float(rng.uniform(0.3, 1.2)),
        blur_mm=float(rng.uniform(0.12, 0.24)),
        scatter=float(rng.uniform(0.2, 0.5)),
        # Chosen: one system in five does without enhancement.
        enhancement=float(max(rng.uniform(-0.2, 0.8), 0.0)),
        compression=float(rng.uniform(0.1, 0.7)),
        latitude=float(rng.uniform(0.2, 0.6)),
        noise_reduction=float(rng.uniform(0.0, 0.5)),
        bits=int(rng.choice(list(_BITS), p=list(_BITS.values()))),
        photometric=photometric[int(rng.choice(2, p=list(_PHOTOMETRIC.values())))],
        furniture=draw_furniture(int(height / pixel) * pixel, int(width / pixel) * pixel, side, rng),
    )
