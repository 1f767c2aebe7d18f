"""FHIR R4B: valid, complete, deterministic, and never looking confirmed where it is not."""

import json

import pytest
from fhir.resources.R4B import get_fhir_model_class

from format_builders import CONTEXT, PELVIS, copied_results, reported, table
from hipcalc.errors import UsageError
from hipcalc.guideline import context_columns, load_workflow
from hipcalc.guideline.fhir import required_bindings
from hipcalc.report import report_workflow
from hipcalc.report.formats.fhir.checking import bundle_problems, checked


def loaded(path):
    return json.loads(path.read_text(encoding="utf-8"))


def bundles(result):
    return {path.stem: loaded(path) for path in sorted((result.folder / "fhir" / "patients").iterdir())}


def resources(bundle, kind):
    return {
        entry["resource"]["id"]: entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind
    }


def confirmed_case(tmp_path):
    _, result = reported(tmp_path, "fhir", R_1="confirmed", R_2="rejected", L_1="indeterminate")
    return bundles(result)[PELVIS], result


def test_every_file_comes_back_from_fhir_resources_unchanged(tmp_path):
    _, result = confirmed_case(tmp_path)
    files = sorted((result.folder / "fhir").rglob("*.json"))
    assert len(files) == 4
    for path in files:
        resource = loaded(path)
        model = get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        again = json.loads(model.model_dump_json())
        assert again == resource
        if resource["resourceType"] == "Bundle":
            assert not list(bundle_problems(resource))


def test_a_bundle_holds_every_resource_that_is_promised(tmp_path):
    bundle, _ = confirmed_case(tmp_path)
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds == {
        *("Patient", "Device", "ImagingStudy", "BodyStructure", "Observation", "DiagnosticReport", "CarePlan"),
    }
    assert len(resources(bundle, "BodyStructure")) == len(resources(bundle, "DiagnosticReport")) == 2
    assert all(
        tag["code"] == "research-use-only" and tag["display"].startswith("Research software")
        for entry in bundle["entry"]
        for tag in entry["resource"]["meta"]["tag"][:1]
    )


def test_only_what_a_reader_confirmed_is_final(tmp_path):
    bundle, _ = confirmed_case(tmp_path)
    findings = {
        name.removeprefix(f"finding-{PELVIS}-"): one
        for name, one in resources(bundle, "Observation").items()
        if name.startswith("finding")
    }
    status = {name: one["status"] for name, one in findings.items()}
    assert status.pop("R-1") == "final"
    assert set(status.values()) == {"preliminary"}
    assert findings["R-1"]["performer"] == [{"display": "Dr A. Reader"}]
    assert "R-2" not in findings
    for name, one in findings.items():
        codes = [tag["code"] for tag in one["meta"]["tag"]]
        assert ("unconfirmed" in codes) == (name != "R-1")
        assert ("Unconfirmed algorithm output" in json.dumps(one)) == (name != "R-1")
    reports = resources(bundle, "DiagnosticReport")
    assert reports[f"report-{PELVIS}-R"]["status"] == "final"
    assert reports[f"report-{PELVIS}-L"]["status"] == "preliminary"
    assert list(resources(bundle, "CarePlan")) == [f"proposal-{PELVIS}-R"]


def test_a_hip_that_still_waits_for_decisions_stays_preliminary(tmp_path):
    _, result = reported(tmp_path, "fhir", R_1="confirmed")
    report = resources(bundles(result)[PELVIS], "DiagnosticReport")[f"report-{PELVIS}-R"]
    assert report["status"] == "preliminary"


def test_a_plan_is_a_draft_proposal_whose_sentences_name_their_rules(tmp_path):
    bundle, result = confirmed_case(tmp_path)
    plan = resources(bundle, "CarePlan")[f"proposal-{PELVIS}-R"]
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    assert {activity["detail"]["status"] for activity in plan["activity"]} == {"not-started"}
    texts = [activity["detail"]["description"] for activity in plan["activity"]]
    one = next(one for one in result.recommendations if (one.image_id, one.side) == (PELVIS, "R"))
    assert len(texts) == len(one.advice)
    for sentence, text in zip(one.advice, texts, strict=True):
        assert text.startswith(sentence.text)
        assert sentence.rule_id in text
        assert sentence.place in text
    assert [note["text"][:3] for note in plan["note"]][:4] == ["R16", "R17", "R20", "R42"]


def test_nothing_confirmed_means_no_advice_at_all(tmp_path):
    _, result = reported(tmp_path, "fhir")
    for bundle in bundles(result).values():
        assert not resources(bundle, "CarePlan")
        text = json.dumps(bundle)
        assert "ibuprofen" not in text
        assert '"final"' not in text
        assert "unconfirmed" in [tag["code"] for tag in bundle["meta"]["tag"]]


def test_a_red_flag_withdraws_the_plan(tmp_path):
    _, result = reported(tmp_path, "fhir", contexts=[CONTEXT | {"red_flags": "fever;others-no"}], R_1="confirmed")
    bundle = bundles(result)[PELVIS]
    assert not resources(bundle, "CarePlan")
    assert "red flag" in resources(bundle, "DiagnosticReport")[f"report-{PELVIS}-R"]["conclusion"].lower()


def test_rejected_findings_are_nowhere(tmp_path):
    _, result = reported(tmp_path, "fhir", R_1="rejected", R_2="rejected", L_1="rejected")
    for path in (result.folder / "fhir").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert f"{PELVIS}-R-1" not in text
        assert f"{PELVIS}-L-1" not in text
    # A patient of whom every hip was rejected has no file.
    audit = [one for one in result.recommendations if one.image_id == PELVIS and one.audit_only]
    assert audit


