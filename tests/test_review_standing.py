"""Several readers about one candidate: what stands, what is held back, and how it is settled."""

import json
from pathlib import Path

import pytest

from format_builders import CONTEXT, PELVIS, copied_results, table
from guideline_builders import IMAGE, PAINFUL, decision, finding, reviewed_hip
from hipcalc.cli import main
from hipcalc.guideline import recommend
from hipcalc.prevalence.people import hips_of_people
from hipcalc.review import Decision, Draft, Readings, ReviewedFinding, disputes_of, open_log, read_finished, verdict

A, B, C = "Dr A", "Dr B", "Dr C"
CONFIRMED, REJECTED, DOUBT, REVOKED = "confirmed", "rejected", "indeterminate", "unreviewed"


def said(*rows: tuple[str, ...]) -> tuple[Decision, ...]:
    """Make decisions, an hour apart, of (reader, status[, class[, role]])."""
    decisions = []
    for hour, (reader, status, *more) in enumerate(rows):
        of_class, role = (*more, *("", "reader")[len(more) :])
        decisions.append(decision(1, status, hour=hour, reader=reader, confirmed_class=of_class, role=role))
    return tuple(decisions)


def reviewed(*rows: tuple[str, ...]) -> ReviewedFinding:
    return reviewed_hip(decisions=said(*rows)).findings[0]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([(A, CONFIRMED)], CONFIRMED),
        ([(A, CONFIRMED), (A, REJECTED)], REJECTED),
        ([(A, CONFIRMED), (B, CONFIRMED)], CONFIRMED),
        ([(A, CONFIRMED), (B, CONFIRMED, "os-acetabuli")], CONFIRMED),
        # Who could not decide leaves it to a second reader.
        ([(A, DOUBT), (B, CONFIRMED)], CONFIRMED),
        ([(A, DOUBT), (B, REJECTED)], REJECTED),
        ([(A, DOUBT), (B, DOUBT)], DOUBT),
        # One of them comes round.
        ([(A, REJECTED), (B, CONFIRMED), (A, CONFIRMED)], CONFIRMED),
        # An adjudicator settles it, whoever speaks later.
        ([(A, CONFIRMED), (B, REJECTED), (C, CONFIRMED, "", "adjudicator")], CONFIRMED),
        ([(A, CONFIRMED), (B, REJECTED), (C, REJECTED, "", "adjudicator"), (A, CONFIRMED)], REJECTED),
        ([(A, CONFIRMED), (B, REJECTED), (C, DOUBT, "", "adjudicator")], DOUBT),
        # What is revoked does not stand, an adjudicator's word included.
        ([(A, CONFIRMED), (B, REVOKED)], REVOKED),
        ([(A, REJECTED), (B, REVOKED), (B, CONFIRMED)], CONFIRMED),
        ([(C, CONFIRMED, "", "adjudicator"), (A, REVOKED)], REVOKED),
    ],
)
def test_what_readers_agree_upon_or_an_adjudicator_settles_stands(rows: list[tuple[str, ...]], status: str) -> None:
    entry = reviewed(*rows)
    assert (entry.status, entry.disagreement) == (status, "")


@pytest.mark.parametrize(
    "rows",
    [
        [(A, CONFIRMED), (B, REJECTED)],
        [(A, REJECTED), (B, CONFIRMED)],
        [(A, REJECTED), (A, CONFIRMED), (B, REJECTED)],
        [(A, CONFIRMED), (B, DOUBT)],
        [(A, CONFIRMED, "os-acetabuli"), (B, CONFIRMED, "phlebolith")],
        [(A, CONFIRMED), (B, REVOKED), (A, CONFIRMED), (B, REJECTED)],
    ],
)
def test_what_readers_disagree_about_is_not_confirmed(rows: list[tuple[str, ...]]) -> None:
    entry = reviewed(*rows)
    assert (entry.status, entry.confirmed_class) == ("indeterminate", "")
    assert f"{A} says" in entry.disagreement
    assert f"{B} says" in entry.disagreement


@pytest.mark.parametrize(
    ("rows", "finished", "status"),
    [
        ([], [A, B], REVOKED),
        ([(A, CONFIRMED)], [A], CONFIRMED),
        ([(A, CONFIRMED)], [A, B], DOUBT),
        ([(A, REJECTED)], [A, B], REJECTED),
        # Who had said something was not silent.
        ([(B, DOUBT), (A, CONFIRMED)], [A, B], CONFIRMED),
        ([(B, CONFIRMED), (C, REVOKED), (A, CONFIRMED)], [A, B], DOUBT),
        ([(A, CONFIRMED), (C, CONFIRMED, "", "adjudicator")], [A, B], CONFIRMED),
    ],
)
def test_who_finished_a_hip_without_a_word_on_a_mark_does_not_confirm_it(
    rows: list[tuple[str, ...]], finished: list[str], status: str
) -> None:
    found = verdict(said(*rows), finished)
    assert found.status == status
    told = f"{A} says confirmed, 2026-03-01; {B} finished the hip without a word on it"
    assert found.disagreement == (told if status == DOUBT else "")


