"""NormalizedRadiograph -> HipFrame, ...: femoral head, acetabular rim, side, hip coordinates."""

from hipcalc.anatomy.frame import HipFrame, HipStatus, SideSource
from hipcalc.anatomy.locating import View, locate_hips, recognise_view

__all__ = ["HipFrame", "HipStatus", "SideSource", "View", "locate_hips", "recognise_view"]
