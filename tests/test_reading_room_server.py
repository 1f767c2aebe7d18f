"""The room's server: who is let in, what is refused, and what is said when something is wrong."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from hipcalc.cli import main
from hipcalc.errors import OutputError, UsageError
from hipcalc.radiograph import read_file, read_radiograph
from hipcalc.reading_room import pixels
from hipcalc.reading_room.app import application
from hipcalc.reading_room.room import Room
from hipcalc.reading_room.serving import allowed_hosts, is_loopback, serve
from hipcalc.reading_room.study import STUDY_FILE, adopt_study
from hipcalc.reading_room.training import TrueFocus
from hipcalc.review import LOG_FILE, Event, ReviewLog, read_log
from small_radiographs import SAMPLE

PORT = 8123
TOKEN = "a-token-of-the-test"
HOSTS = allowed_hosts("127.0.0.1", PORT)
GOOD = {"x-hipcalc": "-", "content-type": "application/json"}


@dataclass
class Visitor:
    """A page's side of the talk."""

    client: TestClient
    session: str = "-"
    way: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def enter(self, reader: str = "Dr A", role: str = "reader") -> "Visitor":
        self.client.post("/api/token", json={"token": TOKEN}, headers=GOOD)
        answer = self.client.post("/api/enter", json={"reader": reader, "role": role}, headers=GOOD)
        assert answer.status_code == 200, answer.text
        self.session, self.way = answer.json()["session"], answer.json()["way"]
        return self

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"x-hipcalc": self.session})

    def hip(self, key: str) -> dict[str, Any]:
        return dict(self.get(f"/api/hip/{key}").json())

    def first(self, *, marks: bool) -> dict[str, Any]:
        """Return the first hip on the way that has marks, or none."""
        key = self.way["next"][0]
        for _ in range(9):
            hip = self.hip(key)
            if bool(hip["marks"]) == marks:
                return hip
            key = hip["way"]["next"][0]
        raise AssertionError("there is no such hip")

    def act(self, hip: dict[str, Any], kind: str = "decide", **values: Any) -> Any:
        self.count += 1
        body = {
            "request": f"{self.session[:8]}-0000-{self.count:08d}".replace("_", "x"),
            "kind": kind,
            "hip": hip["hip"],
            "seen": hip["reading"]["seen"],
            "duration_s": 1.5,
            "shown": {"overlays": True, "low": 0, "high": 100},
            **values,
        }
        return self.client.post("/api/act", content=json.dumps(body), headers=GOOD | {"x-hipcalc": self.session})

    def decide(self, hip: dict[str, Any], status: str = "confirmed", **values: Any) -> Any:
        fields = {"mark": hip["marks"][0]["key"], "status": status, "reason": "", "confirmed_class": "", "finishes": ""}
        return self.act(hip, **(fields | values))


@pytest.fixture
def folder(screened_hips: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(screened_hips, tmp_path / "results"))


@pytest.fixture
def room(folder: Path) -> Iterator[Room]:
    opened = Room(folder)
    yield opened
    opened.close()


def visiting(room: Room) -> TestClient:
    app = application(room, hosts=HOSTS, token=TOKEN, port=PORT)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", raise_server_exceptions=False)


@pytest.fixture
def client(room: Room) -> TestClient:
    return visiting(room)


@pytest.fixture
def reader(client: TestClient) -> Visitor:
    return Visitor(client).enter()


def read_hips(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "hips.csv")


def events_of(folder: Path) -> tuple[Event, ...]:
    with ReviewLog(folder / LOG_FILE) as log:
        return log.events()


# Who is let in


def test_pages_are_public_and_everything_else_needs_the_token(client):
    assert client.get("/").status_code == 200
    assert client.get("/page/main.js").headers["content-type"].startswith("text/javascript")
    for path in ("/api/hip/0123456789abcdef", "/api/pixels/0123456789abcdef", "/docs", "/page"):
        assert client.get(path).status_code == 401, path
    assert client.post("/api/enter", json={"reader": "Dr A", "role": "reader"}, headers=GOOD).status_code == 401
    assert client.post("/api/token", json={"token": "guess"}, headers=GOOD).status_code == 401
    assert client.post("/api/token", json={"token": None}, headers=GOOD).status_code == 401


