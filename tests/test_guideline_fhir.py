"""Clinical contexts from a FHIR Bundle: what is mapped, what stays unknown, what is left aside, what is refused."""

import json
import tomllib
from dataclasses import replace

import pytest

from format_builders import PELVIS, copied_results, reported
from hipcalc.cli import main
from hipcalc.errors import UsageError
from hipcalc.guideline import context_columns, left_aside, load_workflow, read_contexts
from hipcalc.guideline.fhir.answers import answers as entry_answers
from hipcalc.guideline.fhir.bundle import Entry
from hipcalc.guideline.fhir.mapping import Mapped, context_table
from hipcalc.guideline.fhir.rows import _Said
from hipcalc_models import model_file

ICD, CM, ATC = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "http://www.whocc.no/atc"
SCT, LOINC = "http://snomed.info/sct", "http://loinc.org"
PATIENT = {"reference": "Patient/p"}
ANSWERS = {
    "image_id": PELVIS,
    "side": "R",
    "age_years": 45,
    "hip_pain": True,
    "pain_side": "R",
    "history_done": "yes",
    "examination_done": "yes",
    "red_flags": "none",
}


def concept(*codes):
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def value(word):
    if isinstance(word, bool):
        return {"valueBoolean": word}
    if isinstance(word, int):
        return {"valueInteger": word}
    return {"valueCoding": {"code": word}} if word in ("yes", "no", "unknown", "R", "L") else {"valueString": word}


def response(answers=ANSWERS, *, status="completed", subject=PATIENT):
    items = [{"linkId": link, "answer": [value(word)]} for link, word in answers.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": status,
        "subject": subject,
        "item": [{"linkId": "hip", "item": items[:2]}, {"linkId": "inputs", "item": items[2:]}],
    }


def condition(system, code, *, clinical="active", verification="confirmed", **more):
    status = {"clinicalStatus": concept(("c", clinical)), "verificationStatus": concept(("v", verification))}
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": PATIENT,
        "code": concept((system, code)),
        **status,
        **more,
    }


def medication(code, status="active"):
    coded = {"medicationCodeableConcept": concept((ATC, code))}
    return {"resourceType": "MedicationStatement", "status": status, "subject": PATIENT, **coded}


def allergy(code):
    return {"resourceType": "AllergyIntolerance", "patient": PATIENT, "code": concept((ATC, code))}


def observation(code, **more):
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": PATIENT,
        "code": concept((LOINC, code)),
        **more,
    }


def bundle(tmp_path, *resources):
    path = tmp_path / "bundle.json"
    content = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def context(tmp_path, *resources):
    (only,) = read_contexts(bundle(tmp_path, response(), *resources))
    return only


def test_the_answers_of_a_questionnaire_become_the_context(tmp_path):
    one = context(tmp_path)
    assert (one.image_id, one.side, one.age_years) == (PELVIS, "R", 45)
    assert (one.hip_pain, one.pain_side, one.history_done) == ("yes", "R", "yes")
    assert one.red_flags.answer("fever") == "no"
    # What nobody answered stays unknown.
    assert one.implant == one.conservative_started == "unknown"
    assert one.nsaid_checklist.answer("ulcer") == "unknown"


@pytest.mark.parametrize(
    ("resource", "checklist", "item"),
    [
        (condition(ICD, "K25.4"), "nsaid_checklist", "ulcer"),
        (condition(CM, "K51.90"), "nsaid_checklist", "ulcerative_colitis"),
        (condition(SCT, "77386006"), "mra_checklist", "pregnancy"),
        (condition(ICD, "N18.5"), "nsaid_checklist", "severe_kidney_failure"),
        (condition(ICD, "C61", clinical="remission"), "red_flags", "known_cancer"),
        (medication("B01AF02"), "nsaid_checklist", "anticoagulation"),
        (medication("B01AA03"), "injection_checklist", "coagulopathy_or_anticoagulation"),
        (medication("M01AE01"), "nsaid_checklist", "another_nsaid"),
        (medication("H02AB06"), "red_flags", "steroid_use"),
        (allergy("M01AE01"), "nsaid_checklist", "hypersensitivity"),
        (
            observation("82810-3", valueCodeableConcept=concept((LOINC, "LA15173-0"))),
            *("nsaid_checklist", "pregnancy"),
        ),
    ],
)
def test_a_mapped_entry_answers_its_item_and_no_other(tmp_path, resource, checklist, item):
    one = context(tmp_path, resource)
    assert getattr(one, checklist).answer(item) == "yes"
    untouched = read_contexts(bundle(tmp_path, response()))[0]
    for name in ("nsaid_checklist", "injection_checklist", "mra_checklist"):
        others = {key for key, word in getattr(one, name).answers.items() if word == "no"}
        assert not others
        assert getattr(one, name).others == getattr(untouched, name).others == "unknown"


