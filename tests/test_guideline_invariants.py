"""The nine invariants of the clinical page, over random reviews, findings and contexts."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideline_builders import (
    IMAGE,
    NONE,
    PAINFUL,
    PERSISTS,
    SURGICAL,
    Screening,
    decision,
    finding,
    hip_record,
    reviewed_hip,
)
from guideline_strategies import WORKFLOW, checklists, contexts, findings, hips
from hipcalc.guideline import Checklist, ClinicalContext, Recommendation, recommend
from hipcalc.review import ReviewedHip, apply_reviews
from support import SHARED_DATA

MANDATORY = {"R16", "R17", "R20", "R42"}
# What S8 may say: everything else is a treatment, an option of one, or its explanation.
HARMLESS = MANDATORY | {"R23", "R39", "R40", "R41", "R43"}
RED_FLAGS = tuple(item.id for item in WORKFLOW.gate("R").items)
STEPS = ("S10", "S11", "S12", "S13", "S14", "S15", "S16")

# 100 examples, unless a profile asks for fewer.
many = settings(deadline=None)
some = settings(max_examples=min(50, settings.default.max_examples), deadline=None)


def rule_ids(output: Recommendation) -> set[str]:
    return {sentence.rule_id for sentence in output.sentences}


def has_confirmed(hip: ReviewedHip) -> bool:
    return any(entry.decisions and entry.decisions[-1].status == "confirmed" for entry in hip.findings)


def has_red_flag(context: ClinicalContext) -> bool:
    return any(context.red_flags.answer(item) == "yes" for item in RED_FLAGS)


@many
@given(hip=hips(), context=st.none() | contexts())
def test_1_no_rule_text_unless_a_named_human_confirmed_the_finding(hip: ReviewedHip, context: Any) -> None:
    output = recommend(hip, context)
    if not has_confirmed(hip):
        assert not output.sentences
        assert not output.confirmed
        assert output.state in ("S0", "S1", "S2", "S3", "S17")
    assert all(entry.reader for entry in output.confirmed)


@many
@given(hip=hips(), context=st.none() | contexts())
def test_2_no_treatment_text_without_history_examination_and_red_flags(hip: ReviewedHip, context: Any) -> None:
    if rule_ids(recommend(hip, context)) - HARMLESS:
        assert (context.history_done, context.examination_done) == ("yes", "yes")
        assert {context.red_flags.answer(item) for item in RED_FLAGS} == {"no"}


@many
@given(hip=hips(), context=contexts(), data=st.data())
def test_3_an_answer_taken_back_never_adds_treatment_text(
    hip: ReviewedHip, context: ClinicalContext, data: st.DataObject
) -> None:
    forgotten: dict[str, Any] = {}
    # Without gate C, whose loss turns the step of injection back into the offer of all steps (tested below).
    for gate in (gate for gate in WORKFLOW.gates if gate.id != "C"):
        lost = data.draw(st.sets(st.sampled_from([item.id for item in gate.asked]), max_size=3))
        checklist: Checklist = getattr(context, gate.column)
        forgotten[gate.column] = replace(checklist, answers={**checklist.answers, **dict.fromkeys(lost, "unknown")})
    required = ("history_done", "examination_done", "hip_pain", "pain_side")
    for name in data.draw(st.sets(st.sampled_from(required), max_size=2)):
        forgotten[name] = "unknown"
    if data.draw(st.booleans()):
        forgotten["age_years"] = None

    before, after = recommend(hip, context), recommend(hip, replace(context, **forgotten))

    assert after.state in ("S8", before.state) or before.state in ("S6", "S17")
    assert rule_ids(after) - HARMLESS <= rule_ids(before)
    assert {entry.state for entry in after.offered} <= {entry.state for entry in before.offered}


@pytest.mark.parametrize("gate_id", ["N", "C", "M"])
@some
@given(data=st.data())
def test_3_a_gate_is_clear_only_if_each_item_was_answered(gate_id: str, data: st.DataObject) -> None:
    gate = WORKFLOW.gate(gate_id)
    start = PAINFUL if gate_id == "N" else PERSISTS
    checklist = data.draw(checklists(gate.column))
    reason = data.draw(st.sampled_from(["", "accepted after review"]))
    context = replace(start, **{gate.column: checklist, gate.prefix + "caution_reason": reason})

    shown = rule_ids(recommend(reviewed_hip(), context)) & set(gate.withdraws)

    clear = all(
        checklist.answer(item.id) == "no"
        or (item.kind == "caution" and checklist.answer(item.id) == "yes" and bool(reason))
        for item in gate.asked
    )
    assert shown == (set(gate.withdraws) if clear else set())


@many
@given(hip=hips(), context=st.none() | contexts())
def test_4_the_mandatory_texts_stand_in_every_rim_output(hip: ReviewedHip, context: Any) -> None:
    output = recommend(hip, context)
    if any(entry.in_scope for entry in output.confirmed) and output.state != "S17":
        assert {sentence.rule_id for sentence in output.mandatory} >= MANDATORY


@many
@given(hip=hips(), context=contexts())
def test_5_the_specialist_is_reached_exactly_with_all_three_parts(hip: ReviewedHip, context: ClinicalContext) -> None:
    output = recommend(hip, context)
    failed = (context.conservative_completed, context.conservative_outcome) == ("yes", "failed")
    shown = (context.advanced_imaging_result, context.symptomatic_labral_pathology) == ("labral-pathology", "yes")
    all_three = failed and context.injection_response != "improved" and shown and context.clinical_correlation == "yes"
    if output.state in STEPS:
        assert (output.state == "S16") == all_three
    assert (output.state == "S16") == bool(rule_ids(output) & {"R19a", "R19b", "R19c", "R29", "R32"})


@many
@given(hip=hips(), context=st.none() | contexts(), data=st.data())
def test_6_the_detectors_score_changes_nothing(hip: ReviewedHip, context: Any, data: st.DataObject) -> None:
    other = []
    for number, entry in enumerate(hip.findings):
        drawn = data.draw(findings(number))
        names = ("cnr", "expected_false_marks", "first_class", "contrast", "core_to_rim", "solidity")
        changes = {name: getattr(drawn, name) for name in names}
        other.append(replace(entry.finding, **changes, differential=data.draw(st.sampled_from(["", "marker:1.0"]))))
    record = hip_record(
        side=hip.side,
        status=hip.hip_status,
        detection_limit_mm=hip.detection_limit_mm,
        detection_limit_head_radii=hip.detection_limit_head_radii,
        confidence=data.draw(st.floats(0, 1)),
    )
    said = [entry for reviewed in hip.findings for entry in reviewed.decisions]

    (same,) = apply_reviews(Screening(hip_records=(record,), candidates=tuple(other)), said)

    assert recommend(same, context) == recommend(hip, context)


DOSES = re.compile(r"\d[\d.,-]*\s*(?:mg|g|ml|µg|mcg|micrograms?|milligrams?|IU|units?|%)(?![a-z])", re.IGNORECASE)
_NUMBER = r"(?:\d[\d.,-]*|one|two|three|four|five|six|eight|ten|twelve|once|twice)"
INTERVALS = re.compile(
    rf"{_NUMBER}(?:\s*times)?[\s-]*(?:hours?|days?|weeks?|months?|years?|a day|daily|weekly|monthly)\b"
    r"|\b(?:daily|hourly|nightly|weekly|monthly|fortnight\w*)\b",
    re.IGNORECASE,
)
MEDICINES = re.compile(
    r"\b(?:aspirin|acetylsalicylic|paracetamol|acetaminophen|tramadol|codeine|morphine|opioids?|gabapentin|pregabalin|"
    r"lithium|methotrexate|warfarin|heparin|colchicine|hyaluron\w*|botulinum|\w+caine|\w+olone|\w*cortisone|\w+methasone|"
    r"\w*profen|\w*naproxen\w*|\w+oxicam|\w+coxib|\w+fenac|\w+methacin|\w+prazole|\w+tidine|\w+xaban)\b",
    re.IGNORECASE,
)
NAMED_BY_THE_SOURCE = {"400-600mg", "1-2 weeks", "6-8 weeks", "three times daily", "daily", "ibuprofen"}


def texts(value: Any, key: str = "") -> Iterator[str]:
    """Yield every text of an output but quotations of what a person or a file typed."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part, key)
    elif isinstance(value, str) and key not in ("clinician_reason", "image_id", "path", "time", "workflow_sha256"):
        yield value


