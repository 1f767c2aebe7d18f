"""Planted foci are found where they are, as large as they are; what is no focus stays silent."""

import dataclasses
import itertools
import math
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from candidate_scenes import BLUR_PX, HEAD_RADIUS_PX, SHAPE, as_normalized, hip_frame, soft_background, with_disk
from hipcalc.candidates import find_candidates, finding
from hipcalc.candidates.detaching import opened_level
from hipcalc.candidates.features import FEATURES, with_control
from hipcalc.candidates.finding import measured_spots
from hipcalc.candidates.level_lines import closed_level_lines
from hipcalc.candidates.model import FOCI_COST, RESTLESS_RANK, load_model
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window
from hipcalc.synthetic import add_patches, draw_focus

HIP = hip_frame()
PLACES = [(1.3, 45.0), (1.7, 20.0), (1.7, 75.0), (1.5, 100.0)]


def nearest(candidates, place):
    """The strongest candidate within 0.1 head radii of a place, or None."""
    near = [c for c in candidates if math.hypot(c.row_px - place[0], c.column_px - place[1]) < 0.1 * HEAD_RADIUS_PX]
    return near[0] if near else None


def features_on(grey, place):
    """What the ranking looks at, of the spot nearest to a place."""
    measured = measured_spots(as_normalized(grey), HIP)
    spots = np.array([(spot.row, spot.column) for spot in measured.spots])
    on_it = int(np.hypot(*(measured.window.to_image(*spots.T) - place).T).argmin())
    return dict(zip(FEATURES, measured.features[on_it, :-1], strict=True))


def one_focus(place, diameter_px=14.0, contrast=0.15, seed=0, **shape):
    return as_normalized(with_disk(soft_background(seed), place, diameter_px, contrast, **shape))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("diameter_px", [7.5, 12.0, 18.0, 26.0])
def test_a_focus_is_found_with_its_place_and_size(seed, diameter_px):
    for number, where in enumerate(PLACES):
        place = tuple(np.array(HIP.to_image(*where)) + 0.1 * number)
        found = nearest(find_candidates(one_focus(place, diameter_px, 0.2, seed), HIP), place)
        assert found is not None, where
        assert found.expected_false_marks < 1.0
        # The texture under the focus pulls at its outline.
        assert math.hypot(found.row_px - place[0], found.column_px - place[1]) < 0.3 + 0.03 * diameter_px
        # 0.4 mm at 0.28 mm per pixel.
        assert found.diameter_px == pytest.approx(diameter_px, abs=0.4 / 0.28)


def test_uneven_mineral_is_not_drawn_too_small():
    errors = []
    for seed, where in enumerate(PLACES):
        picture, place = as_normalized(soft_background(seed)), HIP.to_image(*where)
        focus = draw_focus(
            picture,
            row_px=place[0],
            column_px=place[1],
            diameter_px=26.0,
            contrast=0.2,
            kind="ossicle",
            aspect=1.2,
            rng=np.random.default_rng(seed),
        )
        errors.append(nearest(find_candidates(add_patches(picture, (focus,)), HIP), place).diameter_px - 26.0)
    assert abs(float(np.median(errors))) < 0.4 / 0.28


def test_several_foci_in_one_hip_are_all_found():
    grey = soft_background(4)
    places = [HIP.to_image(*where) for where in PLACES]
    for place in places:
        grey = with_disk(grey, place, 13.0, 0.2)
    candidates = find_candidates(as_normalized(grey), HIP)
    assert {candidates.index(nearest(candidates, place)) for place in places} == {0, 1, 2, 3}


