"""DICOM results: valid, in the source's study, never looking confirmed where they are not, the same bytes each time."""

import hashlib
import json
import logging
import os
import stat
import subprocess
import urllib.request

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import report_builders
from dicom_validators import dicom_problems
from format_builders import table
from hipcalc.cli import main
from hipcalc.errors import InputRejectedError
from hipcalc.radiograph import study_header
from hipcalc.report import report_workflow
from hipcalc.report.codes import CODES_VARIABLE
from hipcalc.report.formats import dicom
from hipcalc.report.formats.uids import KEY_VARIABLE
from orthanc_server import running_orthanc
from radiograph_files import dicom_dataset, save
from report_builders import results_folder
from support import SHARED_DATA, needs_shared_data, require_program

STUDY, SERIES, INSTANCE = (f"1.2.826.0.1.3680043.8.498.{last}" for last in (771, 772, 773))
HEADER = {
    "PatientName": "ZQ01X^SECRET", "PatientID": "ZQ02X", "PatientBirthDate": "19370519", "PatientSex": "F",
    "StudyID": "ZQ03X", "AccessionNumber": "ZQ04X", "StudyDate": "20110423", "StudyTime": "101112",
    "ReferringPhysicianName": "ZQ05X^SECRET", "StudyDescription": "ZQ06X",
    "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": INSTANCE,
    "PatientOrientation": ["L", "F"],
}  # fmt: skip
SECRETS = ("ZQ01X", "ZQ02X", "ZQ03X", "ZQ04X", "ZQ05X", "ZQ06X", "19370519", STUDY, SERIES, INSTANCE)
READER = "Dr A. Reader"
MM, RATIO = "mm", "{ratio}"


class Case:
    """Results of a pelvis that is a real DICOM file, and of a hip that is a PNG."""

    def __init__(self, folder, monkeypatch, **header):
        self.folder = folder
        (folder / "in").mkdir()
        pixels = np.round(report_builders.picture().grey * 4000).astype(np.uint16)
        stated = {key: value for key, value in {**HEADER, **header}.items() if value is not None}
        self.file = save(dicom_dataset(pixels, **stated), folder / "in" / "pelvis.dcm")
        png = folder / "in" / "hip.png"
        cv2.imwrite(str(png), pixels)
        monkeypatch.chdir(folder)
        for name, file in (("pelvis", self.file), ("hip", png)):
            monkeypatch.setitem(report_builders.SHA, name, hashlib.sha256(file.read_bytes()).hexdigest())
        self.image_id = report_builders.SHA["pelvis"][:16]
        self.results = results_folder(folder / "results", pages=False)

    def report(self, *, reader=READER, time="2026-03-01T14:05:00+01:00", classes=None, **status):
        """Report; ``R_1="confirmed"`` is a decision about the pelvis' first right candidate."""
        rows = [
            {
                "candidate_id": self.id(key), "status": value, "reader": reader, "time": time,
                "confirmed_class": (classes or {}).get(key, ""),
            }
            for key, value in status.items()
        ]  # fmt: skip
        decisions = table(self.folder / "decisions.csv", rows) if rows else None
        contexts = table(self.folder / "contexts.csv", [{"image_id": self.image_id, "side": "R", "age_years": "45"}])
        result = report_workflow(self.results.path, contexts, decisions, formats=["dicom"])
        self.sentences = [one.sentence for one in result.not_written]
        self.losses = [one.sentence for one in result.not_written if one.is_loss]
        return self.files()

    def id(self, key):
        return f"{self.image_id}-{key.replace('_', '-')}"

    def files(self):
        found = sorted((self.results.path / "recommendations").glob("dicom/*"))
        return {path.name.removeprefix(f"{self.image_id}-").removesuffix(".dcm"): path for path in found}


@pytest.fixture
def case(tmp_path, monkeypatch):
    return Case(tmp_path, monkeypatch)


def read(files):
    return {name: pydicom.dcmread(path) for name, path in files.items()}


def walk(item):
    for child in item.get("ContentSequence", ()):
        yield child
        yield from walk(child)


def texts(dataset):
    return [item.TextValue for item in walk(dataset) if item.ValueType == "TEXT"]


