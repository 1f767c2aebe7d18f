"""Cut-outs of a picture: where they come from, and what of them counts."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hipcalc.anatomy.gradients import normalised_gradient
from hipcalc.anatomy.patch import Pyramid, gradient_patch

UNIT_PX = 20


def ramps(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures whose grey level is the row, and the column."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return rows, columns


def whole(shape: tuple[int, int]) -> np.ndarray:
    return np.ones(shape, bool)


@given(
    shape=st.tuples(st.integers(400, 700), st.integers(400, 700)),
    radius=st.floats(8.0, 90.0),
    place=st.tuples(st.floats(0.45, 0.55), st.floats(0.45, 0.55)),
)
def test_a_cut_out_is_centred_on_its_place_at_every_size(
    shape: tuple[int, int], radius: float, place: tuple[float, float]
) -> None:
    centre_px = shape[0] * place[0], shape[1] * place[1]
    for picture, wanted in zip(ramps(shape), centre_px, strict=True):
        _, patch, _, centre = gradient_patch(Pyramid.of(picture, whole(shape)), centre_px, radius, UNIT_PX, 1.0, 0.05)
        assert patch[centre, centre] == pytest.approx(wanted, abs=0.04 * max(1.0, radius / UNIT_PX))


def test_a_cut_out_is_scaled_to_the_radius() -> None:
    rows, _ = ramps((901, 777))
    _, patch, _, centre = gradient_patch(Pyramid.of(rows, whole(rows.shape)), (450.0, 380.0), 60.0, UNIT_PX, 1.0, 0.05)
    assert patch[centre + UNIT_PX, centre] - patch[centre - UNIT_PX, centre] == pytest.approx(120.0, rel=0.02)


def test_what_lies_beyond_the_picture_does_not_count() -> None:
    grey = np.random.default_rng(1).normal(size=(300, 300)).astype(np.float32)
    picture = Pyramid.of(grey, whole(grey.shape))
    _, _, inside, _ = gradient_patch(picture, (150.0, 150.0), 40.0, UNIT_PX, 1.5, 0.05)
    _, _, beyond, centre = gradient_patch(picture, (150.0, 10.0), 40.0, UNIT_PX, 1.5, 0.05)
    assert inside.all()
    assert not beyond[:, : centre - 7].any()
    assert beyond[:, centre:].all()


@pytest.mark.parametrize("turn_deg", [0.0, 12.0])
@pytest.mark.parametrize("place", [(150.0, 12.0), (292.0, 285.0), (3.0, 140.0)])
def test_beyond_the_border_its_values_go_on(place: tuple[float, float], turn_deg: float) -> None:
    grey = np.random.default_rng(4).normal(size=(300, 301)).astype(np.float32)
    wide = np.pad(grey, 100, mode="edge")
    cut_out = partial(gradient_patch, unit_px=UNIT_PX, half_head_radii=1.5, smoothing_head_radii=0.05)
    _, patch, kept, _ = cut_out(Pyramid.of(grey, whole(grey.shape)), place, UNIT_PX, turn_deg=turn_deg)
    mask = np.pad(whole(grey.shape), 100)
    moved = (place[0] + 100.0, place[1] + 100.0)
    _, expected, counts, _ = cut_out(Pyramid.of(wide, mask), moved, UNIT_PX, turn_deg=turn_deg)
    np.testing.assert_allclose(patch, expected, atol=1e-4)
    # By the border's place and by resampling its mask.
    assert np.mean(kept != counts) < 0.002
    assert 0.2 < kept.mean() < 0.8


def test_an_excluded_area_does_not_count_nor_change_the_rest_much() -> None:
    grey = np.random.default_rng(2).normal(size=(300, 300)).astype(np.float32)
    keep = whole(grey.shape)
    free, *_ = gradient_patch(Pyramid.of(grey, keep), (150.0, 150.0), 40.0, UNIT_PX, 1.5, 0.05)
    keep[:120] = False
    field, _, kept, centre = gradient_patch(Pyramid.of(grey, keep), (150.0, 150.0), 40.0, UNIT_PX, 1.5, 0.05)
    assert not kept[: centre - 16].any()
    assert not field[:, : centre - 16].any()
    below = np.s_[:, centre + 10 :, :]
    assert np.corrcoef(field[below].ravel(), free[below].ravel())[0, 1] > 0.98


@given(gain=st.floats(0.01, 100.0), offset=st.floats(-10.0, 10.0))
def test_normalised_gradients_do_not_depend_on_gain_and_offset(gain: float, offset: float) -> None:
    smooth = np.random.default_rng(3).normal(size=(60, 80)).astype(np.float32)
    keep = np.ones(smooth.shape, np.float32)
    field = normalised_gradient(smooth, keep, 9.0)
    other = normalised_gradient((gain * smooth + offset).astype(np.float32), keep, 9.0)
    np.testing.assert_allclose(other, field, atol=0.02)


def test_gradients_of_a_flipped_picture_are_flipped() -> None:
    smooth = np.random.default_rng(4).normal(size=(64, 64)).astype(np.float32)
    keep = np.ones(smooth.shape, np.float32)
    keep[:10, :20] = 0.0
    down, right = normalised_gradient(smooth, keep, 9.0)
    down_flipped, right_flipped = normalised_gradient(smooth[:, ::-1].copy(), keep[:, ::-1].copy(), 9.0)
    np.testing.assert_allclose(down_flipped[:, ::-1], down, atol=1e-4)
    np.testing.assert_allclose(-right_flipped[:, ::-1], right, atol=1e-4)
