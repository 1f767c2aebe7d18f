"""Contexts as spreadsheets export them and as JSON: the same contexts, and the same care with what is wrong."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from guideline_builders import IMAGE
from hipcalc.errors import UsageError
from hipcalc.guideline import Checklist, read_contexts

CELLS = {
    "image_id": IMAGE,
    "side": "R",
    "age_years": "45.5",
    "hip_pain": "yes",
    "pain_side": "R",
    "nsaid_checklist": "hypertension;others-no",
    "nsaid_caution_reason": "reviewed, today",
}


def csv_text(separator: str, end: str = "\n", **changes: str) -> str:
    cells = {**CELLS, **changes}
    return end.join([separator.join(cells), separator.join(f'"{cell}"' for cell in cells.values()), ""])


def plain(folder: Path) -> Any:
    table = folder / "plain.csv"
    table.write_text(csv_text(","), encoding="utf-8")
    return read_contexts(table)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(csv_text(",", "\r\n").encode("utf-8-sig"), id="comma, byte-order mark, CRLF"),
        pytest.param(csv_text(";", "\r\n", age_years="45,5").encode("utf-8-sig"), id="semicolon, decimal comma"),
        pytest.param(("sep=;\r\n" + csv_text(";", "\r\n")).encode(), id="separator line"),
        pytest.param(codecs.BOM_UTF16_LE + csv_text("\t", "\r\n").encode("utf-16-le"), id="Unicode text"),
        pytest.param(codecs.BOM_UTF16_BE + csv_text("\t", "\r\n").encode("utf-16-be"), id="UTF-16, big end first"),
    ],
)
def test_reads_what_spreadsheets_export(tmp_path: Path, content: bytes) -> None:
    table = tmp_path / "exported.csv"
    table.write_bytes(content)
    assert read_contexts(table) == plain(tmp_path)


def test_thousands_are_not_taken_for_a_decimal_comma(tmp_path: Path) -> None:
    table = tmp_path / "exported.csv"
    table.write_text(csv_text(";", pain_duration_weeks="1,040"), encoding="utf-8")
    with pytest.raises(UsageError, match="line 2, column pain_duration_weeks: '1,040' is not allowed; give a number"):
        read_contexts(table)


def test_a_wrong_cell_below_a_separator_line_is_named_by_the_line_of_the_file(tmp_path: Path) -> None:
    table = tmp_path / "exported.csv"
    table.write_text("sep=;\n" + csv_text(";", side="right"), encoding="utf-8")
    with pytest.raises(UsageError, match="line 3, column side: 'right' is not allowed"):
        read_contexts(table)


def test_json_gives_the_same_contexts(tmp_path: Path) -> None:
    file = tmp_path / "contexts.json"
    file.write_text(json.dumps([{**CELLS, "age_years": 45.5, "hip_pain": True, "implant": None}]), encoding="utf-8")
    assert read_contexts(file) == plain(tmp_path)


def test_what_json_does_not_hold_stays_unknown(tmp_path: Path) -> None:
    file = tmp_path / "contexts.json"
    file.write_text(json.dumps([{"image_id": IMAGE, "side": "L", "implant": None}]), encoding="utf-8")
    (context,) = read_contexts(file)
    assert (context.implant, context.hip_pain, context.age_years) == ("unknown", "unknown", None)
    assert context.red_flags == Checklist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "contexts.json is no JSON text "),
        ("[" * 200000, "contexts.json is no JSON text "),
        ('{"side": "R"}', "contexts.json must hold a list of objects, one for each hip"),
        ("[1]", "contexts.json must hold a list of objects"),
        ('[{"image_id": "a"}]', "contexts.json, entry 1: the column side is missing; add it"),
        ('[{"side": "R", "side": "L"}]', "entry 1, column 2: the column side is there twice; keep one"),
        ('[{"side": "R", "agee_years": 4}]', "entry 1, column 2: 'agee_years' is no column .* did you mean age_years"),
        ('[{"side": "R", "path": ["a"]}]', "entry 1, path: a list or an object cannot stand here"),
        ('[{"side": "R", "path": "a", "age_years": 400}]', "entry 1, column age_years: '400' is not allowed"),
        ('[{"side": "R", "path": "a", "age_years": NaN}]', "entry 1, column age_years: 'nan' is not allowed"),
        ('[{"side": "R", "path": "a"}, {"side": "R", "path": "a"}]', "entry 2, .*; entry 1 is about the same hip"),
        (
            '[{"side": "R", "path": "a", "conservative_outcome": "improved;persists"}]',
            "entry 1, column conservative_outcome: 'improved;persists' is not allowed; choose one of improved",
        ),
    ],
)
def test_wrong_json_is_refused_with_the_entry(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "contexts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_contexts(file)


def test_a_missing_json_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="contexts.json cannot be read"):
        read_contexts(tmp_path / "contexts.json")