def groups(report):
    """Measurement groups by tracking identifier."""
    found = {}
    for item in walk(report):
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == "125007":
            parts = {one.ConceptNameCodeSequence[0].CodeValue: one for one in item.ContentSequence}
            found[parts["112039"].TextValue] = item
    return found


def numbers(group):
    return {
        (one.ConceptNameCodeSequence[0].CodeMeaning, value.MeasurementUnitsCodeSequence[0].CodeValue): float(
            value.NumericValue
        )
        for one in group.ContentSequence
        if one.ValueType == "NUM"
        for value in one.MeasuredValueSequence
    }


def observers(item):
    return [str(one.PersonName) for one in item.ContentSequence if one.ValueType == "PNAME"]


HEADERS = {
    "as usual": {},
    "nothing that may be empty": dict.fromkeys(
        ("PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "StudyTime", "ReferringPhysicianName",
         "StudyDescription", "PatientOrientation"),
    ),
    "odd values": {"PatientSex": "X", "WindowCenter": "0", "WindowWidth": "0", "PatientOrientation": ["LH", "FA"]},
    "inverted, rescaled, several windows": {
        "PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": "2", "RescaleIntercept": "-5.5",
        "WindowCenter": ["2000", "1000"], "WindowWidth": ["4000", "500"], "VOILUTFunction": "SIGMOID",
    },
    "a name in Latin-1": {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller^Änne"},
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_the_validators_find_nothing_whatever_the_source_says(tmp_path, monkeypatch, header):
    case = Case(tmp_path, monkeypatch, **header)
    files = case.report(R_1="confirmed", L_1="indeterminate")
    assert list(files) == ["L-gsps", "L-sc", "L-sr", "R-gsps", "R-sc", "R-sr"]
    assert {name: dicom_problems(path) for name, path in files.items()} == {name: [] for name in files}


def test_objects_lie_in_the_study_of_the_source_with_its_patient(case):
    datasets = read(case.report(R_1="confirmed"))
    kept = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "StudyDate",
            "StudyTime", "ReferringPhysicianName", "StudyInstanceUID", "StudyDescription")  # fmt: skip
    for dataset in datasets.values():
        assert {keyword: str(dataset[keyword].value) for keyword in kept} == {key: str(HEADER[key]) for key in kept}
        assert dataset.SeriesInstanceUID != SERIES
        assert INSTANCE in str(dataset)
    assert [datasets[f"R-{kind}"].Modality for kind in ("sr", "gsps", "sc")] == ["SR", "PR", "OT"]
    assert {dataset.get("Laterality", "") for name, dataset in datasets.items() if name[2:] != "sr"} == {"R", "L"}


def test_a_name_beyond_latin_1_is_kept(tmp_path, monkeypatch):
    name = "Παπαδόπουλος^Ελένη"
    case = Case(tmp_path, monkeypatch, SpecificCharacterSet="ISO_IR 126", PatientName=name)
    files = case.report(R_1="confirmed", reader="山田")
    assert {str(dataset.PatientName) for dataset in read(files).values()} == {name}
    assert observers(groups(pydicom.dcmread(files["R-sr"]))[case.id("R_1")]) == ["山田^"]
    # dsrdump knows no check of names in UTF-8, and says so.
    told = [line for path in files.values() for line in dicom_problems(path)]
    assert set(told) <= {"W: The VR checker does not support this Specific Character Set: ISO_IR 192"}


def test_a_name_in_latin_1_is_kept(tmp_path, monkeypatch):
    case = Case(tmp_path, monkeypatch, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Änne")
    assert {str(dataset.PatientName) for dataset in read(case.report()).values()} == {"Müller^Änne"}


def test_only_what_readers_confirmed_in_full_is_verified(case):
    datasets = read(case.report(R_1="confirmed", R_2="rejected", classes={"R_1": "labral-calcification"}))
    right, left = datasets["R-sr"], datasets["L-sr"]
    flags = ("CompletionFlag", "VerificationFlag", "PreliminaryFlag")
    assert [right[flag].value for flag in flags] == ["COMPLETE", "VERIFIED", "FINAL"]
    assert [left[flag].value for flag in flags] == ["PARTIAL", "UNVERIFIED", "PRELIMINARY"]
    verifying = right.VerifyingObserverSequence
    assert [(str(one.VerifyingObserverName), str(one.VerificationDateTime)) for one in verifying] == [
        (f"{READER}^", "20260301140500+0100")
    ]
    assert "VerifyingObserverSequence" not in left
    assert observers(right) == [f"{READER}^"]
    assert observers(left) == []
    assert "Device Observer Name" in str(left)
    assert any("labral calcification" in text and READER in text for text in texts(right))
    for name, dataset in datasets.items():
        assert ("UNCONFIRMED" in dataset.SeriesDescription) == name.startswith("L"), name
    assert datasets["L-gsps"].ContentLabel == "HIPCALC UNCONF"
    assert any("Unconfirmed algorithm output" in text for text in texts(left))
    assert not any("nconfirmed" in text.lower() for text in texts(right))


@pytest.mark.parametrize("waiting", [{}, {"R_2": "indeterminate"}])
def test_a_hip_of_which_anything_waits_is_not_verified(case, waiting):
    report = read(case.report(R_1="confirmed", **waiting))["R-sr"]
    assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
        "PARTIAL", "UNVERIFIED", "PRELIMINARY",
    )  # fmt: skip
    assert report.SeriesDescription == "hipcalc SR, right hip: UNCONFIRMED in part"
    found = groups(report)
    assert observers(found[case.id("R_1")]) == [f"{READER}^"]
    assert observers(found[case.id("R_2")]) == ([f"{READER}^"] if waiting else [])
    assert any("Unconfirmed algorithm output" in text for text in texts(found[case.id("R_2")]))
    assert not any("Unconfirmed" in text for text in texts(found[case.id("R_1")]))


def test_two_readers_are_both_observers_and_both_verify(case):
    case.report(R_1="confirmed")
    report = read(case.report(reader="Second^Reader", time="2026-03-02T09:00:00Z", R_2="confirmed"))["R-sr"]
    assert observers(report) == [f"{READER}^", "Second^Reader"]
    assert [str(one.VerifyingObserverName) for one in report.VerifyingObserverSequence] == [
        f"{READER}^", "Second^Reader",
    ]  # fmt: skip
    assert (report.ContentDate, report.ContentTime) == ("20260302", "090000")


def test_a_rejected_finding_is_in_no_object(case):
    files = case.report(R_1="confirmed", R_2="rejected")
    assert case.id("R_2") not in groups(pydicom.dcmread(files["R-sr"]))
    for path in files.values():
        assert case.id("R_2").encode() not in path.read_bytes()
    drawn = pydicom.dcmread(files["R-gsps"]).GraphicAnnotationSequence
    assert [len(one.get("TextObjectSequence", ())) for one in drawn] == [0, 1, 1]
    assert not [name for name in case.report(R_1="rejected", time="2026-03-03T09:00:00Z") if name.startswith("R")]


def test_regions_and_measurements_are_those_of_the_tables(case):
    report = read(case.report(R_1="confirmed"))["R-sr"]
    found = groups(report)
    assert list(found) == ["femoral head R", case.id("R_1"), case.id("R_2")]
    assert numbers(found["femoral head R"]) == {("Diameter", MM): 48}
    finding = next(one for one in next(case.results.records()).candidates if one.candidate_id == case.id("R_1"))
    assert numbers(found[case.id("R_1")]) == {
        ("Diameter", MM): finding.diameter_mm, ("Diameter", RATIO): pytest.approx(finding.diameter_head_radii),
    }  # fmt: skip
    for name, circle in {
        "femoral head R": (150, 200, 48),
        case.id("R_1"): (finding.column_px, finding.row_px, finding.diameter_px / 2),
    }.items():
        region = next(one for one in found[name].ContentSequence if one.ValueType == "SCOORD")
        x, y, edge_x, edge_y = region.GraphicData
        assert (region.GraphicType, edge_y) == ("CIRCLE", y)
        # The corner of the first pixel is 0\0.
        assert (x - 0.5, y - 0.5, abs(edge_x - x)) == pytest.approx(circle, abs=1e-3)
        site = next(
            one for one in found[name].ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == "363698007"
        )
        assert site.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "24028007"
    said = texts(found[case.id("R_1")])
    assert "Gap to the rim point: 1.2 mm (0.05 R)" in said
    assert "Zone: rim / labrum" in said


def test_a_report_says_what_made_it_and_how_far_it_can_be_trusted(case):
    report = read(case.report())["R-sr"]
    said = texts(report)
    for words in (
        "Research software, not a medical device", "0.13 R", "0.5 mm per pixel, calibrated",
        f"image SHA-256: {report_builders.SHA['pelvis']}", "expected false marks per hip", "model: detector-2",
        "model: codes-1", f"settings: {case.results.read_run()['settings_hash']}",
    ):  # fmt: skip
        assert [text for text in said if words in text], words
    names = {one.ConceptNameCodeSequence[0].CodeValue for one in walk(report)}
    assert {"111001", "111002", "111003"} <= names


def test_every_code_is_verified_or_of_the_templates(case):
    schemes = {"SCT": set(), "99": set()}
    for item in walk(read(case.report(R_1="confirmed", classes={"R_1": "os-acetabuli"}))["R-sr"]):
        for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in item.get(keyword, ()):
                schemes.setdefault(code.CodingSchemeDesignator, set()).add(code.CodeValue)
    # Finding site, laterality and imaging procedure are those of the templates.
    verified = {"29836001", "24136001", "2812003", "24028007", "81827009", "42798000"}
    assert schemes["SCT"] <= verified | {"363698007", "272741003", "363679005", "260753009"}
    assert set(schemes) == {"SCT", "99", "DCM", "RFC5646"}


def test_a_site_s_own_codes_are_written(case, monkeypatch, tmp_path):
    file = tmp_path / "codes.toml"
    entry = 'scheme = "SCT"\nvalue = "123456"\nmeaning = "ours"\nverified = true\n'
    file.write_text(f"[concepts.os-acetabuli]\n{entry}", encoding="utf-8")
    monkeypatch.setenv(CODES_VARIABLE, str(file))
    report = read(case.report(R_1="confirmed", classes={"R_1": "os-acetabuli"}))["R-sr"]
    said = [
        code.CodeValue
        for item in walk(groups(report)[case.id("R_1")])
        if item.ConceptNameCodeSequence[0].CodeValue == "121071"
        for code in item.ConceptCodeSequence
    ]
    assert said == ["123456"]


def test_a_presentation_state_draws_head_rim_and_marks_on_layers(case):
    state = read(case.report(R_1="confirmed"))["R-gsps"]
    assert [(one.GraphicLayer, one.GraphicLayerOrder) for one in state.GraphicLayerSequence] == [
        ("HIP", 1), ("MARKS", 2), ("NOTICE", 3),
    ]  # fmt: skip
    drawn = {one.GraphicLayer: one for one in state.GraphicAnnotationSequence}
    head, across, down = drawn["HIP"].GraphicObjectSequence
    assert (head.GraphicType, list(head.GraphicData)) == ("CIRCLE", [150.5, 200.5, 198.5, 200.5])
    assert [one.GraphicType for one in (across, down)] == ["POLYLINE", "POLYLINE"]
    assert np.mean(across.GraphicData[0::2]) == pytest.approx(125.5)
    assert [one.UnformattedTextValue for one in drawn["MARKS"].TextObjectSequence] == ["1 confirmed", "2 unreviewed"]
    notice = drawn["NOTICE"].TextObjectSequence[0].UnformattedTextValue
    assert "UNCONFIRMED IN PART" in notice
    assert "Research software" in notice
    assert state.PresentationLUTShape == "IDENTITY"
    assert "Research software" in str(state)


def test_an_inverted_source_is_shown_inverted_with_its_own_window(tmp_path, monkeypatch):
    case = Case(tmp_path, monkeypatch, **HEADERS["inverted, rescaled, several windows"])
    state = read(case.report())["R-gsps"]
    assert state.PresentationLUTShape == "INVERSE"
    assert (state.RescaleSlope, state.RescaleIntercept) == (2, -5.5)
    window = state.SoftcopyVOILUTSequence[0]
    assert (window.WindowCenter, window.WindowWidth, window.VOILUTFunction) == (2000, 4000, "SIGMOID")


def test_a_picture_has_the_marks_the_state_and_the_notice_burned_in(case):
    confirmed = read(case.report(R_1="confirmed", R_2="rejected"))
    picture = confirmed["R-sc"]
    assert picture.BurnedInAnnotation == "YES"
    assert picture.SourceImageSequence[0].ReferencedSOPInstanceUID == INSTANCE
    shown = picture.pixel_array
    unconfirmed = confirmed["L-sc"].pixel_array
    # The band above tells confirmed from unconfirmed by its colour; the ring's colour is that of its state.
    assert tuple(shown[2, 500]) == (30, 30, 30)
    assert tuple(unconfirmed[2, 500]) == (140, 60, 0)
    green, yellow = (0, 200, 140), (240, 228, 66)
    assert (shown == green).all(axis=2).any()
    assert not (shown == yellow).all(axis=2).any()
    assert (unconfirmed == yellow).all(axis=2).any()
    assert not (unconfirmed == green).all(axis=2).any()
    # White letters in the bands only: the picture itself is grey apart from its marks.
    assert (shown[-60:] == 255).all(axis=2).sum() > 200


def test_the_same_inputs_give_the_same_bytes(case):
    first = {name: path.read_bytes() for name, path in case.report(R_1="confirmed").items()}
    again = {name: path.read_bytes() for name, path in case.report().items()}
    assert first == again


def test_uids_follow_from_key_and_content(case, monkeypatch):
    def uids(datasets):
        return {name: (one.SOPInstanceUID, one.SeriesInstanceUID) for name, one in datasets.items()}

    first = read(case.report())
    other = read(case.report(R_1="confirmed"))
    made = [uid for pair in uids(first).values() for uid in pair]
    assert len(set(made)) == len(made) == 12
    assert all(uid.startswith("2.25.") and uid.is_valid for uid in made)
    assert {name: uids(first)[name] == uids(other)[name] for name in first} == {
        name: name.startswith("L") for name in first
    }
    tracked = [
        {
            name: next(one.UID for one in group.ContentSequence if one.ValueType == "UIDREF")
            for name, group in groups(datasets["R-sr"]).items()
        }
        for datasets in (first, other)
    ]
    assert tracked[0] == tracked[1]
    monkeypatch.setenv(KEY_VARIABLE, "our secret")
    keyed = [uid for pair in uids(read(case.report())).values() for uid in pair]
    assert not set(keyed) & set(uid for pair in uids(other).values() for uid in pair)


def test_what_is_no_dicom_file_is_named_and_no_loss(case):
    case.report()
    assert case.sentences == ["No DICOM results: in/hip.png: this is no DICOM file, so it is part of no study."]
    assert case.losses == []


def test_a_source_that_changed_gives_nothing_and_takes_the_earlier_results_away(case):
    assert case.report()
    case.file.write_bytes(case.file.read_bytes() + b"\0")
    assert case.report() == {}
    assert case.losses == [
        "No DICOM results: in/pelvis.dcm: the file has changed since it was screened; screen it again."
    ]


def test_a_source_that_is_gone_is_named_and_the_exit_status_tells(case, capsys):
    case.report()
    case.file.unlink()
    contexts = str(case.folder / "contexts.csv")
    assert main(["report", str(case.results.path), "--context", contexts, "--format", "json,dicom"]) == 3
    told = capsys.readouterr().err
    assert (
        "hipcalc: No DICOM results: in/pelvis.dcm: there is no such file or folder; give the place where it is now"
        in told
    )
    assert case.files() == {}
    assert list((case.results.path / "recommendations").glob("*.json"))


def test_a_source_of_no_study_is_named(tmp_path, monkeypatch):
    case = Case(tmp_path, monkeypatch, StudyInstanceUID=None)
    assert case.report() == {}
    assert (
        "No DICOM results: in/pelvis.dcm: the header has no valid StudyInstanceUID, so results cannot refer to it."
        in case.sentences
    )


def test_a_header_that_highdicom_refuses_ends_no_batch_and_is_not_quoted(case, monkeypatch):
    def refuse(_case):
        raise ValueError("ZQ01X")

    monkeypatch.setitem(dicom._KINDS, "sc", refuse)
    assert case.report() == {}
    assert case.losses == ["No DICOM results: in/pelvis.dcm: the header does not do for them (ValueError); correct it."]


def test_a_radiograph_stored_in_colour_has_no_presentation_state(tmp_path, monkeypatch):
    case = Case(tmp_path, monkeypatch)
    grey = np.round(report_builders.picture().grey * 250).astype(np.uint8)
    save(dicom_dataset(np.repeat(grey[:, :, None], 3, axis=2), bits=8, **HEADER), case.file)
    sha = hashlib.sha256(case.file.read_bytes()).hexdigest()
    monkeypatch.setitem(report_builders.SHA, "pelvis", sha)
    case.results, case.image_id = results_folder(tmp_path / "colour", pages=False), sha[:16]
    files = case.report()
    assert list(files) == ["L-sc", "L-sr", "R-sc", "R-sr"]
    assert [line for path in files.values() for line in dicom_problems(path)] == []


def test_nothing_of_the_header_is_printed_or_logged_or_in_another_file(case, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    files = case.report(R_1="confirmed")
    told = "".join(capfd.readouterr()) + caplog.text
    assert not [secret for secret in SECRETS if secret in told]
    for path in case.results.path.rglob("*"):
        if path.is_file() and path not in files.values():
            assert not [secret for secret in SECRETS if secret.encode() in path.read_bytes()], path
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89PNG\r\n\x1a\n" + 200 * b"\0", "a.png: this is no DICOM file, so it is part of no study"),
        (128 * b"\0" + b"DICM", "a.png: the header has no valid SOPClassUID, so results cannot refer to it"),
    ],
)
def test_what_is_part_of_no_study_is_refused(data, message):
    with pytest.raises(InputRejectedError, match=message):
        study_header(data, "a.png")


