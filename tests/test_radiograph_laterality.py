"""Side, view and orientation: from the header, from the file's name, and against the picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from hipcalc.anatomy import laterality_notes, locate_hips, recognise_view
from hipcalc.errors import UsageError
from hipcalc.normalize import normalize
from hipcalc.radiograph import apply_name_pattern, compile_name_pattern, read_radiograph
from radiograph_files import bony_picture, dicom_dataset, save, stored
from support import ROOT

PIXELS = stored(bony_picture(), 12)


def read(tmp_path, **header):
    return read_radiograph(save(dicom_dataset(PIXELS, **header), tmp_path / "a.dcm"))


def _region(code):
    region, modifier = Dataset(), Dataset()
    modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = code, "SCT", "side"
    region.AnatomicRegionModifierSequence = [modifier]
    return [region]


@pytest.mark.parametrize(
    ("header", "side"),
    [
        ({"ImageLaterality": "R"}, "R"),
        ({"Laterality": "L"}, "L"),
        ({"ImageLaterality": "U", "SeriesDescription": "hip left"}, "unknown"),
        ({"AnatomicRegionSequence": _region("7771000")}, "L"),
        ({"AnatomicRegionSequence": _region("G-A100")}, "R"),
        ({"SeriesDescription": "Hüfte rechts ap"}, "R"),
        ({"SeriesDescription": "hips right and left"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_side_of_the_header(tmp_path, header, side):
    image = read(tmp_path, **header)
    assert (image.side, image.side_source) == (side, "unknown" if side == "unknown" else "header")


@pytest.mark.parametrize(
    ("orientation", "at_right"), [(["L", "F"], "L"), (["R", "F"], "R"), (["LF", "F"], "L"), (["A", "F"], "unknown")]
)
def test_orientation_of_the_header(tmp_path, orientation, at_right):
    assert read(tmp_path, PatientOrientation=orientation).side_at_right == at_right


@pytest.mark.parametrize(
    ("name", "side", "words"),
    [
        ("s12_R_ap.dcm", "R", "ap"),
        ("s12_l_frog.dcm", "L", "frog"),
        ("other.dcm", "unknown", ""),
    ],
)
def test_side_and_view_of_the_name(tmp_path, name, side, words):
    image = read_radiograph(save(dicom_dataset(PIXELS), tmp_path / name))
    named = apply_name_pattern(image, r"_(?P<side>[RL])_(?P<view>ap|frog)\.")
    assert (named.side, named.view_hint) == (side, words)
    assert named.side_source == ("unknown" if side == "unknown" else "filename")


def test_a_name_that_contradicts_the_header_is_noted(tmp_path):
    image = read(tmp_path, ImageLaterality="L")
    named = apply_name_pattern(replace(image, path="x_right.dcm"), "_(?P<side>right|left)")
    assert named.side == "R"
    assert "the header says side L, but the file's name says R" in named.notes[-1]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("(", "is not a regular expression"), ("_[RL]_", r"names neither \(\?P<side>")],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, message):
    with pytest.raises(UsageError, match=message):
        compile_name_pattern(pattern)


@pytest.fixture(scope="module")
def hip():
    """A left hip of the sample at half of its size, with no side stated."""
    image = read_radiograph(ROOT / "sample_data" / "07_left_hip.dcm")
    pixels = cv2.resize(image.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return replace(image, pixels=pixels, spacing_mm=2 * image.spacing_mm, side="unknown", side_source="unknown")


def _located(image):
    return locate_hips(normalize(image))


def test_a_flipped_hip_is_the_other_side_at_the_mirrored_place(hip):
    (seen,) = _located(hip)
    flipped = replace(hip, pixels=np.ascontiguousarray(hip.pixels[:, ::-1]))
    (mirrored,) = _located(flipped)
    assert (seen.side, mirrored.side) == ("L", "R")
    width = hip.pixels.shape[1]
    assert mirrored.head_column_px == pytest.approx(width - 1 - seen.head_column_px, abs=0.03 * seen.head_radius_px)
    assert mirrored.head_row_px == pytest.approx(seen.head_row_px, abs=0.03 * seen.head_radius_px)


@pytest.mark.parametrize(("stated", "said"), [("L", False), ("R", True)])
def test_a_stated_side_that_the_picture_contradicts_is_flagged(hip, stated, said):
    image = replace(hip, side=stated, side_source="header")
    hips = _located(image)
    assert [one.side for one in hips] == [stated]
    assert any("mirrored, taken from behind, or mislabelled" in note for note in laterality_notes(image, hips)) == said


def test_a_mirrored_orientation_turns_the_sides(hip):
    image = replace(hip, side_at_right="R")
    hips = _located(image)
    assert [(one.side, one.side_source) for one in hips] == [("R", "header")]
    assert "mirrored against the usual display" in laterality_notes(image, hips)[0]


@pytest.mark.parametrize(
    ("words", "view"),
    [("hip frog leg", "frog_leg"), ("hip lat", "lateral"), ("ap", "unilateral"), ("ap lat", "unilateral")],
)
def test_views_by_words(hip, words, view):
    normalized = normalize(replace(hip, view_hint=words))
    assert recognise_view(normalized, locate_hips(normalized)) == view