@pytest.mark.parametrize("gap_px", [-2.0, 0.0, 3.0])
def test_a_focus_that_touches_bone_is_found(gap_px):
    place = HIP.to_image(1.6, 45.0)
    columns = np.arange(SHAPE[1], dtype=np.float32)
    # A straight edge of bone to medial, tangent to the focus, overlapped by it, or with a gap.
    bone = 0.15 * (1.0 - np.tanh((columns - (place[1] - 8.0 - gap_px)) / 2.0))
    picture = as_normalized(with_disk(soft_background(1) + bone, place, 16.0, 0.25))
    found = nearest(find_candidates(picture, HIP), place)
    assert found is not None
    assert found.expected_false_marks < 0.5
    assert found.diameter_px == pytest.approx(16.0, abs=3.0)
    bare = find_candidates(as_normalized(soft_background(1) + bone), HIP)
    assert nearest(bare, place) is None or nearest(bare, place).expected_false_marks > 1.0


def test_the_opened_picture_keeps_edges_and_gives_up_foci():
    place = HIP.to_image(1.6, 45.0)
    bone = 0.15 * (1.0 - np.tanh((np.arange(SHAPE[1], dtype=np.float32) - (place[1] - 8.0)) / 2.0))
    windows = [
        cut_window(as_normalized(grey), HIP)
        for grey in (soft_background(1) + bone, with_disk(soft_background(1) + bone, place, 16.0, 0.25))
    ]
    bare, planted = (opened_level(window) for window in windows)
    focus = windows[1].level - windows[0].level
    # Only where the round border meets the straight one, a little of the focus is taken for bone.
    assert np.abs(planted - bare).max() < focus.max() / 3
    assert float(np.ptp(bare)) > 0.3


def test_a_closed_level_line_has_the_size_and_place_of_what_it_encloses():
    # Flat disks and an ellipse too long for a focus, away from the window's border.
    window = cut_window(as_normalized(np.full(SHAPE, 0.35, np.float32)), HIP)
    level, rows, columns = window.level.copy(), *np.ogrid[: window.level.shape[0], : window.level.shape[1]]
    centre = window.head_centre
    truth = []
    for phi, diameter in ((30.0, 10.0), (60.0, 20.0), (90.0, 36.0)):
        row = centre[0] - 1.6 * 90 * math.cos(math.radians(phi))
        column = centre[1] + 1.6 * 90 * math.sin(math.radians(phi))
        level[np.hypot(rows - row, columns - column) <= diameter / 2] += 0.2
        truth.append((row, column, diameter))
    level[np.hypot((rows - centre[0] + 190) / 1.0, (columns - centre[1] - 30) / 8.0) <= 5.0] += 0.2
    lines = closed_level_lines(dataclasses.replace(window, level=level))
    for row, column, diameter in truth:
        near = np.hypot(lines.row - row, lines.column - column) < 1.0
        assert np.median(lines.diameter[near]) == pytest.approx(diameter, abs=1.0)
        lines = dataclasses.replace(lines, row=np.where(near, np.nan, lines.row))
    assert np.isnan(lines.row).all()


def test_the_border_of_a_hole_is_no_line():
    window = cut_window(as_normalized(np.full(SHAPE, 0.35, np.float32)), HIP)
    rows, columns = np.ogrid[: window.level.shape[0], : window.level.shape[1]]
    away = np.hypot(rows - window.head_centre[0] + 120.0, columns - window.head_centre[1] - 60.0)
    # Far too large a disk, with a hole as large as a focus: a focus turned dark.
    holed = window.level + 0.2 * (away <= 60.0) - 0.2 * (away <= 9.0)
    assert not len(closed_level_lines(dataclasses.replace(window, level=holed.astype(np.float32))).row)
    filled = window.level + 0.2 * (away <= 9.0)
    assert len(closed_level_lines(dataclasses.replace(window, level=filled.astype(np.float32))).row)


def test_texture_alone_gives_no_strong_mark():
    counts = [
        sum(c.expected_false_marks <= 0.25 for c in find_candidates(as_normalized(soft_background(seed)), HIP))
        for seed in range(24)
    ]
    assert np.mean(counts) <= 1.0


def test_texture_beside_bone_gives_no_strong_mark():
    # A straight edge of bone at the rim: contrast is judged against the cortical step there.
    columns = np.arange(SHAPE[1], dtype=np.float32)
    bone = 0.15 * (1.0 - np.tanh((columns - HIP.rim_column_px) / 2.0))
    counts = [
        sum(c.expected_false_marks <= 0.25 for c in find_candidates(as_normalized(soft_background(seed) + bone), HIP))
        for seed in range(8)
    ]
    assert np.mean(counts) <= 1.0


