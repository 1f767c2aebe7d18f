"""``prevalence.csv``, ``drift.csv``, the methods paragraph, and a page of them, beside the results."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from hipcalc.errors import UsageError
from hipcalc.prevalence.drift import drift_table
from hipcalc.prevalence.estimating import Estimate, Validation, estimate
from hipcalc.prevalence.methods import methods_paragraph
from hipcalc.prevalence.people import hips_of_people
from hipcalc.report import ResultsFolder, RunFacts, write_atomic
from hipcalc.report.further import link_further
from hipcalc.report.participants import read_participants
from hipcalc.report.rendering import render, write_assets
from hipcalc.report.words import side_name

__all__ = ["PrevalenceResult", "report_prevalence"]

# Bounds of age groups in years: those of most population studies of the hip.
_AGES = (40, 50, 60, 70, 80)
_ADJUSTED = ("adjusted", "adjusted_low", "adjusted_high")
_WHAT = {
    "marked": "mark, not rejected by a reader",
    "marked_rim": "such a mark at the rim",
    "confirmed": "confirmed finding",
    "confirmed_rim": "confirmed finding at the rim",
}


@dataclass(frozen=True, kw_only=True)
class PrevalenceResult:
    """What was written: the tables, the paragraph, and where."""

    table: pd.DataFrame
    drift: pd.DataFrame
    methods: str
    folder: Path
    page: Path


def report_prevalence(
    results: str | Path, *, participants: str | Path | None = None, validation: Validation | None = None
) -> PrevalenceResult:
    """Estimate the prevalence of findings among the hips of a cohort, and write what a paper needs of it.

    Parameters
    ----------
    results : str or Path
        Folder of a finished ``hipcalc screen``, or of merged shards.
    participants : str or Path, optional
        Whose each image is, with sex, age, site and date where they are known (`read_participants`).
    validation : Validation, optional
        Sensitivity and specificity, hip by hip, as measured; without them nothing is adjusted.

    Returns
    -------
    PrevalenceResult

    Raises
    ------
    UsageError
        If the folder holds no finished results, or a table is wrong.
    OutputError
        If something cannot be written.
    """
    folder = ResultsFolder(Path(results))
    run = folder.read_run()
    if run["status"] != "done":
        raise UsageError(f"{folder.path} holds an unfinished run: run hipcalc screen with --resume first.")
    people = None if participants is None else read_participants(participants)
    hips = hips_of_people(folder.path, people)
    table = pd.DataFrame(_rows(hips, validation)).astype(dict.fromkeys(_ADJUSTED, float))
    drift = drift_table(folder.path, people)
    methods = methods_paragraph(run, table, validation, participants=people is not None)
    page = folder.pages / "prevalence.html"
    write_atomic(folder.path / "prevalence.csv", table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    write_atomic(folder.path / "methods.txt", methods + "\n")
    if len(drift):
        write_atomic(folder.path / "drift.csv", drift.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    shown = [_cells(row) for row in table.to_dict("records")]
    text = render(
        "prevalence.html.j2",
        RunFacts.from_run(run),
        rows=shown,
        drift=drift.to_dict("records"),
        has_index=folder.index.is_file(),
        methods=methods,
        adjusted=validation is not None,
    )
    write_atomic(page, text)
    write_assets(folder.pages)
    link_further(folder)
    return PrevalenceResult(table=table, drift=drift, methods=methods, folder=folder.path, page=page)


def _rows(hips: pd.DataFrame, validation: Validation | None) -> Iterator[dict[str, Any]]:
    whats = ["marked", "marked_rim"]
    # What no reader has looked at is not absent: confirmed ones are counted once every mark was decided upon.
    if hips["reviewed"].all() and hips["confirmed"].any():
        whats += ["confirmed", "confirmed_rim"]
    for what in whats:
        for group, value, some in _groups(hips):
            # The validation is of the search as a whole: marks in one place, and confirmed ones, err in other ways.
            known = validation if what == "marked" else None
            yield {"what": _WHAT[what], "group": group, "value": value, **asdict(_estimate(some, what, known))}


def _groups(hips: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "", hips
    for side, some in hips.groupby("side"):
        yield "side", side_name(str(side)).lower(), some
    for name in ("sex", "site"):
        if name in hips:
            for value, some in hips[hips[name] != ""].groupby(name):
                yield name, str(value), some
    if "age" in hips:
        bounds = [0, *_AGES, 200]
        labels = [f"below {_AGES[0]}", *(f"{low} to {high - 1}" for low, high in pairwise(_AGES))]
        ages = pd.cut(hips["age"], bounds, right=False, labels=[*labels, f"{_AGES[-1]} and more"])
        for label, some in hips.groupby(ages, observed=True):
            yield "age", str(label), some


def _estimate(hips: pd.DataFrame, what: str, validation: Validation | None) -> Estimate:
    per_person = hips.groupby("person")[what].agg(["size", "sum"])
    return estimate(per_person["size"].to_numpy(), per_person["sum"].to_numpy(), validation)


def _cells(row: dict[Any, Any]) -> dict[str, str]:
    def percent(name: str) -> str:
        middle, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        if middle != middle:
            return "–"
        return f"{100 * middle:.1f}% ({100 * low:.1f} to {100 * high:.1f})"

    return {
        "what": row["what"],
        "group": row["group"] if not row["value"] else f"{row['group']}: {row['value']}",
        "people": str(row["people"]),
        "hips": str(row["hips"]),
        "positive": str(row["positive"]),
        "crude": percent("crude"),
        "adjusted": percent("adjusted"),
        "effect": f"{row['design_effect']:.2f}",
    }
