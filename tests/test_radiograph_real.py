"""Every file of ../shared/data/dicom and what its row must be."""

import numpy as np
import pandas as pd
import pytest

from hipcalc.cohort import CohortSettings, run_cohort
from hipcalc.errors import HipcalcError, InputRejectedError
from hipcalc.radiograph import find_inputs, read_radiograph
from support import SHARED_DATA, needs_shared_data

pytestmark = needs_shared_data

HIP = ((2140, 1760), 10, "bone-bright", 0.2, "detector-plane", "unknown", "hip")
LEG = ((1760, 1760), 10, "bone-dark", None, "unknown", "R", "ap")
ROWS = {
    "RG2_REF.dcm": HIP,
    "RG2_RLE.dcm": HIP,
    "RG2_JPLL.dcm": HIP,
    "RG2_JLSL.dcm": HIP,
    "RG2_JLSN.dcm": HIP,
    "RG2_J2KR.dcm": HIP,
    "RG2_J2KI.dcm": HIP,
    "RG2_JPLY.dcm": HIP,
    "RG3_JPLL.dcm": LEG,
    "RG3_JPLY.dcm": LEG,
    # An undeclared chest film: the reader cannot know; the locator finds no hip in it.
    "Monochrome1-Jpeg.dcm": ((2446, 2010), 8, "bone-dark", 0.175, "detector-plane", "unknown", ""),
    "KarstenHilbertRF.dcm": ((464, 512), 8, "bone-bright", None, "unknown", "unknown", ""),
    "mlut_18.dcm": ((512, 512), 12, "bone-bright", None, "unknown", "unknown", ""),
    "vlut_04.dcm": ((512, 512), 8, "bone-bright", None, "unknown", "unknown", ""),
    "leadtools-flowers-16-mono2-rle.dcm": ((535, 800), 16, "bone-bright", None, "unknown", "unknown", ""),
}
REJECTED = {
    "README.md": "not an image file",
    "gdcm-CR-MONO1-10-chest.dcm": r"another body part \(chest\)",
    "pydicom_CR_CSPINE_mono1_6154.dcm": r"another body part \(cspine\)",
}
LOSSY_MEAN_STEP = {"RG2_JLSN.dcm": 4.0, "RG2_J2KI.dcm": 4.0, "RG2_JPLY.dcm": 8.0}


def test_every_file_has_its_expectation():
    assert {path.name for path in find_inputs([SHARED_DATA / "dicom"])} == {*ROWS, *REJECTED}


@pytest.mark.parametrize("name", ROWS)
def test_row(name):
    image = read_radiograph(SHARED_DATA / "dicom" / name)
    seen = (
        image.shape,
        image.bits,
        image.polarity,
        image.spacing_mm,
        image.spacing_source,
        image.side,
        image.view_hint,
    )
    assert seen == ROWS[name]
    assert image.polarity_source == "header"


@pytest.mark.parametrize("name", REJECTED)
def test_rejection(name):
    with pytest.raises(InputRejectedError, match=REJECTED[name]):
        read_radiograph(SHARED_DATA / "dicom" / name)


@pytest.mark.parametrize("name", ["RG2_RLE.dcm", "RG2_JPLL.dcm", "RG2_JLSL.dcm", "RG2_J2KR.dcm"])
def test_lossless_encodings_of_one_hip_are_bit_for_bit_alike(name):
    reference = read_radiograph(SHARED_DATA / "dicom" / "RG2_REF.dcm")
    np.testing.assert_array_equal(read_radiograph(SHARED_DATA / "dicom" / name).pixels, reference.pixels)


@pytest.mark.parametrize("name", LOSSY_MEAN_STEP)
def test_lossy_encodings_of_one_hip_are_close(name):
    reference = read_radiograph(SHARED_DATA / "dicom" / "RG2_REF.dcm")
    difference = np.abs(read_radiograph(SHARED_DATA / "dicom" / name).pixels - reference.pixels)
    assert 0 < difference.mean() < LOSSY_MEAN_STEP[name]


def test_modality_lut_of_a_real_file_is_applied():
    assert read_radiograph(SHARED_DATA / "dicom" / "mlut_18.dcm").pixels.max() > 2047


