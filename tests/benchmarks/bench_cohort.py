"""Speed, overhead and memory of runs over many images.

Run ``PYTHONPATH=tests python tests/benchmarks/bench_cohort.py [throughput] [ledger] [query] [page]``; all of them when
none is named. ``throughput`` screens simulated radiographs of 2500 x 3000 pixels for real; the others pretend
the analysis (`simulated_cohort`) and measure everything beside it, with 100,000 inputs (``--count``).
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
from pydicom.uid import ExplicitVRLittleEndian

from hipcalc.cohort.pool import LocalEngine
from hipcalc.cohort.querying import query
from hipcalc.radiograph import read_radiograph
from hipcalc.report import ResultsFolder, RunFacts
from hipcalc.report.cells import NO_REVIEW
from hipcalc.report.index_page import IndexEntry, IndexPage
from hipcalc.synthetic import simulate
from radiograph_files import dicom_dataset, save
from simulated_cohort import run, write_inputs

# So many that the start, a second or two, does not decide; the steady rate is taken from this result on.
PHANTOMS, IMAGES = 2, 96
SETTLED = 5
# Of runs that are compared, one after the other in each round: a shared machine is now fast, now slow.
ROUNDS = 3
# Settings of a Dask cluster that the README names, with which it takes less for itself while its workers work.
CALM = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "1s",
}
CLUSTERS = {"Dask": {}, "Dask, calm": CALM}
# About what the analysis of an image takes, with two workers on two cores.
TASK_S = 0.7
RIM = (
    "select f.candidate_id, f.diameter_mm from findings f join images i using (image_id) "
    "where f.zone = 'rim' and f.side = 'R' and f.diameter_mm > 3 and i.spacing_source = 'calibrated'"
)


def radiographs(folder: Path) -> Path:
    """Write uncompressed radiographs of 2500 x 3000 pixels: phantoms, each several times with other noise."""
    phantoms = simulate(folder / "phantoms", n=PHANTOMS, seed=3, workers=2)
    rng = np.random.default_rng(1)
    (folder / "in").mkdir()
    for number in range(IMAGES):
        radiograph = read_radiograph(phantoms[number % PHANTOMS])
        pixels = (
            radiograph.pixels if radiograph.polarity == "bone-bright" else radiograph.pixels.max() - radiograph.pixels
        )
        rows, columns = (np.arange(size) * have // size for size, have in zip((2500, 3000), pixels.shape, strict=True))
        large = pixels[np.ix_(rows, columns)] + rng.integers(-3, 4, (2500, 3000))
        stored = np.clip(large, 0, 2**radiograph.bits - 1).astype(np.uint16)
        save(dicom_dataset(stored, syntax=ExplicitVRLittleEndian), folder / "in" / f"{number:03d}.dcm")
    return folder / "in"


@dataclass(frozen=True)
class Timed:
    """A run of `hipcalc screen`: wall and CPU seconds of it and what it started, and images per second once settled."""

    wall_s: float
    cpu_s: float
    steady: float
    facts: dict[str, Any]

    @property
    def whole(self) -> float:
        """Images per second, start and end included."""
        return IMAGES / self.wall_s


Runs = dict[str, list[Timed]]


def throughput() -> None:
    """One worker, two workers, and Dask clusters of two, each as a user starts it, round by round.

    A cluster runs already, but its workers are fresh: what they load counts. Where other programs are at work, the CPU
    seconds of all processes say more than the wall's. What two processes that never leave their cache do more than one
    is all that this machine allows.
    """
    runs: Runs = defaultdict(list)
    machine: list[float] = []
    idle: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, patch.dict(os.environ):
        folder = Path(name)
        # Modules are compiled once, as they are where a package was installed, and nothing is left beside the sources.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        inputs = radiographs(folder)
        # Warms the page cache, and compiles.
        _screen(inputs, folder / "out", "--workers", "2")
        for _ in range(ROUNDS):
            machine.append(_machine_ratio())
            runs["1 worker"].append(_screen(inputs, folder / "out", "--workers", "1"))
            runs["2 workers"].append(_screen(inputs, folder / "out", "--workers", "2"))
            for label, settings in CLUSTERS.items():
                with patch.dict(os.environ, settings), _cluster(folder) as (address, processes):
                    idle[label].append(_idle_share(processes))
                    runs[label].append(_screen_there(inputs, folder / "out", address, processes))
    _tell(runs)
    print(f"two processes over one of pure NumPy within the cache, on this machine: {_spread(machine)} times")
    whole, steady = (_against(runs, "2 workers", "1 worker", rate) for rate in ("whole", "steady"))
    print(f"2 workers over 1: {_spread(whole)} times with the start, {_spread(steady)} times from the 5th on")
    for label in CLUSTERS:
        whole, steady = ([100 / r - 100 for r in _against(runs, label, "2 workers", of)] for of in ("whole", "steady"))
        print(
            f"{label} over local: {_spread(whole)}% more time with the start, {_spread(steady)}% from the 5th on; "
            f"with nothing to do it takes {_spread(idle[label])}% of one core"
        )


def _tell(runs: Runs) -> None:
    print(f"{IMAGES} images, median of {ROUNDS} rounds (lowest to highest)")
    print(f"{'':12s}{'images/s, start included':>28s}{'images/s from the 5th on':>28s}{'CPU s per image':>18s}")
    for label, timed in runs.items():
        whole, steady = (_spread([getattr(run, name) for run in timed]) for name in ("whole", "steady"))
        print(f"{label:12s}{whole:>28s}{steady:>28s}{median(run.cpu_s for run in timed) / IMAGES:18.2f}")
    for label in ("1 worker", "2 workers"):
        stages = [run.facts["stages"] for run in runs[label]]
        means = {
            stage: median(one["seconds"][stage] / one["images"] for one in stages) for stage in stages[0]["seconds"]
        }
        told = "; ".join(f"{stage} {seconds:.3f} s" for stage, seconds in means.items())
        own = median(run.facts["coordinator_cpu_s"] / run.facts["analysed"] for run in runs[label])
        share = 100 * own / sum(means.values())
        print(f"{label}: {told}; ledger and tables {1000 * own:.1f} ms CPU, {share:.1f}% of the analysis")


def _against(runs: Runs, label: str, other: str, rate: str) -> list[float]:
    """Return the rate of one kind of run over that of another, round by round."""
    return [getattr(a, rate) / getattr(b, rate) for a, b in zip(runs[label], runs[other], strict=True)]


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _screen(inputs: Path, out: Path, *more: str) -> Timed:
    """Run `hipcalc screen` and take its times."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "hipcalc", "screen", str(inputs), "--out", str(out), "--no-detectability"]
    before, start = _children_s(), time.perf_counter()
    done = subprocess.run(
        [*command, "--format", "tables", "--log", "json", *more], check=True, capture_output=True, text=True
    )
    wall_s = time.perf_counter() - start
    events = (json.loads(line) for line in done.stderr.splitlines() if line.startswith("{"))
    at = [event["time"] for event in events if event["event"] == "input"]
    facts = json.loads((out / "run.json").read_text())
    return Timed(wall_s, _children_s() - before, (IMAGES - SETTLED) / (at[-1] - at[SETTLED - 1]), facts)


