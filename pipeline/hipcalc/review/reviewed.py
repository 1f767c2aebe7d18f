"""Findings together with what readers decided about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol

from hipcalc.anatomy import HipStatus
from hipcalc.errors import UsageError
from hipcalc.findings import Finding, HipRecord, Tissue
from hipcalc.radiograph import Side
from hipcalc.review.decision import Decision, ReviewStatus, check_agreement
from hipcalc.review.events import hip_of, is_added
from hipcalc.review.standing import Verdict, verdict

__all__ = ["ReviewedFinding", "ReviewedHip", "Screened", "apply_reviews"]


class Screened(Protocol):
    """What `apply_reviews` needs of a screening: the rows of its hips and candidates tables."""

    @property
    def hip_records(self) -> tuple[HipRecord, ...]:
        """Every hip of every image."""

    @property
    def candidates(self) -> tuple[Finding, ...]:
        """Every candidate of every hip."""


@dataclass(frozen=True, kw_only=True, init=False)
class ReviewedFinding:
    """A finding with all decisions about it. Only `apply_reviews` makes one: confirmation is a type.

    Attributes
    ----------
    finding : Finding
    decisions : tuple of Decision
        By time, the latest last; empty when nobody has looked at it.
    finished : tuple of str
        The readers who finished its hip, whether they said anything about it or not.
    """

    finding: Finding
    decisions: tuple[Decision, ...]
    finished: tuple[str, ...]

    def __init__(self, *_args: object, **_fields: object) -> None:
        raise TypeError("a ReviewedFinding is made by hipcalc.apply_reviews only, from a finding and its decisions")

    @cached_property
    def _verdict(self) -> Verdict:
        return verdict(self.decisions, self.finished)

    @property
    def decision(self) -> Decision | None:
        """The decision that holds: the latest of those that stand; None when there is none."""
        return self._verdict.decision

    @property
    def status(self) -> ReviewStatus:
        """Unreviewed, confirmed, rejected or indeterminate; indeterminate also while readers disagree."""
        return self._verdict.status

    @property
    def confirmed_class(self) -> str:
        """What the readers hold it to be; empty unless it is confirmed and one of them said so."""
        return self._verdict.confirmed_class

    @property
    def disagreement(self) -> str:
        """What each reader said, in words, where they disagree and no adjudicator has settled it; empty otherwise."""
        return self._verdict.disagreement


@dataclass(frozen=True, kw_only=True)
class ReviewedHip:
    """One hip of one image, with what was found there and what readers decided.

    Attributes
    ----------
    image_id, path, side : str
        As in the hips table.
    hip_status : {"located", "uncertain", "implant", "absent"}
    detection_limit_mm, detection_limit_head_radii : float or None
        Diameter of the smallest focus that would have been found here; None when it was not measured.
    detection_limit_tissue : {"soft tissue", "bone", ""}
        Where that holds.
    findings : tuple of ReviewedFinding
        The findings (candidates at or below the operating point) and every other candidate with a decision, in the
        order of the candidates table.
    """

    image_id: str
    path: str
    side: Side
    hip_status: HipStatus
    detection_limit_mm: float | None
    detection_limit_head_radii: float | None
    findings: tuple[ReviewedFinding, ...]
    detection_limit_tissue: Tissue = ""

    @property
    def has_implant(self) -> bool:
        """Whether the image shows an implant in this hip."""
        return self.hip_status == "implant"

    def with_status(self, status: ReviewStatus) -> tuple[ReviewedFinding, ...]:
        """Return the findings of one review status."""
        return tuple(finding for finding in self.findings if finding.status == status)

    def as_of(self, moment: datetime | None) -> "ReviewedHip":
        """Return the hip as it was after the decisions up to a moment; None is before every decision."""
        then = []
        for entry in self.findings:
            said = tuple(one for one in entry.decisions if moment is not None and one.time <= moment)
            if entry.finding.finding or said:
                then.append(_reviewed(entry.finding, said, entry.finished))
        return replace(self, findings=tuple(then))


def apply_reviews(
    screening: Screened, decisions: Iterable[Decision], *, finished: Mapping[str, Iterable[str]] | None = None
) -> tuple[ReviewedHip, ...]:
    """Join a screening with readers' decisions.

    Parameters
    ----------
    screening : Screened
        What was found.
    decisions : iterable of Decision
        In any order; each reader's latest about a candidate holds, and where readers disagree, an adjudicator's.
        Until then the finding is indeterminate. Decisions about other images are left aside, so that one
        log serves any part of its cohort, and a replaced image is unreviewed again; so are decisions about foci that
        a reader added, unless they are among the screening's candidates.
    finished : mapping of str to iterable of str, optional
        Who finished each hip in the reading room, by hip id (`read_finished`): a reader who finished a hip without a
        word about a mark that another confirmed disagrees with that one.

    Returns
    -------
    tuple of ReviewedHip
        One for each row of the hips table, in its order.

    Raises
    ------
    UsageError
        If a decision names a candidate that one of the screened images does not have, or if two decisions
        contradict each other.
    """
    images = {hip.image_id for hip in screening.hip_records}
    known = {candidate.candidate_id for candidate in screening.candidates}
    by_candidate: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.candidate_id in known:
            by_candidate.setdefault(decision.candidate_id, []).append(decision)
        elif decision.candidate_id.partition("-")[0] in images and not is_added(decision.candidate_id):
            raise UsageError(
                f"there is no candidate {decision.candidate_id} in this screening; correct the decision's candidate_id."
            )
    check_agreement(decision for group in by_candidate.values() for decision in group)
    by_hip: dict[tuple[str, Side], list[ReviewedFinding]] = {}
    for candidate in screening.candidates:
        found = tuple(sorted(by_candidate.get(candidate.candidate_id, ()), key=lambda said: (said.time, said.reader)))
        if candidate.finding or found:
            done = tuple((finished or {}).get(hip_of(candidate.candidate_id), ()))
            by_hip.setdefault((candidate.image_id, candidate.side), []).append(_reviewed(candidate, found, done))
    return tuple(_hip(record, by_hip.get((record.image_id, record.side), [])) for record in screening.hip_records)


def _hip(record: HipRecord, findings: list[ReviewedFinding]) -> ReviewedHip:
    return ReviewedHip(
        image_id=record.image_id,
        path=record.path,
        side=record.side,
        hip_status=record.status,
        detection_limit_mm=record.detection_limit_mm,
        detection_limit_head_radii=record.detection_limit_head_radii,
        detection_limit_tissue=record.detection_limit_tissue,
        findings=tuple(findings),
    )


def _reviewed(finding: Finding, decisions: tuple[Decision, ...], finished: tuple[str, ...]) -> ReviewedFinding:
    reviewed = object.__new__(ReviewedFinding)
    # The class is frozen and its constructor closed, so its fields are set past both.
    object.__setattr__(reviewed, "finding", finding)
    object.__setattr__(reviewed, "decisions", decisions)
    object.__setattr__(reviewed, "finished", finished)
    return reviewed
