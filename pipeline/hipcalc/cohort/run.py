"""Many inputs: checked folder, ledger, workers, tables and pages."""

import hashlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hipcalc.cohort.analysis import Analysed, Done, Job, analyse_input, record_loss
from hipcalc.cohort.claiming import Shard, beginning, check_folder, check_unfinished
from hipcalc.cohort.finishing import CohortResult, InputsState, conclude
from hipcalc.cohort.mirroring import Mirror
from hipcalc.cohort.pool import Engine, LocalEngine, TaskResult, run_tasks
from hipcalc.cohort.process import Limits, default_workers
from hipcalc.cohort.remote import is_url
from hipcalc.cohort.settings import CohortSettings
from hipcalc.cohort.sources import exists, iter_sources, place_of, stamp
from hipcalc.cohort.stopping import stop_on_signals
from hipcalc.errors import InputUnreadableError, UsageError
from hipcalc.report import Entry, Input, Ledger, ResultsFolder

__all__ = ["Plan", "carry_out", "run_cohort"]

# One image takes seconds; what takes minutes never ends.
DEFAULT_TIME_LIMIT_S = 300.0
# Listing a million inputs over a network takes minutes; so often it is told how many were found.
_TELL_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides how a run is carried out.

    Attributes
    ----------
    named : tuple of str
        Inputs as the user named them.
    folder : ResultsFolder
    settings : CohortSettings
    engine : Engine
    limits : Limits
    shard : Shard or None
    resume, identifiers : bool
    mirror : Mirror or None
        Where results are copied to, if `folder` is but the working copy of an address.
    """

    named: tuple[str, ...]
    folder: ResultsFolder
    settings: CohortSettings
    engine: Engine
    limits: Limits = field(default_factory=Limits)
    shard: Shard | None = None
    resume: bool = False
    identifiers: bool = False
    mirror: Mirror | None = None

    @property
    def pages(self) -> bool:
        """Whether pages are written; those of shards are, once the shards are merged."""
        return self.settings.pages and self.shard is None


def run_cohort(
    inputs: Iterable[str | Path],
    out: str | Path,
    *,
    settings: CohortSettings | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    limits: Limits | None = None,
    shard: Shard | None = None,
    resume: bool = False,
    identifiers: bool = False,
    on_stage: Callable[[str], None] = lambda _: None,
    on_start: Callable[[int], None] = lambda _: None,
    on_done: Callable[[Done], None] = lambda _: None,
) -> CohortResult:
    """Screen many inputs and write tables and pages.

    Parameters
    ----------
    inputs : iterable of str or Path
        Files, folders (see `hipcalc.radiograph.find_inputs`) and addresses; files inside `out` are no inputs.
    out : str or Path
        New or empty, or the folder of a run with the same settings; or an address (``s3://bucket/run``), to which
        results are copied while they are worked out in a local folder.
    settings : CohortSettings, optional
    workers : int, optional
        Number of processes; one for each core when it is not given. Results do not depend on it.
    engine : Engine, optional
        Where they run: on this machine unless it is given (then `workers` is not asked for).
    limits : Limits, optional
        What one image may take: 300 seconds, and any memory, unless it is given.
    shard : Shard, optional
        Do this part of the inputs alone, in a folder of its own inside `out` (see `hipcalc.cohort.merge_shards`).
    resume : bool
        Keep what `out` holds of the same content under the same settings.
    identifiers : bool
        Also write `identifiers.csv`, which links each image to patient and study, readable by its owner alone.
    on_stage : callable, optional
        Called with a few words when something else takes time: listing many inputs, writing tables and pages.
    on_start, on_done : callable, optional
        Called with the number of inputs, and with each input as it is finished.

    Returns
    -------
    CohortResult

    Raises
    ------
    UsageError
        If `out` holds something else or the inputs themselves, is in use, or a number is out of range.
    InputUnreadableError
        If there is not one file to analyse.
    OutputError
        If results cannot be written; those written before are kept.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, when what was running is finished and kept.
    """
    count = default_workers() if workers is None else workers
    if count < 1:
        raise UsageError(f"The number of workers must be at least 1, not {count}.")
    mirror = _mirror(str(out), shard, engine)
    top = Path(out) if mirror is None else mirror.local
    plan = Plan(
        named=tuple(str(path) for path in inputs),
        folder=ResultsFolder(top) if shard is None else ResultsFolder(top / "shards" / shard.folder, top),
        mirror=mirror,
        settings=settings or CohortSettings(),
        engine=engine or LocalEngine(count),
        limits=limits or Limits(time_s=DEFAULT_TIME_LIMIT_S),
        shard=shard,
        resume=resume,
        identifiers=identifiers,
    )
    return carry_out(plan, on_stage=on_stage, on_start=on_start, on_done=on_done)


def _mirror(out: str, shard: Shard | None, engine: Engine | None) -> Mirror | None:
    if not is_url(out):
        return None
    if shard is not None:
        raise UsageError(
            f"{out}: shards meet in a local or shared folder, not at an address; copy it there once they are merged."
        )
    if engine is not None:
        raise UsageError(f"{out}: the workers of a cluster need a folder that all of them share, not an address.")
    mirror = Mirror(out)
    mirror.fetch()
    return mirror


def carry_out(
    plan: Plan,
    *,
    task: Callable[[Job], Analysed] = analyse_input,
    on_stage: Callable[[str], None] = lambda _: None,
    on_start: Callable[[int], None] = lambda _: None,
    on_done: Callable[[Done], None] = lambda _: None,
) -> CohortResult:
    """Carry out a plan (see `run_cohort`); tests and benchmarks of the ledger give a task that only pretends."""
    top = plan.folder.top or plan.folder.path
    _check_inputs(plan.named, top)
    run = beginning(
        plan.named,
        plan.settings,
        shard=None if plan.shard is None else str(plan.shard),
        engine=type(plan.engine).__name__.removesuffix("Engine").lower(),
        workers=plan.engine.workers,
        limits=vars(plan.limits),
    )
    check_folder(plan.folder, run, resume=plan.resume)
    with plan.folder.ledger(write=True) as ledger:
        if not plan.resume:
            check_unfinished(plan.folder, ledger)
            ledger.clear()
        plan.folder.write_run(run)
        tally = _Tally(on_done)
        _list_inputs(plan, ledger, top, on_stage)
        on_start(ledger.count())
        state = _work(plan, ledger, run["settings_hash"], task, tally)
        result = conclude(
            plan.folder,
            ledger,
            run | tally.facts,
            state=state,
            changed=tally.changed,
            identifiers=plan.identifiers,
            pages=plan.pages,
            on_stage=on_stage,
        )
    if plan.mirror is None:
        return result
    plan.mirror.publish()
    return replace(result, address=plan.mirror.url)


def _check_inputs(named: tuple[str, ...], top: Path) -> None:
    """Refuse to begin where there is nothing to read; the first file that is there ends the search."""
    missing: list[Path] = []
    for one in iter_sources(named, top):
        if exists(one):
            return
        missing.append(Path(one.path))
    if top.is_file():
        # Making the folder says so.
        return
    if not missing:
        raise UsageError(f"{top}: every input lies inside this output folder; choose another one.")
    raise InputUnreadableError("\n".join(f"{path}: {_why_nothing(path)}." for path in missing))


def _why_nothing(path: Path) -> str:
    """Return why there is nothing to read at a place that was named."""
    if not path.is_dir():
        return "there is no such file or folder; check the path"
    try:
        next(path.iterdir(), None)
    except OSError as error:
        return f"this folder cannot be opened ({error.strerror}); check its permissions"
    return "this folder holds no file; name one with radiographs"


def _list_inputs(plan: Plan, ledger: Ledger, top: Path, on_stage: Callable[[str], None]) -> None:
    def found() -> Iterator[tuple[bytes, Input]]:
        told = time.monotonic()
        for number, one in enumerate(iter_sources(plan.named, top)):
            if time.monotonic() - told > _TELL_S:
                on_stage(f"looking for inputs: {number} found")
                told = time.monotonic()
            if plan.shard is None or _part(one, plan.shard.total) == plan.shard.number:
                yield place_of(one), one

    ledger.begin_inputs()
    ledger.add_inputs(found())
    ledger.commit()


def _part(one: Input, total: int) -> int:
    """Return the shard of an input: by its path alone, so that no shard needs to know of the others."""
    digest = hashlib.sha256(os.fsencode(one.path)).digest()
    return int.from_bytes(digest[:8], "big") % total + 1


class _Tally:
    """Counts what was analysed and what was kept, and tells of each."""

    def __init__(self, on_done: Callable[[Done], None]) -> None:
        self.analysed = 0
        self.reused = 0
        self.changed = False
        self._stages_s: dict[str, float] = defaultdict(float)
        self._staged = 0
        self._cpu_s = time.process_time()
        self._on_done = on_done

    def take(self, entry: Entry, *, reused: bool) -> None:
        self.reused += reused
        self.analysed += not reused
        self._on_done(Done.of(entry, reused=reused))

    def time(self, stages_s: dict[str, float]) -> None:
        """Add what the stages of one image took."""
        for name, seconds in stages_s.items():
            self._stages_s[name] += seconds
        self._staged += bool(stages_s)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` tells of it: stages in seconds of all images that went through all of them in this run."""
        return {
            "analysed": self.analysed,
            "reused": self.reused,
            "stages": {"images": self._staged, "seconds": dict(self._stages_s)},
            "coordinator_cpu_s": time.process_time() - self._cpu_s,
        }


def _work(plan: Plan, ledger: Ledger, settings_hash: str, task: Callable[[Job], Analysed], tally: _Tally) -> str:
    """Do what is not done yet, commit each result, and return what tells this state of the ledger from any other."""
    state = InputsState()

    def jobs() -> Iterator[Job]:
        for one, known in ledger.inputs():
            state.add(one)
            kept = known if known is not None and _is_result(known, settings_hash) else None
            if kept is not None and kept.stamp and kept.stamp == stamp(one.source):
                tally.take(kept, reused=True)
                continue
            yield Job(
                input=one,
                folder=plan.folder,
                settings=plan.settings,
                settings_hash=settings_hash,
                known_sha256="" if kept is None else kept.sha256,
            )

    with stop_on_signals() as stop:
        for group in run_tasks(task, jobs(), engine=plan.engine, limits=plan.limits, stop=stop):
            told = [_keep(ledger, result, tally) for result in group]
            ledger.commit()
            for entry, reused in told:
                tally.take(entry, reused=reused)
            if plan.mirror is not None:
                plan.mirror.keep(ledger)
        if stop():
            if plan.mirror is not None:
                plan.mirror.keep(ledger, now=True)
            raise KeyboardInterrupt
    return state.text


def _is_result(known: Entry, settings_hash: str) -> bool:
    # What failed is tried again: the disk or the network may have been the cause.
    return known.settings_hash == settings_hash and known.status != "failed" and known.sha256 != ""


def _keep(ledger: Ledger, result: TaskResult[Job, Analysed], tally: _Tally) -> tuple[Entry, bool]:
    analysed = result.value if result.value is not None else record_loss(result.item, result.how)
    tally.time(analysed.stages_s)
    if analysed.packed is None:
        ledger.set_stamp(analysed.entry.path, analysed.entry.stamp)
        kept = ledger.entry(analysed.entry.path)
        return kept or analysed.entry, True
    tally.changed |= ledger.put(analysed.entry, analysed.packed)
    return analysed.entry, False
