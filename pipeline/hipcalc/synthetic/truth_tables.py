"""The truth tables beside a folder of phantoms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.synthetic.object_truth import ObjectTruth
from hipcalc.synthetic.truth import FocusTruth, HipTruth

__all__ = ["NamedPhantom", "mask_of_runs", "mask_runs", "write_truth"]

_FOCUS_COLUMNS: Final = (
    "path", "side", "row_px", "column_px", "diameter_px", "diameter_mm", "class", "phi_deg", "r_head_radii",
    "contrast", "cnr", "mineral_mm", "peak_contrast", "contrast_over_step", "aspect",
    "mask_row", "mask_column", "mask_rows", "mask_columns", "mask_runs",
)  # fmt: skip
_HIP_COLUMNS: Final = (
    "path", "side", "head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px",
    "sourcil_medial_row_px", "sourcil_medial_column_px", "centre_edge_angle_deg",
    "acetabular_index_deg", "magnification", "kind", "lip_row_px", "lip_column_px",
    "sourcil_lateral_row_px", "sourcil_lateral_column_px", "teardrop_row_px", "teardrop_column_px",
)  # fmt: skip
_OBJECT_COLUMNS: Final = (
    "path", "object", "top_px", "left_px", "bottom_px", "right_px", "length_px", "length_mm", "angle_deg", "text",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NamedPhantom:
    """A phantom that stands in a folder: its file's name, its hips, its foci, and what else stands in the picture."""

    name: str
    hips: tuple[HipTruth, ...]
    foci: tuple[FocusTruth, ...]
    objects: tuple[ObjectTruth, ...]


def mask_runs(mask: NDArray[np.bool_]) -> str:
    """Return a mask as lengths of runs along its rows, one row after the other, the first run outside.

    >>> mask_runs(np.array([[False, True, True], [True, False, False]]))
    '1 3 2'
    """
    flat = np.concatenate([[False], mask.ravel(), [not mask.ravel()[-1]]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return " ".join(map(str, np.diff(edges, prepend=0)))


def mask_of_runs(runs: str, *, rows: int, columns: int) -> NDArray[np.bool_]:
    """Return the mask of a truth table's row.

    Parameters
    ----------
    runs : str
        Column `mask_runs`.
    rows, columns : int
        Columns `mask_rows` and `mask_columns`.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        Its first pixel is at (`mask_row`, `mask_column`) of the picture.

    Raises
    ------
    UsageError
        When the runs do not fill the shape.
    """
    lengths = np.array([int(run) for run in runs.split()])
    if lengths.sum() != rows * columns:
        raise UsageError(f"mask_runs holds {lengths.sum()} pixels but mask_rows x mask_columns is {rows * columns}.")
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(rows, columns)


def _focus_row(name: str, focus: FocusTruth) -> dict[str, Any]:
    rows, columns = focus.mask.shape
    mask = {"mask_rows": rows, "mask_columns": columns, "mask_runs": mask_runs(focus.mask)}
    return {"path": name, "class": focus.kind, **vars(focus), **mask}


def write_truth(folder: Path, phantoms: Sequence[NamedPhantom]) -> None:
    """Write the truth tables of a folder of phantoms."""
    rows = [(phantom.name, focus) for phantom in phantoms for focus in phantom.foci]
    for file, traps in (("truth.csv", False), ("truth_traps.csv", True)):
        _write(folder / file, [_focus_row(name, f) for name, f in rows if f.is_trap == traps], _FOCUS_COLUMNS)
    hips = [{"path": phantom.name, **vars(hip)} for phantom in phantoms for hip in phantom.hips]
    _write(folder / "truth_hips.csv", hips, _HIP_COLUMNS)
    objects = [{"path": phantom.name, **vars(one)} for phantom in phantoms for one in phantom.objects]
    _write(folder / "truth_objects.csv", objects, _OBJECT_COLUMNS)


def _write(file: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    # Slow to import, and every hipcalc command loads this module.
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(columns))
    table.to_csv(file, index=False, float_format="%.3f", lineterminator="\n")
