"""What a patient's report shows, for whatever medium: titles, image by image, and pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import cv2
import numpy as np

from hipcalc.errors import UsageError
from hipcalc.guideline import Recommendation
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.patients import Patient
from hipcalc.report.image_page import PageLinks, image_view
from hipcalc.report.pictures import Box, jpeg_bytes
from hipcalc.report.provenance import unconfirmed_notice
from hipcalc.report.store import record_key
from hipcalc.report.words import side_name
from hipcalc.report.workflow_parts import page_review

__all__ = ["close_up_jpeg", "hip_titles", "image_views", "patient_title", "read_picture", "unconfirmed_text"]


def patient_title(patient: Patient) -> str:
    """Return what a patient's report is called: never by a name of a header."""
    if patient.person:
        return f"Patient {patient.person}"
    return f"Patient of image {patient.images[0].image.image_id}"


def hip_titles(hips: Sequence[Recommendation]) -> list[str]:
    """Return a line for each hip: side, image where there are several, and state."""
    several = len({one.image_id for one in hips}) > 1
    return [
        f"{side_name(one.side)} hip{f' in {PurePath(one.path).name}' if several else ''}: {one.state} {one.state_name}"
        for one in hips
    ]


def unconfirmed_text(hips: Iterable[Recommendation]) -> str:
    """Return what a report must say that shows unconfirmed output; empty when every mark in it was reviewed."""
    shown = tuple(hips)
    waiting = sum(len(one.unreviewed) + len(one.indeterminate) for one in shown)
    return unconfirmed_notice(sum(len(one.confirmed) for one in shown), waiting)


def image_views(report: WorkflowReport, patient: Patient) -> Iterator[dict[str, Any]]:
    """Yield what to show of each of a patient's images (`image_view`), its workflow aside.

    Pictures' sources are below the folder of the results' pages.
    """
    for record in patient.images:
        image_id = record.image.image_id
        # Hips of which every mark was rejected too: their marks are then known to be left out.
        review = page_review([hip for hip in report.reviewed if hip.image_id == image_id], (), report.origins)
        links = PageLinks(pictures=f"pictures/{record_key(image_id, record.image.path)}")
        yield image_view(record, report.run, links, review)


def read_picture(pages: Path, source: str) -> bytes:
    """Return a picture's file, given as the pages of the results name it.

    Raises
    ------
    UsageError
        If it is not there.
    """
    try:
        return (pages / source).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{pages / source} cannot be read ({error.strerror}); run hipcalc screen with --resume to make it again."
        ) from error


def close_up_jpeg(pages: Path, close_up: Mapping[str, Any]) -> tuple[bytes, Box]:
    """Return the part of a hip's picture that a close-up shows, as JPEG, and the pixels of the file that it spans."""
    left, top, columns, rows = (float(part) for part in close_up["view_box"].split())
    box: Box = close_up["box"]
    encoded = np.frombuffer(read_picture(pages, close_up["source"]), np.uint8)
    picture = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    scale = picture.shape[1] / box.columns
    first = [max(0, int((value - start) * scale)) for value, start in ((top, box.top), (left, box.left))]
    last = [int((value - start) * scale) + 1 for value, start in ((top + rows, box.top), (left + columns, box.left))]
    part = picture[first[0] : last[0], first[1] : last[1]]
    seen = Box(
        top=box.top + round(first[0] / scale),
        left=box.left + round(first[1] / scale),
        bottom=box.top + round((first[0] + part.shape[0]) / scale),
        right=box.left + round((first[1] + part.shape[1]) / scale),
    )
    return jpeg_bytes(part), seen
