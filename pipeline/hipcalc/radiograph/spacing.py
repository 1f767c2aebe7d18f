"""DICOM header -> size of a pixel in millimetres, and how far to trust it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from hipcalc.radiograph.types import SpacingSource

__all__ = ["Spacing", "header_spacing"]

# A radiograph's pixel is neither finer than mammography's best nor coarser than a thumbnail's.
PLAUSIBLE_MM = (0.03, 0.8)
SQUARE_TOLERANCE = 0.01
SAME_TOLERANCE = 0.001
MAGNIFICATION_TOLERANCE = 0.05
# Published radiographic magnification of the hip is 1.10-1.23; a factor outside this range is a typing error.
PLAUSIBLE_MAGNIFICATION = (1.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Spacing:
    """Size of one pixel, where it comes from, and what was wrong on the way."""

    mm: float | None
    source: SpacingSource
    notes: tuple[str, ...] = ()


def header_spacing(dataset: Dataset) -> Spacing:
    """Choose the pixel spacing of a projection radiograph (DICOM PS3.3, 10.7.1.3 and C.8.11.4).

    PixelSpacing counts as *calibrated* only where PixelSpacingCalibrationType is given or where it differs from
    ImagerPixelSpacing; alone or equal to it, it is the detector's. The detector's spacing is divided by
    EstimatedRadiographicMagnificationFactor, or by DistanceSourceToDetector / DistanceSourceToPatient, where these are
    plausible. NominalScannedPixelSpacing (digitised film) is taken last, as the detector's. Values that are zero,
    negative, not square, exactly 1.0 (a default of many exporters) or outside 0.03-0.8 mm are noted and not used.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Spacing
    """
    notes: list[str] = []
    aspect = _numbers(dataset.get("PixelAspectRatio"))
    if aspect is not None and len(set(aspect)) > 1:
        notes.append("PixelAspectRatio says that pixels are not square, so shapes and angles are distorted")
    image = _square(dataset, "PixelSpacing", notes)
    detector = _square(dataset, "ImagerPixelSpacing", notes)
    film = _square(dataset, "NominalScannedPixelSpacing", notes)
    calibration = str(dataset.get("PixelSpacingCalibrationType", "") or "").strip().upper()
    if image is not None and detector is not None and not calibration and _differ(image, detector):
        # Right by the standard where somebody calibrated the picture, wrong where it was only made smaller or larger.
        notes.append("PixelSpacing differs from ImagerPixelSpacing and does not say how it was calibrated")
    if image is not None and _is_calibrated(image, detector, calibration):
        source: SpacingSource = "magnification-corrected" if calibration == "GEOMETRY" else "calibrated"
        return Spacing(mm=image, source=source, notes=tuple(notes))
    plane = next((value for value in (detector, image, film) if value is not None), None)
    if plane is None:
        return Spacing(mm=None, source="unknown", notes=tuple(notes))
    magnification = _magnification(dataset, notes)
    if magnification is None:
        return Spacing(mm=plane, source="detector-plane", notes=tuple(notes))
    return Spacing(mm=plane / magnification, source="magnification-corrected", notes=tuple(notes))


def _is_calibrated(image: float, detector: float | None, calibration: str) -> bool:
    if calibration in ("GEOMETRY", "FIDUCIAL"):
        return True
    return detector is not None and _differ(image, detector)


def _differ(image: float, detector: float) -> bool:
    return abs(image - detector) > SAME_TOLERANCE * detector


def _square(dataset: Dataset, keyword: str, notes: list[str]) -> float | None:
    """Return a spacing that can be used, else None with a note."""
    values = _numbers(dataset.get(keyword))
    if values is None:
        return None
    if len(values) != 2 or not all(math.isfinite(value) and value > 0 for value in values):
        notes.append(f"{keyword} is not a positive pair and was not used")
        return None
    row, column = values
    if abs(row - column) > SQUARE_TOLERANCE * max(row, column):
        notes.append(f"{keyword} is not square and was not used")
        return None
    if row == 1.0:
        notes.append(f"{keyword} is 1.0 mm, an exporter's default, and was not used")
        return None
    if not PLAUSIBLE_MM[0] <= row <= PLAUSIBLE_MM[1]:
        notes.append(f"{keyword} is outside {PLAUSIBLE_MM[0]}-{PLAUSIBLE_MM[1]} mm and was not used")
        return None
    return math.sqrt(row * column) if row != column else row


def _magnification(dataset: Dataset, notes: list[str]) -> float | None:
    stated = _number(dataset.get("EstimatedRadiographicMagnificationFactor"))
    to_detector = _number(dataset.get("DistanceSourceToDetector"))
    to_patient = _number(dataset.get("DistanceSourceToPatient"))
    measured = to_detector / to_patient if to_detector and to_patient else None
    # Exactly 1 is what devices write that do not know.
    if stated == 1.0 and measured is not None:
        stated = None
    factor = measured if stated is None else stated
    if factor is None:
        return None
    if stated is not None and measured is not None and abs(stated / measured - 1.0) > MAGNIFICATION_TOLERANCE:
        notes.append("the header's magnification contradicts its distances and was believed")
    if not PLAUSIBLE_MAGNIFICATION[0] < factor <= PLAUSIBLE_MAGNIFICATION[1]:
        # Exactly 1 is what devices write that do not know.
        if factor != 1.0:
            notes.append("the header's magnification is implausible and was not used")
        return None
    return factor


def _numbers(value: Any) -> list[float] | None:
    if value is None or value == "":
        return None
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    try:
        return [float(item) for item in items] or None
    except (TypeError, ValueError):
        return [math.nan]


def _number(value: Any) -> float | None:
    values = _numbers(value)
    return values[0] if values is not None and len(values) == 1 and math.isfinite(values[0]) else None
