"""The three tables: the columns that others rely on, blanks, and the agreement of CSV and Parquet."""

import json
import math
import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pandas as pd
import pyarrow.parquet as pq
import pytest

from hipcalc.anatomy import View
from hipcalc.columns import columns_of
from hipcalc.errors import OutputError, UsageError
from hipcalc.findings import Finding
from hipcalc.findings.zones import Zone
from hipcalc.radiograph.types import Polarity, SpacingSource
from hipcalc.report import (
    FileRecord,
    ImageRecord,
    ResultsFolder,
    make_folder,
    table_frame,
    tables,
    write_atomic,
    write_tables,
)
from report_builders import lost, one_hip, pelvis, results_folder

COLUMNS = {
    "images": "image_id path status reason rows columns spacing_mm spacing_source polarity view quality decode_s "
    "analyze_s",
    "hips": "image_id path side status confidence head_row_px head_column_px head_radius_px rim_row_px rim_column_px "
    "centre_edge_angle_deg detection_limit_mm detection_limit_head_radii",
    "candidates": "candidate_id image_id path side row_px column_px diameter_px diameter_mm diameter_head_radii cnr "
    "expected_false_marks zone phi_deg r_head_radii clock_hour first_class differential finding",
}


@pytest.fixture
def folder(tmp_path):
    records = [pelvis()[2], one_hip()[2], lost("failed", "broken", "in/broken.dcm", "cut short, sadly.")]
    write_tables(tmp_path, records)
    return tmp_path


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_those_that_others_rely_on(folder, name):
    expected = COLUMNS[name].split()
    assert list(pd.read_csv(folder / f"{name}.csv"))[: len(expected)] == expected


@pytest.mark.parametrize("name", COLUMNS)
def test_csv_and_parquet_hold_the_same(folder, name):
    text, binary = pd.read_csv(folder / f"{name}.csv"), pd.read_parquet(folder / f"{name}.parquet")
    assert list(text) == list(binary)
    pd.testing.assert_frame_equal(text, binary, check_dtype=False, check_exact=True)


def test_every_column_of_every_table_is_explained_in_order(folder):
    explained = pd.read_csv(folder / "columns.csv", keep_default_na=False)
    assert list(explained) == ["table", "column", "type", "unit", "meaning"]
    types = [(name, *column) for name, kind in tables.TABLES.items() for column in tables.column_types(kind).items()]
    rows = explained[["table", "column", "type"]].itertuples(index=False, name=None)
    assert list(rows) == [(name, column, kind.__name__) for name, column, kind in types]
    assert list(explained["column"]) == [column for name in COLUMNS for column in pd.read_csv(folder / f"{name}.csv")]
    assert explained["meaning"].str.fullmatch(r"\S.{10,}[^\s.]").all()


def test_the_unit_of_a_column_is_the_one_in_its_name(folder):
    ending = {"px": "px", "px2": "px2", "mm": "mm", "mm2": "mm2", "deg": "deg", "s": "s", "hour": "h"}
    for row in pd.read_csv(folder / "columns.csv", keep_default_na=False).itertuples():
        name = row.column.removesuffix("_sd")
        expected = "head radii" if name.endswith("_head_radii") else ending.get(name.rpartition("_")[2])
        assert expected in (None, row.unit), row.column
        assert not row.unit or row.type != "str", row.column


def test_the_schema_of_the_parquet_says_the_same_as_the_table_of_columns(folder):
    for row in pd.read_csv(folder / "columns.csv", keep_default_na=False).itertuples():
        said = pq.read_schema(folder / f"{row.table}.parquet").field(row.column).metadata
        assert said[b"meaning"].decode() == row.meaning
        assert said.get(b"unit", b"").decode() == row.unit


