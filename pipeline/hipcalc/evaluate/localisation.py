"""How far located hips are from the true ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.evaluate.froc import rows_by_image

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
    """Compare each true hip with the hip found nearest to it in its image.

    Each found hip serves one true hip at most: the pairs are taken from the nearest on.
    """
    found = hips[hips["head_row_px"].notna()]
    places, none = rows_by_image(found), np.empty(0, np.int64)
    rows = [
        row
        for image, truth in true_hips.groupby("image_id")
        for row in _compare(truth, found.iloc[places.get(str(image), none)])
    ]
    table = np.array([row[:3] for row in rows], dtype=np.float64).reshape(-1, 3)
    return Localisation(
        centre=table[:, 0], rim=table[:, 1], radius=table[:, 2], status=tuple(str(row[3]) for row in rows)
    )


def _compare(truth: pd.DataFrame, found: pd.DataFrame) -> list[tuple[float, float, float, str]]:
    distance = np.hypot(
        truth["head_row_px"].to_numpy(float)[:, None] - found["head_row_px"].to_numpy(float)[None, :],
        truth["head_column_px"].to_numpy(float)[:, None] - found["head_column_px"].to_numpy(float)[None, :],
    )
    partner: dict[int, int] = {}
    for flat in np.argsort(distance, axis=None, kind="stable"):
        true_index, found_index = (int(part) for part in np.unravel_index(flat, distance.shape))
        if true_index not in partner and found_index not in partner.values():
            partner[true_index] = found_index
    rows = []
    for index in range(len(truth)):
        if index not in partner:
            rows.append((np.nan, np.nan, np.nan, "absent"))
            continue
        true, hip = truth.iloc[index], found.iloc[partner[index]]
        radius = float(true["head_radius_px"])
        rim = np.hypot(hip["rim_row_px"] - true["rim_row_px"], hip["rim_column_px"] - true["rim_column_px"]) / radius
        rows.append(
            (
                float(distance[index, partner[index]]) / radius,
                float(rim),
                float(hip["head_radius_px"]) / radius - 1.0,
                str(hip["status"]),
            )
        )
    return rows
