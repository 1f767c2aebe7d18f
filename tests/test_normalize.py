"""One grey scale, the noise in it, what is left out, and how far a picture can be trusted."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hipcalc.normalize import Quality, judge_hips, normalize, structure_normalised
from hipcalc.normalize.blank import blank_areas
from hipcalc.normalize.clipped import clipped_anatomy
from hipcalc.normalize.levels import Reduced
from hipcalc.radiograph import Radiograph
from radiograph_files import bony_picture, stored, write_letter

ROWS, COLUMNS = 620, 560


def radiograph(pixels, **changes) -> Radiograph:
    plain = Radiograph(
        pixels=np.ascontiguousarray(pixels, dtype=np.float32),
        path="a.dcm",
        sha256="0" * 64,
        bits=12,
        polarity="bone-bright",
        polarity_source="header",
        spacing_mm=0.2,
        spacing_source="detector-plane",
    )
    return replace(plain, **changes)


PICTURE = bony_picture(ROWS, COLUMNS)


# --- grey scale


def test_grey_scale_is_linear_with_the_stated_percentiles():
    image = normalize(radiograph(PICTURE * 4095))
    included = image.grey[~image.excluded]
    low, high = np.percentile(included, [0.5, 99.5])
    assert (low, high) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    slope, intercept = np.polyfit(PICTURE.ravel(), image.grey.ravel(), 1)
    np.testing.assert_allclose(image.grey, PICTURE * slope + intercept, atol=1e-4)
    assert (image.grey.dtype, image.noise_sigma.dtype, image.excluded.dtype) == (np.float32, np.float32, bool)


def test_input_is_not_changed():
    pixels = (PICTURE * 4095).astype(np.float32)
    before = pixels.copy()
    normalize(radiograph(pixels))
    np.testing.assert_array_equal(pixels, before)


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.01, 5000), offset=st.floats(-10, 10), seed=st.integers(0, 99))
def test_gain_and_offset_do_not_matter(gain, offset, seed):
    picture = bony_picture(380, 360, seed=seed)
    plain, scaled = normalize(radiograph(picture)), normalize(radiograph((picture + np.float32(offset)) * gain))
    np.testing.assert_allclose(scaled.grey, plain.grey, atol=2e-3)
    np.testing.assert_allclose(scaled.noise_sigma, plain.noise_sigma, rtol=0.05)
    assert np.mean(scaled.excluded != plain.excluded) < 1e-3


def test_inversion_with_declared_polarity_does_not_matter():
    plain = normalize(radiograph(PICTURE))
    inverted = normalize(radiograph(1 - PICTURE, polarity="bone-dark"))
    np.testing.assert_allclose(inverted.grey, plain.grey, atol=1e-5)
    np.testing.assert_array_equal(inverted.excluded, plain.excluded)


def test_8_bits_are_like_12_bits():
    many, few = normalize(radiograph(stored(PICTURE, 12))), normalize(radiograph(stored(PICTURE, 8)))
    assert np.abs(many.grey - few.grey).max() < 0.01
    assert np.mean(many.excluded != few.excluded) < 1e-3
    assert np.median(few.noise_sigma / many.noise_sigma) == pytest.approx(1, abs=0.1)


def test_crop_changes_noise_and_masks_little():
    whole = normalize(radiograph(PICTURE))
    crop = normalize(radiograph(PICTURE[60:, 40:]))
    scale = np.polyfit(whole.grey[60:, 40:].ravel(), crop.grey.ravel(), 1)[0]
    assert np.median(crop.noise_sigma / whole.noise_sigma[60:, 40:]) / scale == pytest.approx(1, abs=0.1)
    assert not crop.excluded.any()
    assert not whole.excluded.any()


def test_result_is_reproducible():
    first, second = normalize(radiograph(PICTURE)), normalize(radiograph(PICTURE))
    for name in ("grey", "noise_sigma", "excluded"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


# --- noise


@pytest.mark.parametrize("size", [(620, 560), (613, 555), (380, 361)])
def test_noise_of_some_pixels_is_that_of_all(size):
    image = normalize(radiograph(bony_picture(*size)))
    rng = np.random.default_rng(1)
    rows, columns = (np.concatenate([[0, length - 1], rng.integers(0, length, 200)]) for length in size)
    np.testing.assert_allclose(image.noise_at(rows, columns), image.noise_sigma[rows, columns], rtol=1e-4)
    assert image.noise_blocks.size < image.noise_sigma.size / 30
    assert np.ptp(image.noise_sigma) > 0


@pytest.mark.parametrize("noise", [0.003, 0.01, 0.03])
def test_planted_white_noise_is_recovered(noise):
    image = normalize(radiograph(bony_picture(ROWS, COLUMNS, noise=noise)))
    scale = np.polyfit(bony_picture(ROWS, COLUMNS, noise=noise).ravel(), image.grey.ravel(), 1)[0]
    assert np.median(image.noise_sigma) / scale == pytest.approx(noise, rel=0.12)


@pytest.mark.parametrize("law", ["grows", "falls"])
def test_noise_may_depend_on_the_grey_level_in_any_way(law):
    smooth = bony_picture(ROWS, COLUMNS, noise=0)
    truth = 0.004 + 0.02 * (smooth if law == "grows" else 1 - smooth) ** 2
    picture = smooth + truth * np.random.default_rng(3).standard_normal(smooth.shape)
    image = normalize(radiograph(picture))
    scale = np.polyfit(picture.ravel(), image.grey.ravel(), 1)[0]
    ratio = image.noise_sigma / scale / truth
    assert np.percentile(ratio, [5, 95]) == pytest.approx([1, 1], abs=0.3)


def test_noise_may_depend_on_the_place():
    smooth = np.full((ROWS, COLUMNS), 0.5, np.float32) + np.linspace(0, 0.02, COLUMNS, dtype=np.float32)
    truth = np.linspace(0.008, 0.012, ROWS)[:, None]
    picture = smooth + truth * np.random.default_rng(4).standard_normal(smooth.shape)
    sigma = normalize(radiograph(picture)).noise_sigma
    assert np.median(sigma[-100:]) / np.median(sigma[:100]) == pytest.approx(1.4, abs=0.15)


def test_noise_is_never_below_the_rounding_of_the_grey_step():
    coarse = np.rint(bony_picture(ROWS, COLUMNS, noise=0) * 40)
    image = normalize(radiograph(coarse))
    step = np.diff(np.unique(image.grey)).min()
    assert image.noise_sigma.min() >= 0.5 * step / np.sqrt(12)


# --- exclusion


def test_plain_anatomy_is_not_excluded():
    assert not normalize(radiograph(PICTURE)).excluded.any()


@pytest.mark.parametrize("seed", range(4))
def test_calcification_is_not_excluded(seed):
    """Foci of 3 to 7 mm with the contrast and the blur of real ones, the densest included."""
    rng = np.random.default_rng(seed)
    picture = PICTURE.copy()
    row, column = np.mgrid[:ROWS, :COLUMNS]
    for _ in range(6):
        centre, radius = rng.uniform(80, 480, 2), rng.uniform(7, 17)
        distance = np.hypot(row - centre[0], column - centre[1])
        picture += (rng.uniform(0.05, 0.3) / (1 + np.exp((distance - radius) / 1.2).clip(max=1e9))).astype(np.float32)
    assert normalize(radiograph(picture)).excluded.mean() < 1e-4


def test_blacked_out_corner_is_excluded_with_its_edge():
    picture = PICTURE.copy()
    picture[:120, :150] = 0
    excluded = normalize(radiograph(picture)).excluded
    assert excluded[:122, :152].all()
    assert not excluded[140:].any()


def test_white_collimation_is_excluded():
    picture = PICTURE.copy()
    picture[:, -90:] = 2.0
    excluded = normalize(radiograph(picture)).excluded
    assert excluded[:, -90:].all()
    assert not excluded[:, :-110].any()


def test_clipped_white_is_excluded():
    picture = np.minimum(PICTURE + 0.5 * np.exp(-((np.arange(COLUMNS) - 280) ** 2) / 40.0**2), 0.95)
    excluded = normalize(radiograph(picture)).excluded
    assert excluded[picture >= 0.95].mean() > 0.9
    assert not excluded[cv2.dilate((picture >= 0.94).astype(np.uint8), np.ones((19, 19))) == 0].any()


def test_clipped_bone_is_pictured_though_nothing_can_be_found_in_it():
    picture = np.minimum(PICTURE, np.percentile(PICTURE, 85)).astype(np.float32)
    image = normalize(radiograph(picture))
    white = cv2.erode((picture >= picture.max()).astype(np.uint8), np.ones((15, 15))) > 0
    assert white.sum() > 1000
    assert image.excluded[white].all()
    assert image.clipped is not None
    assert image.clipped[white].all()
    assert image.pictured.all()
    assert not (image.clipped & ~image.excluded).any()
    assert [reason for reason in image.quality.reasons if "clipped to white" in reason]


def test_sound_bone_is_not_called_clipped():
    assert normalize(radiograph(PICTURE)).clipped is None


def unexposed_margin(picture):
    """A margin as bright as nothing, whose edge is blurred as a collimator's far from the film is."""
    beside = np.arange(COLUMNS) - (COLUMNS - 80)
    return np.maximum(picture, (0.75 + 0.75 * np.tanh(beside / 5)).astype(np.float32))


