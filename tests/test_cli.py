"""The command as a user runs it: in a process of its own, with its messages and exit statuses."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from hipcalc.cli import main
from hipcalc.cli.ahead import begin_ahead
from hipcalc.synthetic.workers import cores
from report_builders import results_folder
from small_radiographs import MIXED_STATUS, SAMPLE, mixed_folder, small_hip
from support import ROOT

QUICK = ("--no-detectability", "--workers", "2")


def start(*arguments, **options):
    command = [sys.executable, "-m", "hipcalc", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )


def run(*arguments, **options):
    process = start(*arguments, **options)
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def images(folder):
    return pd.read_csv(folder / "images.csv", dtype={"image_id": str})


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    mixed_folder(folder / "in")
    return folder, *run("screen", "in", "--out", "out", *QUICK, cwd=folder)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Enough inputs for a run to be disturbed while it works."""
    folder = tmp_path_factory.mktemp("many")
    first = small_hip(folder / "in" / "00.png").read_bytes()
    for number in range(1, 6):
        (folder / "in" / f"{number:02d}.png").write_bytes(first)
    return folder


def test_a_mixed_folder_is_done_with_status_3(screened):
    folder, status, out, _ = screened
    assert status == 3
    assert len(images(folder / "out")) == len(MIXED_STATUS)
    assert "7 inputs: 2 analysed, 3 rejected, 2 failed" in out
    assert "Failed inputs are tried again by the same command with --resume" in out
    assert "hip.png" in out
    assert "there is no picture" not in out
    assert re.search(r"rejected +1 +.*not an image", out)
    assert out.rstrip().endswith("out/report/index.html")
    assert "Research software, not a medical device." in out


def test_progress_is_plain_lines_where_there_is_no_terminal(screened):
    _, _, _, err = screened
    *lines, last = err.splitlines()
    assert last == "writing tables and pages"
    assert len(lines) == len(MIXED_STATUS)
    assert all(re.fullmatch(r"\d+/7 in/.*: .*", line) for line in lines)
    assert "\x1b" not in err


