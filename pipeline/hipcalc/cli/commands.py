"""One function per subcommand: parsed arguments -> exit status."""

import argparse

from rich.console import Console

from hipcalc.cli import tables
from hipcalc.cli.progress import Counting, Progress
from hipcalc.cli.status import DONE, DONE_WITH_LOSSES, INTERRUPTED

# Library modules are imported by the command that needs them: --help and a wrong argument answer at once.

__all__ = ["evaluate", "report", "screen", "simulate"]

_DEFAULT_PHANTOMS = 10
_DEFAULT_SEED = 1


def screen(arguments: argparse.Namespace) -> int:
    """Screen files and folders."""
    from hipcalc.cohort import CohortSettings, run_cohort
    from hipcalc.errors import OutputError

    settings = CohortSettings(
        spacing_mm=arguments.spacing,
        scale_bar_mm=arguments.scale_bar,
        name_pattern=arguments.name_pattern,
        false_marks_per_hip=arguments.false_marks_per_hip,
        detectability=not arguments.no_detectability,
        pages=arguments.format == "html",
    )
    progress = Progress(Console(stderr=True))
    with progress:
        try:
            result = run_cohort(
                arguments.inputs,
                arguments.out,
                settings=settings,
                workers=arguments.workers,
                resume=arguments.resume,
                identifiers=arguments.identifiers,
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
    tables.print_screening(Console(), result)
    return DONE if result.counts["ok"] == result.counts["inputs"] else DONE_WITH_LOSSES


def report(arguments: argparse.Namespace) -> int:
    """Write workflow reports."""
    from hipcalc.report import report_workflow

    tables.print_workflow(Console(), report_workflow(arguments.results, arguments.context, arguments.decisions))
    return DONE


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure results against truth tables."""
    from hipcalc.evaluate import evaluate as evaluate_results

    measured = evaluate_results(arguments.results, tuple(arguments.truth))
    tables.print_evaluation(Console(), measured, arguments.results)
    return DONE


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