@pytest.mark.parametrize(
    "cover",
    [
        lambda picture: cv2.rectangle(picture, (COLUMNS - 90, 0), (COLUMNS, ROWS), 2.0, -1),
        lambda picture: cv2.fillPoly(picture, [np.array([(0, 0), (140, 0), (0, 140)])], 2.0),
        lambda picture: cv2.rectangle(picture, (0, 0), (COLUMNS - 1, ROWS - 1), 2.0, 80),
        lambda picture: cv2.circle(picture, (280, 200), 70, 2.0, -1),
        unexposed_margin,
    ],
    ids=["blade", "corner", "frame", "plate", "margin"],
)
def test_white_that_is_no_anatomy_is_not_pictured(cover):
    picture = np.minimum(cover(PICTURE.copy()), 1.3)
    image = normalize(radiograph(picture))
    assert image.excluded[picture >= 1.3].mean() > 0.99
    assert image.pictured[picture >= 1.3].mean() < 0.01


@pytest.mark.parametrize(
    ("place", "blur_px", "is_anatomy"),
    [((200, 250), 4.0, True), ((200, 250), 0.6, False), ((200, 0), 4.0, False)],
    ids=["bone", "plate", "margin"],
)
def test_white_is_anatomy_where_its_surround_rises_to_it_and_no_border_runs_along_it(place, blur_px, is_anatomy):
    # A margin is half of a disk that the picture's border cuts through.
    disk = cv2.circle(np.full((400, 500), 90.0, np.float32), (place[1], place[0]), 60, 330.0, -1)
    levels = np.rint(np.minimum(cv2.GaussianBlur(disk, (0, 0), blur_px), 255)).astype(np.uint8)
    flat = (levels == 255).astype(np.uint8)
    found = clipped_anatomy(flat, Reduced.of(levels))
    np.testing.assert_array_equal(found, flat if is_anatomy else 0 * flat)