def test_order_and_depth_of_the_list(monkeypatch):
    candidates = find_candidates(one_focus(HIP.to_image(1.3, 45.0)), HIP)
    strengths = [c.strength for c in candidates]
    assert strengths == sorted(strengths, reverse=True)
    marks = [c.expected_false_marks for c in candidates]
    assert marks == sorted(marks)
    assert max(marks) <= 10.0
    monkeypatch.setattr(finding, "MOST_FALSE_MARKS", marks[1])
    assert len(find_candidates(one_focus(HIP.to_image(1.3, 45.0)), HIP)) == 2


def test_a_ring_with_a_lucent_centre_is_one_focus():
    place = HIP.to_image(1.6, 50.0)
    candidates = find_candidates(one_focus(place, 24.0, 0.2, core=0.3), HIP)
    on_it = [c for c in candidates if math.hypot(c.row_px - place[0], c.column_px - place[1]) < 14.0]
    assert len([c for c in on_it if c.expected_false_marks < 5.0]) == 1
    assert on_it[0].diameter_px == pytest.approx(24.0, abs=2.0)
    assert on_it[0].core_to_rim < 0.8


def test_a_solid_focus_has_a_solid_core():
    found = nearest(find_candidates(one_focus(HIP.to_image(1.6, 50.0), 20.0), HIP), HIP.to_image(1.6, 50.0))
    assert 0.95 < found.core_to_rim < 1.8


@pytest.mark.parametrize("sign", [1, -1])
def test_shape_measures(sign):
    place = HIP.to_image(1.6, 50.0)
    grey = with_disk(soft_background(2), place, 20.0, 0.25, aspect=2.0)
    hip = HIP
    if sign == -1:
        grey, hip = mirrored(grey, hip)
        place = place[0], grey.shape[1] - 1 - place[1]
    found = nearest(find_candidates(as_normalized(grey), hip), place)
    assert found.aspect_ratio == pytest.approx(2.0, rel=0.15)
    assert abs(found.orientation_deg) < 8.0
    assert found.solidity > 0.9
    assert np.ptp(found.outline_px[:, 1]) == pytest.approx(28.3, abs=2.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_orientation_is_clockwise_as_displayed(sign):
    place = HIP.to_image(1.6, 50.0)
    flat = with_disk(np.zeros(SHAPE, np.float32), place, 20.0, 0.25, aspect=2.5)
    turned = cv2.warpAffine(flat, cv2.getRotationMatrix2D((place[1], place[0]), -30.0, 1.0), SHAPE[::-1])
    grey, hip = soft_background(2) + turned, HIP
    if sign == -1:
        grey, hip = mirrored(grey, hip)
        place = place[0], grey.shape[1] - 1 - place[1]
    found = nearest(find_candidates(as_normalized(grey), hip), place)
    assert found.orientation_deg == pytest.approx(sign * 30.0, abs=8.0)


def test_cnr_and_contrast_are_those_planted():
    flat = np.full(SHAPE, 0.35, np.float32)
    noise = 0.02 * cv2.GaussianBlur(np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32), (0, 0), 2.0)
    noise *= 0.02 / noise.std()
    place = HIP.to_image(1.6, 50.0)
    found = nearest(find_candidates(as_normalized(with_disk(flat + noise, place, 20.0, 0.16)), HIP), place)
    # The 80th percentile inside lies a little above the plateau, by part of the noise.
    assert found.contrast == pytest.approx(0.16, rel=0.15)
    assert found.cnr == pytest.approx(8.0, rel=0.3)


def mirrored(grey, hip):
    width = grey.shape[1] - 1
    turned = dataclasses.replace(
        hip,
        side="R",
        lateral_sign=-1,
        head_column_px=width - hip.head_column_px,
        rim_column_px=width - hip.rim_column_px,
    )
    return np.ascontiguousarray(grey[:, ::-1]), turned


