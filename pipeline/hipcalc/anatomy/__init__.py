"""NormalizedRadiograph -> HipFrame, ...: femoral head, acetabular rim, side, hip coordinates."""

from hipcalc.anatomy.frame import HipFrame, HipStatus, SideSource
from hipcalc.anatomy.landmarks import HipLandmarks, Landmark
from hipcalc.anatomy.laterality import laterality_notes
from hipcalc.anatomy.locating import View, locate_hips, recognise_view
from hipcalc.anatomy.measures import HipMeasures, Measure, hip_columns, measure_hips, published_range

__all__ = [
    "HipFrame",
    "HipLandmarks",
    "HipMeasures",
    "HipStatus",
    "Landmark",
    "Measure",
    "SideSource",
    "View",
    "hip_columns",
    "laterality_notes",
    "locate_hips",
    "measure_hips",
    "published_range",
    "recognise_view",
]
