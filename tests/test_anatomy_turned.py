"""Pictures that lie on their side or upside down are told, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hipcalc
from hipcalc.anatomy import locate_hips, quarter_turns_to_hips, turned
from hipcalc.errors import InputRejectedError
from hipcalc.normalize import normalize
from hipcalc.radiograph import read_radiograph
from support import SHARED_DATA, needs_shared_data

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
WORDS = {1: "a quarter turn clockwise", 2: "half a turn", 3: "a quarter turn counterclockwise"}


def lying(path: Path, turns_needed: int):
    """Turn a picture so that it must be turned clockwise so often."""
    upright = read_radiograph(path)
    return replace(upright, pixels=np.ascontiguousarray(np.rot90(upright.pixels, turns_needed)), padding=None)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("name", ["01_ap_pelvis.dcm", "03_left_hip.dcm"])
def test_the_turn_that_shows_hips_is_told(name, turns):
    radiograph = lying(SAMPLE / name, turns)
    assert quarter_turns_to_hips(normalize(radiograph)) == turns
    with pytest.raises(InputRejectedError, match=f"but after {WORDS[turns]} it shows one; turn it"):
        hipcalc.screen(radiograph)


@needs_shared_data
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_is_told_of_a_real_pelvis(turns):
    radiograph = lying(SHARED_DATA / "radiographs_mixed" / "avulsion-fracture-lesser-trochanter.jpg", turns)
    assert quarter_turns_to_hips(normalize(radiograph)) == turns


def test_no_turn_makes_a_hip_of_a_forearm_or_of_noise():
    noise = np.random.default_rng(3).normal(0.5, 0.1, (700, 600)).astype(np.float32)
    forearm = pydicom.dcmread(SAMPLE / "04_forearm.dcm").pixel_array.astype(np.float32)
    carrier = read_radiograph(SAMPLE / "05_left_hip.dcm")
    for pixels in (forearm, noise):
        assert quarter_turns_to_hips(normalize(replace(carrier, pixels=pixels, padding=None))) is None


@pytest.mark.parametrize(
    ("confidences", "told"), [((0.75,), False), ((0.95,), True), ((0.75, 0.75), True), ((0.95, 0.2), True), ((), False)]
)
def test_a_lone_hip_that_is_in_doubt_tells_no_turn(monkeypatch, confidences, told):
    image = normalize(read_radiograph(SAMPLE / "05_left_hip.dcm"))
    (hip,) = locate_hips(image)
    hips = [replace(hip, confidence=one, status="located" if one > 0.7 else "absent") for one in confidences]
    monkeypatch.setattr(turned, "frames_at_first_sight", lambda normalized: hips)
    assert (quarter_turns_to_hips(image) is not None) is told


def test_the_picture_itself_is_left_as_it_was():
    image = normalize(lying(SAMPLE / "01_ap_pelvis.dcm", 1))
    before = image.grey.copy()
    quarter_turns_to_hips(image)
    np.testing.assert_array_equal(image.grey, before)
    assert not [hip for hip in locate_hips(image) if hip.status == "located"]
