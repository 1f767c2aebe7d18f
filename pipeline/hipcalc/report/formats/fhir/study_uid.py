"""How a radiograph's study is named in FHIR: by its UID where that is asked for, else by the site's own pseudonym."""

import os
from typing import Final

from hipcalc.errors import HipcalcError, InputRejectedError
from hipcalc.radiograph import study_header
from hipcalc.report.formats.contents import NotWritten, WorkflowReport
from hipcalc.report.formats.fhir.elements import identifier
from hipcalc.report.formats.uids import KEY_VARIABLE, keyed_uid
from hipcalc.report.records import FileRecord

__all__ = ["study_identifiers"]

# How FHIR names a DICOM study (https://hl7.org/fhir/R4B/imagingstudy.html, 8.17.3).
_DICOM_UID: Final = "urn:dicom:uid"


def study_identifiers(report: WorkflowReport, record: FileRecord) -> list[dict[str, str]] | NotWritten:
    """Return the identifiers of a radiograph's study, or why there are none.

    The study's own UID leads to the patient: it stands there only with `WorkflowReport.identifiers`. Without, a site
    that has set a key of its own gets a pseudonym, which is the same for all radiographs of a study, and which nobody
    without the key can trace. Otherwise there is nothing. A file that is no DICOM file is part of no study.
    """
    if not (report.identifiers or os.environ.get(KEY_VARIABLE)):
        return []
    try:
        uid = str(study_header(report.image_bytes(record), record.image.path).StudyInstanceUID)
    except InputRejectedError:
        return []
    except HipcalcError as error:
        return NotWritten(sentence=f"No study in FHIR: {error}", is_loss=True)
    if report.identifiers:
        return [{"use": "official", "system": _DICOM_UID, "value": f"urn:oid:{uid}"}]
    return [identifier("study-pseudonym", f"urn:oid:{keyed_uid('study', uid)}")]
