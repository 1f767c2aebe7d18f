"""The decision log: append-only, chained, durable, all or nothing."""

import csv
import multiprocessing
import os
import signal
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from guideline_builders import IMAGE, decision
from hipcalc.cli import main
from hipcalc.errors import OutputError, UsageError
from hipcalc.review import (
    LOG_FILE,
    BehindError,
    Decision,
    Draft,
    ReviewLog,
    append_decisions,
    export_log,
    open_log,
    read_decisions,
    read_log,
)

HIP = f"{IMAGE}-R"
EARLIER = f"candidate_id,status,reader,time\n{HIP}-1,confirmed,Dr A,2026-03-01T09:00:00Z\n"


def results(folder: Path, count: int = 3) -> Path:
    with (folder / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["candidate_id", "cnr"])
        writer.writerows([f"{HIP}-{number}", 1.0] for number in range(1, count + 1))
    return folder


def draft(request: str, *, kind: str = "decision", reader: str = "Dr A", **payload: object) -> Draft:
    values = payload or {"candidate_id": f"{HIP}-1", "status": "confirmed", "note": 'a\n"b" ü'}
    return Draft(request_id=request, reader=reader, role="reader", kind=kind, hip_id=HIP, payload=values)


def changed(file: Path, statement: str) -> None:
    """Change the file as somebody would who removes the guards first."""
    connection = sqlite3.connect(file)
    connection.execute("DROP TRIGGER never_changed")
    connection.execute("DROP TRIGGER never_dropped")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_decisions_come_back_in_the_order_of_writing(tmp_path: Path) -> None:
    folder = results(tmp_path)
    assert read_log(folder) == ()
    append_decisions(folder, [decision(1, note='say "no",\nor yes')])
    log = append_decisions(folder, [decision(2, "rejected", reason="vessel")])
    assert log == read_log(folder) == (decision(1, note='say "no",\nor yes'), decision(2, "rejected", reason="vessel"))


def test_the_same_table_twice_adds_nothing(tmp_path: Path) -> None:
    folder = results(tmp_path)
    table = [decision(1), decision(2, "rejected"), decision(1)]
    append_decisions(folder, table)
    assert append_decisions(folder, table) == (decision(1), decision(2, "rejected"))
    shifted = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    assert len(append_decisions(folder, [replace(decision(1), time=shifted)])) == 2


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([decision(1), decision(9)], f"candidates.csv holds no candidate {HIP}-9; correct the decision's candidate_id"),
        (
            [decision(2), decision(1, "rejected", reader="Dr Other")],
            "R-1 has two contradicting decisions at 2026-03-01T09.* .Dr Reader: confirmed; Dr Other: rejected",
        ),
    ],
)
def test_writes_nothing_when_one_decision_is_wrong(tmp_path: Path, wanted: list[Decision], message: str) -> None:
    folder = results(tmp_path)
    append_decisions(folder, [decision(1)])
    before = (folder / LOG_FILE).read_bytes()
    with pytest.raises(UsageError, match=message):
        append_decisions(folder, wanted)
    assert (folder / LOG_FILE).read_bytes() == before


def test_takes_over_the_table_of_an_earlier_version_once_and_leaves_it(tmp_path: Path) -> None:
    folder = results(tmp_path)
    (folder / "decisions.csv").write_text(EARLIER)
    assert [entry.reader for entry in read_log(folder)] == ["Dr A"]
    append_decisions(folder, [decision(2)])
    assert [entry.reader for entry in read_log(folder)] == ["Dr A", "Dr Reader"]
    assert (folder / "decisions.csv").read_text() == EARLIER


@pytest.mark.parametrize("content", [None, "image_id\n1\n"])
def test_refuses_a_folder_without_candidates(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "candidates.csv").write_text(content)
    with pytest.raises(UsageError, match=r"candidates.csv is no candidates table; give a folder that hipcalc screen"):
        append_decisions(tmp_path, [decision(1)])


def test_rows_cannot_be_changed_or_dropped_through_the_guards(tmp_path: Path) -> None:
    with ReviewLog(tmp_path / "log.sqlite") as log:
        log.append([draft("a")])
    connection = sqlite3.connect(tmp_path / "log.sqlite")
    for statement in ("UPDATE events SET reader = 'x'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET payload = replace(payload, 'confirmed', 'rejected') WHERE seq = 2", "row 2 was changed"),
        ("UPDATE events SET reader = 'Dr B' WHERE seq = 1", "row 1 was changed"),
        ("UPDATE events SET time = '2020-01-01T00:00:00+00:00' WHERE seq = 3", "row 3 was changed"),
        ("DELETE FROM events WHERE seq = 2", "rows 2 to 2 are missing"),
        ("DELETE FROM events WHERE seq = 3", "rows 3 to 3 were dropped from the end"),
    ],
)
def test_a_change_past_the_guards_is_found(tmp_path: Path, statement: str, message: str) -> None:
    file = tmp_path / "log.sqlite"
    with ReviewLog(file) as log:
        log.append([draft(name) for name in "abc"])
        assert log.verify().faults == ()
    changed(file, statement)
    with ReviewLog(file) as log:
        assert any(message in fault for fault in log.verify().faults)


