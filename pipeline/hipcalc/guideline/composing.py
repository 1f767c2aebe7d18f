"""A state and its facts -> everything that the output says."""

from hipcalc.findings import Tissue
from hipcalc.guideline.case import HistoryEntry
from hipcalc.guideline.explaining import explain
from hipcalc.guideline.facts import Facts
from hipcalc.guideline.grading import grading_note, gradings
from hipcalc.guideline.guards import STEPS, choose_state, exclusions, passed_states
from hipcalc.guideline.recommendation import (
    Block,
    ConfirmedFinding,
    Missing,
    Note,
    Offer,
    Reason,
    Recommendation,
    TensionNote,
)
from hipcalc.guideline.sentences import GatedRules, apply_gates, gate_block
from hipcalc.guideline.workflow import State
from hipcalc.review import ReviewedFinding

__all__ = ["compose"]

_EXPLAINING = ("explanation", "rationale", "evidence")
# R10: the source document gives physical therapy 6-8 weeks; from then on its outcome is asked for.
_WEEKS_OF_CARE = 6
# Where a detection limit holds; results of earlier versions do not say.
_TISSUES: dict[Tissue, str] = {
    "soft tissue": "in soft tissue beside the rim",
    "bone": "over bone around the rim",
    "": "around the rim",
}


def compose(facts: Facts, history: tuple[HistoryEntry, ...] = ()) -> Recommendation:
    """Choose the state of a hip and write down what it says, and the way there."""
    state = choose_state(facts)
    gated = apply_gates(facts, state.rules)
    steps = tuple((step, apply_gates(facts, step.rules)) for step in _open_steps(facts, state))
    offered = tuple(_offer(facts, step, rules) for step, rules in steps if rules.of_kind("advice"))
    everything = (gated, *(rules for _, rules in steps))
    hip, workflow = facts.hip, facts.workflow
    return Recommendation(
        image_id=hip.image_id,
        path=hip.path,
        side=hip.side,
        state=state.id,
        state_name=state.name,
        when=state.when,
        audit_only=state.id == "S2",
        passed=passed_states(facts, state),
        goes_to=state.goes_to,
        confirmed=tuple(_confirmed(facts, entry) for entry in facts.confirmed),
        gradings=gradings(facts),
        grading_note=grading_note(facts),
        unreviewed=tuple(entry.finding.candidate_id for entry in hip.with_status("unreviewed")),
        indeterminate=tuple(entry.finding.candidate_id for entry in hip.with_status("indeterminate")),
        notes=(*_notes(facts, state, nothing_offered=not offered), *_disagreements(facts, state)),
        mandatory=gated.of_kind("mandatory"),
        advice=gated.of_kind("advice"),
        explanations=gated.of_kind(*_EXPLAINING),
        offered=offered,
        missing=_missing(facts, state),
        blocked=(*_state_blocks(facts, state), *(block for rules in everything for block in rules.blocked)),
        cautions=tuple(caution for rules in everything for caution in rules.cautions),
        tensions=_tensions(facts, state),
        explanation=explain(facts),
        history=history,
        disclaimer=workflow.disclaimer,
        workflow_name=workflow.name,
        workflow_version=workflow.version,
        workflow_sha256=workflow.sha256,
    )


def _confirmed(facts: Facts, entry: ReviewedFinding) -> ConfirmedFinding:
    decision = entry.decision or entry.decisions[-1]
    return ConfirmedFinding(
        candidate_id=entry.finding.candidate_id,
        finding_class=entry.confirmed_class,
        zone=entry.finding.zone,
        in_scope=entry in facts.confirmed_in_scope,
        reader=decision.reader,
        time=decision.time.isoformat(),
    )


def _open_steps(facts: Facts, state: State) -> tuple[State, ...]:
    """Return the steps that a reassessment may offer: those whose result is not on record yet."""
    if state.id != "S11":
        return ()
    is_open = {
        "S12": facts.context.injection_response == "unknown",
        "S13": facts.context.advanced_imaging_result == "unknown",
    }
    return tuple(facts.workflow.state(name) for name in state.goes_to if is_open.get(name))


def _offer(facts: Facts, step: State, rules: GatedRules) -> Offer:
    return Offer(
        state=step.id,
        name=step.name,
        advice=rules.of_kind("advice"),
        explanations=rules.of_kind(*_EXPLAINING),
        notes=_notes(facts, step, nothing_offered=False),
    )


