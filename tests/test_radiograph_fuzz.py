"""A bounded search for files on which the reader breaks; `tests/benchmarks/fuzz_reader.py` searches for longer."""

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import JPEGLosslessSV1, JPEGLSLossless

import fuzzing
from radiograph_files import bony_picture, dicom_dataset, encoded_dataset, save, stored

CASES = 8000


def own_files(folder):
    """Small radiographs of our own in the usual formats."""
    folder.mkdir()
    pixels = stored(bony_picture(120, 130), 12)
    eight = (pixels >> 4).astype(np.uint8)
    save(dicom_dataset(pixels, WindowCenter="2000", WindowWidth="4000", PixelSpacing=[0.2, 0.2]), folder / "raw.dcm")
    for name, syntax, encode in (
        ("jls.dcm", JPEGLSLossless, imagecodecs.jpegls_encode),
        ("jpl.dcm", JPEGLosslessSV1, imagecodecs.ljpeg_encode),
    ):
        save(encoded_dataset(bytes(encode(pixels)), pixels, syntax=syntax), folder / name)
    for suffix, encode in (
        ("png", imagecodecs.png_encode), ("jpg", imagecodecs.jpeg8_encode), ("tif", imagecodecs.tiff_encode)
    ):  # fmt: skip
        (folder / f"a.{suffix}").write_bytes(encode(eight))
    return folder


@pytest.mark.filterwarnings("ignore")
def test_nothing_but_a_sentence_comes_of_a_broken_file(tmp_path):
    files = fuzzing.corpus(own_files(tmp_path / "own"))
    assert len(files) > 15
    report = fuzzing.run(files, tmp_path / "case", seeds=range(CASES))
    assert report.crashes == []
    assert report.cases == report.read + sum(report.refused.values()) == CASES
    assert min(report.read, sum(report.refused.values())) > 300
    assert len(report.refused) > 8
