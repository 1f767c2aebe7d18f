"""FROC, localisation error and calibration of the operating point, against truth tables."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hipcalc.evaluate.froc import Froc, MatchedMarks, froc_band, froc_curve, match_marks, sensitivity_at
from hipcalc.evaluate.hip_roc import HipRoc, hip_roc
from hipcalc.evaluate.localisation import Localisation, localisation_errors
from hipcalc.evaluate.plot import MOST_FALSE_MARKS, plot_curves
from hipcalc.evaluate.strata import strata
from hipcalc.evaluate.truth import EvaluationTables, read_tables
from hipcalc.report import ResultsFolder, atomic_path, write_atomic
from hipcalc.report.further import link_further

__all__ = [
    "ROC_AREA",
    "EvaluationTables",
    "Froc",
    "HipRoc",
    "Localisation",
    "MatchedMarks",
    "evaluate",
    "froc_curve",
    "hip_roc",
    "localisation_errors",
    "match_marks",
    "read_tables",
    "sensitivity_at",
    "strata",
]

_CURVE, _PLOT = "froc.csv", "froc.png"
ROC_AREA = "area under the per-hip ROC curve"
_OPERATING_POINTS = (0.1, 0.25, 0.5, 1.0)
# Where foci are counted by size, contrast, zone and class.
_STRATA_AT = 0.5
_RESAMPLES = 1000
_BAND_RESAMPLES = 200
_SEED = 1


@dataclass(frozen=True, kw_only=True)
class _Measure:
    """One row of the evaluation table."""

    measure: str
    value: float
    low: float | None
    high: float | None
    n: int


def evaluate(results: str | Path, truth: str | Path | tuple[str | Path, ...]) -> pd.DataFrame:
    """Measure a results folder against truth tables.

    Writes ``evaluation.csv``, ``evaluation.json`` and, with a table of foci, ``froc.csv`` and ``froc.png`` to the
    folder; without one, those of an earlier evaluation are taken away.

    Parameters
    ----------
    results : path
        Folder that ``hipcalc screen`` wrote.
    truth : path or tuple of paths
        Tables of true foci or true hips (see `read_tables`). False marks are counted in the true hips, and per true
        hip; in images of which no table names the hips, in the searched ones. A table of foci without rows says that
        there are none.

    Returns
    -------
    DataFrame
        Columns `measure`, `value`, `low`, `high` (95% interval where one is given, a bootstrap over patients) and `n`:
        errors of localisation; sensitivity at counted false marks per hip, for all foci and by size, contrast, zone and
        class; false marks counted at nominal ones; the area under the per-hip ROC curve (NaN without hips of both
        kinds); how many of the n searched hips no truth table names, if any.

    Raises
    ------
    UsageError
        If a table is missing, lacks columns, or names an unknown image.
    OutputError
        If the folder cannot be written to.
    """
    folder = Path(results)
    truths = truth if isinstance(truth, tuple) else (truth,)
    tables = read_tables(folder, tuple(Path(file) for file in truths))
    rows: list[_Measure] = []
    if len(tables.true_hips):
        rows += _localisation_rows(localisation_errors(tables.hips, tables.true_hips))
    if tables.has_foci:
        rows += _detection_rows(tables, folder)
    else:
        for name in (_CURVE, _PLOT):
            (folder / name).unlink(missing_ok=True)
    if tables.hips_left_out:
        rows.append(_left_out(tables))
    table = pd.DataFrame([vars(row) for row in rows])
    write_atomic(folder / "evaluation.csv", _csv_text(table))
    records = json.loads(table.to_json(orient="records"))
    write_atomic(folder / "evaluation.json", json.dumps(records, indent=2) + "\n")
    link_further(ResultsFolder(folder))
    return table


def _left_out(tables: EvaluationTables) -> _Measure:
    name = "searched hips left out, as no truth table names them"
    return _Measure(measure=name, value=float(tables.hips_left_out), low=None, high=None, n=tables.searched_hips)


def _csv_text(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, lineterminator="\n"))


def _detection_rows(tables: EvaluationTables, folder: Path) -> list[_Measure]:
    rng, hips = np.random.default_rng(_SEED), tables.counted_hips
    matched = match_marks(tables.candidates, tables.true_foci, hips)
    rows = _froc_rows(matched, rng)
    for name, among in strata(tables.true_foci, hips):
        # In the order of the matched foci, which goes by image.
        chosen = among[matched.hit_row]
        value, low, high = sensitivity_at(matched, _STRATA_AT, resamples=_RESAMPLES, rng=rng, among=chosen)
        title = f"sensitivity at {_STRATA_AT:g} counted false marks per hip, {name}"
        rows.append(_Measure(measure=title, value=value, low=low, high=high, n=int(chosen.sum())))
    roc = hip_roc(tables.candidates, tables.true_foci, hips)
    area, low, high = roc.area(resamples=_RESAMPLES, rng=rng)
    rows.append(_Measure(measure=ROC_AREA, value=area, low=low, high=high, n=len(hips)))
    curve = froc_curve(matched)
    write_atomic(folder / _CURVE, _csv_text(pd.DataFrame(vars(curve))))
    at = np.linspace(0.0, MOST_FALSE_MARKS, 41)
    band = froc_band(matched, at, resamples=_BAND_RESAMPLES, rng=rng)
    with atomic_path(folder / _PLOT) as file:
        plot_curves(curve, (at, band), roc, area, file)
    return rows


def _localisation_rows(found: Localisation) -> list[_Measure]:
    located = np.array([status == "located" for status in found.status], dtype=bool)
    n = len(located)
    return [
        _median("head centre error, median (head radii)", found.centre),
        _median("rim error, median (head radii)", found.rim),
        _median("head radius error, median of |relative|", np.abs(found.radius)),
        _share("hips located", located, n),
        _share("hips within 0.2 head radii", found.centre <= 0.2, n),
        _share("located, but more than 0.4 head radii off", located & (found.centre > 0.4), n),
    ]


def _froc_rows(matched: MatchedMarks, rng: np.random.Generator) -> list[_Measure]:
    hips = int(matched.hips_per_image.sum())
    rows = []
    for point in _OPERATING_POINTS:
        value, low, high = sensitivity_at(matched, point, resamples=_RESAMPLES, rng=rng)
        name = f"sensitivity at {point:g} counted false marks per hip"
        rows.append(_Measure(measure=name, value=value, low=low, high=high, n=len(matched.hit_rank)))
    for point in _OPERATING_POINTS:
        counted = float((matched.false_rank <= point).sum()) / hips if hips else np.nan
        name = f"false marks per hip at {point:g} expected"
        rows.append(_Measure(measure=name, value=counted, low=None, high=None, n=hips))
    rows.append(_median("distance of marks from their foci, median (px)", matched.distance_px))
    return rows


def _median(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> _Measure:
    known = values[np.isfinite(values)]
    low, value, high = np.percentile(known, [5, 50, 95]) if known.size else (np.nan,) * 3
    spread = f"{name}; low and high are the 5th and 95th percentile"
    return _Measure(measure=spread, value=float(value), low=float(low), high=float(high), n=int(known.size))


def _share(name: str, true: np.ndarray[tuple[int], np.dtype[np.bool_]], n: int) -> _Measure:
    return _Measure(measure=name, value=float(true.sum()) / max(1, n), low=None, high=None, n=n)
