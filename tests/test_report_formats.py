"""Formats of a workflow report: what is refused before anything is written, and the tables of recommendations."""

import csv
import importlib.util
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest

from format_builders import CONTEXT, PELVIS, TIME, copied_results, reported, table
from hipcalc.cli import main
from hipcalc.errors import UsageError
from hipcalc.report import report_workflow
from hipcalc.report.formats import FORMATS, Format
from report_builders import results_folder

OTHER = ("abcdef0000000002-R.json", "abcdef0000000002-L.json")


def files(folder):
    return {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in folder.path.rglob("*.*")}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_alone_is_the_default(tmp_path, capsys):
    folder = copied_results(tmp_path)
    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    assert main(["report", str(folder.path), "--context", str(contexts)]) == 0
    names = {path.name for path in (folder.path / "recommendations").iterdir() if path.is_file()}
    assert names == {f"{PELVIS}-R.json", f"{PELVIS}-L.json", *OTHER}


def test_several_formats_are_joined_by_commas(tmp_path):
    folder = copied_results(tmp_path)
    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    assert main(["report", str(folder.path), "--context", str(contexts), "--format", "csv, parquet"]) == 0
    names = {path.name for path in (folder.path / "recommendations").iterdir()}
    assert names == {"recommendations.csv", "columns.csv", "recommendations.parquet"}


def test_an_unknown_format_is_wrong_usage(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["report", str(tmp_path), "--context", "c.csv", "--format", "json,docx"])
    assert f"'docx' is no format of a report; choose out of {', '.join(FORMATS)}" in capsys.readouterr().err
    folder = copied_results(tmp_path)
    with pytest.raises(UsageError, match="'docx' is no format of a report; choose out of json"):
        report_workflow(folder.path, tmp_path / "contexts.csv", formats=("docx",))


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (Format(module="none", places=(), package="nothing_such", extra="more"), r"pip install 'hipcalc\[more\]'"),
        (Format(module="none", places=(), needs_pictures=True), "hipcalc screen --format tables kept none"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path, monkeypatch, form, why):
    monkeypatch.setitem(FORMATS, "odd", form)
    folder = results_folder(tmp_path / "results", pages=False)
    before = files(folder)
    with pytest.raises(UsageError, match=why):
        reported(tmp_path, "json", "odd", folder=folder, R_1="confirmed")
    assert files(folder) == before


def test_what_an_earlier_report_wrote_is_taken_away(tmp_path):
    folder, result = reported(tmp_path, "csv", "json", R_1="confirmed")
    (result.folder / "my notes.txt").write_text("mine", encoding="utf-8")
    reported(tmp_path, "json", folder=folder)
    names = {path.name for path in result.folder.iterdir() if path.is_file()}
    assert names == {f"{PELVIS}-R.json", f"{PELVIS}-L.json", *OTHER, "my notes.txt"}


def test_a_folder_that_an_earlier_report_filled_goes_when_it_is_empty(tmp_path):
    folder, result = reported(tmp_path, "html", R_1="confirmed")
    assert any((result.folder / "patients").iterdir())
    reported(tmp_path, "csv", folder=folder)
    assert not [path for path in result.folder.iterdir() if path.is_dir()]
    reported(tmp_path, "html", folder=folder)
    (result.folder / "patients" / "my notes.txt").write_text("mine", encoding="utf-8")
    reported(tmp_path, "csv", folder=folder)
    assert [path.name for path in (result.folder / "patients").iterdir()] == ["my notes.txt"]


def test_the_table_has_a_row_for_each_hip_and_says_what_made_it(tmp_path):
    contexts = [CONTEXT, CONTEXT | {"side": "L", "hip_pain": "", "pain_side": "", "pain_severity": ""}]
    _, result = reported(tmp_path, "csv", contexts=contexts, R_1="confirmed", R_2="rejected", L_1="confirmed")
    rows = {(row["image_id"], row["side"]): row for row in rows_of(result.folder / "recommendations.csv")}
    assert len(rows) == len(result.recommendations) == 4
    right, left = rows[PELVIS, "R"], rows[PELVIS, "L"]
    assert (right["state"], right["is_confirmed"], right["confirmed"]) == ("S10", "true", "1")
    assert right["confirmed_ids"] == f"{PELVIS}-R-1"
    assert right["readers"] == "Dr A. Reader"
    assert {"R05", "R16", "R17", "R20", "R42"} <= set(right["rules"].split(";"))
    assert (left["state"], left["missing"]) == ("S8", "hip_pain")
    assert "hip_pain=no->S9" in left["what_if"].split(";")
    assert right["image_sha256"].startswith(PELVIS)
    assert right["false_marks_per_hip"] == "0.25"
    assert right["spacing_source"]
    assert right["notice"].startswith("Research software")
    assert "R-2" not in (result.folder / "recommendations.csv").read_text(encoding="utf-8")
    unconfirmed = rows["abcdef0000000002", "R"]
    assert (unconfirmed["is_confirmed"], unconfirmed["confirmed"], unconfirmed["rules"]) == ("false", "0", "")


