"""Many files: one row each, the same tables whatever the workers, and nothing done twice on resuming."""

import importlib
import json
import os
import re
import shutil
from importlib.resources import files

import pandas as pd
import pytest

from hipcalc.cohort import CohortSettings, default_workers, run_cohort
from hipcalc.cohort.analysis import Job, analyse_input, record_loss
from hipcalc.errors import InputUnreadableError, OutputError, UsageError
from hipcalc.report import Input, ResultsFolder, models_digest, unpack
from hipcalc.report.tables import TABLE_FILES
from small_radiographs import MIXED_STATUS, mixed_folder, small_hip

QUICK = CohortSettings(detectability=False)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return mixed_folder(tmp_path_factory.mktemp("mixed") / "in")


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "results"
    done = []
    result = run_cohort([inputs], out, settings=QUICK, workers=2, on_done=done.append)
    return out, result, done


def table(out, name):
    return pd.read_csv(out / f"{name}.csv", dtype={"image_id": str})


def test_every_input_has_one_row_whatever_happened_to_it(finished):
    out, result, done = finished
    images = table(out, "images")
    names = images["path"].str.rsplit("/").str[-1]
    assert dict(zip(names, images["status"], strict=True)) == MIXED_STATUS
    assert images["path"].tolist() == sorted(images["path"])
    assert len(done) == len(images) == len(result.records)
    lost = images["status"] != "ok"
    assert images["reason"].notna().tolist() == lost.tolist()
    assert images["quality"].isna().tolist() == lost.tolist()
    for reason in images.loc[lost, "reason"]:
        assert re.fullmatch(r"[^\n]{20,200}\.", reason), reason
        assert str(out.parent) not in reason


def test_what_takes_time_beside_the_analysis_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("hipcalc.cohort.run._TELL_S", -1.0)
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(b"cut short")
    told = []
    run_cohort([tmp_path], tmp_path / "out", settings=QUICK, workers=1, on_stage=told.append)
    listing = [f"looking for inputs: {found} found" for found in (0, 1)]
    assert told == [*listing, "writing tables and pages"]


def test_the_same_content_twice_is_two_rows_with_one_id(finished):
    out, _, _ = finished
    images, hips = table(out, "images"), table(out, "hips")
    same = images[images["status"] == "ok"]
    assert same["image_id"].nunique() == 1
    assert len(hips) == 2 * len(hips["path"][hips["path"].str.endswith("copy.png")])
    assert {page.name for page in (out / "report").glob("*.html")} == {
        "index.html",
        f"{same['image_id'].iloc[0]}.html",
        f"{same['image_id'].iloc[0]}-2.html",
    }


def test_one_worker_gives_the_same_tables_bit_for_bit(finished, inputs, tmp_path):
    out, _, _ = finished
    run_cohort([inputs], tmp_path, settings=QUICK, workers=1)
    for name in TABLE_FILES:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name
    pages = sorted(path.name for path in (out / "report").glob("*.html"))
    for page in pages:
        assert (tmp_path / "report" / page).read_bytes() == (out / "report" / page).read_bytes()


def test_times_stand_in_a_table_of_their_own(finished):
    out, _, _ = finished
    times = pd.read_csv(out / "times.csv", dtype={"image_id": str})
    images = table(out, "images")
    assert times["path"].tolist() == images["path"].tolist()
    assert times["image_id"].equals(images["image_id"])
    assert (times["analyze_s"] > 0).tolist() == (images["status"] == "ok").tolist()
    assert images[["decode_s", "analyze_s"]].isna().all(axis=None)


def test_the_run_tells_what_each_stage_takes(finished):
    out, result, _ = finished
    stages = json.loads((out / "run.json").read_text())["stages"]
    assert stages["images"] == 2
    assert list(result.stages_s) == [*stages["seconds"], "ledger, tables and pages"]
    assert {"reading", "normalising", "locating", "measuring", "detecting", "pictures"} <= set(stages["seconds"])
    assert all(seconds >= 0 for seconds in result.stages_s.values())
    times = pd.read_csv(out / "times.csv")
    parts = sum(seconds for name, seconds in stages["seconds"].items() if name != "pictures")
    assert parts == pytest.approx((times["decode_s"] + times["analyze_s"]).sum(), rel=1e-3)


def test_resuming_a_finished_run_does_no_work(finished, inputs):
    out, before, _ = finished
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    done = []
    result = run_cohort([inputs], out, settings=QUICK, workers=2, resume=True, on_done=done.append)
    analysed = [one for one in done if not one.reused]
    # What failed is tried again, and fails again: nothing changes but the ledger and the account of the run.
    assert {one.status for one in analysed} == {"failed"}
    assert result.reused == sum(status != "failed" for status in MIXED_STATUS.values())
    assert result.records == before.records
    changed = {path.name for path, time in written.items() if path.stat().st_mtime_ns != time}
    assert changed <= {"run.json", "ledger.sqlite"}


