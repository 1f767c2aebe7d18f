"""A PACS as input and as the place of results: Orthanc on the loopback interface."""

import json
import socket
import urllib.request
from types import SimpleNamespace

import pandas as pd
import pydicom
import pytest

from hipcalc.cli import main
from hipcalc.cohort import CohortSettings, run_cohort
from hipcalc.cohort.pacs import Address, Instance, open_archive, shown
from hipcalc.cohort.sending import send_files
from hipcalc.errors import InputUnreadableError, OutputError, UsageError
from hipcalc.radiograph import read_radiograph
from orthanc_server import free_port, running_orthanc
from radiograph_files import dicom_dataset, save
from small_radiographs import SAMPLE

QUICK = CohortSettings(detectability=False)
# pynetdicom leaves the socket of a refused connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SECRETS = ("1.2.826.0.1.3680043.8.498.777", "SECRET^NAME", "ZQ-4711")


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as ports:
        yield ports


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A hip, and the same as computed tomography, which is not asked for."""
    folder = tmp_path_factory.mktemp("files")
    pixels = read_radiograph(SAMPLE / "07_left_hip.dcm").pixels[::3, ::3].astype("uint16")
    study, name, number = SECRETS
    header = {"PatientName": name, "PatientID": number, "StudyInstanceUID": f"{study}.1"}
    save(
        dicom_dataset(pixels, SeriesInstanceUID=f"{study}.2", SOPInstanceUID=f"{study}.3", **header), folder / "hip.dcm"
    )
    other = dicom_dataset(pixels, SeriesInstanceUID=f"{study}.4", SOPInstanceUID=f"{study}.5", **header)
    other.Modality = "CT"
    save(other, folder / "other.dcm")
    return folder


@pytest.fixture(scope="module")
def addresses(orthanc, files):
    """Both addresses of the archive, filled by both ways of storing."""
    http, dicom, _ = orthanc
    found = {"dicomweb": f"dicomweb+http://127.0.0.1:{http}/dicom-web", "dimse": f"dimse://ORTHANC@127.0.0.1:{dicom}"}
    assert send_files([files / "hip.dcm"], found["dimse"]).taken == 1
    assert send_files([files / "other.dcm"], found["dicomweb"]).taken == 1
    return found


@pytest.fixture(scope="module")
def from_file(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("from_file") / "out"
    run_cohort([files / "hip.dcm"], out, settings=QUICK, workers=1)
    return pd.read_csv(out / "candidates.csv")


@pytest.mark.parametrize("kind", ["dicomweb", "dimse"])
def test_images_of_a_pacs_give_what_their_files_give(addresses, from_file, tmp_path, kind):
    address = f"{addresses[kind]}?PatientID={SECRETS[2]}"
    run_cohort([address], tmp_path / "pacs", settings=QUICK, workers=1)
    images = pd.read_csv(tmp_path / "pacs" / "images.csv")
    assert images["status"].tolist() == ["ok"]
    assert images["path"][0].startswith(addresses[kind] + "/")
    dropped = ["candidate_id", "image_id", "path"]
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "pacs" / "candidates.csv").drop(columns=dropped),
        from_file.drop(columns=dropped),
    )
    again = run_cohort([address], tmp_path / "pacs", settings=QUICK, workers=1, resume=True)
    assert (again.analysed, again.reused) == (0, 1)
    # Neither what was asked for, nor which study it was, is in any output.
    for file in (tmp_path / "pacs").rglob("*"):
        if file.is_file():
            assert not [secret for secret in SECRETS if secret.encode() in file.read_bytes()], file


def test_images_are_moved_to_us_where_a_port_is_given_two_workers_in_turn(addresses, orthanc, from_file, tmp_path):
    send_files([SAMPLE / "07_left_hip.dcm"], addresses["dimse"])
    address = f"{addresses['dimse']}?Modality=DX&calling=US&move_port={orthanc[2]}"
    run_cohort([address], tmp_path / "out", settings=QUICK, workers=2)
    images = pd.read_csv(tmp_path / "out" / "images.csv")
    assert images["status"].tolist() == ["ok", "ok"]
    moved = pd.read_csv(tmp_path / "out" / "candidates.csv")
    assert len(moved) > len(from_file)
    assert set(from_file["row_px"]) <= set(moved["row_px"])


def test_a_title_that_the_pacs_does_not_know_is_told(addresses, tmp_path):
    address = f"{addresses['dimse']}?PatientID={SECRETS[2]}&calling=STRANGER&move_port={free_port()}"
    run_cohort([address], tmp_path / "out", settings=QUICK, workers=1)
    images = pd.read_csv(tmp_path / "out" / "images.csv")
    assert "(status C000h); check address and rights, and that it knows STRANGER by this" in images["reason"][0]


def test_a_port_that_is_taken_is_told(monkeypatch, files):
    monkeypatch.setattr("hipcalc.cohort.dimse._TURN_S", 0.1)
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        archive = open_archive(Address.of(f"dimse://A@127.0.0.1:9?move_port={taken.getsockname()[1]}"))
        with pytest.raises(InputUnreadableError, match="cannot be listened on .*give another move_port"):
            archive.fetch(Instance(study="1", series="2", sop="3"))


def test_only_the_image_that_was_asked_for_is_taken_in(addresses, orthanc, files):
    """Whoever else sends to the open port is refused."""
    address = Address.of(f"{addresses['dimse']}?calling=US&move_port={orthanc[2]}")
    received = []

    def answer(query, take):
        other = SimpleNamespace(request=SimpleNamespace(AffectedSOPInstanceUID="1.2.3"))
        received.append(take(other))

    archive = open_archive(address)
    archive._move = answer
    with pytest.raises(InputUnreadableError, match="does not answer as it should"):
        archive.fetch(Instance(study="1", series="2", sop="3"))
    assert received == [0xA900]


def test_an_image_in_a_pacs_has_dicom_results_once_the_pacs_is_named_again(addresses, tmp_path, capfd):
    """Results forget where the PACS keeps an image, so that they lead back to nobody."""
    address = f"{addresses['dicomweb']}?PatientID={SECRETS[2]}"
    run_cohort([address], tmp_path / "pacs", settings=QUICK, workers=1)
    contexts = tmp_path / "contexts.csv"
    contexts.write_text("image_id,side,age_years\n", encoding="utf-8")
    command = ["report", str(tmp_path / "pacs"), "--context", str(contexts), "--format", "dicom"]
    assert main(command) == 0
    assert not [*(tmp_path / "pacs" / "recommendations").glob("dicom/*")]
    told = "".join(capfd.readouterr())
    assert "results keep no way back to an image in a PACS; give the address that it was screened from" in told
    assert not [secret for secret in SECRETS if secret in told]
    assert main([*command, "--source", address]) == 0
    written = [pydicom.dcmread(path) for path in (tmp_path / "pacs" / "recommendations").glob("dicom/*")]
    assert {one.Modality for one in written} == {"SR", "PR", "OT"}
    assert {one.PatientID for one in written} == {SECRETS[2]}
    assert not [secret for secret in SECRETS if secret in "".join(capfd.readouterr())]


@pytest.mark.parametrize("kind", ["dicomweb", "dimse"])
def test_what_is_not_there_is_told(addresses, tmp_path, kind):
    with pytest.raises(InputUnreadableError, match="nothing in this PACS is what the address asks for; check its keys"):
        run_cohort([f"{addresses[kind]}?PatientID=nobody"], tmp_path / "out", settings=QUICK, workers=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("base", ["dicomweb+http://127.0.0.1:9/dicom-web", "dimse://ORTHANC@127.0.0.1:9"])
def test_a_pacs_that_does_not_answer_is_told(files, tmp_path, base):
    with pytest.raises(InputUnreadableError, match="the PACS does not answer as it should"):
        run_cohort([base], tmp_path / "out", settings=QUICK, workers=1)
    with pytest.raises(OutputError, match="the PACS does not answer as it should"):
        send_files([files], base)


def stored(orthanc):
    with urllib.request.urlopen(f"http://127.0.0.1:{orthanc[0]}/statistics") as answer:
        return json.load(answer)["CountInstances"]


def test_results_are_stored_back_when_asked(addresses, orthanc, tmp_path, capsys):
    dataset = pydicom.dcmread(SAMPLE / "06_right_hip.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.9"
    dataset.save_as(tmp_path / "result.dcm")
    (tmp_path / "notes.txt").write_text("not sent")
    before = stored(orthanc)
    for kind in ("dicomweb", "dimse"):
        assert main(["send", str(tmp_path), "--to", addresses[kind]]) == 0
        assert "1 DICOM files were stored, 0 refused." in capsys.readouterr().out
    assert stored(orthanc) == before + 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("dicomweb+https://me:secret@host/dicom-web", "put user and password into ~/.netrc instead"),
        ("dimse://host:104", "the address is incomplete; give it as in dimse://CALLED@host:104"),
        ("dimse://A@host", "the address is incomplete"),
        ("dimse://A@host:104?move_port=x", "move_port=x: give the port of this machine that the dimse:// archive"),
        ("dicomweb+https://host/dicom-web?move_port=104", "move_port=104: give the port of this machine"),
    ],
)
def test_wrong_addresses_are_told_without_their_secrets(url, message):
    with pytest.raises(UsageError, match=message) as told:
        Address.of(url)
    assert "secret" not in str(told.value)


def test_what_is_asked_for_is_not_written_down():
    asked = shown("dicomweb+https://host/dicom-web?PatientID=4711")
    assert asked.startswith("dicomweb+https://host/dicom-web?")
    assert "4711" not in asked
    assert shown("s3://bucket/x") == "s3://bucket/x"
    address = Address.of("dimse://A@host:104?StudyDate=2020&calling=US&Modality=CR")
    assert (address.calling, address.questions) == ("US", ({"StudyDate": "2020", "Modality": "CR"},))


def test_only_dicom_goes_to_a_pacs_and_to_nothing_else(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UsageError, match="s3://bucket: this is no address of a PACS"):
        send_files([tmp_path], "s3://bucket")
    with pytest.raises(InputUnreadableError, match="there is no DICOM file to send"):
        send_files([tmp_path], "dimse://A@127.0.0.1:9")