def test_the_token_becomes_a_cookie_that_no_script_and_no_other_site_gets(client):
    answer = client.post("/api/token", json={"token": TOKEN}, headers=GOOD)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"hipcalc-{PORT}=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:9999", ""])
def test_a_name_that_somebody_made_point_here_is_refused(reader, host):
    answer = reader.client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "not an address of the reading room" in answer.json()["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"x-hipcalc": None}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-length": "70000"}, 413),
    ],
)
def test_posts_of_other_pages_are_refused_and_change_nothing(reader, folder, headers, status):
    hip = reader.first(marks=True)
    sent = {name: value for name, value in (GOOD | {"x-hipcalc": reader.session} | headers).items() if value}
    body = {"mark": hip["marks"][0]["key"], "status": "confirmed"}
    answer = reader.client.post("/api/act", content=json.dumps(body), headers=sent)
    assert answer.status_code == status
    assert events_of(folder) == ()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(reader, method):
    assert reader.client.request(method, "/api/act").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/page/../run.json", "/page/%2e%2e/%2e%2e/run.json", "/page/..%2f..%2fapp.py", "/page//etc/passwd",
        "/page/app.py", "/page/", "/api/pixels/..%2f..%2frun.json", "/api/hip/..",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(reader, path):
    assert reader.get(path).status_code == 404


def test_every_answer_forbids_foreign_code_and_storing(reader):
    for path in ("/", "/page/main.js", "/api/hip/none"):
        headers = reader.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_page_asks_nothing_of_the_net(client):
    page = client.get("/").text
    names = [name for name in page.replace('"', " ").split() if name.startswith("page/")]
    for name in ["page/reader.js", "page/stage.js", *names]:
        text = client.get(f"/{name}").text.replace("http://www.w3.org/", "")
        assert "http" not in text.replace("http-equiv", ""), name


# What is shown


def test_the_pixels_are_the_files_own(reader):
    hip = reader.first(marks=False)
    assert hip["name"] == "03_left_hip.dcm"
    data = reader.get(f"/api/pixels/{hip['image']}").content
    source = read_radiograph(SAMPLE / "03_left_hip.dcm")
    grey = source.pixels if source.polarity == "bone-bright" else -source.pixels
    levels = np.frombuffer(data, "<u2").reshape(hip["rows"], hip["columns"])
    np.testing.assert_array_equal(levels, (grey - grey.min()).astype(int))


def test_nothing_sent_tells_rank_file_or_other_readers(folder):
    (folder / "review").mkdir()
    (folder / STUDY_FILE).write_text('blind = ["score", "readers", "names"]\n')
    with Room(folder) as room:
        check_blinding(visiting(room), folder)


def check_blinding(client, folder):
    other = Visitor(client).enter("Dr Secret")
    hip = other.first(marks=True)
    other.decide(hip, "rejected", reason="vessel")
    reader = Visitor(client).enter("Dr A")
    texts, key = [json.dumps(reader.way)], reader.way["next"][0]
    for _ in range(4):
        texts.append(reader.get(f"/api/hip/{key}").text)
        key = json.loads(texts[-1])["way"]["next"][0]
    candidates = pd.read_csv(folder / "candidates.csv", dtype=str)
    secrets = {*candidates["candidate_id"], *candidates["image_id"], ".dcm", "Secret", "rejected", "score"}
    assert not [secret for secret in secrets for text in texts if secret in text]
    assert not {mark["key"] for mark in hip["marks"]} & {
        mark["key"] for text in texts[1:] for mark in json.loads(text)["marks"]
    }


def test_the_frame_comes_back_as_it_was_stored(reader, folder):
    hips = read_hips(folder)
    hip = reader.first(marks=False)
    stored = hips[hips["path"].str.endswith("03_left_hip.dcm")].iloc[0]
    frame = hip["frame"]
    assert (frame["x"], frame["y"], frame["radius"]) == tuple(
        stored[["head_column_px", "head_row_px", "head_radius_px"]]
    )
    assert frame["rim_phi_deg"] == pytest.approx(stored["centre_edge_angle_deg"], abs=1e-6)