def test_a_meaning_names_every_word_that_its_column_may_hold():
    for kind in tables.TABLES.values():
        columns = columns_of(kind)
        for name, hint in get_type_hints(kind).items():
            # What tells a side has words for what does not happen yet.
            words = set(get_args(hint)) if get_origin(hint) is Literal and name != "side_source" else set()
            assert all(word in columns[name].meaning for word in words), name
    images = columns_of(ImageRecord)
    said = (
        columns_of(Finding)["zone"].meaning,
        images["view"].meaning,
        images["spacing_source"].meaning,
        images["polarity"].meaning,
    )
    for meaning, kind in zip(said, (Zone, View, SpacingSource, Polarity), strict=True):
        assert all(word in meaning for word in get_args(kind)), meaning


def test_rows_stand_in_the_order_of_the_records_and_none_is_missing(folder):
    images, hips, candidates = (pd.read_csv(folder / f"{name}.csv") for name in COLUMNS)
    assert images["path"].tolist() == ["in/pelvis.dcm", "in/hip.png", "in/broken.dcm"]
    assert hips["side"].tolist() == ["R", "L", "R", "L"]
    assert candidates["candidate_id"].str[-3:].tolist() == ["R-1", "R-2", "R-3", "L-1"]


def test_unknown_is_blank_and_truth_is_a_word(folder):
    header, _, _, absent_hip, _ = (folder / "hips.csv").read_text().splitlines()
    cells = dict(zip(header.split(","), absent_hip.split(","), strict=True))
    assert cells["status"] == "absent"
    assert cells["head_row_px"] == cells["centre_edge_angle_deg"] == cells["detection_limit_mm"] == ""
    lines = (folder / "candidates.csv").read_text().splitlines()
    place = lines[0].split(",").index("finding")
    assert [line.split(",")[place] for line in lines[1:]] == ["true", "true", "false", "true"]
    assert "nan" not in (folder / "hips.csv").read_text().lower()


def test_numbers_have_six_digits_everywhere(folder):
    assert pd.read_csv(folder / "hips.csv")["detection_limit_mm"][0] == 3.12346
    assert pd.read_parquet(folder / "hips.parquet")["detection_limit_mm"][0] == 3.12346


def test_the_quality_column_says_why_and_what_the_reader_noticed(folder):
    assert pd.read_csv(folder / "images.csv")["quality"][0] == "limited: few grey levels; one note of the reader"


def test_tables_without_rows_keep_their_columns_and_types(tmp_path):
    write_tables(tmp_path, [])
    assert pd.read_parquet(tmp_path / "candidates.parquet").empty
    assert list(pd.read_csv(tmp_path / "images.csv"))[:3] == ["image_id", "path", "status"]


def test_texts_of_any_kind_stay_in_their_cells(tmp_path):
    paths = [
        "a,b.dcm",
        'say "hip".dcm',
        "line\nfeed.dcm",
        "carriage\rreturn.dcm",
        "both\r\n.dcm",
        " blank .dcm",
        "häufig.dcm",
    ]
    write_tables(tmp_path, [lost("failed", "broken", path, "cut short, sadly.") for path in paths])
    assert pd.read_csv(tmp_path / "images.csv")["path"].tolist() == paths
    assert pd.read_parquet(tmp_path / "images.parquet")["path"].tolist() == paths


def test_a_path_that_is_no_text_is_kept_in_csv_and_replaced_in_parquet(tmp_path):
    write_tables(tmp_path, [lost("failed", "broken", os.fsdecode(b"in/\xe9.dcm"), "cut short, sadly.")])
    assert b"in/\xe9.dcm" in (tmp_path / "images.csv").read_bytes()
    assert pd.read_parquet(tmp_path / "images.parquet")["path"].tolist() == ["in/\ufffd.dcm"]


