"""Repeated visits: the state follows the events, in whatever order the rows stand."""

import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideline_builders import IMAGE, NONE, PAINFUL, decision, finding, reviewed_hip
from guideline_strategies import hips
from hipcalc.errors import UsageError
from hipcalc.guideline import Checklist, ClinicalContext, Recommendation, load_workflow, read_contexts, recommend
from hipcalc.guideline.context import contradictions
from hipcalc.guideline.visits import after_each_visit

FIRST = date(2026, 3, 2)
some = settings(max_examples=min(60, settings.default.max_examples), deadline=None)


def visit(week: float, **changes: Any) -> ClinicalContext:
    return replace(PAINFUL, visit_date=FIRST + timedelta(weeks=week), **changes)


def states(output: Recommendation) -> list[str]:
    return [entry.state for entry in output.history if entry.kind == "visit"]


# A whole case: each visit gives only what is new, beside the pain, the examination and the checklists.
COURSE = (
    visit(0),
    visit(1, conservative_started="yes"),
    visit(8, conservative_completed="yes", conservative_outcome="persists"),
    visit(9, next_step="injection"),
    visit(12, injection_response="none"),
    visit(13, next_step="advanced-imaging"),
    visit(15, advanced_imaging_result="labral-pathology"),
    visit(16, symptomatic_labral_pathology="yes", conservative_outcome="failed"),
    visit(17, clinical_correlation="yes"),
)
COURSE_STATES = ["S10", "S10", "S11", "S12", "S11", "S13", "S14", "S14", "S16"]


def test_the_state_follows_the_events() -> None:
    output = recommend((reviewed_hip(),), COURSE)[0]
    assert states(output) == COURSE_STATES
    assert output.state == "S16"
    assert output.history[0].kind == "review"
    assert [event.text for event in output.history[0].events] == ["confirmed by Dr Reader"]
    assert output.history[0].state == "S8"
    assert [entry.weeks_of_care for entry in output.history[1:]] == [None, 0, 7, 8, 11, 12, 14, 15, 16]
    new = {event.name for event in output.history[4].events}
    assert new == {"next_step"}
    assert output.history[5].events[0].text == "How did the pain respond to the injection? none"


@pytest.mark.parametrize("count", range(1, len(COURSE)))
def test_a_later_visit_leaves_the_history_before_it_as_it_was(count: int) -> None:
    whole = recommend((reviewed_hip(),), COURSE)[0].history
    part = recommend((reviewed_hip(),), COURSE[:count])[0]
    assert part.history == whole[: count + 1]
    assert part.state == COURSE_STATES[count - 1]


def test_improvement_ends_in_follow_up_and_later_pain_opens_the_case_again() -> None:
    better = (*COURSE[:4], visit(12, injection_response="improved"))
    assert states(recommend((reviewed_hip(),), better)[0])[-1] == "S15"
    again = (*better, visit(30, conservative_outcome="persists"))
    assert states(recommend((reviewed_hip(),), again)[0])[-2:] == ["S15", "S12"]
    lasting = (*better, visit(30))
    assert states(recommend((reviewed_hip(),), lasting)[0])[-1] == "S15"


def test_the_outcome_is_asked_for_from_the_sixth_week_on() -> None:
    started = visit(0, conservative_started="yes")
    for week, asked in ((5.8, []), (6, ["conservative_outcome"]), (9, ["conservative_outcome"])):
        output = recommend((reviewed_hip(),), (started, visit(week)))[0]
        assert (output.state, [entry.name for entry in output.missing]) == ("S10", asked), week


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"examination_done": "unknown"}, "S8"),
        ({"history_done": "unknown"}, "S8"),
        ({"red_flags": Checklist()}, "S8"),
        ({"hip_pain": "unknown", "pain_side": "unknown"}, "S8"),
        ({"hip_pain": "no", "pain_side": "unknown", "pain_severity": "unknown"}, "S9"),
        ({"age_years": None}, "S11"),
        ({"nsaid_checklist": Checklist()}, "S11"),
    ],
)
def test_what_must_be_asked_at_each_visit_does_not_carry_over(changes: dict[str, Any], state: str) -> None:
    output = recommend((reviewed_hip(),), (*COURSE[:3], visit(10, **changes)))[0]
    assert output.state == state