def named(text: str) -> set[str]:
    return {match.group().lower() for pattern in (DOSES, INTERVALS, MEDICINES) for match in pattern.finditer(text)}


@many
@given(hip=hips(), context=st.none() | contexts())
def test_7_no_dose_medicine_or_interval_that_the_source_does_not_name(hip: ReviewedHip, context: Any) -> None:
    output = recommend(hip, context).to_dict()
    for text in texts(output):
        assert named(text) <= NAMED_BY_THE_SOURCE, text


def test_7_the_scan_sees_what_it_looks_for() -> None:
    sample = "Naproxen 500 mg twice a day for 3 weeks, 40mg triamcinolone, 5 ml of 1% lidocaine, every six weeks; daily"
    assert named(sample) == {
        *("naproxen", "500 mg", "twice a day", "3 weeks", "40mg", "triamcinolone"),
        *("5 ml", "1%", "lidocaine", "six weeks", "daily"),
    }
    assert named("under 18; over 60; a diameter of 2.1 mm; Radiology 2019; corticosteroid") == set()


def test_7_nothing_in_the_rules_names_more_than_the_source() -> None:
    for rule in WORKFLOW.rules:
        assert named(rule.text) | named(rule.statement) <= NAMED_BY_THE_SOURCE | {"400-600 mg"}, rule.id


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the source document (../shared/guideline) is not on this machine")
def test_7_and_9_the_source_document_holds_the_quotations_and_the_places() -> None:
    source = (SHARED_DATA.parent / "guideline" / "source_document.txt").read_text(encoding="utf-8")
    for phrase in NAMED_BY_THE_SOURCE:
        assert phrase in source
    quoted = [quote for rule in WORKFLOW.rules for quote in re.findall(r'"([^"]+)"', rule.text)]
    assert sorted(quoted) == ["6-8 weeks", "for 1-2 weeks", "ibuprofen 400-600mg three times daily", "with food"]
    for quote in quoted:
        assert quote in source
    for rule in WORKFLOW.rules:
        part, _, heading = rule.section.partition(", ")
        assert part in source
        assert heading in source
        after = source.split(heading or part)[1]
        number = re.fullmatch(r"list, item (\d)", rule.item)
        assert number is None or after.count("\n- ") >= int(number.group(1))


