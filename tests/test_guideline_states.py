"""Every state and every transition of the clinical page's table, and the precedence between them."""

from dataclasses import replace
from typing import Any

import pytest

from guideline_builders import IMAGE, NONE, PAINFUL, PERSISTS, SURGICAL, decision, finding, reviewed_hip
from hipcalc.detectability.limit import STATED_CNR, STATED_PROBABILITY
from hipcalc.guideline import Checklist, ClinicalContext, Recommendation, load_workflow, recommend
from hipcalc.review import ReviewedHip

WORKFLOW = load_workflow()
FEVER = Checklist(answers={"fever": "yes"})
NO_PAIN = replace(PAINFUL, hip_pain="no", pain_side="unknown", pain_severity="unknown")
INJECTION = replace(PERSISTS, next_step="injection")
IMAGING = replace(PERSISTS, next_step="advanced-imaging")
SHOWN = replace(PERSISTS, advanced_imaging_result="labral-pathology")
IMPROVED = replace(PAINFUL, conservative_started="yes", conservative_outcome="improved")

EMPTY = reviewed_hip((), ())
UNREVIEWED = reviewed_hip(decisions=())
REJECTED = reviewed_hip(decisions=(decision(1, "rejected"),))
INDETERMINATE = reviewed_hip(decisions=(decision(1, "indeterminate"),))
CONFIRMED = reviewed_hip()
OTHER = reviewed_hip(decisions=(decision(confirmed_class="phlebolith"),))
IMPLANT = reviewed_hip(status="implant")


def shown(output: Recommendation) -> set[str]:
    return {sentence.rule_id for sentence in (*output.mandatory, *output.advice, *output.explanations)}


STATE_CASES: dict[str, tuple[ReviewedHip, ClinicalContext | None]] = {
    "S0": (EMPTY, PAINFUL),
    "S1": (UNREVIEWED, PAINFUL),
    "S2": (REJECTED, PAINFUL),
    "S3": (INDETERMINATE, PAINFUL),
    "S5": (OTHER, PAINFUL),
    "S6": (CONFIRMED, replace(PAINFUL, age_years=12)),
    "S7": (IMPLANT, PAINFUL),
    "S8": (CONFIRMED, None),
    "S9": (CONFIRMED, NO_PAIN),
    "S10": (CONFIRMED, PAINFUL),
    "S11": (CONFIRMED, PERSISTS),
    "S12": (CONFIRMED, INJECTION),
    "S13": (CONFIRMED, IMAGING),
    "S14": (CONFIRMED, SHOWN),
    "S15": (CONFIRMED, IMPROVED),
    "S16": (CONFIRMED, SURGICAL),
    "S17": (CONFIRMED, replace(PAINFUL, red_flags=FEVER)),
}


@pytest.mark.parametrize("state", STATE_CASES)
def test_each_state_is_reached(state: str) -> None:
    output = recommend(*STATE_CASES[state])
    assert output.state == state
    assert output.state_name == WORKFLOW.state(state).name
    assert output.when == WORKFLOW.state(state).when
    assert output.goes_to == WORKFLOW.state(state).goes_to
    assert output.passed[-1] == state
    assert output.audit_only == (state == "S2")


def test_no_state_is_left_out_and_s4_is_passed_through() -> None:
    assert {*STATE_CASES, "S4"} == {state.id for state in WORKFLOW.states}
    for state in ("S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13", "S14", "S15", "S16", "S17"):
        assert recommend(*STATE_CASES[state]).passed[:2] == ("S1", "S4"), state
    for state in ("S0", "S1", "S2", "S3"):
        assert "S4" not in recommend(*STATE_CASES[state]).passed


MANDATORY = {"R16", "R17", "R20", "R42"}
STEP = {*MANDATORY, "R43"}
RULES_SHOWN = {
    "S0": set(),
    "S1": set(),
    "S2": set(),
    "S3": set(),
    "S5": set(),
    "S6": MANDATORY,
    "S7": MANDATORY,
    "S8": {*MANDATORY, "R23", "R39", "R40", "R41"},
    "S9": STEP,
    "S10": {
        *STEP,
        *(f"R0{number}" for number in range(1, 10)),
        *("R10", "R11a", "R11b", "R11c", "R18", "R23", "R24", "R25", "R26", "R27", "R28", "R30", "R31"),
    },
    "S11": STEP,
    "S12": {*STEP, "R12", "R13", "R14", "R33", "R34", "R35", "R36"},
    "S13": {*STEP, "R15", "R21", "R22", "R37", "R38"},
    "S14": STEP,
    "S15": {*STEP, "R18"},
    "S16": {*STEP, "R19a", "R19b", "R19c", "R29", "R32"},
    "S17": set(),
}