def test_the_checklist_of_an_earlier_visit_does_not_clear_a_gate() -> None:
    output = recommend((reviewed_hip(),), (visit(0), visit(1, nsaid_checklist=Checklist())))[0]
    assert [block.gate for block in output.blocked] == ["N"]


def test_a_red_flag_stands_until_it_is_answered_no() -> None:
    fever = Checklist(answers={"fever": "yes"}, others="no")
    raised = visit(1, red_flags=fever)
    unasked = visit(2, red_flags=Checklist())
    output = recommend((reviewed_hip(),), (visit(0), raised, unasked, visit(3)))[0]
    assert states(output) == ["S10", "S17", "S17", "S10"]
    assert [event.name for event in output.history[2].events] == ["red_flag_fever"]


def test_what_a_visit_says_wins_over_what_carries_over() -> None:
    shown = visit(5, advanced_imaging_result="labral-pathology", symptomatic_labral_pathology="yes")
    other = visit(6, advanced_imaging_result="no-labral-pathology")
    assert states(recommend((reviewed_hip(),), (*COURSE[:2], shown, other))[0]) == ["S10", "S10", "S14", "S10"]
    not_begun = visit(0, conservative_started="no")
    assert states(recommend((reviewed_hip(),), (not_begun, visit(7, conservative_outcome="persists")))[0])[-1] == "S10"


def test_a_revoked_confirmation_sends_the_case_back_and_a_new_one_returns_it() -> None:
    at = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(weeks=week) for week in (-1, 10, 11)]
    said = [decision(time=at[0]), decision(1, "unreviewed", time=at[1]), decision(time=at[2], reader="Dr Second")]
    for count, state in ((1, "S11"), (2, "S1"), (3, "S11")):
        output = recommend((reviewed_hip(decisions=tuple(said[:count])),), COURSE[:3])[0]
        assert output.state == state
        assert output.history[-1].state == state
        assert not (state == "S1" and output.sentences)
    assert [(entry.kind, entry.state) for entry in output.history] == [
        *(("review", "S8"), ("visit", "S10"), ("visit", "S10"), ("visit", "S11")),
        *(("review", "S1"), ("review", "S11")),
    ]
    assert [event.text for event in output.history[-2].events] == ["unreviewed by Dr Reader"]
    assert [event.text for event in output.history[-1].events] == ["confirmed by Dr Second"]


def test_a_days_decisions_come_before_its_visit() -> None:
    late = decision(time=datetime(2026, 3, 2, 23, tzinfo=UTC))
    output = recommend((reviewed_hip(decisions=(late,)),), (visit(0),))[0]
    assert [(entry.kind, entry.state) for entry in output.history] == [("review", "S8"), ("visit", "S10")]


def test_rejected_findings_are_told_in_the_audit_only() -> None:
    two = (finding(1), finding(2))
    output = recommend((reviewed_hip(two, (decision(1), decision(2, "rejected"))),), (visit(0),))[0]
    assert f"{IMAGE}-R-2" not in str(output.to_dict())
    audit = recommend((reviewed_hip(two, (decision(1, "rejected"), decision(2, "rejected"))),), (visit(0),))[0]
    assert audit.audit_only
    assert f"{IMAGE}-R-2" in str(audit.history)


def test_a_single_context_without_a_date_has_no_history() -> None:
    assert recommend((reviewed_hip(),), (PAINFUL,))[0].history == ()
    assert recommend((reviewed_hip(),), None)[0].history == ()