@pytest.mark.parametrize("folder", ["paediatric", "meshes", "hip_crops"])
def test_other_files_are_read_without_spacing_or_refused_in_one_line(folder):
    messages = []
    for path in find_inputs([SHARED_DATA / folder]):
        if path.parent.name == "images":
            continue
        try:
            assert read_radiograph(path).spacing_mm is None
        except HipcalcError as error:
            messages.append(str(error))
    assert messages
    assert all("\n" not in message and message.endswith(".") for message in messages)


NO_HIP = "no hip was found; the picture may show another body part."
CLIPPED = f"{NO_HIP[:-1]}, or its joints lie where it is clipped to white."
OTHER_PART = "by its header this radiograph shows another body part ({}), not a hip."
RG2 = ("ok", None, 2140, 1760, 0.2, "detector-plane", "bone-bright", "unilateral", "ok")
RG3 = ("rejected", NO_HIP, 1760, 1760, None, "unknown", "bone-dark", None, None)
# status, reason, rows, columns, spacing_mm, spacing_source, polarity, view, quality
IMAGES = {
    "KarstenHilbertRF.dcm": ("rejected", NO_HIP, 464, 512, None, "unknown", "bone-bright", None, None),
    "Monochrome1-Jpeg.dcm": ("rejected", NO_HIP, 2446, 2010, 0.175, "detector-plane", "bone-dark", None, None),
    "README.md": (
        "rejected",
        "not an image file (DICOM, PNG, JPEG or TIFF).",
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ),
    "RG2_J2KI.dcm": RG2,
    "RG2_J2KR.dcm": RG2,
    "RG2_JLSL.dcm": RG2,
    "RG2_JLSN.dcm": RG2,
    "RG2_JPLL.dcm": RG2,
    "RG2_JPLY.dcm": (*RG2[:-1], "limited: visible compression blocks"),
    "RG2_REF.dcm": RG2,
    "RG2_RLE.dcm": RG2,
    "RG3_JPLL.dcm": RG3,
    "RG3_JPLY.dcm": RG3,
    "gdcm-CR-MONO1-10-chest.dcm": ("rejected", OTHER_PART.format("chest"), None, None, None, None, None, None, None),
    "leadtools-flowers-16-mono2-rle.dcm": ("rejected", NO_HIP, 535, 800, None, "unknown", "bone-bright", None, None),
    "mlut_18.dcm": ("rejected", CLIPPED, 512, 512, None, "unknown", "bone-bright", None, None),
    "pydicom_CR_CSPINE_mono1_6154.dcm": (
        "rejected",
        OTHER_PART.format("cspine"),
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ),
    "vlut_04.dcm": ("rejected", CLIPPED, 512, 512, None, "unknown", "bone-bright", None, None),
}
COLUMNS = ["status", "reason", "rows", "columns", "spacing_mm", "spacing_source", "polarity", "view", "quality"]


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    out = tmp_path_factory.mktemp("real") / "results"
    run_cohort([SHARED_DATA / "dicom"], out, settings=CohortSettings(detectability=False, pages=False))
    return {name: pd.read_parquet(out / f"{name}.parquet") for name in ("images", "hips", "candidates")}


def _named(table):
    return table.set_index(table["path"].str.rsplit("/").str[-1])


def test_every_row_of_the_images_table(screened):
    table = _named(screened["images"])[COLUMNS].astype(object)
    table = table.where(table.notna(), None)
    assert dict(zip(table.index, table.itertuples(index=False, name=None), strict=True)) == IMAGES


def test_every_encoding_shows_the_same_hip_and_findings(screened):
    hips = _named(screened["hips"])
    assert set(hips.index) == {name for name in IMAGES if name.startswith("RG2")}
    assert set(hips["side"]) == {"L"}
    assert set(hips["status"]) == {"located"}
    reference = hips.loc["RG2_REF.dcm"]
    for column in ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px"):
        assert (hips[column] - reference[column]).abs().max() < 0.02 * reference["head_radius_px"]
    candidates = _named(screened["candidates"])
    found = {name: _places(candidates, name) for name in hips.index}
    for name in ("RG2_RLE.dcm", "RG2_JPLL.dcm", "RG2_JLSL.dcm", "RG2_J2KR.dcm"):
        assert found[name] == found["RG2_REF.dcm"]
    assert {name: sum(finding for *_, finding in places) for name, places in found.items()} == dict.fromkeys(found, 0)


def _places(candidates, name):
    rows = candidates.loc[[name]]
    return list(zip(rows["row_px"], rows["column_px"], rows["expected_false_marks"], rows["finding"], strict=True))
