"""How well hips are found: on annotated crops, on whole pelves, and beside Hough circles. Prints a table.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_locator.py [--peers] [--sheet FILE.png]

The pelves are ../shared/data/radiographs_mixed with circles read by eye (pelves_by_eye.csv: sign is 1 where lateral is
at the right). 22 of the 25 were read twice, the second time enlarged, point by point and without sight of any circle;
the table has the mean. The two readings' centres were 0.08 head radii apart in the median (0.14 in one of ten), their
radii 3%, their rims 0.08; of one head and two rims, which were farther apart, it has the second reading.
"""

import argparse
import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.transform import hough_circle, hough_circle_peaks

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BY_EYE = Path(__file__).resolve().parent / "pelves_by_eye.csv"
CROPS_BY_EYE = Path(__file__).resolve().parent / "crops_by_eye.csv"


WORST, TILE_PX = 20, 320


@dataclass(frozen=True, kw_only=True)
class Truth:
    file: Path
    lateral_sign: int
    row: float
    column: float
    radius: float
    rims: tuple[tuple[float, float], ...]
    clear: bool


# Error in head radii, truth and what was found.
Case = tuple[float, Truth, HipFrame | None]


def crops() -> list[Truth]:
    folder = DATA / "hip_crops"
    rows = []
    for row in csv.DictReader((folder / "annotations.csv").open(encoding="utf-8")):
        pairs = [("rim_row_px", "rim_column_px"), ("rim_alt_row_px", "rim_alt_column_px")]
        rims = tuple((float(row[a]), float(row[b])) for a, b in pairs if row[a] and row["rim_ok"] == "1")
        rows.append(
            Truth(
                file=folder / "images" / row["file"],
                lateral_sign=1,
                row=float(row["head_row_px"]),
                column=float(row["head_column_px"]),
                radius=float(row["head_radius_px"]),
                rims=rims,
                clear=row["head_ok"] == "1",
            )
        )
    return rows


def accepted_crops() -> list[Truth]:
    """Crops that no reader measured: circles that the program found, or nearly, and the eye accepted.

    They say whether a hip was found, not how exactly. Four more were left out, as nobody could tell the head's outline.
    """
    return [
        Truth(
            file=DATA / "hip_crops" / "images" / row["file"],
            lateral_sign=1,
            row=float(row["row"]),
            column=float(row["col"]),
            radius=float(row["R"]),
            rims=(),
            clear=True,
        )
        for row in csv.DictReader(CROPS_BY_EYE.open(encoding="utf-8"))
    ]


def pelves(table: Path) -> list[Truth]:
    return [
        Truth(
            file=DATA / "radiographs_mixed" / row["file"],
            lateral_sign=int(row["sign"]),
            row=float(row["row"]),
            column=float(row["col"]),
            radius=float(row["R"]),
            rims=((float(row["rim_row"]), float(row["rim_col"])),) if row["rim_row"] else (),
            clear=not row["note"] or row["note"] == "unilateral",
        )
        for row in csv.DictReader(table.open(encoding="utf-8"))
    ]