def test_what_is_over_refuted_or_doubtful_is_no_yes(tmp_path):
    assert context(tmp_path, condition(ICD, "K25", verification="refuted")).nsaid_checklist.answer("ulcer") == "no"
    for resource in (
        condition(ICD, "K25", clinical="resolved"),
        condition(ICD, "K25", verification="provisional"),
        condition(ICD, "K25", verification="entered-in-error"),
        condition(ICD, "K25", clinical="odd"),
        medication("B01AA03", "stopped"),
        observation("82810-3", valueCodeableConcept=concept((LOINC, "LA9999-9"))),
        {"resourceType": "Procedure", "subject": PATIENT},
    ):
        one = context(tmp_path, resource)
        assert not one.nsaid_checklist.answers
        (sentence,) = left_aside(bundle(tmp_path, response(), resource))
        assert f"entry 2 ({resource['resourceType']}" in sentence
        assert "is left aside: " in sentence


def test_not_pregnant_is_a_no_and_an_age_is_a_number(tmp_path):
    answers = {name: word for name, word in ANSWERS.items() if name != "age_years"}
    resources = (
        response(answers),
        observation("82810-3", valueCodeableConcept=concept((LOINC, "LA26683-5"))),
        observation("30525-0", valueQuantity={"value": 52, "code": "a"}),
    )
    (one,) = read_contexts(bundle(tmp_path, *resources))
    assert one.nsaid_checklist.answer("pregnancy") == "no"
    assert one.age_years == 52
    assert not left_aside(bundle(tmp_path, *resources))
    months = observation("30525-0", valueQuantity={"value": 600, "code": "mo"})
    assert "its value is not one that the table knows" in left_aside(bundle(tmp_path, response(answers), months))[0]


def test_pain_in_both_hips_and_the_side_of_a_body_site(tmp_path):
    answers = {name: word for name, word in ANSWERS.items() if name not in ("hip_pain", "pain_side")}
    left = condition(SCT, "49218002", bodySite=[concept((SCT, "7771000"))])
    (one,) = read_contexts(bundle(tmp_path, response(answers), left))
    assert (one.hip_pain, one.pain_side) == ("yes", "L")
    (one,) = read_contexts(bundle(tmp_path, response(answers), left, condition(CM, "M25.551")))
    assert one.pain_side == "both"
    (one,) = read_contexts(bundle(tmp_path, response(answers), condition(SCT, "49218002")))
    assert (one.hip_pain, one.pain_side) == ("yes", "unknown")
    (one,) = read_contexts(bundle(tmp_path, response(answers), condition(CM, "M25.551"), condition(SCT, "49218002")))
    assert one.pain_side == "R"


def test_the_sides_of_what_has_no_side_here_contradict_nothing(tmp_path):
    right, left = ({"bodySite": [concept((SCT, code))]} for code in ("24028007", "7771000"))
    one = context(tmp_path, condition(ICD, "K25.4", **right), condition(CM, "K51.90", **left))
    assert one.nsaid_checklist.answer("ulcer") == one.nsaid_checklist.answer("ulcerative_colitis") == "yes"


def test_an_unknown_answer_gives_way_and_a_contradiction_is_named(tmp_path):
    asked = response(ANSWERS | {"nsaid_ulcer": "unknown"})
    (one,) = read_contexts(bundle(tmp_path, asked, condition(ICD, "K25")))
    assert one.nsaid_checklist.answer("ulcer") == "yes"
    denied = response(ANSWERS | {"nsaid_ulcer": "no"})
    with pytest.raises(UsageError, match=r"entry 2 \(Condition c\) says 'yes' to nsaid_ulcer, and entry 1 \(Quest"):
        read_contexts(bundle(tmp_path, denied, condition(ICD, "K25")))


def test_each_patient_has_their_own_entries(tmp_path):
    other = {"reference": "Patient/other"}
    answers = ANSWERS | {"image_id": "abcdef0000000002"}
    contexts = read_contexts(
        bundle(tmp_path, response(), response(answers, subject=other), condition(ICD, "K25", subject=other))
    )
    assert [one.nsaid_checklist.answer("ulcer") for one in contexts] == ["unknown", "yes"]
    lost = {name: part for name, part in condition(ICD, "K25").items() if name != "subject"}
    with pytest.raises(UsageError, match=r"entry 3 \(Condition c\) names no patient, and the Bundle is about 2"):
        read_contexts(bundle(tmp_path, response(), response(answers, subject=other), lost))