@pytest.mark.parametrize("state", STATE_CASES)
def test_each_state_shows_its_rules_and_no_other(state: str) -> None:
    assert shown(recommend(*STATE_CASES[state])) == RULES_SHOWN[state]


# (from, to, the hip and context before, and after the event)
TRANSITIONS: list[tuple[str, str, Any, Any]] = [
    ("S1", "S2", (UNREVIEWED, PAINFUL), (REJECTED, PAINFUL)),
    ("S1", "S3", (UNREVIEWED, PAINFUL), (INDETERMINATE, PAINFUL)),
    ("S1", "S4", (UNREVIEWED, PAINFUL), (CONFIRMED, PAINFUL)),
    ("S3", "S2", (INDETERMINATE, PAINFUL), (REJECTED, PAINFUL)),
    ("S3", "S4", (INDETERMINATE, PAINFUL), (CONFIRMED, PAINFUL)),
    *(("S4", f"S{number}", (UNREVIEWED, None), STATE_CASES[f"S{number}"]) for number in range(5, 18)),
    ("S8", "S9", (CONFIRMED, None), (CONFIRMED, NO_PAIN)),
    ("S8", "S10", (CONFIRMED, None), (CONFIRMED, PAINFUL)),
    ("S8", "S17", (CONFIRMED, None), (CONFIRMED, ClinicalContext(red_flags=FEVER))),
    ("S10", "S11", (CONFIRMED, PAINFUL), (CONFIRMED, PERSISTS)),
    ("S10", "S15", (CONFIRMED, PAINFUL), (CONFIRMED, IMPROVED)),
    ("S11", "S12", (CONFIRMED, PERSISTS), (CONFIRMED, INJECTION)),
    ("S11", "S13", (CONFIRMED, PERSISTS), (CONFIRMED, IMAGING)),
    ("S12", "S11", (CONFIRMED, INJECTION), (CONFIRMED, replace(INJECTION, injection_response="none"))),
    ("S12", "S11", (CONFIRMED, INJECTION), (CONFIRMED, replace(INJECTION, injection_response="temporary"))),
    ("S12", "S15", (CONFIRMED, INJECTION), (CONFIRMED, replace(INJECTION, injection_response="improved"))),
    ("S13", "S11", (CONFIRMED, IMAGING), (CONFIRMED, replace(IMAGING, advanced_imaging_result="no-labral-pathology"))),
    ("S13", "S11", (CONFIRMED, IMAGING), (CONFIRMED, replace(IMAGING, advanced_imaging_result="inconclusive"))),
    ("S13", "S14", (CONFIRMED, IMAGING), (CONFIRMED, replace(IMAGING, advanced_imaging_result="labral-pathology"))),
    ("S13", "S15", (CONFIRMED, IMAGING), (CONFIRMED, replace(IMAGING, conservative_outcome="improved"))),
    ("S14", "S16", (CONFIRMED, replace(SURGICAL, clinical_correlation="unknown")), (CONFIRMED, SURGICAL)),
    ("S14", "S11", (CONFIRMED, SHOWN), (CONFIRMED, replace(SHOWN, clinical_correlation="no"))),
    ("S14", "S11", (CONFIRMED, SHOWN), (CONFIRMED, replace(SHOWN, symptomatic_labral_pathology="no"))),
]


def transition_id(number: int) -> str:
    """Return the name of a transition's test: from, to, and which of several."""
    start, end = TRANSITIONS[number][:2]
    same = sum(TRANSITIONS[index][:2] == (start, end) for index in range(number))
    return f"{start} to {end}" + (f", {same + 1}" if same else "")


