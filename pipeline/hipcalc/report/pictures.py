"""8-bit pictures of a radiograph for a page: the whole, each hip at full resolution, and a thumbnail."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy import HipFrame
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.radiograph import Radiograph
from hipcalc.report.files import write_atomic

__all__ = ["Box", "hip_box", "jpeg_bytes", "picture_of", "shrunk", "whole_box", "write_pictures", "write_thumbnail"]

Grey = TypeVar("Grey", np.uint8, np.float32)

OVERVIEW_PX = 1600
THUMBNAIL_PX = 240
# A hip's picture reaches this far from the head's centre: rim, labrum, both trochanters and the muscle origins.
HIP_REACH_HEAD_RADII = 2.6
# Larger crops are shrunk: no screen shows more, and a head of 500 pixels is a quarter of a metre on paper.
HIP_PX = 1400
SMALLEST_BOX_PX = 32
JPEG_QUALITY = 90


@dataclass(frozen=True, kw_only=True)
class Box:
    """A window of the pixel grid: rows `top` to `bottom` and columns `left` to `right`, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        """Width in pixels."""
        return self.right - self.left


def write_pictures(folder: Path, normalized: NormalizedRadiograph, hips: Sequence[HipFrame]) -> None:
    """Write ``overview.jpg``, ``thumbnail.jpg`` and ``hip-1.jpg``, ``hip-2.jpg``, ... of one radiograph.

    Parameters
    ----------
    folder : Path
        Made when it is missing.
    normalized : NormalizedRadiograph
    hips : sequence of HipFrame
        One picture each, in this order; none for an absent hip.

    Raises
    ------
    OutputError
        If a picture cannot be written.
    """
    whole = picture_of(normalized.grey)
    write_atomic(folder / "overview.jpg", jpeg_bytes(shrunk(whole, OVERVIEW_PX)))
    write_atomic(folder / "thumbnail.jpg", jpeg_bytes(shrunk(whole, THUMBNAIL_PX)))
    for number, hip in enumerate(hips, start=1):
        box = hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, normalized.shape)
        if box is not None:
            crop = normalized.grey[box.top : box.bottom, box.left : box.right]
            write_atomic(folder / f"hip-{number}.jpg", jpeg_bytes(shrunk(picture_of(crop), HIP_PX)))


def write_thumbnail(folder: Path, radiograph: Radiograph) -> None:
    """Write ``thumbnail.jpg`` of a picture that was read but not analysed, so that a person sees what was rejected."""
    pixels = radiograph.pixels if radiograph.polarity == "bone-bright" else -radiograph.pixels
    write_atomic(folder / "thumbnail.jpg", jpeg_bytes(picture_of(shrunk(pixels, THUMBNAIL_PX))))


def hip_box(
    row_px: float | None, column_px: float | None, radius_px: float | None, shape: tuple[int, int]
) -> Box | None:
    """Return the window around one hip that its picture shows, or None where there is no hip to show.

    Parameters
    ----------
    row_px, column_px, radius_px : float or None
        The head's circle; None or NaN for an absent hip.
    shape : tuple of int
        Rows and columns of the radiograph.
    """
    circle = [np.nan if value is None else value for value in (row_px, column_px, radius_px)]
    if not np.isfinite(circle).all():
        return None
    reach = HIP_REACH_HEAD_RADII * circle[2]
    box = Box(
        top=max(0, int(circle[0] - reach)),
        left=max(0, int(circle[1] - reach)),
        bottom=min(shape[0], int(circle[0] + reach) + 1),
        right=min(shape[1], int(circle[1] + reach) + 1),
    )
    return box if min(box.rows, box.columns) >= SMALLEST_BOX_PX else None


def whole_box(shape: tuple[int, int]) -> Box:
    """Return the window that shows everything."""
    return Box(top=0, left=0, bottom=shape[0], right=shape[1])


def picture_of(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Window a picture to 8 bits: its own 0.5th to 99.7th percentile.

    Parameters
    ----------
    grey : ndarray of float32, shape (rows, columns)
        Bone bright.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
    """
    low, high = np.percentile(grey[:: max(1, grey.shape[0] // 500), :: max(1, grey.shape[1] // 500)], [0.5, 99.7])
    scaled = (grey - np.float32(low)) * np.float32(255.0 / max(float(high - low), 1e-6))
    picture: NDArray[np.uint8] = np.clip(scaled, 0, 255).round().astype(np.uint8)
    return picture


def jpeg_bytes(picture: NDArray[np.uint8]) -> bytes:
    """Encode an 8-bit picture as JPEG."""
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()


def shrunk(picture: NDArray[Grey], longest_px: int) -> NDArray[Grey]:
    """Shrink a picture until its longer side has at most so many pixels; a smaller one stays as it is."""
    scale = longest_px / max(picture.shape)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(picture.dtype, copy=False)
