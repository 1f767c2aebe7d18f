"""The JSON Schema beside the recommendations: it is a schema, every file meets it, and it refuses what is spoilt."""

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from guideline_builders import PAINFUL, PERSISTS, SURGICAL, decision, reviewed_hip
from hipcalc.guideline import Checklist, ClinicalContext, recommend
from hipcalc.report import report_workflow
from hipcalc.report.hip_provenance import hip_provenances
from hipcalc.report.schema import recommendation_schema
from report_builders import pelvis, results_folder, run_facts

SCHEMA = recommendation_schema()
_, _, _PELVIS = pelvis()
ORIGIN = hip_provenances([_PELVIS], run_facts())[_PELVIS.image.image_id, "R"]
RED_FLAG = replace(PAINFUL, red_flags=Checklist(answers={"fever": "yes"}, others="no"))


def plain(context, **hip):
    said = {**recommend(reviewed_hip(**hip), context).to_dict(), "provenance": ORIGIN.to_dict()}
    return json.loads(json.dumps(said))


def test_it_is_a_valid_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "context",
    [ClinicalContext(side="R"), PAINFUL, PERSISTS, SURGICAL, RED_FLAG, replace(PAINFUL, age_years=12)],
    ids=["unknown", "painful", "persists", "surgical", "red flag", "child"],
)
@pytest.mark.parametrize("status", ["confirmed", "rejected", "indeterminate"])
def test_every_state_meets_it(context, status):
    Draft202012Validator(SCHEMA).validate(plain(context, decisions=(decision(status=status),)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state": 3}, "3 is not of type 'string'"),
        ({"audit_only": "no"}, "'no' is not of type 'boolean'"),
        (
            {"provenance": {**ORIGIN.to_dict(), "spacing_mm": "0.2"}},
            "'0.2' is not valid under any of the given schemas",
        ),
        ({"score": "0.9"}, "Additional properties are not allowed"),
        ({"mandatory": [{"rule_id": "R16"}]}, "is a required property"),
        ({"explanation": {"guards": [], "what_if": None}}, "None is not of type 'array'"),
    ],
)
def test_a_spoilt_file_does_not_meet_it(change, message):
    errors = list(Draft202012Validator(SCHEMA).iter_errors({**plain(PAINFUL), **change}))
    assert any(message in error.message for error in errors)


def test_it_is_written_beside_the_files_that_meet_it(tmp_path):
    folder = results_folder(tmp_path / "results", twice=True)
    contexts = tmp_path / "contexts.csv"
    contexts.write_text("path,side\n", encoding="utf-8")
    report_workflow(folder.path, contexts)
    written = folder.path / "recommendations"
    schema = json.loads((written / "schema" / "recommendation.json").read_text(encoding="utf-8"))
    assert schema == SCHEMA
    files = list(written.glob("*.json"))
    assert files
    for file in files:
        Draft202012Validator(schema).validate(json.loads(file.read_text(encoding="utf-8")))
