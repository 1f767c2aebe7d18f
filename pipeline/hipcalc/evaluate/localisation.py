"""How far located hips are from the true ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.evaluate.belonging import pair_hips

__all__ = ["Localisation", "localisation_errors"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Localisation:
    """Errors per true hip, in true head radii; NaN where no hip was found there.

    Attributes
    ----------
    centre, rim, radius : ndarray of float, shape (n_hips,)
        Distances of head centre and rim point, and the radius's relative difference (signed).
    status : tuple of str
        Status of the hip found there; ``absent`` where none was.
    """

    centre: NDArray[np.float64]
    rim: NDArray[np.float64]
    radius: NDArray[np.float64]
    status: tuple[str, ...]


def localisation_errors(hips: pd.DataFrame, true_hips: pd.DataFrame) -> Localisation:
    """Compare each true hip, in their order, with the found one that stands for it (`pair_hips`)."""
    serves = pair_hips(hips, true_hips)
    partner = np.full(len(true_hips), -1, np.int64)
    partner[serves[serves >= 0]] = np.flatnonzero(serves >= 0)
    found = partner >= 0
    errors = np.full((3, len(true_hips)), np.nan)
    mine, theirs = hips.iloc[partner[found]], true_hips[found]
    radius = theirs["head_radius_px"].to_numpy(np.float64)
    for row, point in enumerate(("head", "rim")):
        columns = [f"{point}_row_px", f"{point}_column_px"]
        apart = mine[columns].to_numpy(np.float64) - theirs[columns].to_numpy(np.float64)
        errors[row, found] = np.hypot(*apart.T) / radius
    errors[2, found] = mine["head_radius_px"].to_numpy(np.float64) / radius - 1.0
    status = np.full(len(true_hips), "absent", object)
    status[found] = mine["status"]
    return Localisation(centre=errors[0], rim=errors[1], radius=errors[2], status=tuple(status.tolist()))
