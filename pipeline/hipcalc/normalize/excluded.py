"""A named area in which nothing is detected."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["ExcludedKind", "ExcludedRegion"]

ExcludedKind = Literal["padding", "collimation", "box", "direct-exposure", "clipped", "lettering", "metal", "dust"]


@dataclass(frozen=True, kw_only=True)
class ExcludedRegion:
    """One area in which nothing is detected.

    Attributes
    ----------
    kind : {"padding", "collimation", "box", "direct-exposure", "clipped", "lettering", "metal", "dust"}
        Lettering: burned-in letters, rulers and frames, and lead markers, which are told by the same sharp edges.
    outline_px : tuple of (row, column)
        A polygon to about a 700th of the picture's longer side; holes
        are joined to it by lines there and back, so that the even-odd rule leaves them out.
    """

    kind: ExcludedKind
    outline_px: tuple[tuple[float, float], ...]
