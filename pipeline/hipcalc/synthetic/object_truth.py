"""What is known of an object that is neither the patient nor a focus."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ObjectKind", "ObjectTruth", "object_truth"]

ObjectKind = Literal["blade", "marker", "clip", "dust", "text-box", "scale-bar", "black", "white"]


@dataclass(frozen=True, kw_only=True)
class ObjectTruth:
    """One object in a picture.

    Attributes
    ----------
    object : {"blade", "marker", "clip", "dust", "text-box", "scale-bar", "black", "white"}
        The last two: the largest connected region that is saturated by the exposure.
    top_px, left_px, bottom_px, right_px : int
        Box of the pixels that it covers, the first and the last row and column included.
    length_px, length_mm : float
        Of a scale bar and a clip: end to end. Of a marker: height. Of dust: diameter. Of a blade: reach at the middle
        of its edge. Millimetres are at the detector. 0 for what has no length.
    angle_deg : float
        Clockwise as displayed.
    text : str
        Letters, if it has any.
    """

    object: ObjectKind
    top_px: int
    left_px: int
    bottom_px: int
    right_px: int
    length_px: float = 0.0
    length_mm: float = 0.0
    angle_deg: float = 0.0
    text: str = ""


def object_truth(
    kind: ObjectKind,
    covered: NDArray[np.bool_],
    *,
    pixel_mm: float,
    length_mm: float = 0.0,
    angle_deg: float = 0.0,
    text: str = "",
) -> tuple[ObjectTruth, ...]:
    """Describe an object by the pixels that it covers; nothing where it covers none."""
    rows, columns = (np.flatnonzero(covered.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return ()
    return (
        ObjectTruth(
            object=kind,
            top_px=int(rows[0]),
            left_px=int(columns[0]),
            bottom_px=int(rows[-1]),
            right_px=int(columns[-1]),
            length_px=length_mm / pixel_mm,
            length_mm=length_mm,
            angle_deg=angle_deg,
            text=text,
        ),
    )
