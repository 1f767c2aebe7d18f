"""What the guards look at: one reviewed hip, its clinical context, and what the gates say about it."""

from dataclasses import dataclass, replace
from functools import cached_property

from hipcalc.guideline.context import Answer, ClinicalContext
from hipcalc.guideline.gates import GateResult, evaluate_gate, gate_inputs
from hipcalc.guideline.workflow import InputDefinition, Workflow
from hipcalc.review import ReviewedFinding, ReviewedHip

__all__ = ["Facts"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One hip as the workflow sees it. Whatever is unknown makes a property false, whichever way it asks.

    Attributes
    ----------
    hip : ReviewedHip
    context : ClinicalContext
        All unknown where the hip has none.
    workflow : Workflow
    weeks_of_care : float or None
        Weeks from the first visit that records conservative care as started to the last one; None when not known.
    """

    hip: ReviewedHip
    context: ClinicalContext
    workflow: Workflow
    weeks_of_care: float | None = None

    def gate(self, gate_id: str) -> GateResult:
        """Return what a gate says: R, N, C or M."""
        if gate_id not in self._asked:
            self._asked[gate_id] = evaluate_gate(gate_id, self.context, self.workflow)
        return self._asked[gate_id]

    def with_answer(self, name: str, answer: object) -> "Facts":
        """Return the facts with one input, or one checklist, of the context answered; weeks of care left unknown.

        Gates that do not look at it keep what they say.
        """
        context = replace(self.context, **{name: answer})  # type: ignore[arg-type]
        changed = Facts(hip=self.hip, context=context, workflow=self.workflow)
        for gate_id, result in self._asked.items():
            if name not in gate_inputs(result.gate):
                changed._asked[gate_id] = result
        return changed

    @cached_property
    def _asked(self) -> dict[str, GateResult]:
        """Gates that were asked for: most guards look at one of them, and a hundred answers are tried for each hip."""
        return {}

    @property
    def confirmed(self) -> tuple[ReviewedFinding, ...]:
        """The findings that a named reader confirmed."""
        return self.hip.with_status("confirmed")

    @property
    def confirmed_in_scope(self) -> tuple[ReviewedFinding, ...]:
        """Those of them that are of the labral or rim region."""
        is_in_scope = self.workflow.is_in_scope
        return tuple(entry for entry in self.confirmed if is_in_scope(entry.confirmed_class, entry.finding.zone))

    @property
    def is_child(self) -> bool:
        """Whether the age is below the adult age, or growth plates are open."""
        age = self.context.age_years
        return self.context.open_physes == "yes" or (age is not None and age < self.workflow.scope.adult_from_years)

    @property
    def pain_here(self) -> Answer:
        """Whether this hip hurts; unknown until the pain's side, and the hip's, are known."""
        if self.context.hip_pain != "yes":
            return self.context.hip_pain
        if self.context.pain_side == "both":
            return "yes"
        if "unknown" in (self.context.pain_side, self.hip.side):
            return "unknown"
        return "yes" if self.context.pain_side == self.hip.side else "no"

    @property
    def pain_persists(self) -> bool:
        """Whether conservative care was started and the clinician says that the pain persists, or that it failed."""
        context = self.context
        return context.conservative_started == "yes" and context.conservative_outcome in ("persists", "failed")

    @property
    def has_improved(self) -> bool:
        """Whether conservative care or the injection brought an improvement."""
        return "improved" in (self.context.conservative_outcome, self.context.injection_response)

    @property
    def shows_pathology(self) -> bool:
        """Whether advanced imaging showed labral pathology."""
        return self.context.advanced_imaging_result == "labral-pathology"

    @property
    def specialist_conditions(self) -> dict[str, Answer]:
        """The three parts of R19, by rule: each of them must be yes."""
        context = self.context
        return {
            "R19a": _all_of(
                context.conservative_completed,
                _is(context.conservative_outcome, "failed"),
                # An injection that helped is non-operative treatment that did not fail.
                "no" if context.injection_response == "improved" else "yes",
            ),
            "R19b": _all_of(
                _is(context.advanced_imaging_result, "labral-pathology"), context.symptomatic_labral_pathology
            ),
            "R19c": context.clinical_correlation,
        }

    @property
    def required(self) -> tuple[InputDefinition, ...]:
        """The inputs, beside the red flags, without which no treatment text may be shown, and that are missing."""
        context = self.context
        known = {
            "age_years": context.age_years is not None,
            "hip_pain": context.hip_pain != "unknown",
            "pain_side": context.hip_pain != "yes" or self.pain_here != "unknown",
            "history_done": context.history_done == "yes",
            "examination_done": context.examination_done == "yes",
        }
        return tuple(entry for entry in self.workflow.inputs if not known.get(entry.id, True))


def _is(value: str, wanted: str) -> Answer:
    if value == "unknown":
        return "unknown"
    return "yes" if value == wanted else "no"


def _all_of(*answers: Answer) -> Answer:
    if "no" in answers:
        return "no"
    return "unknown" if "unknown" in answers else "yes"
