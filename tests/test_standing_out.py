"""What other hips show is explained away; what they do not show stands out, even where it grows out of bone."""

import dataclasses
import math

import cv2
import numpy as np
import pytest
from fit_atlas import _shared, _typical

from candidate_scenes import SHAPE, as_normalized, hip_frame, soft_background, with_disk
from hipcalc.candidates.atlas import (
    CELL_PX,
    CHOSEN,
    MARGIN_PX,
    REACH_PX,
    SIDE,
    Atlas,
    cut_rim,
    load_atlas,
    parts_at,
    unexplained,
)
from hipcalc.candidates.finding import measured_spots
from hipcalc.candidates.model import MODEL, Raised, load_model
from hipcalc.candidates.standing_out import LEAST_LOG, SPOT_SIGMA_PX, _noise, _roundness, _smoothness, standing_out
from hipcalc.candidates.window import WORKING_RADIUS_PX, cut_window

HIP = hip_frame()


def beside_rim(down, across):
    return HIP.rim_row_px + down, HIP.rim_column_px + across


def scene(shift_px=0.0, seed=0, node=None, diameter_px=18.0):
    """Bone to medial whose border runs past the rim point, and a node on it."""
    columns = np.arange(SHAPE[1], dtype=np.float32)
    border = HIP.rim_column_px + shift_px
    grey = soft_background(seed) + 0.15 * (1.0 - np.tanh((columns - border) / 5.0)).astype(np.float32)
    return as_normalized(grey if node is None else with_disk(grey, node, diameter_px, 0.12))


def atlas_of(pictures):
    """Every part of some pictures at the middles of the cells and beside them."""
    rims = [cut_rim(cut_window(picture, HIP)) for picture in pictures]
    middles, parts = [], []
    for row in range(-REACH_PX, REACH_PX + 1, CELL_PX):
        for column in range(-REACH_PX, REACH_PX + 1, CELL_PX):
            near = np.arange(-2, 3) + MARGIN_PX
            rows, columns = (axis.ravel() for axis in np.meshgrid(row + near, column + near, indexing="ij"))
            own = np.concatenate([parts_at(rim, rows, columns) for rim in rims])
            middles.append((row, column))
            parts.append(own / np.linalg.norm(own, axis=1, keepdims=True))
    return Atlas(middles=np.array(middles), parts=tuple(parts))


@pytest.fixture(scope="module")
def atlas():
    return atlas_of([scene(shift, seed) for seed, shift in enumerate((-6.0, -3.0, 0.0, 3.0, 6.0), start=10)])


def test_a_border_that_others_have_is_explained_and_a_node_on_it_is_not(atlas):
    node, gains = beside_rim(0.0, 7.0), []
    for seed in range(1, 6):
        bare, planted = (cut_window(scene(1.5, seed, node=place), HIP) for place in (None, node))
        without, beyond = standing_out(bare, atlas), standing_out(planted, atlas)
        assert np.abs(without.level).max() < np.ptp(bare.level[without.known]) / 3
        place = beyond.places(beyond.known, 1)[0]
        assert math.dist(planted.to_image(place[:1], place[1:2])[0], node) < 9.0
        gains.append(beyond.at(*place) - without.at(*place))
    assert np.mean(gains) > math.log(1.5)


@pytest.mark.parametrize("diameter_px", [8.0, 10.0, 12.0])
def test_a_grain_or_a_node_on_a_border_is_proposed_and_stands_out_most(atlas, diameter_px):
    node = beside_rim(0.0, 7.0)
    measured = measured_spots(scene(1.5, 1, node=node, diameter_px=diameter_px), HIP, atlas=atlas)
    most = int(measured.features[:, -1].argmax())
    found = measured.window.to_image(np.array([measured.spots[most].row]), np.array([measured.spots[most].column]))[0]
    assert math.dist(found, node) < 9.0


@pytest.mark.parametrize("blur_px", [0.6, 1.1])
def test_a_smoothed_picture_shows_less_noise_than_there_is(blur_px):
    # 0.3 and 0.6 mm: what varies from pixel to pixel is gone there, and is no measure of what is left.
    known = np.ones((120, 120), bool)
    grain = cv2.GaussianBlur(np.random.default_rng(3).standard_normal(known.shape).astype(np.float32), (0, 0), 0.6)

    def above(left):
        over_noise = left / _noise(left, known)
        return cv2.GaussianBlur(over_noise, (0, 0), SPOT_SIGMA_PX) - cv2.GaussianBlur(
            over_noise, (0, 0), 2 * SPOT_SIGMA_PX
        )

    sharp, smooth = above(grain), above(cv2.GaussianBlur(grain, (0, 0), blur_px))
    assert _smoothness(sharp, known) == 1.0
    assert smooth.std() > 1.2 * sharp.std()
    assert smooth.std() / _smoothness(smooth, known) < 1.1 * sharp.std()
    assert _smoothness(smooth, ~known) == 1.0


