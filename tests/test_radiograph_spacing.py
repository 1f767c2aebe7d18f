"""Millimetres: which header value is believed, and how far."""

import numpy as np
import pytest

from hipcalc.errors import UsageError
from hipcalc.normalize import calibrate_by_scale_bar, check_scale_bar_mm
from hipcalc.radiograph import read_radiograph
from hipcalc.radiograph.spacing import header_spacing
from radiograph_files import bony_picture, dicom_dataset, save, stored, write_png

PIXELS = stored(bony_picture(), 12)


@pytest.mark.parametrize(
    ("header", "mm", "source"),
    [
        ({}, None, "unknown"),
        ({"PixelSpacing": [0.2, 0.2]}, 0.2, "detector-plane"),
        ({"ImagerPixelSpacing": [0.14, 0.14]}, 0.14, "detector-plane"),
        ({"NominalScannedPixelSpacing": [0.17, 0.17]}, 0.17, "detector-plane"),
        ({"PixelSpacing": [0.14, 0.14], "ImagerPixelSpacing": [0.14, 0.14]}, 0.14, "detector-plane"),
        ({"PixelSpacing": [0.12, 0.12], "PixelSpacingCalibrationType": "FIDUCIAL"}, 0.12, "calibrated"),
        ({"PixelSpacing": [0.12, 0.12], "PixelSpacingCalibrationType": "GEOMETRY"}, 0.12, "magnification-corrected"),
        (
            {"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 1.2},
            0.125,
            "magnification-corrected",
        ),
        (
            {"ImagerPixelSpacing": [0.15, 0.15], "DistanceSourceToDetector": 1150, "DistanceSourceToPatient": 1000},
            0.15 / 1.15,
            "magnification-corrected",
        ),
        ({"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 1.0}, 0.15, "detector-plane"),
    ],
)
def test_spacing_and_its_source(header, mm, source):
    spacing = header_spacing(dicom_dataset(PIXELS, **header))
    assert (spacing.mm, spacing.source, spacing.notes) == (pytest.approx(mm), source, ())


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ([0, 0], "PixelSpacing is not a positive pair and was not used"),
        ([-0.2, -0.2], "PixelSpacing is not a positive pair and was not used"),
        ([0.2, 0.3], "PixelSpacing is not square and was not used"),
        ([1.0, 1.0], "PixelSpacing is 1.0 mm, an exporter's default, and was not used"),
        ([2.5, 2.5], "PixelSpacing is outside 0.03-0.8 mm and was not used"),
    ],
)
def test_absurd_spacing_is_not_used_and_noted(value, note):
    spacing = header_spacing(dicom_dataset(PIXELS, PixelSpacing=value))
    assert (spacing.mm, spacing.source, spacing.notes) == (None, "unknown", (note,))


def test_absurd_spacing_gives_way_to_a_sound_one():
    spacing = header_spacing(dicom_dataset(PIXELS, PixelSpacing=[1, 1], ImagerPixelSpacing=[0.14, 0.14]))
    assert (spacing.mm, spacing.source) == (0.14, "detector-plane")


def test_implausible_magnification_is_noted():
    header = {"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 12}
    spacing = header_spacing(dicom_dataset(PIXELS, **header))
    assert (spacing.mm, spacing.source) == (0.15, "detector-plane")
    assert spacing.notes == ("the header's magnification is implausible and was not used",)


def test_pixels_that_are_not_square_are_noted():
    spacing = header_spacing(dicom_dataset(PIXELS, PixelAspectRatio=[1, 2]))
    assert "pixels are not square" in spacing.notes[0]


def test_notes_reach_the_radiograph(tmp_path):
    image = read_radiograph(save(dicom_dataset(PIXELS, PixelSpacing=[1, 1]), tmp_path / "a.dcm"))
    assert image.notes == ("PixelSpacing is 1.0 mm, an exporter's default, and was not used",)


def _with_bar(length_px):
    picture = 100 * bony_picture(600, 600)
    picture[540:543, 60 : 60 + length_px + 1] = 250
    for column in range(60, 61 + length_px, length_px // 4):
        picture[530:553, column : column + 2] = 250
    return picture


def test_a_scale_bar_gives_the_spacing(tmp_path):
    image = read_radiograph(write_png(tmp_path / "bar.png", np.clip(_with_bar(200), 0, 255).astype(np.uint8)))
    measured = calibrate_by_scale_bar(image, 50.0)
    assert measured.spacing_source == "scale-bar"
    assert measured.spacing_mm == pytest.approx(0.25, rel=0.02)


def test_without_a_bar_the_spacing_stays_and_a_note_says_so(tmp_path):
    image = read_radiograph(write_png(tmp_path / "plain.png", (255 * np.clip(bony_picture(), 0, 1)).astype(np.uint8)))
    same = calibrate_by_scale_bar(image, 50.0)
    assert (same.spacing_mm, same.spacing_source) == (None, "unknown")
    assert "no scale bar was found" in same.notes[-1]


@pytest.mark.parametrize("length", [0.0, -3.0, float("nan")])
def test_a_bar_of_no_length_is_refused(length):
    with pytest.raises(UsageError, match="scale bar's length must be a positive number"):
        check_scale_bar_mm(length)


def test_a_spacing_of_its_own_is_a_calibrated_one():
    spacing = header_spacing(dicom_dataset(PIXELS, PixelSpacing=[0.12, 0.12], ImagerPixelSpacing=[0.14, 0.14]))
    assert (spacing.mm, spacing.source) == (0.12, "calibrated")


@pytest.mark.parametrize(
    ("header", "note"),
    [
        (
            {"PixelSpacing": ["0.15", "0.15"], "ImagerPixelSpacing": ["0.2", "0.2"]},
            "does not say how it was calibrated",
        ),
        (
            {
                "ImagerPixelSpacing": ["0.2", "0.2"],
                "EstimatedRadiographicMagnificationFactor": "1.15",
                "DistanceSourceToDetector": "1150",
                "DistanceSourceToPatient": "700",
            },
            "magnification contradicts its distances",
        ),
    ],
)
def test_header_values_that_contradict_each_other_are_noted(header, note):
    assert note in header_spacing(dicom_dataset(PIXELS, **header)).notes[0]
