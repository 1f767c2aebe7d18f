"""The plan of a reading study: orders, shares, queues of disagreements, and every wrong study file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hipcalc.errors import UsageError
from hipcalc.reading_room.order import reading_order
from hipcalc.reading_room.queue import adjudication_queue, assigned_readers, disputes_in, queue
from hipcalc.reading_room.study import STUDY_FILE, Study, adopt_study, check_change, load_study
from hipcalc.review import Draft, Readings, ReviewLog, Role

TRIO = Study(seed=3, readers=("Ada", "Ben", "Cy"), double_share=0.3, adjudicator="Dee")


@dataclass(frozen=True)
class Hip:
    hip_id: str
    marks: int = 1
    head_radius_px: float = 100.0


HIPS = [Hip(f"{number:016x}-{'RL'[number % 2]}") for number in range(600)]


@pytest.fixture
def log(tmp_path: Path) -> Any:
    with ReviewLog(tmp_path / "log.sqlite") as opened:
        yield opened


def say(
    log: ReviewLog, reader: str, hip_id: str, kind: str = "decision", role: Role = "reader", **payload: Any
) -> Readings:
    """Write one row and fold the log."""
    number = len(log.events())
    if kind == "decision":
        payload = {"candidate_id": f"{hip_id}-1", "status": "confirmed", "finishes": "read"} | payload
    if kind == "focus":
        place = {"row_px": 50.0, "column_px": 50.0, "diameter_px": 10.0}
        payload = {"candidate_id": f"{hip_id}-A{number:08X}", "status": "confirmed"} | place | payload
    log.append([Draft(request_id=f"row-{number}", reader=reader, role=role, kind=kind, hip_id=hip_id, payload=payload)])
    return readings_of(log)


def readings_of(log: ReviewLog) -> Readings:
    readings = Readings()
    readings.take(log.events())
    return readings


# Order


def test_each_reader_has_an_order_of_their_own_that_the_seed_decides():
    ids = [hip.hip_id for hip in HIPS]
    first, second = reading_order(1, "Ada", ids), reading_order(1, "Ben", ids)
    assert sorted(first) == sorted(second) == sorted(ids)
    assert first != second
    assert first == reading_order(1, "Ada", reversed(ids))
    assert first != reading_order(2, "Ada", ids)


@given(st.sets(st.text(min_size=1, max_size=8), min_size=2), st.data())
def test_hips_that_are_added_leave_the_order_of_the_others(ids, data):
    some = data.draw(st.sets(st.sampled_from(sorted(ids))))
    assert [hip for hip in reading_order(5, "Ada", ids) if hip in some] == reading_order(5, "Ada", some)


def test_added_hips_and_a_new_reader_leave_assignments_of_the_others():
    before = {hip.hip_id: assigned_readers(TRIO, hip.hip_id) for hip in HIPS[:300]}
    assert before == {hip.hip_id: assigned_readers(TRIO, hip.hip_id) for hip in HIPS if hip.hip_id in before}
    more = Study(seed=3, readers=(*TRIO.readers, "Eve"), double_share=0.3)
    for hip_id, readers in before.items():
        now = assigned_readers(more, hip_id)
        assert set(now) - {"Eve"} <= set(readers)
        assert len(now) == len(readers)


def test_the_share_is_read_twice_and_the_work_is_even():
    read = [assigned_readers(TRIO, hip.hip_id) for hip in HIPS]
    twice = sum(len(set(readers)) == 2 for readers in read)
    # 180 expected; the standard deviation is 11.
    assert 135 < twice < 225
    assert all(len(readers) in (1, 2) for readers in read)
    for reader in TRIO.readers:
        assert 200 < sum(reader in readers for readers in read) < 320


def test_a_whole_study_read_by_all_three_leaves_nothing_out():
    study = Study(seed=3, readers=TRIO.readers, double_share=1, double_readers=3)
    assert all(sorted(assigned_readers(study, hip.hip_id)) == ["Ada", "Ben", "Cy"] for hip in HIPS)


# Queues


def test_queues_of_named_readers_cover_every_hip_and_nobody_else_gets_any():
    queues = {reader: queue(TRIO, reader, HIPS, Readings()) for reader in TRIO.readers}
    assert set().union(*queues.values()) == {hip.hip_id for hip in HIPS}
    assert queue(TRIO, "Mallory", HIPS, Readings()) == []
    assert len(queue(Study(), "Mallory", HIPS, Readings())) == len(HIPS)


def test_only_marked_hips_are_read_when_the_study_says_so():
    hips = [Hip("a-R", marks=0), Hip("b-R", marks=2)]
    assert queue(Study(marked_only=True), "Ada", hips, Readings()) == ["b-R"]


def test_what_a_reader_began_stays_in_the_queue(log):
    other = next(hip.hip_id for hip in HIPS if "Ada" not in assigned_readers(TRIO, hip.hip_id))
    assert other in queue(TRIO, "Ada", HIPS, say(log, "Ada", other))


@pytest.mark.parametrize(
    ("second", "disputed"),
    [
        ({}, False),
        ({"status": "rejected"}, True),
        ({"status": "indeterminate"}, True),
        ({"confirmed_class": "phlebolith"}, True),
        ({"confirmed_class": "os-acetabuli"}, False),
        ({"status": "rejected", "finishes": ""}, False),
    ],
)
def test_differing_decisions_of_finished_readings_go_to_the_adjudicator(log, second, disputed):
    hip = Hip("a-R")
    say(log, "Ada", "a-R", confirmed_class="os-acetabuli")
    assert adjudication_queue(TRIO, "Dee", [hip], readings_of(log)) == []
    readings = say(log, "Ben", "a-R", **second)
    assert disputes_in(hip, readings).candidates == (("a-R-1",) if disputed else ())
    assert adjudication_queue(TRIO, "Dee", [hip], readings) == (["a-R"] if disputed else [])


def test_whoever_read_a_hip_does_not_adjudicate_it_and_a_decided_one_stays(log):
    hip = Hip("a-R")
    say(log, "Ada", "a-R")
    readings = say(log, "Ben", "a-R", status="rejected")
    assert adjudication_queue(Study(), "Ada", [hip], readings) == []
    readings = say(log, "Dee", "a-R", role="adjudicator")
    assert adjudication_queue(TRIO, "Dee", [hip], readings) == ["a-R"]
    assert disputes_in(hip, readings).candidates == ("a-R-1",)


@pytest.mark.parametrize(("column", "disputed"), [(57.0, False), (59.0, True)])
def test_an_added_focus_is_disputed_unless_the_other_reader_added_it_too(log, column, disputed):
    # 0.08 head radii of 100 px are 8 px.
    hip = Hip("a-R", marks=0)
    say(log, "Ada", "a-R", "focus")
    say(log, "Ada", "a-R", "hip", finishes="read")
    say(log, "Ben", "a-R", "focus", column_px=column)
    readings = say(log, "Ben", "a-R", "hip", finishes="read")
    assert len(disputes_in(hip, readings).foci) == (2 if disputed else 0)


def test_a_focus_that_was_taken_away_is_none(log):
    say(log, "Ada", "a-R", "focus", candidate_id="a-R-A0")
    say(log, "Ada", "a-R", candidate_id="a-R-A0", status="rejected")
    readings = say(log, "Ben", "a-R", "hip", finishes="read")
    assert not disputes_in(Hip("a-R"), readings)


def test_an_image_that_one_holds_inadequate_is_disputed(log):
    say(log, "Ada", "a-R", "hip", finishes="inadequate")
    readings = say(log, "Ben", "a-R", "hip", finishes="read")
    assert disputes_in(Hip("a-R"), readings).adequacy


def test_a_mark_that_one_reader_passed_over_is_disputed_when_the_other_confirmed_it(log):
    say(log, "Ada", "a-R")
    readings = say(log, "Ben", "a-R", "hip", finishes="read")
    assert disputes_in(Hip("a-R"), readings).candidates == ("a-R-1",)


# The file


def test_a_study_file_is_adopted_and_read_again(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(
        '# Reading of 2026\nseed = 11\nreaders = ["Ada", "Ben"]\ndouble_share = 0.25\nblind = ["score"]\n'
        'adjudicator = "Dee"\nmarked_only = true\ntraining = 4\n'
    )
    study = adopt_study(tmp_path, file)
    assert study == Study(
        seed=11,
        readers=("Ada", "Ben"),
        double_share=0.25,
        blind=("score",),
        adjudicator="Dee",
        marked_only=True,
        training=4,
    )
    assert load_study(tmp_path) == study == Study.from_dict(study.to_dict())
    assert (tmp_path / STUDY_FILE).read_text() == file.read_text()
    assert load_study(tmp_path / "elsewhere") == Study()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = 1\nreaders = [", r"plan.toml is no study file: .*(line 2|end of document)"),
        ("seed = 1\n\nseeds = 2", r"plan.toml, line 3, seeds: there is no such key; the keys are seed, readers, "),
        ("[study]\nseed = 1", r"plan.toml, line 1, study: there is no such key"),
        ("seed = -1", r"line 1, seed: -1 is not allowed; give a whole number, 0 to"),
        ("seed = true", r"line 1, seed: True is not allowed"),
        ('#\nreaders = "Ada"', r"line 2, readers: 'Ada' is not allowed; give a list of different names"),
        ('readers = ["Ada", "Ada"]', r"line 1, readers: \('Ada', 'Ada'\) is not allowed"),
        ('readers = [" Ada"]', r"line 1, readers: .* without blanks around them"),
        ('readers = ["Ada", ["Ben"]]', r"line 1, readers: "),
        ("double_share = 20", r"line 1, double_share: 20 is not allowed; give a share, 0 to 1"),
        ("double_share = nan", r"line 1, double_share: nan is not allowed"),
        ("double_share = 0.2", r"double_share: 0.2 is not allowed; a hip cannot be read by 2 of 0 named readers"),
        ('readers = ["Ada"]\ndouble_share = 0.2', r"line 2, double_share: .* by 2 of 1 named readers"),
        ("double_readers = 1", r"line 1, double_readers: 1 is not allowed; give how many readers"),
        ('blind = ["scores"]', r"line 1, blind: .* of score, readers, names"),
        ("adjudicator = 3", r"line 1, adjudicator: 3 is not allowed; give one name"),
        ('readers = ["Ada"]\nadjudicator = "Ada"', r"line 2, adjudicator: 'Ada' is not allowed; a third person"),
        ("marked_only = 1", r"line 1, marked_only: 1 is not allowed; give true or false"),
        ("training = 0", r"line 1, training: 0 is not allowed; give how many phantoms"),
        ("seed = 1979-05-27", r"line 1, seed: "),
    ],
)
def test_every_wrong_study_file_is_refused_with_line_and_reason(tmp_path, text, message):
    file = tmp_path / "plan.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        adopt_study(tmp_path, file)
    assert not (tmp_path / STUDY_FILE).exists()


def test_a_missing_or_undecodable_study_file_is_said(tmp_path):
    file = tmp_path / "plan.toml"
    with pytest.raises(UsageError, match=r"plan.toml cannot be read \(No such file"):
        adopt_study(tmp_path, file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it is not UTF-8 text"):
        adopt_study(tmp_path, file)


def test_a_begun_study_keeps_its_draws_and_blinding():
    check_change(TRIO, Study(seed=3, readers=("Ada", "Eve"), double_share=0.3, training=2))
    with pytest.raises(UsageError, match=r"begun with seed = 3, and review/study.toml now says 4"):
        check_change(TRIO, Study(seed=4, readers=TRIO.readers, double_share=0.3))
    with pytest.raises(UsageError, match=r"begun with blind = "):
        check_change(TRIO, Study(seed=3, readers=TRIO.readers, double_share=0.3, blind=()))
