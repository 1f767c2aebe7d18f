"""What a notebook shows of one screening: the picture, its hips enlarged, and the marks, in one piece of HTML."""

import base64
from importlib.resources import files
from typing import Any

from hipcalc.normalize import NormalizedRadiograph
from hipcalc.report.cells import finding_rows, headline
from hipcalc.report.overlay import draw
from hipcalc.report.pictures import Box, hip_box, jpeg_bytes, picture_of, shrunk, whole_box
from hipcalc.report.provenance import RESEARCH_NOTICE, unconfirmed_notice
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import render_part
from hipcalc.report.words import limit_text, side_name

__all__ = ["notebook_html"]

_WHOLE_PX = 900
_HIP_PX = 600


def notebook_html(record: FileRecord, normalized: NormalizedRadiograph) -> str:
    """Return pictures and table as HTML that needs no other file.

    Parameters
    ----------
    record : FileRecord
    normalized : NormalizedRadiograph
        The same image.
    """
    pictures = [_picture(record, normalized, whole_box(normalized.shape), "Radiograph", _WHOLE_PX)]
    for hip in record.hips:
        box = hip_box(hip.head_row_px, hip.head_column_px, hip.head_radius_px, normalized.shape)
        if box is not None:
            limit = limit_text(hip.detection_limit_mm, hip.detection_limit_head_radii, hip.detection_limit_tissue)
            title = f"{side_name(hip.side)} hip ({hip.status}), detection limit {limit}"
            pictures.append(_picture(record, normalized, box, title, _HIP_PX))
    return str(
        render_part(
            "notebook.html.j2",
            style=files("hipcalc.report").joinpath("assets", "notebook.css").read_text(encoding="utf-8"),
            headline=headline(record),
            pictures=pictures,
            findings=finding_rows(record),
            notice=f"{unconfirmed_notice(0, 0)} {RESEARCH_NOTICE}",
        )
    )


def _picture(
    record: FileRecord, normalized: NormalizedRadiograph, box: Box, title: str, longest: int
) -> dict[str, Any]:
    crop = normalized.grey[box.top : box.bottom, box.left : box.right]
    data = base64.b64encode(jpeg_bytes(shrunk(picture_of(crop), longest))).decode("ascii")
    return {
        "title": title,
        "source": f"data:image/jpeg;base64,{data}",
        "box": box,
        "drawing": draw(record, box, {}),
    }
