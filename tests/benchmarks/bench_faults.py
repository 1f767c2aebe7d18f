"""Rows lost and doubled when workers, coordinator or cluster nodes are killed, the disk is full, or reads fail.

Run ``PYTHONPATH=tests python tests/benchmarks/bench_faults.py [--kills 20]``. Each run takes 400 pretended inputs
(`simulated_cohort`) of 20 ms, and is compared, byte for byte, with an undisturbed one. A killed coordinator is
started again with ``--resume`` until it ends; "begun again" counts inputs that were begun more than once.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import psutil

from hipcalc.errors import OutputError
from simulated_cohort import run, write_inputs

COUNT = 400
TABLES = [f"{name}.{suffix}" for name in ("images", "hips", "candidates") for suffix in ("csv", "parquet")]
PROGRAM = Path(__file__).resolve().parents[1] / "simulated_cohort.py"


class Scene:
    """Inputs, an undisturbed result, and a place for disturbed ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs = write_inputs(folder / "in", COUNT)
        time.sleep(3)
        run(self.inputs, folder / "undisturbed")

    def start(self, out: Path, log: Path, *more: str) -> subprocess.Popen[bytes]:
        """Start a run as a program."""
        environment = os.environ | {"PRETEND_LOG": str(log), "PRETEND_SECONDS": "0.02"}
        command = [sys.executable, str(PROGRAM), str(self.inputs), str(out), *more]
        with log.with_suffix(".err").open("ab") as errors:
            return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)

    def verdict(self, out: Path) -> tuple[int, int, str]:
        """Return rows lost, rows doubled, and whether all tables are the undisturbed ones."""
        paths = Counter(pd.read_csv(out / "images.csv")["path"])
        wanted = set(pd.read_csv(self.folder / "undisturbed" / "images.csv")["path"])
        same = all((out / name).read_bytes() == (self.folder / "undisturbed" / name).read_bytes() for name in TABLES)
        return len(wanted - set(paths)), sum(paths.values()) - len(paths), "yes" if same else "NO"


def begun(log: Path) -> list[str]:
    """Return the inputs that were begun, in order."""
    return log.read_text().splitlines() if log.exists() else []


