"""Millimetres: which header value is believed, and how far."""

import pytest

from hipcalc.radiograph import read_radiograph
from hipcalc.radiograph.spacing import header_spacing
from radiograph_files import bony_picture, dicom_dataset, save, stored

PIXELS = stored(bony_picture(), 12)


@pytest.mark.parametrize(
    ("header", "mm", "source"),
    [
        ({}, None, "unknown"),
        ({"PixelSpacing": [0.2, 0.2]}, 0.2, "detector-plane"),
        ({"ImagerPixelSpacing": [0.14, 0.14]}, 0.14, "detector-plane"),
        ({"NominalScannedPixelSpacing": [0.17, 0.17]}, 0.17, "detector-plane"),
        ({"PixelSpacing": [0.14, 0.14], "ImagerPixelSpacing": [0.14, 0.14]}, 0.14, "detector-plane"),
        ({"PixelSpacing": [0.12, 0.12], "ImagerPixelSpacing": [0.14, 0.14]}, 0.12, "calibrated"),
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