def test_a_request_that_comes_twice_is_written_once(tmp_path: Path) -> None:
    with ReviewLog(tmp_path / "log.sqlite") as log:
        first = log.append([draft("a")])
        assert log.append([draft("a")]) == first
        assert len(log.events()) == 1


def test_rows_drawn_up_before_others_were_added_are_refused(tmp_path: Path) -> None:
    with ReviewLog(tmp_path / "one.sqlite") as room, ReviewLog(tmp_path / "one.sqlite") as other:
        room.append([draft("a")], follows=0)
        with pytest.raises(BehindError, match="added to the log after row 0; read them first"):
            other.append([draft("b")], follows=0)
        assert other.append([draft("a")], follows=0)[0].seq == 1
        other.append([draft("c")], follows=1)
        assert [event.request_id for event in room.events()] == ["a", "c"]


def test_what_was_undone_is_left_out_and_stays_in_the_log(tmp_path: Path) -> None:
    folder = results(tmp_path)
    with open_log(folder) as log:
        log.append([draft("a"), draft("b", candidate_id=f"{HIP}-2", status="confirmed")])
        log.append([draft("c", kind="undo", of=2)])
        assert len(log.events()) == 3
    assert [entry.candidate_id for entry in read_log(folder)] == [f"{HIP}-1"]


def test_the_export_is_a_decisions_table_and_every_row(tmp_path: Path) -> None:
    folder = results(tmp_path)
    append_decisions(folder, [decision(1, note='ü, "x"\ny'), decision(2, "rejected", reason="vessel")])
    with open_log(folder) as log:
        files = export_log(log)
    assert [file.name for file in files] == ["decisions.csv", "events.csv", "events.json"]
    assert read_decisions(files[0]) == read_log(folder)
    with files[1].open(encoding="utf-8", newline="") as file:
        assert [row["seq"] for row in csv.DictReader(file)] == ["1", "2"]


def test_a_damaged_log_is_reported_and_kept(tmp_path: Path) -> None:
    folder = results(tmp_path)
    (folder / LOG_FILE).parent.mkdir()
    (folder / LOG_FILE).write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    before = (folder / LOG_FILE).read_bytes()
    with pytest.raises(UsageError, match=r"log.sqlite is damaged .*left as it is; restore a copy"):
        append_decisions(folder, [decision(1)])
    assert (folder / LOG_FILE).read_bytes() == before


def test_a_log_of_another_version_or_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.sqlite")
    connection.execute("CREATE TABLE things (a)")
    connection.close()
    with pytest.raises(UsageError, match="is no review log of hipcalc; move it away"):
        ReviewLog(tmp_path / "other.sqlite")
    with ReviewLog(tmp_path / "new.sqlite") as log:
        log.append([draft("a")])
    connection = sqlite3.connect(tmp_path / "new.sqlite")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(UsageError, match="of format 9, and this hipcalc knows format 1"):
        ReviewLog(tmp_path / "new.sqlite")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with ReviewLog(tmp_path / "log.sqlite") as log:
        log.append([draft("a")])
        pages = log._open().execute("PRAGMA page_count").fetchone()[0]
        log._open().execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OutputError, match=r"cannot be written \(database or disk is full\); nothing of this was"):
            log.append([draft("b", note="x" * 100_000)])
        log._open().execute("PRAGMA max_page_count = 100000")
        log.append([draft("c")])
        assert [event.request_id for event in log.events()] == ["a", "c"]
        assert log.verify().faults == ()


def _append_ten(folder: Path, reader: str) -> None:
    for minute in range(10):
        append_decisions(folder, [decision(1, reader=reader, time=datetime(2026, 3, 1, 9, minute, tzinfo=UTC))])


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


def _append_forever(file: Path, acknowledged: Path) -> None:
    with ReviewLog(file) as log, acknowledged.open("a") as said:
        for number in range(100_000):
            log.append([draft(f"r{number}")])
            said.write(f"r{number}\n")
            said.flush()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_nothing_acknowledged_is_lost_at_a_kill(tmp_path: Path) -> None:
    file, acknowledged = tmp_path / "log.sqlite", tmp_path / "acknowledged"
    writer = multiprocessing.get_context("spawn").Process(target=_append_forever, args=(file, acknowledged))
    writer.start()
    while not acknowledged.exists() or acknowledged.stat().st_size < 40:
        time.sleep(0.02)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    said = [line for line in acknowledged.read_text().split("\n")[:-1]]
    with ReviewLog(file) as log:
        kept = [event.request_id for event in log.events()]
        assert log.verify().faults == ()
    assert kept[: len(said)] == said


def test_the_command_checks_and_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = results(tmp_path)
    (folder / "run.json").write_text('{"program": "hipcalc"}')
    append_decisions(folder, [decision(1), decision(2)])
    assert main(["review", str(folder), "--verify"]) == 0
    assert capsys.readouterr().out.startswith("2 rows, unchanged; the last hash is ")
    assert main(["review", str(folder), "--export"]) == 0
    assert str(folder / "review" / "decisions.csv") in capsys.readouterr().out
    changed(folder / LOG_FILE, "UPDATE events SET reader = 'x' WHERE seq = 1")
    assert main(["review", str(folder), "--verify"]) == 1
    assert "row 1 was changed after it was written" in capsys.readouterr().err
