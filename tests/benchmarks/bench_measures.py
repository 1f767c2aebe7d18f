"""How far measures and landmarks of located hips are off, and whether their uncertainty says so. Prints tables.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_measures.py [--phantoms N] [--sheet FILE.png]

Phantoms that nothing was fitted on (truth is exact), real crops and pelves with circle and rim by eye (a reader's
centre-edge angle and extrusion index, against the picture's vertical), and projected CT surfaces (truth of the heads).
"""

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from bench_confidence import bare
from bench_locator import BY_EYE, Truth, crops, pelves
from fit_appearance import small_phantom
from mesh_projection import SUBJECTS, project

from hipcalc.anatomy import HipFrame, HipMeasures, locate_hips, measure_hips
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import HipTruth, Phantom

FIRST_NUMBER, TILE_PX = 7000, 300
LANDMARKS = {"sourcil_end": "sourcil_lateral", "sourcil_medial": "sourcil_medial", "teardrop": "teardrop"}
Errors = dict[str, list[tuple[float, float]]]
Place = tuple[float, float]


def slope_of(truths: tuple[HipTruth, ...], phantom: Phantom) -> float:
    """Slope of the line through both heads, in degrees; of one hip, the pelvis's own obliquity."""
    if len(truths) < 2:
        return phantom.body.obliquity_deg
    left, right = sorted(truths, key=lambda truth: truth.head_column_px)
    return math.degrees(math.atan2(right.head_row_px - left.head_row_px, right.head_column_px - left.head_column_px))


def turned(truth: HipTruth, name: str, slope_deg: float) -> Place:
    """(lateral, cranial) of a true landmark in head radii."""
    down = getattr(truth, f"{name}_row_px") - truth.head_row_px
    right = getattr(truth, f"{name}_column_px") - truth.head_column_px
    cos, sin = math.cos(math.radians(slope_deg)), math.sin(math.radians(slope_deg))
    radius = truth.head_radius_px
    return (right * cos + down * sin) * truth.lateral_sign / radius, (right * sin - down * cos) / radius


def rise(start: Place, end: Place) -> float:
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def true_measures(truth: HipTruth, phantom: Phantom) -> dict[str, float]:
    """Measures of a phantom's hip by its geometry, against the line that the program means to measure against."""
    slope = slope_of(phantom.hips, phantom)
    rim, end, medial, teardrop = (
        turned(truth, name, slope) for name in ("rim", "sourcil_lateral", "sourcil_medial", "teardrop")
    )
    anatomy = phantom.body.hip(truth.side)
    space = anatomy.joint_space_mm / anatomy.head_radius_mm
    values = {
        "centre_edge_angle": math.degrees(math.atan2(*rim)),
        "acetabular_index": rise(medial, end),
        "sharp_angle": rise(teardrop, rim),
        "extrusion_index": (1.0 - rim[0]) / 2.0,
        "superior_joint_space": space,
        "minimum_joint_space": space,
    }
    return values | (true_pair(phantom.hips, slope) if len(phantom.hips) == 2 else {})


def true_pair(truths: tuple[HipTruth, ...], slope: float) -> dict[str, float]:
    left, right = sorted(truths, key=lambda truth: truth.head_column_px)
    apart = math.hypot(right.head_row_px - left.head_row_px, right.head_column_px - left.head_column_px)
    medial = [-turned(truth, "teardrop", slope)[0] for truth in (left, right)]
    return {
        "head_distance": apart / math.sqrt(left.head_radius_px * right.head_radius_px),
        "head_line_slope": slope,
        "teardrop_asymmetry": (medial[1] - medial[0]) / sum(medial),
    }


