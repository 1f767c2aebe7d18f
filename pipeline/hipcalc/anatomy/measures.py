"""What is measured on located hips: angles, coverage and joint space of each, and how a pelvis lies in its picture."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from hipcalc.anatomy.frame import FOUND_STATUSES, HipFrame
from hipcalc.anatomy.landmarks import HipLandmarks, Landmark, find_landmarks
from hipcalc.normalize import NormalizedRadiograph
from hipcalc_models import model_file

__all__ = [
    "HipMeasures",
    "Measure",
    "MeasureName",
    "PublishedRange",
    "Reference",
    "hip_columns",
    "measure_hips",
    "published_range",
]

MeasureName = Literal[
    "centre_edge_angle", "acetabular_index", "sharp_angle", "extrusion_index", "superior_joint_space",
    "minimum_joint_space", "head_distance", "head_line_slope", "teardrop_asymmetry",
]  # fmt: skip
Reference = Literal["heads", "picture"]

# The superior joint space is the median over these polar angles; the smallest is looked for from -20 degrees to this
# much short of the rim, each time over several neighbours, because a single place may be a trabecula.
SUPERIOR_DEG, LOADED_FROM_DEG, SHORT_OF_RIM_DEG = (-15.0, 15.0), -20.0, 6.0
FEWEST_PLACES, NEIGHBOURS = 6, 5
# A line through two heads that slopes more than this is no pelvis lying in its picture.
STEEPEST_DEG = 20.0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure.

    Attributes
    ----------
    name : str
        One of `MeasureName`.
    value : float
    sd : float
        Uncertainty: one standard deviation against the truth.
    unit : {"deg", "ratio", "head_radii", "mm"}
    normal : (float, float) or None
        Limits of the published normal range in this unit, ends included; None where none applies.
    source : str
        Who defined the measure, and where its normal range is published.
    """

    name: MeasureName
    value: float
    sd: float
    unit: Literal["deg", "ratio", "head_radii", "mm"]
    normal: tuple[float, float] | None
    source: str


@dataclass(frozen=True, kw_only=True, eq=False)
class HipMeasures:
    """Landmarks and measures of one hip.

    Attributes
    ----------
    landmarks : HipLandmarks
    measures : tuple of Measure
        Those that could be taken; empty for a hip that is absent or replaced.
    reference : {"heads", "picture"}
        What angles are measured against: the line through both heads, or the picture's horizontal.
    reference_deg : float
        Slope of that line, positive clockwise as displayed.
    """

    landmarks: HipLandmarks
    measures: tuple[Measure, ...]
    reference: Reference
    reference_deg: float

    def get(self, name: MeasureName, unit: str | None = None) -> Measure | None:
        """Return a measure by its name (and unit), or None where it could not be taken."""
        found = (one for one in self.measures if one.name == name and unit in (None, one.unit))
        return next(found, None)


@lru_cache(maxsize=1)
def _model() -> dict[str, dict[str, float]]:
    model: dict[str, dict[str, float]] = json.loads(model_file("measures-1", "uncertainty.json").read_text("utf-8"))
    return model


def _offset(name: str) -> float:
    """Return by how much a raw value is off because edges are as wide as they are."""
    return _model()[name].get("offset", 0.0)


@dataclass(frozen=True, kw_only=True)
class PublishedRange:
    """Published normal range of a measure in a unit; `limits` is None where there is none."""

    unit: str
    limits: tuple[float, float] | None
    source: str


@lru_cache(maxsize=1)
def _published() -> dict[str, PublishedRange]:
    rows = json.loads(model_file("measures-1", "normal_ranges.json").read_text("utf-8"))
    return {
        name: PublishedRange(
            unit=row["unit"],
            limits=None if row["normal"] is None else (float(row["normal"][0]), float(row["normal"][1])),
            source=row["source"],
        )
        for name, row in rows.items()
    }


def published_range(name: str) -> PublishedRange:
    """Return the published normal range of a measure.

    Parameters
    ----------
    name : str
        One of `MeasureName`.
    """
    return _published()[name]


def _measure(name: MeasureName, value: float, unit: str, *, sd: float, scale: float = 1.0) -> Measure:
    """Take what the calibrations know off a raw value, and scale it to its unit."""
    published = published_range(name)
    return Measure(
        name=name,
        value=(value - _offset(name)) * scale,
        sd=sd * scale,
        unit=unit,  # type: ignore[arg-type]
        normal=published.limits if published.unit == unit else None,
        source=published.source,
    )


