"""Hip crops of three origins, framed alike: real ones, phantoms, and projections of CT bone surfaces."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import mesh_projection
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic import BodyAnatomy, make_phantom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging
from hipcalc.synthetic.furniture import Furniture

CROPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "hip_crops"
SIDE = 511
# The crops' spacing is unknown: a head of this magnified radius sets their scale.
HEAD_RADIUS_MM = 27.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Crop:
    """A crop with lateral to the right, 8 bits; the rim's places are empty where nobody could call it."""

    pixels: NDArray[np.uint8]
    head: tuple[float, float, float]
    rims: tuple[tuple[float, float], ...] = ()

    @property
    def pixel_mm(self) -> float:
        return HEAD_RADIUS_MM / self.head[2]

    @property
    def scaled(self) -> NDArray[np.float32]:
        """Grey with 0 and 1 at the 2nd and 98th percentile: vendors' grey scales have no common unit."""
        low, high = np.percentile(self.pixels, (2, 98))
        return np.asarray((self.pixels.astype(np.float32) - low) / max(high - low, 1.0), np.float32)


def real_crops() -> list[Crop]:
    """Return one annotated crop of each patient."""
    with (CROPS / "index.csv").open(encoding="utf-8") as table:
        patient = {row["file"]: row["patient_group"] for row in csv.DictReader(table)}
    with (CROPS / "annotations.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["head_ok"] == "1"]
    first = {patient[row["file"]]: row for row in reversed(rows)}
    crops = []
    for row in first.values():
        pairs = (("rim_row_px", "rim_column_px"), ("rim_alt_row_px", "rim_alt_column_px"))
        rims = tuple((float(row[a]), float(row[b])) for a, b in pairs if row["rim_ok"] == "1" and row[a])
        pixels = cv2.imread(str(CROPS / "images" / row["file"]), cv2.IMREAD_GRAYSCALE)
        head = tuple(float(row[f"head_{name}_px"]) for name in ("row", "column", "radius"))
        crops.append(Crop(pixels=np.asarray(pixels, np.uint8), head=(head[0], head[1], head[2]), rims=rims))
    return crops[::-1]


def _cut(
    picture: NDArray[np.float32],
    head: tuple[float, float, float],
    rim: tuple[float, float] | None,
    like: tuple[float, float, float],
) -> Crop:
    """Cut a picture so that its head lies where another crop's does, and is as large; stretch grey as exports do."""
    scale = head[2] / like[2]
    turn = np.array([[scale, 0, head[1] - scale * like[1]], [0, scale, head[0] - scale * like[0]]])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(picture, turn, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_REPLICATE)
    low, high = np.percentile(crop, (0.5, 99.8))
    pixels = np.clip(255 * (crop - low) / (high - low), 0, 255).astype(np.uint8)
    rims = () if rim is None else (((rim[0] - turn[1, 2]) / scale, (rim[1] - turn[0, 2]) / scale),)
    return Crop(pixels=pixels, head=like, rims=rims)


def phantom_crops(likes: list[tuple[float, float, float]], n: int, seed: int = 5) -> list[Crop]:
    """Return random phantoms, each framed as one of the given heads."""
    crops = []
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        body, imaging = draw_body(rng), draw_imaging("ap-left-hip", rng)
        # The real crops show native hips.
        body = replace(body, left=replace(body.left, prosthesis=False))
        like = likes[number % len(likes)]
        pixel = float(np.clip(body.left.head_radius_mm * 1.15 / like[2], 0.11, 0.3))
        rows, columns = (int(extent / pixel) for extent in (178.0, 168.0))
        plain = replace(imaging, rows=rows, columns=columns, pixel_mm=pixel, furniture=Furniture(), bits=12)
        crops.append(_phantom_crop(body, plain, like, number))
    return crops


def _phantom_crop(body: BodyAnatomy, imaging: object, like: tuple[float, float, float], seed: int) -> Crop:
    phantom = make_phantom(body=body, imaging=imaging, seed=seed)
    (hip,) = phantom.hips
    head = (hip.head_row_px, hip.head_column_px, hip.head_radius_px)
    return _cut(phantom.pixels.astype(np.float32), head, (hip.rim_row_px, hip.rim_column_px), like)


def mesh_crops(likes: list[tuple[float, float, float]]) -> list[Crop]:
    """Return the hips of the projected CT surfaces at three tilts; none where the meshes are absent."""
    crops: list[Crop] = []
    if not mesh_projection.MESHES.is_dir():
        return crops
    for subject in mesh_projection.SUBJECTS:
        for tilt in (-5.0, 0.0, 5.0):
            picture, heads = mesh_projection.project(subject, tilt_deg=tilt, seed=len(crops))
            for truth in heads:
                mirrored = truth.side == "R"
                column = picture.shape[1] - 1 - truth.column_px if mirrored else truth.column_px
                shown = np.ascontiguousarray(picture[:, ::-1] if mirrored else picture).astype(np.float32)
                head = (truth.row_px, column, truth.radius_px)
                crops.append(_cut(shown, head, None, likes[len(crops) % len(likes)]))
    return crops