def test_a_hip_without_a_rim_can_be_read_and_given_one(folder):
    hips = read_hips(folder)
    with Room(folder) as room:
        for entry in room.catalogue.hips:
            _, row, _, _ = room.catalogue.parts(entry)
            object.__setattr__(row, "rim_row_px", None)
            object.__setattr__(row, "rim_column_px", None)
            object.__setattr__(row, "centre_edge_angle_deg", None)
        reader = Visitor(visiting(room)).enter()
        hip = reader.first(marks=False)
        assert hip["frame"]["rim_x"] is None
        focus = {"row_px": hip["frame"]["y"] - 100, "column_px": hip["frame"]["x"] + 100, "diameter_px": 9.0}
        hip = reader.act(hip, "focus", **focus).json()
        assert hip["marks"][0]["zone"] == ""
        stored = hips[hips["path"].str.endswith("03_left_hip.dcm")].iloc[0]
        names = ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
        hip = reader.act(hip, "geometry", **{name: float(stored[name]) for name in names}).json()
        assert hip["marks"][0]["zone"] != ""
        assert hip["frame"]["rim_phi_deg"] == pytest.approx(stored["centre_edge_angle_deg"], abs=1)


def test_earlier_pictures_of_a_patient_are_offered_where_the_results_name_patients(folder):
    images = pd.read_csv(folder / "images.csv", dtype=str)["image_id"]
    days = ["20240310", "20230310", "20240310"]
    table = pd.DataFrame({"image_id": images, "path": "", "patient_id": ["a", "a", "b"], "study_date": days})
    table.to_csv(folder / "identifiers.csv", index=False)
    with Room(folder) as room:
        reader = Visitor(visiting(room)).enter()
        priors, key = {}, reader.way["next"][0]
        for _ in range(4):
            hip = reader.hip(key)
            priors[hip["title"], hip["name"]] = [prior["words"] for prior in hip["priors"]]
            for prior in hip["priors"]:
                assert reader.get(f"/api/pixels/{prior['image']}").status_code == 200
                assert (prior["rows"], prior["columns"]) != (hip["rows"], hip["columns"])
            key = hip["way"]["next"][0]
    assert priors == {
        ("Left hip", "01_ap_pelvis.dcm"): ["366 days earlier"],
        ("Right hip", "01_ap_pelvis.dcm"): [],
        ("Left hip", "03_left_hip.dcm"): [],
        ("Left hip", "07_left_hip.dcm"): [],
    }


# What is recorded


def test_a_decision_says_what_was_seen_and_is_in_force(reader, folder):
    hip = reader.first(marks=True)
    answer = reader.decide(hip, confirmed_class="os-acetabuli").json()
    assert answer["reading"]["decisions"][hip["marks"][0]["key"]]["status"] == "confirmed"
    (event,) = events_of(folder)
    assert event.payload["shown"] == {"overlays": True, "low": 0, "high": 100}
    assert (event.payload["duration_s"], event.payload["blind"]) == (1.5, ["readers"])
    assert event.payload["detector"].startswith("detector-")
    assert len(event.payload["image_sha256"]) == 64
    (decision,) = read_log(folder)
    assert (decision.status, decision.reader, decision.confirmed_class) == ("confirmed", "Dr A", "os-acetabuli")


def test_a_corrected_circle_moves_every_coordinate(reader, folder):
    hip = reader.first(marks=True)
    frame, mark = hip["frame"], hip["marks"][0]
    values = {
        "head_row_px": frame["y"], "head_column_px": frame["x"], "head_radius_px": 2 * frame["radius"],
        "rim_row_px": frame["rim_y"], "rim_column_px": frame["rim_x"],
    }  # fmt: skip
    answer = reader.act(hip, "geometry", **values).json()
    assert answer["frame"]["radius"] == pytest.approx(2 * frame["radius"], abs=0.01)
    (event,) = events_of(folder)
    (place,) = event.payload["candidates"]
    candidates = pd.read_csv(folder / "candidates.csv").set_index("candidate_id")
    stored = candidates.loc[place["candidate_id"]]
    assert place["r_head_radii"] == pytest.approx(stored["r_head_radii"] / 2, rel=1e-4)
    assert place["phi_deg"] == pytest.approx(stored["phi_deg"], abs=0.01)
    assert (answer["marks"][0]["x"], answer["reading"]["corrected"]) == (mark["x"], True)


def test_the_same_request_twice_is_recorded_once(reader, folder):
    hip = reader.first(marks=True)
    first = reader.decide(hip, request="0123456789abcdef")
    again = reader.decide(hip, request="0123456789abcdef")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["reading"]["seen"] == first.json()["reading"]["seen"]
    assert len(events_of(folder)) == 1