def test_the_hips_of_our_own_bundle_are_known(tmp_path):
    _, result = reported(tmp_path, "fhir", R_1="confirmed")
    own = json.loads((result.folder / "fhir" / "patients" / f"{PELVIS}.json").read_text(encoding="utf-8"))
    hips = [entry["resource"] for entry in own["entry"] if entry["resource"]["resourceType"] == "BodyStructure"]
    subject = {"reference": f"Patient/{PELVIS}"}
    contexts = read_contexts(bundle(tmp_path, *hips, condition(ICD, "K25", subject=subject)))
    assert [(one.image_id, one.side) for one in contexts] == [(PELVIS, "R"), (PELVIS, "L")]
    assert {one.nsaid_checklist.answer("ulcer") for one in contexts} == {"yes"}


def test_answers_to_the_exported_questionnaire_are_read_back(tmp_path):
    _, result = reported(tmp_path, "fhir")
    asked = json.loads((result.folder / "fhir" / "questionnaire.json").read_text(encoding="utf-8"))
    given = {"image_id": PELVIS, "side": "R", "visit_date": "2026-03-01", "age_years": 45.0}

    def item(question):
        word = given.get(question["linkId"])
        if word is None and question["type"] == "choice":
            word = question["answerOption"][0]["valueCoding"]["code"]
        kind = {"choice": "valueCoding", "decimal": "valueDecimal", "date": "valueDate"}.get(
            question["type"], "valueString"
        )
        if word is None:
            word = 3 if kind == "valueDecimal" else ""
        return {"linkId": question["linkId"], "answer": [{kind: {"code": word} if kind == "valueCoding" else word}]}

    filled = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [
            {"linkId": group["linkId"], "item": [item(question) for question in group["item"]]}
            for group in asked["item"]
        ],
    }
    path = bundle(tmp_path, filled)
    (one,) = read_contexts(path)
    assert not left_aside(path)
    assert (one.image_id, one.side, one.hip_pain) == (PELVIS, "R", "yes")
    assert one.red_flags.answer("fever") == "yes"


def test_the_command_line_takes_a_bundle_and_names_what_it_leaves_aside(tmp_path, capsys):
    folder = copied_results(tmp_path)
    path = bundle(tmp_path, response(), condition(ICD, "J45"))
    assert main(["report", str(folder.path), "--context", str(path)]) == 0
    assert "entry 2 (Condition c) is left aside: none of its codes is in the table." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ([], "is a FHIR Bundle without entries; it says nothing about any hip"),
        ([condition(ICD, "K25")], "names no hip; add a QuestionnaireResponse with image_id or path, and side"),
        ([{"id": "x"}], "entry 1 holds no resource with a resourceType; mend or remove it"),
        ([response({"image_id": PELVIS, "path": "a"})], r"entry 1 \(QuestionnaireResponse q\) does not say which hip"),
        ([response(status="done")], "status 'done' is not allowed; choose one of in-progress, completed"),
        (
            [response(), medication("M01A", "taking")],
            r"entry 2 \(MedicationStatement\): the status 'taking' is not allowed",
        ),
        ([response(ANSWERS | {"hip_pain": "perhaps"})], "entry 1, column hip_pain: 'perhaps' is not allowed"),
        ([response(ANSWERS | {"age_years": 400})], "entry 1, column age_years: '400' is not allowed"),
        ([response(), response()], "entry 2, column side: 'R' is not allowed; entry 1 is about the same hip already"),
    ],
)
def test_a_wrong_bundle_is_refused_with_the_entry(tmp_path, resources, why):
    with pytest.raises(UsageError, match=why):
        read_contexts(bundle(tmp_path, *resources))


def test_another_resource_and_a_double_answer_are_refused(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(condition(ICD, "K25")), encoding="utf-8")
    with pytest.raises(UsageError, match="holds a FHIR Condition; put it into a Bundle"):
        read_contexts(path)
    twice = response()
    twice["item"].append({"linkId": "hip_pain", "answer": [{"valueCoding": {"code": "no"}}]})
    with pytest.raises(UsageError, match="link id 'hip_pain' is answered twice, 'yes' and 'no'; keep one"):
        read_contexts(bundle(tmp_path, twice))


def test_a_response_that_is_not_finished_or_asks_something_else_is_named(tmp_path):
    strange = response(ANSWERS | {"shoe_size": 43})
    assert left_aside(bundle(tmp_path, strange)) == (
        f"{tmp_path / 'bundle.json'}, entry 1 (QuestionnaireResponse q), link id 'shoe_size' is left aside: "
        "it is no column of a table of contexts.",
    )
    open_one = response(status="in-progress")
    (sentence,) = left_aside(bundle(tmp_path, response(), open_one))
    assert sentence.endswith("is left aside: its status is in-progress.")


