"""Polarity: header against picture, pictures without header, inverted copies."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hipcalc.radiograph import find_inputs, read_radiograph
from hipcalc.radiograph.polarity import DECIDES, OVERRULES, decide_polarity, line_evidence
from radiograph_files import bony_picture, dicom_dataset, save, stored, write_png
from support import SHARED_DATA, needs_shared_data

BRIGHT = stored(bony_picture(), 12)
DARK = (4095 - BRIGHT).astype(np.uint16)
FLAT_NOISE = np.random.default_rng(5).normal(2000, 50, (420, 400)).astype(np.uint16)


@pytest.mark.parametrize(("pixels", "polarity"), [(BRIGHT, "bone-bright"), (DARK, "bone-dark")])
def test_without_header_the_picture_decides(tmp_path, pixels, polarity):
    image = read_radiograph(write_png(tmp_path / "a.png", pixels))
    assert (image.polarity, image.polarity_source, image.notes) == (polarity, "picture", ())


def test_picture_that_shows_nothing_is_taken_as_bright_and_says_so(tmp_path):
    image = read_radiograph(write_png(tmp_path / "a.png", FLAT_NOISE))
    assert (image.polarity, image.polarity_source) == ("bone-bright", "default")
    assert image.notes == ("the picture does not show whether bone is bright or dark; bright was assumed",)


def _descending_lut() -> Sequence:
    item = Dataset()
    item.add_new(0x00283002, "US", [4096, 0, 16])
    item.add_new(0x00283006, "OW", np.arange(4095, -1, -1, dtype="<u2").tobytes())
    return Sequence([item])


@pytest.mark.parametrize(
    ("pixels", "header", "polarity"),
    [
        (BRIGHT, {"PhotometricInterpretation": "MONOCHROME2"}, "bone-bright"),
        (BRIGHT, {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "IDENTITY"}, "bone-bright"),
        (DARK, {"PhotometricInterpretation": "MONOCHROME1"}, "bone-dark"),
        (DARK, {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}, "bone-dark"),
        # The descending table is applied: it turns the picture round.
        (DARK, {"PhotometricInterpretation": "MONOCHROME2", "VOILUTSequence": _descending_lut()}, "bone-bright"),
    ],
)
def test_header_that_agrees_is_the_source(tmp_path, pixels, header, polarity):
    image = read_radiograph(save(dicom_dataset(pixels, **header), tmp_path / "a.dcm"))
    assert (image.polarity, image.polarity_source, image.notes) == (polarity, "header", ())


def test_negative_rescale_turns_the_values_not_the_decision(tmp_path):
    header = {"PhotometricInterpretation": "MONOCHROME2", "RescaleSlope": "-1", "RescaleIntercept": "4095"}
    image = read_radiograph(save(dicom_dataset(DARK, **header), tmp_path / "a.dcm"))
    assert image.polarity == "bone-bright"
    np.testing.assert_array_equal(image.pixels, BRIGHT)


@pytest.mark.parametrize(("pixels", "stated", "shown"), [(DARK, 2, "bone-dark"), (BRIGHT, 1, "bone-bright")])
def test_clear_picture_overrules_the_header_and_says_so(tmp_path, pixels, stated, shown):
    dataset = dicom_dataset(pixels, PhotometricInterpretation=f"MONOCHROME{stated}")
    image = read_radiograph(save(dataset, tmp_path / "a.dcm"))
    assert (image.polarity, image.polarity_source) == (shown, "picture")
    assert len(image.notes) == 1
    assert f"but the picture shows {shown}" in image.notes[0]


def test_vague_picture_does_not_overrule_the_header():
    decision = decide_polarity(FLAT_NOISE.astype(np.float32), "bone-dark")
    assert (decision.polarity, decision.source, decision.notes) == ("bone-dark", "header", ())


@pytest.mark.parametrize("pixels", [BRIGHT, DARK])
def test_header_that_contradicts_itself_leaves_it_to_the_picture(tmp_path, pixels):
    dataset = dicom_dataset(pixels, PhotometricInterpretation="MONOCHROME2", PresentationLUTShape="INVERSE")
    image = read_radiograph(save(dataset, tmp_path / "a.dcm"))
    assert image.polarity == ("bone-bright" if pixels is BRIGHT else "bone-dark")
    assert image.polarity_source == "picture"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.floats(0.01, 5000), offset=st.floats(-20, 20), rows=st.integers(300, 520))
def test_evidence_turns_with_the_picture_and_ignores_gain_and_offset(seed, gain, offset, rows):
    picture = bony_picture(rows, 400, seed=seed)
    evidence = line_evidence(picture)
    assert evidence > OVERRULES
    scaled = ((picture + offset) * gain).astype(np.float32)
    assert line_evidence(scaled) == pytest.approx(evidence, abs=0.02)
    assert line_evidence(-picture) == pytest.approx(-evidence, abs=1e-3)


@pytest.mark.parametrize("right_px", [12, 20, 28, 36])
@pytest.mark.parametrize("contrast", [0.2, 0.4, 1.0])
@pytest.mark.parametrize("white", [1.0, 0.0])
def test_a_printed_scale_bar_does_not_turn_the_picture(right_px, contrast, white):
    """A line of which the margin hides all but its side shows the opposite of what it is."""
    picture = 0.5 + contrast * (bony_picture(511, 511) - 0.5)
    column = 511 - right_px
    cv2.line(picture, (column, 60), (column, 450), white, 3)
    for row in range(60, 451, 65):
        cv2.line(picture, (column - 24, row), (column, row), white, 3)
    assert line_evidence(picture) > DECIDES
    assert line_evidence(-picture) < -DECIDES


@pytest.mark.parametrize("share", [0.04, 0.05, 0.06, 0.08])
@pytest.mark.parametrize("level", [1.0, 0.7, 0.45, 0.2, 0.0])
def test_a_frame_around_the_picture_does_not_turn_it(share, level):
    width = round(share * 511)
    picture = np.pad(bony_picture(511 - 2 * width, 511 - 2 * width), width, constant_values=level)
    assert line_evidence(picture) > DECIDES
    assert line_evidence(-picture) < -DECIDES


@needs_shared_data
def test_real_pictures_and_their_inverted_copies_are_told_apart():
    crops = find_inputs([SHARED_DATA / "hip_crops" / "images"])[::5]
    wrong = []
    for path in (*crops, *find_inputs([SHARED_DATA / "radiographs_mixed"])):
        if path.suffix == ".md":
            continue
        pixels = read_radiograph(path).pixels
        decisions = decide_polarity(pixels, None), decide_polarity(-pixels, None)
        if [decision.polarity for decision in decisions] != ["bone-bright", "bone-dark"]:
            wrong.append(path.name)
    assert wrong == []
