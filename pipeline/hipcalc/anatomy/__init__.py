"""NormalizedRadiograph -> HipFrame, ...: femoral head, acetabular rim, side, hip coordinates."""

from hipcalc.anatomy.frame import HipFrame, HipStatus, SideSource

__all__ = ["HipFrame", "HipStatus", "SideSource"]