def test_every_line_of_the_table_names_known_systems_and_columns():
    table = tomllib.loads(model_file("fhir-1", "context.toml").read_text(encoding="utf-8"))
    columns = set(context_columns(load_workflow()))
    kinds = {line["resource"] for line in table["map"]}
    assert kinds == {"Condition", "Observation", "AllergyIntolerance", "MedicationStatement"}
    for line in table["map"]:
        named = {*line.get("sets", {}), *(line[name] for name in ("side_column", "value_column") if name in line)}
        assert named
        assert named <= columns, line["title"]
        codes = [*line["codes"], *(code for part in line.get("value_codes", {}).values() for code in part)]
        assert all(code.partition(":")[0] in table["systems"] for code in codes)
        # A Bundle that says nothing must never count as an answer of no.
        assert set(line.get("sets", {}).values()) <= {"yes", "R", "L", ""}


def replaced(value, junk, target, counter):
    """Return JSON with the value at one position, counted from the outside in, replaced by junk."""
    counter[0] += 1
    if counter[0] == target:
        return junk
    if isinstance(value, dict):
        return {name: replaced(part, junk, target, counter) for name, part in value.items()}
    return [replaced(part, junk, target, counter) for part in value] if isinstance(value, list) else value


def test_no_damaged_bundle_ends_in_anything_but_a_sentence(tmp_path):
    path = bundle(
        tmp_path,
        response(),
        condition(ICD, "K25", bodySite=[concept((SCT, "7771000"))]),
        medication("B01AA03"),
        observation("30525-0", valueQuantity={"value": 52, "code": "a"}),
        {"resourceType": "BodyStructure", "identifier": [{"system": "x/hip-id", "value": f"{PELVIS}-R"}]},
    )
    whole = json.loads(path.read_text(encoding="utf-8"))
    counter = [0]
    replaced(whole, None, -1, counter)
    refused = 0
    for target in range(2, counter[0] + 1):
        for junk in (None, 7, "x", [], {}, [3], {"coding": [None]}, {"coding": 4}, True):
            path.write_text(json.dumps(replaced(whole, junk, target, [0])), encoding="utf-8")
            try:
                read_contexts(path)
            except UsageError:
                refused += 1
    assert refused > counter[0]


def test_a_quantity_without_a_unit_is_in_that_of_the_table(tmp_path):
    age = next(line for line in context_table().lines if line.value_column == "age_years")
    code = age.codes[0].partition(":")[2]
    for given in ({"value": 45}, {"value": 45, "code": age.unit}):
        answers = {name: word for name, word in ANSWERS.items() if name != "age_years"}
        (one,) = read_contexts(bundle(tmp_path, response(answers), observation(code, valueQuantity=given)))
        assert one.age_years == 45


def test_an_entry_that_two_lines_of_the_table_know_answers_both():
    lines = tuple(Mapped(resource="Condition", title=name, codes=("x:1",), sets={name: "yes"}) for name in "ab")
    table_of_two = replace(context_table(), systems={"x": ("urn:x",)}, lines=lines)
    entry = Entry(number=1, kind="Condition", resource={"code": concept(("urn:x", "1"))}, place="entry 1")
    assert entry_answers(entry, table_of_two) == {"a": "yes", "b": "yes"}


def test_an_unknown_answer_never_displaces_a_known_one():
    entry = Entry(number=1, kind="Condition", resource={}, place="entry 1")
    for words, kept in (
        (["yes", "unknown"], "yes"),
        (["unknown", "yes"], "yes"),
        (["", "unknown"], "unknown"),
        (["unknown", ""], ""),
        (["unknown", "unknown"], "unknown"),
    ):
        said = _Said()
        for word in words:
            said.add("hip_pain", word, entry)
        assert said.cells["hip_pain"][0] == kept


def test_what_a_site_s_own_item_is_answered_by_is_not_left_aside(tmp_path):
    own = load_workflow()
    gate = own.gate("M")
    more = replace(gate, items=(*gate.items, replace(gate.items[0], id="shunt", question="Is there a shunt?")))
    site = replace(own, gates=tuple(more if one.id == "M" else one for one in own.gates))
    file = bundle(tmp_path, response({**ANSWERS, f"{gate.prefix}shunt": "yes"}))
    assert left_aside(file, site) == ()
    assert read_contexts(file, site)[0].mra_checklist.answer("shunt") == "yes"
    assert "'mra_shunt' is left aside: it is no column" in left_aside(file)[0]


def test_a_bundle_with_a_byte_order_mark_is_read(tmp_path):
    file = bundle(tmp_path, response())
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    (one,) = read_contexts(file)
    assert one.age_years == 45


def test_nothing_of_a_table_is_left_aside(tmp_path):
    for name, text in (("contexts.csv", "path,side\na.dcm,R\n"), ("contexts.json", '[{"path": "a.dcm", "side": "R"}]')):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert left_aside(tmp_path / name) == ()
