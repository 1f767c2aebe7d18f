"""``agreement.csv`` and its companions, and a page of them, beside the results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hipcalc.agreement.against import AgainstReader, against_reader, read_candidates
from hipcalc.agreement.figures import froc_picture, kappa_picture, times_picture
from hipcalc.agreement.kappa import kappa_of
from hipcalc.agreement.marks import matched_marks
from hipcalc.agreement.units import Hips, focus_ratings, hip_ratings, read_hips, read_readings
from hipcalc.errors import UsageError
from hipcalc.report import ResultsFolder, RunFacts, write_atomic
from hipcalc.report.further import link_further
from hipcalc.report.rendering import render
from hipcalc.review import LOG_FILE, Reading, Readings, open_log

__all__ = ["AgreementResult", "report_agreement"]

_SEED = 1
_MARK_COLUMNS = [
    "hip_id",
    "what",
    "reader",
    "other",
    "dice",
    "distance_px",
    "distance_head_radii",
    "distance_mm",
]

_Finished = Mapping[str, Mapping[str, Reading]]


@dataclass(frozen=True, kw_only=True)
class AgreementResult:
    """What was written: the tables, by name, and where.

    Attributes
    ----------
    kappas, marks, froc, times : DataFrame
        Kappa per hip and per focus; foci and heads that two readers marked; the detector's sensitivity against each
        reader; time per hip of each reader.
    page : Path
    """

    kappas: pd.DataFrame
    marks: pd.DataFrame
    froc: pd.DataFrame
    times: pd.DataFrame
    page: Path


def report_agreement(results: str | Path, *, participants: str | Path | None = None) -> AgreementResult:
    """Measure how far the readers of a results folder agree, and write tables and a page of it.

    Writes ``agreement.csv`` and ``agreement.json`` (kappas), ``agreement_marks.csv``, ``agreement_froc.csv``,
    ``reading_times.csv``, and ``report/agreement.html``, which needs no other file.

    Parameters
    ----------
    results : str or Path
        Folder that ``hipcalc screen`` wrote and in which readers finished hips.
    participants : str or Path, optional
        Whose each image is (`hipcalc.report.participants.read_participants`); without it, each image is taken for a
        patient of its own.

    Returns
    -------
    AgreementResult

    Raises
    ------
    UsageError
        If nobody finished a hip there, or a table is wrong.
    OutputError
        If something cannot be written.
    """
    folder = ResultsFolder(Path(results))
    run = folder.read_run()
    hips = read_hips(folder.path, participants)
    finished = read_readings(_readings(folder.path), hips)
    if not finished:
        raise UsageError(f"{folder.path / LOG_FILE} holds no hip that a reader finished: read some, hipcalc review.")
    readers = list(dict.fromkeys(name for of_hip in finished.values() for name in of_hip))
    rng = np.random.default_rng(_SEED)
    candidates = read_candidates(folder.path)
    measured = [against_reader(reader, finished, candidates, hips, rng) for reader in readers]
    seconds = {name: [of[name].duration_s for of in finished.values() if name in of] for name in readers}
    page = folder.pages / "agreement.html"
    result = AgreementResult(
        kappas=pd.DataFrame(_kappa_rows(finished, readers, hips, rng)),
        marks=pd.DataFrame(matched_marks(finished, hips), columns=_MARK_COLUMNS),
        froc=pd.DataFrame(_froc_rows(measured)),
        times=pd.DataFrame([_time_row(name, values) for name, values in seconds.items()]),
        page=page,
    )
    _write_tables(folder.path, result)
    text = render(
        "agreement.html.j2",
        RunFacts.from_run(run),
        style=files("hipcalc.report").joinpath("assets", "style.css").read_text(encoding="utf-8"),
        has_index=folder.index.is_file(),
        kappas=result.kappas.to_dict("records"),
        kappa_picture=kappa_picture(result.kappas) if len(result.kappas) else "",
        marks=_mark_summaries(result.marks),
        froc=result.froc.to_dict("records"),
        froc_picture=froc_picture(measured),
        times=result.times.to_dict("records"),
        times_picture=times_picture(seconds),
        by_patient=participants is not None,
    )
    write_atomic(page, text)
    link_further(folder)
    return result


def _readings(folder: Path) -> Readings:
    readings = Readings()
    if (folder / LOG_FILE).exists():
        with open_log(folder) as log:
            readings.take(log.events())
    return readings


def _kappa_rows(
    finished: _Finished, readers: Sequence[str], hips: Hips, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Yield a row for each pair of readers who share a hip, and one for all where there are more than two."""
    groups = [*combinations(readers, 2), *([tuple(readers)] if len(readers) > 2 else [])]
    for level, rate in (("hip", hip_ratings), ("focus", focus_ratings)):
        for group in groups:
            ratings = rate(finished, group, hips)
            if len(ratings.said):
                kappa = kappa_of(ratings.said, ratings.patients, rng)
                yield {"level": level, "readers": " / ".join(group), **asdict(kappa)}


def _froc_rows(measured: Sequence[AgainstReader]) -> Iterator[dict[str, Any]]:
    for one in measured:
        for at, (value, low, high) in one.sensitivity.items():
            yield {
                "reader": one.reader,
                "hips": one.hips,
                "foci": one.foci,
                "added": one.added,
                "false_marks_per_hip": at,
                "sensitivity": value,
                "low": low,
                "high": high,
            }


def _time_row(reader: str, seconds: Sequence[float]) -> dict[str, Any]:
    low, middle, high = np.percentile(seconds, [25, 50, 75])
    return {
        "reader": reader,
        "hips": len(seconds),
        "median_s": middle,
        "quartile_1_s": low,
        "quartile_3_s": high,
        "total_s": sum(seconds),
    }


def _mark_summaries(marks: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["dice", "distance_head_radii", "distance_mm"]
    return [
        {"what": what, "readers": f"{one} / {other}", "n": len(some)}
        | {column: float(some[column].median()) for column in columns}
        for (what, one, other), some in marks.groupby(["what", "reader", "other"], sort=False)
    ]


def _write_tables(folder: Path, result: AgreementResult) -> None:
    for name, table in (
        ("agreement.csv", result.kappas),
        ("agreement_marks.csv", result.marks),
        ("agreement_froc.csv", result.froc),
        ("reading_times.csv", result.times),
    ):
        write_atomic(folder / name, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    parts = {"kappas": result.kappas, "marks": result.marks, "froc": result.froc, "times": result.times}
    whole = {name: json.loads(table.to_json(orient="records")) for name, table in parts.items()}
    write_atomic(folder / "agreement.json", json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