def _screen_there(inputs: Path, out: Path, address: str, processes: list[subprocess.Popen[bytes]]) -> Timed:
    before = sum(map(_tree_cpu_s, processes))
    timed = _screen(inputs, out, "--engine", "dask", "--scheduler", address)
    return replace(timed, cpu_s=timed.cpu_s + sum(map(_tree_cpu_s, processes)) - before)


def _idle_share(processes: list[subprocess.Popen[bytes]]) -> float:
    """Return the per cent of a core that a cluster takes while it waits."""
    before, start = sum(map(_tree_cpu_s, processes)), time.perf_counter()
    time.sleep(4.0)
    return 100 * (sum(map(_tree_cpu_s, processes)) - before) / (time.perf_counter() - start)


def _machine_ratio() -> float:
    """Return how many times as much two processes do as one, where neither waits for memory or disk."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_count_in_cache, (0.5, 0.5)))
        one = pool.submit(_count_in_cache, 4.0).result()
        return sum(pool.map(_count_in_cache, (4.0, 4.0))) / one


def _count_in_cache(seconds: float) -> int:
    values = np.linspace(0.0, 1.0, 4000, dtype=np.float32)
    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        for _ in range(200):
            np.sqrt(values * values + values)
        count += 200
    return count


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers of Dask, as a user does."""
    from distributed import Client

    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    programs = {"scheduler": ["--port", "0", "--host", "127.0.0.1"], "worker": ["--nworkers", "2", "--nthreads", "1"]}
    processes = []
    for program, more in programs.items():
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *common, *more]
        processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder))
        while not file.exists():
            time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2)
    try:
        yield address, processes
    finally:
        for process in processes[::-1]:
            process.terminate()
            process.wait()


