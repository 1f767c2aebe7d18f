"""Practice on phantoms: made once, apart from the study, and judged by their truth."""

from pathlib import Path
from typing import Any

import pytest

from hipcalc.errors import UsageError
from hipcalc.reading_room.catalogue import Catalogue
from hipcalc.reading_room.study import Study
from hipcalc.reading_room.training import TrueFocus, feedback, prepare_training, read_training_truth
from hipcalc.review import LOG_FILE, AddedFocus, Reading

RADIUS = 100.0
CALCIFICATION = TrueFocus(row_px=50, column_px=50, diameter_px=20, kind="labral-calcification", is_trap=False)
PHLEBOLITH = TrueFocus(row_px=200, column_px=200, diameter_px=20, kind="phlebolith", is_trap=True)


def added(*places: tuple[float, float]) -> Reading:
    foci = {
        f"h-R-A{number}": AddedFocus(
            focus_id=f"h-R-A{number}", hip_id="h-R", reader="Ada", row_px=row, column_px=column, diameter_px=12.0
        )
        for number, (row, column) in enumerate(places)
    }
    return Reading(reader="Ada", hip_id="h-R", status="read", foci=foci)


@pytest.mark.parametrize(
    ("places", "words", "found", "false"),
    [
        ([(55, 50)], ("1 of 1 focus found.",), 1, 0),
        ([(55, 50), (52, 50)], ("1 of 1 focus found.",), 1, 0),
        ([], ("0 of 1 focus found.",), 0, 0),
        (
            [(200, 204), (400, 50)],
            (
                "0 of 1 focus found.",
                "2 confirmed or added that are none: a trap: phlebolith; nothing was drawn here.",
            ),
            0,
            2,
        ),
    ],
)
def test_feedback_tells_what_was_found_and_what_is_none(places: Any, words: Any, found: int, false: int):
    told = feedback(added(*places), (), (CALCIFICATION, PHLEBOLITH), RADIUS)
    assert (told.words, told.foci, told.found, told.false) == (words, 1, found, false)
    assert told.to_dict()["marks"][0] == {
        "row_px": 50,
        "column_px": 50,
        "diameter_px": 20,
        "words": "labral calcification",
        "found": bool(found),
    }
    assert len(told.marks) == 1 + false


def test_a_hip_without_focus_says_so():
    assert feedback(added(), (), (PHLEBOLITH,), RADIUS).words == ("There is no focus in this hip.",)


def test_phantoms_are_made_once_beside_the_study_and_their_truth_is_known(tmp_path: Path):
    study = Study(seed=5, training=1)
    told: list[str] = []
    results = prepare_training(tmp_path, study, say=told.append)
    assert told == ["Making 1 phantom radiographs to practise on: some seconds each, once."]
    assert prepare_training(tmp_path, study, say=told.append) == results
    assert len(told) == 1
    hips = {hip.hip_id: hip for hip in Catalogue(results).hips}
    truth = read_training_truth(results)
    assert truth
    assert set(truth) <= set(hips)
    # A log written there is not the study's.
    assert results / LOG_FILE != tmp_path / LOG_FILE
    assert tmp_path / "review" in results.parents
    (results.with_name("phantoms-5-1") / "truth.csv").unlink()
    with pytest.raises(UsageError, match=r"phantoms-5-1 lacks its truth tables .*; delete .*training to make it anew"):
        read_training_truth(results)
