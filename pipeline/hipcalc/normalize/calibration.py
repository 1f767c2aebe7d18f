"""Millimetres from a burned-in scale bar whose length the user knows."""

import math
from dataclasses import replace

from hipcalc.errors import UsageError
from hipcalc.normalize.scale_bar import scale_bar_length_px
from hipcalc.radiograph import Radiograph

__all__ = ["calibrate_by_scale_bar", "check_scale_bar_mm"]

# Beyond what magnification explains, the bar is another one than the user thinks, or the header is wrong.
CONFLICT = 0.3


def check_scale_bar_mm(length_mm: float) -> None:
    """Raise `UsageError` unless a length can be that of a scale bar."""
    if not 0 < length_mm < math.inf:
        raise UsageError(f"The scale bar's length must be a positive number of millimetres, not {length_mm:g}.")


def calibrate_by_scale_bar(radiograph: Radiograph, length_mm: float) -> Radiograph:
    """Take the pixel spacing from the picture's scale bar, in place of what the file says.

    Parameters
    ----------
    radiograph : Radiograph
    length_mm : float
        What the bar stands for, from its first to its last tick, or end to end.

    Returns
    -------
    Radiograph
        With spacing source ``scale-bar``; unchanged but for a note where the picture shows no bar.

    Raises
    ------
    UsageError
        When `length_mm` is not a positive number.
    """
    check_scale_bar_mm(length_mm)
    length_px = scale_bar_length_px(radiograph.pixels)
    if length_px is None:
        return replace(radiograph, notes=(*radiograph.notes, "no scale bar was found in the picture"))
    spacing, stated, notes = length_mm / length_px, radiograph.spacing_mm, radiograph.notes
    if stated is not None and abs(spacing - stated) > CONFLICT * stated:
        notes = (*notes, f"the scale bar replaces the file's {stated:.3f} mm ({radiograph.spacing_source})")
    return replace(radiograph, spacing_mm=spacing, spacing_source="scale-bar", notes=notes)