def test_the_log_for_programs_is_an_object_per_line(screened, tmp_path):
    folder, *_ = screened
    for shard in ("1/2", "2/2"):
        status, _, err = run(
            "screen", "in", "--out", tmp_path / "out", "--shard", shard, "--log", "json", *QUICK, cwd=folder
        )
        assert status in (0, 3)
        first, *lines, stage, last = map(json.loads, err.splitlines())
        assert (stage["event"], stage["message"]) == ("stage", "writing tables")
        assert (last["event"], last["inputs"]) == ("end", len(lines))
        assert last["ok"] + last["rejected"] + last["failed"] == len(lines)
        assert (first["event"], first["inputs"]) == ("start", len(lines))
        assert {line["event"] for line in lines} == {"input"}
        assert all({"path", "status", "reason", "seconds", "reused", "time"} <= set(line) for line in lines)
    status, out, _ = run("merge", tmp_path / "out", cwd=folder)
    assert status == 3
    assert "7 inputs: 2 analysed, 3 rejected, 2 failed" in out
    for name in ("images.csv", "hips.parquet", "candidates.csv", "columns.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / "out" / name).read_bytes()
    pages = sorted(path.name for path in (folder / "out" / "report").glob("*.html"))
    assert sorted(path.name for path in (tmp_path / "out" / "report").glob("*.html")) == pages


def test_a_few_images_are_listed_and_many_are_counted(tmp_path):
    from rich.console import Console

    from hipcalc.cli.tables import print_screening
    from simulated_cohort import run as pretended_run
    from simulated_cohort import write_inputs

    result = pretended_run(write_inputs(tmp_path / "in", 300), tmp_path / "out")
    console = Console(width=80, record=True, file=io.StringIO())
    print_screening(console, result)
    text = console.export_text()
    assert re.search(r"supra-rim|above the rim", text)
    assert re.search(r"300 inputs: \d+ analysed, \d+ rejected, \d+ failed", text)
    assert "Slowest: " in text
    assert re.search(r"Mean of each image: reading 0.01 s, locating 0.5 s, ledger, tables and pages [\d.e-]+ s", text)
    # It fits a screen.
    assert len(text.splitlines()) <= 40


def test_a_limit_over_bone_says_so(tmp_path):
    from rich.console import Console

    from hipcalc.cli.tables import print_screening
    from simulated_cohort import run as pretended_run
    from simulated_cohort import write_inputs

    result = pretended_run(write_inputs(tmp_path / "in", 3), tmp_path / "out")
    right, left = (
        [hip for record in result.records for hip in record.hips if hip.side == side and hip.detection_limit_head_radii]
        for side in "RL"
    )
    assert right
    assert left
    console = Console(width=100, record=True, file=io.StringIO())
    print_screening(console, result)
    assert console.export_text().count("over bone") == len(right)


def test_paths_stay_as_the_user_gave_them(screened):
    folder, *_ = screened
    assert images(folder / "out")["path"].str.startswith("in/").all()


def test_all_done_is_status_0(screened, tmp_path):
    folder, *_ = screened
    status, out, _ = run("screen", folder / "in" / "hip.png", "--out", tmp_path / "out", "--format", "tables", *QUICK)
    assert status == 0
    assert not (tmp_path / "out" / "report").exists()
    assert "Page:" not in out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["screen", "nowhere", "--out", "x"], 1, "nowhere: there is no such file or folder; check the path."),
        (["screen", "no\x1bwhere", "--out", "x"], 1, r"no\x1bwhere: there is no such file or folder"),
        (["screen", "empty", "--out", "x"], 1, "empty: this folder holds no file; name one with radiographs."),
        (["screen", "in", "--out", "in"], 2, "in: every input lies inside this output folder; choose another one"),
        (["screen", "in", "--out", "other"], 2, "other is not empty and holds no results of hipcalc screen; choose"),
        (["screen", "in", "--out", "in/hip.png"], 1, "in/hip.png is a file, not a folder; choose another output"),
        (["screen", "in", "--out", "/proc/none"], 1, "/proc/none cannot be made"),
        (["screen", "in", "--out", "out"], 2, "out holds results of other settings (detectability False there, True"),
        (["screen", "in", "--out", "x", "--spacing", "0"], 2, "spacing must be a positive number of millimetres"),
        (["screen", "in", "--out", "x", "--false-marks-per-hip", "0"], 2, "must be above 0 and at most 10"),
        (["screen", "in", "--out", "x", "--workers", "0"], 2, "number of workers must be at least 1, not 0"),
        (["screen", "in", "--out", "x", "--engine", "dask"], 2, "--engine dask and --scheduler ADDRESS go together"),
        (["screen", "in", "--out", "x", "--scheduler", "tcp://h:1"], 2, "go together: give both or neither"),
        (["screen", "in", "--out", "x", "--shard", "3/2"], 2, "A shard is one of 1/N to N/N, not 3/2"),
        (["screen", "nope://x/y", "--out", "x"], 2, "nope://x/y: this kind of address is not known"),
        (["merge", "in"], 2, "in holds no shards; run hipcalc screen with --shard 1/N to N/N first"),
        (["screen", "in/hip.png", "--out", "in/hip.png"], 1, "in/hip.png is a file, not a folder; choose another"),
        (["query", "in", "select 1"], 2, "in holds no images.parquet"),
        (["report", "in", "--context", "c.csv"], 2, "in holds no results of hipcalc screen"),
        (["report", "out", "--context", "c.csv"], 2, "c.csv cannot be read"),
        (
            ["evaluate", "out", "--truth", "t.csv"],
            2,
            "t.csv cannot be read (No such file or directory); give an existing CSV table",
        ),
        (["simulate", "x", "--n", "0"], 2, "n is 0 but must be between 1 and"),
        (["simulate", "x", "--sample", "--n", "3"], 2, "--sample is always the same: leave out --n and --seed"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(screened, monkeypatch, capsys, arguments, status, message):
    monkeypatch.chdir(screened[0])
    (screened[0] / "empty").mkdir(exist_ok=True)
    (screened[0] / "other").mkdir(exist_ok=True)
    (screened[0] / "other" / "thesis.txt").write_text("mine")
    assert main(arguments) == status
    err = capsys.readouterr().err
    assert err.startswith("hipcalc: ")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (screened[0] / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["screen"], ["screen", "in"], ["nonsense"], ["screen", "a", "--engine", "x"]),
        *(["screen", "a", "--out", "x", *more] for more in (["--shard", "x"], ["--time-limit", "0"])),
        *(["screen", "a", "--out", "x", *more] for more in (["--spacing", "0,14"], ["--workers", "two"])),
    ],
)
def test_wrong_usage_is_status_2_and_one_line_that_says_where_to_read_on(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hipcalc: ")
    assert line.endswith("--help")


def test_a_number_with_a_decimal_comma_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["screen", "a", "--out", "x", "--spacing", "0,14"])
    said = "hipcalc: argument --spacing: not a number, as in 0.143: 0,14; see hipcalc screen --help\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("command", [[], ["screen"], ["merge"], ["query"], ["report"], ["evaluate"], ["simulate"]])