def test_a_tab_that_fell_behind_is_told_and_writes_nothing(client, reader, folder):
    hip = reader.first(marks=True)
    other = Visitor(client).enter()
    other.decide(other.hip(hip["hip"]), "rejected", reason="vessel")
    answer = reader.decide(hip)
    assert (answer.status_code, answer.json()["stale"]) == (409, True)
    assert "in another tab; nothing was recorded" in answer.json()["error"]
    assert [event.payload["status"] for event in events_of(folder)] == ["rejected"]


def test_two_readers_do_not_hinder_each_other(client, reader, folder):
    hip = reader.first(marks=True)
    other = Visitor(client).enter("Dr B")
    theirs = other.hip(hip["hip"])
    assert reader.decide(hip).status_code == 200
    assert other.decide(theirs, "indeterminate").status_code == 200
    assert [(event.reader, event.payload["status"]) for event in events_of(folder)] == [
        ("Dr A", "confirmed"), ("Dr B", "indeterminate"),
    ]  # fmt: skip


def test_another_program_may_write_in_between(reader, folder):
    hip = reader.first(marks=True)
    with Room(folder) as beside:
        second = Visitor(visiting(beside))
        second.enter("Dr B")
        assert second.decide(second.first(marks=True)).status_code == 200
    assert reader.decide(hip).status_code == 200
    with ReviewLog(folder / LOG_FILE) as log:
        assert (log.verify().rows, log.verify().faults) == (2, ())


def test_undo_takes_back_the_last_thing_and_only_that(reader, folder):
    hip = reader.first(marks=True)
    after = reader.decide(hip, finishes="read").json()
    last = after["way"]["last_act"]
    assert reader.act(after, "undo", seen=last["seq"] + 1).status_code == 409
    undone = reader.act(after, "undo", seen=last["seq"]).json()
    assert (undone["reading"]["decisions"], undone["reading"]["status"]) == ({}, "")
    assert undone["way"]["last_act"] is None
    assert reader.act(undone, "undo", seen=last["seq"]).status_code == 409
    assert [event.kind for event in events_of(folder)] == ["decision", "undo"]


WRONG = [
    ({"kind": "drop"}, "kind: choose one of decide"),
    ({"kind": ["decide"]}, "kind: choose one of decide"),
    ({"request": "short"}, "request: this is no key"),
    ({"mark": "0123456789abcdef"}, "There is no such mark in this hip"),
    ({"mark": "../../etc/passwd"}, "mark: this is no key"),
    ({"status": "maybe"}, "status: choose one of confirmed, rejected"),
    ({"status": "rejected"}, "reason: choose one of osteophyte"),
    ({"status": "rejected", "reason": "mood"}, "reason: choose one of osteophyte"),
    ({"reason": "vessel"}, "reason: choose one of none"),
    ({"confirmed_class": "stone"}, "confirmed_class: choose one of none, labral-calcification"),
    ({"status": "indeterminate", "confirmed_class": "marker"}, "confirmed_class: choose one of none"),
    ({"finishes": "inadequate"}, "finishes: choose one of none, read"),
    ({"seen": -1}, "seen: give a whole number"),
    ({"seen": True}, "seen: give a whole number"),
    ({"seen": "0"}, "seen: give a whole number"),
    ({"duration_s": -1}, "duration_s: give a number from 0 to 86400"),
    ({"duration_s": 1e300}, "duration_s: give a number from 0 to 86400"),
    ({"duration_s": float("nan")}, "This is no JSON"),
    ({"duration_s": None}, "duration_s: give a number"),
    ({"shown": []}, "An object was expected"),
    ({"shown": {"overlays": "yes"}}, "overlays: give a number"),
    ({"shown": {"patient": 1}}, "'patient' is not known here"),
    ({"reader": "Dr B"}, "'reader' is not known here"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_act_is_refused_with_a_reason_and_changes_nothing(reader, folder, change, message):
    answer = reader.decide(reader.first(marks=True), **change)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert events_of(folder) == ()


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("focus", {"row_px": 1e5, "column_px": 5.0, "diameter_px": 9.0}, "This place is outside the image"),
        ("focus", {"row_px": 5.0, "column_px": 5.0, "diameter_px": 0.1}, "A focus is at least one pixel"),
        ("focus", {"row_px": 5.0, "column_px": 5.0, "diameter_px": 9000.0}, "A focus is at least one pixel"),
        ("focus", {"row_px": "5", "column_px": 5.0, "diameter_px": 9.0}, "row_px: give a number"),
        ("focus", {"column_px": 5.0, "diameter_px": 9.0}, "row_px: give a number"),
        ("note", {"note": "x" * 2001}, "note: give text of at most 2000"),
        ("note", {"note": "\ud800"}, "note: this text cannot be kept"),
        ("note", {}, "note: give text"),
        ("finish", {"finishes": "perhaps"}, "finishes: choose one of none, read, inadequate"),
    ],
)
def test_other_wrong_acts_are_refused_as_well(reader, folder, kind, values, message):
    answer = reader.act(reader.first(marks=True), kind, **values)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert events_of(folder) == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 60_000, b'{"kind": NaN}'])