def test_what_is_blacked_out_beside_clipped_bone_is_not_pictured():
    disk = cv2.circle(np.full((400, 500), 90.0, np.float32), (250, 200), 80, 330.0, -1)
    levels = np.rint(np.minimum(cv2.GaussianBlur(disk, (0, 0), 4.0), 255)).astype(np.uint8)
    levels[180:] = 0
    blank, clipped = blank_areas(levels.astype(np.float32), levels, Reduced.of(levels))
    assert clipped[120:170].any()
    assert blank[180:].all()
    assert not clipped[180:].any()


def test_letters_on_clipped_bone_are_not_pictured():
    picture = np.minimum(PICTURE, np.percentile(PICTURE, 85)).astype(np.float32)
    row, column = np.argwhere(cv2.erode((picture >= picture.max()).astype(np.uint8), np.ones((41, 41))))[0]
    with_letter = picture.copy()
    write_letter(with_letter, "R", (int(row) + 20, int(column) - 20), 0.0)
    image, printed = normalize(radiograph(with_letter)), with_letter != picture
    assert image.clipped is not None
    assert printed.sum() > 100
    assert image.excluded[printed].all()
    assert image.pictured[printed].mean() < 0.2


def test_a_clipped_area_counts_within_the_picture_and_not_at_its_border():
    disk, band = (cv2.circle(PICTURE.copy(), (280, 200), 70, 2.0, -1), PICTURE.copy())
    band[:, -90:] = 2.0
    share = np.pi * 70**2 / disk.size
    assert normalize(radiograph(np.minimum(disk, 0.95))).share_within("clipped") == pytest.approx(share, rel=0.4)
    assert normalize(radiograph(np.minimum(band, 0.95))).share_within("clipped") == 0


