"""Runs that are killed, run out of disk, or meet poison: no row lost, none twice, nothing done twice."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import psutil
import pytest

from hipcalc.cohort import Limits
from hipcalc.cohort.pool import LocalEngine
from hipcalc.cohort.run import Plan, carry_out
from hipcalc.errors import OutputError
from hipcalc.report import ResultsFolder
from hipcalc.report.tables import TABLE_FILES
from simulated_cohort import SETTINGS, pretend, run, write_inputs
from support import ROOT

PROGRAM = ROOT / "tests" / "simulated_cohort.py"
COUNT = 120


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = write_inputs(tmp_path_factory.mktemp("faults") / "in", COUNT)
    long_ago = time.time() - 1000
    for file in folder.rglob("*.sim"):
        os.utime(file, (long_ago, long_ago))
    # Files that were changed a moment ago are read again on resuming; these are to be old.
    time.sleep(2.1)
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    run(inputs, out, workers=2)
    return {name: (out / name).read_bytes() for name in TABLE_FILES}


def same_tables(out, expected):
    return [name for name in TABLE_FILES if (out / name).read_bytes() != expected[name]]


def start(inputs, out, log, *arguments):
    environment = os.environ | {"PRETEND_LOG": str(log), "PRETEND_SECONDS": "0.02"}
    command = [sys.executable, str(PROGRAM), str(inputs), str(out), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begun(log):
    return log.read_text().splitlines() if log.exists() else []


def wait_until_begun(process, log, count):
    while len(begun(log)) < count and process.poll() is None:
        time.sleep(0.005)


def test_a_killed_coordinator_loses_nothing_and_what_was_kept_is_not_done_again(inputs, undisturbed, tmp_path):
    log, out, draw = tmp_path / "log", tmp_path / "out", random.Random(1)
    kills = 2
    for turn in range(kills):
        process = start(inputs, out, log, "--resume") if turn else start(inputs, out, log)
        wait_until_begun(process, log, len(begun(log)) + draw.randint(5, 30))
        process.kill()
        process.communicate()
    process = start(inputs, out, log, "--resume")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert same_tables(out, undisturbed) == []
    # At a kill, each of two workers may be at an input, and what came within the last moment may not be on the disk.
    failed = pd.read_csv(out / "images.csv")["status"].eq("failed").sum()
    assert len(begun(log)) <= COUNT + kills * (2 + 2 + failed)


def test_killed_workers_lose_nothing(inputs, undisturbed, tmp_path):
    log, out, draw = tmp_path / "log", tmp_path / "out", random.Random(2)
    process = start(inputs, out, log)
    for _ in range(3):
        wait_until_begun(process, log, len(begun(log)) + draw.randint(3, 8))
        assert process.poll() is None, process.communicate()
        draw.choice(psutil.Process(process.pid).children()).kill()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert same_tables(out, undisturbed) == []


def test_poison_costs_its_own_rows_and_says_why(tmp_path):
    folder = write_inputs(tmp_path / "in", 20)
    for name, content in (("a", b"kill"), ("b", b"hang"), ("c", b"bloat")):
        (folder / f"{name}.poison").write_bytes(content)
    run(folder, tmp_path / "out", limits=Limits(time_s=2.0, memory_bytes=2 * 2**30))
    images = pd.read_csv(tmp_path / "out" / "images.csv").set_index("path")
    poisoned = images[images.index.str.endswith(".poison")]
    assert len(images) == 23
    assert poisoned["status"].tolist() == ["failed"] * 3
    for reason, part in zip(
        poisoned["reason"],
        ["ended by SIGKILL", "time limit of 2 s", "the limit of 2048 MB"],
        strict=True,
    ):
        assert part in reason
    innocent = images[~images.index.str.endswith(".poison")]
    assert innocent["status"].ne("failed").sum() >= 18
    assert not innocent["reason"].fillna("").str.contains("also when it ran alone").any()


def small_disk(tmp_path, megabytes):
    """Mount a small disk, in a container as on a machine; skipped where that is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    done = (
        None
        if mount is None
        else subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], capture_output=True, check=False
        )
    )
    if done is None or done.returncode:
        pytest.skip("a small disk cannot be mounted here (no permission)")
    return place


def test_a_full_disk_stops_the_run_and_the_next_goes_on(inputs, undisturbed, tmp_path):
    disk = small_disk(tmp_path, 1)
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(700_000))
        with pytest.raises(OutputError, match=r"(sqlite|csv|parquet|json) cannot be written \(.*(full|space)"):
            run(inputs, disk / "out")
        assert not (disk / "out" / "images.csv").exists()
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        result = run(inputs, disk / "out", resume=True)
        assert result.reused > 0
        assert same_tables(disk / "out", undisturbed) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_write_that_fails_leaves_the_ledger_whole(inputs, undisturbed, tmp_path):
    """Every file of this process is limited in size: as a full disk, but without the right to mount one."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000));"
        f"sys.path.insert(0, {str(PROGRAM.parent)!r}); import simulated_cohort as s; from pathlib import Path;"
        "s.run(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    out = tmp_path / "out"
    failed = subprocess.run([sys.executable, "-c", code, inputs, out], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "OutputError" in failed.stderr
    assert "cannot be written" in failed.stderr
    result = run(inputs, out, resume=True)
    assert 0 < result.reused < COUNT
    assert same_tables(out, undisturbed) == []


def test_tables_do_not_depend_on_order_or_workers(inputs, undisturbed, tmp_path):
    files = sorted(str(path) for path in Path(inputs).rglob("*.sim"))
    named = (*files[::-1], *files[:3])
    plan = Plan(named=named, folder=ResultsFolder(tmp_path / "out"), settings=SETTINGS, engine=LocalEngine(3))
    carry_out(plan, task=pretend)
    assert same_tables(tmp_path / "out", undisturbed) == []
    assert max(Counter(pd.read_csv(tmp_path / "out" / "images.csv")["path"]).values()) == 1