@pytest.mark.parametrize(
    ("start", "end", "before", "after"),
    TRANSITIONS,
    ids=[transition_id(number) for number in range(len(TRANSITIONS))],
)
def test_each_transition(start: str, end: str, before: Any, after: Any) -> None:
    first, second = recommend(*before), recommend(*after)
    assert start in ("S4", first.state)
    assert end in second.passed
    assert end in ("S4", second.state)
    if start == "S4":
        assert "S4" in second.passed


def test_the_table_of_transitions_is_complete() -> None:
    tested = {(start, end) for start, end, _, _ in TRANSITIONS}
    assert tested == {(state.id, later) for state in WORKFLOW.states for later in state.goes_to}


def test_the_written_table_of_transitions_is_that_of_these_tests() -> None:
    from transition_table import TABLE, transition_table

    assert TABLE.read_text(encoding="utf-8") == transition_table(), "write it again: see tests/transition_table.py"


CASES_TO_REVOKE = [state for state in STATE_CASES if state not in ("S0", "S1", "S2", "S3", "S17")]


@pytest.mark.parametrize("state", CASES_TO_REVOKE)
def test_a_revoked_confirmation_goes_back_to_unreviewed(state: str) -> None:
    _, context = STATE_CASES[state]
    revoked = reviewed_hip(decisions=(decision(), decision(1, "unreviewed", hour=10)))
    assert recommend(revoked, context).state == "S1"


def test_a_replaced_image_goes_back_to_unreviewed() -> None:
    new = finding(1, candidate_id="fedcba9876543210-R-1", image_id="fedcba9876543210")
    hip = reviewed_hip((new,), (decision(),), image_id="fedcba9876543210")
    assert recommend(hip, replace(PAINFUL, image_id="")).state == "S1"


@pytest.mark.parametrize(
    ("wins", "loses", "hip", "context"),
    [
        ("S17", "S0", EMPTY, replace(PAINFUL, red_flags=FEVER)),
        ("S17", "S1", UNREVIEWED, ClinicalContext(red_flags=FEVER)),
        ("S17", "S6", CONFIRMED, replace(PAINFUL, age_years=12, red_flags=FEVER)),
        ("S1", "S6", UNREVIEWED, replace(PAINFUL, age_years=12)),
        ("S5", "S6", OTHER, replace(PAINFUL, age_years=12)),
        ("S6", "S7", IMPLANT, replace(PAINFUL, age_years=12)),
        ("S7", "S8", IMPLANT, None),
        ("S8", "S9", CONFIRMED, replace(NO_PAIN, red_flags=Checklist())),
        ("S9", "S16", CONFIRMED, replace(SURGICAL, pain_side="L")),
        ("S16", "S14", CONFIRMED, SURGICAL),
        ("S15", "S14", CONFIRMED, replace(SHOWN, injection_response="improved")),
        ("S15", "S16", CONFIRMED, replace(SURGICAL, injection_response="improved")),
        ("S14", "S12", CONFIRMED, replace(SHOWN, next_step="injection")),
    ],
)
def test_the_first_that_matches_wins(wins: str, loses: str, hip: ReviewedHip, context: ClinicalContext | None) -> None:
    assert recommend(hip, context).state == wins


def test_every_exclusion_that_holds_is_named() -> None:
    output = recommend(IMPLANT, replace(PAINFUL, age_years=12))
    assert [block.gate for block in output.blocked] == ["S6", "S7"]
    assert output.blocked[1].text == "The workflow does not apply to this hip: arthroplasty or hardware on this side."