def kill_coordinator(scene: Scene, kills: int) -> tuple[Path, int, Path]:
    """Kill the coordinator at random points, and go on each time."""
    out, log, draw = scene.folder / "coordinator", scene.folder / "coordinator.log", random.Random(1)
    done = 0
    while True:
        process = scene.start(out, log, *(["--resume"] if done else []))
        aim = len(begun(log)) + draw.randint(1, 2 * COUNT // max(kills, 1))
        while process.poll() is None and (done >= kills or len(begun(log)) < aim):
            time.sleep(0.003)
        if process.poll() is not None:
            return out, done, log
        time.sleep(draw.uniform(0, 0.03))
        process.kill()
        process.wait()
        done += 1


def kill_workers(scene: Scene, kills: int) -> tuple[Path, int, Path]:
    """Kill one of the two workers at random points of one run."""
    out, log, draw = scene.folder / "worker", scene.folder / "worker.log", random.Random(2)
    process = scene.start(out, log)
    done = 0
    while process.poll() is None:
        aim = len(begun(log)) + draw.randint(1, COUNT // max(kills, 1))
        while process.poll() is None and len(begun(log)) < aim:
            time.sleep(0.003)
        children = psutil.Process(process.pid).children() if process.poll() is None else []
        if children and done < kills:
            draw.choice(children).kill()
            done += 1
        time.sleep(0.01)
    return out, done, log


def kill_nodes(scene: Scene, kills: int) -> tuple[Path, int, Path]:
    """Kill Dask workers at random points of several runs, each on a cluster of its own that starts others."""
    log, draw, killed = scene.folder / "node.log", random.Random(3), 0
    while killed < kills:
        out = scene.folder / f"node-{killed}"
        killed += _disturbed_cluster(scene, out, log, draw, min(4, kills - killed))
        if scene.verdict(out) != (0, 0, "yes"):
            break
    return out, killed, log


def _disturbed_cluster(scene: Scene, out: Path, log: Path, draw: random.Random, most: int) -> int:
    from distributed import LocalCluster

    killed = 0
    # Its workers take their environment from here, not from the coordinator.
    environment = patch.dict(os.environ, {"PRETEND_LOG": str(log), "PRETEND_SECONDS": "0.05"})
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with environment, LocalCluster(**local) as cluster:
        process = scene.start(out, log, "--scheduler", cluster.scheduler_address)
        while process.poll() is None:
            time.sleep(draw.uniform(0.3, 2.0))
            # A nanny whose worker dies while it starts gives up for good: one is left to go on.
            workers = [nanny.pid for nanny in cluster.workers.values() if nanny.pid]
            if killed < most and len(begun(log)) and len(cluster.scheduler.workers) == 2 == len(workers):
                os.kill(draw.choice(workers), signal.SIGKILL)
                killed += 1
    if process.returncode:
        raise RuntimeError(log.with_suffix(".err").read_text())
    return killed


def full_disk(scene: Scene, _: int) -> tuple[Path, int, Path]:
    """Fill a small disk (a tmpfs of 1 MB, then of 50) while the run goes on. Needs the right to mount."""
    disk = scene.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    stopped = 0
    for size in (1, 2, 3, 50):
        subprocess.run(["mount", "-o", f"remount,size={size}m", str(disk)], check=True)
        try:
            run(scene.inputs, disk / "out", resume=(disk / "out" / "run.json").exists())
        except OutputError:
            stopped += 1
    return disk / "out", stopped, scene.folder / "none.log"


def unreadable(scene: Scene, kills: int) -> tuple[Path, int, Path]:
    """Take the right to read from some inputs (as root: replace them by loops of links), then give it back."""
    out, draw = scene.folder / "unreadable", random.Random(4)
    files = draw.sample(sorted(scene.inputs.rglob("*.sim")), kills)
    for file in files:
        file.rename(file.with_suffix(".aside"))
        file.symlink_to(file)
    named = [str(path) for path in sorted(scene.inputs.rglob("*.sim"))]
    from hipcalc.cohort.pool import LocalEngine
    from hipcalc.cohort.run import Plan, carry_out
    from hipcalc.report import ResultsFolder
    from simulated_cohort import SETTINGS, pretend_or_fail

    for turn in range(2):
        plan = Plan(
            named=tuple(named), folder=ResultsFolder(out), settings=SETTINGS, engine=LocalEngine(2), resume=turn > 0
        )
        result = carry_out(plan, task=pretend_or_fail)
        if turn == 0:
            assert result.counts["inputs"] == COUNT
            for file in files:
                file.unlink()
                file.with_suffix(".aside").rename(file)
    return out, kills, scene.folder / "none.log"


def main() -> None:
    """Print a row for each kind of fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", help="part of a fault's name")
    given = parser.parse_args()
    kills = given.kills
    faults: dict[str, Callable[[Scene, int], tuple[Path, int, Path]]] = {
        "kill -9 of a worker": kill_workers,
        "kill -9 of the coordinator": kill_coordinator,
        "kill -9 of a Dask worker": kill_nodes,
        "disk full": full_disk,
        "read errors": unreadable,
    }
    print(f"{'fault':28s}{'times':>6s}{'rows':>6s}{'lost':>6s}{'doubled':>9s}{'same bytes':>12s}{'begun again':>13s}")
    for name, cause in faults.items():
        if given.only and given.only not in name:
            continue
        with tempfile.TemporaryDirectory() as place:
            scene = Scene(Path(place))
            out, times, log = cause(scene, kills)
            lost, doubled, same = scene.verdict(out)
            again = len(begun(log)) - len(set(begun(log)))
            print(f"{name:28s}{times:6d}{COUNT:6d}{lost:6d}{doubled:9d}{same:>12s}{again:13d}", flush=True)
            if name == "disk full":
                subprocess.run(["umount", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