def phantom_errors(kind: str, count: int) -> tuple[Errors, dict[str, list[float]], list[float], list[np.ndarray]]:
    """Errors with their stated deviations, landmarks' distances in millimetres, seconds per hip, and pictures."""
    errors: Errors = {}
    away: dict[str, list[float]] = {"rim": [], **{name: [] for name in LANDMARKS}}
    seconds, tiles = [], []
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        phantom = small_phantom(kind, number)
        normalized = normalize(phantom.to_radiograph())
        hips = locate_hips(normalized)
        start = time.process_time()
        measured = measure_hips(normalized, hips)
        seconds.append((time.process_time() - start) / max(1, len(hips)))
        for truth in phantom.hips:
            for hip, one in zip(hips, measured, strict=True):
                if hip.lateral_sign == truth.lateral_sign and hip.status == "located":
                    true = true_measures(truth, phantom)
                    for measure in (taken for taken in one.measures if taken.unit != "mm"):
                        pair = (measure.value - true[measure.name], measure.sd)
                        errors.setdefault(measure.name, []).append(pair)
                    for name, found in distances(truth, hip, one, phantom):
                        away[name].append(found)
                    tiles.append(tile(normalized, hip, one))
    return errors, away, seconds, tiles


def distances(truth: HipTruth, hip: HipFrame, measured: HipMeasures, phantom: Phantom) -> Iterator[tuple[str, float]]:
    """Distance of the rim and of every landmark that shows from the truth, in millimetres of the body."""
    unit_mm = phantom.body.hip(truth.side).head_radius_mm / truth.head_radius_px
    yield "rim", unit_mm * math.hypot(hip.rim_row_px - truth.rim_row_px, hip.rim_column_px - truth.rim_column_px)
    for name, true in LANDMARKS.items():
        mark = getattr(measured.landmarks, name)
        if mark.is_visible:
            down = mark.row_px - getattr(truth, f"{true}_row_px")
            yield name, unit_mm * math.hypot(down, mark.column_px - getattr(truth, f"{true}_column_px"))


def print_errors(title: str, errors: Errors) -> None:
    print(f"{title}\n  {'measure':22s} {'n':>4s} {'bias':>8s} {'spread':>8s} {'90% within':>10s} {'held in 1 sd':>12s}")
    for name, pairs in errors.items():
        off, sd = np.array(pairs).T
        spread = 1.4826 * np.median(np.abs(off - np.median(off)))
        held = np.mean(np.abs(off) <= sd)
        print(
            f"  {name:22s} {len(off):4d} {np.median(off):8.3f} {spread:8.3f} {np.quantile(np.abs(off), 0.9):10.3f} "
            f"{held:12.2f}"
        )


def reader_errors(truths: list[Truth]) -> tuple[Errors, list[np.ndarray]]:
    """Centre-edge angle and extrusion index against a reader's circle and the nearer of the reader's rims."""
    errors: Errors = {"centre_edge_angle": [], "extrusion_index": []}
    tiles = []
    for truth in (one for one in truths if one.clear and one.rims):
        normalized = normalize(read_radiograph(truth.file))
        for hip in locate_hips(normalized):
            if hip.lateral_sign != truth.lateral_sign or hip.status != "located":
                continue
            # Readers measured against the picture.
            (measured,) = measure_hips(normalized, (hip,))
            tiles.append(tile(normalized, hip, measured))
            right = [(column - truth.column) * truth.lateral_sign for _, column in truth.rims]
            angles = [
                math.degrees(math.atan2(x, truth.row - row)) for x, (row, _) in zip(right, truth.rims, strict=True)
            ]
            values = {"centre_edge_angle": angles, "extrusion_index": [(1 - x / truth.radius) / 2 for x in right]}
            for name, accepted in values.items():
                measure = measured.get(name)
                assert measure is not None
                errors[name].append((min((measure.value - one for one in accepted), key=abs), measure.sd))
    return errors, tiles


def mesh_errors() -> tuple[Errors, list[np.ndarray]]:
    """Distance and slope of the heads of projected CT surfaces."""
    errors: Errors = {"head_distance": [], "head_line_slope": []}
    tiles = []
    for subject in SUBJECTS:
        for tilt in (-8.0, 0.0, 8.0):
            pixels, heads = project(subject, tilt_deg=tilt)
            normalized = normalize(bare(pixels))
            hips = locate_hips(normalized)
            left, right = sorted(heads, key=lambda head: head.column_px)
            down, across = right.row_px - left.row_px, right.column_px - left.column_px
            true = {
                "head_distance": math.hypot(down, across) / math.sqrt(left.radius_px * right.radius_px),
                "head_line_slope": math.degrees(math.atan2(down, across)),
            }
            measured = measure_hips(normalized, hips)
            tiles += [tile(normalized, *row) for row in zip(hips, measured, strict=True) if row[1].measures]
            for name, value in true.items():
                measure = measured[0].get(name, None if name == "head_line_slope" else "head_radii")
                if measure is not None:
                    errors[name].append((measure.value - value, measure.sd))
    return errors, tiles


