"""locate_hips on real radiographs, and what must hold for any picture."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from hipcalc.anatomy import HipFrame, locate_hips, recognise_view
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import Radiograph, read_radiograph
from support import SHARED_DATA, needs_shared_data

CROPS = SHARED_DATA / "hip_crops"


def as_radiograph(pixels: np.ndarray, **changes: object) -> NormalizedRadiograph:
    source = Radiograph(
        pixels=pixels.astype(np.float32),
        path="made.png",
        sha256="0" * 64,
        bits=8,
        polarity="bone-bright",
        polarity_source="default",
        spacing_mm=None,
        spacing_source="unknown",
    )
    return normalize(replace(source, **changes))


def crop_pixels(name: str) -> np.ndarray:
    return read_radiograph(CROPS / "images" / name).pixels


def crop_truth() -> dict[str, tuple[float, float, float]]:
    with (CROPS / "annotations.csv").open(encoding="utf-8") as table:
        return {
            row["file"]: tuple(float(row[f"head_{part}_px"]) for part in ("row", "column", "radius"))
            for row in csv.DictReader(table)
            if row["head_ok"] == "1"
        }


def centre_error(hip: HipFrame, truth: tuple[float, float, float]) -> float:
    return math.hypot(hip.head_row_px - truth[0], hip.head_column_px - truth[1]) / truth[2]


CLEAR = ("hip_011.png", "hip_051.png", "hip_058.png", "hip_115.png", "hip_254.png", "hip_267.png")


@needs_shared_data
@pytest.mark.parametrize("name", CLEAR)
def test_clear_crops_are_located(name: str) -> None:
    truth = crop_truth()[name]
    (hip,) = locate_hips(as_radiograph(crop_pixels(name)))
    assert hip.status == "located"
    assert hip.lateral_sign == 1
    assert (hip.side, hip.side_source) == ("L", "display-convention")
    assert centre_error(hip, truth) < 0.12
    assert hip.head_radius_px == pytest.approx(truth[2], rel=0.1)


@needs_shared_data
def test_mirrored_crop_gives_the_mirrored_hip() -> None:
    pixels = crop_pixels("hip_115.png")
    (hip,) = locate_hips(as_radiograph(pixels))
    (mirrored,) = locate_hips(as_radiograph(pixels[:, ::-1].copy()))
    assert mirrored.lateral_sign == -hip.lateral_sign
    assert mirrored.side == "R"
    assert mirrored.head_row_px == pytest.approx(hip.head_row_px, abs=0.05 * hip.head_radius_px)
    assert mirrored.head_column_px == pytest.approx(510 - hip.head_column_px, abs=0.05 * hip.head_radius_px)


@needs_shared_data
def test_the_header_side_is_kept() -> None:
    (hip,) = locate_hips(as_radiograph(crop_pixels("hip_115.png"), side="R"))
    assert (hip.side, hip.side_source) == ("R", "header")


@needs_shared_data
def test_same_input_same_output() -> None:
    normalized = as_radiograph(crop_pixels("hip_058.png"))
    (one,), (two,) = locate_hips(normalized), locate_hips(normalized)
    assert one.to_image(1.0, 30.0) == two.to_image(1.0, 30.0)
    assert (one.confidence, one.rim_row_px, one.rim_column_px) == (two.confidence, two.rim_row_px, two.rim_column_px)
    np.testing.assert_array_equal(one.head_contour_px, two.head_contour_px)


@needs_shared_data
def test_contours_lie_on_head_and_roof() -> None:
    (hip,) = locate_hips(as_radiograph(crop_pixels("hip_115.png")))
    head = np.array([hip.to_polar(*point)[0] for point in hip.head_contour_px])
    roof = np.array([hip.to_polar(*point)[0] for point in hip.roof_contour_px])
    assert len(head) > 20
    assert len(roof) > 10
    assert np.median(np.abs(head - 1.0)) < 0.06
    assert 1.0 < np.median(roof) < 1.4


@needs_shared_data
def test_a_whole_pelvis_gives_both_sides() -> None:
    path = SHARED_DATA / "radiographs_mixed" / "avulsion-fracture-of-the-lesser-trochanter.png"
    normalized = normalize(read_radiograph(path))
    hips = locate_hips(normalized)
    assert [(hip.side, hip.lateral_sign, hip.status) for hip in hips] == [("R", -1, "located"), ("L", 1, "located")]
    assert recognise_view(normalized, hips) == "ap_pelvis"
    # By eye: head centres and radius in pixels.
    assert centre_error(hips[0], (398.0, 206.0, 55.0)) < 0.25
    assert centre_error(hips[1], (418.0, 632.0, 55.0)) < 0.25


def noise() -> np.ndarray:
    return np.random.default_rng(3).normal(100.0, 10.0, (600, 500))


def ramp() -> np.ndarray:
    return np.add.outer(np.linspace(0.0, 100.0, 500), np.linspace(0.0, 50.0, 600))


def disk() -> np.ndarray:
    rows, columns = np.mgrid[:500, :500]
    return 50.0 + 100.0 * (np.hypot(rows - 250, columns - 250) < 90) + np.random.default_rng(4).normal(0, 2, (500, 500))


@pytest.mark.parametrize("picture", [noise, ramp, disk])
def test_what_is_no_hip_is_not_located(picture) -> None:
    normalized = as_radiograph(picture())
    hips = locate_hips(normalized)
    assert all(hip.status in ("uncertain", "absent") for hip in hips)
