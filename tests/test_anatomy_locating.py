"""locate_hips on real radiographs, and what must hold for any picture."""

import csv
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hipcalc.anatomy import HipFrame, locate_hips, recognise_view
from hipcalc.anatomy.hypotheses import find_hypotheses
from hipcalc.anatomy.locating import searches_of
from hipcalc.anatomy.patch import Pyramid
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import Radiograph, read_radiograph
from hipcalc.synthetic import BodyAnatomy, Imaging, make_phantom
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


WHOLE = (
    "acetabulum-fracture-1.jpg",
    "anterior-superior-iliac-spine-asis-avulsion-injury.jpg",
    "avulsion-fracture-lesser-trochanter.jpg",
    "acetabulum-fracture.jpg",
)
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
@pytest.mark.parametrize("name", CLEAR)
def test_crops_whose_bone_is_clipped_to_white_are_located(name: str) -> None:
    pixels = crop_pixels(name)
    truth, ceiling = crop_truth()[name], np.quantile(pixels[pixels > 5], 0.9)
    image = as_radiograph(np.minimum(pixels, ceiling))
    assert image.clipped is not None
    (hip,) = locate_hips(image)
    assert hip.status in ("located", "uncertain")
    assert centre_error(hip, truth) < 0.15


@needs_shared_data
def test_hips_that_a_tone_curve_hides_are_found() -> None:
    pixels = read_radiograph(SHARED_DATA / "radiographs_mixed" / "acetabulum-fracture-1.jpg").pixels
    unit = pixels / 255.0
    curve = 1.0 / (1.0 + np.exp(-8.0 * (unit - np.median(unit[unit > 0.02]))))
    plain, curved = locate_hips(as_radiograph(pixels)), locate_hips(as_radiograph(np.rint(255.0 * curve)))
    assert [hip.status for hip in curved] == ["located", "located"]
    for hip, same in zip(plain, curved, strict=True):
        assert centre_error(same, (hip.head_row_px, hip.head_column_px, hip.head_radius_px)) < 0.2
        assert same.confidence < hip.confidence


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


@needs_shared_data
def test_a_prosthesis_beside_a_native_hip_is_an_implant() -> None:
    normalized = normalize(read_radiograph(SHARED_DATA / "radiographs_mixed" / "dislocated-hip-prosthesis.jpg"))
    native, metal = locate_hips(normalized)
    assert (native.side, native.status) == ("R", "located")
    assert (metal.side, metal.status) == ("L", "implant")
    # By eye: the metal head's centre.
    assert math.hypot(metal.head_row_px - 790.0, metal.head_column_px - 2385.0) < 120.0
    assert recognise_view(normalized, (native, metal)) == "ap_pelvis"


@needs_shared_data
@pytest.mark.parametrize("sigma_px", [10.0, 14.0])
def test_the_native_hip_beside_metal_with_lifted_edges_is_no_implant(sigma_px: float) -> None:
    pixels = read_radiograph(SHARED_DATA / "radiographs_mixed" / "dislocated-hip-prosthesis.jpg").pixels
    pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    sharp = np.clip(pixels + 1.5 * (pixels - cv2.GaussianBlur(pixels, (0, 0), sigma_px)), 0, 255)
    native, metal = locate_hips(as_radiograph(sharp))
    assert native.status in ("located", "uncertain")
    assert centre_error(native, (618.0, 399.0, 82.0)) < 0.2
    assert (metal.status, native.side, metal.side) == ("implant", "R", "L")


@needs_shared_data
def test_a_leg_is_not_located() -> None:
    hips = locate_hips(normalize(read_radiograph(SHARED_DATA / "dicom" / "RG3_JPLL.dcm")))
    assert all(hip.status != "located" for hip in hips)


@needs_shared_data
def test_a_frog_leg_hip_is_located_within_its_spacing() -> None:
    normalized = normalize(read_radiograph(SHARED_DATA / "dicom" / "RG2_REF.dcm"))
    (hip,) = locate_hips(normalized)
    assert hip.status == "located"
    # By eye on the enlarged picture.
    assert centre_error(hip, (872.0, 904.0, 139.0)) < 0.08


