"""Truth tables and results tables, read and joined by image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hipcalc.errors import UsageError
from hipcalc.evaluate.truth_table import FOCUS_COLUMNS, HIP_COLUMNS, read_truth

__all__ = ["EvaluationTables", "read_tables"]


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluationTables:
    """What was found and what is true, for the same images.

    Attributes
    ----------
    hips, candidates : DataFrame
        Rows of the results folder whose image is named in a truth table.
    true_hips, true_foci : DataFrame
        Truth, with an `image_id` column; empty when no such truth was given.
    hips_left_out : int
        Rows of the results' hips whose image no truth table names.
    """

    hips: pd.DataFrame
    candidates: pd.DataFrame
    true_hips: pd.DataFrame
    true_foci: pd.DataFrame
    hips_left_out: int


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
        If a table is missing, lacks columns or has wrong cells, or names an image that the results do not hold or a
        focus outside of its image, or all are empty.
    """
    images, hips, candidates = (_read(results / f"{name}.csv") for name in ("images", "hips", "candidates"))
    true_hips: list[pd.DataFrame] = []
    true_foci: list[pd.DataFrame] = []
    for file in truths:
        table = _with_image_ids(read_truth(file), images, file)
        if set(FOCUS_COLUMNS) <= set(table.columns):
            _refuse_outside(table, images, file)
            true_foci.append(table)
        else:
            true_hips.append(table)
    if not any(len(table) for table in (*true_hips, *true_foci)):
        raise UsageError(f"{', '.join(map(str, truths))}: no focus and no hip is named there; give a truth with rows.")
    known = {image_id for table in (*true_hips, *true_foci) for image_id in table["image_id"]}
    return EvaluationTables(
        hips=hips[hips["image_id"].isin(known)],
        candidates=candidates[candidates["image_id"].isin(known)],
        true_hips=_joined(true_hips, HIP_COLUMNS),
        true_foci=_joined(true_foci, FOCUS_COLUMNS),
        hips_left_out=int((~hips["image_id"].isin(known)).sum()),
    )


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        if (file.parent / "run.json").is_file():
            raise UsageError(f"{file.parent} holds an unfinished run: run hipcalc screen with --resume first.")
        raise UsageError(f"{file} does not exist; give a folder that hipcalc screen wrote.")
    try:
        return pd.read_csv(file, dtype={"image_id": str})
    except ValueError as error:
        raise UsageError(
            f"{file} cannot be read as a CSV table; screen again with --resume to write it anew."
        ) from error


def _joined(tables: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=["image_id", *columns])
    return pd.concat(tables, ignore_index=True)


def _with_image_ids(table: pd.DataFrame, images: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Name each truth row's image by its id, whichever way the table names it."""
    if "image_id" not in table.columns:
        by_name: dict[str, set[str]] = {}
        for path, image_id in zip(images["path"], images["image_id"], strict=True):
            by_name.setdefault(Path(str(path)).name, set()).add(str(image_id))
        table = table.assign(image_id=[_only_image(str(path), by_name, file) for path in table["path"]])
    unknown = sorted(set(table["image_id"]) - set(images["image_id"]))
    if unknown:
        raise UsageError(f"{file} names the image {unknown[0]}, which the results do not hold; screen it first.")
    return table


def _refuse_outside(foci: pd.DataFrame, images: pd.DataFrame, file: Path) -> None:
    """Refuse foci that no picture shows: counted as missed, they would hide that a table was typed in other pixels."""
    sizes = images.drop_duplicates("image_id").set_index("image_id").loc[foci["image_id"], ["rows", "columns"]]
    places = foci[["row_px", "column_px"]].to_numpy(np.float64)
    outside = np.flatnonzero(((places < -0.5) | (places > sizes.to_numpy(np.float64) - 0.5)).any(axis=1))
    if outside.size:
        first = int(outside[0])
        (row, column), (rows, columns) = places[first], sizes.iloc[first]
        raise UsageError(
            f"{file} has a focus at row {row:g}, column {column:g}, outside of its image of {rows:g} rows and "
            f"{columns:g} columns ({foci['image_id'].iloc[first]}); give places in the file's own pixels."
        )


def _only_image(path: str, by_name: dict[str, set[str]], file: Path) -> str:
    found = by_name.get(Path(path).name, set())
    if not found:
        raise UsageError(f"{file} names the image {Path(path).name}, which the results do not hold; screen it first.")
    if len(found) > 1:
        raise UsageError(f"{file} names {Path(path).name}, but several images have that name; use image_id instead.")
    return next(iter(found))
