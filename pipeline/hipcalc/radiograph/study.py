"""Patient, study and instance of a DICOM file: what results need that are to lie in the same study."""

import io
import math
import warnings
from typing import Final

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DA, TM, DSfloat, PersonName

from hipcalc.errors import InputRejectedError
from hipcalc.radiograph.dicom import drop_unreadable, looks_like_dicom

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
    """Copy the rescale and the first window, where they are valid (PS3.3, C.11.1 and C.11.2).

    Tables are not copied: a window over all values that a VOI LUT takes stands for it, and none is given behind a
    modality LUT.
    """
    if source.get("ModalityLUTSequence"):
        return
    slope, intercept = _number(source, "RescaleSlope"), _number(source, "RescaleIntercept")
    if slope and intercept is not None:
        header.RescaleSlope, header.RescaleIntercept = _decimal(slope), _decimal(intercept)
    centre, width = _number(source, "WindowCenter"), _number(source, "WindowWidth")
    if centre is None or width is None or width < 1:
        centre, width = _table_range(source)
    elif _text(source, "VOILUTFunction") in _VOI_FUNCTIONS:
        header.VOILUTFunction = source.VOILUTFunction
    if width:
        header.WindowCenter, header.WindowWidth = _decimal(centre), _decimal(width)


def _table_range(source: Dataset) -> tuple[float, float]:
    """Return centre and width of what a VOI LUT maps; a width of 0 where there is no table."""
    try:
        entries, first, _ = source.VOILUTSequence[0].LUTDescriptor
        return first + entries / 2, float(entries)
    except Exception:  # a damaged table raises anything
        return 0.0, 0.0


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
