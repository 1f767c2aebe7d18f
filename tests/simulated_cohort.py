"""A cohort whose analysis only pretends: tiny inputs, real ledger, real engines, real tables.

What a run does beside the analysis is tested and measured with it: at a hundred thousand inputs, at speed, and
while it is being killed. As a program: ``python tests/simulated_cohort.py IN OUT [--workers N] [--resume] ...``.
"""

import argparse
import hashlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from hipcalc.cohort import CohortResult, CohortSettings, Limits, Shard
from hipcalc.cohort.analysis import Analysed, Done, Job
from hipcalc.cohort.pool import Engine, LocalEngine
from hipcalc.cohort.run import Plan, carry_out
from hipcalc.cohort.sources import fetch, stamp
from hipcalc.errors import HipcalcError
from hipcalc.findings import Finding, HipRecord
from hipcalc.report import FileRecord, ImageRecord, ResultsFolder, entry_of, pack, record_key, rounded

SETTINGS = CohortSettings(detectability=False, pages=False)
CANDIDATES_PER_HIP = 20
_DRAWS = 300
_ZONES = ("rim", "rim-overlay", "supra-rim", "trochanteric", "lateral-soft-tissue", "intra-osseous", "pelvic", "remote")
_MAKERS = ("Alpha Imaging", "Beta Medical", "Gamma Systems", "")
_REASONS = (
    ("rejected", "no hip was found; the picture may show another body part."),
    ("rejected", "by its header this radiograph shows another body part (forearm), not a hip."),
    ("failed", "the file is cut short; copy it again."),
)


def write_inputs(folder: Path, count: int, *, first: int = 0) -> Path:
    """Write inputs of a few bytes each, a thousand to a folder; what is drawn for each hangs on its number."""
    for number in range(first, first + count):
        place = folder / f"{number // 1000:04d}"
        if number % 1000 == 0 or number == first:
            place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:07d}.sim").write_bytes(b"radiograph %d\n" % number)
    return folder