def table(candidates):
    return np.array([(c.row_px, c.column_px, c.diameter_px, c.strength) for c in candidates])


def test_a_mirrored_picture_gives_mirrored_candidates():
    grey = with_disk(soft_background(3), HIP.to_image(1.4, 30.0), 14.0, 0.15)
    straight = table(find_candidates(as_normalized(grey), HIP))
    other, turned = mirrored(grey, HIP)
    back = table(find_candidates(as_normalized(other), turned))
    assert len(straight) == len(back)
    back[:, 1] = grey.shape[1] - 1 - back[:, 1]
    assert np.allclose(straight, back, atol=0.05)


def test_a_larger_picture_around_the_hip_changes_nothing():
    grey = with_disk(soft_background(5), HIP.to_image(1.4, 30.0), 14.0, 0.15)
    padded = np.pad(grey, ((40, 10), (25, 30)), mode="reflect")
    moved = dataclasses.replace(
        HIP,
        head_row_px=HIP.head_row_px + 40,
        head_column_px=HIP.head_column_px + 25,
        rim_row_px=HIP.rim_row_px + 40,
        rim_column_px=HIP.rim_column_px + 25,
    )
    small, large = find_candidates(as_normalized(grey), HIP), find_candidates(as_normalized(padded), moved)
    assert np.allclose(table(small)[0], table(large)[0] - (40, 25, 0, 0), atol=0.02)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_size_in_pixels_of_the_head_does_not_matter(scale):
    place = HIP.to_image(1.5, 40.0)
    grey = with_disk(soft_background(6), place, 18.0, 0.2)
    size = tuple(int(n * scale) for n in SHAPE[::-1])
    resized = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)

    def scaled(value):
        return (value + 0.5) * scale - 0.5

    hip = dataclasses.replace(
        HIP,
        head_row_px=scaled(HIP.head_row_px),
        head_column_px=scaled(HIP.head_column_px),
        rim_row_px=scaled(HIP.rim_row_px),
        rim_column_px=scaled(HIP.rim_column_px),
        head_radius_px=HEAD_RADIUS_PX * scale,
    )
    found = find_candidates(as_normalized(resized), hip)[0]
    assert (found.row_px, found.column_px) == pytest.approx((scaled(place[0]), scaled(place[1])), abs=0.5 * scale + 0.2)
    assert found.diameter_px == pytest.approx(18.0 * scale, rel=0.1)


def test_nothing_is_found_in_excluded_parts():
    place = HIP.to_image(1.4, 45.0)
    grey = with_disk(soft_background(7), place, 14.0, 0.3)
    excluded = np.zeros(SHAPE, bool)
    excluded[round(place[0]) - 12 : round(place[0]) + 13, round(place[1]) - 12 : round(place[1]) + 13] = True
    assert nearest(find_candidates(as_normalized(grey), HIP), place) is not None
    assert nearest(find_candidates(as_normalized(grey, excluded=excluded), HIP), place) is None


def test_what_touches_an_excluded_pixel_is_excluded():
    excluded = np.zeros(SHAPE, bool)
    row, column = (round(at) for at in HIP.to_image(1.4, 45.0))
    excluded[row, column] = True
    window = cut_window(as_normalized(soft_background(7), excluded=excluded), HIP)
    places = np.indices(window.included.shape).reshape(2, -1).astype(float)
    near = np.abs(window.to_image(*places) - (row, column)).max(axis=1) < 0.9
    assert near.sum() >= 4
    assert not window.included.ravel()[near].any()


@pytest.mark.parametrize("side", [1, -1])
def test_a_window_knows_the_polar_angles_of_a_turned_hip(side):
    hip = dataclasses.replace(HIP, cranial_deg=25.0, lateral_sign=side)
    window = cut_window(as_normalized(soft_background(7)), hip)
    for r, phi in ((1.3, 45.0), (1.7, 100.0), (1.2, -20.0)):
        pixel = window.pixel_at(*hip.to_image(r, phi))
        assert (window.r[pixel], window.phi_deg[pixel]) == pytest.approx((r, phi), abs=0.6)


