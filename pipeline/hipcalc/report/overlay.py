"""What is drawn over a picture: circles, points and numbered rings, as values in the file's pixels for an SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hipcalc.findings import Finding, HipRecord
from hipcalc.report.measures import MeasureLine, measure_lines
from hipcalc.report.pictures import Box
from hipcalc.report.records import FileRecord, HipShape

__all__ = ["Area", "Drawing", "HipMark", "Ring", "draw", "left_out", "numbered_marks"]

# Sizes as shares of the picture's longer side, so that they look alike on every page.
LABEL = 0.026
CLOSEST_RING = 0.011
CROSS = 0.012
# A ring stands off its focus by this factor, so that it never covers the edge it points at.
RING_FACTOR = 1.7


@dataclass(frozen=True, kw_only=True)
class HipMark:
    """Head circle, rim point and roof of one hip, and the lines of its measures; x is the column, y the row.

    `rim` is empty when it is not known, and `landmarks` holds what shows of the others.
    """

    x: float
    y: float
    radius: float
    rim: tuple[float, float] | None
    roof: str
    trusted: bool
    lines: tuple[MeasureLine, ...] = ()
    landmarks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A ring around one candidate; `number` is 0 for one below the operating point, which is not numbered."""

    x: float
    y: float
    radius: float
    number: int
    label_x: float
    label_y: float
    line_x: float
    line_y: float
    review: str


@dataclass(frozen=True, kw_only=True)
class Area:
    """Where nothing was looked for; `points` are the corners of a polygon as an SVG wants them."""

    kind: str
    points: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One overlay. `view_box` spans the picture's pixels, whose centres are at integers."""

    view_box: str
    label_size: float
    cross: float
    hips: tuple[HipMark, ...]
    rings: tuple[Ring, ...]
    areas: tuple[Area, ...]


def numbered_marks(record: FileRecord, reviews: Mapping[str, str]) -> list[tuple[int, Finding]]:
    """Return the marks that a page shows, with their numbers on it.

    Findings are numbered in the order of the table, then the weaker candidates that a reader decided about. A number
    does not change when another mark is rejected; rejected marks are in the audit file only.

    Parameters
    ----------
    record : FileRecord
    reviews : mapping of str to str
        Review status by candidate id.
    """
    decided = [
        candidate
        for candidate in record.candidates
        if not candidate.finding and reviews.get(candidate.candidate_id, "unreviewed") != "unreviewed"
    ]
    numbered = enumerate((*record.findings, *decided), start=1)
    return [(number, mark) for number, mark in numbered if reviews.get(mark.candidate_id) != "rejected"]


def draw(record: FileRecord, box: Box, reviews: Mapping[str, str]) -> Drawing:
    """Lay out the overlay of one picture.

    Parameters
    ----------
    record : FileRecord
    box : Box
        What the picture shows.
    reviews : mapping of str to str
        Review status by candidate id; one that is missing is unreviewed. Rejected foci are not drawn.

    Returns
    -------
    Drawing
    """
    longest = max(box.rows, box.columns)
    hips = tuple(
        _hip_mark(hip, shape)
        for hip, shape in zip(record.hips, record.shapes, strict=True)
        if hip.head_row_px is not None
    )
    return Drawing(
        view_box=f"{box.left - 0.5:g} {box.top - 0.5:g} {box.columns} {box.rows}",
        label_size=round(LABEL * longest, 1),
        cross=round(CROSS * longest, 1),
        hips=hips,
        rings=_rings(record, box, reviews),
        areas=tuple(
            Area(kind=region.kind, points=" ".join(f"{column:g},{row:g}" for row, column in region.outline_px))
            for region in record.regions
        ),
    )


def left_out(record: FileRecord) -> str:
    """Name the kinds of areas in which nothing was looked for; empty when there is none."""
    return ", ".join(dict.fromkeys(region.kind.replace("-", " ") for region in record.regions))


def _hip_mark(hip: HipRecord, shape: HipShape) -> HipMark:
    rim = None
    if hip.rim_row_px is not None and hip.rim_column_px is not None:
        rim = (hip.rim_column_px, hip.rim_row_px)
    return HipMark(
        x=hip.head_column_px or 0.0,
        y=hip.head_row_px or 0.0,
        radius=hip.head_radius_px or 0.0,
        rim=rim,
        roof=" ".join(f"{column:g},{row:g}" for row, column in shape.roof_contour_px),
        trusted=hip.status == "located",
        lines=measure_lines(hip),
        landmarks=_landmarks(hip),
    )


def _landmarks(hip: HipRecord) -> tuple[tuple[float, float], ...]:
    places = (
        (getattr(hip, f"{name}_column_px"), getattr(hip, f"{name}_row_px"))
        for name in ("sourcil_end", "sourcil_medial", "teardrop")
    )
    return tuple((round(x, 1), round(y, 1)) for x, y in places if x is not None and y is not None)


def _rings(record: FileRecord, box: Box, reviews: Mapping[str, str]) -> tuple[Ring, ...]:
    numbers = {mark.candidate_id: number for number, mark in numbered_marks(record, reviews)}
    heads = {(hip.image_id, hip.side): hip for hip in record.hips}
    rings: list[Ring] = []
    for candidate in record.candidates:
        review = reviews.get(candidate.candidate_id, "unreviewed")
        if review == "rejected" or not _inside(candidate, box):
            continue
        hip = heads.get((candidate.image_id, candidate.side))
        number = numbers.get(candidate.candidate_id, 0)
        rings.append(_ring(candidate, hip, box, number=number, review=review, others=rings))
    return tuple(rings)


def _inside(candidate: Finding, box: Box) -> bool:
    return box.top <= candidate.row_px < box.bottom and box.left <= candidate.column_px < box.right


def _ring(
    candidate: Finding, hip: HipRecord | None, box: Box, *, number: int, review: str, others: Sequence[Ring]
) -> Ring:
    longest = max(box.rows, box.columns)
    radius = max(RING_FACTOR * candidate.diameter_px / 2, CLOSEST_RING * longest)
    x, y = candidate.column_px, candidate.row_px
    right, down = _outward(candidate, hip)
    step = LABEL * longest
    distance = radius + 1.1 * step
    taken = [(other.label_x, other.label_y) for other in others if other.number]
    # Labels move outwards until they stand free of those before them.
    for _ in range(8):
        label = (
            _within(x + right * distance, box.left, box.right, step),
            _within(y + down * distance, box.top, box.bottom, step),
        )
        if not number or all(math.dist(label, other) > 1.5 * step for other in taken):
            break
        distance += step
    return Ring(
        x=x,
        y=y,
        radius=round(radius, 1),
        number=number,
        label_x=round(label[0], 1),
        label_y=round(label[1], 1),
        line_x=round(x + right * radius, 1),
        line_y=round(y + down * radius, 1),
        review=review,
    )


def _outward(candidate: Finding, hip: HipRecord | None) -> tuple[float, float]:
    """Direction (right, down) away from the femoral head: there a label hides the least."""
    if hip is None or hip.head_row_px is None or hip.head_column_px is None:
        return 0.0, -1.0
    right, down = candidate.column_px - hip.head_column_px, candidate.row_px - hip.head_row_px
    length = math.hypot(right, down)
    return (right / length, down / length) if length > 0 else (0.0, -1.0)


def _within(value: float, low: float, high: float, margin: float) -> float:
    return min(max(value, low + margin), high - margin)
