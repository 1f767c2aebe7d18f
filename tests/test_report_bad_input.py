"""What ``hipcalc report`` refuses: with the line and the reason, and with nothing half written."""

import csv
from pathlib import Path

import pytest

from hipcalc.cli import main
from hipcalc_models import model_file
from report_builders import results_folder

PELVIS = "abcdef0000000001"
CONTEXT = {"image_id": PELVIS, "side": "R", "age_years": "45", "hip_pain": "yes", "pain_side": "R"}
DECISION = {
    "candidate_id": f"{PELVIS}-R-1",
    "status": "confirmed",
    "reader": "Dr A. Reader",
    "time": "2026-03-01T14:05:00+01:00",
}
WORKFLOW = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results_folder(tmp_path_factory.mktemp("bad") / "results").path


def table(path: Path, rows: list[dict[str, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["report", str(folder), *arguments]) == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([DECISION, DECISION | {"candidate_id": f"{PELVIS}-R-99"}], "line 3, column candidate_id: '{id}-R-99'"),
        ([DECISION | {"candidate_id": "0000000000000000-R-1"}], "line 2, column candidate_id: '0000000000000000-R-1'"),
        ([DECISION, DECISION | {"status": "rejected"}], "line 3, column status: 'Dr A. Reader: rejected'"),
        ([DECISION | {"time": "2999-03-01T14:05:00Z"}], "line 2, column time: '2999-03-01T14:05:00Z'"),
        ([DECISION | {"time": "2026-03-01"}], "line 2, column time: '2026-03-01' is not allowed; give ISO 8601"),
    ],
    ids=["unknown candidate", "unknown image", "contradiction", "future", "no time"],
)
def test_decisions(folder, tmp_path, capsys, rows, message):
    contexts, decisions = table(tmp_path / "contexts.csv", [CONTEXT]), table(tmp_path / "decisions.csv", rows)
    said = refused(folder, capsys, "--context", contexts, "--decisions", decisions)
    assert f"decisions.csv, {message.format(id=PELVIS)}" in said


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [CONTEXT | {"age_years": "400"}],
            "line 2, column age_years: '400' is not allowed; give a number from 0 to 120",
        ),
        ([CONTEXT | {"age_years": "-1"}], "line 2, column age_years: '-1' is not allowed"),
        (
            [CONTEXT | {"visit_date": "2999-01-01"}],
            "line 2, column visit_date: '2999-01-01' is not allowed; the day lies",
        ),
        (
            [CONTEXT | {"conservative_started": "yes", "conservative_outcome": "improved;persists"}],
            "line 2, column conservative_outcome: 'improved;persists' is not allowed; choose one of improved, persists",
        ),
        (
            [
                CONTEXT | {"visit_date": "2026-03-01", "conservative_outcome": "improved"},
                CONTEXT | {"visit_date": "2026-03-01", "conservative_outcome": "persists"},
            ],
            "line 3, column visit_date: '2026-03-01' is not allowed; line 2 is about the same hip and day already",
        ),
        (
            [CONTEXT | {"conservative_outcome": "improved"}, CONTEXT | {"conservative_outcome": "persists"}],
            "line 3, column side: 'R' is not allowed; line 2 is about the same hip already",
        ),
        (
            [CONTEXT, CONTEXT | {"image_id": "0000000000000000"}],
            "line 3: clinical context for image 0000000000000000, side R: it fits no hip",
        ),
        (
            [CONTEXT | {"image_id": "", "path": "none.dcm"}],
            "line 2: clinical context for image none.dcm, side R: it fits no hip of these",
        ),
        (
            [CONTEXT | {"side": "unknown"}],
            "line 2: clinical context for image {id}, side unknown: it fits no hip of these results (the image has",
        ),
    ],
)
def test_contexts(folder, tmp_path, capsys, rows, message):
    decisions = table(tmp_path / "decisions.csv", [DECISION])
    said = refused(folder, capsys, "--context", table(tmp_path / "c.csv", rows), "--decisions", decisions)
    assert f"c.csv, {message.replace('{id}', PELVIS)}" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('mandatory = ["R16", "R17", "R20", "R42"]', 'mandatory = ["R16", "R17", "R20"]', "mandatory must name R42"),
        (
            'text = "Physical therapy is part of the plan."',
            'text = "Physical therapy and diclofenac are part of the plan."',
            "the text of R09 names diclofenac",
        ),
        ("for 1-2 weeks", "for 3 weeks", "R07"),
    ],
    ids=["mandatory text dropped", "drug added", "interval changed"],
)
def test_site_workflows(folder, tmp_path, capsys, old, new, message):
    assert old in WORKFLOW
    site = tmp_path / "site.toml"
    site.write_text(WORKFLOW.replace(old, new), encoding="utf-8")
    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    said = refused(folder, capsys, "--context", contexts, "--workflow", str(site))
    assert "site.toml: " in said
    assert message in said