class TestReview:
    def test_one_confirmed_finding_opens_the_workflow_and_the_others_are_named(self) -> None:
        hip = reviewed_hip(
            (finding(1), finding(2), finding(3), finding(4)),
            (decision(2), decision(3, "indeterminate"), decision(4, "rejected")),
        )
        output = recommend(hip, PAINFUL)
        assert output.state == "S10"
        assert [entry.candidate_id for entry in output.confirmed] == [f"{IMAGE}-R-2"]
        assert output.unreviewed == (f"{IMAGE}-R-1",)
        assert output.indeterminate == (f"{IMAGE}-R-3",)
        assert f"{IMAGE}-R-4" not in str(output.to_dict())

    def test_what_is_pending_comes_before_what_is_indeterminate_or_rejected(self) -> None:
        both = (decision(1, "indeterminate"), decision(2, "rejected"))
        assert recommend(reviewed_hip((finding(1), finding(2), finding(3)), both), None).state == "S1"
        assert recommend(reviewed_hip((finding(1), finding(2)), both), None).state == "S3"

    def test_the_confirmed_finding_is_frozen_with_its_reader_and_time(self) -> None:
        (entry,) = recommend(reviewed_hip(decisions=(decision(confirmed_class="os-acetabuli"),)), PAINFUL).confirmed
        assert (entry.finding_class, entry.zone, entry.in_scope) == ("os-acetabuli", "rim", True)
        assert (entry.reader, entry.time) == ("Dr Reader", "2026-03-01T09:00:00+00:00")

    @pytest.mark.parametrize(
        ("zone", "confirmed_class", "state"),
        [
            ("rim", "", "S10"),
            ("rim-overlay", "", "S10"),
            ("supra-rim", "", "S5"),
            ("remote", "", "S5"),
            ("supra-rim", "labral-calcification", "S10"),
            ("remote", "rim-ossification", "S10"),
            ("trochanteric", "os-acetabuli", "S10"),
            ("rim", "osteophyte", "S5"),
            ("rim", "rim-fracture-fragment", "S5"),
            ("rim", "rectus-femoris-hadd", "S5"),
        ],
    )
    def test_the_readers_class_decides_about_the_scope_else_the_zone(
        self, zone: str, confirmed_class: str, state: str
    ) -> None:
        hip = reviewed_hip((finding(zone=zone),), (decision(confirmed_class=confirmed_class),))
        output = recommend(hip, PAINFUL)
        assert output.state == state
        assert output.confirmed[0].in_scope == (state == "S10")

    def test_one_finding_in_scope_is_enough(self) -> None:
        hip = reviewed_hip((finding(1, zone="pelvic"), finding(2)), (decision(1), decision(2)))
        output = recommend(hip, PAINFUL)
        assert output.state == "S10"
        assert [entry.in_scope for entry in output.confirmed] == [False, True]


class TestNoCandidate:
    @pytest.mark.parametrize(
        ("millimetres", "radii", "words"),
        [
            (2.1, 0.09, "A focus with a diameter of 2.1 mm (0.09 femoral-head radii) or more and a contrast"),
            (None, 0.09, "A focus with a diameter of 0.09 femoral-head radii or more and a contrast"),
            (None, None, "No size can be stated at which a focus would have been found here in nine of ten cases: it"),
        ],
    )
    def test_says_how_small_a_focus_would_have_been_found(self, millimetres: Any, radii: Any, words: str) -> None:
        hip = reviewed_hip((), (), detection_limit_mm=millimetres, detection_limit_head_radii=radii)
        first, second = recommend(hip, None).notes
        assert first.text == "No candidate detected; this does not exclude one."
        assert second.text.startswith(words)

    @pytest.mark.parametrize(
        ("tissue", "words"),
        [
            ("soft tissue", "in soft tissue beside the rim"),
            ("bone", "over bone around the rim"),
            ("", "around the rim"),
        ],
    )
    def test_says_where_and_for_what_a_limit_holds(self, tissue: str, words: str) -> None:
        hip = reviewed_hip((), (), detection_limit_tissue=tissue)
        second = recommend(hip, None).notes[1]
        assert second.text.endswith(
            f"a contrast-to-noise ratio of {STATED_CNR:g} would have been found here, {words}, in nine of ten cases."
        )
        assert STATED_PROBABILITY == 0.9

    def test_says_that_nothing_was_searched_where_no_hip_was_found(self) -> None:
        (only,) = recommend(reviewed_hip((), (), status="absent"), None).notes
        assert "nothing was searched" in only.text

    def test_a_weak_candidate_that_nobody_decided_about_is_none(self) -> None:
        assert recommend(reviewed_hip((finding(finding=False),), ()), None).state == "S0"


class TestScope:
    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({"age_years": 17.9}, "S6"),
            ({"age_years": 18}, "S10"),
            ({"open_physes": "yes"}, "S6"),
            ({"open_physes": "unknown"}, "S10"),
            ({"age_years": None, "open_physes": "yes"}, "S6"),
            ({"implant": "yes"}, "S7"),
            ({"implant": "unknown"}, "S10"),
        ],
    )
    def test_children_and_implants_are_outside(self, changes: dict[str, Any], state: str) -> None:
        assert recommend(CONFIRMED, replace(PAINFUL, **changes)).state == state

    def test_a_child_is_referred_and_gets_no_treatment_text(self) -> None:
        output = recommend(*STATE_CASES["S6"])
        assert "paediatric specialist" in output.notes[0].text
        assert "ossicle at the rim can be normal" in output.notes[0].text
        assert not output.advice