def _table(first, entries, bits, representation="US"):
    item = Dataset()
    item.add_new("LUTDescriptor", representation, [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u1" if bits == 8 else "<u2").tobytes())
    return item


# A curve that rises slowly, then steeply, over the values of the pelvis.
_CURVE = np.round(4095 * np.linspace(0, 1, 4096) ** 3)
_GREY_SCALES = {
    "a window": {"WindowCenter": "1800", "WindowWidth": "2000"},
    "a table": {"VOILUTSequence": Sequence([_table(0, _CURVE, 12)])},
    "a table of bytes": {"VOILUTSequence": Sequence([_table(0, _CURVE / 16, 8)])},
    "a table beside a window": {
        "VOILUTSequence": Sequence([_table(0, _CURVE, 12)]), "WindowCenter": "900", "WindowWidth": "100",
    },
    "a table of what the rescale makes negative": {
        "RescaleSlope": "1", "RescaleIntercept": "-1000", "VOILUTSequence": Sequence([_table(-1000, _CURVE, 12, "SS")]),
    },
    "a modality table and a window": {
        "ModalityLUTSequence": Sequence([_table(0, _CURVE, 12)]), "WindowCenter": "1000", "WindowWidth": "1500",
    },
    "a modality table": {"ModalityLUTSequence": Sequence([_table(0, _CURVE, 12)])},
    "both tables": {
        "ModalityLUTSequence": Sequence([_table(0, _CURVE[::-1], 12)]),
        "VOILUTSequence": Sequence([_table(0, _CURVE, 12)]),
    },
    "both tables, inverted": {
        "PhotometricInterpretation": "MONOCHROME1", "ModalityLUTSequence": Sequence([_table(0, _CURVE, 12)]),
        "VOILUTSequence": Sequence([_table(0, _CURVE, 12)]),
    },
}  # fmt: skip


def _seen(tmp_path, *command):
    """Return what a viewer shows, as dcmtk draws it."""
    file = tmp_path / "seen.pgm"
    done = subprocess.run([require_program(command[0], "dcmtk"), *command[1:], file], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(float)


@pytest.mark.parametrize("header", _GREY_SCALES.values(), ids=_GREY_SCALES)
def test_a_presentation_state_shows_the_picture_as_its_source_does(tmp_path, monkeypatch, header):
    for item in (*header.get("VOILUTSequence", ()), *header.get("ModalityLUTSequence", ())):
        item.LUTExplanation = "ZQ07X"
    for item in header.get("ModalityLUTSequence", ()):
        item.ModalityLUTType = "OD"
    case = Case(tmp_path, monkeypatch, **header)
    state = case.report()["R-gsps"]
    assert dicom_problems(state) == []
    shown = _seen(tmp_path, "dcmp2pgm", "-p", state, case.file)
    own = {"VOILUTSequence": ["+Wl", "1"], "WindowCenter": ["+Wi", "1"]}
    wish = next((words for name, words in own.items() if name in header), [])
    meant = _seen(tmp_path, "dcmj2pnm", "+op", *wish, case.file)
    assert shown.shape == meant.shape
    assert np.ptp(shown) > 100
    assert np.abs(shown - meant).max() <= 1


def _header_with_damaged(name, tmp_path):
    """Header of a file with a window and, under this name, a table of four values that says it has 4096."""
    table_of_four = _table(0, _CURVE[:4], 12)
    table_of_four.LUTDescriptor = [4096, 0, 12]
    grey = {name: Sequence([table_of_four]), "WindowCenter": "700", "WindowWidth": "1000"}
    file = save(dicom_dataset(np.zeros((8, 8), np.uint16), **HEADER, **grey), tmp_path / "table.dcm")
    return study_header(file.read_bytes(), "table.dcm")


def test_the_window_stands_where_the_table_is_damaged(tmp_path):
    header = _header_with_damaged("VOILUTSequence", tmp_path)
    assert (header.WindowCenter, header.WindowWidth) == (700, 1000)
    assert "VOILUTSequence" not in header


def test_behind_a_damaged_modality_table_no_grey_scale_is_given(tmp_path):
    header = _header_with_damaged("ModalityLUTSequence", tmp_path)
    assert not [name for name in ("VOILUTSequence", "RescaleSlope", "WindowCenter") if name in header]


@pytest.mark.parametrize(("count", "said"), [(65536, 0), (40000, 40000), (200, 200)])
def test_the_number_of_entries_has_no_sign_though_the_first_value_has_one(tmp_path, count, said):
    item = _table(0, np.arange(count) % 4096, 12)
    item.add_new("LUTDescriptor", "SS", [said, -5, 12])
    file = save(
        dicom_dataset(np.zeros((8, 8), np.int16), **HEADER, VOILUTSequence=Sequence([item])), tmp_path / "a.dcm"
    )
    (kept,) = study_header(file.read_bytes(), "a.dcm").VOILUTSequence
    assert list(kept.LUTDescriptor) == [said, -5, 16]
    assert len(kept.LUTData) == 2 * count


# The study, in FHIR


def _studies(case, **options):
    """Return, by image id, the identifiers of each ImagingStudy beside those that hipcalc always gives."""
    contexts = table(case.folder / "contexts.csv", [{"image_id": case.image_id, "side": "R", "age_years": "45"}])
    result = report_workflow(case.results.path, contexts, formats=["fhir"], **options)
    case.sentences = [(one.sentence, one.is_loss) for one in result.not_written]
    case.bundles = sorted((result.folder / "fhir" / "patients").iterdir())
    resources = [entry["resource"] for path in case.bundles for entry in json.loads(path.read_text())["entry"]]
    return {
        one["id"].removeprefix("image-"): [
            known for known in one["identifier"] if not known["system"].endswith(("/image-id", "/image-sha256"))
        ]
        for one in resources
        if one["resourceType"] == "ImagingStudy"
    }


def test_fhir_names_a_study_only_where_that_is_asked_for(case):
    assert list(_studies(case).values()) == [[], []]
    named = _studies(case, identifiers=True)
    assert named.pop(case.image_id) == [{"use": "official", "system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}]
    # The other image is a PNG, which is part of no study.
    assert list(named.values()) == [[]]
    assert case.sentences == []
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in case.bundles} == {0o600}
    assert [name for name in SECRETS if name != STUDY and any(name in path.read_text() for path in case.bundles)] == []


def test_with_a_site_s_key_fhir_has_a_pseudonym_of_the_study(case, monkeypatch):
    said = []
    for key in ("one", "one", "another"):
        monkeypatch.setenv(KEY_VARIABLE, key)
        ((found,),) = (known for known in _studies(case).values() if known)
        assert found["system"] == "https://hipcalc.invalid/fhir/study-pseudonym"
        assert found["value"].startswith("urn:oid:2.25.")
        assert not [path for path in case.bundles if STUDY in path.read_text()]
        said.append(found["value"])
    assert said[0] == said[1] != said[2]


def test_a_study_that_cannot_be_named_is_told_and_the_rest_is_written(case, capsys):
    case.file.unlink()
    contexts = table(case.folder / "contexts.csv", [{"image_id": case.image_id, "side": "R", "age_years": "45"}])
    command = ["report", str(case.results.path), "--context", str(contexts), "--identifiers", "--format"]
    assert main([*command, "fhir"]) == 3
    assert "No study in FHIR: in/pelvis.dcm: there is no such file" in capsys.readouterr().err
    assert len(list((case.results.path / "recommendations" / "fhir" / "patients").iterdir())) == 2
    assert main([*command, "json"]) == 2
    assert "named by their UIDs in the format fhir only; ask for it" in capsys.readouterr().err


# Sent to a PACS


def _answer(url):
    request = urllib.request.Request(url, headers={"Accept": "application/dicom+json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# pynetdicom leaves the socket of a closed connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_pacs_takes_source_and_results_and_gives_them_back_in_one_study(case, tmp_path, capsys):
    files = case.report(R_1="confirmed")
    folder = next(iter(files.values())).parent
    with running_orthanc(tmp_path) as (http, dimse, _):
        root = f"http://127.0.0.1:{http}/dicom-web"
        assert main(["send", str(case.file), "--to", f"dimse://ORTHANC@127.0.0.1:{dimse}"]) == 0
        assert main(["send", str(folder), "--to", f"dimse://ORTHANC@127.0.0.1:{dimse}"]) == 0
        # The same again by STOW-RS: an instance that is there already is taken, too.
        assert main(["send", str(folder), "--to", f"dicomweb+{root}"]) == 0
        assert capsys.readouterr().out.count("6 DICOM files were stored, 0 refused.") == 2
        assert [one["0020000D"]["Value"] for one in _answer(f"{root}/studies")] == [[STUDY]]
        series = _answer(f"{root}/studies/{STUDY}/series")
        assert sorted(one["00080060"]["Value"][0] for one in series) == ["DX", "OT", "OT", "PR", "PR", "SR", "SR"]
        instances = {one["00080018"]["Value"][0]: one for one in _answer(f"{root}/studies/{STUDY}/instances")}
        assert len(instances) == 7
        for path in files.values():
            sent = pydicom.dcmread(path)
            place = f"{root}/studies/{STUDY}/series/{sent.SeriesInstanceUID}/instances/{sent.SOPInstanceUID}/metadata"
            back = Dataset.from_json(_answer(place)[0], lambda *_: b"")
            for keyword in ("SOPClassUID", "PatientID", "StudyInstanceUID", "SeriesDescription"):
                assert back[keyword].value == sent[keyword].value
            assert (back.get("ContentSequence") or []) == sent.get("ContentSequence", [])


@needs_shared_data
def test_results_of_a_real_radiograph_are_valid(tmp_path):
    out = tmp_path / "out"
    main(["screen", str(SHARED_DATA / "dicom" / "RG2_JPLL.dcm"), "--out", str(out), "--no-detectability"])
    contexts = table(tmp_path / "contexts.csv", [{"image_id": "", "side": "", "age_years": ""}])
    assert main(["report", str(out), "--context", str(contexts), "--format", "dicom"]) == 0
    files = sorted((out / "recommendations" / "dicom").iterdir())
    assert [path.name.split("-", 2)[2] for path in files] == ["gsps.dcm", "sc.dcm", "sr.dcm"]
    assert [line for path in files for line in dicom_problems(path)] == []