@needs_shared_data
def test_a_turned_crop_gives_the_same_hip() -> None:
    pixels = crop_pixels("hip_115.png")
    (upright,) = locate_hips(as_radiograph(pixels))
    turn = cv2.getRotationMatrix2D((255.0, 255.0), -6.0, 1.0)
    turned = cv2.warpAffine(pixels, turn, (511, 511), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    (hip,) = locate_hips(as_radiograph(turned))
    column, row = turn @ (upright.head_column_px, upright.head_row_px, 1.0)
    assert math.hypot(hip.head_row_px - row, hip.head_column_px - column) < 0.1 * upright.head_radius_px


def test_a_phantom_gives_back_its_head() -> None:
    imaging = Imaging(view="ap-left-hip", rows=700, columns=640, pixel_mm=0.34)
    phantom = make_phantom(body=BodyAnatomy(), imaging=imaging, seed=3)
    (truth,) = phantom.hips
    (hip,) = locate_hips(normalize(phantom.to_radiograph()))
    assert (hip.status, hip.side, hip.side_source) == ("located", "L", "header")
    assert centre_error(hip, (truth.head_row_px, truth.head_column_px, truth.head_radius_px)) < 0.05
    assert hip.head_radius_px == pytest.approx(truth.head_radius_px, rel=0.04)
    rim = math.hypot(hip.rim_row_px - truth.rim_row_px, hip.rim_column_px - truth.rim_column_px)
    assert rim < 0.2 * truth.head_radius_px


@pytest.mark.parametrize("spacing_mm", [None, 0.34])
def test_heads_smaller_than_those_of_whole_pelves_are_looked_for_last(spacing_mm: float | None) -> None:
    # Among the first, a small one that a known spacing admits outdoes a sick hip's own head.
    picture = as_radiograph(np.full((900, 1024), 90.0), spacing_mm=spacing_mm, spacing_source="user")
    upright, between, turned, small = searches_of(picture)
    assert upright.radii_px.min() >= 0.055 * 1024 > small.radii_px.max()
    assert upright.turns_deg == between.turns_deg == small.turns_deg == (0.0,)
    assert (between.radii_px > upright.radii_px[:-1]).all()
    assert (between.radii_px < upright.radii_px[1:]).all()
    assert turned.radii_px is upright.radii_px


@pytest.mark.parametrize("smaller", [1, 2])
def test_every_head_size_is_looked_for_beside_the_best_places(smaller: int) -> None:
    # With an even number of smaller sizes the head's own is one of those that are not looked for everywhere.
    imaging = Imaging(view="ap-left-hip", rows=700, columns=640, pixel_mm=0.34)
    phantom = make_phantom(body=BodyAnatomy(), imaging=imaging, seed=3)
    (truth,) = phantom.hips
    normalized = normalize(phantom.to_radiograph())
    radii_px = truth.head_radius_px * 1.12 ** np.arange(-smaller, 5.0)
    found = find_hypotheses(Pyramid.of(normalized.grey, ~normalized.excluded), radii_px, (0.0,))
    assert [one.context for one in found] == sorted((one.context for one in found), reverse=True)
    on_it = [
        one
        for one in found
        if one.lateral_sign == truth.lateral_sign
        and math.hypot(one.row_px - truth.head_row_px, one.column_px - truth.head_column_px) < 0.3 * one.radius_px
    ]
    assert radii_px[smaller] in [one.radius_px for one in on_it]
    assert found[0] == on_it[0]


@needs_shared_data
@pytest.mark.parametrize("name", WHOLE)
def test_a_pelvis_in_the_midst_of_a_wide_picture_is_located(name: str) -> None:
    pixels = read_radiograph(SHARED_DATA / "radiographs_mixed" / name).pixels
    pixels = cv2.resize(
        pixels, None, fx=1000 / pixels.shape[1], fy=1000 / pixels.shape[1], interpolation=cv2.INTER_AREA
    )
    alone = locate_hips(as_radiograph(pixels))
    radius = float(np.mean([hip.head_radius_px for hip in alone]))
    beside = round((radius / 0.047 - 1000) / 2)
    wide = np.pad(pixels, ((0, 0), (beside, beside)), mode="reflect")
    blurred = cv2.GaussianBlur(wide, (0, 0), radius / 2)
    blurred += np.random.default_rng(4).normal(0.0, 0.01 * pixels.std(), wide.shape).astype(np.float32)
    blurred[:, beside : beside + 1000] = pixels
    hips = locate_hips(as_radiograph(blurred))
    assert [hip.status for hip in hips] == ["located", "located"]
    for hip, before in zip(hips, alone, strict=True):
        place = before.head_row_px, before.head_column_px + beside, before.head_radius_px
        assert centre_error(hip, place) < 0.15


@needs_shared_data
def test_the_sound_hip_of_a_pelvis_whose_other_one_is_destroyed_is_located() -> None:
    # Upright it would be trusted, but for its missing partner; turned as it lies it is trusted in spite of that.
    name = "central-fracture-dislocation-of-the-acetabulum-2.JPEG"
    hips = locate_hips(normalize(read_radiograph(SHARED_DATA / "radiographs_mixed" / name)))
    assert [(hip.lateral_sign, hip.status) for hip in hips] == [(-1, "absent"), (1, "located")]
    assert centre_error(hips[1], (522.0, 764.0, 78.0)) < 0.2


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