def test_one_rule_holds_in_the_report_the_agreement_and_the_prevalence(tmp_path: Path) -> None:
    results = copied_results(tmp_path).path
    mark, hip = f"{PELVIS}-R-1", f"{PELVIS}-R"
    decision_row = {"candidate_id": mark, "status": "confirmed", "finishes": "read"}
    with open_log(results) as log:
        for reader, kind, payload in ((A, "decision", decision_row), (B, "hip", {"finishes": "read"})):
            draft = Draft(
                request_id=f"{reader}-1", reader=reader, role="reader", kind=kind, hip_id=hip, payload=payload
            )
            log.append([draft])
        readings = Readings()
        readings.take(log.events())
    assert disputes_of(readings.readings(hip), 100.0).candidates == (mark,)
    assert read_finished(results) == {hip: (A, B)}

    contexts = table(tmp_path / "contexts.csv", [CONTEXT])
    assert main(["report", str(results), "--context", str(contexts)]) == 0
    written = json.loads((results / "recommendations" / f"{PELVIS}-R.json").read_text(encoding="utf-8"))
    assert (written["confirmed"], mark in written["indeterminate"]) == ([], True)
    assert any(f"{B} finished the hip without a word on it" in note["text"] for note in written["notes"])

    hips = hips_of_people(results, None)
    assert not hips["confirmed"].any()
    with open_log(results) as log:
        settled = Draft(request_id="c", reader=C, role="adjudicator", kind="decision", hip_id=hip, payload=decision_row)
        log.append([settled])
    assert hips_of_people(results, None)["confirmed"].sum() == 1


def test_a_disagreement_is_told_in_words_and_gives_no_advice() -> None:
    decisions = said((A, CONFIRMED, "labral-calcification"), (B, REJECTED))
    output = recommend(reviewed_hip(decisions=decisions), PAINFUL)

    assert (output.state, output.confirmed, output.sentences) == ("S3", (), ())
    (note,) = (note for note in output.notes if note.id == "S3-readers")
    assert note.basis == "E"
    assert note.text.startswith(
        f"Readers disagree about {IMAGE}-R-1: Dr A says confirmed (labral-calcification), 2026-03-01; "
        "Dr B says rejected, 2026-03-01. It is not confirmed and no advice rests on it until"
    )


def test_a_disagreement_about_one_mark_does_not_hide_behind_another_that_is_confirmed() -> None:
    two = (finding(1), finding(2))
    output = recommend(reviewed_hip(two, (*said((A, CONFIRMED), (B, REJECTED)), decision(2))), PAINFUL)
    assert (output.state, [one.candidate_id for one in output.confirmed]) == ("S10", [f"{IMAGE}-R-2"])
    assert output.indeterminate == (f"{IMAGE}-R-1",)
    assert [note.id for note in output.notes if "Readers disagree" in note.text] == ["S10-readers"]


def test_a_confirmation_bears_the_name_of_who_settled_it() -> None:
    rows = said((A, CONFIRMED), (C, CONFIRMED, "os-acetabuli", "adjudicator"), (B, REJECTED))
    (confirmed,) = recommend(reviewed_hip(decisions=rows), PAINFUL).confirmed
    assert (confirmed.reader, confirmed.finding_class) == (C, "os-acetabuli")


def test_a_table_is_held_back_in_every_format_until_an_adjudicator_decides(tmp_path: Path) -> None:
    results = copied_results(tmp_path).path
    mark = f"{PELVIS}-R-1"
    contexts, decisions = table(tmp_path / "contexts.csv", [CONTEXT]), tmp_path / "decisions.csv"
    head = "candidate_id,status,reader,time,role\n"
    ours = f"{mark},confirmed,Dr A,2026-03-01T09:00:00Z,\n{mark},rejected,Dr B,2026-03-02T09:00:00Z,reader\n"
    decisions.write_text(head + ours, encoding="utf-8")
    command = ["report", str(results), "--context", str(contexts), "--decisions", str(decisions)]

    assert main([*command, "--format", "json,html,csv,fhir"]) == 0

    folder = results / "recommendations"
    written = json.loads((folder / f"{PELVIS}-R.json").read_text(encoding="utf-8"))
    assert (written["confirmed"], mark in written["indeterminate"]) == ([], True)
    said = "Dr A says confirmed, 2026-03-01; Dr B says rejected, 2026-03-02"
    assert any(f"Readers disagree about {mark}: {said}." in note["text"] for note in written["notes"])
    pages = [*(folder / "patients").glob("*.html"), *(results / "report").rglob("*.html")]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    assert sum(said in text for text in texts) == 2
    assert not any("confirmed by Dr A" in text or "rejected by Dr B" in text for text in texts)
    (bundle,) = (
        found
        for file in (folder / "fhir" / "patients").glob("*.json")
        if mark in (found := file.read_text(encoding="utf-8"))
    )
    observed = [one["resource"] for one in json.loads(bundle)["entry"]]
    (finding_,) = (one for one in observed if one["id"].endswith(f"finding-{mark}"))
    assert (finding_["status"], "performer" in finding_, said in finding_["text"]["div"]) == (
        "preliminary",
        False,
        True,
    )

    decisions.write_text(f"{head}{ours}{mark},confirmed,Dr C,2026-03-03T09:00:00Z,adjudicator\n", encoding="utf-8")
    assert main([*command, "--format", "json"]) == 0
    written = json.loads((folder / f"{PELVIS}-R.json").read_text(encoding="utf-8"))
    assert [(one["candidate_id"], one["reader"]) for one in written["confirmed"]] == [(mark, "Dr C")]


def test_a_role_that_nobody_has_is_refused_with_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = copied_results(tmp_path).path
    contexts, decisions = table(tmp_path / "contexts.csv", [CONTEXT]), tmp_path / "decisions.csv"
    decisions.write_text("candidate_id,status,reader,time,role\nx,confirmed,Dr A,2026-03-01T09:00:00Z,boss\n")
    assert main(["report", str(results), "--context", str(contexts), "--decisions", str(decisions)]) == 2
    assert "line 2, column role: 'boss' is not allowed; choose one of reader, adjudicator" in capsys.readouterr().err
