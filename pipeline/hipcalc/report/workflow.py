"""Decisions and clinical contexts -> recommendations beside the results, and in their pages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hipcalc.errors import UsageError
from hipcalc.findings import Finding, HipRecord
from hipcalc.guideline import Recommendation, load_workflow, read_contexts, recommend
from hipcalc.report.cells import PageReview
from hipcalc.report.files import write_atomic
from hipcalc.report.hip_provenance import HipProvenance, hip_provenances
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, render_part
from hipcalc.report.schema import recommendation_schema
from hipcalc.report.site import page_names, write_pages
from hipcalc.report.store import ResultsFolder
from hipcalc.report.words import length_text, side_name, spacing_text
from hipcalc.review import Decision, ReviewedHip, append_decisions, apply_reviews, read_decisions, read_log

__all__ = ["WorkflowResult", "report_workflow"]


@dataclass(frozen=True, kw_only=True)
class WorkflowResult:
    """What ``hipcalc report`` wrote: a recommendation per hip, the folder of their files, and the page to open."""

    recommendations: tuple[Recommendation, ...]
    folder: Path
    index: Path | None
    new_decisions: int


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """One image's rows, under the names that `apply_reviews` asks for."""

    hip_records: tuple[HipRecord, ...]
    candidates: tuple[Finding, ...]


def report_workflow(
    results: str | Path,
    contexts: str | Path,
    decisions: str | Path | None = None,
    *,
    workflow: Path | None = None,
) -> WorkflowResult:
    """Add decisions to the log of a results folder, and write what the workflow says about each hip.

    Nothing is written before every table has been read and checked. ``recommendations/<image_id>-<side>.json`` holds
    each hip's recommendation, ``recommendations/audit/`` those of hips of which every finding was rejected,
    ``recommendations/schema/recommendation.json`` the JSON Schema of both; pages are written again with the
    same content.

    Parameters
    ----------
    results : str or Path
        Folder that ``hipcalc screen`` wrote.
    contexts : str or Path
        Table of clinical contexts (`hipcalc.guideline.read_contexts`).
    decisions : str or Path, optional
        Table of decisions (`hipcalc.review.read_decisions`); without it, the log alone counts.
    workflow : Path, optional
        A site's own workflow file (`hipcalc.guideline.load_workflow`); without it, the one that comes with hipcalc.

    Returns
    -------
    WorkflowResult

    Raises
    ------
    UsageError
        If the folder holds no finished results, or a table or the workflow file is wrong.
    OutputError
        If something cannot be written.
    """
    folder = ResultsFolder(Path(results))
    run = folder.read_run()
    if run["status"] != "done":
        raise UsageError(f"{folder.path} holds an unfinished run: run hipcalc screen with --resume first.")
    records = tuple(folder.records())
    site = load_workflow(workflow)
    known = read_contexts(contexts, site)
    before = read_log(folder.path)
    candidates = {one.candidate_id for record in records for one in record.candidates}
    candidates |= {decision.candidate_id for decision in before}
    new = () if decisions is None else read_decisions(decisions, candidates=candidates)
    # Tried without writing, so that a context which fits no hip leaves the log as it was.
    recommend(_reviewed(records, (*before, *new)), known, workflow=site)
    log = append_decisions(folder.path, new) if new else before
    reviewed = _reviewed(records, log)
    recommendations = recommend(reviewed, known, workflow=site)
    origins = hip_provenances(records, RunFacts.from_run(run))
    _write_files(folder.path / "recommendations", recommendations, origins)
    if run["settings"]["pages"]:
        _write_pages(folder, records, reviewed, recommendations, origins)
    return WorkflowResult(
        recommendations=recommendations,
        folder=folder.path / "recommendations",
        index=folder.index if run["settings"]["pages"] else None,
        new_decisions=len(log) - len(before),
    )