def pretend(job: Job) -> Analysed:
    """Return what an analysis might: it depends on the content alone. The content may ask for trouble, too."""
    data = fetch(job.input.source)
    seen = stamp(job.input.source, now=True)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == job.known_sha256:
        image = ImageRecord(image_id=sha256[:16], path=job.input.path, status="ok", reason="", sha256=sha256)
        return Analysed(entry=entry_of("", FileRecord(image=image), job.settings_hash, stamp=seen), packed=None)
    _log(job.input.path)
    if data.startswith(b"kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if data.startswith(b"hang"):
        time.sleep(600)
    if data.startswith(b"bloat"):
        bytearray(20 * 2**30)
    if pause := float(os.environ.get("PRETEND_SECONDS", "0")):
        time.sleep(pause)
    record = pretended_record(job.input.path, sha256)
    key = record_key(sha256[:16], job.input.path)
    entry = entry_of(key, record, job.settings_hash, stamp=seen, times=(0.01, 0.5))
    return Analysed(entry=entry, packed=pack(record), stages_s={"reading": 0.01, "locating": 0.5})


def pretend_or_fail(job: Job) -> Analysed:
    """Pretend, and let an input that cannot be read have its row, as the real analysis does."""
    try:
        return pretend(job)
    except HipcalcError as error:
        image = ImageRecord(image_id="", path=job.input.path, status="failed", reason=str(error))
        record = FileRecord(image=image)
        key = record_key("", job.input.path)
        return Analysed(entry=entry_of(key, record, job.settings_hash), packed=pack(record))


def _log(path: str) -> None:
    """Note what was begun, so that a test sees whether work was done twice."""
    if log := os.environ.get("PRETEND_LOG"):
        with Path(log).open("a") as file:
            file.write(f"{path}\n")


@cache
def _template() -> Finding:
    return Finding(
        candidate_id="", image_id="", path="", side="R", row_px=0.0, column_px=0.0, diameter_px=16.0, diameter_mm=3.0,
        diameter_head_radii=0.1, cnr=3.0, expected_false_marks=1.0, zone="rim", phi_deg=0.0, r_head_radii=1.2,
        clock_hour=11.0, first_class="labral-calcification", differential="labral-calcification:0.6;os-acetabuli:0.25",
        finding=False, contrast=0.2, aspect_ratio=1.2, solidity=0.95, orientation_deg=10.0, core_to_rim=1.1,
        gap_head_radii=0.05, gap_mm=1.2,
    )  # fmt: skip


def pretended_record(path: str, sha256: str) -> FileRecord:
    """Return a record with two hips and twenty candidates each, drawn from the content's hash."""
    draw = random.Random(sha256)
    image = ImageRecord(image_id=sha256[:16], path=path, status="ok", reason="", sha256=sha256)
    if draw.random() < 0.03:
        status, reason = draw.choice(_REASONS)
        return FileRecord(image=replace(image, status=status, reason=reason))
    spacing = draw.choice((0.14, 0.2, None))
    image = replace(
        image, rows=2500, columns=3000, spacing_mm=spacing, view="ap_pelvis", polarity="bone-bright",
        spacing_source="unknown" if spacing is None else draw.choice(("calibrated", "detector-plane")),
        quality=draw.choice(("ok", "ok", "limited: few grey levels")), manufacturer=draw.choice(_MAKERS),
    )  # fmt: skip
    hips = tuple(_hip(image, side, draw) for side in ("R", "L"))
    drawn = _candidates(draw.randrange(_DRAWS), spacing is not None)
    candidates = tuple(
        replace(one, candidate_id=f"{image.image_id}-{one.candidate_id}", image_id=image.image_id, path=image.path)
        for one in drawn
    )
    return FileRecord(image=image, hips=hips, candidates=candidates)


def _hip(image: ImageRecord, side: str, draw: random.Random) -> HipRecord:
    limit = draw.uniform(0.05, 0.25)
    hip = HipRecord(
        image_id=image.image_id, path=image.path, side=side,
        status=draw.choices(("located", "uncertain", "implant", "absent"), (90, 5, 3, 2))[0],
        confidence=draw.uniform(0.5, 1.0), head_row_px=draw.uniform(800, 1500), head_column_px=draw.uniform(500, 2500),
        head_radius_px=draw.uniform(120, 170), rim_row_px=1000.0, rim_column_px=700.0,
        centre_edge_angle_deg=draw.gauss(33, 7), detection_limit_mm=limit * 25 if image.spacing_mm else None,
        detection_limit_head_radii=limit, side_source="header",
        detection_limit_tissue="bone" if side == "R" else "soft tissue",
    )  # fmt: skip
    return rounded(hip)


@cache
def _candidates(draw_number: int, known_spacing: bool) -> tuple[Finding, ...]:
    """Draw the candidates of an image: there are some hundred different ones, or drawing would take the longest."""
    draw = random.Random(draw_number)
    sides = (side for side in ("R", "L") for _ in range(CANDIDATES_PER_HIP))
    return tuple(
        _candidate(side, 1 + number % CANDIDATES_PER_HIP, known_spacing, draw) for number, side in enumerate(sides)
    )


def _candidate(side: str, number: int, known_spacing: bool, draw: random.Random) -> Finding:
    size = draw.lognormvariate(-1.9, 0.4)
    expected = 0.2 * number * draw.uniform(0.5, 2.0)
    return rounded(replace(
        _template(), candidate_id=f"{side}-{number}", side=side, row_px=draw.uniform(800, 1500),
        column_px=draw.uniform(500, 2500), diameter_px=size * 150, diameter_mm=size * 25 if known_spacing else None,
        diameter_head_radii=size, cnr=draw.uniform(1, 7), expected_false_marks=expected, zone=draw.choice(_ZONES),
        phi_deg=draw.uniform(-180, 180), r_head_radii=draw.uniform(0.8, 2.2), clock_hour=draw.uniform(0, 12),
        finding=expected <= 0.25,
    ))  # fmt: skip


def run(
    source: Path,
    out: Path,
    *,
    workers: int = 2,
    resume: bool = False,
    shard: Shard | None = None,
    limits: Limits | None = None,
    engine: Engine | None = None,
    settings: CohortSettings = SETTINGS,
    on_done: Callable[[Done], None] = lambda _: None,
) -> CohortResult:
    """Carry out a pretended run."""
    plan = Plan(
        named=(str(source),),
        folder=ResultsFolder(out) if shard is None else ResultsFolder(out / "shards" / shard.folder, out),
        settings=settings,
        engine=engine or LocalEngine(workers),
        resume=resume,
        shard=shard,
        limits=limits or Limits(),
    )
    return carry_out(plan, task=pretend, on_done=on_done)


def main() -> None:
    """Run as a program that a test can kill."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    engine = None
    if given.scheduler:
        from hipcalc.cohort.dask_engine import DaskEngine

        engine = DaskEngine(given.scheduler)
    result = run(given.source, given.out, workers=given.workers, resume=given.resume, engine=engine)
    print(result.counts, result.analysed, result.reused)


if __name__ == "__main__":
    # Workers find the pretended task by this module's name, not as the program's main one.
    sys.modules["simulated_cohort"] = sys.modules["__main__"]
    pretend.__module__ = "simulated_cohort"
    main()