def test_help_is_there_for_every_command(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert "usage: hipcalc" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys):
    from importlib.metadata import version

    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"hipcalc {version('hipcalc')}\n"


def test_a_folder_that_cannot_be_opened_is_not_called_empty(tmp_path, monkeypatch, capsys):
    def closed(_path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(Path, "iterdir", closed)
    assert main(["screen", str(tmp_path / "closed"), "--out", str(tmp_path / "out")]) == 1
    assert "closed: this folder cannot be opened (Permission denied); check its permissions." in capsys.readouterr().err


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_to_write_is_told(screened, tmp_path):
    tmp_path.chmod(0o500)
    status, _, err = run("screen", screened[0] / "in", "--out", tmp_path / "out", *QUICK)
    assert status == 1
    assert "cannot be made (Permission denied)" in err


def wait_for(folder, count, process):
    """Wait until so many records are written."""
    deadline = time.monotonic() + 120
    pictures = folder / "report" / "pictures"
    # A hip's picture is written just before its record.
    while not pictures.is_dir() or len(list(pictures.iterdir())) <= count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers_of(process):
    return psutil.Process(process.pid).children()


def test_killing_a_worker_costs_nothing(many, tmp_path):
    process = start("screen", many / "in", "--out", tmp_path / "out", *QUICK)
    wait_for(tmp_path / "out", 1, process)
    workers_of(process)[0].kill()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert images(tmp_path / "out")["status"].tolist() == ["ok"] * 6


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_keeps_what_is_done_and_goes_on(many, tmp_path, how):
    out = tmp_path / "out"
    process = start("screen", many / "in", "--out", out, *QUICK)
    wait_for(out, 2, process)
    group = os.getpgid(process.pid)
    os.killpg(group, how) if how == signal.SIGINT else process.kill()
    _, err = process.communicate(timeout=300)
    assert "Traceback" not in err
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert re.search(r"hipcalc: interrupted: \d+ of 6 inputs are done and kept in .*out; the same command", err)
    assert not (out / "images.csv").exists()
    # Whoever forgets to ask for it does not lose what was done.
    status, _, told = run("screen", many / "in", "--out", out, *QUICK)
    assert status == 2
    assert re.search(r"holds \d results of a run that was interrupted; add --resume to go on from there", told)
    status, printed, err = run("screen", many / "in", "--out", out, "--resume", *QUICK)
    assert status == 0, err
    assert images(out)["status"].tolist() == ["ok"] * 6
    reused = int(re.search(r"(\d+) kept from before", printed)[1])
    assert 1 <= reused <= 6


def test_report_prints_states_and_what_is_missing(tmp_path):
    folder = results_folder(tmp_path / "results")
    with (tmp_path / "decisions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["candidate_id", "status", "reader", "time"],
                ["abcdef0000000001-R-1", "confirmed", "Dr A. Reader", "2026-03-01T14:05:00Z"],
                ["abcdef0000000001-L-1", "rejected", "Dr A. Reader", "2026-03-01T14:05:00Z"],
            ]
        )
    (tmp_path / "contexts.csv").write_text("image_id,side,hip_pain\nabcdef0000000001,R,yes\n")
    arguments = ["report", folder.path, "--context", "contexts.csv", "--decisions", "decisions.csv"]
    status, out, _ = run(*arguments, cwd=tmp_path)
    assert status == 0
    assert re.search(r"pelvis.dcm +right +S8 ", out)
    assert re.search(r"\d+ answers", out)
    assert re.search(r"hip.png +left +S0 ", out)
    assert "audit only, as all marks were rejected: 1 hip." in out
    assert "2 decisions added to the log." in out
    assert out.rstrip().endswith("index.html")