def _tree_cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU seconds of a process, of those it started, and of those of them that have ended."""
    top = psutil.Process(process.pid)
    return sum(sum(one.cpu_times()[:4]) for one in (top, *top.children(recursive=True)))


def engines() -> None:
    """What a cluster costs beside the analysis: tasks that sleep as long as an analysis takes, a run short and long."""
    from distributed import LocalCluster

    from hipcalc.cohort.dask_engine import DaskEngine
    from simulated_cohort import run, write_inputs

    os.environ["PRETEND_SECONDS"] = str(TASK_S)
    print(f"{'inputs':>8s}{'local, s':>10s}{'Dask, s':>10s}{'more':>8s}{'from the 5th result on':>24s}")
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
    with cluster, tempfile.TemporaryDirectory() as name:
        for count in (24, 240):
            inputs = write_inputs(Path(name) / f"in{count}", count)
            whole, rest = [], []
            for number, address in enumerate((None, cluster.scheduler_address)):
                start, done = _now(), list[float]()
                engine = LocalEngine(2) if address is None else DaskEngine(address)
                note = partial(_note, done)
                run(inputs, Path(name) / f"out{count}-{number}", engine=engine, on_done=note)
                whole.append(_now() - start)
                rest.append((done[-1] - done[4]) / (count - 5))
            more, later = (100 * (dask / local - 1) for local, dask in (whole, rest))
            print(f"{count:8d}{whole[0]:10.1f}{whole[1]:10.1f}{more:+7.1f}%{later:+23.1f}%")
    del os.environ["PRETEND_SECONDS"]


_now = time.perf_counter


def _note(times: list[float], _: object) -> None:
    times.append(_now())


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ledger(count: int, folder: Path) -> None:
    """Memory of the coordinating process, its CPU time per image, and the time of resuming a finished run."""
    heads = (
        ("inputs", 8),
        ("peak MB", 9),
        ("CPU ms per input", 18),
        ("resume, s", 11),
        ("its CPU s", 11),
        ("its peak MB", 13),
    )
    print("".join(f"{name:>{width}s}" for name, width in (*heads, ("done again", 12))))
    for number in (1000, count):
        inputs = folder / f"in{number}"
        if not inputs.exists():
            write_inputs(inputs, number)
            # What was changed a moment ago is read again on resuming.
            time.sleep(3)
        shutil.rmtree(folder / f"out{number}", ignore_errors=True)
        first, again = (_measured(inputs, folder / f"out{number}", *more) for more in ((), ("--resume",)))
        print(
            f"{number:8d}{first['peak_mb']:9.0f}{1000 * first['cpu_s'] / number:18.2f}{again['wall_s']:11.1f}"
            f"{again['cpu_s']:11.1f}"
            f"{again['peak_mb']:13.0f}{again['analysed']:12d}"
        )


def _measured(inputs: Path, out: Path, *more: str) -> dict[str, float]:
    code = (
        "import json, resource, sys, time; from pathlib import Path; import simulated_cohort as s\n"
        "start, cpu = time.perf_counter(), time.process_time()\n"
        "r = s.run(Path(sys.argv[1]), Path(sys.argv[2]), resume='--resume' in sys.argv)\n"
        "print(json.dumps({'wall_s': time.perf_counter() - start, 'cpu_s': time.process_time() - cpu,"
        " 'analysed': r.analysed, 'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(inputs), str(out), *more], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def queries(folder: Path, rows: int = 10_000_000) -> None:
    """The README's question over ten million candidates: the tables of a pretended run, repeated under other ids."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = folder / "out1000"
    if not source.exists():
        run(write_inputs(folder / "in1000", 1000), source)
    target = folder / "large"
    shutil.rmtree(target, ignore_errors=True)
    candidates = pq.read_table(source / "candidates.parquet")
    shards = 10
    copies = rows // candidates.num_rows // shards + 1
    for shard in range(1, shards + 1):
        place = target / "shards" / f"{shard:02d}-of-{shards}"
        place.mkdir(parents=True)
        for name in ("images", "hips", "candidates"):
            table = pq.read_table(source / f"{name}.parquet")
            with pq.ParquetWriter(place / f"{name}.parquet", table.schema) as writer:
                for copy in range(copies):
                    ids = [f"{shard:02x}{copy:06x}{one[8:]}" for one in table["image_id"].to_pylist()]
                    at = table.schema.get_field_index("image_id")
                    writer.write_table(table.set_column(at, "image_id", pa.array(ids)), row_group_size=20_000)
    total = int(query(target, "select count(*) as n from candidates")["n"][0])
    times = []
    for _ in range(3):
        start = time.perf_counter()
        answer = query(target, RIM)
        times.append(time.perf_counter() - start)
    all_times = ", ".join(f"{one:.2f}" for one in times)
    print(f"{total} candidates: {len(answer)} hits in {min(times):.2f} s (of three: {all_times})")