def test_declared_padding_is_excluded_and_does_not_set_the_scale():
    picture, padding = PICTURE.copy(), np.zeros((ROWS, COLUMNS), bool)
    padding[:, :100] = True
    picture[padding] = -30
    image = normalize(radiograph(picture, padding=padding))
    assert image.excluded[padding].all()
    assert np.percentile(image.grey[~image.excluded], 99.5) == pytest.approx(1, abs=0.02)
    assert np.median(image.grey[~image.excluded]) > 0.1


@pytest.mark.parametrize("letter", ["R", "O", "D", "8", "L"])
@pytest.mark.parametrize("value", [1.4, 1.0, 0.0])
def test_burned_in_letters_are_excluded(letter, value):
    picture = PICTURE.copy()
    write_letter(picture, letter, (80, 60), value)
    changed = picture != PICTURE
    excluded = normalize(radiograph(picture)).excluded
    assert excluded[changed].mean() > 0.98
    assert not excluded[110:].any()


def enhanced(amount: float) -> np.ndarray:
    """Return grainy bone as display processing leaves it, its edges lifted, of 8 bits, nearly as white as print."""
    grain = cv2.GaussianBlur(np.random.default_rng(4).standard_normal(PICTURE.shape), (0, 0), 2.0)
    picture = PICTURE + np.float32(0.3) * grain.astype(np.float32)
    picture += amount * (picture - cv2.GaussianBlur(picture, (0, 0), 5.0))
    low, high = np.quantile(picture, (0.01, 0.99))
    return np.rint(np.clip((picture - low) / (high - low), 0, 1) * 235)


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("polarity", ["bone-bright", "bone-dark"])
def test_white_print_over_bone_with_lifted_edges_is_excluded(quality, polarity):
    """Letters, and a scale bar with ticks: no steeper than the bone, but drawn."""
    strokes = np.zeros(PICTURE.shape, np.uint8)
    cv2.putText(strokes, "AP 12:45", (200, 330), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 3, cv2.LINE_AA)
    cv2.line(strokes, (520, 100), (520, 500), 255, 3)
    for row in range(100, 501, 50):
        cv2.line(strokes, (500, row), (520, row), 255, 3)
    bone = enhanced(2.0) if polarity == "bone-bright" else 0.7 * (235 - enhanced(2.0))
    picture = np.maximum(bone, strokes).astype(np.uint8)
    if quality is not None:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    excluded = normalize(radiograph(picture, polarity=polarity)).excluded
    assert excluded[strokes > 200].mean() > 0.93
    assert excluded[cv2.dilate(strokes, np.ones((25, 25))) == 0].mean() < 0.005


@pytest.mark.parametrize("amount", [0.5, 1.5])
def test_bone_clipped_to_white_is_no_print(amount):
    """Its sharpened edges fall over several pixels all the same."""
    picture = PICTURE + amount * (PICTURE - cv2.GaussianBlur(PICTURE, (0, 0), 5.0))
    picture = np.rint(np.clip(picture / np.quantile(picture, 0.985), 0, 1) * 255)
    image = normalize(radiograph(picture))
    assert (picture == 255).mean() > 0.01
    assert not [region for region in image.regions if region.kind == "lettering"]


@pytest.mark.parametrize("letter", list("OQB83CR"))
@pytest.mark.parametrize(("place", "size", "thickness"), [
    ((330, 600), 3, 12), ((330, 600), 3, 20), ((1900, 1440), 3, 12), ((620, 900), 1.5, 10),
])  # fmt: skip
def test_a_lead_letter_as_bright_as_bone_is_excluded(letter, place, size, thickness):
    """With the noise of the picture on it: not its white tells it, but the ground that shows between its strokes.

    In soft tissue, and across the border of bone.
    """
    strokes = np.zeros(LARGE.shape, np.uint8)
    cv2.putText(strokes, letter, place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, thickness, cv2.LINE_AA)
    share = cv2.GaussianBlur(strokes.astype(np.float32) / 255, (0, 0), 0.6)
    noise = np.random.default_rng(3).normal(0, 0.02, LARGE.shape)
    picture = ((1 - share) * LARGE + share * (0.9 + noise)).astype(np.float32)
    assert normalize(radiograph(picture)).excluded[strokes > 200].mean() > 0.95


def test_a_white_ball_is_excluded():
    picture = PICTURE.copy()
    cv2.circle(picture, (450, 120), 12, 1.4, -1)
    assert normalize(radiograph(picture)).excluded[picture == np.float32(1.4)].all()


