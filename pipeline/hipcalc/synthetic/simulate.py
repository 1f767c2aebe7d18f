"""Folders of phantom radiographs with their truth tables."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from hipcalc.errors import UsageError
from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.dicom_file import write_dicom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_foci import draw_foci
from hipcalc.synthetic.draw_imaging import draw_imaging
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, View
from hipcalc.synthetic.phantom import Phantom, make_phantom
from hipcalc.synthetic.truth_tables import NamedPhantom, write_truth
from hipcalc.synthetic.workers import map_in_order

__all__ = ["simulate", "writable_folder", "write_phantom"]

_MAX_N: Final = 100_000
_VIEW_MIX: Final[dict[View, float]] = {
    "ap-pelvis": 0.55, "ap-right-hip": 0.185, "ap-left-hip": 0.185,
    "frog-pelvis": 0.04, "frog-right-hip": 0.02, "frog-left-hip": 0.02,
}  # fmt: skip


def simulate(
    out: str | Path, *, n: int, seed: int, workers: int = 1, on_image: Callable[[int], None] | None = None
) -> tuple[Path, ...]:
    """Write phantom radiographs as DICOM files, with truth tables beside them.

    More than half are AP pelves, the rest unilateral hips and some frog-leg views; few hips are replaced. Bodies,
    exposures, foci and what stands in the picture beside the patient are drawn at random; half of the hips have no
    focus, some have a trap (an attached beak, a phlebolith, a calcified artery). The tables are `truth.csv` (a focus
    per row), `truth_traps.csv` (a trap per row, same columns), `truth_hips.csv` (a hip per row) and `truth_objects.csv`
    (a blade, marker, clip, speck of dust, box, ruler or saturated region per row); `path` in them is relative to the
    folder. `mask_of_runs` turns the mask columns of a focus into its outline's inside.

    Parameters
    ----------
    out : path
        A folder, new or empty.
    n : int
        How many, 1 to 100000.
    seed : int
        0 or larger. The same seed gives the same bytes, and a larger `n` only adds files.
    workers : int
        1 to 64 processes; the files do not depend on it.
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
    OutputError
        When a worker process dies.
    """
    if not 1 <= n <= _MAX_N:
        raise UsageError(f"n is {n} but must be between 1 and {_MAX_N} radiographs.")
    if seed < 0:
        raise UsageError(f"seed is {seed} but must be 0 or larger.")
    folder = writable_folder(out)
    if any(folder.iterdir()):
        raise UsageError(f"the folder {out} is not empty; give a new one.")
    task = partial(_simulate_one, folder, seed)
    written = map_in_order(task, range(1, n + 1), workers=workers, on_done=on_image)
    write_truth(folder, written)
    return tuple(folder / phantom.name for phantom in written)


def _simulate_one(folder: Path, seed: int, number: int) -> NamedPhantom:
    rng = np.random.default_rng([seed, number])
    views = list(_VIEW_MIX)
    view = views[int(rng.choice(len(views), p=list(_VIEW_MIX.values())))]
    side = SIDE_OF_VIEW[view]
    sides: tuple[SideName, ...] = (side,) if side else ("R", "L")
    body, imaging = draw_body(rng), draw_imaging(view, rng)
    foci = draw_foci(body, tuple(side for side in sides if not body.hip(side).prosthesis), rng)
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
    return NamedPhantom(name=name, hips=phantom.hips, foci=phantom.foci, objects=phantom.objects)
