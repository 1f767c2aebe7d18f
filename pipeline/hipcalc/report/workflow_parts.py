"""Parts of pages about the workflow: a hip's section, and what readers decided."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from hipcalc.guideline import Recommendation
from hipcalc.report.cells import PageReview
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import render_part
from hipcalc.report.site import page_names
from hipcalc.report.words import class_name, length_text, limit_text, side_name, spacing_text, zone_name
from hipcalc.review import ReviewedHip

__all__ = ["page_review", "site_pages", "workflow_section"]


def page_review(
    hips: Iterable[ReviewedHip],
    recommendations: Sequence[Recommendation],
    origins: Mapping[tuple[str, str], HipProvenance],
) -> PageReview:
    """Return what readers decided about some hips, and the section about the workflow, as a page shows them."""
    status: dict[str, str] = {}
    text: dict[str, str] = {}
    for reviewed in (finding for hip in hips for finding in hip.findings):
        key = reviewed.finding.candidate_id
        status[key] = reviewed.status
        decision = reviewed.decision
        if reviewed.disagreement:
            text[key] = f"not confirmed, readers disagree: {reviewed.disagreement}"
        elif decision is not None and reviewed.status != "unreviewed":
            said = f"{decision.status} by {decision.reader}, {decision.time:%Y-%m-%d %H:%M}"
            text[key] = f"{said}: {class_name(decision.confirmed_class)}" if decision.confirmed_class else said
    return PageReview(status=status, text=text, workflow=workflow_section(recommendations, origins))


def workflow_section(
    recommendations: Sequence[Recommendation], origins: Mapping[tuple[str, str], HipProvenance]
) -> Markup:
    """Return what the workflow says about some hips as a part of a page; nothing without hips."""
    if not recommendations:
        return Markup("")
    hips_said = [(one, origins[one.image_id, one.side]) for one in recommendations]
    named = (class_name, length_text, limit_text, side_name, spacing_text, zone_name)
    words = {function.__name__: function for function in named}
    several = len({one.image_id for one in recommendations}) > 1
    names = {one.image_id: f" in {Path(one.path).name}" if several else "" for one in recommendations}
    return render_part("workflow.html.j2", recommendations=hips_said, names=names, **words)


def site_pages(records: Sequence[FileRecord]) -> dict[str, str]:
    """Return the page of each image among the pages of the results, by image id."""
    pages: dict[str, str] = {}
    for record, page in zip(records, page_names(records), strict=True):
        pages.setdefault(record.image.image_id, page)
    return pages