def planted(shape: np.ndarray, contrast: float, *, blur_px: float, clipped_at: float = np.inf) -> np.ndarray:
    """Add a shape to the picture, blurred as what is imaged is, and stored with 8 bits if it is clipped."""
    picture = PICTURE + np.float32(contrast) * cv2.GaussianBlur(shape, (0, 0), blur_px)
    return picture if np.isinf(clipped_at) else np.rint(np.clip(picture / clipped_at, 0, 1) * 255)


def disks(*places: tuple[int, int, float]) -> np.ndarray:
    """Disks at (row, column) of a diameter in pixels."""
    rows, columns = np.ogrid[:ROWS, :COLUMNS]
    return sum(np.float32(np.hypot(rows - r, columns - c) <= size / 2) for r, c, size in places)


@pytest.mark.parametrize("diameter_px", [7, 10, 16, 28, 48])
@pytest.mark.parametrize(("contrast", "clipped_at"), [(0.35, np.inf), (0.7, np.inf), (1.0, np.inf), (0.7, 0.9)])
@pytest.mark.parametrize("place", [(330, 70), (470, 90), (100, 420)])
def test_a_round_focus_is_not_excluded_however_dense(diameter_px, contrast, clipped_at, place):
    """As bright as metal, as steep as a letter, as narrow as dust, and clipped to white; blurred all the same."""
    shape = disks((*place, diameter_px))
    image = normalize(radiograph(planted(shape, contrast, blur_px=1.2, clipped_at=clipped_at)))
    assert not image.excluded[shape > 0].any()


def test_a_shell_and_a_cluster_of_grains_are_not_excluded():
    shell = disks((330, 70, 36)) - 0.6 * disks((330, 70, 26))
    grains = disks((470, 90, 8), (482, 94, 9), (474, 104, 8), (488, 106, 8))
    image = normalize(radiograph(planted(shell + grains, 0.7, blur_px=1.2)))
    assert not image.excluded[shell + grains > 0].any()


def test_a_surgical_clip_is_excluded():
    shape = cv2.line(np.zeros_like(PICTURE), (80, 460), (110, 475), 1.0, 6)
    assert normalize(radiograph(planted(shape, 1.2, blur_px=0.7))).excluded[shape > 0].mean() > 0.95


@pytest.mark.parametrize("clipped_at", [np.inf, 1.2])
def test_a_marker_ball_with_the_edge_of_graphics_is_excluded(clipped_at):
    shape = disks((470, 90, 20))
    smooth = cv2.resize(cv2.resize(shape, None, fx=8, fy=8), PICTURE.shape[::-1], interpolation=cv2.INTER_AREA)
    image = normalize(radiograph(planted(smooth, 1.2, blur_px=0.3, clipped_at=clipped_at)))
    assert image.excluded[shape > 0].all()


@pytest.mark.parametrize("diameter_px", [1.5, 3.0])
def test_a_grain_of_dust_that_a_scanner_blurred_is_excluded(diameter_px):
    shape = disks((470, 90, diameter_px))
    assert normalize(radiograph(planted(shape, 0.8, blur_px=0.5))).excluded[470, 90]


def test_dust_all_over_a_picture_is_excluded():
    picture = PICTURE.copy()
    picture[10:-10:30, 10:-10:30] += 0.6
    assert normalize(radiograph(picture)).excluded[10:-10:30, 10:-10:30].mean() > 0.98


def test_letter_on_a_frame_line_is_excluded_too():
    picture = PICTURE.copy()
    picture[:, 2:4] = 1.5
    write_letter(picture, "L", (560, 2), 1.5)
    changed = picture != PICTURE
    assert normalize(radiograph(picture)).excluded[changed].mean() > 0.95


def test_metal_is_excluded():
    picture = PICTURE.copy()
    shape = np.zeros_like(picture)
    cv2.ellipse(shape, (280, 330), (70, 45), 20, 0, 360, 1.0, -1)
    picture += cv2.GaussianBlur(shape, (0, 0), 1.0) * 0.9
    excluded = normalize(radiograph(picture)).excluded
    assert excluded[shape > 0].mean() > 0.98
    assert excluded[shape == 0].mean() < 0.02


def test_pinpoint_dust_is_excluded():
    picture = PICTURE.copy()
    spots = [(100, 100), (300, 250), (500, 400)]
    for row, column in spots:
        picture[row : row + 2, column : column + 2] += 0.5
    excluded = normalize(radiograph(picture)).excluded
    assert all(excluded[row, column] for row, column in spots)
    assert excluded.sum() < 3 * 100