@pytest.mark.parametrize(
    ("visits", "message"),
    [
        ((PAINFUL, PAINFUL), "this hip has a clinical context already; keep one, or give each visit a visit_date"),
        ((PAINFUL, visit(0)), "this hip has a clinical context already"),
        ((visit(0), visit(0)), "visit of 2026-03-02: this hip has a clinical context already"),
        (
            (visit(0, conservative_started="yes"), visit(1, conservative_started="no")),
            "visit of 2026-03-09, conservative_started: 'no' is not possible; the visit of 2026-03-02 says 'yes'",
        ),
        ((visit(0, age_years=50), visit(1, age_years=None), visit(2, age_years=49)), "visit of 2026-03-02 says 50"),
    ],
)
def test_visits_that_cannot_be_are_refused(visits: tuple[ClinicalContext, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        recommend((reviewed_hip(),), visits[::-1])


def table(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "contexts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows({"image_id": IMAGE, "side": "R", **row} for row in rows)
    return path


KEYS = {"image_id": IMAGE, "side": "R"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"visit_date": "2026-03-02"}, {"visit_date": "2026-03-02"}],
            "line 3, column visit_date: '2026-03-02' is not allowed; line 2 is about the same hip and day already",
        ),
        ([{"visit_date": "2026-03-02"}, {}], "line 3, column side: 'R' is not allowed; line 2 is about the same hip"),
        ([{"visit_date": "02.03.2026"}], "line 2, column visit_date: '02.03.2026' is not allowed; give a day as year"),
        ([{"visit_date": "2026-02-30"}], "line 2, column visit_date: '2026-02-30' is not allowed; give a day as year"),
        ([{"visit_date": "2999-01-01"}], "line 2, column visit_date: '2999-01-01' is not allowed; .* in the future"),
        (
            [
                {"visit_date": "2026-04-01", "conservative_started": "no"},
                {"visit_date": "2026-03-01", "conservative_started": "yes"},
            ],
            "line 2, column conservative_started: 'no' is not allowed; the visit of 2026-03-01 says 'yes'; correct one",
        ),
        (
            [{"visit_date": "2026-04-01", "age_years": "41"}, {"visit_date": "2026-03-01", "age_years": "42.5"}],
            "line 2, column age_years: '41' is not allowed; the visit of 2026-03-01 says 42.5; correct one of them",
        ),
    ],
)
def test_a_table_of_impossible_visits_is_refused_with_the_line(
    tmp_path: Path, rows: list[dict[str, str]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read_contexts(table(tmp_path, [KEYS | row for row in rows]))


def test_visits_are_read_from_a_table_in_any_order(tmp_path: Path) -> None:
    painful = {"age_years": "45", "hip_pain": "yes", "pain_side": "R", "history_done": "yes", "examination_done": "yes"}
    rows = [
        KEYS | painful | {"red_flags": "none", "visit_date": "2026-05-04", "conservative_outcome": "persists"},
        KEYS | painful | {"red_flags": "none", "visit_date": "2026-03-02", "conservative_started": "yes"},
    ]
    output = recommend((reviewed_hip(),), read_contexts(table(tmp_path, rows)))[0]
    assert [(entry.date, entry.state) for entry in output.history[1:]] == [("2026-03-02", "S10"), ("2026-05-04", "S11")]
    assert output.history[-1].weeks_of_care == 9


@st.composite
def courses(draw: st.DrawFn) -> tuple[ClinicalContext, ...]:
    """Draw visits of a case, each with some of what a visit can add."""
    values = {
        "conservative_started": st.sampled_from(["yes", "unknown"]),
        "conservative_outcome": st.sampled_from(["improved", "persists", "failed", "unknown"]),
        "next_step": st.sampled_from(["injection", "advanced-imaging", "unknown"]),
        "injection_response": st.sampled_from(["improved", "temporary", "none", "unknown"]),
        "advanced_imaging_result": st.sampled_from(["labral-pathology", "no-labral-pathology", "unknown"]),
        "symptomatic_labral_pathology": st.sampled_from(["yes", "no", "unknown"]),
        "clinical_correlation": st.sampled_from(["yes", "no", "unknown"]),
        "examination_done": st.sampled_from(["yes", "yes", "unknown"]),
        "red_flags": st.sampled_from([NONE, NONE, Checklist(), Checklist(answers={"fever": "yes"}, others="no")]),
    }
    weeks = draw(st.lists(st.integers(0, 60), min_size=1, max_size=5, unique=True))
    drawn = []
    for week in weeks:
        changes = {name: draw(value) for name, value in values.items()}
        for name, _ in list(contradictions(changes)):
            changes[name] = "unknown"
        drawn.append(visit(week, **changes))
    return tuple(drawn)


@some
@given(hip=hips(), visits=courses(), data=st.data())
def test_any_order_of_rows_gives_one_history_and_its_end_is_the_state(hip: Any, visits: Any, data: Any) -> None:
    named = tuple(replace(one, side="") for one in visits)
    output = recommend(hip, named)
    assert recommend(hip, data.draw(st.permutations(named))) == output
    assert output.history[-1].state == output.state
    assert [entry.date for entry in output.history] == sorted(entry.date for entry in output.history)
    assert len(states(output)) == len(visits)


@some
@given(visits=courses(), hour=st.integers(0, 23))
def test_revoking_goes_back_to_unreviewed_wherever_the_case_was(visits: Any, hour: int) -> None:
    latest = max(one.visit_date for one in visits)
    time = datetime.combine(latest, datetime.min.time(), UTC) + timedelta(days=1, hours=hour)
    revoked = reviewed_hip(decisions=(decision(), decision(1, "unreviewed", time=time)))
    before, after = recommend(reviewed_hip(), visits), recommend(revoked, visits)
    assert after.state == ("S17" if before.state == "S17" else "S1")
    assert not after.sentences
    assert after.history[: len(before.history)] == before.history


@some
@given(visits=courses())
def test_history_never_clears_what_the_last_visit_left_open(visits: Any) -> None:
    output = recommend(reviewed_hip(), visits)
    last = max(visits, key=lambda one: one.visit_date)
    if last.examination_done == "unknown" or last.red_flags == Checklist():
        assert output.state in ("S8", "S17")
    if output.state == "S16":
        assert any(one.clinical_correlation == "yes" for one in visits)
        assert any(one.conservative_outcome == "failed" for one in visits)


def test_an_event_names_the_class_and_never_an_unknown_answer() -> None:
    named = reviewed_hip(decisions=(decision(confirmed_class="os-acetabuli"),))
    output = recommend((named,), (visit(0), visit(1, pain_severity="unknown", underlying_cause="unknown")))[0]
    assert [event.text for event in output.history[0].events] == ["confirmed by Dr Reader: os-acetabuli"]
    assert output.history[-1].events == ()


def test_rows_about_two_images_are_about_two_hips(tmp_path: Path) -> None:
    rows = [{"image_id": name, "side": "R"} for name in (IMAGE, "fedcba9876543210")]
    assert [context.image_id for context in read_contexts(table(tmp_path, rows))] == [IMAGE, "fedcba9876543210"]


def test_every_entry_names_its_state() -> None:
    names = {state.id: state.name for state in load_workflow().states}
    history = recommend((reviewed_hip(),), COURSE)[0].history
    assert [entry.state_name for entry in history] == [names[entry.state] for entry in history]


def test_a_confirmation_that_changes_no_state_is_told() -> None:
    two = reviewed_hip((finding(1), finding(2)), (decision(1, hour=8), decision(2, hour=9)))
    history = recommend((two,), (visit(0),))[0].history
    assert [(entry.state, [event.name for event in entry.events]) for entry in history[:2]] == [
        ("S8", [f"{IMAGE}-R-1"]),
        ("S8", [f"{IMAGE}-R-2"]),
    ]


def test_what_is_rejected_by_now_is_told_by_the_state_that_it_changed_and_not_otherwise() -> None:
    two = (finding(1), finding(2))
    fever = visit(0, red_flags=Checklist(answers={"fever": "yes"}, others="no"))
    doubted = (decision(2, "indeterminate", hour=8), decision(2, "rejected", hour=9))
    assert [entry.kind for entry in recommend((reviewed_hip(two, doubted),), (fever,))[0].history] == ["visit"]
    confirmed = (decision(2, hour=8), decision(2, "rejected", hour=9))
    history = recommend((reviewed_hip(two, confirmed),), (visit(0),))[0].history
    assert [(entry.kind, entry.state, entry.events) for entry in history[:2]] == [
        ("review", "S8", ()),
        ("review", "S1", ()),
    ]


def test_a_number_is_told_as_it_was_given_and_a_red_flag_once() -> None:
    fever = Checklist(answers={"fever": "yes"}, others="no")
    course = (visit(0, age_years=45.0, red_flags=fever), visit(1, age_years=45.0, red_flags=fever))
    history = recommend((reviewed_hip(),), course)[0].history
    texts = {event.name: event.text for event in history[1].events}
    assert texts["age_years"].endswith(" radiograph 45")
    assert "red_flag_fever" in texts
    assert history[2].events == ()


def test_a_reason_that_is_left_blank_later_is_no_news() -> None:
    said = visit(0, nsaid_caution_reason="weighed against the benefit")
    history = recommend((reviewed_hip(),), (said, visit(1)))[0].history
    assert [event.name for event in history[1].events if "reason" in event.name] == ["nsaid_caution_reason"]
    assert history[2].events == ()


def test_a_red_flag_is_taken_back_by_its_own_no_alone() -> None:
    raised = visit(0, red_flags=Checklist(answers={"fever": "yes"}, others="no"))
    _, denied = after_each_visit((raised, visit(1, red_flags=Checklist(answers={"fever": "no"}))), load_workflow())
    assert denied.red_flags.answer("fever") == "no"
    _, others = after_each_visit((raised, visit(1, red_flags=Checklist(answers={"unwell": "no"}))), load_workflow())
    assert others.red_flags.answer("fever") == "yes"


def test_only_what_excludes_a_new_answer_is_given_up() -> None:
    before = visit(0, age_years=45, advanced_imaging_result="no-labral-pathology", conservative_started="yes")
    now = visit(1, age_years=None, symptomatic_labral_pathology="yes")
    _, known = after_each_visit((before, now), load_workflow())
    assert (known.advanced_imaging_result, known.symptomatic_labral_pathology) == ("unknown", "yes")
    assert (known.age_years, known.conservative_started) == (45, "yes")


def test_a_site_may_let_a_reason_carry_over() -> None:
    own = load_workflow()
    carrying = tuple(replace(one, carries=True) if one.id == "nsaid_caution_reason" else one for one in own.inputs)
    said = visit(0, nsaid_caution_reason="weighed against the benefit")
    _, kept = after_each_visit((said, visit(1)), replace(own, inputs=carrying))
    assert kept.nsaid_caution_reason == "weighed against the benefit"
    _, asked_anew = after_each_visit((said, visit(1)), own)
    assert asked_anew.nsaid_caution_reason == ""


def test_visits_of_two_hips_are_not_mixed(tmp_path: Path) -> None:
    rows = [
        {"image_id": IMAGE, "side": "R", "visit_date": "2026-03-02", "conservative_started": "yes"},
        {"image_id": IMAGE, "side": "L", "visit_date": "2026-03-09", "conservative_started": "no"},
    ]
    assert [one.conservative_started for one in read_contexts(table(tmp_path, rows))] == ["yes", "no"]


@pytest.fixture
def a_day_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the machine's clock a whole day ahead of UTC, as far as POSIX goes."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot change its time zone")
    monkeypatch.setenv("TZ", "TST-24")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("a_day_ahead")
def test_a_day_is_that_of_utc_whatever_the_machine_s_clock(tmp_path: Path) -> None:
    late = decision(time=datetime(2026, 3, 1, 23, tzinfo=UTC))
    assert recommend((reviewed_hip(decisions=(late,)),), (visit(0),))[0].history[0].date == "2026-03-01"
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    row = {"image_id": IMAGE, "side": "R", "visit_date": tomorrow.isoformat()}
    assert read_contexts(table(tmp_path, [row]))[0].visit_date == tomorrow
    row["visit_date"] = (tomorrow + timedelta(days=1)).isoformat()
    with pytest.raises(UsageError, match="; the day lies in the future"):
        read_contexts(table(tmp_path, [row]))
