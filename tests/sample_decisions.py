"""The decisions that stand in sample_data: a reader who knows the truth reads what ``hipcalc screen`` marked.

Candidate ids change with the detector. To write the table again after such a change:

    hipcalc screen sample_data --out results && python tests/sample_decisions.py results
"""

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
CLASSES = {"amorphous": "labral-calcification", "ring": "labral-calcification", "ossicle": "os-acetabuli"}
COLUMNS = ("candidate_id", "status", "reader", "time", "reason", "confirmed_class")
READER, TIME = "Sample Reader", "2025-09-15T09:00:00Z"


def sample_decisions(results: Path) -> list[dict[str, str]]:
    """Confirm the strongest mark on each true focus, and reject every other mark."""
    marks = pd.read_csv(results / "candidates.csv")
    truth = pd.read_csv(SAMPLE / "truth.csv")
    classes = {_mark_on(focus, marks): CLASSES[focus["class"]] for _, focus in truth.iterrows()}
    shown = marks[marks["finding"] | marks["candidate_id"].isin(list(classes))]
    rows = []
    for name in shown["candidate_id"]:
        confirmed = {"status": "confirmed", "reason": "", "confirmed_class": classes.get(name, "")}
        rejected = {"status": "rejected", "reason": "bone-edge", "confirmed_class": ""}
        rows.append(
            {"candidate_id": name, "reader": READER, "time": TIME} | (confirmed if name in classes else rejected)
        )
    return rows


def _mark_on(focus: pd.Series, marks: pd.DataFrame) -> str:
    image = marks[marks["path"].map(lambda path: Path(path).name) == focus["path"]]
    distance = np.hypot(image["row_px"] - focus["row_px"], image["column_px"] - focus["column_px"])
    on_it = image[distance <= focus["diameter_px"] / 2]
    return str(on_it.sort_values("expected_false_marks").iloc[0]["candidate_id"])


if __name__ == "__main__":
    with (SAMPLE / "decisions.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(sample_decisions(Path(sys.argv[1])))