def tile(truth: Truth, hip: HipFrame | None, error: float) -> np.ndarray:
    """Draw one hip: the reader's circle and rims green, the program's red."""
    picture = normalize(read_radiograph(truth.file)).grey
    factor, half = TILE_PX / 4.0 / truth.radius, TILE_PX / 2

    def at(row: float, column: float) -> tuple[int, int]:
        return round(half + factor * (column - truth.column)), round(half + factor * (row - truth.row))

    shift = np.array([[factor, 0.0, half - factor * truth.column], [0.0, factor, half - factor * truth.row]])
    cut = cv2.warpAffine(picture, shift, (TILE_PX, TILE_PX), flags=cv2.INTER_AREA)
    drawn = cv2.cvtColor((255 * np.clip(cut, 0, 1)).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    cv2.circle(drawn, at(truth.row, truth.column), round(factor * truth.radius), (0, 255, 0), 1, cv2.LINE_AA)
    for rim in truth.rims:
        cv2.drawMarker(drawn, at(*rim), (0, 255, 0), cv2.MARKER_CROSS, 12)
    told = "not found"
    if hip is not None:
        place = at(hip.head_row_px, hip.head_column_px)
        cv2.circle(drawn, place, round(factor * hip.head_radius_px), (0, 0, 255), 1, cv2.LINE_AA)
        cv2.drawMarker(drawn, at(hip.rim_row_px, hip.rim_column_px), (0, 0, 255), cv2.MARKER_TILTED_CROSS, 12)
        told = f"{hip.status} {hip.confidence:.2f}, {error:.2f} R off"
    for line, text in enumerate((truth.file.name[-30:], told)):
        cv2.putText(drawn, text, (4, 14 + 16 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 255, 255), 1)
    return drawn


def report(name: str, truths: list[Truth]) -> list[Case]:
    """Print one block: errors in head radii, shares, time; return every clear hip with its error."""
    cache: dict[Path, tuple[HipFrame, ...]] = {}
    seconds = []
    errors, sizes, rims, statuses, wrong = [], [], [], [], 0
    cases: list[Case] = []
    for truth in truths:
        if truth.file not in cache:
            normalized = normalize(read_radiograph(truth.file))
            start = time.process_time()
            cache[truth.file] = locate_hips(normalized)
            seconds.append(time.process_time() - start)
        hips = [hip for hip in cache[truth.file] if hip.lateral_sign == truth.lateral_sign]
        hip = next((hip for hip in hips if not math.isnan(hip.head_row_px) and hip.status != "implant"), None)
        statuses.append("absent" if hip is None else hip.status)
        error = math.inf
        if hip is not None:
            error = math.hypot(hip.head_row_px - truth.row, hip.head_column_px - truth.column) / truth.radius
            wrong += hip.status == "located" and error > 0.4
        if not truth.clear:
            continue
        errors.append(error)
        cases.append((error, truth, hip))
        if hip is not None and error < 0.4:
            sizes.append(abs(hip.head_radius_px / truth.radius - 1))
            if truth.rims:
                away = [math.hypot(hip.rim_row_px - row, hip.rim_column_px - column) for row, column in truth.rims]
                rims.append(min(away) / truth.radius)
    found = np.array(errors)
    print(f"{name}: {len(truths)} hips, {len(found)} of them clear")
    print(f"  centre, head radii: median {np.median(found):.3f}, 90th percentile {np.quantile(found, 0.9):.3f}")
    within = " / ".join(f"{np.mean(found < limit):.2f}" for limit in (0.15, 0.2, 0.4))
    print(f"  within 0.15 / 0.2 / 0.4: {within}")
    print(f"  radius: median error {100 * np.median(sizes):.1f}%")
    if rims:
        print(
            f"  rim, head radii: median {np.median(rims):.3f}, 90th percentile {np.quantile(rims, 0.9):.3f}, "
            f"within 0.15: {np.mean(np.array(rims) < 0.15):.2f} ({len(rims)} rims)"
        )
    counts = {status: statuses.count(status) for status in ("located", "uncertain", "absent")}
    print(f"  status: {counts}; located but more than 0.4 off: {wrong}; CPU median {1e3 * np.median(seconds):.0f} ms")
    return cases


def report_statuses(files: list[Path]) -> None:
    """Print what became of pictures that show a hip each, whether a reader marked it or not."""
    counts = {"located": 0, "uncertain": 0, "absent": 0}
    for file in files:
        found = {hip.status for hip in locate_hips(normalize(read_radiograph(file)))}
        counts[next((status for status in ("located", "uncertain") if status in found), "absent")] += 1
    print(f"all {len(files)} crops, each of a hip: {counts}")


def peer_circles(normalized: NormalizedRadiograph, low: float, high: float) -> dict[str, tuple[float, float, float]]:
    """Best circle (row, column, radius) of each peer, told the plausible radii of this picture."""
    picture = (255 * np.clip(normalized.grey, 0, 1)).astype(np.uint8)
    factor = 256 / max(picture.shape)
    small = cv2.GaussianBlur(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    least, most = max(4, int(low * factor)), int(high * factor)
    answers = {}
    for name, method, strict in (
        ("HoughCircles", cv2.HOUGH_GRADIENT, 20.0),
        ("Hough ALT", cv2.HOUGH_GRADIENT_ALT, 0.3),
    ):
        circles = cv2.HoughCircles(small, method, 1.5, 20, param1=100, param2=strict, minRadius=least, maxRadius=most)
        if circles is not None:
            x, y, r = np.asarray(circles).reshape(-1, circles.shape[-1])[0][:3]
            answers[name] = (y / factor, x / factor, r / factor)
    radii = np.arange(least, most + 1, 2)
    votes = hough_circle(cv2.Canny(small, 40, 90) > 0, radii)
    _, x, y, r = hough_circle_peaks(votes, radii, total_num_peaks=1)
    if len(x):
        answers["skimage hough_circle"] = (y[0] / factor, x[0] / factor, r[0] / factor)
    return answers


def report_peers(name: str, truths: list[Truth], low: float, high: float) -> None:
    """Print the peers' errors; `low` and `high` are the plausible radii as shares of the picture's width."""
    errors: dict[str, list[float]] = {"HoughCircles": [], "Hough ALT": [], "skimage hough_circle": []}
    for truth in (one for one in truths if one.clear):
        normalized = normalize(read_radiograph(truth.file))
        width = normalized.shape[1]
        answers = peer_circles(normalized, low * width, high * width)
        for peer, found in errors.items():
            row, column, _ = answers.get(peer, (math.inf, math.inf, 0.0))
            found.append(math.hypot(row - truth.row, column - truth.column) / truth.radius)
    for peer, found in errors.items():
        print(f"{name}, {peer}: median {np.median(found):.2f} R, within 0.2: {np.mean(np.array(found) < 0.2):.2f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also run Hough circles")
    parser.add_argument("--sheet", type=Path, help="draw the worst cases; pictures of people, not for the project")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sets = [("crops", crops(), 0.25, 0.45), ("pelves", pelves(BY_EYE), 0.045, 0.085)]
    cases: list[Case] = []
    for name, truths, low, high in sets:
        cases += report(name, truths)
        if options.peers:
            report_peers(name, truths, low, high)
    report_statuses(sorted((DATA / "hip_crops" / "images").glob("*.png")))
    if options.sheet:
        worst = sorted(cases, key=lambda case: -case[0])[:WORST]
        tiles = [tile(truth, hip, error) for error, truth, hip in worst]
        rows = [np.hstack(tiles[first : first + 5]) for first in range(0, WORST, 5)]
        cv2.imwrite(str(options.sheet), np.vstack(rows))


if __name__ == "__main__":
    main()