def _reviewed(records: Iterable[FileRecord], decisions: Sequence[Decision]) -> tuple[ReviewedHip, ...]:
    hips: list[ReviewedHip] = []
    seen: set[str] = set()
    for record in records:
        # Two files with one content are one image: its hips are reviewed once.
        if record.image.image_id in seen:
            continue
        seen.add(record.image.image_id)
        hips += apply_reviews(_Rows(hip_records=record.hips, candidates=record.candidates), decisions)
    return tuple(hips)


def _name(recommendation: Recommendation) -> str:
    side = recommendation.side if recommendation.side in ("R", "L") else "U"
    return f"{recommendation.image_id}-{side}.json"


def _write_files(
    folder: Path,
    recommendations: Iterable[Recommendation],
    origins: Mapping[tuple[str, str], HipProvenance],
) -> None:
    for recommendation in recommendations:
        places = (folder / _name(recommendation), folder / "audit" / _name(recommendation))
        place, other = places[::-1] if recommendation.audit_only else places
        origin = origins[recommendation.image_id, recommendation.side]
        write_atomic(place, _json({**recommendation.to_dict(), "provenance": origin.to_dict()}))
        # An earlier report may have filed it under the other heading.
        other.unlink(missing_ok=True)
    write_atomic(folder / "schema" / "recommendation.json", _json(recommendation_schema()))


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _write_pages(
    folder: ResultsFolder,
    records: tuple[FileRecord, ...],
    reviewed: Iterable[ReviewedHip],
    recommendations: tuple[Recommendation, ...],
    origins: Mapping[tuple[str, str], HipProvenance],
) -> None:
    findings: dict[str, list[ReviewedHip]] = {}
    for hip in reviewed:
        findings.setdefault(hip.image_id, []).append(hip)
    shown: dict[str, list[Recommendation]] = {}
    for recommendation in recommendations:
        if not recommendation.audit_only:
            shown.setdefault(recommendation.image_id, []).append(recommendation)

    def review_of(record: FileRecord) -> PageReview:
        image_id = record.image.image_id
        return _page_review(findings.get(image_id, []), shown.get(image_id, []), origins)

    write_pages(
        folder,
        records,
        RunFacts.from_run(folder.read_run()),
        review_of=review_of,
        workflow=render_part("states.html.j2", rows=_state_rows(records, shown)),
    )


def _page_review(
    hips: Iterable[ReviewedHip],
    recommendations: Sequence[Recommendation],
    origins: Mapping[tuple[str, str], HipProvenance],
) -> PageReview:
    status: dict[str, str] = {}
    text: dict[str, str] = {}
    for reviewed in (finding for hip in hips for finding in hip.findings):
        key = reviewed.finding.candidate_id
        status[key] = reviewed.status
        decision = reviewed.decision
        if decision is not None and reviewed.status != "unreviewed":
            said = f"{decision.status} by {decision.reader}, {decision.time:%Y-%m-%d %H:%M}"
            text[key] = f"{said}: {decision.confirmed_class}" if decision.confirmed_class else said
    if not recommendations:
        return PageReview(status=status, text=text, workflow=Markup(""))
    hips_said = [(one, origins[one.image_id, one.side]) for one in recommendations]
    words = {"side_name": side_name, "length_text": length_text, "spacing_text": spacing_text}
    section = render_part("workflow.html.j2", recommendations=hips_said, **words)
    return PageReview(status=status, text=text, workflow=section)


def _state_rows(
    records: tuple[FileRecord, ...], shown: Mapping[str, Sequence[Recommendation]]
) -> list[dict[str, object]]:
    pages: dict[str, str] = {}
    for record, page in zip(records, page_names(records), strict=True):
        pages.setdefault(record.image.image_id, page)
    rows = (one for group in shown.values() for one in group)
    return [
        {"hip": one, "name": Path(one.path).name, "side": side_name(one.side), "page": pages.get(one.image_id, "")}
        for one in sorted(rows, key=lambda one: (_urgency(one.state), one.path, one.side))
    ]


def _urgency(state: str) -> tuple[int, int]:
    """Red flags first, then by how far the workflow has come; what nobody has confirmed last."""
    number = int(state.removeprefix("S"))
    return (0 if number == 17 else 1, -number)
