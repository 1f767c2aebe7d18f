"""Several readers' decisions about one candidate -> those that stand, and whether they agree."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hipcalc.review.decision import Decision, ReviewStatus

__all__ = ["Verdict", "disagree", "verdict"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What several decisions about one candidate come to.

    Attributes
    ----------
    status : {"unreviewed", "confirmed", "rejected", "indeterminate"}
        Indeterminate also while readers disagree.
    decision : Decision or None
        The one that holds: the latest of those that stand; None when there is none.
    confirmed_class : str
        What the readers hold it to be; empty unless it is confirmed and one of them said so.
    disagreement : str
        What each reader said, in words, where they disagree and no adjudicator has settled it; empty otherwise.
    """

    status: ReviewStatus
    decision: Decision | None
    confirmed_class: str
    disagreement: str


def verdict(decisions: Sequence[Decision], finished: Collection[str] = ()) -> Verdict:
    """Join the decisions about one candidate.

    An adjudicator's latest decision settles what readers said before and after it. Without one, each reader's latest
    counts; a reader who could not decide leaves it to those who decide later, and who finished the hip without a word
    about the candidate does not confirm it. ``unreviewed`` revokes everything that was said before, whoever said it.

    Parameters
    ----------
    decisions : sequence of Decision
        About one candidate, by time.
    finished : collection of str, optional
        The readers who finished the candidate's hip.
    """
    since = _since_revoked(decisions)
    stand = _standing(since)
    silent = tuple(name for name in finished if name not in {decision.reader for decision in since})
    last = (stand or tuple(decisions))[-1:]
    if disagree(stand, is_silent=bool(silent)):
        said = "; ".join([*map(_words, stand), *(f"{name} finished the hip without a word on it" for name in silent)])
        return Verdict(status="indeterminate", decision=last[0], confirmed_class="", disagreement=said)
    status = last[0].status if last else "unreviewed"
    named = [one.confirmed_class for one in reversed(stand) if one.confirmed_class and status == "confirmed"]
    return Verdict(
        status=status, decision=last[0] if last else None, confirmed_class="".join(named[:1]), disagreement=""
    )


def disagree(decisions: Sequence[Decision], *, is_silent: bool) -> bool:
    """Tell whether decisions that stand differ: in status, in class where two named one, or from another's silence.

    Parameters
    ----------
    decisions : sequence of Decision
        One of each reader, or an adjudicator's alone; none where nobody said anything.
    is_silent : bool
        Whether another reader finished the hip without a word about the candidate.
    """
    if not decisions or decisions[0].role == "adjudicator":
        return False
    classes = {decision.confirmed_class for decision in decisions} - {""}
    statuses = {decision.status for decision in decisions}
    return len(statuses) > 1 or len(classes) > 1 or (is_silent and statuses != {"rejected"})


def _since_revoked(decisions: Sequence[Decision]) -> list[Decision]:
    since: list[Decision] = []
    for decision in decisions:
        since = [] if decision.status == "unreviewed" else [*since, decision]
    return since


def _standing(since: Sequence[Decision]) -> tuple[Decision, ...]:
    settling = [decision for decision in since if decision.role == "adjudicator"]
    if settling:
        return (settling[-1],)
    latest = {decision.reader: decision for decision in since}
    said = [decision for decision in since if latest[decision.reader] is decision]
    return tuple(one for one in said if one.status != "indeterminate" or one is said[-1])


def _words(one: Decision) -> str:
    of_class = f" ({one.confirmed_class})" if one.confirmed_class else ""
    return f"{one.reader} says {one.status}{of_class}, {one.time:%Y-%m-%d}"
