"""NormalizedRadiograph -> HipFrame, ...: femoral head, acetabular rim, side, hip coordinates."""

from hipcalc.anatomy.frame import HipFrame, HipStatus, SideSource
from hipcalc.anatomy.laterality import laterality_notes
from hipcalc.anatomy.locating import View, locate_hips, recognise_view

__all__ = ["HipFrame", "HipStatus", "SideSource", "View", "laterality_notes", "locate_hips", "recognise_view"]
