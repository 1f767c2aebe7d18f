"""Phantoms of every view, with osteophytes and with a prosthesis: what their truth says is what the picture shows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pydicom
import pytest

from hipcalc.anatomy import locate_hips, recognise_view
from hipcalc.errors import UsageError
from hipcalc.evaluate.truth_table import read_truth
from hipcalc.normalize import normalize
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import BodyAnatomy, HipAnatomy, Imaging, make_phantom
from hipcalc.synthetic.beam import attenuation_at
from hipcalc.synthetic.draw_body import density_at_age, draw_body
from hipcalc.synthetic.projection import frame_of
from hipcalc.synthetic.prosthesis import head_radius_mm
from hipcalc.synthetic.simulate import write_phantom
from hipcalc.synthetic.skeleton import body_pose, project_skeleton

HIP = Imaging(view="ap-left-hip", rows=520, columns=480, pixel_mm=0.27)


def phantom(anatomy=None, imaging=HIP, seed=3):
    hip = anatomy or HipAnatomy()
    return make_phantom(body=BodyAnatomy(right=hip, left=hip), imaging=imaging, seed=seed)


def bones(anatomy, imaging=HIP):
    """Millimetres of bone, and of metal, along the rays of a left hip."""
    body = BodyAnatomy(right=anatomy, left=anatomy)
    frame = frame_of(imaging, body.body_thickness_mm, step_mm=imaging.pixel_mm)
    skeleton = project_skeleton(body, imaging, body_pose(body, imaging), frame, np.random.default_rng(0))
    parts = (skeleton.hip_bones["L"], skeleton.femora["L"])
    return [part.compact + part.cancellous for part in parts], skeleton.metal


def at(picture, row, column):
    return picture[round(row), round(column)]


@pytest.mark.parametrize(
    "anatomy",
    [
        HipAnatomy(),
        HipAnatomy(centre_edge_angle_deg=44.0, joint_space_mm=1.5, head_radius_mm=26.5),
        HipAnatomy(centre_edge_angle_deg=18.0, acetabular_index_deg=18.0, head_radius_mm=20.5),
    ],
)
def test_the_teardrop_is_the_lower_end_of_the_medial_wall(anatomy):
    (hip,), (pelvis, _) = phantom(anatomy).hips, bones(anatomy)[0]
    row, column = hip.teardrop_row_px, hip.teardrop_column_px
    step = 2.0 * hip.magnification / HIP.pixel_mm
    assert at(pelvis, row - step, column) > 3.0
    # Beyond the tip the wall is gone; what is left there belongs to the ischium behind it.
    assert at(pelvis, row + step, column) < 0.6 * at(pelvis, row - step, column)


def test_the_head_is_where_the_truth_says():
    (hip,), (_, femur) = phantom().hips, bones(HipAnatomy())[0]
    for phi in (-100.0, -60.0, -30.0, 30.0):
        assert at(femur, *hip.to_image(0.95, phi)) > 2.0
        assert at(femur, *hip.to_image(1.05, phi)) == pytest.approx(0.0, abs=0.2)


def test_the_crest_of_the_trochanter_is_seen_through_the_neck():
    (_, femur), _ = bones(HipAnatomy())
    (hip,) = phantom().hips
    # From the fossa's floor to medial, along a row above the neck's axis: the crest ends as a step of thickness.
    row, column = hip.to_image(2.0, 100.0)
    reach = round(14.0 * hip.magnification / HIP.pixel_mm)
    profile = femur[round(row), round(column) - reach : round(column) + reach]
    steepest = np.abs(np.diff(profile)).max() * hip.magnification / HIP.pixel_mm
    assert steepest > 3.0


def test_the_cortex_of_uneven_bone_varies_more():
    def compact(unevenness):
        anatomy = HipAnatomy(unevenness=unevenness)
        body = BodyAnatomy(right=anatomy, left=anatomy)
        frame = frame_of(HIP, body.body_thickness_mm, step_mm=0.6)
        skeleton = project_skeleton(body, HIP, body_pose(body, HIP), frame, np.random.default_rng(0))
        return skeleton.hip_bones["L"].compact

    smooth, usual, uneven = (compact(unevenness) for unevenness in (0.3, 0.9, 2.4))
    assert np.abs(uneven - smooth).mean() > 2.0 * np.abs(usual - smooth).mean() > 0.0


def test_people_differ_in_how_uneven_their_bone_is_and_their_two_hips_hardly_do():
    bodies = [draw_body(np.random.default_rng(seed)) for seed in range(300)]
    logs = np.log([(body.right.unevenness, body.left.unevenness) for body in bodies])
    assert np.exp(np.median(logs)) == pytest.approx(1.0, abs=0.1)
    assert logs[:, 0].std() == pytest.approx(0.45, abs=0.07)
    assert np.abs(logs[:, 0] - logs[:, 1]).mean() < 0.2


@pytest.mark.parametrize("size", [3.0, 7.0])
def test_an_osteophyte_lengthens_the_rim_to_its_lip(size):
    plain, grown = HipAnatomy(), HipAnatomy(osteophyte_mm=size)
    (hip,) = phantom(grown).hips
    (before, bare), (after, spurred) = bones(plain)[0], bones(grown)[0]
    tip = np.array([hip.lip_row_px, hip.lip_column_px])
    rim = np.array([hip.rim_row_px, hip.rim_column_px])
    assert np.hypot(*(tip - rim)) * HIP.pixel_mm / hip.magnification == pytest.approx(size, rel=0.02)
    inside = rim + 0.85 * (tip - rim)
    assert at(after, *inside) > at(before, *inside) + 0.5
    assert (spurred - bare).max() > 1.0
    (same,) = phantom(plain).hips
    assert (same.lip_row_px, same.lip_column_px) == (same.rim_row_px, same.rim_column_px)


def test_a_prosthesis_is_metal_and_its_truth_an_implant():
    anatomy = HipAnatomy(prosthesis=True)
    made = phantom(anatomy)
    (hip,) = made.hips
    (_, femur), metal = bones(anatomy)
    assert hip.kind == "implant"
    assert hip.head_radius_px == pytest.approx(head_radius_mm(anatomy) * hip.magnification / HIP.pixel_mm)
    assert at(metal, hip.head_row_px, hip.head_column_px) > 25.0
    assert at(femur, hip.head_row_px, hip.head_column_px) == pytest.approx(0.0, abs=0.1)
    assert made.pixels[metal > 10].min() > np.percentile(made.pixels, 60)
    assert attenuation_at(77.0).cobalt_chromium > 5 * attenuation_at(77.0).bone


def test_a_replaced_hip_of_a_pelvis_is_called_an_implant():
    body = BodyAnatomy(left=HipAnatomy(prosthesis=True))
    made = make_phantom(body=body, imaging=Imaging(rows=900, columns=1000, pixel_mm=0.42), seed=1)
    statuses = {hip.side: hip.status for hip in locate_hips(normalize(made.to_radiograph()))}
    assert statuses == {"R": "located", "L": "implant"}


def test_implants_are_not_counted_as_hips_to_be_found(tmp_path):
    truth = tmp_path / "truth_hips.csv"
    row = {"path": "a.dcm", "side": "R", "head_row_px": 1, "head_column_px": 1, "head_radius_px": 1}
    row |= {"rim_row_px": 1, "rim_column_px": 1}
    pd.DataFrame([row | {"kind": "native"}, row | {"side": "L", "kind": "implant"}]).to_csv(truth, index=False)
    assert read_truth(truth)["side"].tolist() == ["R"]


@pytest.mark.parametrize("view", ["frog-left-hip", "frog-right-hip"])
def test_a_frog_leg_view_turns_the_thigh_and_leaves_the_socket(view, tmp_path):
    imaging = replace(HIP, view=view)
    made = phantom(imaging=imaging)
    (hip,), (straight,) = made.hips, phantom(imaging=replace(HIP, view=view.replace("frog", "ap"))).hips
    for field in ("head_row_px", "head_column_px", "rim_row_px", "teardrop_row_px"):
        assert getattr(hip, field) == pytest.approx(getattr(straight, field))
    write_phantom(tmp_path, "frog.dcm", made, number=1, seed=1)
    read = read_radiograph(tmp_path / "frog.dcm")
    normalized = normalize(read)
    assert recognise_view(normalized, locate_hips(normalized)) == "frog_leg"
    assert "FROG" not in str(pydicom.dcmread(tmp_path / "frog.dcm").PatientName)


def test_the_thigh_of_a_frog_leg_goes_outwards():
    columns = []
    for view in ("ap-left-hip", "frog-left-hip"):
        low = bones(HipAnatomy(), replace(HIP, view=view))[0][1][-60:].sum(axis=0)
        columns.append(float(np.average(np.arange(len(low)), weights=low + 1e-6)))
    assert columns[1] > columns[0] + 60


def test_bone_gets_thinner_with_age():
    densities = [density_at_age(age) for age in (20.0, 30.0, 50.0, 85.0, 95.0)]
    assert densities == sorted(densities, reverse=True)
    assert densities[0] == 1.0
    assert densities[-1] == pytest.approx(0.7)


def test_drawn_bodies_hold_some_of_each():
    rng = np.random.default_rng(4)
    hips = [hip for body in (draw_body(rng) for _ in range(300)) for hip in (body.right, body.left)]
    assert 0.01 < np.mean([hip.prosthesis for hip in hips]) < 0.05
    assert 0.1 < np.mean([hip.osteophyte_mm > 0 for hip in hips]) < 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"osteophyte_mm": 9.0}, "osteophyte_mm is 9 but must be between 0 and 8 mm"),
        ({"head_radius_mm": 30.0}, "head_radius_mm is 30 but must be between 20 and 27 mm"),
        ({"bone_density": 0.1}, "bone_density is 0.1 but must be between 0.5 and 1.3 of the adult mean"),
    ],
)
def test_anatomy_out_of_range_is_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        HipAnatomy(**arguments)


def test_an_unknown_view_is_named():
    with pytest.raises(UsageError, match="view is 'lateral' but must be one of ap-pelvis, .*frog-left-hip"):
        Imaging(view="lateral")
