"""Nothing of a header that names a person or a day leaves it, unless the linkage file is asked for."""

import shutil
import stat

import pandas as pd
import pypdfium2
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

from hipcalc.cli import main
from hipcalc.radiograph import read_radiograph
from radiograph_files import dicom_dataset, save
from small_radiographs import SAMPLE

TEXTS = (
    "PatientName", "PatientID", "OtherPatientIDs", "PatientAddress", "PatientComments", "AccessionNumber", "StudyID",
    "ReferringPhysicianName", "OperatorsName", "InstitutionName", "StationName", "StudyDescription", "ProtocolName",
    "SeriesDescription", "ImageComments", "AdditionalPatientHistory", "DeviceSerialNumber", "RequestedProcedureID",
)  # fmt: skip
DATES = {"PatientBirthDate": "19370519", "StudyDate": "20110423", "AcquisitionDate": "20110424"}
UIDS = {"StudyInstanceUID": "1.2.777.1", "SeriesInstanceUID": "1.2.777.2"}
TOKENS = {keyword: f"ZQ{number:02d}X" for number, keyword in enumerate(TEXTS)}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Results with and without the linkage file, of one hip, one file that is cut short and one of another part."""
    folder = tmp_path_factory.mktemp("privacy")
    pixels = read_radiograph(SAMPLE / "07_left_hip.dcm").pixels[::3, ::3].astype("uint16")
    header = TOKENS | DATES | UIDS
    dataset = dicom_dataset(pixels, **header)
    private = Dataset()
    private.add_new((0x0011, 0x0010), "LO", "HIPCALC TEST")
    private.add_new((0x0011, 0x1001), "LO", "ZQ99X")
    dataset.update(private)
    inputs = folder / "in"
    inputs.mkdir()
    whole = save(dataset, inputs / "hip.dcm")
    (inputs / "cut.dcm").write_bytes(whole.read_bytes()[:-5000])
    save(dicom_dataset(pixels, BodyPartExamined="HAND", **header), inputs / "hand.dcm")
    main(["screen", str(inputs), "--out", str(folder / "plain"), "--no-detectability", "--workers", "1"])
    main(["screen", str(inputs), "--out", str(folder / "linked"), "--no-detectability", "--identifiers"])
    return folder


def _all_bytes(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_token_is_a_header_text():
    assert all(dictionary_VR(tag_for_keyword(keyword)) in ("LO", "PN", "SH", "LT", "ST") for keyword in TOKENS)


@pytest.mark.parametrize("run", ["plain", "linked"])
def test_no_header_text_date_or_uid_is_in_any_output(outputs, run):
    secrets = (*TOKENS.values(), *DATES.values(), *UIDS.values(), "ZQ99X")
    for file, content in _all_bytes(outputs / run).items():
        if file.name == "identifiers.csv":
            continue
        found = [secret for secret in secrets if secret.encode() in content]
        assert not found, f"{file.name} holds {found}"


def test_nothing_is_printed_either(outputs, tmp_path, capfd):
    main(["screen", str(outputs / "in"), "--out", str(tmp_path / "again"), "--no-detectability", "--workers", "1"])
    printed = "".join(capfd.readouterr())
    assert not [token for token in (*TOKENS.values(), *DATES.values()) if token in printed]


def test_the_linkage_file_is_apart_and_for_its_owner_alone(outputs):
    assert not (outputs / "plain" / "identifiers.csv").exists()
    file = outputs / "linked" / "identifiers.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    table = pd.read_csv(file, dtype=str).set_index(pd.read_csv(file)["path"].str.rsplit("/").str[-1])
    assert list(table.index) == ["cut.dcm", "hand.dcm", "hip.dcm"]
    assert table.loc["hip.dcm", "patient_id"] == TOKENS["PatientID"]
    assert table.loc["hip.dcm", "study_date"] == DATES["StudyDate"]
    assert table.loc["hip.dcm", "study_instance_uid"] == UIDS["StudyInstanceUID"]
    images = pd.read_csv(outputs / "linked" / "images.csv", dtype=str)
    assert set(table["image_id"]) == set(images["image_id"])


def test_no_header_text_date_or_uid_is_in_a_report(outputs, tmp_path):
    folder = shutil.copytree(outputs / "linked", tmp_path / "results")
    image_id = pd.read_csv(folder / "hips.csv")["image_id"].iloc[0]
    contexts = tmp_path / "contexts.csv"
    contexts.write_text(f"image_id,side,hip_pain\n{image_id},L,no\n", encoding="utf-8")
    names = "json,html,pdf,csv,parquet,fhir"
    assert main(["report", str(folder), "--context", str(contexts), "--format", names]) == 0
    files = _all_bytes(folder / "recommendations")
    texts = {file: content.decode("utf-8", "replace") for file, content in files.items()}
    # Two formats hold their text compressed.
    for file in files:
        if file.suffix == ".parquet":
            texts[file] = pd.read_parquet(file).to_csv()
        elif file.suffix == ".pdf":
            with pypdfium2.PdfDocument(file) as document:
                texts[file] = " ".join(sheet.get_textpage().get_text_bounded() for sheet in document)
                assert image_id in texts[file]
    assert {file.suffix for file in files} == {".json", ".html", ".pdf", ".csv", ".parquet"}
    for file, text in texts.items():
        found = [secret for secret in (*TOKENS.values(), *DATES.values(), *UIDS.values(), "ZQ99X") if secret in text]
        assert not found, f"{file.name} holds {found}"