class TestContext:
    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            ({"age_years": None}, ["age_years"]),
            ({"hip_pain": "unknown", "pain_side": "unknown"}, ["hip_pain"]),
            ({"pain_side": "unknown"}, ["pain_side"]),
            ({"history_done": "no"}, ["history_done"]),
            ({"history_done": "unknown"}, ["history_done"]),
            ({"examination_done": "no"}, ["examination_done"]),
            ({"examination_done": "unknown"}, ["examination_done"]),
            ({"red_flags": Checklist()}, ["red_flags"]),
            ({"red_flags": replace(NONE, answers={"trauma": "unknown"})}, ["red_flag_trauma"]),
        ],
    )
    def test_what_is_missing_is_named_with_its_question(self, changes: dict[str, Any], missing: list[str]) -> None:
        output = recommend(CONFIRMED, replace(PAINFUL, **changes))
        assert output.state == "S8"
        assert [entry.name for entry in output.missing] == missing
        assert all(entry.question for entry in output.missing)
        assert {sentence.rule_id for sentence in output.advice} == {"R39", "R40"}

    def test_without_any_context_everything_is_missing(self) -> None:
        output = recommend(CONFIRMED, None)
        names = [entry.name for entry in output.missing]
        assert names == ["age_years", "hip_pain", "history_done", "examination_done", "red_flags"]
        assert "Fever?" in output.missing[-1].question
        assert "Progressive neurological signs?" in output.missing[-1].question

    def test_pain_of_a_hip_whose_side_is_unknown_is_known_only_when_both_hurt(self) -> None:
        hip = reviewed_hip((finding(side="unknown"),), side="unknown")
        assert recommend(hip, replace(PAINFUL, side="")).state == "S8"
        assert recommend(hip, replace(PAINFUL, side="", pain_side="both")).state == "S10"

    def test_pain_on_the_other_side_is_no_pain_here(self) -> None:
        assert recommend(CONFIRMED, replace(PAINFUL, pain_side="L")).state == "S9"
        assert recommend(CONFIRMED, replace(PAINFUL, pain_side="both")).state == "S10"

    def test_severity_and_cause_are_asked_for_before_a_plan(self) -> None:
        output = recommend(CONFIRMED, replace(PAINFUL, pain_severity="unknown", underlying_cause="unknown"))
        assert output.state == "S10"
        assert [entry.name for entry in output.missing] == ["pain_severity", "underlying_cause", "conservative_started"]

    def test_the_outcome_is_asked_for_once_conservative_care_is_completed(self) -> None:
        going_on = replace(PAINFUL, conservative_started="yes")
        assert recommend(CONFIRMED, going_on).missing == ()
        output = recommend(CONFIRMED, replace(going_on, conservative_completed="yes"))
        assert [entry.name for entry in output.missing] == ["conservative_outcome"]

    def test_pain_that_persists_without_conservative_care_leads_to_it(self) -> None:
        output = recommend(CONFIRMED, replace(PAINFUL, conservative_outcome="persists"))
        assert output.state == "S10"
        assert [entry.name for entry in output.missing] == ["conservative_started"]


