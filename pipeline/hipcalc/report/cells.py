"""The cells and lines of an image's page, as texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hipcalc.anatomy import FOUND_STATUSES
from hipcalc.findings import Finding, HipRecord, differential_words, explain_differential, inseparable
from hipcalc.report.measures import measure_rows
from hipcalc.report.overlay import numbered_marks
from hipcalc.report.records import FileRecord, ImageRecord
from hipcalc.report.rendering import RunFacts
from hipcalc.report.words import (
    class_name,
    count_estimate,
    count_text,
    differential_list,
    length_text,
    limit_text,
    number_text,
    side_name,
    spacing_text,
    view_name,
    zone_name,
)

__all__ = [
    "NO_REVIEW",
    "PageReview",
    "details",
    "facts",
    "finding_cells",
    "finding_rows",
    "headline",
    "hip_cells",
    "hip_warnings",
    "marks_alt",
]

_WARNINGS = {
    "uncertain": "was found with doubt: its circle and its marks need a careful look",
    "implant": "holds an implant: it is not searched for foci",
    "absent": "was not found in this image",
}


@dataclass(frozen=True, kw_only=True)
class PageReview:
    """What readers decided, as a page shows it.

    Attributes
    ----------
    status : mapping of str to str
        Review status by candidate id; one that is missing is unreviewed.
    text : mapping of str to str
        Who decided what and when, by candidate id.
    workflow : Markup
        The section about the guideline workflow, or nothing.
    """

    status: Mapping[str, str]
    text: Mapping[str, str]
    workflow: Markup


NO_REVIEW = PageReview(status={}, text={}, workflow=Markup(""))


def headline(record: FileRecord, review: PageReview = NO_REVIEW) -> str:
    """Return what was found in one image, in one line."""
    shown = [mark for _, mark in numbered_marks(record, review.status)]
    confirmed = sum(review.status.get(mark.candidate_id) == "confirmed" for mark in shown)
    hips = count_text(len([hip for hip in record.hips if hip.status != "absent"]), "hip")
    if confirmed:
        return f"{hips}, {confirmed} of {count_text(len(shown), 'mark')} confirmed"
    return f"{hips}, {count_text(len(shown), 'mark') if shown else 'no mark'}"


def facts(image: ImageRecord) -> list[str]:
    """Return what a reader needs to know of an image before looking at it."""
    texts = (
        f"view: {view_name(image.view)}",
        f"{image.rows} × {image.columns} pixels",
        f"pixel spacing {spacing_text(image.spacing_mm, image.spacing_source)}",
        f"quality {image.quality}",
    )
    return list(texts)


def hip_warnings(record: FileRecord) -> list[str]:
    """Return a sentence for each hip that is not plainly located."""
    return [f"{side_name(hip.side)} hip: {_WARNINGS[hip.status]}." for hip in record.hips if hip.status in _WARNINGS]


def marks_alt(record: FileRecord, review: PageReview, side: str | None = None) -> str:
    """Return in words which marks a picture shows, for readers who do not see it."""
    marks = [(number, mark) for number, mark in numbered_marks(record, review.status) if side in (None, mark.side)]
    where = ", ".join(f"{number} {zone_name(mark.zone)}" for number, mark in marks)
    return f"with {count_text(len(marks), 'mark')}: {where}" if marks else "without marks"


def hip_cells(hip: HipRecord, spacing_mm: float | None, count: int, run: RunFacts) -> dict[str, Any]:
    """Return a hip's row of the page, as texts by name.

    Parameters
    ----------
    hip : HipRecord
    spacing_mm : float or None
    count : int
        Number of its marks on the page.
    run : RunFacts
    """
    angle = "–" if hip.shown_centre_edge_angle_deg is None else f"{hip.shown_centre_edge_angle_deg:.0f}°"
    limit = _limit_text(hip, run)
    parts = (count_text(count, "mark"), f"centre-edge angle {angle}", f"detection limit {limit}")
    return {
        "title": f"{side_name(hip.side)} hip" + ("" if hip.status == "located" else f" ({hip.status})"),
        "summary": " · ".join(parts),
        "side": side_name(hip.side),
        "side_source": hip.side_source.replace("-", " "),
        "status": hip.status,
        "confidence": number_text(hip.confidence, 2),
        "head": _head_text(hip, spacing_mm),
        "angle": angle,
        "limit": limit,
        "count": count,
        "measures": measure_rows(hip),
        "reference": _reference_text(hip),
        "missing": _missing_text(hip),
    }


_LANDMARKS = {
    "sourcil_end": "the lateral end of the sourcil",
    "sourcil_medial": "the medial end of the sourcil",
    "teardrop": "the teardrop",
}


def _reference_text(hip: HipRecord) -> str:
    if hip.angle_reference != "heads":
        return "the picture's horizontal, because one hip alone does not show how the pelvis lies"
    return f"the line through both heads, which slopes by {hip.angle_reference_deg or 0.0:.1f}°"


def _missing_text(hip: HipRecord) -> str:
    """Name what does not show, or hardly, so that nobody takes what hangs on it for more than it is."""
    texts = []
    for visibility, verb in (("absent", "Not found here"), ("faint", "Shows only faintly")):
        names = [text for name, text in _LANDMARKS.items() if getattr(hip, f"{name}_visibility") == visibility]
        if names:
            texts.append(f"{verb}: {', '.join(names)}.")
    return " ".join(texts)


def _limit_text(hip: HipRecord, run: RunFacts) -> str:
    is_planted = hip.detection_limit_head_radii is not None or hip.detection_limit_tissue
    if run.detectability and hip.status in FOUND_STATUSES and not is_planted:
        return "none: no room to plant"
    return limit_text(hip.detection_limit_mm, hip.detection_limit_head_radii, hip.detection_limit_tissue)


def _head_text(hip: HipRecord, spacing_mm: float | None) -> str:
    if hip.head_radius_px is None:
        return "–"
    size = f"{2 * hip.head_radius_px:.0f} px"
    if spacing_mm is not None:
        size = f"{2 * hip.head_radius_px * spacing_mm:.1f} mm ({size})"
    return size if hip.head_visible is None else f"{size}, {100 * hip.head_visible:.0f}% of its contour shows"


def finding_rows(record: FileRecord, review: PageReview = NO_REVIEW) -> list[dict[str, Any]]:
    """Return the rows of a page's table of marks."""
    return [finding_cells(number, mark, review) for number, mark in numbered_marks(record, review.status)]


