"""Gates: checklists in which an unanswered question never counts as clear."""

from dataclasses import dataclass
from typing import Final

from hipcalc.guideline.context import Answer, Checklist, ClinicalContext
from hipcalc.guideline.workflow import Gate, GateItem, Workflow

__all__ = ["GateItemAnswer", "GateResult", "evaluate_gate", "gate_inputs"]


@dataclass(frozen=True, kw_only=True)
class GateItemAnswer:
    """One item of a gate with its answer."""

    item: GateItem
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What a gate says.

    Attributes
    ----------
    gate : Gate
    blocking : tuple of GateItemAnswer
        Blockers and cautions that are unknown, blockers answered yes, and cautions answered yes without a recorded
        reason.
    passed_cautions : tuple of GateItemAnswer
        Cautions answered yes that the clinician's recorded reason passes.
    reason : str
        That reason, in the clinician's words; empty when there is none.
    """

    gate: Gate
    blocking: tuple[GateItemAnswer, ...]
    passed_cautions: tuple[GateItemAnswer, ...]
    reason: str

    @property
    def is_clear(self) -> bool:
        """Whether nothing blocks."""
        return not self.blocking

    @property
    def answered_yes(self) -> tuple[GateItemAnswer, ...]:
        """The blocking items that were answered yes."""
        return tuple(entry for entry in self.blocking if entry.answer == "yes")

    @property
    def unanswered(self) -> tuple[GateItemAnswer, ...]:
        """The blocking items whose answer is unknown."""
        return tuple(entry for entry in self.blocking if entry.answer == "unknown")


# A red flag is never passed with a reason.
_REASONS: Final = {"N": "nsaid_caution_reason", "C": "injection_caution_reason", "M": "mra_caution_reason"}


def gate_inputs(gate: Gate) -> frozenset[str]:
    """Return the fields of a context that a gate looks at."""
    derived = (item.derived_from for item in gate.items)
    return frozenset(filter(None, (gate.column, _REASONS.get(gate.id), *derived)))


def evaluate_gate(gate_id: str, context: ClinicalContext, workflow: Workflow) -> GateResult:
    """Evaluate one gate.

    Parameters
    ----------
    gate_id : {"R", "N", "C", "M"}
    context : ClinicalContext
    workflow : Workflow

    Returns
    -------
    GateResult
    """
    gate = workflow.gate(gate_id)
    checklist: Checklist = getattr(context, gate.column)
    reason = str(getattr(context, _REASONS[gate_id])).strip() if gate_id in _REASONS else ""
    answers = [GateItemAnswer(item=item, answer=_answer(item, checklist, context, workflow)) for item in gate.items]
    passed = tuple(e for e in answers if e.item.kind == "caution" and e.answer == "yes" and reason)
    return GateResult(
        gate=gate,
        blocking=tuple(e for e in answers if e.answer != "no" and e not in passed),
        passed_cautions=passed,
        reason=reason if passed else "",
    )


def _answer(item: GateItem, checklist: Checklist, context: ClinicalContext, workflow: Workflow) -> Answer:
    if not item.derived_from:
        return checklist.answer(item.id)
    if context.age_years is None:
        return "unknown"
    return "yes" if context.age_years < workflow.scope.adult_from_years else "no"
