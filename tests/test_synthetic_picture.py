"""How a phantom's picture is formed: attenuation, blur, display bands, grain."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.stats import kurtosis

from hipcalc.synthetic import BodyAnatomy, HipAnatomy, Imaging
from hipcalc.synthetic.beam import attenuation_at, detector_blur
from hipcalc.synthetic.bone_details import add_bone_details
from hipcalc.synthetic.display import enhance
from hipcalc.synthetic.hip_bone import rim_point
from hipcalc.synthetic.soft_tissue import soft_tissue
from hipcalc.synthetic.texture import noise_tile, trabeculae

IMAGING = Imaging(rows=300, columns=300, pixel_mm=0.4)


def test_metals_are_denser_to_the_beam_than_mineral_and_titanium_least():
    mu = attenuation_at(77.0)
    assert mu.adipose < mu.muscle < mu.bone < mu.hydroxyapatite < mu.titanium < mu.steel < mu.cobalt_chromium
    # 0.75 of 80 kV is 60 keV, a point of the tables: 0.66 Co, 0.28 Cr, 0.06 Mo at 8.3 g/cm3.
    expected = (0.66 * 1.314 + 0.28 * 0.964 + 0.06 * 4.2736) * 0.83
    assert attenuation_at(80.0).cobalt_chromium == pytest.approx(expected, rel=1e-6)


def test_the_blur_keeps_the_signal_and_has_a_longer_tail_than_its_core():
    point = np.zeros((101, 101), np.float32)
    point[50, 50] = 1.0
    spread = detector_blur(point, replace(IMAGING, pixel_mm=0.1, blur_mm=0.2))
    assert spread.sum() == pytest.approx(1.0, abs=1e-4)
    core = np.exp(-0.5 * (8 / 2) ** 2)
    assert spread[50, 58] / spread[50, 50] > 20 * core


def test_the_display_keeps_the_order_of_a_strong_and_a_weak_step_but_lifts_the_weak_one_more():
    rows, columns = np.mgrid[:300, :300]
    step = (columns > 150).astype(np.float32) + 0 * rows.astype(np.float32)
    bent = replace(IMAGING, compression=0.7, noise_reduction=0.0)

    def gain(height):
        shown = enhance(np.float32(height) * step, bent)[150]
        return float(shown.max() - shown.min()) / height

    assert 0.5 < gain(0.5) < 0.8 * gain(0.02)


def test_noise_reduction_takes_weak_detail_only():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((300, 300), dtype=np.float32)
    weak, strong = (
        enhance(np.float32(height) * noise, replace(IMAGING, noise_reduction=0.8, compression=0.0)).std() / height
        for height in (0.002, 0.2)
    )
    assert weak < 0.5 * strong


def test_what_a_change_does_to_the_display_stays_within_30_mm():
    rng = np.random.default_rng(2)
    picture = rng.normal(3.0, 0.02, (400, 400)).astype(np.float32)
    changed = picture.copy()
    changed[190:210, 190:210] += 0.3
    difference = np.abs(enhance(changed, IMAGING) - enhance(picture, IMAGING))
    margin = int(30.0 / IMAGING.pixel_mm)
    inside = np.zeros(picture.shape, bool)
    inside[190 - margin : 210 + margin, 190 - margin : 210 + margin] = True
    assert difference[~inside].max() < 0.01 * difference.max()


def test_a_tile_has_no_grain_wider_than_its_floor():
    tile = noise_tile(np.random.default_rng(3), slope=0.5, low=1.0, high=4.0, stretch=9.0, floor=0.9)
    power = np.abs(np.fft.fft2(tile)) ** 2
    across = np.abs(np.fft.fftfreq(len(tile), 0.2))
    assert power[across < 0.2].mean() < 0.05 * power[(across > 0.9) & (across < 1.5)].mean()


def test_femoral_trabeculae_run_from_the_calcar_to_the_roof():
    lateral, cranial = np.meshgrid(np.arange(-12, 12, 0.2), np.arange(14, -10, -0.2))
    femur, _ = trabeculae(
        lateral.astype(np.float32), cranial.astype(np.float32), unevenness=1.0, rng=np.random.default_rng(4)
    )
    down, right = np.gradient(femur)
    # Structure tensor: the steepest direction, below the horizontal; lines that go down to lateral rise across to it.
    steepest = 0.5 * np.arctan2(2 * (down * right).mean(), (right**2).mean() - (down**2).mean())
    assert 10.0 < -np.degrees(steepest) < 45.0


def test_uneven_bone_has_heavier_tails_at_the_scale_of_foci_but_no_other_mean():
    lateral, cranial = np.meshgrid(np.arange(-30, 30, 0.2, np.float32), np.arange(90, 30, -0.2, np.float32))
    tails, means = [], []
    for unevenness in (0.3, 2.5):
        textures = [
            trabeculae(lateral, cranial, unevenness=unevenness, rng=np.random.default_rng(seed))[1] for seed in range(4)
        ]
        bands = [cv2.GaussianBlur(t, (0, 0), 4.0) - cv2.GaussianBlur(t, (0, 0), 6.4) for t in textures]
        tails.append(np.mean([kurtosis(band, axis=None) for band in bands]))
        means.append(np.mean(textures))
    assert tails[1] > tails[0] + 0.5
    assert means == pytest.approx([0.0, 0.0], abs=0.15)


def test_the_corner_of_the_roof_is_dense_in_a_hip_of_its_own_and_nothing_far_from_it_is_changed():
    anatomy = HipAnatomy()
    lateral, cranial = np.meshgrid(np.arange(-60, 90, 0.5, np.float32), np.arange(90, -60, -0.5, np.float32))
    rim = rim_point(anatomy)
    away = np.hypot(lateral - rim[0], cranial - rim[1])
    added = []
    for seed in (1, 2):
        compact = np.zeros(lateral.shape, np.float32)
        add_bone_details(compact, lateral, cranial, anatomy, np.random.default_rng(seed))
        assert compact[away < 6.0].max() > 1.0
        assert compact.min() >= 0.0
        assert compact[(away > 40.0) | (cranial < rim[1] - 8.0)].max() < 0.05
        added.append(compact)
    assert np.abs(added[0] - added[1]).max() > 1.0


def test_details_of_a_rim_outside_of_the_picture_add_nothing():
    lateral, cranial = np.meshgrid(np.arange(100, 150, 1.0, np.float32), np.arange(-100, -150, -1.0, np.float32))
    compact = np.zeros(lateral.shape, np.float32)
    add_bone_details(compact, lateral, cranial, HipAnatomy(), np.random.default_rng(1))
    assert not compact.any()


def test_soft_tissue_is_never_leaner_than_nothing_nor_than_the_body_and_gas_takes_of_both():
    axis = np.arange(-150.0, 150.0, 1.5, dtype=np.float32)
    right, cranial = np.meshgrid(axis, axis[::-1])
    with_gas, without = (
        soft_tissue(right, cranial, BodyAnatomy(gas=gas), step_mm=1.5, rng=np.random.default_rng(5)) for gas in (1, 0)
    )
    for tissue in (with_gas, without):
        assert tissue.lean.min() >= 0.0
        assert (tissue.lean <= tissue.body + 1e-3).all()
    assert (without.body - with_gas.body).max() > 10.0