@pytest.mark.parametrize("spacing_px", [16, 24, 32])
def test_tissue_between_excluded_dark_strokes_is_no_focus(spacing_px):
    """A grid of black print leaves bright cells, as large as foci."""
    grey, strokes = soft_background(7), np.zeros(SHAPE, np.uint8)
    row, column = (round(value) for value in HIP.to_image(1.6, 60.0))
    for away in range(-2 * spacing_px, 2 * spacing_px + 1, spacing_px):
        cv2.line(strokes, (column - 64, row + away), (column + 64, row + away), 1, 3)
        cv2.line(strokes, (column + away, row - 64), (column + away, row + 64), 1, 3)
    excluded = cv2.dilate(strokes, np.ones((5, 5))) > 0
    plain, printed = as_normalized(grey), as_normalized(np.where(strokes, np.float32(0.0), grey), excluded=excluded)
    strongest = max(one.strength for one in find_candidates(plain, HIP))
    assert max(one.strength for one in find_candidates(printed, HIP)) < strongest + 0.5


@pytest.mark.parametrize("where", [(2.5, 40.0), (1.5, -60.0), (0.5, 0.0), (1.5, 170.0)])
def test_nothing_is_found_outside_of_the_zones(where):
    place = HIP.to_image(*where)
    assert nearest(find_candidates(one_focus(place, 14.0, 0.3), HIP), place) is None


@pytest.mark.parametrize("tilt_deg", [0.0, 35.0, 80.0])
def test_a_long_line_and_a_straight_edge_are_no_foci(tilt_deg):
    grey = soft_background(8)
    row, column = HIP.to_image(1.5, 50.0)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    across = (rows - row) * math.cos(math.radians(tilt_deg)) - (columns - column) * math.sin(math.radians(tilt_deg))
    line = np.exp(-0.5 * (across / 4.0) ** 2)
    edge = 1.0 / (1.0 + np.exp(-across / 2.0))
    for shape in (line, edge):
        picture = as_normalized((grey + 0.2 * shape).astype(np.float32))
        strong = [c for c in find_candidates(picture, HIP) if c.expected_false_marks <= 0.25]
        assert len(strong) <= 1


def test_a_focus_has_fallen_on_every_side_and_the_end_of_a_line_has_not():
    place = HIP.to_image(1.6, 60.0)
    alone = with_disk(np.full(SHAPE, 0.35, np.float32), place, 14.0, 0.2)
    line = np.zeros(SHAPE, np.float32)
    # A line of half of its width that ends in it.
    line[round(place[0]) - 3 : round(place[0]) + 4, : round(place[1])] = 0.15
    peaks, dips = [], []
    for grey in (alone, np.maximum(alone, 0.35 + cv2.GaussianBlur(line, (0, 0), 1.0))):
        features = features_on(grey, place)
        peaks.append(features["brink_peak"])
        dips.append(features["brink_dip"])
    assert peaks[1] > peaks[0] + math.log(3.0)
    assert max(peaks[0], *dips) < math.log(0.15)


@pytest.mark.parametrize(("contrast", "faint"), [(0.02, True), (0.2, False)])
def test_what_is_fainter_than_foci_is_told(contrast, faint):
    place = HIP.to_image(1.6, 60.0)
    grey = with_disk(soft_background(0, structure=0.0, noise=0.001), place, 14.0, contrast)
    assert (features_on(grey, place)["fainter_than_foci"] > 0.0) == faint


