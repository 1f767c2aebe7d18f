"""Truth tables and results tables, read and joined by image."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.anatomy import FOUND_STATUSES
from hipcalc.errors import UsageError
from hipcalc.evaluate.belonging import counted_hips, nearest_hip
from hipcalc.evaluate.truth_table import FOCUS_COLUMNS, HIP_COLUMNS, key_of, read_truth
from hipcalc.review.rows import Problems

__all__ = ["EvaluationTables", "read_tables"]

_ROW = ["image_id", "path"]


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluationTables:
    """What was found and what is true, for the same images; each image once, however many copies of it were screened.

    Attributes
    ----------
    hips : DataFrame
        Rows of the results folder whose image is named in a truth table.
    counted_hips : DataFrame
        Hips by which false marks are counted (`counted_hips`).
    candidates : DataFrame
        Marks in them; `hip` is the row of the counted hip.
    true_hips, true_foci : DataFrame
        Truth, with an `image_id` column; empty when no such truth was given. `hip` of a focus is the row of the counted
        hip that it lies nearest to, -1 in an image without any.
    has_foci : bool
        Whether a table of foci was given; an empty one says that there are none.
    hips_left_out, searched_hips : int
        How many searched hips no truth table names, of how many.
    """

    hips: pd.DataFrame
    counted_hips: pd.DataFrame
    candidates: pd.DataFrame
    true_hips: pd.DataFrame
    true_foci: pd.DataFrame
    has_foci: bool
    hips_left_out: int
    searched_hips: int


def read_tables(results: Path, truths: tuple[Path, ...]) -> EvaluationTables:
    """Read a results folder and its truth tables.

    Parameters
    ----------
    results : Path
        Folder that ``hipcalc screen`` wrote.
    truths : tuple of Path
        CSV tables as `read_truth` takes them. One with `row_px`, `column_px`, `diameter_px` and `side` holds a focus
        per row; one with `head_row_px`, `head_column_px`, `head_radius_px`, `rim_row_px`, `rim_column_px` and `side`
        holds a hip per row; replaced ones (`kind` is ``implant``) are not counted. Each names its image by `image_id`
        or by `path` (the file's name is compared, not its folder), and may name its patient in a column `patient`.

    Raises
    ------
    UsageError
        If a table is missing, lacks columns or has wrong cells, names an image that the results do not hold, a focus
        outside of its image, or a focus or hip that is named already, or all are empty.
    """
    images, hips, candidates = (_read(results / f"{name}.csv") for name in ("images", "hips", "candidates"))
    # A truth may name an image by any of its copies.
    tables = {file: _with_image_ids(read_truth(file), images, file) for file in dict.fromkeys(truths)}
    images = images.drop_duplicates("image_id")
    hips, candidates = (table.merge(images[_ROW], on=_ROW) for table in (hips, candidates))
    foci = {file: table for file, table in tables.items() if set(FOCUS_COLUMNS) <= set(table.columns)}
    true_hips = {file: table for file, table in tables.items() if file not in foci}
    for file, table in foci.items():
        _refuse_outside(table, images, file)
    _refuse_doubles(foci, _focus_keys)
    _refuse_doubles(true_hips, _hip_keys)
    if not any(len(table) for table in tables.values()):
        raise UsageError(f"{', '.join(map(str, truths))}: no focus and no hip is named there; give a truth with rows.")
    return _matched(hips, candidates, _joined(true_hips, HIP_COLUMNS), _joined(foci, FOCUS_COLUMNS), bool(foci))


def _matched(
    hips: pd.DataFrame, candidates: pd.DataFrame, true_hips: pd.DataFrame, true_foci: pd.DataFrame, has_foci: bool
) -> EvaluationTables:
    named = hips[hips["image_id"].isin({*true_hips["image_id"], *true_foci["image_id"]})]
    counted, serves = counted_hips(named, true_hips, true_foci)
    numbers = dict(zip(_image_and_side(named), serves.tolist(), strict=True))
    marks = candidates.assign(hip=[numbers.get(key, -1) for key in _image_and_side(candidates)])
    searched = int(hips["status"].isin(FOUND_STATUSES).sum())
    return EvaluationTables(
        hips=named,
        counted_hips=counted,
        candidates=marks[marks["hip"] >= 0],
        true_hips=true_hips,
        true_foci=true_foci.assign(hip=nearest_hip(true_foci, counted)),
        has_foci=has_foci,
        hips_left_out=searched - int((named["status"].isin(FOUND_STATUSES) & (serves >= 0)).sum()),
        searched_hips=searched,
    )


def _image_and_side(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return zip(table["image_id"], table["side"], strict=True)


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        if (file.parent / "shards").is_dir():
            raise UsageError(f"{file.parent} holds shards: run hipcalc merge {file.parent} first.")
        if (file.parent / "run.json").is_file():
            raise UsageError(f"{file.parent} holds an unfinished run: run hipcalc screen with --resume first.")
        raise UsageError(f"{file} does not exist; give a folder that hipcalc screen wrote.")
    try:
        return pd.read_csv(file, dtype={"image_id": str})
    except ValueError as error:
        raise UsageError(
            f"{file} cannot be read as a CSV table; screen again with --resume to write it anew."
        ) from error


def _joined(tables: dict[Path, pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    # Of an empty table the columns say nothing, neither whether they hold numbers.
    filled = [table for table in tables.values() if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=["image_id", *columns])


def _with_image_ids(table: pd.DataFrame, images: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Name each truth row's image by its id, whichever way the table names it."""
    key, problems = key_of(table.columns), Problems(file)
    ids: dict[str, set[str]] = {}
    for path, image_id in zip(images["path"], images["image_id"], strict=True):
        ids.setdefault(image_id if key == "image_id" else _name(path), set()).add(image_id)
    found = [ids.get(cell if key == "image_id" else _name(cell), set()) for cell in table[key]]
    for line, cell, meant in zip(table.index, table[key], found, strict=True):
        if not meant:
            problems.add(line, key, cell, "the results do not hold this image: screen it, or leave the row out")
        elif len(meant) > 1:
            problems.add(line, key, cell, "several images have that name: use image_id instead")
    problems.raise_if_any()
    return table.assign(image_id=[next(iter(meant)) for meant in found])


def _name(path: str) -> str:
    """Return a file's name, whichever system wrote the path."""
    return path.replace("\\", "/").rpartition("/")[2]


def _refuse_outside(foci: pd.DataFrame, images: pd.DataFrame, file: Path) -> None:
    """Refuse foci that no picture shows: counted as missed, they would hide that a table was typed in other pixels."""
    problems = Problems(file)
    sizes = images.set_index("image_id").loc[foci["image_id"], ["rows", "columns"]].to_numpy(np.float64)
    for axis, (column, what) in enumerate((("row_px", "rows"), ("column_px", "columns"))):
        places: NDArray[np.float64] = foci[column].to_numpy(np.float64)
        outside = (places < -0.5) | (places > sizes[:, axis] - 0.5)
        for line, place, size in zip(foci.index[outside], places[outside], sizes[outside, axis], strict=True):
            said = f"its image has {size:g} {what}: give places in the file's own pixels"
            problems.add(line, column, f"{place:g}", said)
    problems.raise_if_any()


def _focus_keys(foci: pd.DataFrame) -> Iterator[Hashable]:
    """Yield what no two foci have in common."""
    return foci[["image_id", "row_px", "column_px", "diameter_px"]].itertuples(index=False, name=None)


def _hip_keys(hips: pd.DataFrame) -> Iterator[Hashable]:
    """Yield what no two hips have in common."""
    for image, side, *head in hips[["image_id", "side", "head_row_px", "head_column_px"]].itertuples(index=False):
        yield (image, *head) if side == "unknown" else (image, side)


def _refuse_doubles(tables: dict[Path, pd.DataFrame], keys: Callable[[pd.DataFrame], Iterator[Hashable]]) -> None:
    """Refuse what is there twice, in one table or in two: a hip that counts twice halves the false marks per hip."""
    first: dict[Hashable, tuple[Path, int]] = {}
    for file, table in tables.items():
        problems = Problems(file)
        for line, side, mine in zip(table.index, table["side"], keys(table), strict=True):
            other, there = first.setdefault(mine, (file, line))
            if (other, there) != (file, line):
                where = f"line {there}" if other == file else f"{other}, line {there},"
                problems.add(line, "side", side, f"{where} says the same already; keep one")
        problems.raise_if_any()
