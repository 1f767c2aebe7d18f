"""The table of recommendations: one row for each hip that a report may show, and what each column means."""

from dataclasses import dataclass
from typing import Annotated, Any

from hipcalc.columns import PATH, SIDE, Column
from hipcalc.guideline import Recommendation
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.tables import column_types, csv_text, explained_columns

__all__ = ["RecommendationRow", "column_table", "recommendation_rows"]


@dataclass(frozen=True, kw_only=True)
class RecommendationRow:
    """One hip. Its fields are the columns, in order; several values in one cell are joined by ``;``."""

    image_id: Annotated[
        str, Column("first 16 hex digits of the image file's SHA-256, as in the tables of the screening")
    ]
    path: Annotated[str, PATH]
    side: Annotated[str, SIDE]
    state: Annotated[str, Column("state of the guideline workflow, S0 to S17")]
    state_name: Annotated[str, Column("the state in words")]
    when: Annotated[str, Column("the condition that put the hip into this state: the guard that fired")]
    is_confirmed: Annotated[bool, Column("whether a named reader has confirmed a finding of this hip")]
    confirmed: Annotated[int, Column("number of confirmed findings")]
    unreviewed: Annotated[int, Column("number of findings that nobody has looked at: unconfirmed algorithm output")]
    indeterminate: Annotated[int, Column("number of findings about which the reader could not decide")]
    confirmed_ids: Annotated[str, Column("candidate ids of the confirmed findings")]
    confirmed_classes: Annotated[
        str, Column("what the reader holds them to be, in the same order; blank where none was named")
    ]
    confirmed_zones: Annotated[str, Column("their zones, in the same order")]
    readers: Annotated[str, Column("who confirmed them")]
    grades: Annotated[
        str, Column("scheme=grade where a scheme applies to the confirmed class; its caveat is in the JSON file")
    ]
    history: Annotated[str, Column("date=state after each visit and each day of decisions, oldest first")]
    rules: Annotated[str, Column("rules of the source document whose sentences the hip gets, offered steps included")]
    offered_states: Annotated[str, Column("states that are offered as a next step; the source gives no order")]
    next_states: Annotated[str, Column("states that may follow")]
    blocked_gates: Annotated[str, Column("gates and conditions that hold something back")]
    blocked_reasons: Annotated[str, Column("gate:item=answer of everything that holds something back")]
    withdrawn_rules: Annotated[str, Column("rules that the gates withdraw")]
    cautions: Annotated[str, Column("gate:item of each caution that a clinician's recorded reason passed")]
    missing: Annotated[str, Column("inputs that are missing, by the name of their column in a context table")]
    what_if: Annotated[str, Column("column=answer->state for each missing answer that alone would change the state")]
    workflow_name: Annotated[str, Column("name of the workflow file")]
    workflow_version: Annotated[str, Column("version of the workflow file")]
    workflow_sha256: Annotated[str, Column("SHA-256 of the workflow file")]
    screening_version: Annotated[str, Column("version of hipcalc that screened the image")]
    report_version: Annotated[str, Column("version of hipcalc that wrote this table")]
    models: Annotated[str, Column("models of the screening, with versions")]
    settings_hash: Annotated[str, Column("hash of the screening's settings, 16 hex digits")]
    false_marks_per_hip: Annotated[
        float, Column("operating point: expected false marks in a hip without any focus", "marks per hip")
    ]
    image_sha256: Annotated[str, Column("SHA-256 of the image file")]
    spacing_mm: Annotated[float | None, Column("size of a pixel; blank when unknown", "mm")]
    spacing_source: Annotated[str, Column("how the pixel spacing is known")]
    detection_limit_mm: Annotated[
        float | None,
        Column(
            "diameter from which on a focus of CNR 4 would have been found in this hip in 90%; blank when not measured",
            "mm",
        ),
    ]
    detection_limit_head_radii: Annotated[float | None, Column("the same in radii of the femoral head", "head radii")]
    detection_limit_tissue: Annotated[str, Column("where that holds: soft tissue beside the rim, or bone around it")]
    notice: Annotated[str, Column("the research-use notice")]


def recommendation_rows(report: WorkflowReport) -> list[dict[str, Any]]:
    """Return the table's rows, by column; hips of which every finding was rejected are left to the audit files."""
    return [vars(_row(report, one)) for one in report.shown]


def column_table() -> str:
    """Return, as CSV text, what each column holds."""
    return csv_text(dict.fromkeys(("column", "type", "unit", "meaning"), str), explained_columns(RecommendationRow))


def _row(report: WorkflowReport, one: Recommendation) -> RecommendationRow:
    origin = {**vars(report.origin(one)), "models": ";".join(report.origin(one).models)}
    values = {**origin, **vars(one), **_findings(one), **_reasons(one)}
    return RecommendationRow(**{name: values[name] for name in column_types(RecommendationRow)})


def _findings(one: Recommendation) -> dict[str, Any]:
    return {
        "is_confirmed": bool(one.confirmed),
        "confirmed": len(one.confirmed),
        "unreviewed": len(one.unreviewed),
        "indeterminate": len(one.indeterminate),
        "confirmed_ids": ";".join(entry.candidate_id for entry in one.confirmed),
        "confirmed_classes": ";".join(entry.finding_class for entry in one.confirmed),
        "confirmed_zones": ";".join(entry.zone for entry in one.confirmed),
        "readers": ";".join(dict.fromkeys(entry.reader for entry in one.confirmed)),
    }


def _reasons(one: Recommendation) -> dict[str, str]:
    parts = {
        "rules": (entry.rule_id for entry in one.sentences),
        "offered_states": (offer.state for offer in one.offered),
        "next_states": one.goes_to,
        "blocked_gates": (block.gate for block in one.blocked),
        "blocked_reasons": (
            f"{block.gate}:{reason.id}={reason.answer}" for block in one.blocked for reason in block.reasons
        ),
        "withdrawn_rules": (rule for block in one.blocked for rule in block.rules),
        "grades": (f"{grading.scheme}={grading.grade}" for grading in one.gradings),
        "history": (f"{entry.date}={entry.state}" for entry in one.history),
        "cautions": (f"{caution.gate}:{caution.id}" for caution in one.cautions),
        "missing": (entry.name for entry in one.missing),
        "what_if": (f"{entry.name}={entry.answer}->{entry.state}" for entry in one.explanation.what_if),
    }
    return {name: ";".join(dict.fromkeys(values)) for name, values in parts.items()}