def page(folder: Path, count: int) -> None:
    """The cohort page over the records of the pretended run, without pages for its images."""
    from hipcalc.cohort.finishing import LedgerRecords

    results = ResultsFolder(folder / f"out{count}")
    facts = RunFacts.from_run(results.read_run())
    start, cpu = time.perf_counter(), time.process_time()
    index = IndexPage()
    with results.ledger() as known:
        for record in LedgerRecords(known, results, facts.settings_hash):
            index.add(IndexEntry(record=record, review=NO_REVIEW, page="", pictures="", thumbnail=""))
    results.pages.mkdir(exist_ok=True)
    results.index.write_text(index.write(results.pages / "data", facts), encoding="utf-8")
    from hipcalc.report.rendering import write_assets

    write_assets(results.pages)
    size = sum(file.stat().st_size for file in (results.pages / "data").iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"page of {count} inputs: {wall:.0f} s wall, {used:.0f} s CPU, peak {peak:.0f} MB; "
        f"index.html {results.index.stat().st_size / 1000:.0f} kB, data files {size / 1e6:.0f} MB"
    )


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", choices=["throughput", "engines", "ledger", "query", "page"])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where inputs and results of pretended runs are kept")
    given = parser.parse_args()
    what = given.what or ["throughput", "engines", "ledger", "query", "page"]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if "throughput" in what:
            throughput()
        if "engines" in what:
            engines()
        if "ledger" in what:
            ledger(given.count, folder)
        if "query" in what:
            queries(folder)
        if "page" in what:
            page(folder, given.count)


if __name__ == "__main__":
    main()
