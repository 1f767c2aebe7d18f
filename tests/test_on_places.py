"""The strengths on planted places are those of a full measurement, bit for bit up to the last sum."""

import dataclasses
import gc
import math
import weakref
from itertools import pairwise
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from candidate_scenes import SHAPE, as_normalized, hip_frame, soft_background, with_disk
from hipcalc.candidates import bare_hip, measure_hips, on_places, proposed, strengths_on
from hipcalc.candidates.atlas import load_atlas
from hipcalc.candidates.finding import controlled, described
from hipcalc.candidates.model import MODEL, load_model
from hipcalc.candidates.outline import furthest_reach, measure_spot
from hipcalc.candidates.proposals import MOST
from hipcalc.candidates.proposed import draw_apart, propose_in
from hipcalc.candidates.standing_out import standing_out
from hipcalc.candidates.window import cut_again, cut_window

HIP = hip_frame()
# Planted well apart, near each other as they never are, and close to the rim and to the head.
SCENES = {
    "well apart": [(1.3, 45.0), (1.7, 20.0), (1.9, 70.0)],
    "near each other": [(1.5, 40.0), (1.5, 47.0), (1.62, 43.0)],
    "at the rim": [(1.2, 36.0), (1.1, 60.0)],
    "alone": [(1.6, 55.0)],
}
PIXELS = {"head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px"}
BARE = [(1.9, 100.0), (2.1, -10.0)]


def planted(name, seed, *, excluded=None):
    """A picture without foci, the same with them, and where they are or might be."""
    rng = np.random.default_rng(seed)
    grey, places = soft_background(seed), [HIP.to_image(*place) for place in SCENES[name]]
    bare = as_normalized(grey, excluded=excluded)
    for place in places:
        grey = with_disk(grey, place, rng.uniform(6.0, 26.0), rng.uniform(0.03, 0.15), core=rng.choice([0.4, 1.0]))
    places += [HIP.to_image(*place) for place in BARE] + [(20.0, 20.0)]
    return bare, as_normalized(grey, excluded=excluded), np.array(places)


def all_proposed(picture, most):
    window = cut_window(picture, HIP)
    return propose_in(window, standing_out(window, load_atlas(MODEL)), most)


def by_all_spots(places, within, picture, control=None):
    """The strongest spot within reach of each place, of all that are measured."""
    proposals = all_proposed(picture, MOST + len(places))
    spots = draw_apart(proposals, range(len(proposals.places.row)))
    measured = controlled(described(proposals, spots), control)
    found = measured.window.to_image(*np.array([(spot.row, spot.column) for spot in measured.spots]).T)
    strength = load_model().strength(measured.features)
    away = np.linalg.norm(places[:, None] - found, axis=2)
    return np.where(away <= within[:, None], strength, -math.inf).max(axis=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SCENES)
def test_they_are_those_of_all_spots(name, seed):
    bare, picture, places = planted(name, seed)
    within = np.random.default_rng(seed).uniform(4.0, 14.0, len(places))
    found = strengths_on(places, within, picture, bare_hip(bare, HIP), None)
    assert found == pytest.approx(by_all_spots(places, within, picture), abs=1e-12)
    assert np.isfinite(found).any()
    # Far outside of the zones there is no spot.
    assert found[-1] == -math.inf


def test_with_the_other_hip_as_a_control_too():
    bare, picture, places = planted("well apart", 0)
    control, within = measure_hips(bare, (HIP,))[0], np.full(len(places), 10.0)
    found = strengths_on(places, within, picture, bare_hip(bare, HIP), control)
    assert found == pytest.approx(by_all_spots(places, within, picture, control), abs=1e-12)
    assert (found != strengths_on(places, within, picture, bare_hip(bare, HIP), None)).any()


def test_where_parts_are_excluded_too():
    excluded = np.zeros(SHAPE, bool)
    row, column = (round(value) for value in HIP.to_image(1.35, 60.0))
    excluded[row - 4 : row + 5, column - 15 : column + 15] = True
    bare, picture, places = planted("well apart", 1, excluded=excluded)
    within = np.full(len(places), 10.0)
    found = strengths_on(places, within, picture, bare_hip(bare, HIP), None)
    assert found == pytest.approx(by_all_spots(places, within, picture), abs=1e-12)


def test_a_place_without_a_spot_has_none():
    flat = as_normalized(np.full(SHAPE, 0.35, np.float32))
    place = np.array([HIP.to_image(1.5, 45.0)])
    assert strengths_on(place, np.array([10.0]), flat, bare_hip(flat, HIP), None).tolist() == [-math.inf]


