"""Tables on the terminal."""

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hipcalc.cli.terminal import printable
from hipcalc.report.words import count_text, number_text, short_length, side_name, zone_name

if TYPE_CHECKING:
    import pandas as pd

    from hipcalc.agreement import AgreementResult
    from hipcalc.cohort import CohortResult
    from hipcalc.findings import HipRecord
    from hipcalc.prevalence import PrevalenceResult
    from hipcalc.report import FileRecord, WorkflowResult

__all__ = [
    "print_agreement",
    "print_answer",
    "print_evaluation",
    "print_prevalence",
    "print_screening",
    "print_workflow",
]

# What fits a screen; the tables and pages hold everything.
_MOST_ROWS = 30
_MOST_NAMES = 3
_FEW_IMAGES = 12
_MOST_REASONS = 8
_NAME_CELLS = 24
_LONG = ("image", "marks", "reason", "which", "state", "missing", "measure", "zone")
_NOTICE = "Unconfirmed algorithm output. Research software, not a medical device."


def print_screening(console: Console, result: "CohortResult") -> None:
    """Print what fits a screen: hips and marks of a few images, or counts by zone of many; what was lost and why."""
    counts = result.counts
    if 0 < counts["ok"] <= _FEW_IMAGES:
        _print_hips(console, [record for record in result.records if record.image.status == "ok"])
    elif counts["findings"]:
        _print_zones(console, result)
    if result.losses:
        _print_lost(console, result)
    _print(console, _summary(result))
    if counts["failed"]:
        _print(console, "Failed inputs are tried again by the same command with --resume; nothing else is done twice.")
    if counts["ok"] > _FEW_IMAGES:
        slow = ", ".join(f"{PurePath(path).name} {seconds:.1f} s" for path, seconds in result.slowest)
        _print(console, f"Slowest: {slow}.")
        if result.stages_s:
            stages = ", ".join(f"{name} {seconds:.2g} s" for name, seconds in result.stages_s.items())
            _print(console, f"Mean of each image: {stages}.")
    _print(console, _NOTICE)
    folder = result.folder
    _print(console, f"Tables: {result.address or folder.path}")
    if folder.index.is_file():
        page = f"{result.address}/{folder.index.relative_to(folder.path)}" if result.address else folder.index
        _print(console, f"Page: {page}")


def _print_hips(console: Console, records: list["FileRecord"]) -> None:
    table = _table("Hips", "image", "hip", "status", "angle", "limit", "marks")
    for record in sorted(records, key=lambda record: not record.findings):
        for position, hip in enumerate(record.hips):
            marks = [finding for finding in record.findings if finding.side == hip.side]
            angle = number_text(hip.shown_centre_edge_angle_deg, 0)
            table.add_row(
                *map(
                    Text,
                    (
                        "" if position else printable(PurePath(record.image.path).name),
                        side_name(hip.side).lower(),
                        hip.status,
                        angle if angle == "–" else f"{angle}°",
                        _limit_text(hip),
                        "\n".join(
                            f"{short_length(mark.diameter_mm, mark.diameter_head_radii)} {mark.zone}" for mark in marks
                        ),
                    ),
                )
            )
    console.print(table)


def _limit_text(hip: "HipRecord") -> str:
    # What would have been found over bone says nothing of soft tissue.
    is_reached = hip.detection_limit_head_radii is not None or not hip.detection_limit_tissue
    limit = short_length(hip.detection_limit_mm, hip.detection_limit_head_radii) if is_reached else "not reached"
    return f"{limit}\nover bone" if hip.detection_limit_tissue == "bone" else limit


def _print_zones(console: Console, result: "CohortResult") -> None:
    table = _table("Marks by zone", "zone", "right", "left", "side unknown")
    zones: dict[str, Counter[str]] = defaultdict(Counter)
    for zone, side, count in result.zones:
        zones[zone][side] += count
    for zone, sides in sorted(zones.items(), key=lambda entry: -entry[1].total()):
        table.add_row(*map(Text, (zone_name(zone), *(str(sides[side]) for side in ("R", "L", "unknown")))))
    console.print(table)


def _print_lost(console: Console, result: "CohortResult") -> None:
    table = _table("Not analysed", "status", "files", "reason", "which")
    for status, reason, count, example in result.losses[:_MOST_REASONS]:
        more = f" and {count - 1} more" if count > 1 else ""
        table.add_row(*map(Text, (status, str(count), printable(reason), printable(PurePath(example).name) + more)))
    console.print(table)
    told = sum(count for *_, count, _ in result.losses[:_MOST_REASONS])
    rest = result.counts["rejected"] + result.counts["failed"] - told
    if rest:
        _print(console, f"and {count_text(rest, 'file')} for other reasons: see images.csv")


def _summary(result: "CohortResult") -> str:
    counts = result.counts
    inputs, located = count_text(counts["inputs"], "input"), count_text(counts["located"], "hip")
    parts = [
        f"{inputs}: {counts['ok']} analysed, {counts['rejected']} rejected, {counts['failed']} failed",
        f"{located} located, {counts['uncertain']} uncertain, {counts['implant']} with implant",
        count_text(counts["findings"], "mark"),
    ]
    if result.reused:
        parts.append(f"{result.reused} kept from before")
    return "; ".join(parts) + "."