def test_a_gate_that_is_not_clear_is_in_its_columns(tmp_path):
    _, result = reported(
        tmp_path, "csv", contexts=[CONTEXT | {"nsaid_checklist": "pregnancy;others-no"}], R_1="confirmed"
    )
    row = rows_of(result.folder / "recommendations.csv")[0]
    assert row["blocked_gates"] == "N"
    assert row["blocked_reasons"] == "N:pregnancy=yes"
    assert row["withdrawn_rules"] == "R05;R06;R07"


def test_visits_and_grades_have_their_columns(tmp_path):
    visits = [
        CONTEXT | {"visit_date": "2026-03-02", "conservative_started": "", "conservative_outcome": ""},
        CONTEXT | {"visit_date": "2026-05-04", "conservative_started": "yes", "conservative_outcome": "improved"},
    ]
    rows = {"candidate_id": f"{PELVIS}-L-1", "status": "confirmed", "reader": "Dr A. Reader", "time": TIME}
    folder = copied_results(tmp_path)
    decisions = table(
        tmp_path / "d.csv",
        [
            rows | {"candidate_id": f"{PELVIS}-R-1", "confirmed_class": ""},
            rows | {"confirmed_class": "heterotopic-ossification"},
        ],
    )
    contexts = table(tmp_path / "contexts.csv", visits)
    result = report_workflow(folder.path, contexts, decisions, formats=("csv",))
    right, left = rows_of(result.folder / "recommendations.csv")[:2]
    assert right["history"] == "2026-03-01=S8;2026-03-02=S10;2026-05-04=S15"
    assert left["grades"] == "brooker=unknown"


def test_hips_whose_findings_were_rejected_are_in_no_table(tmp_path):
    _, result = reported(tmp_path, "csv", "parquet", R_1="rejected", R_2="rejected")
    for frame in (
        pd.read_csv(result.folder / "recommendations.csv"),
        pd.read_parquet(result.folder / "recommendations.parquet"),
    ):
        assert (PELVIS, "R") not in set(zip(frame["image_id"], frame["side"], strict=True))
        assert "S2" not in set(frame["state"])


def test_csv_and_parquet_hold_the_same_and_every_column_is_explained(tmp_path):
    _, result = reported(tmp_path, "csv", "parquet", R_1="confirmed")
    text = pd.read_csv(result.folder / "recommendations.csv")
    binary = pd.read_parquet(result.folder / "recommendations.parquet")
    pd.testing.assert_frame_equal(text, binary, check_dtype=False)
    explained = rows_of(result.folder / "columns.csv")
    schema = pq.read_schema(result.folder / "recommendations.parquet")
    assert [row["column"] for row in explained] == list(text.columns) == schema.names
    assert all(row["meaning"] for row in explained)
    assert {row["column"]: row["meaning"] for row in explained} == {
        name: schema.field(name).metadata[b"meaning"].decode() for name in schema.names
    }
    units = {row["column"]: row["unit"] for row in explained}
    assert units == {name: schema.field(name).metadata.get(b"unit", b"").decode() for name in schema.names}
    assert (units["spacing_mm"], units["detection_limit_head_radii"], units["state"]) == ("mm", "head radii", "")


def test_what_a_table_holds_never_becomes_markup_or_a_path(tmp_path, capsys):
    folder = copied_results(tmp_path)
    people = [
        {"image_id": "abcdef0000000001", "person": '<b>&"../../x\u202e ü</b>'},
        {"image_id": "abcdef0000000002", "person": "../etc"},
    ]
    rows = [{"candidate_id": f"{PELVIS}-R-1", "status": "confirmed", "reader": "<script>a</script> & Ö", "time": TIME}]
    context = CONTEXT | {"nsaid_checklist": "hypertension;others-no", "nsaid_caution_reason": "<i>fine & well</i> ]]>"}
    arguments = [
        *("report", str(folder.path), "--context", str(table(tmp_path / "contexts.csv", [context]))),
        *("--decisions", str(table(tmp_path / "decisions.csv", rows)), "--format", "json,html,pdf,csv,parquet,fhir"),
        *("--participants", str(table(tmp_path / "p.csv", people))),
    ]
    before = set(tmp_path.rglob("*"))
    assert main(arguments) == 0
    written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(folder.path / "recommendations" in path.parents or "review" in path.parts for path in written)
    names = {path.stem for path in written if path.suffix == ".pdf"}
    assert {name.rpartition("-")[0] for name in names} == {"person-b-x-b", "person-etc"}
    for path in (path for path in written if path.suffix == ".html"):
        assert not re.search("<script>a|<i>fine|<b>&", path.read_text(encoding="utf-8"))
    assert f"Patients: {folder.path / 'recommendations' / 'index.html'}" in capsys.readouterr().out


def test_every_format_has_a_module_with_a_writer():
    for name, form in FORMATS.items():
        assert importlib.util.find_spec(f"hipcalc.report.formats.{form.module}"), name
        assert form.places, name
        assert bool(form.package) == bool(form.extra), name