def test_what_lies_far_from_all_places_is_not_drawn(monkeypatch):
    bare, picture, places = planted("alone", 0)
    hip, drawn = bare_hip(bare, HIP), []
    measure_spot = proposed.measure_spot
    monkeypatch.setattr(proposed, "measure_spot", lambda *how: (drawn.append(how[2:4]), measure_spot(*how))[1])
    strengths_on(places[:1], np.array([10.0]), picture, hip, None)
    assert 0 < len(drawn) < MOST / 2


@pytest.mark.parametrize("finer", [0.5, 1.0, 3.0])
def test_all_whose_spots_may_be_centred_near_a_place_are_drawn(finer, monkeypatch):
    _, picture, places = planted("well apart", 0)
    hip = dataclasses.replace(
        HIP, **{f.name: finer * getattr(HIP, f.name) for f in dataclasses.fields(HIP) if f.name in PIXELS}
    )
    fine = as_normalized(cv2.resize(picture.grey, None, fx=finer, fy=finer, interpolation=cv2.INTER_AREA))
    seen = {}

    def drawn(proposals, wanted):
        seen.update(own=proposals.places, window=proposals.window, wanted=set(wanted))
        return {}

    monkeypatch.setattr(on_places, "draw_apart", drawn)
    strengths_on(finer * places[:1], np.array([10.0 * finer]), fine, bare_hip(fine, hip), None)
    own, window = seen["own"], seen["window"]
    away = np.linalg.norm(window.to_image(own.row, own.column) - finer * places[0], axis=1) / window.step_px
    reach = 10.0 * finer / window.step_px + np.array([furthest_reach(diameter) for diameter in own.diameter])
    assert seen["wanted"] == set(np.flatnonzero(away <= reach))
    assert 0 < len(seen["wanted"]) < len(own.row)


@pytest.mark.parametrize("name", SCENES)
def test_a_spot_stands_whatever_others_are_asked_for(name):
    _, picture, _ = planted(name, 4)
    proposals = all_proposed(picture, 40)
    numbers = range(len(proposals.places.row))
    every = draw_apart(proposals, numbers)
    assert list(every) == sorted(every)
    assert 0 < len(every) < len(numbers)
    for number in numbers:
        alone = draw_apart(proposals, [number])
        assert alone.keys() == every.keys() & {number}
        assert all((spot.row, spot.column) == (every[k].row, every[k].column) for k, spot in alone.items())


def test_each_place_is_drawn_in_the_picture_that_it_was_seen_in(monkeypatch):
    _, picture, _ = planted("well apart", 0)
    seen, drawn = all_proposed(picture, MOST), []
    monkeypatch.setattr(proposed, "measure_spot", lambda level, included, *place: drawn.append((level, included)))
    draw_apart(seen, range(len(seen.places.row)))
    assert 0 < seen.bright < len(drawn)
    assert all(
        level is seen.detached.level and included is seen.window.included for level, included in drawn[: seen.bright]
    )
    for level, included in drawn[seen.bright :]:
        assert np.array_equal(level, seen.beyond.level + np.float32(seen.levels.soft))
        assert np.array_equal(included, seen.window.included & seen.beyond.known)


@pytest.mark.parametrize("diameter", [1.0, 200.0])
def test_spots_may_meet_from_as_far_as_either_reaches(diameter):
    reach = furthest_reach(10.0)
    furthest = reach + 0.4 * max(2 * reach, diameter)
    for away, meets in ((furthest - 0.1, True), (furthest + 0.1, False)):
        spot = SimpleNamespace(row=50.0, column=away, diameter=diameter)
        assert proposed._may_meet((50.0, 0.0, 10.0), spot) is meets


def test_of_three_in_a_chain_the_outer_two_stand(monkeypatch):
    # Each drawn 5 pixels from its place; the second lies on the first, and the third on the second alone.
    places = np.array([(50.0, 100.0), (50.0, 103.0), (50.0, 106.0), (90.0, 100.0)])

    def spot_at(level, included, row, column, diameter):
        return None if row == 90.0 else SimpleNamespace(row=row + 5.0, column=column, diameter=diameter)

    monkeypatch.setattr(proposed, "measure_spot", spot_at)
    picture = SimpleNamespace(level=np.zeros((2, 2), np.float32), included=np.ones((2, 2), bool))
    chain = proposed.Proposed(
        window=picture,
        detached=picture,
        levels=SimpleNamespace(soft=0.0),
        beyond=SimpleNamespace(level=picture.level, known=picture.included),
        places=SimpleNamespace(row=places[:, 0], column=places[:, 1], diameter=np.full(4, 10.0)),
        bright=4,
    )
    assert list(draw_apart(chain, range(4))) == [0, 2]
    assert list(draw_apart(chain, [2, 1])) == [2]