@pytest.mark.parametrize("blur_px", [2.3, 3.2])
def test_in_a_smoothed_picture_grain_stands_out_no_further(atlas, blur_px):
    for seed in range(1, 5):
        picture = scene(1.5, seed)
        grain = cv2.GaussianBlur(np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32), (0, 0), 0.8)
        grainy = picture.grey + 0.05 * grain / grain.std()
        pictures = (
            dataclasses.replace(picture, grey=grey) for grey in (grainy, cv2.GaussianBlur(grainy, (0, 0), blur_px))
        )
        sharp, smooth = (standing_out(cut_window(one, HIP), atlas).strength.max() for one in pictures)
        assert smooth < 1.1 * sharp


def test_spots_come_strongest_first_inside_of_the_zones_alone(atlas):
    window = cut_window(scene(1.5, 1, node=beside_rim(0.0, 7.0)), HIP)
    beyond = standing_out(window, atlas)
    every = beyond.places(window.zone, 99)
    strengths = [beyond.at(*place) for place in every]
    assert len(every) > 3
    assert strengths == sorted(strengths, reverse=True)
    pixels = np.rint(every[:, :2]).astype(int)
    assert window.zone[pixels[:, 0], pixels[:, 1]].all()
    assert (beyond.places(window.zone, 2) == every[:2]).all()
    assert beyond.places(np.zeros_like(window.zone), 99).shape == (0, 3)


def test_a_line_is_not_round_and_a_spot_is():
    rows, columns = np.ogrid[-15:16, -15:16]
    for across in (rows + 0 * columns, (rows + columns) / math.sqrt(2.0)):
        line = _roundness(np.exp(-0.125 * across**2).astype(np.float32))
        assert line[15, 15] < 0.05
    for stretch in (1.0, 2.0):
        spot = _roundness(np.exp(-0.125 * (rows**2 + (columns / stretch) ** 2)).astype(np.float32))
        assert spot[15, 15] == 1.0


def test_a_part_is_typical_only_if_several_patients_have_it():
    rng = np.random.default_rng(3)
    directions = np.linalg.qr(rng.standard_normal((SIDE, SIDE)))[0][:4].astype(np.float32)
    kind = rng.integers(0, 4, 4000)
    patches = directions[kind] + 0.01 * rng.standard_normal((4000, SIDE)).astype(np.float32)
    patches /= np.linalg.norm(patches, axis=1, keepdims=True)
    # What is of the first kind only one patient has.
    patients = np.where(kind == 0, 0, rng.integers(1, 9, 4000))
    likeness = _typical(patches, patients) @ directions.T
    assert (likeness.max(axis=0)[1:] > 0.99).all()
    assert likeness.max(axis=0)[0] < 0.5
    with_all = _typical(patches, rng.integers(0, 9, 4000)) @ directions.T
    assert (with_all.max(axis=0) > 0.99).all()


def test_each_patient_has_the_same_share_in_a_typical_part():
    rng = np.random.default_rng(4)
    patches = 0.05 * rng.standard_normal((8000, SIDE)).astype(np.float32)
    patches[:, 0] += 1.0
    # Three of four parts are one patient's; those of the other nine lean to one side.
    patients = np.where(np.arange(8000) % 4 > 0, 0, rng.integers(1, 10, 8000))
    patches[:, 1] += 0.03 * (patients > 0)
    leaning = _typical(patches / np.linalg.norm(patches, axis=1, keepdims=True), patients)[:, 1].mean()
    # A quarter of it if all parts had the same share; not in every cluster are all nine.
    assert 0.6 * 0.03 < leaning < 0.03
    assert np.allclose(_shared(np.eye(5)[[0, 0, 0, 1]], np.array([7, 7, 7, 9])), np.eye(5)[:2].mean(axis=0))


