"""The differential on phantoms of known class that it was not fitted on: top-1, top-2, confusion, calibration.

    PYTHONPATH=tests/benchmarks nice -n 10 python tests/benchmarks/bench_differential.py FOLDER

FOLDER (outside of the project) keeps the screened phantoms. Phantoms flatter: the same page of clinical statements
drew them and wrote the table. What is compared: the table with its fitted looks, zone and size alone, and always the
class that is met most often in the zone.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from differential_data import BEAK, CLASSES, METAL_CLASS, table
from fit_differential import TRUTHS, finding_of, probabilities

from hipcalc.findings.differential import measures_of
from hipcalc.findings.likelihood import Differential, differential_table

SEED, COUNT = 13, 10
SHORT = 11


def interval(right: np.ndarray, phantoms: np.ndarray) -> str:
    """Return a share with its 95% interval, phantoms drawn again with replacement."""
    rng = np.random.default_rng(0)
    groups = [right[phantoms == one] for one in np.unique(phantoms)]
    shares = [
        np.concatenate([groups[k] for k in rng.integers(len(groups), size=len(groups))]).mean() for _ in range(1000)
    ]
    low, high = np.quantile(shares, (0.025, 0.975))
    return f"{right.mean():.2f} ({low:.2f} to {high:.2f})"


def _folded(model: Differential, chances: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Count the two entities that one view does not tell apart as one."""
    names = [entity.id for entity in model.entities]
    pair = [names.index(one) for one in TRUTHS[BEAK]]
    rest = [k for k in range(len(names)) if k not in pair]
    return [BEAK, *(names[k] for k in rest)], np.column_stack([chances[:, pair].sum(axis=1), chances[:, rest]])


def _zone_and_size(model: Differential, marks: pd.DataFrame) -> np.ndarray:
    rows = []
    for _, row in marks.iterrows():
        factors = model.factors(measures_of(finding_of(row)))
        rows.append([np.prod([v for name, v in found if name in ("prior", "zone", "size")]) for found in factors])
    weights = np.array(rows)
    return weights / weights.sum(axis=1, keepdims=True)


def _report(title: str, names: list[str], chances: np.ndarray, marks: pd.DataFrame) -> np.ndarray:
    order = np.argsort(-chances, axis=1, kind="stable")
    truth = np.array([names.index(name) for name in marks["class"]])
    first, two = order[:, 0] == truth, (order[:, :2] == truth[:, None]).any(axis=1)
    phantoms = marks["phantom"].to_numpy()
    by_class = pd.Series(first).groupby(marks["class"]).mean().mean()
    print(
        f"{title}: top-1 {interval(first, phantoms)}, top-2 {interval(two, phantoms)}, mean over classes {by_class:.2f}"
    )
    return order[:, 0]


def _confusion(names: list[str], first: np.ndarray, marks: pd.DataFrame) -> None:
    said = pd.Series([names[k] for k in first], name="first in the list")
    counts = pd.crosstab(marks["class"], said).reindex(CLASSES).fillna(0).astype(int)
    print("\n| true class | n | " + " | ".join(name[:SHORT] for name in counts.columns) + " |")
    print("|---" * (len(counts.columns) + 2) + "|")
    for name, row in counts.iterrows():
        print(f"| {name} | {row.sum()} | " + " | ".join(str(value) if value else "" for value in row) + " |")


def _calibration(names: list[str], chances: np.ndarray, marks: pd.DataFrame) -> None:
    right = np.array([names[k] for k in chances.argmax(axis=1)]) == marks["class"].to_numpy()
    top = chances.max(axis=1)
    print("\n| weight of the first | n | mean weight | right |\n|---|---|---|---|")
    for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        inside = (top >= low) & (top < high)
        if inside.any():
            shares = f"{top[inside].mean():.2f} | {right[inside].mean():.2f}"
            print(f"| {low:.1f}-{min(high, 1):.1f} | {inside.sum()} | {shares} |")


def main(folder: Path) -> None:
    """Print the tables."""
    every = table(SEED, COUNT, folder)
    found = every.groupby("class")["found"].agg(["size", "sum"]).reindex(CLASSES)
    print("planted and marked:", ", ".join(f"{name} {n['sum']:.0f} of {n['size']:.0f}" for name, n in found.iterrows()))
    marks = every[every["found"].astype(bool)].reset_index(drop=True)
    model = differential_table()
    names, chances = _folded(model, probabilities(model, marks))
    first = _report("differential-2", names, chances, marks)
    mineral = (marks["class"] != METAL_CLASS).to_numpy()
    _report("of them mineral", names, chances[mineral], marks[mineral])
    _report("zone and size alone", *_folded(model, _zone_and_size(model, marks)), marks)
    common = pd.Series(marks["class"]).groupby(marks["zone"]).agg(lambda values: values.mode()[0])
    guess = marks["zone"].map(common) == marks["class"]
    print(f"commonest class of the zone, known from these very phantoms: top-1 {guess.mean():.2f}")
    _confusion(names, first, marks)
    _calibration(names, chances, marks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    main(parser.parse_args().folder)