@many
@given(hip=hips(), context=contexts(), flag=st.sampled_from(RED_FLAGS))
def test_8_a_red_flag_dominates_every_other_state(hip: ReviewedHip, context: ClinicalContext, flag: str) -> None:
    flagged = replace(context.red_flags, answers={**context.red_flags.answers, flag: "yes"})
    output = recommend(hip, replace(context, red_flags=flagged))
    assert output.state == "S17"
    assert not output.sentences
    assert not output.offered
    assert flag in [reason.id for reason in output.blocked[0].reasons]


@many
@given(hip=hips(), context=st.none() | contexts())
def test_9_every_sentence_carries_its_rule_and_its_place(hip: ReviewedHip, context: Any) -> None:
    output = recommend(hip, context)
    for sentence in output.sentences:
        rule = WORKFLOW.rule(sentence.rule_id)
        assert sentence.place == f"{rule.section}, {rule.item}"
        assert sentence.place.startswith(("From the Guidelines, ", "From the Research, "))
        assert sentence.reference == (
            f"source document, citation {rule.citation}, identity not verified"
            if rule.citation
            else "source document, no citation given"
        )
    everything = [*output.notes, *(note for offer in output.offered for note in offer.notes)]
    assert all(note.id.startswith("S") and note.text and note.basis in "LME" for note in everything)


@some
@given(hip=hips(), context=st.none() | contexts())
def test_an_output_is_the_same_each_time_and_goes_through_json(hip: ReviewedHip, context: Any) -> None:
    first, second = recommend(hip, context), recommend(hip, context)
    assert first == second
    written = json.dumps(first.to_dict())
    assert json.loads(written) == first.to_dict()
    assert written == json.dumps(second.to_dict())
    assert first.disclaimer == WORKFLOW.disclaimer
    assert len(first.workflow_sha256) == 64


def test_a_specialist_needs_every_part_and_unknown_is_no_yes() -> None:
    assert recommend(reviewed_hip(), SURGICAL).state == "S16"
    for name in (
        *("conservative_completed", "conservative_outcome", "advanced_imaging_result"),
        *("symptomatic_labral_pathology", "clinical_correlation"),
    ):
        assert recommend(reviewed_hip(), replace(SURGICAL, **{name: "unknown"})).state != "S16", name


def test_the_red_flag_list_is_complete_only_with_every_item() -> None:
    for flag in RED_FLAGS:
        context = replace(PAINFUL, red_flags=replace(NONE, answers={flag: "unknown"}))
        output = recommend(reviewed_hip((finding(),), (decision(),)), context)
        assert output.state == "S8"
        assert [entry.name for entry in output.missing] == [f"red_flag_{flag}"]
        assert output.image_id == IMAGE
