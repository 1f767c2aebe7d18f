"""DICOM: for each hip an SR, a presentation state and a picture, in the study of the radiograph."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from hipcalc.errors import HipcalcError, InputRejectedError
from hipcalc.guideline import Recommendation
from hipcalc.radiograph import radiograph_from_bytes, study_header
from hipcalc.report.files import write_private
from hipcalc.report.formats.contents import NotWritten, WorkflowReport, file_stem
from hipcalc.report.formats.dicom.case import HipCase
from hipcalc.report.formats.dicom.presentation_state import presentation_state
from hipcalc.report.formats.dicom.secondary_capture import secondary_capture
from hipcalc.report.formats.dicom.structured_report import structured_report
from hipcalc.report.records import FileRecord

__all__ = ["write"]

_KINDS: Final[dict[str, Callable[[HipCase], Dataset]]] = {
    "sr": structured_report,
    "gsps": presentation_state,
    "sc": secondary_capture,
}


def write(report: WorkflowReport) -> Iterator[Path | NotWritten]:
    """Write ``dicom/<image_id>-<side>-sr.dcm``, ``-gsps.dcm`` and ``-sc.dcm`` for each hip that is shown.

    The files carry patient and study of the radiograph, as a PACS needs them: only their owner can read them.

    Yields
    ------
    Path or NotWritten
        Each file, or why there are none of an image: it is no DICOM file, has changed, is gone, or is part of no
        study. Nothing is written of an image before all its objects are made.
    """
    # At its level of information highdicom logs UIDs of the source.
    logging.getLogger("highdicom").setLevel(logging.WARNING)
    shown: dict[str, list[Recommendation]] = {}
    for one in report.shown:
        shown.setdefault(one.image_id, []).append(one)
    for record in report.records:
        hips = shown.pop(record.image.image_id, [])
        if hips:
            yield from _write_image(report, record, hips)


def _write_image(report: WorkflowReport, record: FileRecord, hips: list[Recommendation]) -> Iterator[Path | NotWritten]:
    try:
        with warnings.catch_warnings():
            # highdicom's and pydicom's warnings quote names.
            warnings.simplefilter("ignore")
            files = _files_of(report, record, hips)
    except InputRejectedError as error:
        yield NotWritten(sentence=f"No DICOM results: {error}", is_loss=False)
        return
    except HipcalcError as error:
        yield NotWritten(sentence=f"No DICOM results: {error}", is_loss=True)
        return
    except Exception as error:  # highdicom refuses odd headers in many ways, and its messages quote them
        reason = f"{record.image.path}: the header does not do for them ({type(error).__name__}); correct it."
        yield NotWritten(sentence=f"No DICOM results: {reason}", is_loss=True)
        return
    for name, content in files.items():
        path = report.folder / "dicom" / name
        write_private(path, content)
        yield path


def _files_of(report: WorkflowReport, record: FileRecord, hips: list[Recommendation]) -> dict[str, bytes]:
    source, grey = _read_source(report, record)
    # A presentation state of grey levels says nothing about a radiograph that was stored in colour.
    is_grey = str(source.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    files = {}
    for one in hips:
        hip = next(hip for hip in record.hips if hip.side == one.side)
        if hip.head_row_px is None:
            continue
        reviewed = next(entry for entry in report.reviewed if (entry.image_id, entry.side) == (one.image_id, one.side))
        case = HipCase(
            source=source, grey=grey, record=record, hip=hip, reviewed=reviewed, one=one, origin=report.origin(one)
        )
        for kind, make in _KINDS.items():
            if kind == "gsps" and not is_grey:
                continue
            files[f"{file_stem(one)}-{kind}.dcm"] = _as_bytes(make(case))
    return files


def _read_source(report: WorkflowReport, record: FileRecord) -> tuple[Dataset, NDArray[np.float32]]:
    """Return header and picture of an image, as they were when it was screened.

    Raises
    ------
    InputRejectedError
        If the file is part of no study.
    HipcalcError
        If it is gone, or is not what was screened.
    """
    path = record.image.path
    data = report.image_bytes(record)
    header = study_header(data, path)
    radiograph = radiograph_from_bytes(data, path)
    return header, radiograph.pixels if radiograph.polarity == "bone-bright" else -radiograph.pixels


def _as_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