def _notes(facts: Facts, state: State, *, nothing_offered: bool) -> tuple[Note, ...]:
    limit, where = _detection_limit(facts), _TISSUES[facts.hip.detection_limit_tissue]
    searched = facts.hip.hip_status != "absent"
    holds = {
        "always": True,
        "hip-searched": searched,
        "hip-absent": not searched,
        "detection-limit-known": searched and bool(limit),
        "detection-limit-unknown": searched and not limit,
        "nothing-offered": nothing_offered,
    }
    return tuple(
        Note(
            id=text.id,
            text=text.text.replace("{detection_limit}", limit).replace("{detection_tissue}", where),
            basis=text.basis,
        )
        for text in state.texts
        if holds[text.condition]
    )


def _disagreements(facts: Facts, state: State) -> tuple[Note, ...]:
    """Return what readers disagree about, and how that is settled; a red flag leaves room for nothing else."""
    disputed = [entry for entry in facts.hip.findings if entry.disagreement and state.id != "S17"]
    return tuple(
        Note(
            id=f"{state.id}-readers",
            text=facts.workflow.disagreement_text.replace("{candidate}", entry.finding.candidate_id).replace(
                "{decisions}", entry.disagreement
            ),
            basis="E",
        )
        for entry in disputed
    )


def _detection_limit(facts: Facts) -> str:
    """Return the detection limit in words, empty where it was not measured."""
    millimetres, radii = facts.hip.detection_limit_mm, facts.hip.detection_limit_head_radii
    in_radii = "" if radii is None else f"{radii:.2f} femoral-head radii"
    if millimetres is None:
        return in_radii
    return f"{millimetres:.1f} mm ({in_radii})" if in_radii else f"{millimetres:.1f} mm"


def _missing(facts: Facts, state: State) -> tuple[Missing, ...]:
    if state.id == "S8":
        asked = tuple(Missing(name=known.id, question=known.question) for known in facts.required)
        return (*asked, *_missing_red_flags(facts))
    context = facts.context
    wanted = [name for name in state.wants if getattr(context, name) == "unknown"]
    is_due = context.conservative_completed == "yes" or (facts.weeks_of_care or 0) >= _WEEKS_OF_CARE
    if state.id == "S10" and is_due and context.conservative_outcome == "unknown":
        wanted.append("conservative_outcome")
    return tuple(Missing(name=name, question=facts.workflow.input(name).question) for name in wanted)


def _missing_red_flags(facts: Facts) -> tuple[Missing, ...]:
    result = facts.gate("R")
    gate, unanswered = result.gate, result.unanswered
    if len(unanswered) == len(gate.items):
        questions = " ".join(item.question for item in gate.items)
        return (Missing(name=gate.column, question=f"The whole checklist of {gate.name}: {questions}"),)
    return tuple(Missing(name=gate.prefix + entry.item.id, question=entry.item.question) for entry in unanswered)


def _state_blocks(facts: Facts, state: State) -> tuple[Block, ...]:
    """Return what the state itself holds back, gates of its rules apart."""
    workflow = facts.workflow
    if state.id == "S17":
        result = facts.gate("R")
        return (gate_block(result, result.answered_yes),)
    blocks = [
        Block(gate=excluding.id, text=workflow.excluded_text.replace("{when}", excluding.when), rules=(), reasons=())
        for excluding in exclusions(facts, state)
    ]
    asks_for_surgeon = facts.shows_pathology or facts.context.conservative_outcome == "failed"
    if state.id in STEPS and state.id != "S16" and asks_for_surgeon:
        blocks.append(_specialist_block(facts))
    return tuple(blocks)


def _specialist_block(facts: Facts) -> Block:
    conditions = facts.specialist_conditions
    rules = {rule_id: facts.workflow.rule(rule_id) for rule_id in conditions}
    return Block(
        gate="R19",
        text=facts.workflow.specialist_blocked_text,
        rules=tuple(conditions),
        reasons=tuple(
            Reason(id=rule_id, label=rules[rule_id].statement, answer=answer, basis=rules[rule_id].basis)
            for rule_id, answer in conditions.items()
            if answer != "yes"
        ),
    )


def _tensions(facts: Facts, state: State) -> tuple[TensionNote, ...]:
    return tuple(
        TensionNote(id=tension.id, text=tension.text, rules=tension.rules)
        for tension in facts.workflow.tensions
        if tension.id in state.tensions
    )
