"""The log folded: what each reader holds of each hip."""

import pytest

from guideline_builders import IMAGE
from hipcalc.review import Draft, Event, Geometry, Readings, ReviewLog

HIP, OTHER = f"{IMAGE}-R", f"{IMAGE}-L"
MARK = f"{HIP}-1"


@pytest.fixture
def log(tmp_path):
    with ReviewLog(tmp_path / "log.sqlite") as opened:
        yield opened


def write(log: ReviewLog, kind: str, reader: str = "Dr A", hip: str = HIP, **payload: object) -> Event:
    request = f"request-{len(log.events())}"
    draft = Draft(request_id=request, reader=reader, role="reader", kind=kind, hip_id=hip, payload=payload)
    return log.append([draft])[0]


def folded(log: ReviewLog) -> Readings:
    readings = Readings()
    readings.take(log.events())
    return readings


def decide(log: ReviewLog, status: str, **more: object) -> Event:
    return write(log, "decision", candidate_id=MARK, status=status, duration_s=1.5, **more)


def test_nothing_read_is_an_empty_reading(log):
    reading = folded(log).reading("Dr A", HIP)
    assert (reading.status, reading.decisions, reading.last_seq, reading.duration_s) == ("", {}, 0, 0.0)


def test_the_later_decision_holds_and_times_add_up(log):
    decide(log, "confirmed")
    decide(log, "rejected", reason="vessel", finishes="read")
    reading = folded(log).reading("Dr A", HIP)
    assert reading.decisions[MARK].status == "rejected"
    assert (reading.status, reading.duration_s, reading.last_seq) == ("read", 3.0, 2)


def test_an_undone_row_gives_way_to_the_one_before(log):
    decide(log, "confirmed")
    last = decide(log, "rejected", finishes="read")
    write(log, "undo", of=last.seq)
    readings = folded(log)
    reading = readings.reading("Dr A", HIP)
    assert (reading.decisions[MARK].status, reading.status, reading.last_seq) == ("confirmed", "", 3)
    assert readings.finished("Dr A") == set()


def test_readers_do_not_meet(log):
    decide(log, "confirmed", finishes="read")
    write(log, "decision", reader="Dr B", candidate_id=MARK, status="indeterminate")
    readings = folded(log)
    assert [reading.reader for reading in readings.readings(HIP)] == ["Dr A", "Dr B"]
    assert readings.reading("Dr A", HIP).decisions[MARK].status == "confirmed"
    assert (readings.finished("Dr A"), readings.finished("Dr B")) == ({HIP}, set())
    assert readings.readers() == ("Dr A", "Dr B")


def test_foci_geometry_and_notes_are_kept(log):
    added = f"{HIP}-A1B2C3D4"
    where = {"row_px": 10.0, "column_px": 20.5, "diameter_px": 4.0}
    shape = {
        "head_row_px": 1.0, "head_column_px": 2.0, "head_radius_px": 3.0, "rim_row_px": 4.0, "rim_column_px": 5.0
    }  # fmt: skip
    write(log, "focus", candidate_id=added, status="confirmed", **where)
    write(log, "geometry", centre_edge_angle_deg=30.0, **shape)
    write(log, "note", note="faint")
    write(log, "hip", finishes="inadequate")
    reading = folded(log).reading("Dr A", HIP)
    focus = reading.foci[added]
    assert (focus.row_px, focus.column_px, focus.diameter_px, focus.hip_id) == (10.0, 20.5, 4.0, HIP)
    assert reading.decisions[added].status == "confirmed"
    assert reading.geometry == Geometry(**shape)
    assert (reading.note, reading.status) == ("faint", "inadequate")


def test_hips_come_back_latest_first_and_acts_keep_together(log):
    write(log, "decision", candidate_id=MARK, status="confirmed", action="one")
    write(log, "hip", finishes="read", action="one")
    write(log, "hip", hip=OTHER, finishes="read", action="two")
    readings = folded(log)
    assert readings.recent("Dr A", 5) == [OTHER, HIP]
    assert readings.hips() == (HIP, OTHER)
    assert [[event.seq for event in act] for act in readings.acts("Dr A", HIP)] == [[1, 2]]


def test_the_studys_last_settings_hold(log):
    write(log, "study", reader="", hip="", seed=1)
    write(log, "study", reader="", hip="", seed=2)
    readings = folded(log)
    assert (readings.study, readings.readers(), readings.last_seq) == ({"seed": 2}, (), 2)
