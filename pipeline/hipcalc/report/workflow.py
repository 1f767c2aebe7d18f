"""Decisions and clinical contexts -> recommendations beside the results, and in their pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from hipcalc.errors import UsageError
from hipcalc.findings import Finding, HipRecord
from hipcalc.guideline import (
    ClinicalContext,
    Recommendation,
    left_aside,
    load_workflow,
    read_contexts,
    recommend,
)
from hipcalc.radiograph import read_file
from hipcalc.report.cells import PageReview
from hipcalc.report.formats import DEFAULT_FORMATS, NotWritten, WorkflowReport, check_formats, write_formats
from hipcalc.report.formats.patients import read_owners
from hipcalc.report.hip_provenance import hip_provenances
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts
from hipcalc.report.site import write_pages
from hipcalc.report.state_table import StateTable
from hipcalc.report.store import ResultsFolder
from hipcalc.report.words import count_text
from hipcalc.report.workflow_parts import page_review, site_pages
from hipcalc.review import (
    Decision,
    ReviewedHip,
    append_decisions,
    apply_reviews,
    read_decisions,
    read_finished,
    read_log,
)

__all__ = ["WorkflowResult", "report_workflow"]

# Of images whose contexts are left aside.
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class WorkflowResult:
    """What ``hipcalc report`` wrote: a recommendation per hip, the folder of their files, and the page to open.

    `not_written` is what the formats could not write, and why. `left_aside` has a sentence for contexts of images that
    were not analysed, and for each entry of a FHIR Bundle of contexts that answers no question.
    """

    recommendations: tuple[Recommendation, ...]
    folder: Path
    index: Path | None
    new_decisions: int
    left_aside: tuple[str, ...] = ()
    not_written: tuple[NotWritten, ...] = ()


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
    formats: Sequence[str] = DEFAULT_FORMATS,
    participants: str | Path | None = None,
    fetch: Callable[[str], bytes] = read_file,
    identifiers: bool = False,
) -> WorkflowResult:
    """Add decisions to the log of a results folder, and write what the workflow says about each hip.

    Nothing is written before every table has been read and checked. Every format has its files in
    ``recommendations``; those of formats that are not asked for this time are taken away, as they may have become
    untrue. As JSON, ``<image_id>-<side>.json`` holds each hip's recommendation, ``audit/`` those of hips of which
    every finding was rejected, ``schema/recommendation.json`` the JSON Schema of both. The pages of the results are
    always written again.

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
    formats : sequence of str, optional
        Names of `hipcalc.report.formats.FORMATS`.
    participants : str or Path, optional
        Whose each image is (`hipcalc.report.participants.read_participants`); an image that it does not name, and
        every image without it, is taken for a patient of its own.
    fetch : callable, optional
        Returns the bytes of an image for the formats that need it, given where it is read; without it, files and
        archives can be read.
    identifiers : bool, optional
        Name each radiograph's study in FHIR by its DICOM UID. It leads to the patient, so nothing is named without.

    Returns
    -------
    WorkflowResult

    Raises
    ------
    UsageError
        If the folder holds no finished results, if a table or the workflow file is wrong, or if a format is unknown
        or cannot be written here.
    OutputError
        If something cannot be written.
    """
    folder = ResultsFolder(Path(results))
    run = folder.read_run()
    if run["status"] != "done":
        raise UsageError(f"{folder.path} holds an unfinished run: run hipcalc screen with --resume first.")
    records = tuple(folder.records())
    has_pictures = bool(run["settings"]["pages"])
    check_formats(formats, has_pictures=has_pictures)
    if identifiers and "fhir" not in formats:
        raise UsageError(
            "Studies are named by their UIDs in the format fhir only; ask for it, or leave out identifiers."
        )
    site = load_workflow(workflow)
    owners = read_owners(participants, records)
    known, unused = _of_analysed(read_contexts(contexts, site), records)
    before = read_log(folder.path)
    candidates = {one.candidate_id for record in records for one in record.candidates}
    candidates |= {decision.candidate_id for decision in before}
    new = () if decisions is None else read_decisions(decisions, candidates=candidates)
    # Tried without writing, so that a context which fits no hip leaves the log as it was.
    finished = read_finished(folder.path)
    reviewed = _reviewed(records, (*before, *new), finished)
    recommendations = recommend(reviewed, known, workflow=site)
    log = append_decisions(folder.path, new) if new else before
    if new:
        # The log holds a decision that is given again once.
        tried, reviewed = reviewed, _reviewed(records, log, finished)
        if reviewed != tried:
            recommendations = recommend(reviewed, known, workflow=site)
    facts = RunFacts.from_run(run)
    report = WorkflowReport(
        results=folder,
        run=facts,
        has_pictures=has_pictures,
        records=records,
        reviewed=reviewed,
        recommendations=recommendations,
        origins=hip_provenances(records, facts),
        workflow=site,
        owners=owners,
        fetch=fetch,
        identifiers=identifiers,
    )
    not_written = write_formats(formats, report)
    if has_pictures:
        _write_pages(report)
    return WorkflowResult(
        recommendations=recommendations,
        folder=report.folder,
        index=folder.index if has_pictures else None,
        new_decisions=len(log) - len(before),
        left_aside=(*unused, *left_aside(contexts, site)),
        not_written=not_written,
    )


def _of_analysed(
    contexts: Sequence[ClinicalContext], records: Sequence[FileRecord]
) -> tuple[tuple[ClinicalContext, ...], tuple[str, ...]]:
    """Leave aside the contexts of images that were rejected or failed, and say so: a cohort's table names them, too.

    Whatever fits neither these nor a hip stays, and is refused later.
    """
    lost = [record.image for record in records if record.image.status != "ok"]
    analysed = [record.image for record in records if record.image.status == "ok"]
    ids = {one.image_id for one in lost} - {one.image_id for one in analysed}
    names = {PurePath(one.path).name for one in lost} - {PurePath(one.path).name for one in analysed}
    kept: list[ClinicalContext] = []
    aside: list[ClinicalContext] = []
    for one in contexts:
        is_lost = one.image_id in ids if one.image_id else PurePath(one.path).name in names
        (aside if is_lost else kept).append(one)
    if not aside:
        return tuple(kept), ()
    named = list(dict.fromkeys(one.image_id or PurePath(one.path).name for one in aside))
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    told = f"{count_text(len(aside), 'context')} left aside, of images that were not analysed: "
    return tuple(kept), (f"{told}{', '.join(named[:_MOST_NAMED])}{more}.",)


def _reviewed(
    records: Iterable[FileRecord], decisions: Sequence[Decision], finished: Mapping[str, Sequence[str]]
) -> tuple[ReviewedHip, ...]:
    hips: list[ReviewedHip] = []
    seen: set[str] = set()
    for record in records:
        # Two files with one content are one image: its hips are reviewed once.
        if record.image.image_id in seen:
            continue
        seen.add(record.image.image_id)
        rows = _Rows(hip_records=record.hips, candidates=record.candidates)
        hips += apply_reviews(rows, decisions, finished=finished)
    return tuple(hips)


def _write_pages(report: WorkflowReport) -> None:
    findings: dict[str, list[ReviewedHip]] = {}
    for hip in report.reviewed:
        findings.setdefault(hip.image_id, []).append(hip)
    shown: dict[str, list[Recommendation]] = {}
    for recommendation in report.shown:
        shown.setdefault(recommendation.image_id, []).append(recommendation)

    def review_of(record: FileRecord) -> PageReview:
        image_id = record.image.image_id
        return page_review(findings.get(image_id, []), shown.get(image_id, []), report.origins)

    write_pages(
        report.results,
        report.records,
        report.run,
        review_of=review_of,
        states=StateTable(report.shown, site_pages(report.records)),
    )
