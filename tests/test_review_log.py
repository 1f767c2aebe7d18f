"""The decision log: append-only, durable, all or nothing."""

import csv
import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideline_builders import IMAGE, decision
from hipcalc.errors import UsageError
from hipcalc.review import LOG_NAME, Decision, append_decisions, read_decisions, read_log

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def results(folder: Path, count: int = 3) -> Path:
    with (folder / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["candidate_id", "cnr"])
        writer.writerows([f"{IMAGE}-R-{number}", 1.0] for number in range(1, count + 1))
    return folder


def test_appends_after_every_earlier_byte(tmp_path: Path) -> None:
    folder = results(tmp_path)
    assert read_log(folder) == ()

    append_decisions(folder, [decision(1)])
    before = (folder / LOG_NAME).read_bytes()
    log = append_decisions(folder, [decision(2, "rejected", reason="vessel")])

    assert (folder / LOG_NAME).read_bytes().startswith(before)
    assert (
        log
        == read_log(folder)
        == read_decisions(folder / LOG_NAME)
        == (decision(1), decision(2, "rejected", reason="vessel"))
    )


def test_the_same_table_twice_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    folder = results(tmp_path)
    table = [decision(1), decision(2, "rejected"), decision(1)]
    append_decisions(folder, table)
    before = (folder / LOG_NAME).read_bytes()

    log = append_decisions(folder, table)

    assert (folder / LOG_NAME).read_bytes() == before
    assert log == (decision(1), decision(2, "rejected"))


def test_the_same_moment_in_another_time_zone_is_the_same_decision(tmp_path: Path) -> None:
    folder = results(tmp_path)
    shifted = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    assert len(append_decisions(folder, [decision(1), replace(decision(1), time=shifted)])) == 1


def test_a_later_decision_is_a_new_row(tmp_path: Path) -> None:
    folder = results(tmp_path)
    append_decisions(folder, [decision(1)])
    log = append_decisions(folder, [decision(1, "unreviewed", hour=10), decision(1, "rejected", hour=11)])
    assert [entry.status for entry in log] == ["confirmed", "unreviewed", "rejected"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            [decision(1), decision(9)],
            f"candidates.csv holds no candidate {IMAGE}-R-9; correct the decision's candidate_id",
        ),
        (
            [decision(2), decision(1, "rejected", reader="Dr Other")],
            "R-1 has two contradicting decisions at 2026-03-01T09.* .Dr Reader: confirmed; Dr Other: rejected",
        ),
        (
            [decision(2), decision(2, confirmed_class="cppd")],
            "R-2 has two contradicting decisions at .*Dr Reader: confirmed; Dr Reader: confirmed cppd.; correct one",
        ),
    ],
)
def test_writes_nothing_when_one_decision_is_wrong(tmp_path: Path, wanted: list[Decision], message: str) -> None:
    folder = results(tmp_path)
    append_decisions(folder, [decision(1)])
    before = (folder / LOG_NAME).read_bytes()

    with pytest.raises(UsageError, match=message):
        append_decisions(folder, wanted)

    assert (folder / LOG_NAME).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["candidates.csv", LOG_NAME]


def test_two_readers_may_agree_at_the_same_time(tmp_path: Path) -> None:
    folder = results(tmp_path)
    assert len(append_decisions(folder, [decision(1), decision(1, reader="Dr Other")])) == 2


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = results(tmp_path)
    append_decisions(folder, [decision(1)])
    before = (folder / LOG_NAME).read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        UsageError, match=r"decisions.csv cannot be written \(No space left on device\) and is as it was"
    ):
        append_decisions(folder, [decision(2)])

    assert (folder / LOG_NAME).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["candidates.csv", LOG_NAME]


def test_the_rows_are_on_the_disk_before_the_log_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = results(tmp_path)
    seen: list[tuple[bool, bool]] = []
    sync = os.fsync

    def watching(handle: int) -> None:
        seen.append(((folder / f".{LOG_NAME}.draft").exists(), (folder / LOG_NAME).exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watching)
    append_decisions(folder, [decision(1)])

    # First the draft's bytes, then the folder that holds its new name.
    assert seen == [(True, False), (False, True)]


def test_a_log_edited_by_hand_without_a_last_line_break_keeps_its_last_row(tmp_path: Path) -> None:
    folder = results(tmp_path)
    log = folder / LOG_NAME
    log.write_text(
        "candidate_id,status,reader,time,reason,note,confirmed_class\n"
        f"{IMAGE}-R-1,confirmed,Dr A,2026-03-01T09:00:00Z,,,"
    )

    append_decisions(folder, [decision(2)])

    assert [entry.candidate_id for entry in read_log(folder)] == [f"{IMAGE}-R-1", f"{IMAGE}-R-2"]


def test_a_spoilt_log_is_reported_and_kept(tmp_path: Path) -> None:
    folder = results(tmp_path)
    (folder / LOG_NAME).write_text("what,is,this\n")
    with pytest.raises(UsageError, match=r"decisions.csv, line 1, column 1: 'what' is no column"):
        append_decisions(folder, [decision(1)])
    assert (folder / LOG_NAME).read_text() == "what,is,this\n"


def test_a_log_with_other_columns_is_reported_and_kept(tmp_path: Path) -> None:
    folder = results(tmp_path)
    content = f"candidate_id,status,reader,time\n{IMAGE}-R-1,confirmed,Dr A,2026-03-01T09:00:00Z\n"
    (folder / LOG_NAME).write_text(content)
    with pytest.raises(
        UsageError, match="decisions.csv is no decision log: its first line must be candidate_id,status,"
    ):
        append_decisions(folder, [decision(2)])
    assert (folder / LOG_NAME).read_text() == content


@pytest.mark.parametrize("content", [None, "image_id\n1\n"])
def test_refuses_a_folder_without_candidates(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "candidates.csv").write_text(content)
    with pytest.raises(
        UsageError, match=r"candidates.csv is no candidates table; give a folder that hipcalc screen wrote"
    ):
        append_decisions(tmp_path, [decision(1)])


@settings(max_examples=50, deadline=None)
@given(notes=st.lists(TEXTS, min_size=1, max_size=4), reader=TEXTS.filter(str.strip))
def test_any_text_comes_back_as_it_was(notes: list[str], reader: str) -> None:
    wanted = [decision(1, hour=index, note=note, reader=reader) for index, note in enumerate(notes)]
    with TemporaryDirectory() as name:
        folder = results(Path(name))
        for entry in wanted:
            append_decisions(folder, [entry])
        assert list(read_log(folder)) == wanted
        assert append_decisions(folder, wanted) == tuple(wanted)


def _append_ten(folder: Path, reader: str) -> None:
    for minute in range(10):
        time = datetime(2026, 3, 1, 9, minute, tzinfo=UTC)
        append_decisions(folder, [decision(1, reader=reader, time=time)])


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    folder = results(tmp_path)
    # Spawned, because forking a process that has threads warns.
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_ten, args=(folder, f"Dr {name}")) for name in "AB"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    log = read_log(folder)
    assert len(log) == len(set(log)) == 20