def tile(normalized: NormalizedRadiograph, hip: HipFrame, measured: HipMeasures) -> np.ndarray:
    """Draw one hip with its landmarks; what is faint has a thin mark."""
    factor, half = TILE_PX / 4.2 / hip.head_radius_px, TILE_PX / 2

    def at(row: float, column: float) -> tuple[int, int]:
        return round(half + factor * (column - hip.head_column_px)), round(half + factor * (row - hip.head_row_px))

    shift = np.array(
        [[factor, 0.0, half - factor * hip.head_column_px], [0.0, factor, half - factor * hip.head_row_px]]
    )
    cut = cv2.warpAffine(normalized.grey, shift, (TILE_PX, TILE_PX), flags=cv2.INTER_AREA)
    low, high = np.percentile(cut, (2.0, 99.5))
    drawn = cv2.cvtColor((255 * np.clip((cut - low) / (high - low), 0, 1)).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    cv2.circle(drawn, (round(half), round(half)), round(TILE_PX / 4.2), (230, 180, 80), 1, cv2.LINE_AA)
    colours = {"sourcil_medial": (255, 255, 0), "sourcil_end": (0, 255, 255), "teardrop": (0, 0, 255)}
    for name, colour in colours.items():
        mark = getattr(measured.landmarks, name)
        if mark.is_visible:
            cv2.circle(drawn, at(mark.row_px, mark.column_px), 5, colour, 1 + (mark.visibility == "clear"))
    cv2.drawMarker(drawn, at(hip.rim_row_px, hip.rim_column_px), (0, 255, 0), cv2.MARKER_CROSS, 9)
    angles = [measured.get(name) for name in ("centre_edge_angle", "acetabular_index", "sharp_angle")]
    told = " ".join("-" if one is None else f"{one.value:.0f}" for one in angles)
    cv2.putText(drawn, f"CE AI Sharp {told}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 255, 255), 1)
    return drawn


def write_sheet(file: Path, tiles: list[np.ndarray], across: int = 8) -> None:
    blank = np.zeros_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % across)
    cv2.imwrite(str(file), np.vstack([np.hstack(tiles[k : k + across]) for k in range(0, len(tiles), across)]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=15, help="pelves, and as many single hips")
    parser.add_argument("--sheet", type=Path, help="draw every hip; pictures of people, not for the project")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tiles: list[np.ndarray] = []
    for kind in ("pelvis", "hip"):
        errors, away, seconds, drawn = phantom_errors(kind, options.phantoms)
        print_errors(f"phantoms, {kind}", errors)
        for name, found in away.items():
            within = np.mean(np.array(found) <= 2.0)
            print(f"  {name}: {len(found)} shown, median {np.median(found):.2f} mm, within 2 mm {within:.2f}")
        near = [abs(off) <= 3.0 for off, _ in errors["centre_edge_angle"]]
        print(f"  centre-edge angle within 3 degrees: {np.mean(near):.2f}")
        print(f"  CPU per hip: {1e3 * np.median(seconds):.1f} ms")
        tiles += drawn
    for title, truths in (("crops against readers", crops()), ("pelves against circles by eye", pelves(BY_EYE))):
        found_errors, drawn = reader_errors(truths)
        print_errors(title, found_errors)
        tiles += drawn
    found_errors, drawn = mesh_errors()
    print_errors("projected CT surfaces", found_errors)
    tiles += drawn
    if options.sheet:
        write_sheet(options.sheet, tiles)


if __name__ == "__main__":
    main()
