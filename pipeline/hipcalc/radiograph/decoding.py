"""Pixel data of a DICOM file -> stored values, by the fastest healthy decoder for its transfer syntax."""

from collections.abc import Callable

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph.limits import MAX_PIXELS, declared_samples

__all__ = ["decode_pixels"]

StoredPixels = NDArray[np.integer]
_Decoder = Callable[[bytes], StoredPixels]

# libjpeg-turbo 3 reads lossy JPEG of 8 and 12 bits and lossless JPEG up to 16 bits, faster than the special decoders.
_DECODERS: dict[str, tuple[_Decoder, ...]] = {
    "1.2.840.10008.1.2.4.50": (imagecodecs.jpeg8_decode,),  # JPEG baseline
    "1.2.840.10008.1.2.4.51": (imagecodecs.jpeg8_decode,),  # JPEG extended, 12 bits
    "1.2.840.10008.1.2.4.57": (imagecodecs.jpeg8_decode, imagecodecs.jpegsof3_decode),  # JPEG lossless
    "1.2.840.10008.1.2.4.70": (imagecodecs.jpeg8_decode, imagecodecs.jpegsof3_decode),  # JPEG lossless, first order
    "1.2.840.10008.1.2.4.80": (imagecodecs.jpegls_decode,),  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.81": (imagecodecs.jpegls_decode,),  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.90": (imagecodecs.jpeg2k_decode,),  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91": (imagecodecs.jpeg2k_decode,),  # JPEG 2000
    "1.2.840.10008.1.2.4.201": (imagecodecs.htj2k_decode,),  # High-throughput JPEG 2000 lossless
    "1.2.840.10008.1.2.4.202": (imagecodecs.htj2k_decode,),  # the same, with resolution levels
    "1.2.840.10008.1.2.4.203": (imagecodecs.htj2k_decode,),  # High-throughput JPEG 2000
}


def decode_pixels(dataset: Dataset, path: str) -> StoredPixels:
    """Decode the only frame of a DICOM dataset.

    Parameters
    ----------
    dataset : Dataset
        With its pixel data, as bytes or as a view of them, and its file meta information.
    path : str
        For error messages.

    Returns
    -------
    ndarray of integers, shape (rows, columns) or (rows, columns, 3)
        Stored values: unused high bits cleared, sign extended.

    Raises
    ------
    InputUnreadableError
        When the pixel data are missing, cut short, damaged, or in an unknown transfer syntax.
    """
    if not isinstance(dataset.PixelData, bytes | memoryview) or not dataset.PixelData:
        raise InputUnreadableError(f"{path}: the image data are empty; export the image again.")
    syntax = dataset.file_meta.TransferSyntaxUID
    if not isinstance(syntax, UID) or not syntax.is_transfer_syntax:
        raise InputUnreadableError(f"{path}: the header names no transfer syntax ({syntax!r}); export the image again.")
    if isinstance(dataset.PixelData, memoryview) and (syntax.is_encapsulated or dataset.SamplesPerPixel != 1):
        # A view is for ourselves alone.
        dataset.PixelData = bytes(dataset.PixelData)
    if syntax.is_encapsulated:
        stored = _decode_encapsulated(dataset, syntax, path)
    elif dataset.SamplesPerPixel == 1:
        stored = _decode_native(dataset, syntax, path)
    else:
        stored = _decode_by_pydicom(dataset, syntax, path)
    expected = (int(dataset.Rows), int(dataset.Columns))
    if stored.shape[:2] != expected:
        raise InputUnreadableError(
            f"{path}: the header says {expected[0]} x {expected[1]} pixels, but the image data hold "
            f"{stored.shape[0]} x {stored.shape[1]}; export the image again."
        )
    return _meaningful_bits(stored, dataset) if stored.ndim == 2 else stored


def _decode_encapsulated(dataset: Dataset, syntax: UID, path: str) -> StoredPixels:
    frames: list[bytes] = []
    try:
        frames.extend(generate_frames(dataset.PixelData, number_of_frames=1))
    except Exception as error:  # pydicom raises several kinds for damaged fragments
        raise InputUnreadableError(f"{path}: the {syntax.name} data are damaged; export the image again.") from error
    if not frames or not frames[0]:
        raise InputUnreadableError(f"{path}: the image data are empty; export the image again.")
    # libjpeg and OpenJPH fill up data that are cut short without a word, so the end marker is looked for here.
    if syntax in _DECODERS and b"\xff\xd9" not in frames[0][-16:]:
        raise InputUnreadableError(f"{path}: the image data are cut short; copy the file again.")
    if (declared_samples(frames[0]) or 0) > 3 * MAX_PIXELS:
        raise InputRejectedError(f"{path}: the compressed data hold more pixels than any radiograph.")
    for decode in _DECODERS.get(syntax, ()):
        try:
            return np.asarray(decode(frames[0]))
        except Exception:  # each codec has its own exception class; the next decoder may do
            continue
    return _decode_by_pydicom(dataset, syntax, path)


def _decode_by_pydicom(dataset: Dataset, syntax: UID, path: str) -> StoredPixels:
    try:
        return np.asarray(pixel_array(dataset, index=0))
    except (NotImplementedError, RuntimeError) as error:
        if syntax in _DECODERS or not syntax.is_encapsulated:
            message = f"{path}: the image data ({_name(syntax)}) are damaged; export the image again."
        else:
            message = f"{path}: the transfer syntax {_name(syntax)} cannot be decoded; export the image uncompressed."
        raise InputUnreadableError(message) from error
    except Exception as error:
        raise InputUnreadableError(
            f"{path}: the image data ({_name(syntax)}) are damaged; export the image again."
        ) from error


def _name(syntax: UID) -> str:
    return f"{syntax.name} ({syntax})" if syntax.name != str(syntax) else str(syntax)


def _decode_native(dataset: Dataset, syntax: UID, path: str) -> StoredPixels:
    bits = int(dataset.BitsAllocated)
    if bits not in (8, 16, 32):
        raise InputRejectedError(f"{path}: {bits} bits per pixel are no radiograph.")
    order = "<" if syntax.is_little_endian or bits == 8 else ">"
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    needed, present = rows * columns * bits // 8, len(dataset.PixelData)
    if present < needed:
        raise InputUnreadableError(
            f"{path}: the file is cut short, {present} of {needed} bytes of image data are there; copy it again."
        )
    stored = np.frombuffer(dataset.PixelData, dtype=f"{order}u{bits // 8}", count=rows * columns)
    return stored.reshape(rows, columns)


def _meaningful_bits(stored: StoredPixels, dataset: Dataset) -> StoredPixels:
    """Clear what lies outside BitsStored (overlays, once kept there) and extend the sign."""
    allocated = stored.dtype.itemsize * 8
    used = int(dataset.BitsStored)
    signed = int(dataset.PixelRepresentation) == 1
    if not 1 <= used <= allocated:
        return stored
    if stored.dtype.kind == "i":
        return stored
    # Encapsulated data are already in the low bits; only native data may sit higher.
    high = int(dataset.get("HighBit", used - 1))
    shift = max(high + 1 - used, 0) if not dataset.file_meta.TransferSyntaxUID.is_encapsulated else 0
    if not signed and (used == allocated or (shift == 0 and int(stored.max()) >> used == 0)):
        return stored
    values = stored.astype(np.int64) if allocated == 32 else stored.astype(np.int32)
    values = (values >> shift) & ((1 << used) - 1)
    if signed:
        half = 1 << (used - 1)
        values = (values ^ half) - half
    return values