def test_a_table_that_was_taken_away_is_written_again(finished, inputs):
    out, _, _ = finished
    before = {name: (out / name).read_bytes() for name in TABLE_FILES}
    (out / "columns.csv").unlink()
    run_cohort([inputs], out, settings=QUICK, workers=1, resume=True)
    assert {name: (out / name).read_bytes() for name in TABLE_FILES} == before


def test_a_file_that_only_looks_new_is_read_but_not_analysed(finished, inputs):
    out, _, _ = finished
    os.utime(inputs / "hip.png")
    done = []
    run_cohort([inputs], out, settings=QUICK, workers=1, resume=True, on_done=done.append)
    assert [one.reused for one in done if one.path.endswith("hip.png")] == [True]


def test_a_changed_file_is_done_again_and_a_new_one_added(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    small_hip(source / "a.png")
    run_cohort([source], out, settings=QUICK, workers=1)
    first = table(out, "images")
    small_hip(source / "a.png", "07_left_hip.dcm")
    (source / "b.txt").write_text("new")
    result = run_cohort([source], out, settings=QUICK, workers=1, resume=True)
    second = table(out, "images")
    assert result.reused == 0
    assert second["image_id"][0] != first["image_id"][0]
    assert len(second) == 2


def test_run_json_says_what_was_done_and_by_what(finished):
    out, _, _ = finished
    run = json.loads((out / "run.json").read_text())
    assert run["status"] == "done"
    assert run["settings"] == {
        "spacing_mm": None,
        "scale_bar_mm": None,
        "name_pattern": None,
        "false_marks_per_hip": QUICK.false_marks_per_hip,
        "detectability": False,
        "pages": True,
    }
    assert run["settings_hash"] == QUICK.hash
    assert run["counts"].items() >= {"inputs": 7, "ok": 2, "rejected": 3, "failed": 2}.items()
    assert (run["engine"], run["shard"]) == ("local", None)
    assert run["seeds"]
    assert run["analysed"] + run["reused"] == 7
    assert {"numpy", "pydicom", "opencv-python-headless"} <= set(run["libraries"])
    assert "guideline-1" in run["models"]
    assert os.uname().nodename not in (out / "run.json").read_text()
    assert run["elapsed_s"] > 0


def test_a_rejected_picture_is_still_to_be_seen(finished, tmp_path):
    blank = tmp_path / "no_hip.png"
    import cv2
    import numpy as np

    cv2.imwrite(str(blank), (1000 + 200 * np.random.default_rng(1).random((300, 300))).astype(np.uint16))
    result = run_cohort([blank], tmp_path / "out", settings=QUICK, workers=1)
    (record,) = result.records
    assert record.image.status == "rejected"
    assert list((tmp_path / "out" / "report" / "pictures").rglob("thumbnail.jpg"))


def test_settings_change_the_hash_and_wrong_ones_are_refused():
    assert CohortSettings().hash != CohortSettings(false_marks_per_hip=0.5).hash
    assert CohortSettings().hash == CohortSettings().hash
    with pytest.raises(UsageError, match="spacing must be a positive number of millimetres, not -1"):
        CohortSettings(spacing_mm=-1.0)
    with pytest.raises(UsageError, match="above 0 and at most 10 expected false marks per hip, not 11"):
        CohortSettings(false_marks_per_hip=11.0)
    with pytest.raises(UsageError, match="not nan"):
        CohortSettings(false_marks_per_hip=float("nan"))


def test_the_spacing_of_the_user_reaches_the_tables(tmp_path):
    hip = small_hip(tmp_path / "hip.png")
    settings = CohortSettings(detectability=False, spacing_mm=0.53)
    run_cohort([hip], tmp_path / "out", settings=settings, workers=1)
    images = table(tmp_path / "out", "images")
    assert images["spacing_mm"][0] == 0.53
    assert images["spacing_source"][0] == "user"


def test_results_of_other_settings_or_inputs_are_refused(finished, inputs):
    out, _, _ = finished
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    other = CohortSettings(detectability=False, false_marks_per_hip=1.0)
    for resume in (False, True):
        with pytest.raises(
            UsageError, match=r"holds results of other settings \(false_marks_per_hip 0.25 there, 1.0 here\); choose"
        ):
            run_cohort([inputs], out, settings=other, resume=resume)
    with pytest.raises(UsageError, match="holds results of other inputs; choose another folder, or add --resume"):
        run_cohort([inputs / "hip.png"], out, settings=QUICK)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_results_of_a_model_that_was_refitted_in_place_are_refused(finished, inputs, tmp_path, monkeypatch):
    out, _, _ = finished
    models = tmp_path / "models"
    shutil.copytree(str(files("hipcalc_models")), models)
    monkeypatch.setattr("hipcalc.report.provenance.files", lambda _: models)
    there = models_digest()
    detector = next(models.glob("detector-*"))
    (detector / "CARD.md").write_text("said otherwise")
    models_digest.cache_clear()
    assert models_digest() == there
    (detector / "ranking.json").write_text("{}")
    models_digest.cache_clear()
    try:
        with pytest.raises(
            UsageError, match=rf"other settings \(contents of the models {there} there, [0-9a-f]{{16}} here\); choose"
        ):
            run_cohort([inputs], out, settings=QUICK, resume=True)
    finally:
        models_digest.cache_clear()


def test_a_folder_with_something_else_in_it_is_refused(inputs, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty and holds no results of hipcalc screen; choose a new or"):
        run_cohort([inputs], tmp_path, settings=QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_output_folder_that_cannot_be_made_is_named(inputs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file is a file, not a folder; choose another output folder"):
        run_cohort([inputs], tmp_path / "file", settings=QUICK)


def test_nothing_to_do_is_said_and_nothing_is_written(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputUnreadableError, match="nowhere: there is no such file or folder"):
        run_cohort([tmp_path / "nowhere"], out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputUnreadableError, match="empty: this folder holds no file"):
        run_cohort([tmp_path / "empty"], out)
    assert not out.exists()
    with pytest.raises(UsageError, match="number of workers must be at least 1, not 0"):
        run_cohort([tmp_path], out, workers=0)


def test_a_missing_file_beside_others_costs_one_row(inputs, tmp_path):
    run_cohort([inputs / "tiny.png", tmp_path / "gone.dcm"], tmp_path / "out", settings=QUICK, workers=1)
    images = table(tmp_path / "out", "images")
    assert images["status"].tolist() == ["rejected", "failed"] or images["status"].tolist() == ["failed", "rejected"]
    gone = images[images["status"] == "failed"].iloc[0]
    assert gone["reason"] == "there is no such file or folder; check the path."
    assert pd.isna(gone["image_id"])


def test_a_loop_of_links_costs_its_own_row(tmp_path):
    loop = tmp_path / "loop.dcm"
    loop.symlink_to(loop)
    (tmp_path / "a.txt").write_text("x")
    run_cohort([tmp_path / "a.txt", loop], tmp_path / "out", settings=QUICK, workers=1)
    assert table(tmp_path / "out", "images")["status"].tolist() == ["rejected", "failed"]


def test_results_inside_the_input_folder_are_no_inputs(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    out = tmp_path / "results"
    for _ in range(2):
        run_cohort([tmp_path], out, settings=QUICK, workers=1)
        assert table(out, "images")["path"].tolist() == [str(tmp_path / "a.txt")]
    with pytest.raises(UsageError, match="every input lies inside this output folder; choose another one"):
        run_cohort([out], out, settings=QUICK)


def test_a_fault_of_our_own_is_a_row_that_quotes_nothing_of_the_file(tmp_path, monkeypatch):
    def broken(*_args, **_keywords):
        raise ZeroDivisionError("PATIENT^NAME")

    monkeypatch.setattr(importlib.import_module("hipcalc.screen"), "screen", broken)
    job = Job(
        input=Input(path=str(small_hip(tmp_path / "hip.png"))),
        folder=ResultsFolder(tmp_path / "out"),
        settings=QUICK,
        settings_hash="x",
    )
    entry = analyse_input(job).entry
    assert entry.status == "failed"
    assert re.fullmatch(
        r"a fault of hipcalc itself \(ZeroDivisionError in .*, line \d+\); please report it\.", entry.reason
    )


def test_an_input_that_cost_its_process_has_its_row(tmp_path):
    job = Job(
        input=Input(path=str(small_hip(tmp_path / "hip.png"))),
        folder=ResultsFolder(tmp_path / "out"),
        settings=QUICK,
        settings_hash="x",
    )
    lost = record_loss(job, "took longer than the time limit of 5 s")
    assert lost.entry.reason == (
        "the analysis of this file took longer than the time limit of 5 s, also when it ran alone; look at the file, "
        "or raise the limit."
    )
    assert unpack(lost.packed).image.image_id == lost.entry.sha256[:16] != ""


def test_two_runs_in_one_folder_are_told_apart(inputs, tmp_path):
    folder = ResultsFolder(tmp_path / "out")
    run_cohort([inputs / "notes.txt"], folder.path, settings=QUICK, workers=1)
    with folder.ledger(write=True), pytest.raises(UsageError, match="out: another hipcalc is at work in this folder"):
        run_cohort([inputs / "notes.txt"], folder.path, settings=QUICK, workers=1)


def test_a_damaged_ledger_is_told(inputs, tmp_path):
    folder = ResultsFolder(tmp_path / "out")
    run_cohort([inputs / "notes.txt"], folder.path, settings=QUICK, workers=1)
    folder.ledger_file.write_bytes(b"no ledger, but long enough to be looked at" * 100)
    with pytest.raises(UsageError, match=r"ledger.sqlite is damaged \(.*\); remove it and run hipcalc screen again"):
        run_cohort([inputs / "notes.txt"], folder.path, settings=QUICK, workers=1, resume=True)
    folder.ledger_file.unlink()
    run_cohort([inputs / "notes.txt"], folder.path, settings=QUICK, workers=1, resume=True)
    assert len(table(folder.path, "images")) == 1


def test_workers_are_the_cores_that_may_be_used():
    assert 1 <= default_workers() <= (os.cpu_count() or 1)
