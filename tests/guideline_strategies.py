"""Random reviews, findings and contexts for the properties of the guideline workflow."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from guideline_builders import (
    IMAGE,
    PAINFUL,
    PERSISTS,
    SURGICAL,
    Screening,
    decision,
    finding,
    hip_record,
    reviewed_hip,
)
from hipcalc.findings import Finding
from hipcalc.guideline import Checklist, ClinicalContext, load_workflow
from hipcalc.guideline.context import CHECKLIST_NAMES, INPUT_NAMES, allowed_words, contradictions
from hipcalc.review import FINDING_CLASSES, Decision, ReviewedHip, apply_reviews

WORKFLOW = load_workflow()
ZONES = ("rim", "rim-overlay", "supra-rim", "trochanteric", "lateral-soft-tissue", "intra-osseous", "pelvic", "remote")
# One for each part of the workflow, so that random changes start near every state.
STARTS = (
    ClinicalContext(),
    PAINFUL,
    replace(PAINFUL, pain_side="L"),
    replace(PAINFUL, conservative_started="yes", conservative_outcome="improved"),
    PERSISTS,
    replace(PERSISTS, next_step="injection"),
    replace(PERSISTS, next_step="advanced-imaging"),
    replace(PERSISTS, advanced_imaging_result="labral-pathology"),
    SURGICAL,
)
STATUSES = ("confirmed", "confirmed", "rejected", "indeterminate", "unreviewed")
ANSWERS = ("yes", "no", "unknown")


@st.composite
def checklists(draw: st.DrawFn, column: str) -> Checklist:
    """Draw a checklist: often clear, often blank, else with some items answered."""
    gate = next(gate for gate in WORKFLOW.gates if gate.column == column)
    items = [item.id for item in gate.asked]
    answers = draw(st.dictionaries(st.sampled_from(items), st.sampled_from(ANSWERS), max_size=3))
    answers = draw(st.sampled_from([{}, {}, answers]))
    return Checklist(answers=answers, others=draw(st.sampled_from(["no", "no", "no", "unknown"])))


def _value(name: str) -> st.SearchStrategy[Any]:
    words = allowed_words(name)
    if words:
        return st.sampled_from((*words, "unknown"))
    if name == "age_years":
        return st.none() | st.floats(0, 120) | st.integers(15, 20)
    if name == "pain_duration_weeks":
        return st.none() | st.floats(0, 500)
    return st.sampled_from(["", "accepted after review", "reviewed with the patient, 12 mg of nothing"])


@st.composite
def contexts(draw: st.DrawFn) -> ClinicalContext:
    """Draw a context that does not contradict itself, from a plausible one with some of its fields redrawn."""
    start = draw(st.sampled_from(STARTS))
    values = {name: getattr(start, name) for name in (*INPUT_NAMES, *CHECKLIST_NAMES)}
    for name in draw(st.sets(st.sampled_from(INPUT_NAMES), max_size=5)):
        values[name] = draw(_value(name))
    blank = ClinicalContext()
    for name, _ in list(contradictions(values)):
        values[name] = getattr(blank, name)
    for column in draw(st.sets(st.sampled_from(CHECKLIST_NAMES), max_size=2)):
        values[column] = draw(checklists(column))
    return ClinicalContext(**values)


@st.composite
def findings(draw: st.DrawFn, number: int) -> Finding:
    return finding(
        number,
        zone=draw(st.sampled_from(ZONES)),
        finding=draw(st.booleans()),
        cnr=draw(st.floats(0.1, 20)),
        expected_false_marks=draw(st.floats(0, 10)),
        first_class=draw(st.sampled_from(FINDING_CLASSES)),
        diameter_mm=draw(st.none() | st.floats(0.5, 30)),
    )


@st.composite
def decisions(draw: st.DrawFn, number: int) -> tuple[Decision, ...]:
    """Draw up to three decisions about one candidate, at different times."""
    said = draw(
        st.lists(st.sampled_from(["confirmed", "confirmed", "rejected", "indeterminate", "unreviewed"]), max_size=3)
    )
    classes = st.sampled_from(("", "", *FINDING_CLASSES))
    return tuple(
        decision(number, status, hour=hour, confirmed_class=draw(classes) if status == "confirmed" else "")
        for hour, status in enumerate(said)
    )


@st.composite
def _any_hips(draw: st.DrawFn) -> ReviewedHip:
    count = draw(st.integers(0, 3))
    found = [draw(findings(number)) for number in range(1, count + 1)]
    said = [entry for number in range(1, count + 1) for entry in draw(decisions(number))]
    record = hip_record(
        side=draw(st.sampled_from(["R", "R", "R", "unknown"])),
        status=draw(st.sampled_from(["located", "located", "uncertain", "implant", "absent"])),
        detection_limit_mm=draw(st.none() | st.floats(0.5, 9)),
        detection_limit_head_radii=draw(st.none() | st.floats(0.02, 0.5)),
    )
    found = [replace(entry, side=record.side, image_id=IMAGE) for entry in found]
    return apply_reviews(Screening(hip_records=(record,), candidates=tuple(found)), said)[0]


def hips() -> st.SearchStrategy[ReviewedHip]:
    """Draw a hip with up to three candidates; more often one whose finding at the rim is confirmed."""
    return st.sampled_from([True, True, False]).flatmap(lambda plain: st.just(reviewed_hip()) if plain else _any_hips())