def test_excluded_areas_are_named_where_they_lie():
    picture = PICTURE.copy()
    picture[:, :60] = 0
    picture[560:610, 300:500] = 0
    write_letter(picture, "R", (80, 470), 1.4)
    cv2.rectangle(picture, (250, 300), (320, 380), 1.7, -1)
    picture[200:202, 500:502] += 0.5
    image = normalize(radiograph(picture))
    inside = {
        "collimation": (300, 20),
        "box": (585, 400),
        "metal": (340, 285),
        "dust": (201, 501),
    }
    for kind, (row, column) in inside.items():
        polygons = [np.float32(region.outline_px) for region in image.regions if region.kind == kind]
        assert any(cv2.pointPolygonTest(polygon, (row, column), False) >= 0 for polygon in polygons), kind
    lettering = np.vstack([region.outline_px for region in image.regions if region.kind == "lettering"])
    assert np.hypot(*(lettering - (80, 470)).T).min() < 50


def test_a_frame_is_named_without_what_it_frames():
    picture = PICTURE.copy()
    picture[:50] = picture[-50:] = 0
    picture[:, :50] = picture[:, -50:] = 0
    (frame,) = (region for region in normalize(radiograph(picture)).regions if region.kind == "collimation")
    drawn = np.zeros(picture.shape, np.uint8)
    cv2.fillPoly(drawn, [np.int32(frame.outline_px)[:, ::-1]], 1)
    assert drawn[:40].all()
    assert not drawn[70:-70, 70:-70].any()


def test_plain_anatomy_has_no_named_area():
    assert normalize(radiograph(PICTURE)).regions == ()


@pytest.mark.parametrize("axis", [0, 1])
def test_mirrored_picture_is_the_mirrored_result(axis):
    picture = PICTURE.copy()
    write_letter(picture, "R", (80, 60), 1.4)
    picture[:, -60:] = 0
    plain = normalize(radiograph(picture))
    mirrored = normalize(radiograph(np.flip(picture, axis)))
    np.testing.assert_allclose(np.flip(mirrored.grey, axis), plain.grey, atol=0.01)
    assert np.mean(np.flip(mirrored.excluded, axis) != plain.excluded) < 2e-3
    assert np.median(np.flip(mirrored.noise_sigma, axis) / plain.noise_sigma) == pytest.approx(1, abs=0.03)


def test_padding_with_black_is_left_out_and_changes_little():
    padded = np.pad(PICTURE, ((40, 0), (0, 56)))
    plain, image = normalize(radiograph(PICTURE)), normalize(radiograph(padded))
    assert image.excluded[:40].all()
    assert image.excluded[:, COLUMNS:].all()
    inner = np.s_[60:, : COLUMNS - 20]
    np.testing.assert_allclose(image.grey[inner], plain.grey[20:, : COLUMNS - 20], atol=0.03)
    assert not image.excluded[inner].any()


# --- large pictures, whose masks are made of blocks


LARGE = bony_picture(2601, 2503, noise=0.006)


def marked_up() -> np.ndarray:
    """A large picture with all that is left out: a collimator, a box, a letter, a plate, dust, and a clipped area."""
    picture = LARGE.copy()
    picture[:, :161] = 0
    picture[2405:2550, 1300:1801] = 0
    write_letter(picture, "R", (300, 2101), 1.4)
    cv2.rectangle(picture, (1001, 1300), (1280, 1523), 1.7, -1)
    picture[501:503, 1700:1702] += 0.9
    cv2.circle(picture, (1901, 1000), 150, 1.65, -1)
    return np.minimum(picture, 1.65)