def _sd(name: MeasureName, reference: Reference) -> float:
    """Combine what a measure scatters by with what its line of reference may be off by."""
    model = _model()[name]
    return math.hypot(model["sd"], _model()["reference"][reference] * model.get("per_reference_deg", 0.0))


def _turned(hip: HipFrame, row_px: float, column_px: float, slope_deg: float) -> tuple[float, float]:
    """(lateral, cranial) of a place in head radii from the head's centre, against a line that slopes."""
    down, right = row_px - hip.head_row_px, column_px - hip.head_column_px
    cos, sin = math.cos(math.radians(slope_deg)), math.sin(math.radians(slope_deg))
    lateral = (right * cos + down * sin) * hip.lateral_sign
    return lateral / hip.head_radius_px, (right * sin - down * cos) / hip.head_radius_px


def _angles(hip: HipFrame, landmarks: HipLandmarks, reference: Reference, slope_deg: float) -> list[Measure]:
    rim = _turned(hip, hip.rim_row_px, hip.rim_column_px, slope_deg)
    angle = math.degrees(math.atan2(rim[0], rim[1]))
    taken = [
        _measure("centre_edge_angle", angle, "deg", sd=_sd("centre_edge_angle", reference)),
        _measure("extrusion_index", (1.0 - rim[0]) / 2.0, "ratio", sd=_sd("extrusion_index", reference)),
    ]
    medial, end = landmarks.sourcil_medial, landmarks.sourcil_end
    if medial.is_visible and end.is_visible:
        slope = _rise_deg(_turned(hip, *_at(medial), slope_deg), _turned(hip, *_at(end), slope_deg))
        taken.append(_measure("acetabular_index", slope, "deg", sd=_sd("acetabular_index", reference)))
    if landmarks.teardrop.is_visible:
        slope = _rise_deg(_turned(hip, *_at(landmarks.teardrop), slope_deg), rim)
        taken.append(_measure("sharp_angle", slope, "deg", sd=_sd("sharp_angle", reference)))
    return taken


def _at(landmark: Landmark) -> tuple[float, float]:
    return landmark.row_px, landmark.column_px


def _rise_deg(start: tuple[float, float], end: tuple[float, float]) -> float:
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def _joint_spaces(hip: HipFrame, landmarks: HipLandmarks, spacing_mm: float | None) -> list[Measure]:
    """Superior and smallest joint space, where enough of the roof was followed."""
    phi, space = landmarks.joint_space.T
    loaded = (phi >= LOADED_FROM_DEG) & (phi <= hip.rim_phi_deg - SHORT_OF_RIM_DEG)
    superior = (phi >= SUPERIOR_DEG[0]) & (phi <= SUPERIOR_DEG[1])
    if superior.sum() < FEWEST_PLACES or loaded.sum() < FEWEST_PLACES:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(space[loaded], NEIGHBOURS)
    usual, smallest = float(np.median(space[superior])), float(np.median(windows, axis=1).min())
    # The smallest of many is too small by chance, which its own offset takes back; never beyond the usual one.
    both = _offset("superior_joint_space"), _offset("minimum_joint_space")
    raw = {"superior_joint_space": usual, "minimum_joint_space": min(smallest, usual - both[0] + both[1])}
    return [
        measure
        for name, value in raw.items()
        for measure in _lengths(name, value, _model()[name]["sd"], hip.head_radius_px, spacing_mm)  # type: ignore[arg-type]
    ]


def _lengths(name: MeasureName, value: float, sd: float, radius_px: float, spacing_mm: float | None) -> list[Measure]:
    """One length in head radii and, where the spacing is known, in millimetres as the picture magnifies them."""
    taken = [_measure(name, value, "head_radii", sd=sd)]
    if spacing_mm is not None:
        taken.append(_measure(name, value, "mm", sd=sd, scale=radius_px * spacing_mm))
    return taken


