"""One function per subcommand: parsed arguments -> exit status."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from hipcalc.cli import tables
from hipcalc.cli.progress import Counting, JsonLog, Progress
from hipcalc.cli.status import DONE, DONE_WITH_LOSSES, INTERRUPTED, NOTHING_DONE

if TYPE_CHECKING:
    from hipcalc.cohort import CohortResult
    from hipcalc.cohort.pool import Engine

# Library modules are imported by the command that needs them: --help and a wrong argument answer at once.

__all__ = ["agreement", "evaluate", "merge", "prevalence", "query", "report", "review", "screen", "send", "simulate"]

_DEFAULT_PHANTOMS = 10
_DEFAULT_SEED = 1


def screen(arguments: argparse.Namespace) -> int:
    """Screen files and folders."""
    from hipcalc.cohort import CohortSettings, Limits, Shard, run_cohort
    from hipcalc.errors import OutputError

    settings = CohortSettings(
        spacing_mm=arguments.spacing,
        scale_bar_mm=arguments.scale_bar,
        name_pattern=arguments.name_pattern,
        false_marks_per_hip=arguments.false_marks_per_hip,
        detectability=not arguments.no_detectability,
        pages=arguments.format == "html",
    )
    memory = None if arguments.memory_limit is None else round(arguments.memory_limit * 2**20)
    shard = None if arguments.shard is None else Shard(number=arguments.shard[0], total=arguments.shard[1])
    progress = JsonLog(sys.stderr) if arguments.log == "json" else Progress(Console(stderr=True))
    with progress:
        try:
            result = run_cohort(
                arguments.inputs,
                arguments.out,
                settings=settings,
                workers=arguments.workers,
                engine=_engine(arguments),
                limits=Limits(time_s=arguments.time_limit, memory_bytes=memory),
                shard=shard,
                resume=arguments.resume,
                identifiers=arguments.identifiers,
                on_stage=progress.stage,
                on_start=progress.start,
                on_done=progress.advance,
            )
        except KeyboardInterrupt:
            progress.stop(f"interrupted: {progress.kept(arguments.out)}")
            return INTERRUPTED
        except OutputError as error:
            if not progress.done:
                raise
            raise OutputError(f"{error}\n{progress.kept(arguments.out)}") from error
        progress.end(result.counts)
    return _told(result)


def _engine(arguments: argparse.Namespace) -> "Engine | None":
    from hipcalc.errors import UsageError

    if (arguments.engine == "dask") != (arguments.scheduler is not None):
        raise UsageError("--engine dask and --scheduler ADDRESS go together: give both or neither.")
    if arguments.engine == "local":
        return None
    if arguments.workers is not None:
        raise UsageError("The Dask cluster has as many workers as it has: leave out --workers.")
    cluster: Engine | None = arguments.cluster
    return cluster


def _told(result: "CohortResult") -> int:
    tables.print_screening(Console(), result)
    return DONE if result.counts["ok"] == result.counts["inputs"] else DONE_WITH_LOSSES


def merge(arguments: argparse.Namespace) -> int:
    """Make one results folder of shards."""
    from hipcalc.cohort import merge_shards

    return _told(merge_shards(arguments.results))


def query(arguments: argparse.Namespace) -> int:
    """Ask the tables of a results folder."""
    from hipcalc.cohort.merging import missing_shards
    from hipcalc.cohort.querying import query as ask

    answer = ask(arguments.results, arguments.sql)
    if not (Path(arguments.results) / "images.parquet").is_file() and (missing := missing_shards(arguments.results)):
        print(f"hipcalc: without the shards that are not done: {missing}", file=sys.stderr)
    if arguments.format == "csv":
        answer.to_csv(sys.stdout, index=False)
    else:
        tables.print_answer(Console(), answer)
    return DONE


def prevalence(arguments: argparse.Namespace) -> int:
    """Write group-level figures."""
    from hipcalc.errors import UsageError
    from hipcalc.prevalence import Validation, report_prevalence

    shares = (arguments.sensitivity, arguments.specificity)
    if (shares[0] is None) != (shares[1] is None):
        raise UsageError("--sensitivity and --specificity go together: give both or neither.")
    validation = None
    if None not in shares:
        (hits, with_focus), (quiet, without) = shares
        validation = Validation(true_positives=hits, with_focus=with_focus, true_negatives=quiet, without_focus=without)
    result = report_prevalence(arguments.results, participants=arguments.participants, validation=validation)
    tables.print_prevalence(Console(), result)
    return DONE


def review(arguments: argparse.Namespace) -> int:
    """Open the reading room, or check or export its log."""
    from hipcalc.report import ResultsFolder
    from hipcalc.report.words import count_text
    from hipcalc.review import LOG_FILE, ReviewLog, export_log, open_log

    folder = ResultsFolder(Path(arguments.results))
    folder.read_run()
    if arguments.export:
        with open_log(folder.path) as log:
            for file in export_log(log):
                print(file)
        return DONE
    if arguments.verify:
        with ReviewLog(folder.path / LOG_FILE) as log:
            checked = log.verify()
        for fault in checked.faults:
            print(f"hipcalc: {log.file}: {fault}", file=sys.stderr)
        state = "unchanged" if not checked.faults else "not all as they were written"
        print(f"{count_text(checked.rows, 'row')}, {state}; the last hash is {checked.last_hash}")
        return NOTHING_DONE if checked.faults else DONE
    return _read(arguments)


def _read(arguments: argparse.Namespace) -> int:
    from hipcalc.errors import UsageError

    try:
        from hipcalc.reading_room.serving import serve
    except ModuleNotFoundError as error:
        raise UsageError(f"The reading room needs {error.name}: pip install 'hipcalc[review]'.") from error
    try:
        serve(
            Path(arguments.results),
            reader=arguments.reader,
            study=None if arguments.study is None else Path(arguments.study),
            training=arguments.training,
            host=arguments.host,
            port=arguments.port,
            browse=not arguments.no_browser,
            say=lambda line: print(line, flush=True),
        )
    except KeyboardInterrupt:
        # The way to end it, and no failure.
        print("The reading room is closed.", flush=True)
    return DONE


def agreement(arguments: argparse.Namespace) -> int:
    """Measure how far readers agree."""
    from hipcalc.errors import UsageError

    try:
        from hipcalc.agreement import report_agreement
    except ModuleNotFoundError as error:
        raise UsageError(f"Agreement needs {error.name}: pip install 'hipcalc[review]'.") from error
    tables.print_agreement(Console(), report_agreement(arguments.results, participants=arguments.participants))
    return DONE


def report(arguments: argparse.Namespace) -> int:
    """Write workflow reports."""
    from hipcalc.cohort.locating import fetch_from
    from hipcalc.report import report_workflow

    result = report_workflow(
        arguments.results,
        arguments.context,
        arguments.decisions,
        workflow=arguments.workflow,
        formats=arguments.format,
        participants=arguments.participants,
        fetch=fetch_from(arguments.source),
        identifiers=arguments.identifiers,
    )
    tables.print_workflow(Console(), result)
    for one in result.not_written:
        print(f"hipcalc: {one.sentence}", file=sys.stderr)
    return DONE_WITH_LOSSES if any(one.is_loss for one in result.not_written) else DONE


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure results against truth tables."""
    from hipcalc.evaluate import evaluate as evaluate_results

    measured = evaluate_results(arguments.results, tuple(arguments.truth))
    tables.print_evaluation(Console(), measured, arguments.results)
    return DONE