def test_every_hip_says_what_made_it(tmp_path):
    bundle, result = confirmed_case(tmp_path)
    for one in (one for one in result.recommendations if one.image_id == PELVIS):
        for kind, name in (("DiagnosticReport", "report"), ("Observation", "search")):
            text = resources(bundle, kind)[f"{name}-{PELVIS}-{one.side}"]["text"]["div"]
            for wanted in (
                "Research software",
                "hipcalc 9.8.7",
                "0.25 expected false marks",
                "detection limit",
                "mm per pixel",
            ):
                assert wanted in text
            assert f"image SHA-256: {PELVIS}" in text


def test_a_detection_limit_says_where_it_holds(tmp_path):
    bundle, _ = confirmed_case(tmp_path)
    components = resources(bundle, "Observation")[f"search-{PELVIS}-R"]["component"]
    said = {part["code"]["text"]: part for part in components}
    assert said["detection limit"]["valueQuantity"]["value"] == pytest.approx(0.13)
    assert said["tissue of the detection limit"]["valueString"] == "soft tissue"


def test_the_same_report_twice_is_the_same_bytes(tmp_path):
    folder, result = reported(tmp_path, "fhir", R_1="confirmed")
    before = {path: path.read_bytes() for path in (result.folder / "fhir").rglob("*.json")}
    reported(tmp_path, "fhir", folder=folder, R_1="confirmed")
    assert {path: path.read_bytes() for path in (result.folder / "fhir").rglob("*.json")} == before


def test_a_person_with_two_images_has_one_bundle(tmp_path):
    folder = copied_results(tmp_path)
    people = table(
        tmp_path / "people.csv",
        [{"image_id": PELVIS, "person": "Case 7/b"}, {"image_id": "abcdef0000000002", "person": "Case 7/b"}],
    )
    result = report_workflow(
        folder.path, table(tmp_path / "contexts.csv", [CONTEXT]), formats=("fhir",), participants=people
    )
    ((name, bundle),) = bundles(result).items()
    assert name.startswith("person-Case-7-b-")
    assert resources(bundle, "Patient")[name]["identifier"][0]["value"] == "Case 7/b"
    assert len(resources(bundle, "ImagingStudy")) == 2
    assert not list(bundle_problems(bundle))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"image_id": "ffff", "person": "p1"}], "names none of the images in its column image_id"),
        ([{"image_id": PELVIS}], "it needs path or image_id, and person"),
        ([{"image_id": PELVIS, "person": "a"}, {"image_id": PELVIS, "person": "b"}], f"names {PELVIS} twice"),
    ],
)
def test_a_wrong_participants_table_is_refused(tmp_path, rows, why):
    folder = copied_results(tmp_path)
    people = table(tmp_path / "people.csv", rows)
    with pytest.raises(UsageError, match=why):
        report_workflow(folder.path, table(tmp_path / "contexts.csv", [CONTEXT]), participants=people)


def test_the_questionnaire_asks_for_every_input(tmp_path):
    _, result = reported(tmp_path, "fhir")
    asked = loaded(result.folder / "fhir" / "questionnaire.json")
    links = [item["linkId"] for group in asked["item"] for item in group["item"]]
    groups = {group["linkId"] for group in asked["item"]}
    workflow = load_workflow()
    columns = set(context_columns(workflow))
    assert len(links) == len(set(links))
    assert columns <= {*links, *groups}
    for group in asked["item"]:
        for item in group["item"]:
            if item["type"] == "choice" and item["linkId"] != "side":
                assert item["answerOption"][-1]["valueCoding"]["code"] == "unknown"


def test_the_plan_definition_holds_every_state_rule_and_transition(tmp_path):
    _, result = reported(tmp_path, "fhir")
    plan = loaded(result.folder / "fhir" / "plan-definition.json")
    workflow = load_workflow()
    actions = {action["id"]: action for action in plan["action"]}
    assert set(actions) == {state.id for state in workflow.states}
    for state in workflow.states:
        action = actions[state.id]
        assert [entry["actionId"] for entry in action.get("relatedAction", [])] == list(state.goes_to)
        assert [entry["prefix"] for entry in action.get("action", [])] == list(state.rules)
    assert plan["version"] == workflow.version
    assert plan["status"] == "draft"


def test_a_word_outside_its_value_set_is_found():
    observation = {"resourceType": "Observation", "id": "x", "status": "confirmed", "code": {"text": "c"}}
    with pytest.raises(ValueError, match="Observation.status is 'confirmed'; allowed are registered, preliminary"):
        checked(observation)
    bundle = {
        "resourceType": "Bundle",
        "type": "box",
        "entry": [
            {"resource": observation | {"subject": {"reference": "Patient/p"}}},
            {"resource": {"resourceType": "Observation", "id": "x", "text": {"status": "written"}}},
        ],
    }
    found = "\n".join(bundle_problems(bundle))
    assert "Bundle.type is 'box'" in found
    assert "text.status is 'written'" in found
    assert "Observation/x is there twice" in found
    assert "Observation/x refers to Patient/p, which is not in the Bundle" in found


def test_every_status_that_is_written_is_checked(tmp_path):
    bundle, result = confirmed_case(tmp_path)
    written = [*(entry["resource"] for entry in bundle["entry"]), bundle]
    written += [loaded(result.folder / "fhir" / name) for name in ("questionnaire.json", "plan-definition.json")]
    for resource in written:
        if "status" in resource:
            assert f"{resource['resourceType']}.status" in required_bindings()
