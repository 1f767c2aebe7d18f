"""Foci planted into a radiograph: where, how large, how bright and how sharp they are."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph, Quality
from hipcalc.radiograph import Radiograph
from hipcalc.synthetic import FOCUS_KINDS, add_patches, draw_focus, estimate_blur_px, insert_focus
from hipcalc.synthetic.deposits import aspect_of

SIZE = 200
NOISE = 0.01


def normalized_from(grey, noise=NOISE):
    pixels = np.asarray(grey, np.float32)
    radiograph = Radiograph(
        pixels=pixels,
        path="phantom.dcm",
        sha256="0" * 64,
        bits=12,
        polarity="bone-bright",
        polarity_source="default",
        spacing_mm=0.2,
        spacing_source="detector-plane",
    )
    return NormalizedRadiograph(
        radiograph=radiograph,
        grey=pixels,
        noise_blocks=np.full(pixels.shape, noise, np.float32),
        excluded=np.zeros(pixels.shape, bool),
        quality=Quality(level="ok"),
    )


@pytest.fixture(scope="module")
def flat():
    return normalized_from(0.5 + NOISE * np.random.default_rng(1).standard_normal((SIZE, SIZE)))


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("kind", FOCUS_KINDS)
@pytest.mark.parametrize("diameter", [8.0, 30.0])
def test_place_size_and_contrast_are_as_asked(flat, kind, diameter):
    done = insert_focus(
        flat, row_px=90.3, column_px=110.8, diameter_px=diameter, contrast=0.2, kind=kind, rng=rng(), blur_sigma_px=0.8
    )
    added = (done.normalized.grey - flat.grey)[done.patch.window]
    mask = done.patch.mask
    assert math.sqrt(4 * mask.sum() / math.pi) == pytest.approx(diameter, rel=0.06)
    rows, columns = np.nonzero(mask)
    assert rows.mean() + done.patch.row == pytest.approx(90.3, abs=0.35)
    assert columns.mean() + done.patch.column == pytest.approx(110.8, abs=0.35)
    assert np.percentile(added[mask], 80) == pytest.approx(0.2, rel=0.1)
    # Only the blur reaches outside of the outline.
    far = cv2.dilate(mask.astype(np.uint8), np.ones((13, 13), np.uint8)) == 0
    assert np.abs(added[far]).max(initial=0.0) < 0.01 * 0.2


def test_the_rest_of_the_picture_and_the_input_stay_as_they_were(flat):
    before = flat.grey.copy()
    done = insert_focus(flat, row_px=60, column_px=60, diameter_px=12, cnr=5, rng=rng())
    assert np.array_equal(flat.grey, before)
    changed = done.normalized.grey != before
    changed[done.patch.window] = False
    assert not changed.any()


def test_cnr_is_in_units_of_the_surround_deviation(flat):
    patch = draw_focus(flat, row_px=90, column_px=90, diameter_px=20, cnr=5, rng=rng())
    assert patch.contrast == pytest.approx(5 * NOISE, rel=0.1)
    assert patch.cnr == pytest.approx(5)


def test_a_size_in_millimetres_follows_the_spacing_and_is_recorded(flat):
    patch = insert_focus(
        flat, row_px=90, column_px=90, diameter_mm=5.0, aspect=1.5, cnr=4, kind="ring", rng=rng(), orientation_deg=20
    ).patch
    assert patch.diameter_px == pytest.approx(25.0)
    assert (patch.diameter_mm, patch.orientation_deg) == (pytest.approx(5.0), 20)
    assert patch.peak_contrast >= patch.contrast
    assert aspect_of(patch.mask) == pytest.approx(1.5, rel=0.05)


def test_a_size_in_millimetres_needs_a_spacing(flat):
    unknown = replace(flat, radiograph=replace(flat.radiograph, spacing_mm=None, spacing_source="unknown"))
    with pytest.raises(UsageError, match="diameter_mm needs a radiograph whose spacing is known"):
        insert_focus(unknown, row_px=90, column_px=90, diameter_mm=5.0, cnr=4, rng=rng())
    assert math.isnan(draw_focus(unknown, row_px=90, column_px=90, diameter_px=20, cnr=4, rng=rng()).diameter_mm)


@pytest.mark.parametrize("kind", ["ring", "phlebolith"])
def test_a_ring_is_darker_inside(flat, kind):
    patch = draw_focus(
        flat, row_px=90, column_px=90, diameter_px=40, contrast=0.5, kind=kind, rng=rng(), blur_sigma_px=0.8
    )
    depth = cv2.distanceTransform(patch.mask.astype(np.uint8), cv2.DIST_L2, 5)
    assert patch.addition[depth > 15].mean() < 0.85 * patch.addition[(depth > 2) & (depth < 7)].mean()


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_blur_is_read_from_the_pictures_own_edges(sigma):
    picture = cv2.circle(np.zeros((300, 300), np.float32), (150, 150), 90, 1.0, -1)
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma) + NOISE * np.random.default_rng(2).standard_normal((300, 300))
    assert estimate_blur_px(normalized_from(blurred), row_px=150, column_px=150) == pytest.approx(sigma, abs=0.35)


def test_blur_of_a_picture_without_edges_is_one_pixel():
    assert estimate_blur_px(normalized_from(np.full((64, 64), 0.5)), row_px=32, column_px=32) == 1.0


def test_noise_grows_where_the_pictures_noise_grows_with_grey(flat):
    ramp = np.tile(np.linspace(0.0, 1.0, SIZE, dtype=np.float32), (SIZE, 1))
    steady = normalized_from(ramp)
    growing = normalized_from(ramp, noise=NOISE)
    growing.noise_sigma[:] = np.sqrt(NOISE**2 * (1 + 3 * ramp))
    options = {"row_px": 100, "column_px": 100, "diameter_px": 20, "contrast": 0.3, "blur_sigma_px": 1.0}
    assert draw_focus(steady, rng=rng(), **options).extra_variance.max() == pytest.approx(0, abs=1e-9)
    patch = draw_focus(growing, rng=rng(), **options)
    assert np.percentile(patch.extra_variance[patch.mask], 80) == pytest.approx(3 * NOISE**2 * 0.3, rel=0.1)
    noisier = add_patches(growing, (patch,)).noise_sigma
    assert (noisier[patch.window][patch.mask] > growing.noise_sigma[patch.window][patch.mask]).all()


def test_excluded_pixels_say_nothing_of_how_the_noise_grows(flat):
    ramp = np.tile(np.linspace(0.0, 1.0, SIZE, dtype=np.float32), (SIZE, 1))
    growing = replace(normalized_from(ramp), noise_blocks=np.sqrt(NOISE**2 * (1 + 3 * ramp)))
    assert growing.variance_slope == pytest.approx(3 * NOISE**2, rel=1e-3)
    growing.noise_blocks[:, :60] = 0.5
    growing.excluded[:, :60] = True
    assert replace(growing).variance_slope == pytest.approx(3 * NOISE**2, rel=1e-3)
    assert replace(flat, excluded=np.ones_like(flat.excluded)).variance_slope == 0.0


def test_a_seed_gives_the_same_picture(flat):
    one, two = (insert_focus(flat, row_px=80, column_px=80, diameter_px=15, cnr=4, rng=rng()) for _ in range(2))
    assert np.array_equal(one.normalized.grey, two.normalized.grey)


def test_many_patches_are_planted_in_one_copy(flat):
    drawn = tuple(
        draw_focus(flat, row_px=row, column_px=50, diameter_px=10, contrast=0.2, rng=rng()) for row in (40, 120)
    )
    planted = add_patches(flat, drawn).grey - flat.grey
    assert planted[40, 50] > 0.1
    assert planted[120, 50] > 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "star"}, "kind is 'star' but must be one of amorphous, ossicle"),
        ({"diameter_px": 1.0}, "diameter_px is 1 but must be between 2 and 400 pixels"),
        ({"row_px": 3.0}, "row_px is 3, so a focus of 20 pixels does not lie inside the image"),
        ({"column_px": 195.0}, "column_px is 195, so a focus of 20 pixels does not lie inside"),
        ({"diameter_px": None}, "give either diameter_px .* or diameter_mm"),
        ({"diameter_mm": 4.0}, "give either diameter_px .* or diameter_mm"),
        ({"diameter_px": None, "diameter_mm": 16.0}, "diameter_mm is 16 but must be between 1 and 15 mm"),
        ({"aspect": 4.0}, "aspect is 4 but must be between 1 and 3"),
        ({"contrast": None}, "give either contrast .* or cnr"),
        ({"cnr": 3.0}, "give either contrast .* or cnr"),
        ({"contrast": 0.0}, "contrast or cnr is 0.0 but must be larger than 0"),
    ],
)
def test_wrong_arguments_are_named(flat, change, message):
    asked = {"row_px": 90.0, "column_px": 90.0, "diameter_px": 20.0, "contrast": 0.1, **change}
    with pytest.raises(UsageError, match=message):
        insert_focus(flat, rng=rng(), **asked)


def test_a_surround_that_is_excluded_has_no_cnr(flat):
    flat.excluded[:] = True
    try:
        with pytest.raises(UsageError, match="the surround of row 90, column 90 is excluded"):
            insert_focus(flat, row_px=90, column_px=90, diameter_px=20, cnr=4, rng=rng())
    finally:
        flat.excluded[:] = False