@pytest.mark.parametrize(("kind", "hollow"), [("eyelet", True), ("ring", False), ("amorphous", False)])
def test_a_ring_that_lets_its_ground_through_is_hollow_and_a_shell_is_not(kind, hollow):
    place = HIP.to_image(1.6, 60.0)
    picture = as_normalized(soft_background(0, structure=0.0, noise=0.001))
    if kind == "eyelet":
        grey = with_disk(with_disk(picture.grey, place, 30.0, 0.2), place, 15.0, -0.2)
    else:
        rng = np.random.default_rng(3)
        shell = draw_focus(
            picture, row_px=place[0], column_px=place[1], diameter_px=30.0, kind=kind, contrast=0.2, rng=rng
        )
        grey = add_patches(picture, (shell,)).grey
    assert (features_on(grey, place)["hollow"] > 0.5) == hollow
    if not hollow:
        assert features_on(grey, place)["hollow"] == 0.0


def test_metal_stands_out_further_than_bone_and_mineral_does_not():
    # The head is 0.70, soft tissue 0.35.
    place, over_bone = HIP.to_image(1.6, 60.0), HIP.to_image(0.95, 30.0)
    mineral, metal = (nearest(find_candidates(one_focus(place, 14.0, c), HIP), place) for c in (0.2, 0.6))
    assert metal.saturated_share > 0.5
    assert mineral.saturated_share == 0.0
    # Over bone, mineral is the brightest there is, and yet no metal.
    assert nearest(find_candidates(one_focus(over_bone, 14.0, 0.15), HIP), over_bone).saturated_share == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_what_is_machined_has_a_narrow_margin_and_a_deposit_fades_out(seed):
    place, picture = HIP.to_image(1.7, 40.0), as_normalized(soft_background(seed))
    chalk = draw_focus(
        picture, row_px=place[0], column_px=place[1], diameter_px=28.0, kind="amorphous", contrast=0.4, aspect=1.3,
        blur_sigma_px=BLUR_PX, rng=np.random.default_rng(seed),
    )  # fmt: skip
    fading = nearest(find_candidates(add_patches(picture, (chalk,)), HIP), place)
    sharp = nearest(find_candidates(one_focus(place, 28.0, 0.4, seed, aspect=1.3), HIP), place)
    assert sharp.margin_px / sharp.diameter_px < 0.6 * fading.margin_px / fading.diameter_px
    assert sharp.core_to_rim < fading.core_to_rim


@pytest.mark.parametrize("status", ["implant", "absent"])
def test_a_hip_that_is_not_there_has_no_candidates(status):
    nowhere = math.nan if status == "absent" else 300.0
    hip = hip_frame(status=status, head_row_px=nowhere)
    assert find_candidates(one_focus(HIP.to_image(1.4, 45.0)), hip) == ()


@pytest.mark.parametrize("place", [(5.0, 5.0), (300.0, 555.0), (-500.0, 220.0)])
def test_a_hip_at_or_beyond_the_pictures_border_is_searched_as_far_as_it_goes(place):
    hip = hip_frame(
        head_row_px=place[0], head_column_px=place[1], rim_row_px=place[0] - 80, rim_column_px=place[1] + 60
    )
    for candidate in find_candidates(as_normalized(soft_background(9)), hip):
        assert 0 <= candidate.row_px < SHAPE[0]
        assert 0 <= candidate.column_px < SHAPE[1]


def test_a_flat_picture_has_no_candidates():
    assert find_candidates(as_normalized(np.full(SHAPE, 0.4, np.float32)), HIP) == ()


def test_same_input_same_output_and_the_input_is_left_alone():
    picture = one_focus(HIP.to_image(1.4, 45.0))
    before = picture.grey.copy()
    one, two = find_candidates(picture, HIP), find_candidates(picture, HIP)
    assert np.array_equal(table(one), table(two))
    assert np.array_equal(picture.grey, before)