def test_bodies_that_are_no_act_are_refused(reader, folder, body):
    headers = GOOD | {"x-hipcalc": reader.session}
    for path in ("/api/act", "/api/enter", "/api/token"):
        assert 400 <= reader.client.post(path, content=body, headers=headers).status_code < 500, path
    assert events_of(folder) == ()


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 81, 5, None])
def test_a_name_must_be_one(client, reader, name):
    answer = client.post("/api/enter", json={"reader": name, "role": "reader"}, headers=GOOD)
    assert answer.status_code == 400


def test_keys_and_sessions_that_were_never_given_lead_nowhere(reader):
    assert reader.get("/api/hip/0123456789abcdef").status_code == 404
    assert reader.get("/api/pixels/0123456789abcdef").status_code == 404
    reader.session = "guess"
    answer = reader.get(f"/api/hip/{reader.way['next'][0]}")
    assert (answer.status_code, answer.json()["error"]) == (404, "This page's session has ended; reload the page.")


def test_a_room_for_one_reader_takes_nobody_else(folder):
    with Room(folder, reader="Dr A") as room:
        client = visiting(room)
        visitor = Visitor(client).enter("Dr A")
        answer = client.post("/api/enter", json={"reader": "Dr B", "role": "reader"}, headers=GOOD)
    assert "opened for Dr A alone" in answer.json()["error"]
    assert visitor.way["total"] == 4


