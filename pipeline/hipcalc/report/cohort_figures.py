"""What the cohort page counts: flow from inputs to findings, distributions, outliers, losses and folders.

Everything is added record by record; what grows with the cohort lies in a temporary file, not in memory.
"""

import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from hipcalc.anatomy import FOUND_STATUSES
from hipcalc.findings import Finding
from hipcalc.report.records import FileRecord
from hipcalc.report.words import class_name, side_name, spacing_text, view_name, zone_name

__all__ = ["CohortFigures", "Distribution"]

_SIZES_MM = (1, 2, 3, 4, 5, 6, 8, 10)
_SIZES_HEAD_RADII = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
_ANGLES_DEG = (15, 20, 25, 30, 35, 40, 45)
_MOST_BARS = 12
_MOST_OUTLIERS = 5
_MOST_FOLDERS = 30
_MOST_EXAMPLES = 3
# Robust deviations from the median beyond which a value is worth a look (Iglewicz and Hoaglin 1993: 3.5).
_OUTLIER = 3.5
_MAD_TO_SIGMA = 1.4826
_FEWEST_VALUES = 10
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Counts by name, in the order of their bars; `total` is what shares are taken of."""

    title: str
    bars: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """Sum of all bars."""
        return sum(count for _, count in self.bars)

    @property
    def most(self) -> int:
        """The longest bar."""
        return max((count for _, count in self.bars), default=0)


class CohortFigures:
    """Counts of a cohort; `add` every record once, in any order."""

    def __init__(self) -> None:
        self.status: Counter[str] = Counter()
        self.hips: Counter[str] = Counter()
        self.hips_with_marks = 0
        self.images_with_marks = 0
        self.marks = 0
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._losses: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._lost: Counter[tuple[str, str]] = Counter()
        self._folders: dict[str, Counter[str]] = defaultdict(Counter)
        # Deleted by SQLite itself when it is closed; it lies on the disk as soon as it is large.
        self._values = sqlite3.connect("")
        self._values.execute("CREATE TABLE value (measure TEXT, value REAL, name TEXT, page TEXT)")

    def add(self, record: FileRecord, marks: Sequence[Finding], page: str) -> None:
        """Count one record.

        Parameters
        ----------
        record : FileRecord
        marks : sequence of Finding
            Those that its page shows.
        page : str
            Its page; empty when it has none.
        """
        image = record.image
        self.status[image.status] += 1
        self.marks += len(marks)
        folder = self._folders[str(PurePath(image.path).parent)] if len(self._folders) <= _MOST_FOLDERS else Counter()
        folder["inputs"] += 1
        folder[image.status] += 1
        if image.status != "ok":
            self._add_loss(record)
            return
        sides = {mark.side for mark in marks}
        found = [hip for hip in record.hips if hip.status != "absent"]
        self.hips.update(hip.status for hip in record.hips)
        self.hips_with_marks += len(sides)
        self.images_with_marks += bool(marks)
        folder["hips"] += len(found)
        folder["hips_with_marks"] += len(sides)
        folder["located"] += sum(hip.status == "located" for hip in found)
        folder["limited"] += not image.quality.startswith("ok")
        self._add_image(record)
        self._add_marks(marks)
        self._add_values(record, len(marks), page)

    def _add_loss(self, record: FileRecord) -> None:
        key = (record.image.status, record.image.reason)
        self._lost[key] += 1
        if len(self._losses[key]) < _MOST_EXAMPLES:
            self._losses[key].append(PurePath(record.image.path).name)

    def _add_image(self, record: FileRecord) -> None:
        image, count = record.image, self._counts
        level, _, reasons = image.quality.partition(": ")
        count["Quality"][level or "unknown"] += 1
        count["Remarks on quality"].update(_kind(part) for part in reasons.split("; ") if part)
        count["View"][view_name(image.view)] += 1
        count["Manufacturer"][image.manufacturer or "not stated"] += 1
        source = "unknown" if image.spacing_mm is None else spacing_text(image.spacing_mm, image.spacing_source)
        count["Pixel spacing"][source.partition("pixel, ")[2].partition(":")[0] or source] += 1
        for hip in record.hips:
            if hip.status in FOUND_STATUSES:
                count["Centre-edge angle, degrees"][_bin(hip.shown_centre_edge_angle_deg, _ANGLES_DEG)] += 1
                # What was found over bone is no limit for soft tissue.
                title = "Detection limit over bone" if hip.detection_limit_tissue == "bone" else "Detection limit"
                if hip.detection_limit_mm is not None:
                    count[f"{title}, mm"][_bin(hip.detection_limit_mm, _SIZES_MM)] += 1
                else:
                    limit = hip.detection_limit_head_radii
                    count[f"{title}, head radii (no mm)"][_bin(limit, _SIZES_HEAD_RADII)] += 1

    def _add_marks(self, marks: Iterable[Finding]) -> None:
        count = self._counts
        for mark in marks:
            count["Zone of marks"][zone_name(mark.zone)] += 1
            count["Side of marks"][side_name(mark.side)] += 1
            count["Clock position of marks at the rim"].update(_clock(mark))
            count["First class of marks"][class_name(mark.first_class)] += 1
            if mark.diameter_mm is not None:
                count["Size of marks, mm"][_bin(mark.diameter_mm, _SIZES_MM)] += 1
            else:
                count["Size of marks, head radii (no mm)"][_bin(mark.diameter_head_radii, _SIZES_HEAD_RADII)] += 1

    def _add_values(self, record: FileRecord, marks: int, page: str) -> None:
        name, spacing = PurePath(record.image.path).name, record.image.spacing_mm
        values = [("marks in one image", float(marks))]
        for hip in record.hips:
            if hip.status == "located" and hip.head_radius_px is not None:
                if hip.shown_centre_edge_angle_deg is not None:
                    values.append(("centre-edge angle, degrees", hip.shown_centre_edge_angle_deg))
                if spacing is not None:
                    values.append(("head diameter, mm (a wrong spacing?)", 2 * hip.head_radius_px * spacing))
        rows = [(measure, value, name, page) for measure, value in values]
        self._values.executemany("INSERT INTO value VALUES (?, ?, ?, ?)", rows)

    def distributions(self) -> list[Distribution]:
        """Return what was counted, biggest bar first where names have no order of their own."""
        edges = {
            "Size of marks, mm": _SIZES_MM,
            "Size of marks, head radii (no mm)": _SIZES_HEAD_RADII,
            "Detection limit, mm": _SIZES_MM,
            "Detection limit, head radii (no mm)": _SIZES_HEAD_RADII,
            "Detection limit over bone, mm": _SIZES_MM,
            "Detection limit over bone, head radii (no mm)": _SIZES_HEAD_RADII,
            "Centre-edge angle, degrees": _ANGLES_DEG,
        }
        titles = (
            "Size of marks, mm",
            "Size of marks, head radii (no mm)",
            "Zone of marks",
            "Clock position of marks at the rim",
            "Side of marks",
            "First class of marks",
            "Detection limit, mm",
            "Detection limit, head radii (no mm)",
            "Detection limit over bone, mm",
            "Detection limit over bone, head radii (no mm)",
            "Centre-edge angle, degrees",
            "Quality",
            "Remarks on quality",
            "View",
            "Pixel spacing",
            "Manufacturer",
        )
        found = []
        for title in titles:
            counts = self._counts[title]
            if title in edges:
                bars = [(name, counts[name]) for name in (*_bin_names(edges[title]), "not known") if counts[name]]
            elif title.startswith("Clock"):
                bars = [(f"{hour} h", counts[f"{hour} h"]) for hour in range(1, 13)] if counts else []
            else:
                bars = _largest(counts)
            if bars:
                found.append(Distribution(title=title, bars=tuple(bars)))
        return found

    def outliers(self) -> list[dict[str, Any]]:
        """Return for each measure its median and the values farthest from it, where there are any."""
        found = []
        measures = [row[0] for row in self._values.execute("SELECT DISTINCT measure FROM value ORDER BY measure")]
        for measure in measures:
            number = self._values.execute("SELECT count(*) FROM value WHERE measure = ?", (measure,)).fetchone()[0]
            if number < _FEWEST_VALUES:
                continue
            middle = self._middle("value", measure, number)
            spread = _MAD_TO_SIGMA * self._middle(f"abs(value - {middle!r})", measure, number)
            # Where most values are the same, as counts are, a whole unit is the least deviation that means anything.
            least = max(spread, 1.0)
            rows = self._values.execute(
                "SELECT value, name, page FROM value WHERE measure = ? AND abs(value - ?) > ? "
                "ORDER BY abs(value - ?) DESC, name LIMIT ?",
                (measure, middle, _OUTLIER * least, middle, _MOST_OUTLIERS),
            ).fetchall()
            if rows:
                images = [{"value": f"{value:.4g}", "name": name, "page": page} for value, name, page in rows]
                found.append(
                    {"measure": measure, "median": f"{middle:.4g}", "spread": f"{spread:.3g}", "images": images}
                )
        return found

    def _middle(self, expression: str, measure: str, number: int) -> float:
        text = f"SELECT {expression} AS x FROM value WHERE measure = ? ORDER BY x LIMIT 1 OFFSET ?"
        return float(self._values.execute(text, (measure, number // 2)).fetchone()[0])

    def losses(self) -> list[dict[str, Any]]:
        """Return why files were not analysed, most frequent first, with a few of their names."""
        ranked = sorted(self._lost.items(), key=lambda entry: (-entry[1], entry[0]))
        return [
            {"status": status, "reason": reason, "count": count, "names": self._losses[status, reason]}
            for (status, reason), count in ranked
        ]

    def folders(self) -> list[dict[str, Any]]:
        """Return shares by folder, which often is a site or a year; nothing with one folder, or very many."""
        if not 1 < len(self._folders) <= _MOST_FOLDERS:
            return []
        return [{"name": name, **_shares(counts)} for name, counts in sorted(self._folders.items())]

    def close(self) -> None:
        """Drop the temporary file."""
        self._values.close()


def _shares(counts: Counter[str]) -> dict[str, str]:
    def share(part: str, whole: str) -> str:
        return f"{100 * counts[part] / counts[whole]:.0f}%" if counts[whole] else "–"

    return {
        "inputs": str(counts["inputs"]),
        "analysed": share("ok", "inputs"),
        "located": share("located", "hips"),
        "limited": share("limited", "ok"),
        "marked": share("hips_with_marks", "hips"),
    }


def _largest(counts: Counter[str]) -> list[tuple[str, int]]:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    rest = sum(count for _, count in ranked[_MOST_BARS:])
    return [*ranked[:_MOST_BARS], *([("others", rest)] if rest else [])]


def _clock(mark: Finding) -> list[str]:
    # Elsewhere than at the rim a clock position says little.
    if mark.zone not in ("rim", "rim-overlay", "supra-rim") or not math.isfinite(mark.clock_hour):
        return []
    return [f"{(round(mark.clock_hour) - 1) % 12 + 1} h"]


def _kind(remark: str) -> str:
    """Return a remark without its numbers and brackets, which differ from image to image."""
    return _NUMBER.sub("…", remark.partition(" (")[0])


def _bin(value: float | None, edges: Sequence[float]) -> str:
    if value is None:
        return "not known"
    return _bin_names(edges)[sum(value >= edge for edge in edges)]


def _bin_names(edges: Sequence[float]) -> list[str]:
    between = [f"{low:g} – {high:g}" for low, high in pairwise(edges)]
    return [f"below {edges[0]:g}", *between, f"{edges[-1]:g} and more"]