def test_masks_of_blocks_are_those_of_pixels_but_for_their_borders(monkeypatch):
    image = radiograph(marked_up())
    coarse = normalize(image)
    monkeypatch.setattr("hipcalc.normalize.levels.LEAST_LONGER_SIDE_PX", 10_000)
    fine = normalize(image)
    for inner, outer in ((coarse, fine), (fine, coarse)):
        eroded = cv2.erode(inner.excluded.view(np.uint8), np.ones((17, 17), np.uint8))
        assert not (eroded.view(bool) & ~outer.excluded).any()
    assert {region.kind for region in coarse.regions} == {region.kind for region in fine.regions}
    assert {region.kind for region in fine.regions} >= {"collimation", "box", "lettering", "dust", "clipped"}
    assert coarse.quality == fine.quality
    np.testing.assert_allclose(coarse.grey, fine.grey, atol=0.01)
    np.testing.assert_allclose(coarse.noise_sigma, fine.noise_sigma, rtol=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_dense_foci_in_a_large_picture_are_not_excluded(seed):
    """Of 2 to 5 mm, with the contrast and the blur of real ones, the densest included."""
    rng, spacing_mm = np.random.default_rng(seed), 0.15
    picture, reach = LARGE.copy(), 40
    row, column = np.mgrid[-reach:reach, -reach:reach]
    for diameter_mm in np.repeat([2, 2.5, 3, 4, 5], 20):
        top, left = rng.integers(100, 2350, 2)
        edge = (np.hypot(row, column) - diameter_mm / spacing_mm / 2) / (0.24 / spacing_mm)
        picture[top : top + 2 * reach, left : left + 2 * reach] += rng.uniform(0.05, 0.3) / (1 + np.exp(edge))
    assert normalize(radiograph(picture, spacing_mm=spacing_mm)).excluded.mean() < 1e-4


@pytest.mark.parametrize(("hole", "smallest_mm"), [(0.0, 2.0), (0.5, 3.8)])
def test_foci_as_dense_and_sharp_as_letters_are_not_excluded(hole, smallest_mm):
    """With an edge of a tenth of a millimetre, solid and with a lucent core; thinner rings are like dust."""
    rng, spacing_mm = np.random.default_rng(5), 0.15
    picture, reach = LARGE.copy(), 50
    row, column = np.mgrid[-reach:reach, -reach:reach]
    distance, inside = np.hypot(row, column) * spacing_mm, np.zeros(LARGE.shape, bool)
    for number, diameter_mm in enumerate(np.linspace(smallest_mm, 7, 12)):
        top = 200 + 160 * number
        place = np.s_[top : top + 2 * reach, 300 : 300 + 2 * reach]
        shape = 1 / (1 + np.exp((distance - diameter_mm / 2) / 0.1))
        shape -= hole / (1 + np.exp((distance - hole * diameter_mm / 2) / 0.1))
        picture[place] += 0.4 * shape * rng.uniform(0.95, 1.05, shape.shape)
        inside[place] = distance < diameter_mm / 2
    assert normalize(radiograph(picture, spacing_mm=spacing_mm)).excluded[inside].mean() < 0.01


@pytest.mark.parametrize("shape", [(2600, 2504), (2601, 2503), (1300, 4001)])
def test_blocks_of_a_large_picture(shape):
    levels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    reduced = Reduced.of(levels)
    factor = reduced.factor
    assert factor == max(shape) // 1250
    whole = np.pad(levels, [(0, -length % factor) for length in shape], mode="edge")
    blocks = whole.reshape(whole.shape[0] // factor, factor, -1, factor)
    np.testing.assert_array_equal(reduced.highest, blocks.max(axis=(1, 3)))
    np.testing.assert_array_equal(reduced.lowest, blocks.min(axis=(1, 3)))
    np.testing.assert_allclose(reduced.mean, blocks.mean(axis=(1, 3)), atol=0.5)
    mask = (reduced.mean > 127).view(np.uint8)
    enlarged = reduced.enlarged(mask, shape)
    np.testing.assert_array_equal(enlarged, mask.repeat(factor, 0).repeat(factor, 1)[: shape[0], : shape[1]])
    np.testing.assert_array_equal(reduced.mostly(enlarged), mask)


def test_declared_padding_of_a_large_picture_is_excluded_to_the_pixel():
    padding = np.zeros(LARGE.shape, bool)
    padding[:, :101] = True
    image = normalize(radiograph(np.where(padding, -30, LARGE), padding=padding))
    assert image.excluded[padding].all()
    assert not image.excluded[:, 120:].any()
    assert {region.kind for region in image.regions} >= {"padding"}


# --- quality


def test_sound_picture_is_ok():
    assert normalize(radiograph(PICTURE)).quality.level == "ok"
    assert normalize(radiograph(PICTURE)).quality.reasons == ()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (radiograph(PICTURE[:331, :331]), r"the resolution is too low (331 x 331 pixels)"),
        (radiograph(PICTURE, spacing_mm=0.7), "the resolution is too low (0.70 mm per pixel)"),
        (radiograph(np.where(np.arange(COLUMNS) < 540, 0, PICTURE)), "almost the whole picture is blank or covered"),
        (radiograph(np.rint(PICTURE * 4)), "the picture has only"),
    ],
)
def test_picture_that_cannot_carry_an_answer_is_rejected_with_the_reason(image, reason):
    quality = normalize(image).quality
    assert quality.level == "rejected"
    assert len(quality.reasons) == 1
    assert quality.reasons[0].startswith(reason)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (radiograph(PICTURE[:450, :450], spacing_mm=None), "few pixels, and their size is unknown"),
        (radiograph(PICTURE, spacing_mm=0.4), "low resolution (0.40 mm per pixel)"),
        (radiograph(np.where(np.arange(COLUMNS) < 400, 0, PICTURE)), "of the picture are blank or covered"),
        (radiograph(np.rint(PICTURE * 50)), "grey levels"),
        (radiograph(bony_picture(ROWS, COLUMNS, noise=0.06)), "noisy"),
    ],
)
def test_limits_are_told(image, reason):
    quality = normalize(image).quality
    assert quality.level == "limited"
    assert any(reason in told for told in quality.reasons)


