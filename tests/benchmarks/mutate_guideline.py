"""Mutation testing of hipcalc.guideline: which small changes of its code no test notices.

    nice -n 10 python tests/benchmarks/mutate_guideline.py FOLDER [MODULE ...] [--every N]

copies the package, its models and the guideline's tests to FOLDER (outside of the project), lets mutmut change one
thing at a time there, and prints how many mutants each module has, how many survive, and each survivor's difference.
FOLDER keeps what was found: a second call goes on. With MODULE, only mutants of those modules (`guards`, `visits`, ...)
are tried; with --every N, each N-th mutant of every module. About 3 s of CPU for each mutant.
`tests/benchmarks/mutation_survivors.md` holds the survivors of the last run and why they are let live.

mutmut (`pip install mutmut`, BSD) is needed here only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = (
    "test_guideline_*.py",
    "guideline_builders.py",
    "support.py",
    "guideline_strategies.py",
    "transition_table.py",
    "transitions.md",
)
SETTINGS = """[mutmut]
source_paths = src/hipcalc
only_mutate = src/hipcalc/guideline/*.py
also_copy =
    src/hipcalc_models
    conftest.py
pytest_add_cli_args =
    -q
    -p
    no:randomly
    -p
    no:cacheprovider
use_git_change_detection = false
timeout_constant = 20
"""
# Few, fixed examples: the same mutants survive each time, and none survives because a draw was lucky.
CONFTEST = """import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

sys.path.insert(0, str(Path(__file__).parent / "tests"))
settings.register_profile(
    "mutation",
    derandomize=True,
    max_examples=15,
    database=None,
    deadline=None,
    # A mutant is dead with the first failure: no shrinking.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")
"""
NOT_CAUGHT = ("survived", "no tests", "suspicious")


def prepare(folder: Path) -> None:
    """Copy what is mutated and what tests it."""
    for source, target in (("pipeline/hipcalc", "src/hipcalc"), ("models/hipcalc_models", "src/hipcalc_models")):
        shutil.copytree(
            ROOT / source, folder / target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / "tests").mkdir(exist_ok=True)
    for pattern in TESTS:
        for file in (ROOT / "tests").glob(pattern):
            shutil.copy(file, folder / "tests")
    (folder / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")


def run(folder: Path, names: list[str]) -> None:
    """Let mutmut try some mutants, or all."""
    with (folder / "mutmut.log").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
        subprocess.run(command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False, stdout=log)


def verdicts(folder: Path) -> dict[str, str]:
    """Return what became of each mutant, by name."""
    listed = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.strip().rpartition(": ") for line in listed.stdout.splitlines() if ": " in line)
    return {name: verdict for name, _, verdict in pairs if "__mutmut_" in name}


def main(folder: Path, modules: list[str], every: int) -> None:
    """Run mutmut and print the table and the survivors."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder)
    if every > 1:
        # A name that no mutant has: the mutants are made, and none is tried.
        run(folder, ["hipcalc.nothing"])
        chosen = sorted(name for name in verdicts(folder) if not modules or name.split(".")[2] in modules)[::every]
    else:
        chosen = [f"hipcalc.guideline.{module}.*" for module in modules]
    run(folder, chosen)
    found = verdicts(folder)
    counts = Counter((name.split(".")[2], verdict) for name, verdict in found.items())
    survivors = sorted(name for name, verdict in found.items() if verdict in NOT_CAUGHT)
    print("| module | mutants | tried | caught | not caught |\n|---|---|---|---|---|")
    for module in sorted({name for name, _ in counts}):
        total = sum(count for (name, _), count in counts.items() if name == module)
        untried = counts[module, "not checked"]
        alive = sum(counts[module, verdict] for verdict in NOT_CAUGHT)
        print(f"| {module} | {total} | {total - untried} | {total - untried - alive} | {alive} |")
    tried = sum(verdict != "not checked" for verdict in found.values())
    share = len(survivors) / tried if tried else float("nan")
    print(f"| all | {len(found)} | {tried} | {tried - len(survivors)} | {len(survivors)} ({100 * share:.1f}%) |\n")
    for name in survivors:
        shown = subprocess.run(
            [sys.executable, "-m", "mutmut", "show", name], cwd=folder, capture_output=True, text=True, check=False
        )
        changed = [line for line in shown.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print(json.dumps({"mutant": name, "verdict": found[name], "change": changed}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.folder.resolve(), arguments.modules, arguments.every)
