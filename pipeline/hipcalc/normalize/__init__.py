"""Radiograph -> NormalizedRadiograph: polarity, grey scale, noise, exclusion masks, quality."""

from hipcalc.normalize.calibration import calibrate_by_scale_bar, check_scale_bar_mm
from hipcalc.normalize.normalising import normalize
from hipcalc.normalize.quality import judge_hips
from hipcalc.normalize.regions import ExcludedKind, ExcludedRegion
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
