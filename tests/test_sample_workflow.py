"""The bundled sample, as the README's reader runs it: screen, decide, report."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pypdfium2
import pytest
from fhir.resources.R4B import get_fhir_model_class

from dicom_validators import dicom_problems
from hipcalc.cli import main
from hipcalc.report.formats.fhir.checking import bundle_problems
from sample_decisions import SAMPLE, sample_decisions

STATES = {
    "01_ap_pelvis.dcm R": "S10",
    "01_ap_pelvis.dcm L": "S9",
    "02_right_hip.dcm R": "S8",
    "03_left_hip.dcm L": "S0",
    "05_left_hip.dcm L": "S12",
    "06_right_hip.dcm R": "S13",
    "07_left_hip.dcm L": "S16",
    "08_right_hip.dcm R": "S17",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "results"
    assert main(["screen", str(SAMPLE), "--out", str(folder), "--no-detectability"]) == 3
    return folder


def test_the_readme_s_notebook_leads_to_a_recommendation(monkeypatch: pytest.MonkeyPatch) -> None:
    root = SAMPLE.parent
    monkeypatch.chdir(root)
    blocks = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    (block,) = (text for text in blocks if "hipcalc.recommend(" in text)
    (place,) = (text for text in blocks if "hipcalc.evidence_at(" in text)
    names: dict[str, Any] = {}
    exec(block, names)
    exec(place.replace("hipcalc.evidence_at", "answer = hipcalc.evidence_at"), names)
    assert names["answer"].share <= 0.05
    (recommendation,) = names["hipcalc"].recommend(names["reviewed"], names["context"])
    assert recommendation.state == STATES["05_left_hip.dcm L"]


def test_the_forearm_and_the_tables_are_rejected_and_the_rest_is_analysed(results: Path) -> None:
    with (results / "images.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert {name for name, row in rows.items() if row["status"] == "ok"} == {name.split()[0] for name in STATES}
    assert "forearm" in rows["04_forearm.dcm"]["reason"]
    assert all(row["status"] in {"ok", "rejected"} for row in rows.values())


def test_every_planted_focus_is_a_finding(results: Path) -> None:
    confirmed = {row["candidate_id"] for row in sample_decisions(results) if row["status"] == "confirmed"}
    with (results / "candidates.csv").open(encoding="utf-8", newline="") as file:
        findings = {row["candidate_id"] for row in csv.DictReader(file) if row["finding"] == "true"}
    assert len(confirmed) == 7
    assert confirmed <= findings


def test_the_sample_decisions_are_those_of_a_reader_who_knows_the_truth(results: Path) -> None:
    with (SAMPLE / "decisions.csv").open(encoding="utf-8", newline="") as file:
        written = [dict(row) for row in csv.DictReader(file)]
    expected = [{key: row[key] for key in written[0]} for row in sample_decisions(results)]
    assert written == expected, "write the table again: see tests/sample_decisions.py"


def test_the_sample_reaches_the_states_that_it_is_meant_to_show(results: Path) -> None:
    contexts, decisions = SAMPLE / "contexts.csv", SAMPLE / "decisions.csv"
    assert main(["report", str(results), "--context", str(contexts), "--decisions", str(decisions)]) == 0
    reached, histories = {}, {}
    for file in sorted((results / "recommendations").glob("*.json")):
        said = json.loads(file.read_text(encoding="utf-8"))
        reached[f"{Path(said['path']).name} {said['side']}"] = said["state"]
        if said["history"]:
            histories[Path(said["path"]).name] = [entry["state"] for entry in said["history"]]
    assert reached == STATES
    assert histories == {"07_left_hip.dcm": ["S8", "S10", "S12", "S13", "S14", "S16"]}


def test_the_sample_produces_every_format_and_each_is_valid(results: Path) -> None:
    contexts, decisions = SAMPLE / "contexts.csv", SAMPLE / "decisions.csv"
    names = ["report", str(results), "--context", str(contexts), "--decisions", str(decisions)]
    assert main([*names, "--format", "json,html,pdf,csv,parquet,fhir,dicom"]) == 0
    folder = results / "recommendations"
    schema = json.loads((folder / "schema" / "recommendation.json").read_text(encoding="utf-8"))
    for file in folder.glob("*.json"):
        jsonschema.validate(json.loads(file.read_text(encoding="utf-8")), schema)
    table = pd.read_csv(folder / "recommendations.csv")
    reached = {f"{Path(row.path).name} {row.side}": row.state for row in table.itertuples()}
    assert reached == STATES
    pd.testing.assert_frame_equal(table, pd.read_parquet(folder / "recommendations.parquet"), check_dtype=False)
    images = set(table["image_id"])
    for ending in ("html", "pdf"):
        assert {file.stem for file in (folder / "patients").glob(f"*.{ending}")} == images
    for file in (folder / "patients").glob("*.pdf"):
        with pypdfium2.PdfDocument(file) as document:
            assert len(document) > 1
    assert {file.stem for file in (folder / "fhir" / "patients").iterdir()} == images
    for file in (folder / "fhir").rglob("*.json"):
        resource = json.loads(file.read_text(encoding="utf-8"))
        model = get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert json.loads(model.model_dump_json()) == resource
        assert not list(bundle_problems(resource))
    objects = sorted((folder / "dicom").iterdir())
    assert len(objects) == 3 * len(STATES)
    assert [problem for file in objects for problem in dicom_problems(file)] == []


def test_the_sample_s_contexts_as_a_bundle_reach_the_same_states(results: Path, tmp_path: Path) -> None:
    with (SAMPLE / "contexts.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]
    responses = [
        {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "item": [{"linkId": name, "answer": [{"valueString": cell}]} for name, cell in row.items()],
        }
        for row in rows
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in responses]}
    get_fhir_model_class("Bundle").model_validate(bundle)
    path = tmp_path / "contexts.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    asked = ["report", str(results), "--context", str(path), "--decisions", str(SAMPLE / "decisions.csv")]
    assert main([*asked, "--format", "csv"]) == 0
    table = pd.read_csv(results / "recommendations" / "recommendations.csv")
    assert {f"{Path(row.path).name} {row.side}": row.state for row in table.itertuples()} == STATES
