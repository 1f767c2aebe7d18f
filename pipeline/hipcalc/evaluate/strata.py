"""True foci by size, contrast-to-noise ratio, zone and class."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.findings.zones import zone_of

__all__ = ["strata"]

_MM = ((0.0, 2.0), (2.0, 4.0), (4.0, 7.0), (7.0, np.inf))
_HEAD_RADII = ((0.0, 0.08), (0.08, 0.16), (0.16, 0.28), (0.28, np.inf))
_CNR = ((0.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, np.inf))


def strata(true_foci: pd.DataFrame, hips: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name of each part of the foci that is not empty, and which foci belong to it.

    Parameters
    ----------
    true_foci : DataFrame
        Parts are formed by the columns that are there: `diameter_mm` (else the diameter in head radii), `cnr`, `zone`
        (else from `phi_deg` and `r_head_radii` with the hip's rim), `class`.
    hips : DataFrame
        The hips of these images: `image_id`, `side`, head circle and rim point.

    Yields
    ------
    name : str
    among : ndarray of bool, shape (n_foci,)
    """
    if "diameter_mm" in true_foci.columns and true_foci["diameter_mm"].notna().any():
        yield from _ranges(true_foci["diameter_mm"], _MM, "diameter", "mm")
    else:
        radius = _joined(true_foci, hips)["head_radius_px"].to_numpy(np.float64)
        yield from _ranges(true_foci["diameter_px"] / radius, _HEAD_RADII, "diameter", "head radii")
    if "cnr" in true_foci.columns:
        yield from _ranges(true_foci["cnr"], _CNR, "CNR", "")
    for column, values in (("zone", _zones(true_foci, hips)), ("class", true_foci.get("class"))):
        if values is not None:
            names = values.fillna("not named").astype(str).to_numpy()
            yield from ((f"{column} {name}", names == name) for name in sorted(set(names.tolist())))


def _ranges(
    values: pd.Series, ranges: tuple[tuple[float, float], ...], name: str, unit: str
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    numbers = values.to_numpy(np.float64)
    for low, high in ranges:
        inside = (numbers >= low) & (numbers < high)
        if inside.any():
            span = f"from {low:g}" if high == np.inf else f"{low:g} to {high:g}"
            yield f"{name} {span} {unit}".rstrip(), inside


def _joined(true_foci: pd.DataFrame, hips: pd.DataFrame) -> pd.DataFrame:
    """Return the hip of each focus, in the foci's order; the image's only hip, whatever side it names."""
    columns = ["image_id", "side", "head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px"]
    one_each = hips.reindex(columns=columns).drop_duplicates(["image_id", "side"])
    by_side = true_foci[["image_id", "side"]].merge(one_each, on=["image_id", "side"], how="left")
    only = one_each[~one_each.duplicated("image_id", keep=False)].drop(columns="side")
    alone = true_foci[["image_id"]].merge(only, on="image_id", how="left")
    return by_side.drop(columns="side").fillna(alone)


def _zones(true_foci: pd.DataFrame, hips: pd.DataFrame) -> pd.Series | None:
    if "zone" in true_foci.columns:
        return true_foci["zone"]
    if not {"phi_deg", "r_head_radii"} <= set(true_foci.columns):
        return None
    hip = _joined(true_foci, hips)
    up = (hip["head_row_px"] - hip["rim_row_px"]).to_numpy(np.float64)
    out = (hip["rim_column_px"] - hip["head_column_px"]).abs().to_numpy(np.float64)
    rim_phi = np.degrees(np.arctan2(out, up))
    places = zip(true_foci["r_head_radii"], true_foci["phi_deg"], rim_phi, strict=True)
    return pd.Series([zone_of(r, phi, rim) if np.isfinite(rim) else "unknown" for r, phi, rim in places])