class TestSteps:
    def test_reassessment_offers_both_steps_without_an_order(self) -> None:
        output = recommend(CONFIRMED, PERSISTS)
        first, second = output.offered
        assert (first.state, second.state) == ("S12", "S13")
        assert [sentence.rule_id for sentence in first.advice] == ["R12", "R13", "R14", "R33", "R35"]
        assert [sentence.rule_id for sentence in first.explanations] == ["R34", "R36"]
        assert [sentence.rule_id for sentence in second.advice] == ["R15", "R21", "R22", "R37", "R38"]
        assert "rapid joint destruction" in first.notes[0].text
        assert "does not say in which order" in output.notes[0].text
        assert [entry.name for entry in output.missing] == ["next_step"]
        assert [tension.id for tension in output.tensions] == ["T1", "T2", "T3", "T5"]

    def test_failure_is_reassessed_as_well(self) -> None:
        failed = replace(PERSISTS, conservative_outcome="failed")
        assert recommend(CONFIRMED, failed).state == "S11"

    def test_a_step_whose_result_is_on_record_is_not_offered_again(self) -> None:
        injected = replace(PERSISTS, injection_response="temporary")
        imaged = replace(PERSISTS, advanced_imaging_result="inconclusive")
        neither = replace(injected, advanced_imaging_result="inconclusive")
        assert [offer.state for offer in recommend(CONFIRMED, injected).offered] == ["S13"]
        assert [offer.state for offer in recommend(CONFIRMED, imaged).offered] == ["S12"]
        output = recommend(CONFIRMED, neither)
        assert output.offered == ()
        assert "names no further step here" in output.notes[-1].text
        assert recommend(CONFIRMED, injected).notes[-1].id == "S11.1"

    def test_the_way_is_told_from_what_is_on_record(self) -> None:
        assert recommend(CONFIRMED, SURGICAL).passed == ("S1", "S4", "S10", "S11", "S13", "S14", "S16")
        injected = replace(INJECTION, injection_response="improved")
        assert recommend(CONFIRMED, injected).passed == ("S1", "S4", "S10", "S11", "S12", "S15")
        assert recommend(EMPTY, None).passed == ("S0",)
        assert recommend(EMPTY, replace(PAINFUL, red_flags=FEVER)).passed == ("S17",)
        assert recommend(CONFIRMED, replace(SURGICAL, pain_side="L")).passed == ("S1", "S4", "S9")
        assert recommend(REJECTED, None).passed == ("S1", "S2")
        assert recommend(CONFIRMED, None).passed == ("S1", "S4", "S8")
        assert recommend(CONFIRMED, SHOWN).passed == ("S1", "S4", "S10", "S11", "S13", "S14")

    def test_correlation_asks_what_it_needs(self) -> None:
        output = recommend(CONFIRMED, SHOWN)
        assert [entry.name for entry in output.missing] == ["symptomatic_labral_pathology", "clinical_correlation"]

    def test_correlated_pathology_without_failed_care_goes_on_with_care(self) -> None:
        correlated = {
            "advanced_imaging_result": "labral-pathology",
            "symptomatic_labral_pathology": "yes",
            "clinical_correlation": "yes",
        }
        early = recommend(CONFIRMED, replace(PAINFUL, **correlated))
        assert (early.state, [block.gate for block in early.blocked]) == ("S10", ["R19"])
        assert recommend(CONFIRMED, replace(PERSISTS, **correlated)).state == "S11"

    def test_an_unfinished_specialist_question_says_which_part_is_open(self) -> None:
        (block,) = recommend(CONFIRMED, SHOWN).blocked
        assert (block.gate, block.rules) == ("R19", ("R19a", "R19b", "R19c"))
        assert block.text.startswith("No surgical opinion is suggested")
        answers = {reason.id: reason.answer for reason in block.reasons}
        assert answers == {"R19a": "no", "R19b": "unknown", "R19c": "unknown"}
        (one_open,) = recommend(CONFIRMED, replace(SURGICAL, clinical_correlation="unknown")).blocked
        assert {reason.id: reason.answer for reason in one_open.reasons} == {"R19c": "unknown"}
        (failed,) = recommend(CONFIRMED, replace(PERSISTS, conservative_outcome="failed")).blocked
        assert {reason.id: reason.answer for reason in failed.reasons} == {
            "R19a": "unknown",
            "R19b": "unknown",
            "R19c": "unknown",
        }
        (early,) = recommend(CONFIRMED, replace(PAINFUL, advanced_imaging_result="labral-pathology")).blocked
        assert early.gate == "R19"
        assert recommend(CONFIRMED, SURGICAL).blocked == ()

    def test_nothing_is_said_about_a_specialist_before_the_question_arises(self) -> None:
        assert recommend(CONFIRMED, PAINFUL).blocked == ()
        assert recommend(CONFIRMED, PERSISTS).blocked == ()
        assert recommend(CONFIRMED, replace(SURGICAL, pain_side="L")).blocked == ()
