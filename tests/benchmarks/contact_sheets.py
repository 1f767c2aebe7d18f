"""The strongest false marks and the missed plants as pictures, to be looked at outside of the project."""

from pathlib import Path

import cv2
import numpy as np
from detector_data import BenchHip
from fit_detector import Ranking, hits_of, spots_of, strength
from planted import plant_foci

from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow

COUNT = 30
TILE_PX = 180
REACH_HEAD_RADII = 0.8
SEED = 3


def draw_sheets(hips: tuple[BenchHip, ...], models: dict[str, Ranking], folder: Path) -> None:
    """Write `false_marks.png` and `missed.png`: strongest marks without focus, and weakest-marked plants."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    false, missed = [], []
    for bench in hips:
        ranking = models[bench.group]
        bare = spots_of(bench.normalized, bench)
        marks = strength(ranking, bare.features)
        for k in np.argsort(-marks)[:4]:
            spot = bare.spots[k]
            false.append((float(marks[k]), _tile(bare.window, (spot.row, spot.column), f"{bench.name} {marks[k]:.1f}")))
        planted, truth = plant_foci(bench, "natural", rng)
        found = spots_of(planted, bench)
        marks = strength(ranking, found.features)
        for plant, hit in zip(truth, hits_of(found, truth), strict=True):
            best = float(marks[hit].max(initial=-20.0))
            place = found.window.pixel_at(plant.row_px, plant.column_px)
            missed.append((-best, _tile(found.window, place, f"{plant.kind} {plant.where} {best:.1f}")))
    for name, tiles in (("false_marks", false), ("missed", missed)):
        tiles.sort(key=lambda row: -row[0])
        _write([tile for _, tile in tiles[:COUNT]], folder / f"{name}.png")


def _tile(window: HipWindow, place: tuple[float, float], text: str) -> np.ndarray:
    reach = round(REACH_HEAD_RADII * WORKING_RADIUS_PX)
    row, column = round(place[0]) + reach, round(place[1]) + reach
    part = np.pad(window.level, reach, mode="edge")[row - reach : row + reach + 1, column - reach : column + reach + 1]
    low, high = np.percentile(part, (1, 99.5))
    grey = np.uint8(np.clip((part - low) / max(high - low, 1e-6), 0, 1) * 255)
    picture = cv2.cvtColor(cv2.resize(grey, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    cv2.circle(picture, (TILE_PX // 2, TILE_PX // 2), 14, (0, 255, 255), 1)
    cv2.putText(picture, text[-28:], (3, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 255, 0), 1)
    return picture


def _write(tiles: list[np.ndarray], file: Path, columns: int = 6) -> None:
    blank = np.zeros_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)]
    cv2.imwrite(str(file), np.vstack(rows))
