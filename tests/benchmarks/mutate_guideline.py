"""Mutation testing of hipcalc.guideline: which small changes of its code no test notices.

    nice -n 10 python tests/benchmarks/mutate_guideline.py RESULTS.jsonl [MODULE ...]

collects the guideline's tests once, runs them once to see which lines each reaches, then forks for each mutant, puts it
into place there, and runs the tests that reach the changed statement, those that killed its neighbours first, until
one fails. RESULTS.jsonl keeps the verdicts: a second call tries what is untried, and again what survived (tests may
have been added since). With MODULE, only mutants of those modules (`guards`, `fhir.rows`, ...) are tried.
Prints how many mutants each module has and what became of them, then each survivor's difference.
`tests/benchmarks/mutation_survivors.md` holds the survivors of the last run and why they are let live.

Tests that screen radiographs are left out: they take longer than all others together. `pip install mutmut==3.8.1`.
"""

import argparse
import contextlib
import gc
import json
import os
import pkgutil
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutants import Mutant, activate, clear_caches, mutants_of

import hipcalc.guideline
from hipcalc.guideline import loading

TESTS = Path(__file__).resolve().parents[1]
PACKAGE = "hipcalc.guideline"
FOLDER = str(Path(hipcalc.guideline.__file__).parent)
# Few, fixed examples: the same mutants survive each time, and none survives because a draw was lucky.
settings.register_profile(
    "mutation",
    derandomize=True,
    max_examples=8,
    database=None,
    deadline=None,
    # A mutant is dead with the first failure: no shrinking.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
KILLED, SURVIVED, UNREACHED, TIMEOUT = "killed", "survived", "no test reaches it", "timeout"
ALIVE = (SURVIVED, UNREACHED)
# What reading the workflow is called beside the tests.
WORKFLOW = "(reading the workflow)"
MEMORY_BYTES = 12 << 30
# Reading the workflow takes longer than most tests: it is read anew only where a mutant lies in what reads it.
SLOW_CACHE = (loading._own_workflow,)


@dataclass(kw_only=True)
class Reached:
    """Which lines of the guideline each test reaches, and how long it takes (seconds of CPU)."""

    items: dict[str, pytest.Item] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    by_line: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def reads_workflow(self, mutant: Mutant) -> bool:
        """Tell whether a mutant may change what the workflow is read as."""
        lines = {line for (file, line), names in self.by_line.items() if file == mutant.file and WORKFLOW in names}
        # Whoever reads the workflow may read the module's tables.
        return bool(lines) if mutant.place.isupper() else not lines.isdisjoint(mutant.around)

    def tests(self, mutant: Mutant) -> set[str]:
        """Return the tests that reach the changed statement; if none does, those that reach its function.

        A table is read by whoever reaches a function of its module.
        """
        at = set().union(*(self.by_line.get((mutant.file, line), set()) for line in mutant.lines))
        near = set().union(*(self.by_line.get((mutant.file, line), set()) for line in mutant.around))
        anywhere = set().union(*(tests for (file, _), tests in self.by_line.items() if file == mutant.file))
        found = at or near or (anywhere if mutant.place.isupper() else set())
        # Every test lives on the workflow.
        return set(self.items) if WORKFLOW in found else found


@dataclass(kw_only=True)
class Runner:
    """A pytest plugin that takes over once the tests are collected."""

    mutants: list[Mutant]
    results: Path
    verdicts: dict[str, str]
    reached: Reached = field(default_factory=Reached)
    failed: list[str] = field(default_factory=list)
    is_child: bool = False
    killers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what screens radiographs."""
        items[:] = [item for item in items if "screened_hips" not in item.fixturenames]  # type: ignore[attr-defined]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure; in a child, it is the end."""
        if report.failed:
            if self.is_child:
                os._exit(1)
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every test once as it is, then those that reach each mutant."""
        clear_caches()
        self._note(WORKFLOW, loading.load_workflow)
        for item in session.items:
            clear_caches(keep=SLOW_CACHE)
            self.reached.items[item.nodeid] = item
            self._note(item.nodeid, lambda item=item: item.ihook.pytest_runtest_protocol(item=item, nextitem=None))
        if self.failed:
            raise pytest.UsageError(f"without any change these fail: {', '.join(self.failed)}")
        gc.collect()
        gc.freeze()
        # In no order, so that a run that is cut short has tried a fair sample.
        for mutant in sorted(self.mutants, key=lambda mutant: mutant.key.rpartition(":")[2]):
            if self.verdicts.get(mutant.key, SURVIVED) in ALIVE:
                self.verdicts[mutant.key] = self._try(mutant)
                with self.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([mutant.key, self.verdicts[mutant.key]]) + "\n")
        return True

    def _note(self, name: str, call: Callable[[], object]) -> None:
        """Note the lines of the guideline that a call reaches, and its time."""
        lines: set[tuple[str, int]] = set()

        def trace(frame: FrameType, event: str, _: object) -> Any:
            file = frame.f_code.co_filename
            if not file.startswith(FOLDER):
                return None
            lines.add((file, frame.f_lineno))
            return trace

        began = time.process_time()
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(None)
        self.reached.seconds[name] = time.process_time() - began
        for line in lines:
            self.reached.by_line[line].add(name)

    def _try(self, mutant: Mutant) -> str:
        chosen = self.reached.tests(mutant)
        if not chosen:
            return UNREACHED
        place, module = self.killers[f"{mutant.module}:{mutant.place}"], self.killers[mutant.module]
        order = sorted(chosen, key=lambda name: (-place[name], -module[name], self.reached.seconds[name]))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            self._run_in_child(mutant, order, writer)
        os.close(writer)
        with os.fdopen(reader) as said:
            last = said.read().split("\n")[-2:][0]
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            return TIMEOUT
        if status == 0:
            return SURVIVED
        if last:
            place[last] += 1
            module[last] += 1
        return KILLED

    def _run_in_child(self, mutant: Mutant, order: list[str], writer: int) -> None:
        self.is_child = True
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        with contextlib.suppress(Exception):
            activate(mutant, keep=() if self.reached.reads_workflow(mutant) else SLOW_CACHE)
            for name, following in zip(order, [*order[1:], ""], strict=True):
                os.write(writer, f"{name}\n".encode())
                # CPU time, which a busy machine does not shorten; the signal ends the process.
                signal.setitimer(signal.ITIMER_PROF, 5 + 10 * self.reached.seconds[name])
                item = self.reached.items[name]
                item.ihook.pytest_runtest_protocol(item=item, nextitem=self.reached.items.get(following))
            os._exit(0)
        os._exit(1)


def modules(wanted: list[str]) -> list[str]:
    """Return the names of the package's modules."""
    found = pkgutil.walk_packages(hipcalc.guideline.__path__, f"{PACKAGE}.")
    names = [info.name for info in found if not info.ispkg]
    return [name for name in names if not wanted or name.removeprefix(f"{PACKAGE}.") in wanted]


def print_table(mutants: list[Mutant], verdicts: dict[str, str]) -> None:
    """Print what became of the mutants of each module, then the survivors."""
    counts = Counter((mutant.module.removeprefix(f"{PACKAGE}."), verdicts.get(mutant.key)) for mutant in mutants)
    everything: Counter[str | None] = Counter()
    print("| module | mutants | tried | killed | timeout | survived |\n|---|---|---|---|---|---|")
    for module in sorted({name for name, _ in counts}):
        row = Counter({verdict: count for (name, verdict), count in counts.items() if name == module})
        everything += row
        print(_row(module, row))
    print(_row("all", everything), "\n")
    for mutant in mutants:
        if verdicts.get(mutant.key) in ALIVE:
            print(f"{mutant.key} line {mutant.lines[0]}: {verdicts[mutant.key]}", *mutant.change, "", sep="\n")


def _row(name: str, row: Counter[str | None]) -> str:
    tried = row.total() - row[None]
    alive = sum(row[verdict] for verdict in ALIVE)
    share = f" ({100 * alive / tried:.1f}%)" if tried else ""
    return f"| {name} | {row.total()} | {tried} | {row[KILLED]} | {row[TIMEOUT]} | {alive}{share} |"


def main(results: Path, wanted: list[str]) -> None:
    """Try the mutants that have no verdict yet, and those that survived."""
    settings.load_profile("mutation")
    sys.path.insert(0, str(TESTS))
    said = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    verdicts: dict[str, str] = dict(json.loads(line) for line in said)
    mutants = [mutant for name in modules(wanted) for mutant in mutants_of(name)]
    runner = Runner(mutants=mutants, results=results, verdicts=verdicts)
    files = map(str, sorted(TESTS.glob("test_guideline_*.py")))
    # Hypothesis is imported here, before pytest could rewrite its assertions: that is no matter.
    options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore:Module already imported"]
    status = pytest.main([*options, *files], plugins=[runner])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit(int(status))
    print_table(mutants, verdicts)
    times = os.times()
    print(f"CPU: {times.user + times.system + times.children_user + times.children_system:.0f} s")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("modules", nargs="*")
    arguments = parser.parse_args()
    main(arguments.results.resolve(), arguments.modules)
