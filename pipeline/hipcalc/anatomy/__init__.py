"""NormalizedRadiograph -> HipFrame, ...: femoral head, acetabular rim, side, hip coordinates."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.anatomy.frame import FOUND_STATUSES, HipFrame, HipStatus, SideSource
    from hipcalc.anatomy.landmarks import HipLandmarks, Landmark
    from hipcalc.anatomy.laterality import laterality_notes
    from hipcalc.anatomy.locating import View, locate_hips, recognise_view
    from hipcalc.anatomy.measures import HipMeasures, Measure, hip_columns, measure_hips, published_range
    from hipcalc.anatomy.turned import quarter_turns_to_hips

__all__ = [
    "FOUND_STATUSES",
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
    "quarter_turns_to_hips",
    "recognise_view",
]

_HOMES = {
    **dict.fromkeys(("FOUND_STATUSES", "HipFrame", "HipStatus", "SideSource"), "frame"),
    **dict.fromkeys(("HipLandmarks", "Landmark"), "landmarks"),
    "laterality_notes": "laterality",
    **dict.fromkeys(("View", "locate_hips", "recognise_view"), "locating"),
    **dict.fromkeys(("HipMeasures", "Measure", "hip_columns", "measure_hips", "published_range"), "measures"),
    "quarter_turns_to_hips": "turned",
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
