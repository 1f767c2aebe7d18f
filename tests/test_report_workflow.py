"""``hipcalc report``: decisions into the log, recommendations beside the results, and what must never be shown."""

import json
from hashlib import sha256
from html import unescape

import pytest

from format_builders import CONTEXT, PELVIS, TIME, table
from hipcalc.cli import main
from hipcalc.errors import UsageError
from hipcalc.report import package_version, report_workflow
from hipcalc.report.provenance import RESEARCH_NOTICE
from hipcalc.review import LOG_FILE, read_log
from hipcalc_models import model_file
from report_builders import SHA, results_folder

HIP = "abcdef0000000002"


@pytest.fixture
def folder(tmp_path):
    return results_folder(tmp_path / "results", twice=True)


def decisions(tmp_path, **status):
    rows = [
        {"candidate_id": f"{PELVIS}-{key.replace('_', '-')}", "status": value, "reader": "Dr A. Reader", "time": TIME}
        for key, value in status.items()
    ]
    return table(tmp_path / "decisions.csv", rows)


def report(folder, tmp_path, *, context=CONTEXT, **status):
    chosen = decisions(tmp_path, **status) if status else None
    result = report_workflow(folder.path, table(tmp_path / "contexts.csv", [context]), chosen)
    return {(one.image_id, one.side): one for one in result.recommendations}, result


def saved(folder, name):
    return json.loads((folder.path / "recommendations" / name).read_text(encoding="utf-8"))


def test_a_confirmed_rim_finding_with_context_gets_its_advice(folder, tmp_path):
    hips, result = report(folder, tmp_path, R_1="confirmed", R_2="rejected")
    assert hips[PELVIS, "R"].state == "S10"
    written = saved(folder, f"{PELVIS}-R.json")
    origin = written.pop("provenance")
    assert written == hips[PELVIS, "R"].to_dict()
    assert origin["image_sha256"] == SHA["pelvis"]
    assert {"R16", "R17", "R20", "R42"} <= {sentence["rule_id"] for sentence in written["mandatory"]}
    assert result.new_decisions == 2
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    for sentence in hips[PELVIS, "R"].sentences:
        assert sentence.rule_id in page
        assert sentence.place in page
    assert "confirmed by Dr A. Reader" in page
    assert "Research use only" in page


def test_file_and_page_say_what_made_them_and_how_far_they_go(folder, tmp_path):
    report(folder, tmp_path, R_1="confirmed")
    run = folder.read_run()
    origin = saved(folder, f"{PELVIS}-R.json")["provenance"]
    assert origin == {
        "notice": RESEARCH_NOTICE,
        "screening_version": run["version"],
        "report_version": package_version(),
        "models": run["models"],
        "settings_hash": run["settings_hash"],
        "false_marks_per_hip": run["settings"]["false_marks_per_hip"],
        "image_sha256": SHA["pelvis"],
        "spacing_mm": 0.5,
        "spacing_source": "calibrated",
        "detection_limit_mm": pytest.approx(3.123456789, rel=1e-5),
        "detection_limit_head_radii": 0.13,
        "detection_limit_tissue": "soft tissue",
    }
    assert saved(folder, f"{HIP}-R.json")["provenance"]["detection_limit_mm"] is None
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    section = unescape(page[page.index('id="workflow"') :])
    for said in (
        *(RESEARCH_NOTICE, SHA["pelvis"], run["settings_hash"], *run["models"], "hipcalc 9.8.7"),
        *("expected false marks per hip", "detection limit 3.1 mm (0.13 R)", "0.5 mm per pixel, calibrated"),
    ):
        assert said in section, said
    # Each hip has the workflow's own words about research use; the notice stands once, at the foot of the page.
    assert section.count(RESEARCH_NOTICE) == 1
    assert section.count("Research use only") == section.count('<article class="workflow">') == 2


def test_the_page_tells_the_way_from_visit_to_visit(folder, tmp_path):
    rows = [
        CONTEXT | {"visit_date": "2026-05-04", "conservative_outcome": "persists", "conservative_started": ""},
        CONTEXT | {"visit_date": "2026-03-02", "conservative_outcome": "", "conservative_started": "yes"},
    ]
    report_workflow(folder.path, table(tmp_path / "contexts.csv", rows), decisions(tmp_path, R_1="confirmed"))
    assert [entry["state"] for entry in saved(folder, f"{PELVIS}-R.json")["history"]] == ["S8", "S10", "S11"]
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    way = page[page.index("The way here") : page.index("To be kept in mind")]
    assert way.index("2026-03-01") < way.index("2026-03-02") < way.index("2026-05-04")
    assert "confirmed by Dr A. Reader" in way
    assert "9.0" in way


def test_without_decisions_nothing_is_advised(folder, tmp_path):
    hips, _ = report(folder, tmp_path)
    assert hips[PELVIS, "R"].state == "S1"
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    assert "Nothing is confirmed in this hip: no advice is given." in page
    assert "Unconfirmed algorithm output" in page
    assert "ibuprofen" not in page
    assert "S1" in folder.index.read_text(encoding="utf-8")