def test_what_was_drawn_goes_with_the_last_who_asks_for_it():
    # Of a million pictures, none may wait for the collector of cycles.
    _, picture, _ = planted("alone", 0)
    proposals = all_proposed(picture, MOST)
    still_there = weakref.ref(proposals)
    gc.disable()
    try:
        assert draw_apart(proposals, range(len(proposals.places.row)))
        del proposals
        assert still_there() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("seed", range(3))
def test_no_outline_reaches_further_than_it_may(seed):
    _, picture, _ = planted("near each other", seed)
    proposals = all_proposed(picture, 60)
    own, window = proposals.places, proposals.window
    share = []
    for row, column, diameter in zip(own.row.tolist(), own.column.tolist(), own.diameter.tolist(), strict=True):
        spot = measure_spot(proposals.detached.level, window.included, row, column, diameter)
        if spot is not None:
            share.append(np.hypot(*(spot.outline - (row, column)).T).max() / furthest_reach(diameter))
    assert 0.8 < max(share) <= 1.0


def test_no_spot_lies_on_an_earlier_one():
    _, picture, _ = planted("near each other", 2)
    every = draw_apart(all_proposed(picture, 40), range(40))
    spots = list(every.values())
    for number, spot in enumerate(spots):
        for other in spots[:number]:
            apart = math.hypot(spot.row - other.row, spot.column - other.column)
            assert apart >= 0.4 * max(spot.diameter, other.diameter)


@pytest.mark.parametrize("name", SCENES)
def test_what_stands_out_is_the_same_seen_beside_the_bare_picture(name):
    bare, picture, _ = planted(name, 3)
    before, atlas = bare_hip(bare, HIP), load_atlas(MODEL)
    window = cut_again(before.window, picture)
    assert np.array_equal(window.level, cut_window(picture, HIP).level)
    anew, beside = standing_out(window, atlas), standing_out(window, atlas, before.beyond)
    for field in ("strength", "level", "known"):
        assert np.array_equal(getattr(anew, field), getattr(beside, field))
    assert np.array_equal(anew.unexplained.rest, beside.unexplained.rest)


def test_the_bare_picture_is_left_as_it_was():
    bare, picture, _ = planted("at the rim", 3)
    other, before, atlas = planted("alone", 3)[1], bare_hip(bare, HIP), load_atlas(MODEL)
    for one in (picture, other):
        window = cut_again(before.window, one)
        assert np.array_equal(standing_out(window, atlas, before.beyond).level, standing_out(window, atlas).level)


def test_the_faintest_difference_near_the_rim_is_looked_at():
    grey = soft_background(5)
    before = bare_hip(as_normalized(grey), HIP)
    window = cut_again(before.window, as_normalized(with_disk(grey, HIP.to_image(1.3, 45.0), 12.0, 1e-4)))
    found = standing_out(window, load_atlas(MODEL), before.beyond)
    assert np.array_equal(found.strength, standing_out(window, load_atlas(MODEL)).strength)
    assert not np.array_equal(found.strength, before.beyond.strength)


def test_what_lies_far_from_the_rim_leaves_what_stands_out_as_it_was():
    grey = soft_background(5)
    before = bare_hip(as_normalized(grey), HIP)
    far = with_disk(grey, HIP.to_image(2.15, 115.0), 10.0, 0.1)
    window = cut_again(before.window, as_normalized(far))
    assert not np.array_equal(window.level, before.window.level)
    assert standing_out(window, load_atlas(MODEL), before.beyond) is before.beyond


def test_a_window_is_cut_again_with_what_its_picture_excludes():
    excluded = np.zeros(SHAPE, bool)
    for first, last in pairwise(range(150, 400, 25)):
        excluded[first : last - 15, 260:330] = True
    bare, picture, _ = planted("alone", 0, excluded=excluded)
    again, anew = cut_again(cut_window(bare, HIP), picture), cut_window(picture, HIP)
    assert np.array_equal(again.level, anew.level)
    assert np.array_equal(again.zone, anew.zone)
