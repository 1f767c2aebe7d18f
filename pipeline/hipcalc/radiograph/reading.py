"""One file -> Radiograph."""

import hashlib
from dataclasses import replace
from pathlib import Path

from hipcalc.errors import InputRejectedError, InputUnreadableError, UsageError
from hipcalc.radiograph.archives import is_archive
from hipcalc.radiograph.content import read_file
from hipcalc.radiograph.dicom import looks_like_dicom, radiograph_from_dicom
from hipcalc.radiograph.header import view_words
from hipcalc.radiograph.polarity import decide_polarity
from hipcalc.radiograph.raster import decode_raster, raster_kind
from hipcalc.radiograph.types import Radiograph
from hipcalc.radiograph.values import single_plane

__all__ = ["radiograph_from_bytes", "read_radiograph"]

# A given spacing that differs by more than magnification explains deserves a note.
SPACING_CONFLICT = 0.3


def read_radiograph(path: str | Path, *, spacing_mm: float | None = None) -> Radiograph:
    """Read one radiograph from a DICOM, PNG, JPEG or TIFF file, told apart by content, not by suffix.

    Parameters
    ----------
    path : str or Path
    spacing_mm : float, optional
        Size of one pixel in millimetres; given, it replaces what the file says.

    Returns
    -------
    Radiograph

    Raises
    ------
    InputUnreadableError
        When the file is missing, damaged, cut short, or in an encoding that nothing here decodes.
    InputRejectedError
        When the file is no image, or an image but no radiograph that may show a hip.
    UsageError
        When `spacing_mm` is not a positive number.
    """
    _check_spacing(spacing_mm)
    return radiograph_from_bytes(read_file(path), str(path), spacing_mm=spacing_mm)


def radiograph_from_bytes(
    data: bytes, path: str, *, spacing_mm: float | None = None, sha256: str | None = None
) -> Radiograph:
    """Read one radiograph from the bytes of a file, wherever they came from (see `read_radiograph`).

    Parameters
    ----------
    data : bytes
        Of the whole file.
    path : str
        What messages and results call it.
    spacing_mm : float, optional
        Size of one pixel in millimetres; given, it replaces what the file says.
    sha256 : str, optional
        Of `data`, 64 hex digits, where it is known already.

    Returns
    -------
    Radiograph

    Raises
    ------
    InputUnreadableError, InputRejectedError, UsageError
        As `read_radiograph`.
    """
    _check_spacing(spacing_mm)
    radiograph = _read(data, path, sha256 or hashlib.sha256(data).hexdigest())
    if spacing_mm is None:
        return radiograph
    stated = radiograph.spacing_mm
    notes = radiograph.notes
    if stated is not None and abs(stated - spacing_mm) > SPACING_CONFLICT * stated:
        notes = (*notes, f"the given spacing replaces the file's {stated:.3f} mm ({radiograph.spacing_source})")
    return replace(radiograph, spacing_mm=float(spacing_mm), spacing_source="user", notes=notes)


def _check_spacing(spacing_mm: float | None) -> None:
    if spacing_mm is not None and not 0 < spacing_mm < float("inf"):
        raise UsageError(f"The pixel spacing must be a positive number of millimetres, not {spacing_mm}.")


def _read(data: bytes, path: str, sha256: str) -> Radiograph:
    if not data:
        raise InputUnreadableError(f"{path}: the file is empty; copy it again.")
    # DICOM first: its preamble may hold a TIFF header (PS3.10, 7.1).
    if looks_like_dicom(data):
        return radiograph_from_dicom(data, path=path, sha256=sha256)
    kind = raster_kind(data)
    if kind:
        return _from_raster(data, kind, path=path, sha256=sha256)
    if data[:4] == b"PK\x03\x04" or is_archive(Path(path)):
        raise InputUnreadableError(f"{path}: the zip archive cannot be opened or holds no file; unpack it.")
    if Path(path).suffix.lower() in (".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff"):
        raise InputUnreadableError(
            f"{path}: the content is not what the suffix {Path(path).suffix} says, and no image; export it again."
        )
    raise InputRejectedError(f"{path}: not an image file (DICOM, PNG, JPEG or TIFF).")


def _from_raster(data: bytes, kind: str, *, path: str, sha256: str) -> Radiograph:
    decoded = decode_raster(data, kind, path)
    pixels = single_plane(decoded, path)
    decision = decide_polarity(pixels, None)
    return Radiograph(
        pixels=pixels,
        path=path,
        sha256=sha256,
        bits=min(decoded.dtype.itemsize * 8, 32),
        polarity=decision.polarity,
        polarity_source=decision.source,
        spacing_mm=None,
        spacing_source="unknown",
        view_hint=view_words(Path(path).stem),
        notes=decision.notes,
    )