def _of_pair(pair: tuple[HipFrame, HipFrame], found: Sequence[HipLandmarks], spacing_mm: float | None) -> list[Measure]:
    """Measure how two hips of a pelvis lie to each other, from the image's left to its right."""
    left, right = pair
    down, across = right.head_row_px - left.head_row_px, right.head_column_px - left.head_column_px
    radius = math.sqrt(left.head_radius_px * right.head_radius_px)
    slope = math.degrees(math.atan2(down, across))
    distance = math.hypot(down, across) / radius
    taken = _lengths("head_distance", distance, _model()["head_distance"]["sd"], radius, spacing_mm)
    taken.append(_measure("head_line_slope", slope, "deg", sd=_model()["head_line_slope"]["sd"]))
    if all(one.teardrop.is_visible for one in found):
        medial = [-_turned(hip, *_at(one.teardrop), slope)[0] for hip, one in zip(pair, found, strict=True)]
        value = (medial[1] - medial[0]) / (medial[0] + medial[1])
        taken.append(_measure("teardrop_asymmetry", value, "ratio", sd=_model()["teardrop_asymmetry"]["sd"]))
    return taken


def _pelvis_of(hips: Sequence[HipFrame]) -> tuple[HipFrame, HipFrame] | None:
    """Return both hips of a pelvis that lies in its picture as pelves do, else None."""
    found = [hip for hip in hips if hip.status in FOUND_STATUSES]
    if len(found) != 2:
        return None
    left, right = sorted(found, key=lambda hip: hip.head_column_px)
    down, across = right.head_row_px - left.head_row_px, right.head_column_px - left.head_column_px
    return (left, right) if abs(math.degrees(math.atan2(down, across))) <= STEEPEST_DEG else None


def measure_hips(normalized: NormalizedRadiograph, hips: Sequence[HipFrame]) -> tuple[HipMeasures, ...]:
    """Find the landmarks of located hips and take their measures.

    On a pelvis angles are measured against the line through both heads; on a single hip against the picture's
    horizontal, with a larger uncertainty. Lengths in millimetres are those of the picture: with a spacing at the
    detector they are magnified as the hip is.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    hips : sequence of HipFrame
        All hips of the image.

    Returns
    -------
    tuple of HipMeasures
        One for each hip, in the same order; without measures for a hip that is absent or replaced.
    """
    found = [find_landmarks(normalized, hip) for hip in hips]
    pair = _pelvis_of(hips)
    spacing_mm = normalized.spacing_mm
    slope = 0.0
    reference: Reference = "picture"
    shared: list[Measure] = []
    if pair is not None:
        shared = _of_pair(pair, [found[hips.index(hip)] for hip in pair], spacing_mm)
        slope, reference = next(one.value for one in shared if one.name == "head_line_slope"), "heads"
    measured = []
    for hip, landmarks in zip(hips, found, strict=True):
        taken: list[Measure] = []
        if hip.status in FOUND_STATUSES:
            taken = _angles(hip, landmarks, reference, slope)
            taken += _joint_spaces(hip, landmarks, spacing_mm)
            taken += shared
        measured.append(
            HipMeasures(landmarks=landmarks, measures=tuple(taken), reference=reference, reference_deg=slope)
        )
    return tuple(measured)


def hip_columns(hip: HipFrame, measured: HipMeasures) -> dict[str, float | str | None]:
    """Return what the hips table says of landmarks and measures, by column; None where it is not known."""
    cells: dict[str, float | str | None] = {"head_visible": hip.head_visible}
    for name in ("sourcil_end", "sourcil_medial", "teardrop"):
        landmark: Landmark = getattr(measured.landmarks, name)
        cells[f"{name}_row_px"], cells[f"{name}_column_px"] = landmark.row_px, landmark.column_px
        cells[f"{name}_visibility"] = landmark.visibility
    cells["angle_reference"] = measured.reference if measured.measures else ""
    cells["angle_reference_deg"] = measured.reference_deg if measured.measures else None
    for one in measured.measures:
        column = _column_of(one)
        cells[column], cells[f"{column}_sd"] = one.value, one.sd
    return {name: None if isinstance(cell, float) and not math.isfinite(cell) else cell for name, cell in cells.items()}


def _column_of(measure: Measure) -> str:
    """Return the column of the hips table that holds a measure; its uncertainty's ends in ``_sd``."""
    if measure.name == "centre_edge_angle":
        # The contract's own column is measured against the picture alone.
        return "lateral_centre_edge_angle_deg"
    return measure.name if measure.unit == "ratio" else f"{measure.name}_{measure.unit}"
