"""Shards and clusters: the same bytes as one run on one machine, also while workers of the cluster are killed."""

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from hipcalc.cli import main
from hipcalc.cohort import Shard, merge_shards
from hipcalc.cohort.dask_engine import DaskEngine
from hipcalc.errors import OutputError, UsageError
from hipcalc.report.tables import TABLE_FILES
from simulated_cohort import run, write_inputs
from small_radiographs import SAMPLE
from support import ROOT

COUNT = 60


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_inputs(tmp_path_factory.mktemp("engines") / "in", COUNT)


@pytest.fixture(scope="module")
def whole(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    result = run(inputs, out)
    return {name: (out / name).read_bytes() for name in TABLE_FILES}, result


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, each with its nanny, as a user starts them."""
    folder = tmp_path_factory.mktemp("cluster")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "PYTHONWARNINGS": "ignore"}
    file = folder / "scheduler.json"
    program = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    program += ["--host", "127.0.0.1", "--scheduler-file", str(file)]
    options = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    processes = [subprocess.Popen(program, **options)]
    program = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nworkers", "2"]
    program += ["--nthreads", "1", "--no-dashboard", "--death-timeout", "60"]
    processes.append(subprocess.Popen(program, **options))
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    address = pd.read_json(file, typ="series")["address"]
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)
    yield address
    for process in processes[::-1]:
        process.terminate()
        process.wait(timeout=30)


def same_tables(out, expected):
    return [name for name in TABLE_FILES if (out / name).read_bytes() != expected[name]]


def test_shards_merge_into_the_same_bytes(inputs, whole, tmp_path):
    parts = [run(inputs, tmp_path, shard=Shard(number=number, total=3)) for number in (3, 1, 2)]
    assert sum(part.counts["inputs"] for part in parts) == COUNT
    assert all(part.counts["inputs"] > 5 for part in parts)
    merged = merge_shards(tmp_path)
    assert merged.counts == whole[1].counts
    assert same_tables(tmp_path, whole[0]) == []
    # Again, after one shard was run again: nothing is doubled.
    run(inputs, tmp_path, shard=Shard(number=2, total=3), resume=True)
    assert merge_shards(tmp_path).counts == whole[1].counts
    assert same_tables(tmp_path, whole[0]) == []


def test_more_shards_than_inputs_leave_some_empty(tmp_path):
    inputs = write_inputs(tmp_path / "in", 2)
    for number in range(1, 5):
        run(inputs, tmp_path / "out", shard=Shard(number=number, total=4))
    assert merge_shards(tmp_path / "out").counts["inputs"] == 2


def test_shards_that_do_not_fit_together_are_named(inputs, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="holds no shards; run hipcalc screen with --shard 1/N to N/N first"):
        merge_shards(tmp_path)
    small = write_inputs(tmp_path / "in", 2)
    out = tmp_path / "out"
    run(small, out, shard=Shard(number=1, total=3))
    with pytest.raises(UsageError, match="shards lacks 2-of-3, 3-of-3; run the missing shards first"):
        merge_shards(out)
    for number in (2, 3):
        run(small, out, shard=Shard(number=number, total=3))
    file = out / "shards" / "2-of-3" / "run.json"
    kept = file.read_text()
    file.write_text(kept.replace('"status": "done"', '"status": "running"'))
    with pytest.raises(UsageError, match="shards: not finished: 2-of-3; run them again with --resume"):
        merge_shards(out)
    monkeypatch.setattr("hipcalc.cohort.merging._MOST_NAMES", 1)
    third = out / "shards" / "3-of-3" / "run.json"
    third.write_text(third.read_text().replace('"status": "done"', '"status": "running"'))
    with pytest.raises(UsageError, match="not finished: 2-of-3 and 1 more; run them again"):
        merge_shards(out)
    file.write_text(kept.replace('"settings_hash": "', '"settings_hash": "x'))
    third.write_text(third.read_text().replace('"status": "running"', '"status": "done"'))
    with pytest.raises(UsageError, match="2-of-3 is of other settings or inputs than .*1-of-3; run it again"):
        merge_shards(out)
    file.write_text(kept)
    run(small, out, shard=Shard(number=1, total=2))
    with pytest.raises(UsageError, match="holds shards of different numbers; remove those that do not belong"):
        merge_shards(out)
    with pytest.raises(UsageError, match="A shard is one of 1/N to N/N, not 4/3"):
        Shard(number=4, total=3)


def test_a_cluster_gives_the_same_bytes(inputs, whole, cluster, tmp_path):
    run(inputs, tmp_path / "out", engine=DaskEngine(cluster))
    assert same_tables(tmp_path / "out", whole[0]) == []


def test_a_cluster_whose_workers_are_killed_gives_the_same_bytes(inputs, whole, cluster, tmp_path):
    import threading

    from distributed import Client

    # In the workers, which were begun before: without it, a fast machine is done before the first of them is killed.
    with Client(cluster, set_as_default=False) as client:
        client.run(lambda: os.environ.update(PRETEND_SECONDS="0.2"))
    stop = threading.Event()
    killed = []

    def kill_now_and_then():
        draw = random.Random(3)
        with Client(cluster, set_as_default=False) as client:
            while not stop.wait(draw.uniform(0.8, 2.0)) and len(killed) < 2:
                workers = client.run(os.getpid, on_error="ignore")
                if workers:
                    os.kill(draw.choice(sorted(workers.values())), signal.SIGKILL)
                    killed.append(1)

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        run(inputs, tmp_path / "out", engine=DaskEngine(cluster))
    finally:
        stop.set()
        killer.join()
        with Client(cluster, set_as_default=False) as client:
            client.run(lambda: os.environ.pop("PRETEND_SECONDS", None), on_error="ignore")
    assert killed
    assert same_tables(tmp_path / "out", whole[0]) == []


def test_the_command_on_a_cluster_gives_the_tables_of_the_command_here(cluster, tmp_path, capsys):
    quick = ["--no-detectability", "--format", "tables"]
    for name, more in (("here", ["--workers", "1"]), ("there", ["--engine", "dask", "--scheduler", cluster])):
        assert main(["screen", str(SAMPLE / "02_right_hip.dcm"), "--out", str(tmp_path / name), *quick, *more]) == 0
    for name in TABLE_FILES:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
    more = ["--engine", "dask", "--scheduler", cluster, "--workers", "2"]
    assert main(["screen", str(SAMPLE), "--out", str(tmp_path / "none"), *more]) == 2
    assert "The Dask cluster has as many workers as it has: leave out --workers." in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_no_scheduler_is_told(monkeypatch, capsys):
    monkeypatch.setattr("hipcalc.cohort.dask_engine._CONNECT_S", 1)
    with pytest.raises(UsageError, match="tcp://127.0.0.1:9: no Dask scheduler answers there; check the address"):
        DaskEngine("tcp://127.0.0.1:9")
    assert main(["screen", str(SAMPLE), "--out", "none", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "no Dask scheduler answers there" in capsys.readouterr().err


def test_a_cluster_that_has_lost_all_its_workers_is_left(cluster, monkeypatch):
    engine = DaskEngine(cluster)
    engine.check()
    monkeypatch.setattr("hipcalc.cohort.dask_engine._ALONE_S", -1.0)
    engine.check()
    monkeypatch.setattr(engine._client, "scheduler_info", lambda: {"workers": {}})
    with pytest.raises(OutputError, match="the Dask cluster has lost all its workers; start some again"):
        engine.check()
    with engine.open():
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"needs the package distributed: pip install 'hipcalc\[dask\]'"):
        DaskEngine("tcp://127.0.0.1:9")
