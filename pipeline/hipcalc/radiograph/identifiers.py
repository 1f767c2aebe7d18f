"""Who a file is of: the only place that reads identifying header fields, for the linkage table a user asks for."""

import io
import warnings

import pydicom

__all__ = ["IDENTIFIER_COLUMNS", "identifiers_of"]

_KEYWORDS = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "patient_birth_date": "PatientBirthDate",
    "accession_number": "AccessionNumber",
    "study_date": "StudyDate",
    "study_instance_uid": "StudyInstanceUID",
    "series_instance_uid": "SeriesInstanceUID",
    "sop_instance_uid": "SOPInstanceUID",
}
IDENTIFIER_COLUMNS = tuple(_KEYWORDS)


def identifiers_of(data: bytes) -> dict[str, str]:
    """Return the identifying fields of a DICOM file, empty where the file has none or is no DICOM.

    Parameters
    ----------
    data : bytes
        Of the whole file.

    Returns
    -------
    dict
        A text for each of `IDENTIFIER_COLUMNS`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(
                io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=list(_KEYWORDS.values())
            )
            return {name: str(dataset.get(keyword, "") or "") for name, keyword in _KEYWORDS.items()}
        except Exception:  # a file that is no DICOM raises anything
            return dict.fromkeys(_KEYWORDS, "")
