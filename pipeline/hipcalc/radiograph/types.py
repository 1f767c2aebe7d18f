"""The value that every reader returns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Polarity", "Radiograph", "Side", "SpacingSource", "StatedSideSource"]

Side = Literal["R", "L", "unknown"]
Polarity = Literal["bone-bright", "bone-dark"]
StatedSideSource = Literal["header", "filename", "unknown"]
SpacingSource = Literal["calibrated", "magnification-corrected", "detector-plane", "user", "scale-bar", "unknown"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Radiograph:
    """One radiograph as its file states it.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Values after the file's modality LUT or rescale, and after a VOI LUT or sigmoid window, which bend the grey
        scale; a linear window is not applied, because it clips. Of raw values in proportion to the X-rays the
        logarithm. The file's own pixel grid.
    path : str
        The file, as the user named it.
    sha256 : str
        Of the file's bytes, 64 hex digits.
    bits : int
        Meaningful bits per pixel in the file.
    polarity : {"bone-bright", "bone-dark"}
        Whether bone has the high or the low values in `pixels`.
    polarity_source : {"header", "picture", "default"}
    spacing_mm : float or None
        Size of one pixel in millimetres; None when the file does not tell.
    spacing_source : str
        Where `spacing_mm` comes from.
    side : {"R", "L", "unknown"}
        The patient's side for a unilateral radiograph, as the header or the file's name states it.
    side_source : {"header", "filename", "unknown"}
    side_at_right : {"R", "L", "unknown"}
        The patient's side towards which the columns run, as the header states it: L as pelves are usually displayed.
    view_hint : str
        What header or file name say about the view (free text, lower case), empty when nothing.
    padding : ndarray of bool, shape (rows, columns), or None
        True where the file declares padding; None when it declares none.
    notes : tuple of str
        What the reader noticed and decided, in words for the quality column.
    """

    pixels: NDArray[np.float32]
    path: str
    sha256: str
    bits: int
    polarity: Polarity
    polarity_source: Literal["header", "picture", "default"]
    spacing_mm: float | None
    spacing_source: SpacingSource
    side: Side = "unknown"
    side_source: StatedSideSource = "unknown"
    side_at_right: Side = "unknown"
    view_hint: str = ""
    padding: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    @property
    def image_id(self) -> str:
        """First 16 hex digits of the file's SHA-256."""
        return self.sha256[:16]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.pixels.shape
        return rows, columns
