"""PNG, JPEG and TIFF -> stored values."""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph.limits import MAX_PIXELS, declared_samples

__all__ = ["decode_raster", "jpeg_is_complete", "raster_kind"]

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_DECODERS: dict[str, Callable[[bytes], NDArray[Any]]] = {
    "PNG": imagecodecs.png_decode,
    "JPEG": imagecodecs.jpeg8_decode,
    "TIFF": imagecodecs.tiff_decode,
}


def raster_kind(data: bytes) -> str:
    """Tell the image format from the first bytes: ``PNG``, ``JPEG``, ``TIFF`` or empty."""
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), "")


def decode_raster(data: bytes, kind: str, path: str) -> NDArray[Any]:
    """Decode a PNG, JPEG or TIFF file.

    Returns
    -------
    ndarray, shape (rows, columns) or (rows, columns, samples)
        Values as stored, without the alpha channel; a rotation asked for by EXIF is not applied, so that coordinates
        stay in the file's own grid.

    Raises
    ------
    InputUnreadableError
        When the file is cut short or damaged.
    InputRejectedError
        When it holds several pages.
    """
    # libjpeg fills up a file that is cut short without a word; the other two decoders raise.
    if kind == "JPEG" and not jpeg_is_complete(data):
        raise InputUnreadableError(f"{path}: the {kind} file is cut short; copy it again.")
    if (declared_samples(data) or 0) > 4 * MAX_PIXELS:
        raise InputRejectedError(f"{path}: by its header the {kind} file holds more pixels than any radiograph.")
    try:
        pixels = np.asarray(_DECODERS[kind](data))
    except Exception as error:  # each codec has its own exception class
        raise InputUnreadableError(f"{path}: the {kind} file is damaged; export the image again.") from error
    if kind == "TIFF" and _has_second_page(data, pixels.shape):
        raise InputRejectedError(f"{path}: the TIFF file holds several pages; export one radiograph per file.")
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        raise InputRejectedError(f"{path}: {pixels.shape[0]} x {pixels.shape[1]} pixels are no radiograph.")
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4) and kind != "JPEG":
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] == 3):
        raise InputRejectedError(f"{path}: the {kind} file is no single grey image; export one radiograph per file.")
    return pixels


def _has_second_page(data: bytes, shape: tuple[int, ...]) -> bool:
    """Tell a file of several images from one image with a thumbnail."""
    try:
        return bool(np.shape(imagecodecs.tiff_decode(data, index=1))[:2] == shape[:2])
    except Exception:  # there is no second page
        return False


def jpeg_is_complete(data: bytes) -> bool:
    """Tell whether a JPEG stream reaches its end-of-image marker after its first scan (ITU-T T.81, annex B)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker == 0xDA:
            # Within a scan 0xFF is followed by 0x00 or a restart marker, so this pair cannot be data.
            return data.find(b"\xff\xd9", position) != -1
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False
