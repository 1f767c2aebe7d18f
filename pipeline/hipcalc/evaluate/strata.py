"""True foci by size, contrast-to-noise ratio, zone and class."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hipcalc.findings.zones import zone_of

__all__ = ["strata"]

_MM = ((0.0, 2.0), (2.0, 4.0), (4.0, 7.0), (7.0, np.inf))
_HEAD_RADII = ((0.0, 0.08), (0.08, 0.16), (0.16, 0.28), (0.28, np.inf))
_HIP = ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
_CNR = ((0.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, np.inf))


def strata(true_foci: pd.DataFrame, hips: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name of each part of the foci that is not empty, and which foci belong to it.

    Parameters
    ----------
    true_foci : DataFrame
        Parts are formed by the columns that are there: `diameter_mm` (else the diameter in head radii), `cnr`, `zone`
        (else from the place), `class`. `hip` is the row of the focus's hip, -1 for none.
    hips : DataFrame
        Head circle and rim point.

    Yields
    ------
    name : str
    among : ndarray of bool, shape (n_foci,)
    """
    if "diameter_mm" in true_foci.columns and true_foci["diameter_mm"].notna().any():
        yield from _ranges(true_foci["diameter_mm"], _MM, "diameter", "mm")
    else:
        radius = _hips_of(true_foci, hips)["head_radius_px"].to_numpy(np.float64)
        yield from _ranges(true_foci["diameter_px"] / radius, _HEAD_RADII, "diameter", "head radii")
    if "cnr" in true_foci.columns:
        yield from _ranges(true_foci["cnr"], _CNR, "CNR", "")
    for column, values in (("zone", true_foci.get("zone", _zones(true_foci, hips))), ("class", true_foci.get("class"))):
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


def _hips_of(true_foci: pd.DataFrame, hips: pd.DataFrame) -> pd.DataFrame:
    """Return the hip of each focus, in the foci's order and with their index; NaN for none."""
    return hips.reindex(true_foci["hip"]).set_index(true_foci.index)


def _zones(true_foci: pd.DataFrame, hips: pd.DataFrame) -> pd.Series:
    """Return the zones of places as they lie about head and rim point, which is taken to be lateral of the head."""
    hip = _hips_of(true_foci, hips).astype({name: np.float64 for name in _HIP})
    up, out = hip["head_row_px"] - true_foci["row_px"], true_foci["column_px"] - hip["head_column_px"]
    rim_up, rim_out = hip["head_row_px"] - hip["rim_row_px"], hip["rim_column_px"] - hip["head_column_px"]
    r = np.hypot(up, out) / hip["head_radius_px"]
    phi, rim_phi = np.degrees(np.arctan2(out * np.sign(rim_out), up)), np.degrees(np.arctan2(rim_out.abs(), rim_up))
    places = zip(r, phi, rim_phi, strict=True)
    return pd.Series([zone_of(*place) if np.isfinite(place).all() else None for place in places], true_foci.index)
