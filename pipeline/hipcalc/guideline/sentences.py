"""Rules -> sentences, as the gates leave them."""

from collections.abc import Iterable
from dataclasses import dataclass

from hipcalc.guideline.facts import Facts
from hipcalc.guideline.gates import GateItemAnswer, GateResult
from hipcalc.guideline.recommendation import Block, Caution, Reason, Sentence
from hipcalc.guideline.workflow import Rule, Workflow

__all__ = ["GatedRules", "apply_gates", "gate_block"]


@dataclass(frozen=True, kw_only=True)
class GatedRules:
    """The sentences that are left, what the gates hold back, and the cautions that a clinician's reason passed."""

    sentences: tuple[Sentence, ...]
    blocked: tuple[Block, ...]
    cautions: tuple[Caution, ...]

    def of_kind(self, *kinds: str) -> tuple[Sentence, ...]:
        """Return the sentences of some kinds, in the state's order."""
        return tuple(sentence for sentence in self.sentences if sentence.kind in kinds)


def apply_gates(facts: Facts, rule_ids: Iterable[str]) -> GatedRules:
    """Turn rules into sentences, without those that a gate withdraws, and with its text for the one it replaces."""
    wanted = tuple(rule_ids)
    workflow = facts.workflow
    results = [facts.gate(gate.id) for gate in workflow.gates if {*gate.withdraws, gate.replaces} & set(wanted)]
    shut = [result for result in results if not result.is_clear]
    withdrawn = {rule_id for result in shut for rule_id in result.gate.withdraws}
    replaced = {result.gate.replaces: result for result in shut}
    return GatedRules(
        sentences=tuple(
            _sentence(workflow, workflow.rule(rule_id), replaced.get(rule_id))
            for rule_id in wanted
            if rule_id not in withdrawn
        ),
        blocked=tuple(gate_block(result, result.blocking) for result in shut),
        cautions=tuple(caution for result in results if result.is_clear for caution in _cautions(result)),
    )


def gate_block(result: GateResult, because: tuple[GateItemAnswer, ...]) -> Block:
    """Return what a gate holds back, because of some of its items."""
    return Block(
        gate=result.gate.id,
        text=result.gate.blocked_text,
        rules=result.gate.withdraws,
        reasons=tuple(
            Reason(id=entry.item.id, label=entry.item.label, answer=entry.answer, basis=entry.item.basis)
            for entry in because
        ),
    )


def _cautions(result: GateResult) -> tuple[Caution, ...]:
    return tuple(
        Caution(
            gate=result.gate.id,
            id=entry.item.id,
            label=entry.item.label,
            basis=entry.item.basis,
            clinician_reason=result.reason,
        )
        for entry in result.passed_cautions
    )


def _sentence(workflow: Workflow, rule: Rule, replaced_by: GateResult | None) -> Sentence:
    reference = workflow.reference if rule.citation else workflow.reference_without_number
    return Sentence(
        rule_id=rule.id,
        text=replaced_by.gate.blocked_text if replaced_by else rule.text,
        kind=rule.kind,
        basis=replaced_by.gate.blocked_basis if replaced_by else rule.basis,
        place=f"{rule.section}, {rule.item}",
        reference=reference.replace("{citation}", rule.citation),
    )