def test_many_rows_are_written_in_pieces_and_groups_with_the_same_content(folder, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(tables, "_BATCH_RECORDS", 1)
    monkeypatch.setattr(tables, "_PIECE_ROWS", 2)
    monkeypatch.setattr(tables, "_GROUP_ROWS", 3)
    apart = tmp_path_factory.mktemp("apart")
    write_tables(apart, [pelvis()[2], one_hip()[2], lost("failed", "broken", "in/broken.dcm", "cut short, sadly.")])
    for name in COLUMNS:
        assert (apart / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes()
        pd.testing.assert_frame_equal(*(pd.read_parquet(place / f"{name}.parquet") for place in (apart, folder)))


def test_writing_tables_does_not_load_pandas(tmp_path):
    code = (
        "import sys; from pathlib import Path; from hipcalc.report import write_tables\n"
        "from report_builders import pelvis\n"
        "write_tables(Path(sys.argv[1]), [pelvis()[2]]); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=Path(__file__).parent)


def test_the_same_records_give_the_same_bytes(folder, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    write_tables(again, [pelvis()[2], one_hip()[2], lost("failed", "broken", "in/broken.dcm", "cut short, sadly.")])
    assert {path.name for path in again.iterdir()} == set(tables.TABLE_FILES)
    for name in tables.TABLE_FILES:
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_a_record_survives_json():
    record = pelvis()[2]
    assert FileRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_a_frame_in_memory_equals_the_table(folder):
    frame = table_frame("candidates", pelvis()[2].candidates)
    pd.testing.assert_frame_equal(frame, pd.read_csv(folder / "candidates.csv"), check_dtype=False)
    assert math.isnan(table_frame("hips", one_hip()[2].hips)["head_row_px"][0])


def test_a_file_is_there_in_full_or_not_at_all(tmp_path):
    target = tmp_path / "table.csv"
    write_atomic(target, "old")
    blocked = tmp_path / "folder.csv"
    blocked.mkdir()
    with pytest.raises(OutputError, match=r"folder.csv cannot be written \(.*\); give the folder space and permission"):
        write_atomic(blocked, "new")
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "table.csv"]


def test_folders_that_cannot_be_made_are_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file is a file, not a folder; choose another output folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(OutputError, match=r"below cannot be made \(.*\); choose another output folder"):
        make_folder(tmp_path / "file" / "below")


def test_a_folder_of_something_else_is_told_apart(tmp_path):
    with pytest.raises(UsageError, match="holds no results of hipcalc screen .no usable run.json.; give the folder"):
        ResultsFolder(tmp_path).read_run()
    (tmp_path / "run.json").write_text('{"program": "other"}')
    with pytest.raises(UsageError, match="holds no results of hipcalc screen"):
        ResultsFolder(tmp_path).read_run()


def test_a_damaged_run_file_is_named(tmp_path):
    (tmp_path / "run.json").write_text('{"program": "hipc')
    with pytest.raises(
        UsageError, match=r"run\.json is damaged; bring it back from a copy, or screen into a new folder"
    ):
        ResultsFolder(tmp_path).read_run()


def test_records_that_vanished_are_named(tmp_path):
    folder = results_folder(tmp_path, pages=False)
    with sqlite3.connect(folder.ledger_file) as base:
        base.execute("DELETE FROM records WHERE id IN (SELECT id FROM done WHERE key LIKE 'abcdef0000000002-%')")
    base.close()
    with pytest.raises(UsageError, match="lacks the record of in/hip.png: run hipcalc screen with --resume"):
        list(folder.records())
    (tmp_path / "images.csv").unlink()
    with pytest.raises(UsageError, match="holds no images.csv: run hipcalc screen with --resume to finish it"):
        list(folder.records())


@pytest.mark.parametrize("content", [b"", b"x", zlib.compress(b"{"), zlib.compress(b"[]"), zlib.compress(b"{}")])
def test_a_record_that_was_cut_short_counts_as_none(tmp_path, content):
    folder = ResultsFolder(tmp_path)
    folder.save("ab-1", pelvis()[2], "x")
    assert folder.load("ab-1", "x") == pelvis()[2]
    assert folder.load("ab-1", "other settings") is None
    with sqlite3.connect(folder.ledger_file) as base:
        base.execute("UPDATE records SET record = ?", (content,))
    base.close()
    assert folder.load("ab-1", "x") is None
