"""Folders of phantom radiographs with their truth tables."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hipcalc.errors import UsageError
from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.dicom_file import write_dicom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_foci import draw_foci
from hipcalc.synthetic.draw_imaging import draw_imaging
from hipcalc.synthetic.imaging import View
from hipcalc.synthetic.phantom import Phantom, make_phantom
from hipcalc.synthetic.truth import FocusTruth, HipTruth

__all__ = ["NamedPhantom", "simulate", "write_phantom", "write_truth"]

_MAX_N: Final = 100_000
_VIEWS: Final[tuple[View, ...]] = ("ap-pelvis", "ap-right-hip", "ap-left-hip")
_SIDES: Final[dict[View, tuple[SideName, ...]]] = {
    "ap-pelvis": ("R", "L"),
    "ap-right-hip": ("R",),
    "ap-left-hip": ("L",),
}
_FOCUS_COLUMNS: Final = (
    "path", "side", "row_px", "column_px", "diameter_px", "diameter_mm", "class", "phi_deg", "r_head_radii",
    "contrast", "cnr", "mineral_mm",
)  # fmt: skip
_HIP_COLUMNS: Final = (
    "path", "side", "head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px",
    "sourcil_medial_row_px", "sourcil_medial_column_px", "centre_edge_angle_deg",
    "acetabular_index_deg", "magnification",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NamedPhantom:
    """A phantom that stands in a folder: its file's name, its hips and its foci."""

    name: str
    hips: tuple[HipTruth, ...]
    foci: tuple[FocusTruth, ...]


def simulate(out: str | Path, *, n: int, seed: int, on_image: Callable[[int], None] | None = None) -> tuple[Path, ...]:
    """Write phantom radiographs as DICOM files, with truth tables beside them.

    Three in five are AP pelves, the rest unilateral hips. Bodies, exposures and foci are drawn at random; half of the
    hips have no focus, some have a trap (an attached beak, a phlebolith). The tables are `truth.csv` (a focus per row),
    `truth_traps.csv` (a trap per row, same columns) and `truth_hips.csv` (a hip per row); `path` in them is relative to
    the folder.

    Parameters
    ----------
    out : path
        A folder, new or empty.
    n : int
        How many, 1 to 100000.
    seed : int
        0 or larger. The same seed gives the same bytes, and a larger `n` only adds files.
    on_image : callable, optional
        Called with the number of images written so far.

    Returns
    -------
    tuple of Path
        The DICOM files.

    Raises
    ------
    UsageError
        When an argument is out of range, or the folder holds files already or cannot be written.
    """
    if not 1 <= n <= _MAX_N:
        raise UsageError(f"n is {n} but must be between 1 and {_MAX_N} radiographs.")
    if seed < 0:
        raise UsageError(f"seed is {seed} but must be 0 or larger.")
    folder = writable_folder(out)
    if any(folder.iterdir()):
        raise UsageError(f"the folder {out} is not empty; give a new one.")
    written = []
    for number in range(1, n + 1):
        written.append(_simulate_one(folder, number, seed))
        if on_image is not None:
            on_image(number)
    write_truth(folder, written)
    return tuple(folder / phantom.name for phantom in written)


def _simulate_one(folder: Path, number: int, seed: int) -> NamedPhantom:
    rng = np.random.default_rng([seed, number])
    view = _VIEWS[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    body, imaging = draw_body(rng), draw_imaging(view, rng)
    foci = draw_foci(body, _SIDES[view], rng)
    phantom = make_phantom(body=body, imaging=imaging, foci=foci, seed=int(rng.integers(2**31)))
    return write_phantom(folder, f"phantom_{number:05d}.dcm", phantom, number=number, seed=seed)


def writable_folder(out: str | Path) -> Path:
    """Make a folder, or take one that is there.

    Raises
    ------
    UsageError
        When it cannot be made or written to.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"the folder {out} cannot be written to ({error.strerror}); give another one.") from error
    return folder


def write_phantom(folder: Path, name: str, phantom: Phantom, *, number: int, seed: int) -> NamedPhantom:
    """Write one phantom of a hip or a pelvis as DICOM."""
    write_dicom(
        folder / name,
        phantom.pixels,
        phantom.imaging,
        number=number,
        seed=seed,
        body_part="HIP" if phantom.side else "PELVIS",
        side=phantom.side,
        magnification=phantom.magnification,
    )
    return NamedPhantom(name=name, hips=phantom.hips, foci=phantom.foci)


def write_truth(folder: Path, phantoms: Sequence[NamedPhantom]) -> None:
    """Write the truth tables of a folder of phantoms."""
    rows = [(phantom.name, focus) for phantom in phantoms for focus in phantom.foci]
    for file, traps in (("truth.csv", False), ("truth_traps.csv", True)):
        table = [{"path": name, "class": f.kind, **vars(f)} for name, f in rows if f.is_trap == traps]
        _write(folder / file, table, _FOCUS_COLUMNS)
    hips = [{"path": phantom.name, **vars(hip)} for phantom in phantoms for hip in phantom.hips]
    _write(folder / "truth_hips.csv", hips, _HIP_COLUMNS)


def _write(file: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    # Slow to import, and every hipcalc command loads this module.
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(columns))
    table.to_csv(file, index=False, float_format="%.3f", lineterminator="\n")