def test_the_side_of_a_hip_changes_nothing(atlas):
    node = beside_rim(-10.0, 7.0)
    one = scene(1.5, 1, node=node)
    mirrored = dataclasses.replace(one, grey=np.ascontiguousarray(one.grey[:, ::-1]))
    hip = dataclasses.replace(
        HIP,
        lateral_sign=-HIP.lateral_sign,
        head_column_px=SHAPE[1] - 1 - HIP.head_column_px,
        rim_column_px=SHAPE[1] - 1 - HIP.rim_column_px,
    )
    windows = cut_window(one, HIP), cut_window(mirrored, hip)
    strengths = [standing_out(window, atlas).strength for window in windows]
    assert np.allclose(*strengths, atol=0.05)


def test_where_nothing_is_typical_nothing_stands_out(atlas):
    window = cut_window(scene(), HIP)
    some = Atlas(middles=atlas.middles[:40], parts=atlas.parts[:40])
    rim = cut_rim(window)
    found = unexplained(rim, some)
    left, known = found.level, found.known
    assert known.any()
    assert not known.all()
    assert (left[~known] == 0.0).all()
    far = standing_out(window, some)
    assert far.at(0.0, 0.0, 10.0) == LEAST_LOG
    assert not standing_out(dataclasses.replace(window, included=np.zeros_like(window.included)), atlas).known.any()


def test_a_part_is_rebuilt_from_its_like_alone(atlas):
    rim = cut_rim(cut_window(scene(), HIP))
    at = np.array([MARGIN_PX])
    own = parts_at(rim, at, at)
    assert own.shape == (1, SIDE * SIDE)
    # Neither mean nor slope is left.
    down = np.repeat(np.arange(SIDE), SIDE)
    assert abs(own.sum()) < 1e-3
    assert abs(float((own * down).sum())) < 1e-2
    parts = np.concatenate([own / np.linalg.norm(own), -own / np.linalg.norm(own), np.roll(own, 3), np.roll(own, 50)])
    one = Atlas(middles=np.array([[0, 0]]), parts=(parts.astype(np.float32),))
    assert len(parts) == CHOSEN
    found = unexplained(rim, one)
    left, known = found.level, found.known
    middle = left[MARGIN_PX - 3 : MARGIN_PX + 4, MARGIN_PX - 3 : MARGIN_PX + 4]
    # Where no part is rebuilt, nothing is known.
    assert known[MARGIN_PX, MARGIN_PX]
    assert np.count_nonzero(known) == SIDE**2
    assert np.abs(middle).max() < 0.3 * np.abs(own).max()


def test_the_atlas_holds_unit_parts_around_the_rim():
    atlas = load_atlas(MODEL)
    assert len(atlas.parts) == len(atlas.middles) > 50
    assert np.abs(atlas.middles).max() <= REACH_PX
    for parts in atlas.parts:
        assert parts.shape[0] >= CHOSEN
        assert parts.shape[1] == SIDE * SIDE
        assert np.allclose(np.linalg.norm(parts, axis=1), 1.0, atol=1e-5)


def test_standing_out_raises_and_never_lowers_a_spot():
    raised = Raised(stands_out=np.array([0.0, 1.0, 2.0]), at_least=np.array([1.0, 2.0, 4.0]))
    assert raised.strength(np.array([-0.1, 0.0, 0.5, 1.5, 3.0])).tolist() == [-math.inf, 1.0, 1.5, 3.0, 4.05]
    model = load_model()
    table = np.tile(np.append(model.centre, LEAST_LOG), (3, 1))
    table[1:, -1] = model.raised.stands_out[-1], 3.0
    assert model.strength(table).tolist() == sorted(model.strength(table).tolist())
    plain, knot = model.strength(table)[:2]
    assert math.exp(knot) == pytest.approx(math.exp(plain) + math.exp(model.raised.at_least[-1]))
    assert (np.diff(model.raised.stands_out) > 0).all()
    assert (np.diff(model.raised.at_least) > 0).all()


def test_the_working_grid_is_where_the_rim_is():
    window = cut_window(scene(), HIP)
    rim = cut_rim(window)
    centre = rim.grid @ (MARGIN_PX, MARGIN_PX, 1.0)
    assert window.pixel_at(*beside_rim(0.0, 0.0)) == (round(centre[1]), round(centre[0]))
    assert rim.level.shape == (2 * MARGIN_PX + 1,) * 2
    own = window.level[window.pixel_at(*beside_rim(0.0, 0.0))]
    assert rim.level[MARGIN_PX, MARGIN_PX] == pytest.approx(own, abs=0.1)
    assert WORKING_RADIUS_PX * 0.6 < 2 * REACH_PX < WORKING_RADIUS_PX
