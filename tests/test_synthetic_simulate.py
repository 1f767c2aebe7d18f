"""Folders of phantoms: valid DICOM, truth tables that match, the same bytes from the same seed."""

import subprocess

import numpy as np
import pandas as pd
import pydicom
import pytest

from hipcalc.errors import InputRejectedError, UsageError
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import (
    FOCUS_KINDS,
    SAMPLE_SIZE,
    TRAP_KINDS,
    Furniture,
    Imaging,
    TextBox,
    simulate,
    simulate_sample,
)
from hipcalc.synthetic.dicom_file import write_dicom
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, VIEWS
from support import ROOT, require_program

# With this seed the first two phantoms are a right and a left hip, which are small.
SEED = 88
SAMPLE = ROOT / "sample_data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "new"
    seen = []
    files = simulate(out, n=2, seed=SEED, on_image=seen.append)
    assert seen == [1, 2]
    assert [file.name for file in files] == ["phantom_00001.dcm", "phantom_00002.dcm"]
    return out


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample")
    (out / "note.txt").write_text("stays")
    seen = []
    files = simulate_sample(out, on_image=seen.append)
    assert seen == list(range(1, SAMPLE_SIZE + 1))
    assert len(files) == SAMPLE_SIZE
    assert (out / "note.txt").read_text() == "stays"
    return out


def verified(file):
    program = require_program("dciodvfy", "dicom3tools")
    return subprocess.run([program, str(file)], capture_output=True, text=True, check=False).stderr


def test_files_are_valid_dx_images(folder):
    for file in sorted(folder.glob("*.dcm")):
        said = verified(file)
        assert "DXImageForPresentation" in said
        assert "Error" not in said


def test_files_read_as_what_they_are(folder):
    right, left = (read_radiograph(file) for file in sorted(folder.glob("*.dcm")))
    assert (right.side, left.side) == ("R", "L")
    assert {right.polarity, left.polarity} <= {"bone-bright", "bone-dark"}
    header = pydicom.dcmread(folder / "phantom_00001.dcm")
    truth = pd.read_csv(folder / "truth_hips.csv")
    assert right.spacing_source == "magnification-corrected"
    expected = float(header.ImagerPixelSpacing[0]) / truth.magnification[0]
    assert right.spacing_mm == pytest.approx(expected, rel=1e-3)


def test_no_name_but_the_phantoms_and_no_clock(folder):
    for number, file in enumerate(sorted(folder.glob("*.dcm")), start=1):
        header = pydicom.dcmread(file)
        assert str(header.PatientName) == f"PHANTOM^{number:03d}"
        assert header.PatientID == f"PHANTOM-{number:03d}"
        assert header.StudyDate == header.ContentDate == "20260101"


def test_the_same_seed_gives_the_same_bytes_and_more_only_adds(folder, tmp_path):
    simulate(tmp_path / "one", n=1, seed=SEED)
    first = "phantom_00001.dcm"
    assert (tmp_path / "one" / first).read_bytes() == (folder / first).read_bytes()
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == [first, "truth.csv", "truth_hips.csv", "truth_objects.csv", "truth_traps.csv"]


def test_the_number_of_workers_changes_nothing(folder, tmp_path):
    simulate(tmp_path / "two", n=2, seed=SEED, workers=2)
    for file in folder.iterdir():
        assert (tmp_path / "two" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_every_depth_and_polarity_is_a_valid_file_that_reads_as_it_was_written(tmp_path, bits, photometric):
    view = VIEWS[bits % len(VIEWS)]
    side = SIDE_OF_VIEW[view]
    furniture = Furniture(text_boxes=(TextBox(text="AP", width_mm=20.0),) if bits > 10 else ())
    imaging = Imaging(
        view=view, rows=300, columns=400, pixel_mm=0.5, bits=bits, photometric=photometric, furniture=furniture
    )
    pixels = np.round(np.linspace(0, 2**bits - 1, 300 * 400)).astype(np.uint16).reshape(300, 400)
    file = tmp_path / "phantom.dcm"
    write_dicom(
        file, pixels, imaging, number=1, seed=1, body_part="HIP" if side else "PELVIS", side=side, magnification=1.2
    )
    assert "Error" not in verified(file)
    header = pydicom.dcmread(file)
    assert (header.BitsStored, header.PhotometricInterpretation) == (bits, photometric)
    assert header.BurnedInAnnotation == ("YES" if furniture.text_boxes else "NO")
    read = read_radiograph(file)
    assert read.bits == bits
    is_inverse = photometric == "MONOCHROME1"
    assert read.polarity == ("bone-dark" if is_inverse else "bone-bright")
    assert np.array_equal(read.pixels, 2**bits - 1 - pixels if is_inverse else pixels)


def test_truth_tables_have_the_columns_that_others_read(folder):
    foci, traps, hips = (pd.read_csv(folder / name) for name in ("truth.csv", "truth_traps.csv", "truth_hips.csv"))
    assert {"path", "side", "row_px", "column_px", "diameter_px", "diameter_mm", "class"} <= set(foci.columns)
    assert list(traps.columns) == list(foci.columns)
    assert hips.path.tolist() == ["phantom_00001.dcm", "phantom_00002.dcm"]
    assert hips.side.tolist() == ["R", "L"]
    assert set(foci["class"]) <= set(FOCUS_KINDS) - TRAP_KINDS
    assert set(traps["class"]) <= TRAP_KINDS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0, "seed": 1}, "n is 0 but must be between 1 and 100000 radiographs"),
        ({"n": 1, "seed": -1}, "seed is -1 but must be 0 or larger"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, message):
    with pytest.raises(UsageError, match=message):
        simulate(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="is not empty; give a new one"):
        simulate(tmp_path, n=1, seed=1)


@pytest.mark.parametrize("write", [simulate_sample, lambda out: simulate(out, n=1, seed=1)])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, write):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="file/out cannot be written to .*; give another one"):
        write(tmp_path / "file" / "out")


def test_the_sample_is_valid_dicom_and_small():
    files = sorted(SAMPLE.glob("*.dcm"))
    assert len(files) == SAMPLE_SIZE
    assert sum(file.stat().st_size for file in SAMPLE.iterdir()) < 12e6
    for file in files:
        assert "Error" not in verified(file)


def test_the_sample_holds_what_its_page_says():
    foci, hips = pd.read_csv(SAMPLE / "truth.csv"), pd.read_csv(SAMPLE / "truth_hips.csv")
    per_image = foci.groupby("path").size().to_dict()
    assert per_image.pop("01_ap_pelvis.dcm") == 2
    assert set(per_image.values()) == {1}
    assert set(hips.path) - set(foci.path) == {"03_left_hip.dcm"}
    assert foci.cnr.between(4.0, 7.0).all()
    with pytest.raises(InputRejectedError, match="forearm"):
        read_radiograph(SAMPLE / "04_forearm.dcm")


def test_the_sample_is_what_the_simulator_makes(sample):
    for table in ("truth.csv", "truth_hips.csv", "truth_traps.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(sample / table), pd.read_csv(SAMPLE / table), rtol=0.02)
    for file in sorted(SAMPLE.glob("*hip.dcm")):
        again, kept = read_radiograph(sample / file.name).pixels, read_radiograph(file).pixels
        # OpenCV 4 interpolates in steps of 1/32 pixel, which changes half of the pixels by about one of 4096 levels.
        assert np.abs(again - kept).mean() < 2.0
