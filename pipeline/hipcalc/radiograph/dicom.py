"""DICOM bytes -> Radiograph."""

import io
import warnings
import zlib
from typing import cast

import cv2
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.processing import apply_modality_lut
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph.decoding import StoredPixels, decode_pixels
from hipcalc.radiograph.exposure import as_attenuation
from hipcalc.radiograph.header import check_is_radiograph, view_words
from hipcalc.radiograph.laterality import header_side, side_at_right
from hipcalc.radiograph.limits import MAX_FILE_BYTES
from hipcalc.radiograph.polarity import decide_polarity
from hipcalc.radiograph.spacing import header_spacing
from hipcalc.radiograph.types import Polarity, Radiograph
from hipcalc.radiograph.values import single_plane
from hipcalc.radiograph.voi import apply_voi

__all__ = ["drop_unreadable", "looks_like_dicom", "radiograph_from_dicom"]

_LOOK_AT = 132


def looks_like_dicom(data: bytes) -> bool:
    """Tell DICOM, with or without its preamble, from its first bytes (PS3.10, 7.1)."""
    if data[128:_LOOK_AT] == b"DICM":
        return True
    # Without preamble a data set begins with an element of group 0002 or 0008, in either byte order.
    little = data[:2] in (b"\x08\x00", b"\x02\x00") and data[3:4] == b"\x00"
    return len(data) > 16 and (little or data[:3] == b"\x00\x08\x00")


def radiograph_from_dicom(data: bytes, *, path: str, sha256: str) -> Radiograph:
    """Read one radiograph from the bytes of a DICOM file.

    Raises
    ------
    InputUnreadableError
        When the file is damaged, cut short, or in an unknown transfer syntax.
    InputRejectedError
        When it is no radiograph that may show a hip.
    """
    # pydicom warns about every odd header value; what matters of it becomes a note or an error here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset, notes = _parse(data, path)
        check_is_radiograph(dataset, path)
        stored = decode_pixels(dataset, path)
        plane = single_plane(stored, path)
        values = _modality_values(as_attenuation(plane, dataset, notes), dataset, notes)
        pixels = apply_voi(values, dataset, notes)
        decision = decide_polarity(pixels, _stated_polarity(dataset, notes))
        spacing = header_spacing(dataset)
        view_hint = _view_hint(dataset)
        side = header_side(dataset, frozenset(view_hint.split()))
        return Radiograph(
            pixels=pixels,
            path=path,
            sha256=sha256,
            bits=int(dataset.BitsStored),
            polarity=decision.polarity,
            polarity_source=decision.source,
            spacing_mm=spacing.mm,
            spacing_source=spacing.source,
            side=side,
            side_source="unknown" if side == "unknown" else "header",
            side_at_right=side_at_right(dataset),
            view_hint=view_hint,
            padding=_padding(stored, dataset),
            notes=(*notes, *decision.notes, *spacing.notes),
        )


class _WithoutCopies(io.BytesIO):
    """A file's bytes, of which the part that is most of them, the pixels, is handed out as it lies there."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._data = memoryview(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes; most of the file as a view of it, of which `decode_pixels` asks no more."""
        if size is None or 2 * size <= len(self._data):
            return super().read(size)
        first = self.tell()
        part = self._data[first : first + size]
        self.seek(first + len(part))
        return cast(bytes, part)


def _parse(data: bytes, path: str) -> tuple[FileDataset, list[str]]:
    """Return the data set, what it leaves out made up for, and what is to be noted of it."""
    _check_deflated(data, path)
    try:
        dataset = pydicom.dcmread(_WithoutCopies(data), force=True)
    except Exception as error:  # a damaged file raises anything from EOFError to struct.error
        raise InputUnreadableError(f"{path}: the DICOM file is cut short or damaged; copy it again.") from error
    if len(dataset) == 0:
        raise InputUnreadableError(f"{path}: the DICOM file is cut short or damaged; copy it again.")
    notes = ["part of the header is damaged and was ignored"] if drop_unreadable(dataset) else []
    drop_unreadable(dataset.file_meta)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _guess_syntax(dataset)
    _set_unless_number(dataset, "SamplesPerPixel", 1)
    _set_unless_number(dataset, "BitsAllocated", 16)
    _set_unless_number(dataset, "BitsStored", dataset.BitsAllocated)
    _set_unless_number(dataset, "HighBit", dataset.BitsStored - 1)
    _set_unless_number(dataset, "PixelRepresentation", 0)
    return dataset, notes


def _set_unless_number(dataset: Dataset, keyword: str, value: int) -> None:
    """Give an element that is missing, or damaged to several values or none, the usual value."""
    if not isinstance(dataset.get(keyword), int):
        # With its representation: an element that is kept would refuse the number.
        dataset.pop(keyword, None)
        setattr(dataset, keyword, value)