def test_evaluate_prints_its_table(screened, tmp_path):
    folder = screened[0] / "out"
    hips = pd.read_csv(folder / "hips.csv", dtype={"image_id": str}).iloc[:1]
    hips.to_csv(tmp_path / "truth.csv", index=False)
    status, out, _ = run("evaluate", folder, "--truth", tmp_path / "truth.csv")
    assert status == 0
    assert re.search(r"hips within 0.2 head radii +1.000", out)
    assert "evaluation.csv" in out


@pytest.mark.parametrize(
    ("arguments", "function", "expected"),
    [
        (["--n", "3", "--seed", "7", "--workers", "3"], "simulate", {"n": 3, "seed": 7, "workers": 3}),
        ([], "simulate", {"n": 10, "seed": 1, "workers": cores()}),
        (["--sample"], "simulate_sample", {}),
    ],
)
def test_simulate_hands_on_its_options(monkeypatch, capsys, tmp_path, arguments, function, expected):
    asked = {}

    def stand_in(out, *, on_image, **options):
        asked.update(options)
        on_image(1)
        return (tmp_path / "one.dcm",)

    # The simulation itself takes seconds, and has its own tests.
    monkeypatch.setattr(f"hipcalc.synthetic.{function}", stand_in)
    assert main(["simulate", str(tmp_path), *arguments]) == 0
    assert asked == expected
    out, err = capsys.readouterr()
    assert "1 radiographs and their truth tables are in" in out
    assert re.search(r"1/\d+ radiographs written", err)


def test_the_sample_is_in_the_checkout():
    assert SAMPLE == ROOT / "sample_data"
    assert len(list(SAMPLE.glob("*.dcm"))) >= 4


@pytest.mark.parametrize(
    ("arguments", "begun"),
    [
        (["screen", "{}", "--out", "r", "--workers", "3"], (3, None)),
        (["screen", "{}", "--out", "r", "--workers", "3", "--memory-limit", "2000"], (3, 2000 * 2**20)),
        (["screen", "{}/02_right_hip.dcm", "--out", "r", "--workers=3"], (1, None)),
        (["screen", "s3://bucket/cohort", "--out", "r", "--workers", "2"], (2, None)),
        (["screen", "s3://bucket/cohort", "--out", "r", "--workers", "1000"], (8, None)),
        (["screen", "s3://bucket/cohort", "--out", "r"], (8, None)),
        (["screen", "no_such_file.dcm", "--out", "r", "--workers", "2"], (0, None)),
        (["screen", "{}", "--out", "r", "--engine", "dask"], None),
        (["screen", "{}", "--out", "r", "--workers", "many"], None),
        (["screen", "--help"], None),
        (["merge", "{}"], None),
        ([], None),
    ],
)
def test_workers_begin_to_load_before_the_command_line_has(arguments, begun, monkeypatch):
    calls = []
    monkeypatch.setattr("hipcalc.cli.ahead.default_workers", lambda: 8)
    monkeypatch.setattr("hipcalc.cli.ahead.begin_workers", lambda *given: calls.append(given))
    begin_ahead([one.format(SAMPLE) for one in arguments])
    assert calls == ([] if begun is None else [begun])