def send(arguments: argparse.Namespace) -> int:
    """Store DICOM results in a PACS."""
    from hipcalc.cohort.sending import send_files

    sent = send_files(arguments.files, arguments.to)
    print(f"{sent.taken} DICOM files were stored, {len(sent.refused)} refused.")
    for path, why in sent.refused:
        print(f"{path}: {why}", file=sys.stderr)
    return DONE_WITH_LOSSES if sent.refused else DONE


def simulate(arguments: argparse.Namespace) -> int:
    """Write phantom radiographs."""
    from hipcalc.errors import UsageError
    from hipcalc.synthetic import SAMPLE_SIZE, simulate_sample
    from hipcalc.synthetic import simulate as simulate_radiographs
    from hipcalc.synthetic.workers import cores

    if arguments.sample and (arguments.n is not None or arguments.seed is not None):
        raise UsageError("--sample is always the same: leave out --n and --seed.")
    if arguments.sample and arguments.workers is not None:
        raise UsageError("--sample is written by one process: leave out --workers.")
    n = _DEFAULT_PHANTOMS if arguments.n is None else arguments.n
    seed = _DEFAULT_SEED if arguments.seed is None else arguments.seed
    with Counting(Console(stderr=True), SAMPLE_SIZE if arguments.sample else n, "radiographs written") as counting:
        if arguments.sample:
            files = simulate_sample(arguments.out, on_image=counting.reach)
        else:
            workers = cores() if arguments.workers is None else arguments.workers
            files = simulate_radiographs(arguments.out, n=n, seed=seed, workers=workers, on_image=counting.reach)
    print(f"{len(files)} radiographs and their truth tables are in {arguments.out}.")
    return DONE
