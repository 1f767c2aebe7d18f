"""The state machine: one pure guard for each state, tried in the order of the workflow's precedence."""

from collections.abc import Callable, Mapping
from typing import Final

from hipcalc.guideline.facts import Facts
from hipcalc.guideline.workflow import State, Workflow

__all__ = ["STEPS", "choose_state", "exclusions", "in_precedence", "passed_states"]

Guard = Callable[[Facts], bool]


def _red_flag(facts: Facts) -> bool:
    return bool(facts.gate("R").answered_yes)


def _no_candidate(facts: Facts) -> bool:
    return not facts.hip.findings


def _unreviewed(facts: Facts) -> bool:
    return not facts.confirmed and bool(facts.hip.with_status("unreviewed"))


def _indeterminate(facts: Facts) -> bool:
    return not facts.confirmed and bool(facts.hip.with_status("indeterminate"))


def _rejected(facts: Facts) -> bool:
    return not facts.confirmed


def _other_class(facts: Facts) -> bool:
    return not facts.confirmed_in_scope


def _child(facts: Facts) -> bool:
    return facts.is_child


def _implant(facts: Facts) -> bool:
    return facts.hip.has_implant or facts.context.implant == "yes"


def _no_context(facts: Facts) -> bool:
    return bool(facts.required or facts.gate("R").unanswered)


def _incidental(facts: Facts) -> bool:
    return facts.pain_here == "no"


def _specialist(facts: Facts) -> bool:
    return set(facts.specialist_conditions.values()) == {"yes"}


def _follow_up(facts: Facts) -> bool:
    return facts.has_improved


def _correlate(facts: Facts) -> bool:
    asked = (facts.context.symptomatic_labral_pathology, facts.context.clinical_correlation)
    return facts.shows_pathology and "unknown" in asked and "no" not in asked


def _injection(facts: Facts) -> bool:
    chosen = facts.context.next_step == "injection" and facts.context.injection_response == "unknown"
    return facts.pain_persists and chosen and facts.gate("C").is_clear


def _advanced_imaging(facts: Facts) -> bool:
    chosen = facts.context.next_step == "advanced-imaging" and facts.context.advanced_imaging_result == "unknown"
    return facts.pain_persists and chosen


def _reassess(facts: Facts) -> bool:
    return facts.pain_persists


def _conservative(facts: Facts) -> bool:
    """Hold for a hip that hurts and that no later step has claimed: the missing context was S8's to catch."""
    return facts.pain_here == "yes"


# S4 is passed through, and never the state that a hip stays in.
_GUARDS: Final[Mapping[str, Guard]] = {
    "S17": _red_flag,
    "S0": _no_candidate,
    "S1": _unreviewed,
    "S3": _indeterminate,
    "S2": _rejected,
    "S5": _other_class,
    "S6": _child,
    "S7": _implant,
    "S8": _no_context,
    "S9": _incidental,
    "S16": _specialist,
    "S15": _follow_up,
    "S14": _correlate,
    "S12": _injection,
    "S13": _advanced_imaging,
    "S11": _reassess,
    "S10": _conservative,
}
_EXCLUSIONS: Final = ("S5", "S6", "S7")
STEPS: Final = ("S10", "S11", "S12", "S13", "S14", "S15", "S16")


def choose_state(facts: Facts) -> State:
    """Return the state of a hip: the first in the order of precedence whose guard holds."""
    return next(state for state in in_precedence(facts.workflow) if _GUARDS[state.id](facts))


def in_precedence(workflow: Workflow) -> tuple[State, ...]:
    """Return the states that a hip can stay in, in the order in which their guards are tried."""
    return tuple(sorted((state for state in workflow.states if state.precedence), key=lambda state: state.precedence))


def exclusions(facts: Facts, state: State) -> tuple[State, ...]:
    """Return every scope exclusion that holds for a hip that is in one of them; none otherwise."""
    if state.id not in _EXCLUSIONS:
        return ()
    return tuple(facts.workflow.state(name) for name in _EXCLUSIONS if _GUARDS[name](facts))


def passed_states(facts: Facts, state: State) -> tuple[str, ...]:
    """Return the states that a hip went through on its way, in order, the present one last."""
    context = facts.context
    steps = state.id in STEPS
    been = {
        "S1": bool(facts.hip.findings),
        "S4": bool(facts.confirmed),
        "S10": steps,
        "S11": steps and facts.pain_persists,
        "S12": steps and context.injection_response != "unknown",
        "S13": steps and context.advanced_imaging_result != "unknown",
        "S14": steps and facts.shows_pathology,
    }
    return (*(name for name, was in been.items() if was and name != state.id), state.id)