def finding_cells(number: int, finding: Finding, review: PageReview) -> dict[str, Any]:
    """Return a mark's row of the page, as texts by name."""
    return {
        "number": number,
        "side": side_name(finding.side),
        "zone": zone_name(finding.zone),
        "clock": number_text(finding.clock_hour),
        "distance": number_text(finding.r_head_radii, 2),
        "phi": number_text(finding.phi_deg, 0),
        "diameter": length_text(finding.diameter_mm, finding.diameter_head_radii),
        "gap": length_text(finding.gap_mm, finding.gap_head_radii),
        "cnr": number_text(finding.cnr),
        "expected": count_estimate(finding.expected_false_marks),
        **_reasons(finding),
        "differential": differential_list(finding) or [(class_name(finding.first_class), 100)],
        "review": review.status.get(finding.candidate_id, "unreviewed"),
        "review_text": review.text.get(finding.candidate_id, "unconfirmed"),
    }


def _reasons(finding: Finding) -> dict[str, str]:
    """Return why the first class stands first, what speaks against it, and what this view cannot tell from it."""
    words = differential_words(finding).get(finding.first_class)
    close = inseparable(explain_differential(finding))
    return {
        "because": "" if words is None else "; ".join(words.speaks_for),
        "against": "" if words is None else "; ".join(words.speaks_against),
        "inseparable": ", ".join(class_name(name) for name in close),
    }


def details(image: ImageRecord, run: RunFacts) -> list[tuple[str, str]]:
    """Return (name, value) of everything that identifies an image and the run."""
    return [
        ("File", image.path),
        ("Image id", image.image_id),
        ("SHA-256", image.sha256),
        ("Rows × columns", f"{image.rows} × {image.columns}"),
        ("Pixel spacing", spacing_text(image.spacing_mm, image.spacing_source)),
        ("Spacing source", image.spacing_source),
        ("Polarity in the file", image.polarity),
        ("View", view_name(image.view)),
        ("Quality", image.quality),
        ("Operating point", f"{run.false_marks_per_hip:g} expected false marks per hip"),
        ("hipcalc", run.version),
        ("Models", ", ".join(run.models)),
        ("Settings", run.settings_hash),
    ]
