"""Radiograph -> NormalizedRadiograph: polarity, grey scale, noise, exclusion masks, quality."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.normalize.calibration import calibrate_by_scale_bar, check_scale_bar_mm
    from hipcalc.normalize.excluded import ExcludedKind, ExcludedRegion
    from hipcalc.normalize.normalising import normalize
    from hipcalc.normalize.quality import judge_hips
    from hipcalc.normalize.scale_bar import scale_bar_length_px
    from hipcalc.normalize.sharpness import edge_blur_px, motion_blur_px
    from hipcalc.normalize.structure import structure_normalised
    from hipcalc.normalize.types import NormalizedRadiograph, Quality

__all__ = [
    "ExcludedKind",
    "ExcludedRegion",
    "NormalizedRadiograph",
    "Quality",
    "calibrate_by_scale_bar",
    "check_scale_bar_mm",
    "edge_blur_px",
    "judge_hips",
    "motion_blur_px",
    "normalize",
    "scale_bar_length_px",
    "structure_normalised",
]

_HOMES = {
    **dict.fromkeys(("calibrate_by_scale_bar", "check_scale_bar_mm"), "calibration"),
    "normalize": "normalising",
    "judge_hips": "quality",
    **dict.fromkeys(("ExcludedKind", "ExcludedRegion"), "excluded"),
    "scale_bar_length_px": "scale_bar",
    **dict.fromkeys(("edge_blur_px", "motion_blur_px"), "sharpness"),
    "structure_normalised": "structure",
    **dict.fromkeys(("NormalizedRadiograph", "Quality"), "types"),
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
