"""Fit what the differential takes from phantoms: how the detector measures each look.

    PYTHONPATH=tests/benchmarks nice -n 10 python tests/benchmarks/fit_differential.py FOLDER

writes ``models/hipcalc_models/differential-2/looks.json``. FOLDER (outside of the project) keeps the screened phantoms.
`bench_differential.py` uses other phantoms.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from differential_data import BEAK, METAL_CLASS, table

from hipcalc.findings import Finding
from hipcalc.findings.differential import measures_of
from hipcalc.findings.likelihood import Differential

# (seed, phantoms)
TABLES = ((11, 6), (12, 5))
MODEL = Path(__file__).resolve().parents[2] / "models/hipcalc_models/differential-2"
LOOKS = ("amorphous", "ring", "ossicle", "beak", "linear", "cluster", "labral", "metal")
# Looks of a class, whatever its pieces were drawn as: labral calcifications are chalk or, less often, rings.
OF_CLASS = {"labral-calcification": "labral", METAL_CLASS: "metal"}
# A look with fewer marks than this is not fitted.
FEWEST = 8
# Chosen: real deposits vary more than phantoms do, so that no width is below this.
LEAST_WIDTH = 0.2
# Chosen: parts of a cluster are measured alone so often that its size would say nothing otherwise.
LARGEST_SIZE_ERROR = 0.7
TRUTHS = {BEAK: ("rim-ossification", "osteophyte")}


def finding_of(row: pd.Series) -> Finding:
    """Return a row's candidate."""
    values = {name: row[name] for name in Finding.__dataclass_fields__}
    plain = {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in values.items()}
    return Finding(**plain)


def look_of(marks: pd.DataFrame) -> dict[str, object]:
    """Return how the detector measures marks of one look; means are those of the middle 90%."""

    looks: dict[str, object] = {}
    measured = {
        "log_aspect": np.log(marks["aspect_ratio"]),
        "core_to_rim": marks["core_to_rim"],
        "log_margin": np.log(marks["margin_px"] / marks["diameter_px"]),
    }
    for name, values in measured.items():
        low, high = values.quantile([0.05, 0.95])
        mean = values[(values >= low) & (values <= high)].mean()
        looks[name] = [round(float(mean), 3), round(max(float(values.std()), LEAST_WIDTH), 3)]
    errors = np.log(marks["diameter_mm"] / marks["true_mm"])
    return {**looks, "log_size_error": round(min(float(np.sqrt((errors**2).mean())), LARGEST_SIZE_ERROR), 3)}


def probabilities(model: Differential, marks: pd.DataFrame) -> np.ndarray:
    """Return the probability of every entity for every mark, shape (marks, entities)."""
    rows = []
    for _, row in marks.iterrows():
        factors = model.factors(measures_of(finding_of(row)))
        rows.append([np.prod([value for _, value in found]) for found in factors])
    weights = np.array(rows)
    return weights / weights.sum(axis=1, keepdims=True)


def main(folder: Path) -> None:
    """Fit and write."""
    marks = pd.concat([table(seed, count, folder) for seed, count in TABLES], ignore_index=True)
    marks = marks[marks["found"].astype(bool)].reset_index(drop=True)
    looks = {}
    of_class = marks["class"].map(OF_CLASS)
    for look in LOOKS:
        own = marks[(of_class == look) | (marks["kind"] == look)]
        if len(own) >= FEWEST:
            looks[look] = look_of(own)
        print(look, len(own), looks.get(look, "not fitted"))
    text = json.dumps({"looks": looks}, indent=1)
    (MODEL / "looks.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    main(parser.parse_args().folder)
