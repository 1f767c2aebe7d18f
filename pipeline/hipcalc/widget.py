"""The review of a few hips inside a notebook: the reading room's picture and keys, without a server."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from hipcalc.anatomy import HipFrame
from hipcalc.errors import UsageError
from hipcalc.findings import HipRecord
from hipcalc.reading_room.pixels import pixels_of
from hipcalc.report.words import class_name, side_name
from hipcalc.review import Decision, ReviewStatus
from hipcalc.review.decision import DECISION_COLUMNS
from hipcalc.screen import Screening

try:
    import anywidget
    import traitlets
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"The review widget needs {error.name}: pip install 'hipcalc[notebook]'.", name=error.name
    ) from error

__all__ = ["ReviewWidget", "widget_script", "widget_style"]

# All of them are sent to the browser at once; the reading room is for more.
MOST_HIPS: Final = 40
# So much around the head's middle is sent: what lies near the rim, and some way beyond.
REACH_HEAD_RADII: Final = 3.0
_SHARED: Final = ("levels.js", "render.js", "viewer.js", "words.js")
_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=function|class|const)", re.MULTILINE)


@cache
def widget_script() -> str:
    """Return the widget's script as one module: the reading room's canvas, and the widget's own part.

    A notebook loads it from memory, where it could import no neighbours.
    """
    page = files("hipcalc.reading_room").joinpath("page")
    parts = [page.joinpath(name).read_text(encoding="utf-8") for name in _SHARED]
    parts.append(files("hipcalc").joinpath("widget.js").read_text(encoding="utf-8"))
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)


@cache
def widget_style() -> str:
    """Return the widget's style sheet."""
    return files("hipcalc").joinpath("widget.css").read_text(encoding="utf-8")


class ReviewWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """Review the findings of a few screenings, hip by hip.

    Keys are the reading room's: confirm (c), reject (1 to 6 with the reason, or x) or be unsure of (u) the mark at
    hand; undo (z); next and previous mark (arrow keys); window by dragging with the right button or with shift, zoom
    by wheel, pan by dragging, invert (i), fit (f).

    Parameters
    ----------
    screenings : Screening or iterable of Screening
        What `hipcalc.screen` returned. Absent hips are left out.
    reader : str
        Who decides; stands in every decision.

    Raises
    ------
    UsageError
        If no reader is named, or there are no hips, or more than 40.
    """

    _esm = widget_script()
    _css = widget_style()
    hips = traitlets.List(traitlets.Dict()).tag(sync=True)
    # By candidate: what was decided last, and when.
    said = traitlets.Dict().tag(sync=True)

    def __init__(self, screenings: Screening | Iterable[Screening], *, reader: str) -> None:
        if not reader.strip():
            raise UsageError("Say who decides: ReviewWidget(screenings, reader='your name').")
        several = (screenings,) if isinstance(screenings, Screening) else tuple(screenings)
        shown = sum(hip.status != "absent" for one in several for hip in one.hips)
        if not 1 <= shown <= MOST_HIPS:
            raise UsageError(f"The widget shows 1 to {MOST_HIPS} hips, not {shown}; hipcalc review is for more.")
        self.reader = reader.strip()
        self._known = {mark.candidate_id for one in several for mark in one.findings}
        super().__init__(hips=[values for one in several for values in _hips_of(one)])

    @traitlets.validate("said")  # type: ignore[untyped-decorator]
    def _check(self, proposal: dict[str, Any]) -> dict[str, Any]:
        """Refuse whatever is no decision about a mark that is shown."""
        said = dict(proposal["value"])
        try:
            for candidate_id, values in said.items():
                if candidate_id not in self._known:
                    raise UsageError(f"there is no mark {candidate_id} in this widget.")
                self._decision(candidate_id, values)
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise traitlets.TraitError(f"No decision: {error}") from error
        return said

    def _decision(self, candidate_id: str, values: dict[str, str]) -> Decision:
        return Decision(
            candidate_id=candidate_id,
            status=cast(ReviewStatus, values["status"]),
            reader=self.reader,
            time=datetime.fromisoformat(values["time"]),
            reason=values.get("reason", ""),
        )

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided, the latest about each mark, as `hipcalc.apply_reviews` takes it."""
        return tuple(self._decision(candidate_id, values) for candidate_id, values in self.said.items())

    def to_frame(self) -> pd.DataFrame:
        """Return the decisions as a table with the columns of a decisions file."""
        return pd.DataFrame([decision.to_row() for decision in self.decisions], columns=list(DECISION_COLUMNS))


def _hips_of(screening: Screening) -> Iterator[dict[str, Any]]:
    """Yield what the script needs of each hip: grey levels around it, circle and rim, marks, words."""
    whole = pixels_of(screening.image.radiograph)
    grey = np.frombuffer(whole.data, dtype="<u2").reshape(whole.rows, whole.columns)
    for hip, record in zip(screening.hips, screening.hip_records, strict=True):
        if hip.status != "absent":
            yield _hip_values(screening, hip, record, grey)


def _hip_values(
    screening: Screening, hip: HipFrame, record: HipRecord, grey: np.ndarray[Any, np.dtype[np.uint16]]
) -> dict[str, Any]:
    reach = REACH_HEAD_RADII * hip.head_radius_px
    top, left = (max(0, int(at - reach)) for at in (hip.head_row_px, hip.head_column_px))
    crop = grey[top : int(hip.head_row_px + reach) + 1, left : int(hip.head_column_px + reach) + 1]
    marks = [mark for mark in screening.findings if mark.side == record.side]
    return {
        "title": f"{side_name(hip.side)} hip" + ("" if hip.status == "located" else f" ({hip.status})"),
        "rows": crop.shape[0],
        "columns": crop.shape[1],
        "data": crop.tobytes(),
        "frame": {
            "x": hip.head_column_px - left,
            "y": hip.head_row_px - top,
            "radius": hip.head_radius_px,
            "rim_x": _known(hip.rim_column_px - left),
            "rim_y": _known(hip.rim_row_px - top),
        },
        "marks": [
            {
                "id": mark.candidate_id,
                "x": mark.column_px - left,
                "y": mark.row_px - top,
                "diameter": mark.diameter_px,
                "words": class_name(mark.first_class),
            }
            for mark in marks
        ],
    }


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