def test_a_study_lets_its_readers_in_and_nobody_else_and_is_on_record(folder, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text('readers = ["Dr A", "Dr B"]\ndouble_share = 1.0\nadjudicator = "Dr C"\nblind = ["names"]\n')
    adopt_study(folder, plan)
    with Room(folder) as room:
        client = visiting(room)
        visitor = Visitor(client).enter("Dr A")
        for reader, role in (("Dr X", "reader"), ("Dr C", "reader"), ("Dr A", "adjudicator")):
            answer = client.post("/api/enter", json={"reader": reader, "role": role}, headers=GOOD)
            assert answer.status_code == 400
        assert "not the one who settles differences" in answer.json()["error"]
        hip = visitor.first(marks=True)
        assert (hip["name"], visitor.way["total"]) == ("", 4)
        visitor.decide(hip)
    assert [event.kind for event in events_of(folder)] == ["study", "decision"]
    assert events_of(folder)[1].payload["blind"] == ["names"]
    Room(folder).close()
    assert len(events_of(folder)) == 2
    (folder / STUDY_FILE).write_text("seed = 7\n")
    with pytest.raises(UsageError, match="The study was begun with seed = 1"):
        Room(folder)


def test_an_adjudicator_settles_a_focus_that_one_reader_added(folder):
    with Room(folder) as room:
        client = visiting(room)
        first, second = Visitor(client).enter("Dr A"), Visitor(client).enter("Dr B")
        hip = first.first(marks=False)
        place = {"row_px": hip["frame"]["y"], "column_px": hip["frame"]["x"], "diameter_px": 9.0}
        first.act(first.act(hip, "focus", **place).json(), "finish", finishes="read")
        second.act(second.hip(hip["hip"]), "finish", finishes="read")
        settles = Visitor(client).enter("Dr C", "adjudicator")
        assert settles.way["total"] == 1
        shown = settles.hip(settles.way["next"][0])
        assert [mark["readers"] for mark in shown["marks"]] == [["confirmed", "not marked"]]
        after = settles.decide(shown, "rejected", reason="artefact", finishes="read").json()
        assert (after["way"]["done"], after["following"]) == (1, [])
        assert Visitor(client).enter("Dr A", "adjudicator").way["total"] == 0
    last = events_of(folder)[-1]
    assert (last.role, last.payload["candidate_id"]) == ("adjudicator", events_of(folder)[0].payload["candidate_id"])


def test_in_training_a_reader_is_told_what_was_there_once_the_hip_is_done(folder):
    hip_id = next(hip.hip_id for hip in pd.read_csv(folder / "candidates.csv").assign(
        hip_id=lambda table: table["image_id"] + "-" + table["side"]
    ).itertuples() if hip.finding)  # fmt: skip
    mark = pd.read_csv(folder / "candidates.csv").set_index("candidate_id").loc[f"{hip_id}-1"]
    focus = TrueFocus(
        row_px=mark.row_px, column_px=mark.column_px, diameter_px=mark.diameter_px, kind="ring", is_trap=False
    )
    with Room(folder, truth={hip_id: (focus,)}) as room:
        reader = Visitor(visiting(room)).enter()
        hip, key = {"marks": []}, reader.way["next"][0]
        while not (hip["marks"] and abs(hip["marks"][0]["x"] - mark.column_px) < 1):
            hip = reader.hip(key)
            key = hip["way"]["next"][0]
        assert "feedback" not in hip
        told = reader.decide(hip, finishes="read").json()["feedback"]
    assert told["words"] == ["1 of 1 focus found."]
    assert [(one["x"], one["found"]) for one in told["marks"]] == [(mark.column_px, True)]


# Bad input


def test_a_missing_and_a_changed_image_are_said_and_the_hip_can_be_skipped(screened_hips, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(screened_hips, tmp_path / "results"))
    copy = tmp_path / "03_left_hip.dcm"
    shutil.copy(SAMPLE / copy.name, copy)
    fetch = pixels.fetch
    monkeypatch.setattr(pixels, "fetch", lambda path: fetch(str(copy) if path.endswith(copy.name) else path))
    with Room(folder) as room:
        client = visiting(room)
        reader = Visitor(client).enter()
        hip = reader.first(marks=False)
        copy.write_bytes(copy.read_bytes() + b"\0")
        changed = reader.get(f"/api/pixels/{hip['image']}")
        copy.unlink()
        missing = reader.get(f"/api/pixels/{hip['image']}")
    assert (changed.status_code, missing.status_code) == (410, 410)
    assert "is not the one that was screened (its hash differs)" in changed.json()["error"]
    assert "there is no such file" in missing.json()["error"]


def test_what_is_wrong_with_an_image_does_not_tell_its_name_to_the_blinded(folder, monkeypatch):
    (folder / "review").mkdir()
    (folder / STUDY_FILE).write_text('blind = ["names"]\n')
    monkeypatch.setattr(pixels, "fetch", lambda path: read_file(f"{path}.gone"))
    with Room(folder) as room:
        reader = Visitor(visiting(room)).enter()
        answer = reader.get(f"/api/pixels/{reader.first(marks=False)['image']}")
    assert answer.status_code == 410
    assert answer.json()["error"].startswith("this hip's image.gone: there is no such file")


def test_a_full_disk_is_said_and_the_decision_can_be_made_again(reader, room, folder):
    hip = reader.first(marks=True)
    reader.act(hip, "note", note="before")
    connection = room._log._open()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    hip = reader.hip(hip["hip"])
    answer = reader.act(hip, "note", note="x" * 2000)
    tries = 0
    while answer.status_code == 200 and tries < 20:
        hip, tries = answer.json(), tries + 1
        answer = reader.act(hip, "note", note=str(tries) * 900)
    assert answer.status_code == 507
    assert "nothing of this was recorded, and everything recorded before is kept" in answer.json()["error"]
    connection.execute("PRAGMA max_page_count = 1000000")
    assert reader.decide(reader.hip(hip["hip"])).status_code == 200


def test_a_folder_in_which_no_log_can_be_made_is_said(reader, folder):
    (folder / "review").write_text("in the way")
    answer = reader.decide(reader.first(marks=True))
    assert answer.status_code == 507
    assert "log.sqlite cannot be written" in answer.json()["error"]
    assert (folder / "review").read_text() == "in the way"


def test_a_folder_in_which_no_log_can_be_made_is_said_before_anybody_reads(folder):
    (folder / "review").write_text("in the way")
    with pytest.raises(OutputError, match=r"log\.sqlite cannot be written .*: free space or allow writing there"):
        serve(folder, browse=False)
    assert (folder / "review").read_text() == "in the way"


def test_a_log_that_is_read_only_is_said_before_anybody_reads(reader, room, folder):
    reader.act(reader.first(marks=True), "note", note="kept")
    room._log._open().execute("PRAGMA query_only = ON")
    with pytest.raises(OutputError, match="log.sqlite cannot be written .*readonly"):
        room.ensure_writable()
    room._log._open().execute("PRAGMA query_only = OFF")
    room.ensure_writable()
    assert [event.kind for event in events_of(folder)].count("note") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_said(reader, folder):
    folder.chmod(0o500)
    try:
        answer = reader.decide(reader.first(marks=True))
    finally:
        folder.chmod(0o700)
    assert answer.status_code == 507


def test_a_log_that_is_damaged_meanwhile_is_said_and_left(reader, folder):
    hip = reader.first(marks=True)
    hip = reader.act(hip, "note", note="kept").json()
    (folder / LOG_FILE).write_bytes(b"spoilt " * 3000)
    answer = reader.decide(hip)
    assert answer.status_code == 500
    assert "log.sqlite is damaged" in answer.json()["error"]
    assert "was left as it is; restore a copy of it" in answer.json()["error"]
    assert (folder / LOG_FILE).read_bytes() == b"spoilt " * 3000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "run.json").unlink(), "holds no results of hipcalc screen"),
        (lambda folder: (folder / "hips.csv").unlink(), "hips.csv is missing: run hipcalc screen with --resume"),
        (lambda folder: (folder / "hips.csv").write_text("image,side\n"), "hips.csv cannot be used .* another version"),
        (
            lambda folder: (folder / "hips.csv").write_text("image_id,path,side,status,head_radius_px\n"),
            "holds no hip to read",
        ),
        (
            lambda folder: ((folder / "review").mkdir(), (folder / LOG_FILE).write_bytes(b"no log" * 999)),
            "log.sqlite is damaged .* and was left as it is",
        ),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused_before_the_room_opens(folder, spoil, message):
    spoil(folder)
    with pytest.raises(UsageError, match=message):
        serve(folder, browse=False)