def test_rejected_findings_are_in_the_audit_only(folder, tmp_path):
    hips, _ = report(folder, tmp_path, R_1="rejected", R_2="rejected", L_1="confirmed")
    assert hips[PELVIS, "R"].audit_only
    assert not (folder.path / "recommendations" / f"{PELVIS}-R.json").exists()
    assert saved(folder, f"audit/{PELVIS}-R.json")["state"] == "S2"
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    assert "Right hip: S2" not in page
    assert f"{PELVIS}-R-1" not in page
    assert "S2" not in folder.index.read_text(encoding="utf-8")


def test_a_later_decision_moves_a_hip_out_of_the_audit(folder, tmp_path):
    report(folder, tmp_path, R_1="rejected", R_2="rejected")
    rows = [
        {
            "candidate_id": f"{PELVIS}-R-1",
            "status": "confirmed",
            "reader": "Dr A. Reader",
            "time": "2026-03-02T09:00:00Z",
        }
    ]
    later = table(tmp_path / "later.csv", rows)
    report_workflow(folder.path, tmp_path / "contexts.csv", later)
    assert saved(folder, f"{PELVIS}-R.json")["state"] == "S10"
    assert not (folder.path / "recommendations" / "audit" / f"{PELVIS}-R.json").exists()
    assert len(read_log(folder.path)) == 3


def test_the_same_decisions_twice_change_nothing(folder, tmp_path):
    report(folder, tmp_path, R_1="confirmed")
    log = (folder.path / LOG_FILE).read_bytes()
    _, result = report(folder, tmp_path, R_1="confirmed")
    assert result.new_decisions == 0
    assert (folder.path / LOG_FILE).read_bytes() == log
    _, result = report(folder, tmp_path)
    assert saved(folder, f"{PELVIS}-R.json")["state"] == "S10"


def test_a_wrong_context_leaves_everything_as_it_was(folder, tmp_path):
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="it fits no hip of these results"):
        report(folder, tmp_path, context=CONTEXT | {"image_id": "no-such-image"}, R_1="confirmed")
    with pytest.raises(UsageError, match="line 2, column hip_pain: 'perhaps' is not allowed"):
        report(folder, tmp_path, context=CONTEXT | {"hip_pain": "perhaps"}, R_1="confirmed")
    missing = f"decisions.csv, line 2, column candidate_id: '{PELVIS}-R-9' is not allowed; the results hold no such"
    with pytest.raises(UsageError, match=missing):
        report(folder, tmp_path, R_9="confirmed")
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


def test_contexts_of_images_that_were_not_analysed_are_left_aside_and_told(folder, tmp_path, capsys):
    contexts = [
        CONTEXT,
        CONTEXT | {"image_id": SHA["forearm"][:16]},
        CONTEXT | {"image_id": "", "path": "elsewhere/broken.dcm"},
    ]
    rows = table(tmp_path / "cohort.csv", [{"path": "", **row} for row in contexts])
    assert main(["report", str(folder.path), "--context", str(rows)]) == 0
    told = f"2 contexts left aside, of images that were not analysed: {SHA['forearm'][:16]}, broken.dcm."
    assert told in capsys.readouterr().out
    assert saved(folder, f"{PELVIS}-R.json")["state"] == "S1"


def test_an_unfinished_run_is_refused(folder, tmp_path):
    folder.write_run(folder.read_run() | {"status": "running"})
    with pytest.raises(UsageError, match="holds an unfinished run: run hipcalc screen with --resume first"):
        report(folder, tmp_path)


def test_a_run_without_pages_gets_its_files_and_no_pages(tmp_path):
    folder = results_folder(tmp_path / "results", pages=False)
    _, result = report(folder, tmp_path, R_1="confirmed")
    assert result.index is None
    assert saved(folder, f"{PELVIS}-R.json")["state"] == "S10"
    assert not folder.index.exists()


def test_the_index_puts_a_red_flag_first(folder, tmp_path):
    report(folder, tmp_path, context=CONTEXT | {"red_flags": "fever;others-no"}, R_1="confirmed")
    index = folder.index.read_text(encoding="utf-8")
    states = index[index.index("Workflow states") : index.index("<h2>Images")]
    assert states.index("S17") < states.index("S1<")
    page = (folder.pages / f"{PELVIS}.html").read_text(encoding="utf-8")
    assert "banner urgent" in page
    assert "R16 ·" not in page


def test_a_sites_own_workflow_is_used_and_named_in_every_output(folder, tmp_path):
    site = tmp_path / "site.toml"
    original = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")
    site.write_text(original.replace('name = "guideline-1"', 'name = "our-clinic"'), encoding="utf-8")
    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    assert main(["report", str(folder.path), "--context", str(contexts), "--workflow", str(site)]) == 0
    said = [json.loads(file.read_text(encoding="utf-8")) for file in (folder.path / "recommendations").glob("*.json")]
    assert said
    for one in said:
        assert (one["workflow_name"], one["workflow_sha256"]) == ("our-clinic", sha256(site.read_bytes()).hexdigest())


def test_a_spoilt_workflow_is_refused_before_anything_is_written(folder, tmp_path, capsys):
    site = tmp_path / "site.toml"
    original = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")
    site.write_text(original.replace("plan is made to fit", "plan, with naproxen, is made to fit"), encoding="utf-8")
    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    assert main(["report", str(folder.path), "--context", str(contexts), "--workflow", str(site)]) == 2
    assert "site.toml: the text of R43 names naproxen" in capsys.readouterr().err
    assert not (folder.path / "recommendations").exists()