def test_compression_blocks_are_told():
    jpeg = cv2.imencode(".jpg", stored(PICTURE, 8).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 12])[1]
    quality = normalize(radiograph(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE))).quality
    assert "visible compression blocks" in quality.reasons


@pytest.mark.parametrize(
    ("heads", "reason"),
    [
        ([(300.0, 200.0, 50.0)], "low resolution (50 pixels in the radius of a femoral head)"),
        ([(300.0, 200.0, 90.0), (380.0, 700.0, 90.0)], "the line between the heads is tilted by 9 degrees"),
        ([(300.0, 200.0, 90.0), (300.0, 700.0, 110.0)], "the heads differ in size by 22%, as in a rotated pelvis"),
    ],
)
def test_limits_that_the_hips_tell_are_added(heads, reason):
    assert judge_hips(Quality(level="ok"), heads, []) == Quality(level="limited", reasons=(reason,))
    assert judge_hips(Quality(level="limited", reasons=("noisy",)), heads, []).reasons == ("noisy", reason)
    rejected = Quality(level="rejected", reasons=("blank",))
    assert judge_hips(rejected, heads, []) == rejected


@pytest.mark.parametrize("heads", [[], [(300.0, 200.0, 90.0)], [(300.0, 200.0, 90.0), (310.0, 700.0, 92.0)]])
def test_sound_hips_leave_the_quality_as_it_is(heads):
    assert judge_hips(Quality(level="ok"), heads, []) == Quality(level="ok")


# --- structure


def test_structure_is_of_unit_size_wherever_there_is_some():
    rng = np.random.default_rng(2)
    texture = cv2.GaussianBlur(rng.standard_normal((400, 400)).astype(np.float32), (0, 0), 2)
    grey = texture * np.linspace(0.2, 2, 400, dtype=np.float32) + np.linspace(0, 3, 400, dtype=np.float32)
    result = structure_normalised(grey, np.zeros(grey.shape, bool), 20)
    assert result[:, 40:100].std() == pytest.approx(1, abs=0.15)
    assert result[:, 300:360].std() == pytest.approx(1, abs=0.15)
    assert abs(result.mean()) < 0.05


def test_structure_does_not_see_excluded_pixels():
    rng = np.random.default_rng(2)
    grey = rng.standard_normal((300, 300)).astype(np.float32) * 0.1
    excluded = np.zeros(grey.shape, bool)
    excluded[:, 200:] = True
    bright, dark = grey.copy(), grey.copy()
    bright[excluded], dark[excluded] = 50, -50
    first, second = (structure_normalised(picture, excluded, 12) for picture in (bright, dark))
    np.testing.assert_array_equal(first[excluded], 0)
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert first[:, 180:200].std() == pytest.approx(1, abs=0.25)


def test_structure_of_a_flat_picture_is_nothing():
    flat = np.full((200, 200), 0.4, np.float32)
    assert np.abs(structure_normalised(flat, np.zeros(flat.shape, bool), 10)).max() < 0.01


def test_structure_ignores_gain_and_offset():
    grey = normalize(radiograph(bony_picture(ROWS, COLUMNS, noise=0.03))).grey
    mask = np.zeros(grey.shape, bool)
    np.testing.assert_allclose(
        structure_normalised(grey, mask, 15), structure_normalised(grey * 3 + 7, mask, 15), atol=0.1
    )
