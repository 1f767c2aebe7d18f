"""Decisions tables: what is read, and one clear sentence for each wrong cell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from guideline_builders import decision
from hipcalc.errors import UsageError
from hipcalc.review import Decision, read_decisions

HEADER = "candidate_id,status,reader,time,reason,note,confirmed_class\n"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    table = folder / "decisions.csv"
    table.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return table


def test_reads_every_column(tmp_path: Path) -> None:
    table = write(
        tmp_path,
        'a-R-1,confirmed,Dr A,2026-03-01T10:00:00+01:00,,"clear, to me",os-acetabuli',
        "a-R-2,rejected,Dr A,2026-03-01T09:01:00Z,vessel,,",
        "",
        "a-R-3,indeterminate,Dr A,2026-03-01T09:02:00Z,,,",
        "a-R-2,unreviewed,Dr A,2026-03-01T09:03:00Z,,slip,",
    )

    first, second, third, fourth = read_decisions(table)

    assert first == Decision(
        candidate_id="a-R-1",
        status="confirmed",
        reader="Dr A",
        time=datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1))),
        note="clear, to me",
        confirmed_class="os-acetabuli",
    )
    assert (second.status, second.reason, second.time) == ("rejected", "vessel", datetime(2026, 3, 1, 9, 1, tzinfo=UTC))
    assert (third.status, fourth.status, fourth.note) == ("indeterminate", "unreviewed", "slip")


def test_reads_excels_byte_order_mark_and_needs_only_four_columns(tmp_path: Path) -> None:
    table = tmp_path / "decisions.csv"
    table.write_bytes("﻿time,reader,status,candidate_id\n2026-03-01T09:00:00Z,Dr Ä,confirmed,a-R-1\n".encode())

    (only,) = read_decisions(table)

    assert (only.candidate_id, only.reader, only.confirmed_class) == ("a-R-1", "Dr Ä", "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",confirmed,Dr A,2026-03-01T09:00:00Z,,,", "line 2, column candidate_id: the cell is blank; give an id"),
        ("a-R-1,maybe,Dr A,2026-03-01T09:00:00Z,,,", "line 2, column status: 'maybe' is not allowed; choose one of"),
        ("a-R-1,confirmed, ,2026-03-01T09:00:00Z,,,", "line 2, column reader: the cell is blank; give the name"),
        ("a-R-1,confirmed,Dr A,2026-03-01T09:00:00,,,", "column time: '2026-03-01T09:00:00' is not allowed; give ISO"),
        ("a-R-1,confirmed,Dr A,yesterday,,,", "line 2, column time: 'yesterday' is not allowed; give ISO 8601 with an"),
        (
            "a-R-1,rejected,Dr A,2026-03-01T09:00:00Z,dunno,,",
            "column reason: 'dunno' is not allowed; choose one of oste",
        ),
        (
            "a-R-1,confirmed,Dr A,2026-03-01T09:00:00Z,vessel,,",
            "column reason: 'vessel' .* unless the status is rejected",
        ),
        (
            "a-R-1,confirmed,Dr A,2026-03-01T09:00:00Z,,,bone",
            "column confirmed_class: 'bone' is not allowed; choose one",
        ),
        (
            "a-R-1,rejected,Dr A,2026-03-01T09:00:00Z,,,cppd",
            "confirmed_class: 'cppd' .* unless the status is confirmed",
        ),
    ],
)
def test_says_where_a_cell_is_wrong_and_what_is_allowed(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_decisions(write(tmp_path, row))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("a-R-1,confirmed,Dr A,{},,,"), ("a-R-1,rejected,Dr B,{},,,")],
            "line 4, column status: 'Dr B: rejected' is not allowed; line 3 says Dr A: confirmed about a-R-1 at the "
            "same time; correct one, or give a later time",
        ),
        (
            [("a-R-1,confirmed,Dr A,{},,,cppd"), ("a-R-1,confirmed,Dr A,{},,,marker")],
            "line 4, column status: 'Dr A: confirmed marker' .* line 3 says Dr A: confirmed cppd about a-R-1",
        ),
        (
            ["a-R-1,confirmed,Dr A,2999-01-01T00:00:00Z,,,"],
            "line 3, column time: '2999-.*' is .*; the time lies in the",
        ),
        (["b-R-1,confirmed,Dr A,{},,,"], "line 3, column candidate_id: 'b-R-1' is not allowed; the results hold no"),
    ],
)
def test_refuses_what_cannot_be_with_the_line(tmp_path: Path, rows: list[str], message: str) -> None:
    table = write(tmp_path, "a-R-2,confirmed,Dr A,2026-03-01T09:00:00Z,,,", *rows)
    content = table.read_text(encoding="utf-8").replace("{}", "2026-03-01T09:00:00Z")
    table.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_decisions(table, candidates={"a-R-1", "a-R-2"})


def test_the_same_decision_twice_is_no_contradiction(tmp_path: Path) -> None:
    row = "a-R-1,confirmed,Dr A,2026-03-01T09:00:00Z,,,"
    assert len(read_decisions(write(tmp_path, row, row), candidates=["a-R-1"])) == 2


def test_names_every_wrong_cell_at_once_with_the_line_in_the_file(tmp_path: Path) -> None:
    table = write(
        tmp_path,
        'a-R-1,confirmed,Dr A,2026-03-01T09:00:00Z,,"two\nlines",',
        "a-R-2,yes,,2026-03-01T09:00:00Z,,,",
    )

    with pytest.raises(UsageError) as caught:
        read_decisions(table)

    first, second = str(caught.value).split("\n")
    assert "line 4, column status: 'yes'" in first
    assert "line 4, column reader: the cell is blank" in second


def test_counts_the_rest_when_very_many_cells_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="5 more cells are wrong"):
        read_decisions(write(tmp_path, *["a-R-1,yes,Dr A,2026-03-01T09:00:00Z,,,"] * 25))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; its first line must name the columns"),
        ("candidate_id,status,reader\n", "line 1: the column time is missing; add it"),
        (
            "candidate_id,status,reader,time,tume\n",
            "line 1, column 5: 'tume' is no column of this table; did you mean time",
        ),
        (
            "candidate_id,status,reader,time,qqq\n",
            "'qqq' is no column of this table; its columns are: candidate_id, status",
        ),
        ("candidate_id,status,reader,time,time\n", "line 1, column 5: the column time is there twice; keep one"),
        ("candidate_id,status,reader,time\na,b,c,d,e\n", "line 2: 5 cells, but the header names 4 columns"),
        ('candidate_id,status,reader,time\n"a"b,c\n', "is no CSV table"),
    ],
)
def test_refuses_what_is_no_such_table(tmp_path: Path, content: str, message: str) -> None:
    table = tmp_path / "decisions.csv"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_decisions(table)


def test_refuses_a_missing_file_and_one_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"none.csv cannot be read \(No such file or directory\); give an existing CSV"
    ):
        read_decisions(tmp_path / "none.csv")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("candidate_id,status,reader,time\na,confirmed,Dr Ä,2026-03-01T09:00:00Z\n".encode("latin-1"))
    with pytest.raises(UsageError, match="is no CSV table .*; save it as comma-separated UTF-8 text"):
        read_decisions(latin)


def test_a_decision_made_in_code_keeps_the_same_rules() -> None:
    with pytest.raises(UsageError, match="decision about 'a', reader: '' is not allowed; give the name of the person"):
        replace(decision(), candidate_id="a", reader="  ")
    with pytest.raises(UsageError, match="time: '2026-03-01T09:00:00' is not allowed; give ISO 8601"):
        replace(decision(), time=datetime(2026, 3, 1, 9))
    with pytest.raises(UsageError, match="time: give a datetime with an offset"):
        replace(decision(), time="2026-03-01T09:00:00Z")  # type: ignore[arg-type]
    assert replace(decision(), note="  text ").note == "text"
