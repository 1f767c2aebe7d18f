"""Random but plausible exposures."""

import numpy as np

from hipcalc.synthetic.imaging import Imaging, View

__all__ = ["draw_imaging"]


def draw_imaging(view: View, rng: np.random.Generator) -> Imaging:
    """Draw an exposure, and a frame that fits the view."""
    pixel = (
        float(np.round(rng.uniform(0.20, 0.30), 3))
        if view == "ap-pelvis"
        else float(np.round(rng.uniform(0.14, 0.2), 3))
    )
    height, width = (392.0, 425.0) if view == "ap-pelvis" else (255.0, 210.0)
    return Imaging(
        view=view,
        rows=int(height / pixel),
        columns=int(width / pixel),
        pixel_mm=pixel,
        kilovolts=float(np.round(rng.uniform(70.0, 85.0))),
        dose=float(rng.uniform(0.3, 1.2)),
        blur_mm=float(rng.uniform(0.12, 0.22)),
        scatter=float(rng.uniform(0.2, 0.5)),
        enhancement=float(rng.uniform(0.2, 1.1)),
    )
