"""DICOM: every encoding in use, grey scale, side, and what must be refused with one clear sentence."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph import read_radiograph
from radiograph_files import PATIENT, bony_picture, dicom_dataset, encoded_dataset, save, stored

PIXELS = stored(bony_picture(), 12)
PIXELS_8 = stored(bony_picture(), 8).astype(np.uint8)

LOSSLESS = {
    "1.2.840.10008.1.2.4.57": lambda pixels: imagecodecs.ljpeg_encode(pixels, bitspersample=12),
    "1.2.840.10008.1.2.4.70": lambda pixels: imagecodecs.ljpeg_encode(pixels, bitspersample=12),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.90": lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True),
    "1.2.840.10008.1.2.4.201": imagecodecs.htj2k_encode,
}


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_encodings_give_the_stored_values(tmp_path, syntax):
    dataset = encoded_dataset(LOSSLESS[syntax](PIXELS), PIXELS, syntax=syntax)
    image = read_radiograph(save(dataset, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(image.pixels, PIXELS)
    assert image.pixels.dtype == np.float32
    assert (image.bits, image.polarity, image.polarity_source) == (12, "bone-bright", "header")


def test_rle_gives_the_stored_values(tmp_path):
    dataset = dicom_dataset(PIXELS)
    dataset.compress(RLELossless, generate_instance_uid=False)
    np.testing.assert_array_equal(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels, PIXELS)


def test_lossy_jpeg_is_close(tmp_path):
    data = imagecodecs.jpeg8_encode(PIXELS_8, level=95)
    dataset = encoded_dataset(data, PIXELS_8, syntax="1.2.840.10008.1.2.4.50", bits=8)
    assert np.abs(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels - PIXELS_8).mean() < 1.5


def test_12_bit_extended_jpeg_is_close(tmp_path):
    data = imagecodecs.jpeg8_encode(PIXELS, level=98, bitspersample=12)
    dataset = encoded_dataset(data, PIXELS, syntax="1.2.840.10008.1.2.4.51")
    assert np.abs(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels - PIXELS).mean() < 12


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, "1.2.840.10008.1.2.1.99"])
def test_uncompressed_encodings_give_the_stored_values(tmp_path, syntax):
    pixels = PIXELS.astype(">u2") if syntax == ExplicitVRBigEndian else PIXELS
    np.testing.assert_array_equal(
        read_radiograph(save(dicom_dataset(pixels, syntax=syntax), tmp_path / "a")).pixels, PIXELS
    )


@pytest.mark.parametrize("implicit", [True, False])
def test_file_without_preamble_is_read(tmp_path, implicit):
    buffer = io.BytesIO()
    dataset = dicom_dataset(PIXELS)
    pydicom.dcmwrite(buffer, Dataset(dataset), implicit_vr=implicit, little_endian=True, enforce_file_format=False)
    path = tmp_path / "no_suffix"
    path.write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(read_radiograph(path).pixels, PIXELS)


def test_preamble_with_a_tiff_header_is_still_dicom(tmp_path):
    dataset = dicom_dataset(PIXELS)
    dataset.preamble = b"II*\0" + b"\0" * 124
    np.testing.assert_array_equal(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels, PIXELS)


def test_signed_pixels(tmp_path):
    signed = (PIXELS.astype(np.int32) - 2048).astype(np.int16)
    np.testing.assert_array_equal(read_radiograph(save(dicom_dataset(signed), tmp_path / "a.dcm")).pixels, signed)


def test_bits_outside_bits_stored_are_cleared(tmp_path):
    littered = PIXELS | np.uint16(0x5000)
    np.testing.assert_array_equal(read_radiograph(save(dicom_dataset(littered), tmp_path / "a.dcm")).pixels, PIXELS)


def test_high_bit_above_bits_stored_is_shifted_down(tmp_path):
    dataset = dicom_dataset(PIXELS << 4, HighBit=15)
    np.testing.assert_array_equal(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels, PIXELS)


def test_signed_12_bits_without_sign_extension(tmp_path):
    signed = PIXELS.astype(np.int32) - 2048
    dataset = dicom_dataset((signed & 0xFFF).astype(np.uint16), PixelRepresentation=1)
    np.testing.assert_array_equal(read_radiograph(save(dataset, tmp_path / "a.dcm")).pixels, signed)


def test_rescale_is_applied(tmp_path):
    image = read_radiograph(save(dicom_dataset(PIXELS, RescaleSlope="0.5", RescaleIntercept="-10"), tmp_path / "a.dcm"))
    np.testing.assert_allclose(image.pixels, PIXELS * 0.5 - 10)


@pytest.mark.parametrize("slope", ["0", "NaN", "words"])
def test_invalid_rescale_is_left_out_with_a_note(tmp_path, slope):
    dataset = dicom_dataset(PIXELS)
    dataset.add_new(0x00281053, "LO", slope)
    image = read_radiograph(save(dataset, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(image.pixels, PIXELS)
    assert "the rescale is invalid and was not applied" in image.notes


def _modality_lut(data: np.ndarray, descriptor: list[int]) -> Sequence:
    item = Dataset()
    item.add_new(0x00283002, "US", descriptor)
    item.add_new(0x00283006, "OW", data.astype("<u2").tobytes())
    item.ModalityLUTType = "US"
    return Sequence([item])


def test_modality_lut_is_applied(tmp_path):
    table = np.sqrt(np.arange(4096) * 4095.0).round()
    image = read_radiograph(
        save(dicom_dataset(PIXELS, ModalityLUTSequence=_modality_lut(table, [4096, 0, 16])), tmp_path / "a.dcm")
    )
    np.testing.assert_array_equal(image.pixels, table[PIXELS])


def test_invalid_modality_lut_is_left_out_with_a_note(tmp_path):
    image = read_radiograph(save(dicom_dataset(PIXELS, ModalityLUTSequence=Sequence([Dataset()])), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(image.pixels, PIXELS)
    assert "the modality LUT is invalid and was not applied" in image.notes


def test_padding_value_and_range(tmp_path):
    padded = PIXELS.copy()
    padded[:50], padded[50:80] = 0, 3
    image = read_radiograph(save(dicom_dataset(padded, PixelPaddingValue=0), tmp_path / "a.dcm"))
    assert image.padding is not None
    np.testing.assert_array_equal(image.padding, padded == 0)
    image = read_radiograph(
        save(dicom_dataset(padded, PixelPaddingValue=0, PixelPaddingRangeLimit=5), tmp_path / "b.dcm")
    )
    np.testing.assert_array_equal(image.padding, padded <= 5)


def test_grey_in_rgb_becomes_grey(tmp_path):
    rgb = np.repeat(PIXELS_8[..., None], 3, axis=2)
    np.testing.assert_array_equal(
        read_radiograph(save(dicom_dataset(rgb, bits=8), tmp_path / "a.dcm")).pixels, PIXELS_8
    )


@pytest.mark.parametrize(
    ("header", "side"),
    [
        ({"ImageLaterality": "L"}, "L"),
        ({"Laterality": "R"}, "R"),
        ({"ImageLaterality": "B"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_side_is_the_patients(tmp_path, header, side):
    assert read_radiograph(save(dicom_dataset(PIXELS, **header), tmp_path / "a.dcm")).side == side


def test_view_hint_keeps_only_listed_words(tmp_path):
    dataset = dicom_dataset(
        PIXELS, ViewPosition="AP", SeriesDescription=f"Pelvis {PATIENT} 1961-04-05 lateral", BodyPartExamined="HIP"
    )
    assert read_radiograph(save(dataset, tmp_path / "a.dcm")).view_hint == "ap hip pelvis lateral"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"Modality": "CT"}, "this is a CT slice, not a radiograph"),
        ({"Modality": "MR"}, "this is an MR slice, not a radiograph"),
        ({"Modality": "US"}, "this is an ultrasound image, not a radiograph"),
        ({"Modality": "SR"}, "this is a DICOM object of another kind, not a radiograph"),
        ({"PixelData": None}, "this DICOM file holds no image"),
        ({"NumberOfFrames": 3}, "the file holds 3 frames; export one radiograph per file"),
        ({"BodyPartExamined": "CHEST"}, r"shows another body part \(chest\), not a hip"),
        ({"Rows": 60000, "Columns": 60000}, "60000 x 60000 pixels are no radiograph"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "this is a colour picture"),
    ],
)
def test_other_objects_are_rejected(tmp_path, header, message):
    path = save(dicom_dataset(PIXELS, **header), tmp_path / "a.dcm")
    with pytest.raises(InputRejectedError, match=message) as caught:
        read_radiograph(path)
    assert PATIENT not in str(caught.value)


def test_tiny_image_is_rejected(tmp_path):
    path = save(dicom_dataset(PIXELS[:16, :16].copy()), tmp_path / "a.dcm")
    with pytest.raises(InputRejectedError, match="16 x 16 pixels are too small for a hip radiograph"):
        read_radiograph(path)


def test_blank_image_is_rejected(tmp_path):
    path = save(dicom_dataset(np.full_like(PIXELS, 9)), tmp_path / "a.dcm")
    with pytest.raises(InputRejectedError, match="every pixel has the same value"):
        read_radiograph(path)


@pytest.mark.parametrize("syntax", ["native", *LOSSLESS, "1.2.840.10008.1.2.5"])
def test_truncated_file_is_never_read_as_if_whole(tmp_path, syntax):
    if syntax == "native":
        dataset = dicom_dataset(PIXELS)
    elif syntax == RLELossless:
        dataset = dicom_dataset(PIXELS)
        dataset.compress(RLELossless, generate_instance_uid=False)
    else:
        dataset = encoded_dataset(LOSSLESS[syntax](PIXELS), PIXELS, syntax=syntax)
    whole = save(dataset, tmp_path / "whole.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        with pytest.raises(
            (InputUnreadableError, InputRejectedError), match="copy it again|copy the file again|export"
        ):
            read_radiograph(path)


def test_unknown_transfer_syntax_is_named(tmp_path):
    path = save(encoded_dataset(b"\0" * 100, PIXELS, syntax="1.2.840.10008.1.2.4.102"), tmp_path / "a.dcm")
    with pytest.raises(
        InputUnreadableError, match=r"MPEG-4 AVC/H.264.*1\.2\.840\.10008\.1\.2\.4\.102.*cannot be decoded"
    ):
        read_radiograph(path)


def test_damaged_compressed_data_are_unreadable(tmp_path):
    path = save(encoded_dataset(b"nonsense\xff\xd9", PIXELS, syntax="1.2.840.10008.1.2.4.90"), tmp_path / "a.dcm")
    with pytest.raises(InputUnreadableError, match="are damaged; export the image again"):
        read_radiograph(path)


def test_empty_compressed_data_are_unreadable(tmp_path):
    dataset = encoded_dataset(b"x", PIXELS, syntax="1.2.840.10008.1.2.4.90")
    dataset.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0"  # an offset table, and nothing after it
    path = save(dataset, tmp_path / "a.dcm")
    with pytest.raises(InputUnreadableError, match="the image data are empty"):
        read_radiograph(path)


def test_header_that_lies_about_the_size_is_unreadable(tmp_path):
    data = imagecodecs.jpegls_encode(PIXELS)
    path = save(encoded_dataset(data, PIXELS, syntax="1.2.840.10008.1.2.4.80", Rows=500), tmp_path / "a.dcm")
    with pytest.raises(
        InputUnreadableError, match="the header says 500 x 400 pixels, but the image data hold 420 x 400"
    ):
        read_radiograph(path)


def test_missing_size_is_unreadable(tmp_path):
    path = save(dicom_dataset(PIXELS, Rows=None), tmp_path / "a.dcm")
    with pytest.raises(InputUnreadableError, match="the header does not state the image's size"):
        read_radiograph(path)


def test_one_bit_image_is_rejected(tmp_path):
    path = save(dicom_dataset(PIXELS_8, bits=1, BitsAllocated=1), tmp_path / "a.dcm")
    with pytest.raises(InputRejectedError, match="1 bits per pixel are no radiograph"):
        read_radiograph(path)


def test_reading_does_not_depend_on_the_file_name(tmp_path):
    first = read_radiograph(save(dicom_dataset(PIXELS), tmp_path / "a.png"))
    second = read_radiograph(str(save(dicom_dataset(PIXELS), Path(tmp_path / "b"))))
    assert first.sha256 == second.sha256
    assert len(first.image_id) == 16
