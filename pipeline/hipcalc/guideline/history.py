"""Decisions and visits of one hip -> its way through the workflow, event by event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from hipcalc.guideline.case import HistoryEntry, HistoryEvent
from hipcalc.guideline.context import INPUT_NAMES, ClinicalContext
from hipcalc.guideline.facts import Facts
from hipcalc.guideline.guards import choose_state
from hipcalc.guideline.workflow import State, Workflow
from hipcalc.review import Decision, ReviewedHip

__all__ = ["case_history", "weeks_of_care"]


def case_history(
    hip: ReviewedHip, visits: Sequence[ClinicalContext], known: Sequence[ClinicalContext], workflow: Workflow
) -> tuple[HistoryEntry, ...]:
    """Follow a hip through its decisions and dated visits.

    Parameters
    ----------
    hip : ReviewedHip
    visits, known : sequence of ClinicalContext
        The visits by date, as given, and what was known after each (`after_each_visit`).
    workflow : Workflow

    Returns
    -------
    tuple of HistoryEntry
        By date; the last one holds the present state. Empty when the visits have no dates.
    """
    if not visits or visits[0].visit_date is None:
        return ()
    return tuple(_Case(hip=hip, visits=tuple(visits), known=tuple(known), workflow=workflow).entries())


def weeks_of_care(known: Sequence[ClinicalContext]) -> float | None:
    """Return the weeks from the first visit that records conservative care as started to the last; None before it.

    Parameters
    ----------
    known : sequence of ClinicalContext
        What was known after each visit, by date.
    """
    began = next((context.visit_date for context in known if context.conservative_started == "yes"), None)
    if began is None or known[-1].visit_date is None:
        return None
    return (known[-1].visit_date - began).days / 7


@dataclass(frozen=True, kw_only=True)
class _Case:
    hip: ReviewedHip
    visits: tuple[ClinicalContext, ...]
    known: tuple[ClinicalContext, ...]
    workflow: Workflow

    def entries(self) -> Iterator[HistoryEntry]:
        moment: datetime | None = None
        seen = 0
        before = self._state(None, 0).id
        for day, kind, what in self._timeline():
            if isinstance(what, datetime):
                moment, events = what, tuple(self._said(what))
            else:
                seen, events = what + 1, tuple(self._news(what))
            state = self._state(moment, seen)
            # Decisions about what is rejected by now are told by what they changed only.
            if kind == "visit" or events or state.id != before:
                yield HistoryEntry(
                    date=day.isoformat(),
                    kind=kind,
                    events=events,
                    state=state.id,
                    state_name=state.name,
                    weeks_of_care=weeks_of_care(self.known[:seen]) if kind == "visit" else None,
                )
            before = state.id

    def _timeline(self) -> list[tuple[date, Literal["review", "visit"], datetime | int]]:
        """Return days with the moment of a decision or the position of a visit; a day's decisions come first."""
        moments = sorted({decision.time.astimezone(UTC) for _, decision in self._decisions()})
        steps: list[tuple[date, Literal["review", "visit"], datetime | int]] = []
        steps += [(moment.date(), "review", moment) for moment in moments]
        steps += [(visit.visit_date or date.min, "visit", position) for position, visit in enumerate(self.visits)]
        # Sorting keeps the order within a day.
        return sorted(steps, key=lambda step: step[0])

    def _state(self, moment: datetime | None, seen: int) -> State:
        context = self.known[seen - 1] if seen else ClinicalContext()
        return choose_state(Facts(hip=self.hip.as_of(moment), context=context, workflow=self.workflow))

    def _said(self, moment: datetime) -> Iterator[HistoryEvent]:
        for is_rejected, decision in self._decisions():
            if decision.time == moment and not is_rejected:
                words = f"{decision.status} by {decision.reader}"
                text = f"{words}: {decision.confirmed_class}" if decision.confirmed_class else words
                yield HistoryEvent(name=decision.candidate_id, text=text)

    def _decisions(self) -> Iterator[tuple[bool, Decision]]:
        """Yield every decision, and whether the finding is rejected by now while others are not."""
        all_rejected = len(self.hip.with_status("rejected")) == len(self.hip.findings)
        for finding in self.hip.findings:
            for decision in finding.decisions:
                yield finding.status == "rejected" and not all_rejected, decision

    def _news(self, position: int) -> Iterator[HistoryEvent]:
        """Yield what a visit says and the one before it did not."""
        known, before = self.known[position], self.known[position - 1] if position else ClinicalContext()
        for name in INPUT_NAMES:
            answer = getattr(known, name)
            if answer not in (None, "", "unknown") and answer != getattr(before, name):
                number = f"{answer:g}" if isinstance(answer, float | int) else answer
                yield HistoryEvent(name=name, text=f"{self.workflow.input(name).question} {number}")
        for gate in self.workflow.gates:
            answers = getattr(known, gate.column)
            for item in gate.asked:
                if answers.answer(item.id) == "yes" != getattr(before, gate.column).answer(item.id):
                    yield HistoryEvent(name=gate.prefix + item.id, text=f"{item.question} yes")
