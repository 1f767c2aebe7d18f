"""Zip archives and DICOMDIR: one row per radiograph in them, whatever is wrong with the rest."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from hipcalc.cli import main
from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph import content_sha256, find_inputs, read_radiograph
from hipcalc.radiograph.limits import MAX_FILE_BYTES
from radiograph_files import bony_picture, dicom_dataset, save, stored
from small_radiographs import small_hip

PIXELS = stored(bony_picture(), 12)


@pytest.fixture
def dicom(tmp_path):
    return save(dicom_dataset(PIXELS), tmp_path / "one.dcm")


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def test_an_archive_stands_for_its_files(tmp_path, dicom):
    data = dicom.read_bytes()
    members = {"b/two.dcm": data, "a.dcm": data, "notes.txt": b"x", ".hidden": b"x", "__MACOSX/a.dcm": b"x"}
    path = archive(tmp_path / "Scan.ZIP", members)
    assert find_inputs([path]) == (path / "a.dcm", path / "b/two.dcm", path / "notes.txt")


def test_a_member_reads_as_its_file(tmp_path, dicom):
    path = archive(tmp_path / "scan.zip", {"in/one.dcm": dicom.read_bytes()}) / "in/one.dcm"
    member, file = read_radiograph(path), read_radiograph(dicom)
    np.testing.assert_array_equal(member.pixels, file.pixels)
    assert member.sha256 == file.sha256 == content_sha256(path)
    assert member.path == str(path)


@pytest.mark.parametrize(
    ("members", "name", "error", "message"),
    [
        ({"in.zip": b"PK"}, "in.zip", InputRejectedError, "an archive inside an archive is not opened; unpack it"),
        ({"a.dcm": b"x"}, "b.dcm", InputUnreadableError, "the archive holds no such file"),
        ({"zeros.dcm": bytes(30_000_000)}, "zeros.dcm", InputRejectedError, "would unpack to more than any radiograph"),
        ({"a.txt": b"text"}, "a.txt", InputRejectedError, "not an image file"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, members, name, error, message):
    path = archive(tmp_path / "scan.zip", members) / name
    with pytest.raises(error, match=message):
        read_radiograph(path)


def test_a_size_that_lies_is_found_out(tmp_path):
    path = archive(tmp_path / "scan.zip", {"a.dcm": bytes(2_000_000)})
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = (100).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises((InputRejectedError, InputUnreadableError)):
        read_radiograph(path / "a.dcm")
    assert MAX_FILE_BYTES < 1e9


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"text"])
def test_an_archive_that_cannot_be_opened_is_one_input(tmp_path, content):
    path = tmp_path / "bad.zip"
    path.write_bytes(content)
    assert find_inputs([path]) == (path,)
    with pytest.raises(InputUnreadableError, match="empty|cannot be opened"):
        read_radiograph(path)


def test_an_archive_is_screened_member_by_member_and_resumed(tmp_path):
    hip = small_hip(tmp_path / "hip.png").read_bytes()
    path = archive(tmp_path / "scan.zip", {"a/hip.png": hip, "cut.png": hip[:4000], "in.zip": b"PK"})
    arguments = ["screen", str(path), "--out", str(tmp_path / "out"), "--no-detectability", "--format", "tables"]
    assert main([*arguments, "--workers", "2"]) == 3
    images = pd.read_csv(tmp_path / "out" / "images.csv")
    assert images["path"].tolist() == [str(path / name) for name in ("a/hip.png", "cut.png", "in.zip")]
    assert images["status"].tolist() == ["ok", "failed", "rejected"]
    assert main([*arguments, "--resume"]) == 3
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out" / "images.csv"), images)


def dicomdir(path, references):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MediaStorageDirectoryStorage, "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory = Dataset()
    directory.file_meta = meta
    directory.FileSetID, directory.DirectoryRecordSequence = "TEST", []
    for reference in references:
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", reference
        directory.DirectoryRecordSequence.append(record)
    dcmwrite(path, directory, enforce_file_format=True)
    return path


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_a_dicomdir_stands_for_the_files_it_names_each_once(tmp_path, dicom):
    (tmp_path / "IMAGES").mkdir()
    dicom.rename(tmp_path / "IMAGES" / "IM1")
    path = dicomdir(tmp_path / "DICOMDIR", [["IMAGES", "IM1"], ["IMAGES", "GONE"], ["..", "OUT"], ["IMAGES", "IM1"]])
    expected = (tmp_path / "IMAGES" / "GONE", tmp_path / "IMAGES" / "IM1")
    assert find_inputs([path]) == expected
    assert find_inputs([tmp_path]) == expected
    assert read_radiograph(expected[1]).shape == PIXELS.shape
    with pytest.raises(InputUnreadableError, match="there is no such file"):
        read_radiograph(expected[0])


def test_a_damaged_dicomdir_is_an_input_itself(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(b"nothing")
    assert find_inputs([tmp_path]) == (tmp_path / "DICOMDIR",)
