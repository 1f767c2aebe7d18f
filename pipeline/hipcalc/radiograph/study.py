"""Patient, study and instance of a DICOM file: what results need that are to lie in the same study."""

import io
import math
import warnings
from typing import Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing
from pydicom.uid import UID
from pydicom.valuerep import DA, TM, DSfloat, PersonName

from hipcalc.errors import InputRejectedError
from hipcalc.radiograph.dicom import drop_unreadable, looks_like_dicom
from hipcalc.radiograph.voi import look_up_table

__all__ = ["study_header"]

# Which instance it is. Without one of these, nothing can refer to it.
_UIDS: Final = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
# Modules Patient, General Study and Patient Study (PS3.3, C.7.1.1, C.7.2.1 and C.7.2.2), as far as a PACS matches
# by them; type 2 attributes must be there, though empty.
_TYPE_2: Final = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
_OPTIONAL: Final = (
    *("IssuerOfPatientID", "PatientAge", "StudyDescription", "PatientIdentityRemoved", "DeidentificationMethod"),
    *("PatientOrientation", "PhotometricInterpretation", "SamplesPerPixel", "Rows", "Columns"),
)
_VOI_FUNCTIONS: Final = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_WORD_BITS: Final = 16
_WORDS: Final = 2**_WORD_BITS
_SEXES: Final = ("M", "F", "O")


def study_header(data: bytes, path: str) -> Dataset:
    """Return patient, study and instance of a DICOM file, its grey scale, and its size: no pixels.

    Values that the standard does not allow, such as a date of words, become empty.

    Parameters
    ----------
    data : bytes
        Of the whole file.
    path : str
        What messages call it.

    Raises
    ------
    InputRejectedError
        If it is no DICOM file, or if its header names no instance, series or study.
    """
    if not looks_like_dicom(data):
        raise InputRejectedError(f"{path}: this is no DICOM file, so it is part of no study.")
    with warnings.catch_warnings():
        # Whatever is odd in the header was noted when the file was screened; a warning would quote it.
        warnings.simplefilter("ignore")
        source = _parsed(data)
        header = Dataset()
        for keyword in _UIDS:
            uid = UID(_text(source, keyword))
            if not uid.is_valid:
                raise InputRejectedError(f"{path}: the header has no valid {keyword}, so results cannot refer to it.")
            setattr(header, keyword, uid)
        header.SpecificCharacterSet = "ISO_IR 192"
        for keyword in _TYPE_2:
            setattr(header, keyword, _allowed(source, keyword))
        for keyword in _OPTIONAL:
            if _text(source, keyword):
                setattr(header, keyword, source[keyword].value)
        _copy_grey_scale(source, header)
    return header


def _copy_grey_scale(source: Dataset, header: Dataset) -> None:
    """Copy what a viewer makes grey levels from, where it is valid: rescale, then VOI LUT or window.

    Of several the first; of a table and a window the table, as the analysis takes it (PS3.3, C.11.1 and C.11.2). What
    a modality LUT and what follows it do together stands as one VOI LUT, as presentation states hold modality LUTs of
    8 and of full 16 bits only. Behind a modality LUT that is damaged nothing can be said about the grey levels.
    """
    if source.get("ModalityLUTSequence"):
        both = _through_both(source)
        if both is not None:
            header.VOILUTSequence = [_words(*both)]
        return
    slope, intercept = _number(source, "RescaleSlope"), _number(source, "RescaleIntercept")
    if slope and intercept is not None:
        header.RescaleSlope, header.RescaleIntercept = _decimal(slope), _decimal(intercept)
    table = _first_table(source, "VOILUTSequence")
    window = _window(source)
    if table is not None:
        header.VOILUTSequence = [_words(*table)]
    elif window is not None:
        header.WindowCenter, header.WindowWidth = map(_decimal, window)
        if _text(source, "VOILUTFunction") in _VOI_FUNCTIONS:
            header.VOILUTFunction = source.VOILUTFunction


def _window(source: Dataset) -> tuple[float, float] | None:
    centre, width = _number(source, "WindowCenter"), _number(source, "WindowWidth")
    return None if centre is None or width is None or width < 1 else (centre, width)


def _first_table(source: Dataset, keyword: str) -> tuple[int, NDArray[np.float64]] | None:
    """Return first mapped value and entries, as shares of the largest possible, of a sequence's first table."""
    sequence = source.get(keyword)
    table = look_up_table(sequence[0]) if sequence else None
    if table is None:
        return None
    first, entries = table
    return first, entries / (2 ** int(sequence[0].LUTDescriptor[2]) - 1)


def _through_both(source: Dataset) -> tuple[int, NDArray[np.float64]] | None:
    """Return the table from stored values to what is shown, through the modality LUT and what follows it."""
    modality = _first_table(source, "ModalityLUTSequence")
    if modality is None:
        return None
    first, shares = modality
    largest = 2 ** int(source.ModalityLUTSequence[0].LUTDescriptor[2]) - 1
    values = shares * largest
    voi = _first_table(source, "VOILUTSequence")
    if voi is not None:
        return first, np.interp(values, voi[0] + np.arange(len(voi[1])), voi[1])
    if _window(source) is not None:
        try:
            return first, apply_windowing(values.astype(np.uint16), source) / largest
        except Exception:  # pydicom refuses odd windows in many ways
            return None
    return first, shares


def _words(first: int, shares: NDArray[np.float64]) -> Dataset:
    """Return a look-up table in full words of 16 bits, which every program takes (PS3.3, C.11.2.1.1)."""
    table = Dataset()
    # 65536 entries are said as 0.
    table.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(shares) % _WORDS, first, _WORD_BITS])
    table.add_new("LUTData", "OW", np.round(np.clip(shares, 0, 1) * (_WORDS - 1)).astype("<u2").tobytes())
    return table


def _number(source: Dataset, keyword: str) -> float | None:
    """Return a number, the first where there are several; None where there is none."""
    try:
        value = float(_text(source, keyword).strip("[]").split(",")[0].strip(" '"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _decimal(value: float) -> DSfloat:
    return DSfloat(value, auto_format=True)


def _parsed(data: bytes) -> Dataset:
    source = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=True)
    drop_unreadable(source)
    source.decode()
    return source


def _allowed(source: Dataset, keyword: str) -> str:
    text = _text(source, keyword)
    representation = dictionary_VR(keyword)
    try:
        if representation == "DA":
            DA(text)
        elif representation == "TM":
            TM(text)
        elif representation == "PN":
            PersonName(text)
    except (ValueError, TypeError):
        return ""
    return text if keyword != "PatientSex" or text in _SEXES else ""


def _text(source: Dataset, keyword: str) -> str:
    try:
        value = source.get(keyword)
    except Exception:  # a damaged value raises anything
        return ""
    return "" if value is None else str(value)
