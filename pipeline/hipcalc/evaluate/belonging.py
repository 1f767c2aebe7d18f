"""Which hips count, and to which of them a mark or a focus belongs: by place, whatever sides are named."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.anatomy import FOUND_STATUSES

__all__ = ["counted_hips", "nearest_hip", "pair_hips", "rows_by_image"]

_AXES = ("row", "column")
# The heads of a pelvis lie six and more radii apart: what lies further off than half of that is another hip.
FARTHEST_RADII = 3.0


def counted_hips(
    found: pd.DataFrame, true_hips: pd.DataFrame, true_foci: pd.DataFrame
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the hips by which false marks are counted, and to which of them the marks of each found hip belong.

    These are the true hips, and the searched ones that no true hip stands for, where a focus lies nearest to them or no
    true hip of their image is named. Of an image of which one hip was read, the marks in the other say nothing.

    Parameters
    ----------
    found : DataFrame
        Hips as screened: `image_id`, `status`, head circle.
    true_hips, true_foci : DataFrame
        With `image_id` and head circle, or place.

    Returns
    -------
    hips : DataFrame
        The true hips first.
    serves : ndarray of int64, shape (n_found,)
        Row of the counted hip that each found one stands for; -1 for one that does not count.
    """
    serves = pair_hips(found, true_hips)
    alone = np.flatnonzero((serves < 0) & found["status"].isin(FOUND_STATUSES).to_numpy())
    every = pd.concat([table for table in (true_hips, found.iloc[alone]) if len(table)] or [found], ignore_index=True)
    counts = ~every["image_id"].isin(true_hips["image_id"]).to_numpy()
    counts[: len(true_hips)] = True
    near = nearest_hip(true_foci, every)
    counts[near[near >= 0]] = True
    serves[alone] = np.where(counts, np.cumsum(counts) - 1, -1)[len(true_hips) :]
    return every[counts].reset_index(drop=True), serves


def pair_hips(found: pd.DataFrame, true_hips: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row of the true hip that each found one stands for, -1 for none, shape (n_found,).

    The pairs are taken from the nearest heads on, in pixels, each hip once, up to three true head radii apart.
    """
    serves = np.full(len(found), -1, np.int64)
    heads, true_heads = (table[["head_row_px", "head_column_px"]].to_numpy(np.float64) for table in (found, true_hips))
    reach = FARTHEST_RADII * true_hips["head_radius_px"].to_numpy(np.float64)
    true_rows = rows_by_image(true_hips)
    for image, rows in rows_by_image(found).items():
        theirs = true_rows.get(image, np.empty(0, np.int64))
        apart = np.linalg.norm(heads[rows][:, None] - true_heads[theirs], axis=2)
        apart[apart > reach[theirs]] = np.nan
        while apart.size and not np.isnan(apart).all():
            mine, true = np.unravel_index(np.nanargmin(apart), apart.shape)
            serves[rows[mine]] = theirs[true]
            apart[mine], apart[:, true] = np.nan, np.nan
    return serves


def nearest_hip(foci: pd.DataFrame, hips: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row of the hip of its image that each focus lies nearest to in head radii, -1 without one."""
    places = foci[["image_id", "row_px", "column_px"]].assign(focus=np.arange(len(foci)))
    heads = hips[["image_id", "head_row_px", "head_column_px", "head_radius_px"]].assign(hip=np.arange(len(hips)))
    both = places.merge(heads, on="image_id")
    apart = [both[f"{axis}_px"].to_numpy(np.float64) - both[f"head_{axis}_px"].to_numpy(np.float64) for axis in _AXES]
    both = both.assign(away=np.linalg.norm(apart, axis=0) / both["head_radius_px"].to_numpy(np.float64))
    both = both.sort_values("away", kind="stable").drop_duplicates("focus")
    nearest = np.full(len(foci), -1, np.int64)
    nearest[both["focus"]] = both["hip"]
    return nearest


def rows_by_image(table: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Return the positions of each image's rows: to compare all ids anew for every image takes minutes in a cohort."""
    return {str(image): np.asarray(rows, np.int64) for image, rows in table.groupby("image_id").indices.items()}
