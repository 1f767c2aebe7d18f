"""The VOI transformation of a DICOM header: the grey scale in which the picture is meant to be seen."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

__all__ = ["apply_voi", "look_up_table"]

# A sigmoid maps what lies this many widths off its centre to within 2% of an end: a window that does so to more than
# this share of the pixels at either end cuts, as a linear one does.
SIGMOID_REACH = 1.0
MOST_CUT = 0.05
# A table that leaves fewer levels than this share of those it is given destroys what the analysis needs.
LEAST_LEVELS_KEPT = 0.25


def apply_voi(values: NDArray[np.float32], dataset: Dataset, notes: list[str]) -> NDArray[np.float32]:
    """Apply what bends the grey scale, and leave out what only cuts it (PS3.3, C.11.2).

    A linear window (LINEAR, LINEAR_EXACT) is gain, offset and clipping: the first two mean nothing to the analysis, and
    clipping destroys what lies outside, so it is not applied. A sigmoid window and a VOI LUT bend the scale as a vendor
    wants it seen and keep its order: they are applied, the first of several, unless they would cut as well. An invalid
    one is noted and left out.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        After the modality LUT or rescale.
    dataset : Dataset
    notes : list of str
        Gets a sentence for what is invalid.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        The values as they were, or in the scale that the file prescribes; a descending table turns it round.
    """
    if dataset.get("VOILUTSequence"):
        return _through_table(values, dataset.VOILUTSequence[0], notes)
    centre, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
    if centre is None and width is None:
        return values
    function = str(dataset.get("VOILUTFunction", "") or "LINEAR").strip().upper()
    # PS3.3, C.11.2.1.2: a linear window is at least 1 wide, the others more than 0.
    valid = centre is not None and width is not None and math.isfinite(centre) and math.isfinite(width) and width > 0
    if not valid or (function == "LINEAR" and width is not None and width < 1):
        notes.append("the window is invalid and was ignored")
        return values
    if function != "SIGMOID" or centre is None or width is None:
        return values
    low, high = np.percentile(values[::8, ::8], (100 * MOST_CUT, 100 * (1 - MOST_CUT)))
    if low < centre - SIGMOID_REACH * width or high > centre + SIGMOID_REACH * width:
        notes.append("the sigmoid window would cut grey levels off and was not applied")
        return values
    # PS3.3, C.11.2.1.3.1, with an output range of 1.
    return np.asarray(1.0 / (1.0 + np.exp(np.float32(-4.0 / width) * (values - np.float32(centre)))), np.float32)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(value if isinstance(value, (str, int, float)) else value[0])
    except (IndexError, TypeError, ValueError):
        try:
            return float(value)
        except (TypeError, ValueError):
            return math.nan


def _through_table(values: NDArray[np.float32], item: Dataset, notes: list[str]) -> NDArray[np.float32]:
    table = look_up_table(item)
    if table is None:
        notes.append("the VOI LUT is invalid and was ignored")
        return values
    first, entries = table
    low, high = float(values.min()), float(values.max())
    index = np.arange(len(entries)) + first
    used = entries[(index >= low) & (index <= high)]
    steps = np.diff(used)
    rises, falls = bool((steps >= 0).all()), bool((steps <= 0).all())
    if len(used) < 2 or not (rises or falls) or len(np.unique(used)) < LEAST_LEVELS_KEPT * min(len(used), 256):
        notes.append("the VOI LUT does not keep the order or the number of grey levels and was ignored")
        return values
    return np.asarray(np.interp(values, index, entries), np.float32)


def look_up_table(item: Dataset) -> tuple[int, NDArray[np.float64]] | None:
    """First mapped value and entries of a look-up table; None where descriptor and data do not agree."""
    try:
        count, first, bits = (int(number) for number in item.LUTDescriptor)
        data = item.LUTData
        if isinstance(data, bytes):
            data = np.frombuffer(data, "<u2" if len(data) >= 2 * (count % 65536 or 65536) else "u1")
        entries = np.asarray(data, np.float64)
    except (AttributeError, TypeError, ValueError):
        return None
    # PS3.3, C.11.2.1.1: 0 entries stand for 65536, whatever the sign; 8 bit tables are kept as words by some.
    count = count % 65536 or 65536
    if len(entries) < count or not 1 <= bits <= 16:
        return None
    if first > 32767 and item["LUTDescriptor"].VR == "SS":
        first -= 65536
    return first, entries[:count]
