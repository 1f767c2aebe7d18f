"""Raw detector values in proportion to the X-rays become attenuation; whatever has been through a logarithm stays."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from hipcalc.radiograph import read_radiograph
from radiograph_files import bony_picture, dicom_dataset, save

BONE = bony_picture()
# Bone lets 0.7% of 60,000 quanta pass where it is thickest.
EXPOSURE = np.rint(60_000 * np.exp(-5 * BONE)).astype(np.uint16)
RAW = {"PresentationIntentType": "FOR PROCESSING", "PixelIntensityRelationship": "LIN"}


def read(tmp_path, pixels, **header):
    return read_radiograph(save(dicom_dataset(pixels, bits=16, **header), tmp_path / "a.dcm"))


def table():
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [65536 % 65536, 0, 16], np.arange(65536, dtype=np.uint16).tobytes()
    item["LUTData"].VR = "OW"
    item.ModalityLUTType = "US"
    return [item]


@pytest.mark.parametrize(
    ("pixels", "sign", "photometric", "polarity"),
    [
        (EXPOSURE, 1, "MONOCHROME1", "bone-dark"),
        (65_535 - EXPOSURE, -1, "MONOCHROME2", "bone-bright"),
        ((65_535 - EXPOSURE) // 4, -1, "MONOCHROME2", "bone-bright"),
    ],
)
def test_raw_values_become_proportional_to_what_absorbed_the_rays(tmp_path, pixels, sign, photometric, polarity):
    image = read(tmp_path, pixels, **RAW, PixelIntensityRelationshipSign=sign, PhotometricInterpretation=photometric)
    assert image.polarity == polarity
    bright = image.pixels if polarity == "bone-bright" else -image.pixels
    slope, offset = np.polyfit(BONE.ravel(), bright.ravel(), 1)
    assert slope == pytest.approx(5, rel=0.01)
    np.testing.assert_allclose((bright - offset) / slope, BONE, atol=0.003)
    assert image.notes == ("the logarithm of raw values in proportion to the X-rays was taken",)


def test_values_below_zero_count_from_the_lowest(tmp_path):
    pixels = (EXPOSURE.astype(np.int32) - 32_768).astype(np.int16)
    image = read(tmp_path, pixels, **RAW, PixelIntensityRelationshipSign=1, PhotometricInterpretation="MONOCHROME1")
    assert np.corrcoef(BONE.ravel(), image.pixels.ravel())[0, 1] < -0.99
    assert len(np.unique(image.pixels)) > 0.9 * len(np.unique(EXPOSURE))


def test_lead_and_the_detectors_offset_stay_finite(tmp_path):
    pixels = EXPOSURE.copy()
    pixels[:40], pixels[40:60] = 0, 3
    image = read(tmp_path, pixels, **RAW, PixelIntensityRelationshipSign=1, PhotometricInterpretation="MONOCHROME1")
    # Nothing is told apart below a thousandth of the highest exposure.
    assert np.isfinite(image.pixels).all()
    assert np.ptp(image.pixels[:60]) == 0
    assert image.pixels[:60].max() < image.pixels[60:].min()


@pytest.mark.parametrize(
    "header",
    [
        {},
        RAW | {"PresentationIntentType": "FOR PRESENTATION"},
        RAW | {"PixelIntensityRelationship": "LOG"},
        RAW | {"VOILUTSequence": table()},
        RAW | {"ModalityLUTSequence": table()},
    ],
)
def test_every_other_picture_stays_as_it_is(tmp_path, header):
    image = read(tmp_path, EXPOSURE, **header, PixelIntensityRelationshipSign=1)
    np.testing.assert_array_equal(image.pixels, EXPOSURE.astype(np.float32))
    assert not [note for note in image.notes if "raw" in note]


def test_raw_values_of_unknown_sign_are_left_and_named(tmp_path):
    image = read(tmp_path, EXPOSURE, **RAW)
    np.testing.assert_array_equal(image.pixels, EXPOSURE.astype(np.float32))
    assert "the header does not say their sign" in image.notes[0]
