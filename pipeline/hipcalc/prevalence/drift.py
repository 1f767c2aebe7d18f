"""What changes over the dates and sites of a cohort though the hips should not: pictures, quality, marks."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from hipcalc.anatomy import FOUND_STATUSES

__all__ = ["drift_table"]

# Fewer images than this say nothing about a month or a site.
FEWEST_IMAGES = 5
_COLUMNS = ["by", "value", "images", "analysed", "limited", "hips", "located", "marked", "marks_per_hip", "p"]


def drift_table(folder: Path, participants: pd.DataFrame | None) -> pd.DataFrame:
    """Return shares by site, and by month (or year, where there are many months) of the radiographs.

    Parameters
    ----------
    folder : Path
        Results folder.
    participants : DataFrame or None
        With columns `site` or `date`.

    Returns
    -------
    DataFrame
        A row per site or time: images, shares of images analysed and of those with limited quality, hips, shares of
        hips located and marked, marks per hip, and `p` of a chi-square test of this one's marked hips against all
        others'. Empty without sites and dates.
    """
    by = [] if participants is None else [name for name in ("site", "date") if name in participants]
    if participants is None or not by:
        return pd.DataFrame(columns=_COLUMNS)
    key = participants.columns[0]
    images = _per_image(folder).merge(participants[[key, *by]], on=key, how="inner")
    tables = []
    for name in by:
        values = images[name] if name == "site" else _times(images["date"])
        grouped = images.assign(value=values)[values.notna() & (values != "")].groupby("value")
        counts = grouped[["analysed", "limited", "hips", "located", "marked", "marks"]].sum()
        counts.insert(0, "images", grouped.size())
        counts = counts[counts["images"] >= FEWEST_IMAGES]
        if len(counts):
            tables.append(_shares(counts).assign(by="site" if name == "site" else "time"))
    return pd.concat(tables)[_COLUMNS] if tables else pd.DataFrame(columns=_COLUMNS)


def _per_image(folder: Path) -> pd.DataFrame:
    keys = ["image_id", "path"]
    images = pd.read_parquet(folder / "images.parquet", columns=[*keys, "status", "quality"])
    images["analysed"] = images["status"] == "ok"
    images["limited"] = images["analysed"] & ~images["quality"].fillna("").str.startswith("ok")
    hips = pd.read_parquet(folder / "hips.parquet", columns=[*keys, "side", "status"])
    hips = hips[hips["status"].isin(FOUND_STATUSES)].assign(hips=1)
    hips["located"] = hips["status"] == "located"
    marks = pd.read_parquet(folder / "candidates.parquet", columns=[*keys, "side"], filters=[("finding", "==", True)])
    counted = marks.groupby([*keys, "side"]).size().rename("marks").reset_index()
    hips = hips.merge(counted, how="left", on=[*keys, "side"]).fillna({"marks": 0})
    hips["marked"] = hips["marks"] > 0
    sums = hips.groupby(keys)[["hips", "located", "marked", "marks"]].sum().reset_index()
    return images.merge(sums, how="left", on=keys).fillna(dict.fromkeys(("hips", "located", "marked", "marks"), 0))


def _times(dates: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    months = dates.dt.strftime("%Y-%m")
    # A page and a reader want a few dozen rows.
    return months if months.nunique() <= 36 else dates.dt.strftime("%Y")


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame({"value": counts.index.astype(str), "images": counts["images"], "hips": counts["hips"]})
    table["analysed"] = counts["analysed"] / counts["images"]
    table["limited"] = counts["limited"] / counts["analysed"].replace(0, np.nan)
    whole = counts["hips"].replace(0, np.nan)
    table["located"] = counts["located"] / whole
    table["marked"] = counts["marked"] / whole
    table["marks_per_hip"] = counts["marks"] / whole
    all_hips, all_marked = counts["hips"].sum(), counts["marked"].sum()
    table["p"] = [
        _p(marked, hips, all_marked, all_hips) for marked, hips in zip(counts["marked"], counts["hips"], strict=True)
    ]
    return table


def _p(marked: float, hips: float, all_marked: float, all_hips: float) -> float:
    cells = np.array([[marked, hips - marked], [all_marked - marked, all_hips - hips - (all_marked - marked)]])
    if (cells.sum(0) == 0).any() or (cells.sum(1) == 0).any():
        return float("nan")
    return float(chi2_contingency(cells)[1])