def drop_unreadable(dataset: Dataset) -> bool:
    """Delete the elements whose value cannot be made out, and tell whether there were any.

    pydicom decodes an element when it is first asked for, and a damaged one raises anything.
    """
    found = False
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:
            del dataset[tag]
            found = True
            continue
        if element.VR == "SQ":
            found = any([drop_unreadable(item) for item in element.value or ()]) or found
    return found


def _check_deflated(data: bytes, path: str) -> None:
    """Refuse a deflated file that would unpack to more than any radiograph holds (PS3.5, A.5)."""
    # The first element of the meta information is its length (PS3.10, 7.1).
    end = 144 + int.from_bytes(data[140:144], "little") if data[128:140] == b"DICM\x02\x00\x00\x00UL\x04\x00" else 0
    if DeflatedExplicitVRLittleEndian.encode() not in data[144 : min(end, 4096)]:
        return
    unpacker, packed, size = zlib.decompressobj(-zlib.MAX_WBITS), data[end:], 0
    try:
        while packed and size <= MAX_FILE_BYTES:
            size += len(unpacker.decompress(packed, 16_000_000))
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise InputUnreadableError(f"{path}: the DICOM file is cut short or damaged; copy it again.") from error
    if size > MAX_FILE_BYTES:
        raise InputRejectedError(f"{path}: the file would unpack to more than any radiograph holds.")


def _guess_syntax(dataset: FileDataset) -> UID:
    """Without file meta information the encoding that pydicom found when parsing is all there is."""
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _modality_values(plane: NDArray[np.float32], dataset: Dataset, notes: list[str]) -> NDArray[np.float32]:
    """Apply the modality LUT or the rescale (PS3.3, C.11.1); broken ones are noted and left out."""
    if dataset.get("ModalityLUTSequence"):
        try:
            mapped = apply_modality_lut(plane.astype(np.int64), dataset)
            return np.ascontiguousarray(mapped, dtype=np.float32)
        except Exception:  # a table that does not fit its descriptor raises several kinds
            notes.append("the modality LUT is invalid and was not applied")
            return plane
    slope, intercept = _number(dataset, "RescaleSlope", 1.0), _number(dataset, "RescaleIntercept", 0.0)
    if (slope, intercept) == (1.0, 0.0):
        return plane
    low, high = cv2.minMaxLoc(plane)[:2]
    ends = [low * slope + intercept, high * slope + intercept]
    # Beyond these magnitudes differences of grey levels are lost in single precision.
    if slope == 0.0 or not np.isfinite(ends).all() or max(map(abs, ends)) > 1e12 or abs(slope) < 1e-12:
        notes.append("the rescale is invalid and was not applied")
        return plane
    return plane * np.float32(slope) + np.float32(intercept)


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    value = dataset.get(keyword)
    if value is None or value == "":
        return default
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _padding(stored: StoredPixels, dataset: Dataset) -> NDArray[np.bool_] | None:
    """Mask of PixelPaddingValue, or of the range up to PixelPaddingRangeLimit (PS3.3, C.7.5.1.1.2)."""
    value = _number(dataset, "PixelPaddingValue", float("nan"))
    if not np.isfinite(value) or stored.ndim != 2:
        return None
    limit = _number(dataset, "PixelPaddingRangeLimit", value)
    low, high = min(value, limit), max(value, limit)
    mask: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return mask


def _stated_polarity(dataset: Dataset, notes: list[str]) -> Polarity | None:
    """Say which end of the grey scale is shown bright (PS3.3, C.7.6.3.1.2 and C.8.11.3); None when two tags disagree.

    Every viewer shows bone bright, so MONOCHROME1, whose low values are shown bright, means bone at low values.
    """
    inverted = str(dataset.get("PhotometricInterpretation", "") or "").strip().upper() == "MONOCHROME1"
    shape = str(dataset.get("PresentationLUTShape", "") or "").strip().upper()
    if shape in ("IDENTITY", "INVERSE") and (shape == "INVERSE") != inverted:
        notes.append("PhotometricInterpretation and PresentationLUTShape contradict each other; the picture decided")
        return None
    return "bone-dark" if inverted else "bone-bright"


def _view_hint(dataset: Dataset) -> str:
    keywords = ("ViewPosition", "BodyPartExamined", "SeriesDescription", "StudyDescription", "ProtocolName")
    coded = [str(item.get("CodeMeaning", "") or "") for item in dataset.get("ViewCodeSequence") or ()]
    return view_words(*(str(dataset.get(keyword, "") or "") for keyword in keywords), *coded)
