"""The picture of a hip as a Secondary Capture image, for viewers that show neither an SR nor a presentation state."""

from typing import Final

from highdicom.sc import SCImage
from pydicom.dataset import Dataset

from hipcalc.report.formats.dicom.case import HipCase
from hipcalc.report.formats.dicom.picture import draw_picture

__all__ = ["secondary_capture"]

_USUAL_ORIENTATION: Final = ("L", "F")
_DIRECTIONS: Final = frozenset({"A", "P", "R", "L", "H", "F"})


def secondary_capture(case: HipCase) -> Dataset:
    """Return the picture as a DICOM image that refers to its source and says that text is burned into it."""
    source = case.source
    attributes = case.attributes("picture", "picture")
    dataset = SCImage(
        pixel_array=draw_picture(case),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=source.StudyInstanceUID,
        patient_id=source.PatientID,
        patient_name=source.PatientName,
        patient_birth_date=source.PatientBirthDate,
        patient_sex=source.PatientSex or None,
        accession_number=source.AccessionNumber,
        study_id=source.StudyID,
        study_date=source.StudyDate,
        study_time=source.StudyTime,
        referring_physician_name=source.ReferringPhysicianName,
        patient_orientation=_orientation(source),
        **attributes,
    )
    dataset.copy_patient_and_study_information(source)
    for keyword in ("DateOfSecondaryCapture", "TimeOfSecondaryCapture"):
        del dataset[keyword]
    dataset.BurnedInAnnotation = "YES"
    dataset.DerivationDescription = (
        f"Window around the {case.headline}; marks, circle and text drawn into it by hipcalc"
    )
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    dataset.SourceImageSequence = [item]
    dataset.Laterality = case.side
    return case.finish(dataset)


def _orientation(source: Dataset) -> tuple[str, str]:
    """Return the source's orientation where it is made of single directions, else that of usual display."""
    stated = source.get("PatientOrientation")
    if stated is not None and len(stated) == 2 and set(stated) <= _DIRECTIONS:
        return str(stated[0]), str(stated[1])
    return _USUAL_ORIENTATION