def print_workflow(console: Console, result: "WorkflowResult") -> None:
    """Print each hip's state and what is missing."""
    table = _table("Guideline workflow", "image", "hip", "state", "confirmed", "held back", "missing")
    shown = [one for one in result.recommendations if not one.audit_only]
    for one in shown[:_MOST_ROWS]:
        missing = [entry.name for entry in one.missing]
        text = f"{len(missing)} answers" if len(missing) > _MOST_NAMES else ", ".join(missing).replace("_", " ")
        gates = ", ".join(dict.fromkeys(block.gate for block in one.blocked))
        cells = (printable(Path(one.path).name), side_name(one.side).lower(), f"{one.state} {one.state_name}")
        table.add_row(*map(Text, (*cells, str(len(one.confirmed)), gates, text)))
    # A name that is not too long stays in one piece; states and questions can be broken between words.
    names = (len(printable(Path(one.path).name)) for one in shown[:_MOST_ROWS])
    table.columns[0].min_width = min(max(names, default=0), _NAME_CELLS)
    console.print(table)
    if len(shown) > _MOST_ROWS:
        _print(console, f"and {count_text(len(shown) - _MOST_ROWS, 'more hip')}: see the files")
    audit = len(result.recommendations) - len(shown)
    if audit:
        _print(console, f"In {result.folder / 'audit'} only, as all marks were rejected: {count_text(audit, 'hip')}.")
    if result.new_decisions:
        _print(console, f"{count_text(result.new_decisions, 'decision')} added to the log.")
    for sentence in result.left_aside:
        _print(console, sentence)
    _print(console, "Research software, not a medical device.")
    _print(console, f"Recommendations: {result.folder}")
    if (result.folder / "index.html").is_file():
        _print(console, f"Patients: {result.folder / 'index.html'}")
    if result.index is not None:
        _print(console, f"Page: {result.index}")


def print_evaluation(console: Console, measured: "pd.DataFrame", folder: str) -> None:
    """Print the table that evaluate returned."""
    from hipcalc.evaluate import ROC_AREA

    table = _table("Evaluation", "measure", "value", "low", "high", "n")
    # JSON knows one blank for everything that is missing.
    for row in json.loads(measured.to_json(orient="records")):
        cells = ("" if row[name] is None else f"{row[name]:.3f}" for name in ("value", "low", "high"))
        table.add_row(*map(Text, (row["measure"], *cells, str(row["n"]))))
    console.print(table)
    if measured.loc[measured["measure"] == ROC_AREA, "value"].isna().any():
        _print(console, "The ROC curve needs hips without a focus beside those with one: name them in a table of hips.")
    _print(console, f"Written to {Path(folder) / 'evaluation.csv'}")


def print_prevalence(console: Console, result: "PrevalenceResult") -> None:
    """Print the estimates, the paragraph, and where everything is."""
    table = _table("Hips with at least one", "measure", "group", "hips", "crude", "adjusted")
    told = ""
    for row in result.table.to_dict("records"):
        group = row["group"] if not row["value"] else f"{row['group']}: {row['value']}"
        crude, adjusted = (_share(row, name) for name in ("crude", "adjusted"))
        # Its name is long, and said once.
        measure, told = "" if row["what"] == told else row["what"], row["what"]
        table.add_row(*map(Text, (measure, group, f"{row['positive']}/{row['hips']}", crude, adjusted)))
    console.print(table)
    console.print(Text(result.methods))
    _print(console, f"Tables: {result.folder / 'prevalence.csv'}")
    _print(console, f"Page: {result.page}")


def _share(row: Mapping[Hashable, Any], name: str) -> str:
    """Return a share with its interval in few characters."""
    value, low, high = (100 * row[name + suffix] for suffix in ("", "_low", "_high"))
    return f"{value:.1f}% ({low:.1f}–{high:.1f})" if value == value else "–"


def print_agreement(console: Console, result: "AgreementResult") -> None:
    """Print the kappas, the time per hip, and where everything is."""
    table = _table("Per", "readers", "statistic", "kappa", "adjusted", "units")
    for row in result.kappas.to_dict("records"):
        kappa = "{value:.2f} ({low:.2f} to {high:.2f})".format_map(row) if row["value"] == row["value"] else "–"
        cells = (row["level"], row["readers"], row["statistic"], kappa, f"{row['adjusted']:.2f}", str(row["units"]))
        table.add_row(*map(Text, cells))
    if len(result.kappas):
        console.print(table)
    else:
        console.print("No hip was finished by two readers yet: there is no agreement to measure.")
    for row in result.times.to_dict("records"):
        _print(console, f"{row['reader']}: {row['hips']} hips, median {row['median_s']:.1f} s each")
    _print(console, f"Page: {result.page}")


def print_answer(console: Console, answer: "pd.DataFrame") -> None:
    """Print the first rows of an answer to a query."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in answer.columns:
        table.add_column(Text(str(column)), overflow="fold")
    for row in answer.head(_MOST_ROWS).itertuples(index=False):
        table.add_row(*(Text("" if value is None or value != value else _value_text(value)) for value in row))
    console.print(table)
    more = len(answer) - _MOST_ROWS
    if more > 0:
        _print(console, f"and {more} more rows: --format csv prints all of them")


def _value_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        # Long texts share what short ones leave, so that eighty columns are enough.
        table.add_column(column, overflow="fold", no_wrap=column not in _LONG)
    return table


def _print(console: Console, line: str) -> None:
    # Paths stay in one piece, so that they can be copied.
    console.print(Text(printable(line)), soft_wrap=True)
