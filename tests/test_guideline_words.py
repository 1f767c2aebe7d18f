"""Every word of the guideline's tables and sentences: what is only read by a person is checked here, word by word."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guideline_builders import IMAGE, NONE, PAINFUL, PERSISTS, SURGICAL, decision, finding, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.guideline import Checklist, ClinicalContext, Reason, TensionNote, load_workflow, read_contexts, recommend
from hipcalc.guideline.context import contradictions
from hipcalc.guideline.drugs import added_drugs
from hipcalc.guideline.fhir.answers import UnmappedError, answers, response_answers
from hipcalc.guideline.fhir.bindings import required_bindings
from hipcalc.guideline.fhir.bundle import Entry
from hipcalc.guideline.fhir.mapping import Coding, codings, context_table
from hipcalc.guideline.fhir.rows import BundleRows, read_bundle_rows
from hipcalc.guideline.loading import _complete, _mandatory_texts
from hipcalc.guideline.table import context_columns
from hipcalc.guideline.visits import after_each_visit, in_order, visit_problems

WORKFLOW = load_workflow()
FIRST, SECOND = date(2026, 1, 5), date(2026, 3, 2)


def entry(kind: str, **resource: Any) -> Entry:
    return Entry(number=3, kind=kind, resource=resource, place="b.json, entry 3")


# --- what a recommendation prints


def test_a_recommendation_names_the_workflow_and_words_its_tensions_as_the_workflow_does() -> None:
    output = recommend(reviewed_hip(), PERSISTS)
    known = {tension.id: tension for tension in WORKFLOW.tensions}

    assert (output.workflow_name, output.workflow_version, output.workflow_sha256) == (
        *(WORKFLOW.name, WORKFLOW.version, WORKFLOW.sha256),
    )
    assert output.tensions == tuple(
        TensionNote(id=name, text=known[name].text, rules=known[name].rules)
        for name in known
        if name in WORKFLOW.state("S11").tensions
    )
    assert len(output.tensions) > 0


def test_each_offer_bears_the_name_and_the_notes_of_its_state() -> None:
    offered = recommend(reviewed_hip(), PERSISTS).offered
    assert [(offer.state, offer.name) for offer in offered] == [
        (name, WORKFLOW.state(name).name) for name in ("S12", "S13")
    ]
    # An offer has nothing to do with there being no offer.
    for offer in offered:
        silent = {text.id for text in WORKFLOW.state(offer.state).texts if text.condition == "nothing-offered"}
        assert not silent & {note.id for note in offer.notes}


def test_what_holds_the_specialist_back_is_worded_as_the_rule() -> None:
    output = recommend(reviewed_hip(), replace(SURGICAL, clinical_correlation="unknown"))
    (block,) = (block for block in output.blocked if block.gate == "R19")
    rule = WORKFLOW.rule("R19c")
    assert block.reasons == (Reason(id="R19c", label=rule.statement, answer="unknown", basis=rule.basis),)


@pytest.mark.parametrize("step", ["S10", "S11", "S12", "S13", "S14", "S15", "S16"])
def test_a_step_says_that_it_went_through_conservative_care(step: str) -> None:
    contexts = {
        "S10": PAINFUL,
        "S11": PERSISTS,
        "S12": replace(PERSISTS, next_step="injection"),
        "S13": replace(PERSISTS, next_step="advanced-imaging"),
        "S14": replace(PERSISTS, advanced_imaging_result="labral-pathology"),
        "S15": replace(PAINFUL, conservative_started="yes", conservative_outcome="improved"),
        "S16": SURGICAL,
    }
    output = recommend(reviewed_hip(), contexts[step])
    assert output.state == step
    assert ("S10" in output.passed, "S4" in output.passed, output.passed[-1]) == (True, True, step)
    asks = step != "S16" and (
        contexts[step].advanced_imaging_result == "labral-pathology" or contexts[step].conservative_outcome == "failed"
    )
    assert any(block.gate == "R19" for block in output.blocked) == asks


def test_the_step_of_the_injection_still_says_what_holds_the_specialist_back() -> None:
    context = replace(PERSISTS, conservative_outcome="failed", next_step="injection")
    output = recommend(reviewed_hip(), context)
    assert output.state == "S12"
    assert "R19" in [block.gate for block in output.blocked]


def test_a_reason_stands_with_a_caution_that_it_passes_and_nowhere_else() -> None:
    item = next(item.id for item in WORKFLOW.gate("N").items if item.kind == "caution")
    flagged = Checklist(answers={item: "yes"}, others="no")
    output = recommend(
        reviewed_hip(), replace(PAINFUL, nsaid_checklist=flagged, nsaid_caution_reason=" seen by the cardiologist ")
    )
    assert [(caution.id, caution.clinician_reason) for caution in output.cautions] == [
        (item, "seen by the cardiologist")
    ]


def test_no_reason_passes_a_red_flag() -> None:
    item = next(item.id for item in WORKFLOW.gate("R").items)
    flagged = Checklist(answers={item: "yes"}, others="no")
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=flagged, nsaid_caution_reason="accepted"))
    assert (output.state, output.cautions) == ("S17", ())


# --- what if


def test_only_what_is_missing_is_asked_in_what_if() -> None:
    output = recommend(reviewed_hip(), PAINFUL)
    given = {"hip_pain", "pain_side", "age_years", "open_physes", "history_done", "examination_done", "pain_severity"}
    assert not given & {entry.name for entry in output.explanation.what_if}


def test_no_to_the_rest_of_a_checklist_leaves_a_yes_standing() -> None:
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist(answers={"fever": "yes"})))
    assert output.state == "S17"
    assert "red_flags" not in [entry.name for entry in output.explanation.what_if]


def test_no_to_the_rest_of_a_checklist_is_what_a_blank_one_waits_for() -> None:
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist()))
    assert ("red_flags", "no", "S10") in [(one.name, one.answer, one.state) for one in output.explanation.what_if]


# --- contexts


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"image_id": IMAGE, "side": "R"}, f"clinical context for image {IMAGE}, side R"),
        ({"path": "a.dcm", "side": "L"}, "clinical context for image a.dcm, side L"),
        ({}, "clinical context for image (any), side (any)"),
        (
            {"path": "a.dcm", "visit_date": FIRST, "read_from": "c.csv, line 2"},
            "c.csv, line 2: clinical context for image a.dcm, side (any), visit of 2026-01-05",
        ),
    ],
)
def test_how_an_error_speaks_of_a_context(fields: dict[str, Any], name: str) -> None:
    assert ClinicalContext(**fields).name == name


@pytest.mark.parametrize("word", ["yes", "no", "none", "unknown", "ok", " OK "])
def test_a_word_is_no_reason(word: str) -> None:
    with pytest.raises(UsageError, match=r"nsaid_caution_reason: .*give the clinician's reason in words"):
        ClinicalContext(nsaid_caution_reason=word)


def test_a_context_knows_the_line_that_it_was_read_from(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("path,side\na.dcm,R\nb.dcm,R\n", encoding="utf-8")
    assert [one.read_from for one in read_contexts(file)] == [f"{file}, line 2", f"{file}, line 3"]


def test_rows_about_two_files_are_about_two_hips(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("path,side\na.dcm,R\nb.dcm,R\na.dcm,R\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 4, column side: 'R'.*line 2 is about the same hip already"):
        read_contexts(file)


def test_every_item_that_a_checklist_lacks_is_named(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("path,side,red_flags\na.dcm,R,zeal;yawn\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"yawn and zeal cannot stand here; give none \(all asked, all no\), or items"):
        read_contexts(file)


def test_a_sites_own_items_are_columns_of_its_tables(tmp_path: Path) -> None:
    gate = WORKFLOW.gate("M")
    own = replace(gate, items=(*gate.items, replace(gate.items[0], id="shunt", question="Is there a shunt?")))
    site = replace(WORKFLOW, gates=tuple(own if one.id == "M" else one for one in WORKFLOW.gates))
    file = tmp_path / "c.csv"
    file.write_text(f"path,side,{gate.prefix}shunt\na.dcm,R,yes\n", encoding="utf-8")
    (context,) = read_contexts(file, site)
    assert context.mra_checklist.answer("shunt") == "yes"
    with pytest.raises(UsageError, match="shunt"):
        read_contexts(file)


# --- readers who disagree


def test_what_readers_disagree_about_is_told_with_who_said_what() -> None:
    said = (decision(1, reader="Dr A"), decision(1, "rejected", hour=10, reader="Dr B"), decision(2, hour=11))
    hip = reviewed_hip((finding(1), finding(2)), said)
    disputed = [entry for entry in hip.findings if entry.disagreement]
    assert [entry.disagreement for entry in disputed] == [
        "Dr A says confirmed, 2026-03-01; Dr B says rejected, 2026-03-01"
    ]
    output = recommend(hip, PAINFUL)
    assert [(note.id, note.basis, note.text) for note in output.notes if note.id.endswith("-readers")] == [
        (
            "S10-readers",
            "E",
            f"Readers disagree about {IMAGE}-R-1: Dr A says confirmed, 2026-03-01; Dr B says rejected, 2026-03-01. It "
            "is not confirmed and no advice rests on it until they agree, by a later decision of one of them, or an "
            "adjudicator decides: in the reading room with that role, or in the table of decisions with role "
            "adjudicator.",
        )
    ]
    flagged = recommend(hip, replace(PAINFUL, red_flags=Checklist(answers={"fever": "yes"}, others="no")))
    assert not [note for note in flagged.notes if note.id.endswith("-readers")]


def test_a_confirmation_bears_the_name_of_the_adjudicator_who_settled_it() -> None:
    said = (
        decision(1, reader="Dr A", hour=8),
        decision(1, reader="Dr C", hour=9, role="adjudicator", confirmed_class="os-acetabuli"),
        decision(1, "rejected", reader="Dr B", hour=10),
    )
    (confirmed,) = recommend(reviewed_hip(decisions=said), PAINFUL).confirmed
    assert (confirmed.reader, confirmed.time, confirmed.finding_class) == (
        *("Dr C", "2026-03-01T09:00:00+00:00", "os-acetabuli"),
    )


def test_a_site_must_say_what_disagreement_means() -> None:
    (problem,) = _mandatory_texts(replace(WORKFLOW, disagreement_text=" "))
    assert problem == "the text of disagreement_text is blank; write it"


# --- visits and history


def test_visits_that_cannot_be_told_apart_are_refused_in_these_words() -> None:
    with pytest.raises(UsageError, match="keep one, or give each visit a visit_date of its own"):
        in_order([PAINFUL, PAINFUL])


def test_a_visit_does_not_take_back_what_it_says_itself() -> None:
    began = replace(PERSISTS, conservative_completed="no", visit_date=FIRST)
    assert list(visit_problems([began, replace(began, visit_date=SECOND)])) == []
    done = replace(PERSISTS, conservative_completed="yes", visit_date=FIRST)
    (problem,) = visit_problems([done, replace(began, visit_date=SECOND)])
    assert problem == (1, "conservative_completed", "the visit of 2026-01-05 says 'yes'; correct one of them")


def test_what_a_visit_says_displaces_what_was_carried_and_contradicts_it() -> None:
    before = replace(
        PAINFUL,
        visit_date=FIRST,
        conservative_started="yes",
        advanced_imaging_result="labral-pathology",
        symptomatic_labral_pathology="yes",
    )
    now = replace(PAINFUL, visit_date=SECOND, advanced_imaging_result="no-labral-pathology")
    _, known = after_each_visit([before, now], WORKFLOW)
    assert (known.advanced_imaging_result, known.symptomatic_labral_pathology) == ("no-labral-pathology", "unknown")
    assert known.conservative_started == "yes"


def test_a_carried_result_gives_way_to_what_a_visit_says_about_its_pathology() -> None:
    before = replace(PAINFUL, visit_date=FIRST, advanced_imaging_result="no-labral-pathology")
    now = replace(PAINFUL, visit_date=SECOND, symptomatic_labral_pathology="yes")
    _, known = after_each_visit([before, now], WORKFLOW)
    assert (known.advanced_imaging_result, known.symptomatic_labral_pathology) == ("unknown", "yes")


def test_the_weeks_of_care_stand_with_visits_only_and_a_reading_comes_before_the_visit_of_its_day() -> None:
    visits = [
        replace(PAINFUL, visit_date=date(2026, 2, 1), conservative_started="yes"),
        replace(PERSISTS, visit_date=date(2026, 3, 1), red_flags=Checklist(answers={"fever": "yes"}, others="no")),
    ]
    output = recommend(reviewed_hip(), visits)
    assert [(one.date, one.kind, one.state, one.weeks_of_care) for one in output.history] == [
        ("2026-02-01", "visit", "S1", 0.0),
        ("2026-03-01", "review", "S10", None),
        ("2026-03-01", "visit", "S17", 4.0),
    ]
    fever = next(item for item in WORKFLOW.gate("R").items if item.id == "fever")
    assert ("red_flag_fever", f"{fever.question} yes") in [(one.name, one.text) for one in output.history[2].events]


def test_the_first_visit_tells_everything_that_it_says() -> None:
    (only,) = recommend(reviewed_hip((), ()), [replace(PAINFUL, visit_date=FIRST)]).history
    assert [one.name for one in only.events] == [
        *("age_years", "open_physes", "hip_pain", "pain_side", "pain_severity"),
        *("history_done", "examination_done", "underlying_cause"),
    ]
    assert only.events[0].text == f"{WORKFLOW.input('age_years').question} 45"


def test_a_decision_that_changed_nothing_and_is_rejected_by_now_is_not_told() -> None:
    findings = (finding(1), finding(2))
    said = (
        decision(1, hour=8),
        decision(2, "indeterminate", hour=9),
        decision(2, "rejected", hour=10),
    )
    output = recommend(reviewed_hip(findings, said), [replace(PAINFUL, visit_date=SECOND)])
    assert [(one.kind, [event.name for event in one.events]) for one in output.history[:1]] == [
        ("review", [f"{IMAGE}-R-1"])
    ]
    assert [one.kind for one in output.history] == ["review", "visit"]


# --- a site's own workflow


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("no_grading_text", "no_grading_text"),
        ("unused_grade_text", "unused_grade_text"),
        ("specialist_blocked_text", "specialist_blocked_text"),
        ("excluded_text", "excluded_text"),
        ("disagreement_text", "disagreement_text"),
        ("disclaimer", "disclaimer"),
    ],
)
def test_the_place_of_an_added_drug_is_named(field: str, place: str) -> None:
    before = getattr(WORKFLOW, field)
    after = (*before, "Give aspirin, 5 mg.") if isinstance(before, tuple) else f"{before} Give aspirin, 5 mg."
    assert list(added_drugs(replace(WORKFLOW, **{field: after}), WORKFLOW)) == [
        f"the text of {place} names aspirin, which the source document does not name there; leave it out",
        f"the text of {place} gives '5 mg', which the source document does not give there; leave it out",
    ]


@pytest.mark.parametrize("gate", ["R", "N", "C", "M"])
def test_every_gate_must_be_there(gate: str) -> None:
    without = replace(WORKFLOW, gates=tuple(one for one in WORKFLOW.gates if one.id != gate))
    assert list(_complete(without)) == [f"the gate {gate} is missing; add it"]
    other = replace(WORKFLOW.gates[0], id="X")
    assert list(_complete(replace(WORKFLOW, gates=(*WORKFLOW.gates, other)))) == [
        "X is no gate that hipcalc knows; leave it out"
    ]


# --- FHIR


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("active", "yes"),
        ("recurrence", "yes"),
        ("relapse", "yes"),
        ("inactive", "over"),
        ("remission", "over"),
        ("resolved", "over"),
        ("", "yes"),
    ],
)
@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
def test_what_a_clinical_status_says(kind: str, word: str, says: str) -> None:
    status = {"clinicalStatus": {"coding": [{"code": word}]}} if word else {}
    assert entry(kind, **status).holds() == (says, "")


@pytest.mark.parametrize(
    ("kind", "word", "holds"),
    [
        ("MedicationStatement", "active", True),
        ("MedicationStatement", "completed", False),
        ("Observation", "final", True),
        ("Observation", "amended", True),
        ("Observation", "corrected", True),
        ("Observation", "preliminary", False),
        ("QuestionnaireResponse", "completed", True),
        ("QuestionnaireResponse", "amended", True),
        ("QuestionnaireResponse", "in-progress", False),
    ],
)
def test_what_a_status_says(kind: str, word: str, holds: bool) -> None:
    assert entry(kind, status=word).holds() == (("yes", "") if holds else ("", f"its status is {word}"))
    assert entry(kind).holds() == ("", "its status is missing")


def test_a_condition_in_doubt_says_nothing_and_one_refuted_says_no() -> None:
    def verified(word: str, **more: Any) -> tuple[str, str]:
        return entry("Condition", verificationStatus={"coding": [{"code": word}]}, **more).holds()

    assert verified("confirmed") == ("yes", "")
    assert verified("refuted") == ("no", "")
    assert verified("provisional") == ("", "it is provisional")
    odd = {"clinicalStatus": {"coding": [{"code": "odd"}]}}
    assert verified("confirmed", **odd) == ("", "its clinical status is odd")


def test_whose_an_entry_is() -> None:
    assert entry("Condition", subject={"reference": "Patient/p"}).patient == "Patient/p"
    assert entry("AllergyIntolerance", patient={"reference": "Patient/q"}).patient == "Patient/q"
    assert (entry("Condition", subject="p").patient, entry("Condition", subject={}).patient) == ("", "")


def test_a_coding_that_lacks_a_part_has_it_blank() -> None:
    assert list(codings({"coding": [{"system": "s"}, {"code": "c"}, "odd"]})) == [
        Coding(system="s", code=""),
        Coding(system="", code="c"),
    ]


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({"valueQuantity": {"value": 12, "code": "wk"}}, "12"),
        ({"valueCoding": {"code": "R"}}, "R"),
        ({"valueCoding": {"display": "right"}}, ""),
        ({"valueString": " x "}, "x"),
        ({"item": []}, ""),
    ],
)
def test_what_an_answer_is_in_a_table(answer: dict[str, Any], cell: str) -> None:
    more = {"linkId": "second", "answer": "no list"}
    resource = {"item": [{"linkId": "first", "answer": [answer, {"valueString": "only the first counts"}]}, more, "x"]}
    assert list(response_answers(resource)) == [("first", cell)]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (entry("Procedure"), "nothing of this kind is mapped"),
        (entry("Condition"), "none of its codes is in the table"),
    ],
)
def test_why_an_entry_says_nothing(one: Entry, why: str) -> None:
    with pytest.raises(UnmappedError) as caught:
        answers(one, context_table())
    assert str(caught.value) == why


def _of_line(title_part: str, **resource: Any) -> Entry:
    line = next(one for one in context_table().lines if title_part in one.title.lower())
    system, _, code = line.codes[0].partition(":")
    concept = {"coding": [{"system": context_table().systems[system][0], "code": code}]}
    name = "medicationCodeableConcept" if line.resource == "MedicationStatement" else "code"
    return entry(line.resource, **{name: concept}, **resource)


def _line_that(holds: Any) -> str:
    return next(line.title.lower() for line in context_table().lines if holds(line))


def test_what_is_over_says_nothing_unless_it_counts_for_ever() -> None:
    over = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    passing = _line_that(lambda line: line.resource == "Condition" and not line.ever)
    with pytest.raises(UnmappedError) as caught:
        answers(_of_line(passing, **over), context_table())
    assert str(caught.value) == "it is over"
    doubtful = {"verificationStatus": {"coding": [{"code": "provisional"}]}}
    with pytest.raises(UnmappedError) as caught:
        answers(_of_line(passing, **doubtful), context_table())
    assert str(caught.value) == "it is provisional"
    lasting = _line_that(lambda line: line.resource == "Condition" and line.ever)
    assert "yes" in answers(_of_line(lasting, **over), context_table()).values()


def test_a_quantity_without_a_value_is_blank_and_one_of_another_unit_says_nothing() -> None:
    measured = next(line for line in context_table().lines if line.value_column)
    title = measured.title.lower()
    blank = answers(_of_line(title, status="final", valueQuantity={"code": measured.unit}), context_table())
    assert blank == {measured.value_column: ""}
    with pytest.raises(UnmappedError) as caught:
        answers(_of_line(title, status="final", valueQuantity={"value": 1, "code": "furlong"}), context_table())
    assert str(caught.value) == "its value is not one that the table knows"


def test_the_words_of_a_narrative_are_bound() -> None:
    assert set(required_bindings()["text.status"]) == {"generated", "extensions", "additional", "empty"}


def _bundle(tmp_path: Path, *resources: dict[str, Any]) -> Any:
    file = tmp_path / "b.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}))
    return file


def _response(**given: str) -> dict[str, Any]:
    items = [{"linkId": name, "answer": [{"valueString": word}]} for name, word in given.items()]
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": items}


def test_what_says_who_and_where_is_not_called_left_aside(tmp_path: Path) -> None:
    frame = [{"resourceType": kind} for kind in ("Patient", "BodyStructure", "Questionnaire")]
    file = _bundle(tmp_path, *frame, _response(path="a.dcm", side="R", hip_pain="unknown"))
    found = read_bundle_rows(file, context_columns())
    assert isinstance(found, BundleRows)
    assert found.left_aside == ()
    assert found.rows[0].cells == {"path": "a.dcm", "side": "R", "hip_pain": "unknown"}


@pytest.mark.parametrize(("side", "read"), [("R", "R"), ("L", "L"), ("U", "unknown")])
def test_a_body_structure_names_its_hip(tmp_path: Path, side: str, read: str) -> None:
    named = {
        "resourceType": "BodyStructure",
        "identifier": ["odd", {"value": "other"}, {"system": "urn:x/hip-id", "value": f"a-b-{side}"}],
    }
    rows = read_bundle_rows(_bundle(tmp_path, {"resourceType": "Patient"}, named), context_columns()).rows
    assert [row.cells for row in rows] == [{"image_id": "a-b", "side": read}]
    assert [row.line for row in rows] == [2]


def test_an_odd_identifier_names_no_hip(tmp_path: Path) -> None:
    odd = {"resourceType": "BodyStructure", "identifier": {"system": "urn:x/hip-id", "value": "a-R"}}
    with pytest.raises(UsageError, match="names no hip; add a QuestionnaireResponse with image_id or path, and side"):
        read_bundle_rows(_bundle(tmp_path, odd), context_columns())


def test_an_entry_of_the_patient_fills_what_the_questionnaire_left_unknown(tmp_path: Path) -> None:
    lasting = next(line for line in context_table().lines if line.resource == "Condition" and line.ever and line.sets)
    condition = dict(_of_line(lasting.title.lower()).resource)
    column, word = next(iter(lasting.sets.items()))
    for said in ("unknown", ""):
        file = _bundle(
            tmp_path, _response(path="a.dcm", side="R", **{column: said}), {"resourceType": "Condition", **condition}
        )
        assert read_bundle_rows(file, context_columns()).rows[0].cells[column] == word
    contradicting = _bundle(
        tmp_path, _response(path="a.dcm", side="R", **{column: "no"}), {"resourceType": "Condition", **condition}
    )
    with pytest.raises(
        UsageError, match=rf"says '{word}' to {column}, and entry 1 \(\w+\) says 'no'; correct one of them\."
    ):
        read_bundle_rows(contradicting, context_columns())


def test_a_caution_needs_a_checklist_that_is_clear_otherwise() -> None:
    assert recommend(reviewed_hip(), replace(PAINFUL, red_flags=NONE)).state == "S10"


@pytest.mark.parametrize(("age", "weeks"), [(0, 0), (0.5, 0.5), (120, 5000)])
def test_numbers_at_the_ends_of_what_is_possible_are_taken(age: float, weeks: float) -> None:
    context = ClinicalContext(age_years=age, pain_duration_weeks=weeks)
    assert (context.age_years, context.pain_duration_weeks) == (age, weeks)


@pytest.mark.parametrize("age", [-0.5, 120.5, 400])
def test_numbers_beyond_are_not(age: float) -> None:
    with pytest.raises(UsageError, match="age_years: .* give a number from 0 to 120"):
        ClinicalContext(age_years=age)


def test_each_guard_is_told_by_its_state() -> None:
    for guard in recommend(reviewed_hip(), PAINFUL).explanation.guards:
        state = WORKFLOW.state(guard.state)
        assert (guard.name, guard.when) == (state.name, state.when)


def test_what_if_answers_a_red_flag_with_yes() -> None:
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist()))
    asked = {one.name: one.answer for one in output.explanation.what_if if one.name.startswith("red_flag_")}
    assert set(asked.values()) == {"yes"}
    assert len(asked) == len(WORKFLOW.gate("R").asked)


def test_an_exclusion_withdraws_no_rule_by_name() -> None:
    output = recommend(reviewed_hip(), replace(PAINFUL, implant="yes"))
    assert [(block.gate, block.rules, block.reasons) for block in output.blocked] == [("S7", (), ())]


def test_an_answer_without_a_link_has_none_and_an_odd_item_hides_none() -> None:
    resource = {"item": ["odd", {"answer": [{"valueString": "x"}]}, {"linkId": "a", "answer": [{"valueString": "y"}]}]}
    assert list(response_answers(resource)) == [("", "x"), ("a", "y")]


def test_a_hip_that_is_answered_is_not_named_again_by_its_body_structure(tmp_path: Path) -> None:
    person = {"subject": {"reference": "Patient/p"}}
    named = {
        "resourceType": "BodyStructure",
        "patient": {"reference": "Patient/p"},
        "identifier": [{"system": "urn:x/hip-id"}, {"value": "a-R"}, {"system": "urn:x/hip-id", "value": "a-R"}],
    }
    file = _bundle(tmp_path, {**_response(path="a.dcm", side="R"), **person}, named)
    assert [row.cells for row in read_bundle_rows(file, context_columns()).rows] == [{"path": "a.dcm", "side": "R"}]
    named["patient"] = {"reference": "Patient/q"}
    file = _bundle(tmp_path, {**_response(path="a.dcm", side="R"), **person}, named)
    cells = [row.cells for row in read_bundle_rows(file, context_columns()).rows]
    assert cells[0] == {"path": "a.dcm", "side": "R"}
    assert cells[-1] == {"image_id": "a", "side": "R"}


def test_what_is_missing_is_asked_in_the_words_of_the_workflow() -> None:
    asked = {one.name: one.question for one in recommend(reviewed_hip(), PAINFUL).missing}
    assert asked
    assert asked == {name: WORKFLOW.input(name).question for name in asked}
    (whole,) = (
        one
        for one in recommend(reviewed_hip(), replace(PAINFUL, red_flags=Checklist())).missing
        if "check" in one.question
    )
    gate = WORKFLOW.gate("R")
    questions = " ".join(item.question for item in gate.items)
    assert (whole.name, whole.question) == ("red_flags", f"The whole checklist of {gate.name}: {questions}")


def test_what_if_asks_no_item_that_was_answered_and_leaves_its_answer_standing() -> None:
    fever = Checklist(answers={"fever": "no", "unwell": "unknown"})
    output = recommend(reviewed_hip(), replace(PAINFUL, red_flags=fever))
    asked = [one.name for one in output.explanation.what_if if one.name.startswith("red_flag_")]
    assert len(asked) == len(WORKFLOW.gate("R").asked) - 1
    assert "red_flag_fever" not in asked
    (rest,) = (one for one in output.explanation.what_if if one.name == "red_flags")
    assert rest.state == "S10"


def test_a_recommendation_says_as_plain_values_what_it_holds() -> None:
    output = recommend(reviewed_hip(), PERSISTS)
    plain = json.loads(json.dumps(output.to_dict()))
    assert (plain["state"], plain["goes_to"]) == (output.state, list(output.goes_to))
    assert [one["text"] for one in plain["mandatory"]] == [one.text for one in output.mandatory]
    assert [one["advice"][0]["rule_id"] for one in plain["offered"]] == [
        one.advice[0].rule_id for one in output.offered
    ]


def test_a_disclaimer_of_blanks_is_blank() -> None:
    (problem,) = _mandatory_texts(replace(WORKFLOW, disclaimer=(" ", "")))
    assert problem == "the text of disclaimer is blank; write it"


def test_blanks_contradict_nothing() -> None:
    assert list(contradictions({"pain_side": "", "hip_pain": "no"})) == []