def test_only_a_like_spot_at_the_mirrored_place_answers():
    names = list(FEATURES)
    one = np.zeros((1, len(names)))
    theirs = one + 0.3

    def answer(distance=0.0, ratio=1.0, stronger=0.3):
        mine, other = SimpleNamespace(row=50.0, column=50.0, diameter=10.0), SimpleNamespace(row=50.0, column=50.0)
        other.row, other.diameter = 50.0 + distance * WORKING_RADIUS_PX, 10.0 * ratio
        table = with_control((mine,), one, (other,), theirs - 0.3 + stronger)
        assert (np.delete(table, names.index("mirrored"), axis=1) == 0).all()
        return table[0, names.index("mirrored")]

    assert answer() == answer(distance=0.29, ratio=1.9) == answer(ratio=0.55) == pytest.approx(0.3)
    # More than as strong says no more; none at all, or another one, says the least.
    assert answer(stronger=4.0) == 0.5
    assert answer(distance=0.31) == answer(ratio=2.1) == answer(ratio=0.45) == answer(stronger=-4.0) == -1.5


WHOLE = (1.0, 1.0, 1.0)


def test_the_model_orders_false_marks_by_strength():
    model = load_model()
    strengths = np.linspace(-30.0, 30.0, 400)
    for rate, paired in itertools.product((0.4, 1.0, 2.5), (False, True)):
        marks = model.expected_false_marks(strengths, WHOLE, rate, paired)
        assert (np.diff(marks) <= 0).all()
        assert (np.diff(marks)[(marks[:-1] < 20) & (marks[:-1] > 0.01)] < 0).all()
    assert model.weight.shape == (len(FEATURES),)
    # No weight may speak for what is no focus.
    assert all(sign * weight >= 0 for sign, weight in zip(FEATURES.values(), model.weight, strict=True))


def test_a_region_that_is_not_pictured_costs_nothing():
    model = load_model()
    strength = np.linspace(0.0, 4.0, 9)
    parts = [model.price(strength, tuple(np.eye(3)[number])) for number in range(3)]
    assert np.allclose(sum(parts), model.price(strength, WHOLE))
    for price, part in zip(model.prices, parts, strict=True):
        assert np.allclose(price.marks(price.strength), np.exp(price.log_marks))
        assert np.allclose(price.marks(strength), part)


def test_a_restless_hip_pays_more():
    model = load_model()
    weak = model.strength_of(3.0, WHOLE, 1.0, True)
    calm, restless = (model.rate(np.full(count, weak), WHOLE) for count in (0, 40))
    assert calm == 1.0 < restless
    one, other = (model.expected_false_marks(np.array([5.0]), WHOLE, rate, True)[0] for rate in (calm, restless))
    assert one < other


def test_a_calm_hip_pays_no_less():
    model = load_model()
    dear = np.full(12, model.strength_of(9.0, WHOLE, 1.0, True))
    assert float(model.price(dear, WHOLE)[0]) > 5.0
    assert model.rate(dear, WHOLE) == 1.0


def test_how_restless_a_hip_is_grows_with_all_of_its_spots_and_not_with_a_few_foci():
    model = load_model()
    strengths = np.linspace(-2.0, 6.0, 801)
    # What costs no more than this counts as a focus.
    as_foci = strengths[model.price(strengths, WHOLE) > FOCI_COST].max()
    # In an average hip the fifth strongest spot costs so much: from there on a hip is restless.
    average = strengths[model.price(strengths, WHOLE) > RESTLESS_RANK].max()
    spots = np.linspace(average, as_foci - 1.0, 12)
    lifted = [model.rate(spots + by, WHOLE) for by in np.linspace(0.0, 1.0, 7)]
    assert lifted[0] >= 1.0
    assert (np.diff(lifted) > 0).all()
    foci = np.full(4, model.strength_of(0.01, WHOLE, 1.0, True))
    assert model.rate(np.concatenate([foci, spots]), WHOLE) == model.rate(spots, WHOLE)


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("marks", [0.1, 0.25, 1.0, 5.0])
def test_the_strength_of_a_price_has_that_price(marks, paired):
    model = load_model()
    hip = (0.3, 1.0, 0.5), 1.2, paired
    strength = model.strength_of(marks, *hip)
    assert model.expected_false_marks(np.array([strength]), *hip)[0] == pytest.approx(marks, rel=1e-6)
    assert model.strength_of(marks, (0.0, 0.0, 0.0), 1.0, paired) == -math.inf