def test_records_of_another_version_are_said_on_the_page(folder):
    ledger = sqlite3.connect(folder / "work" / "ledger.sqlite")
    ledger.execute("UPDATE records SET record = x'00'")
    ledger.commit()
    ledger.close()
    with Room(folder) as room:
        client = visiting(room)
        reader = Visitor(client).enter()
        hip = reader.hip(reader.way["next"][0])
        assert reader.act(hip, "finish", finishes="read").status_code == 500
    assert "or another version of hipcalc wrote it: run hipcalc screen with --resume" in hip["trouble"]
    assert len(hip["way"]["next"]) == 3
    assert events_of(folder) == ()


# The command


def test_only_this_machine_is_let_in_unless_told_otherwise():
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "10.0.0.5", "host.example")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert allowed_hosts("10.0.0.5", 80) == ("10.0.0.5:80", "10.0.0.5")
    assert set(allowed_hosts("::1", 7)) == {"[::1]:7", "127.0.0.1:7", "localhost:7"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "*", ""])
def test_every_address_at_once_is_refused(folder, host):
    with pytest.raises(UsageError, match="give the one address or name under which readers reach this machine"):
        serve(folder, host=host, browse=False)


def test_an_address_of_another_machine_is_refused(folder):
    with pytest.raises(OutputError, match=r"cannot listen at 192\.0\.2\.1, port 0 .* give another --port or --host"):
        serve(folder, host="192.0.2.1", browse=False)


def test_the_command_says_what_is_wrong_with_its_arguments(tmp_path, capsys):
    assert main(["review", str(tmp_path)]) == 2
    assert "holds no results of hipcalc screen" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["review", str(tmp_path), "--port", "99999"])
    assert "not a port, 0 to 65535: 99999" in capsys.readouterr().err


def test_ctrl_c_is_the_way_to_end_the_room_and_no_failure(folder, monkeypatch, capsys):
    def ended(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hipcalc.reading_room.serving.serve", ended)
    assert main(["review", str(folder), "--no-browser"]) == 0
    said = capsys.readouterr()
    assert said.out == "The reading room is closed.\n"
    assert said.err == ""
