"""Several readers' decisions about one candidate -> those that stand, and whether they agree."""

from collections.abc import Sequence

from hipcalc.review.decision import Decision

__all__ = ["disagree", "say", "standing"]


def standing(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that count today.

    An adjudicator's latest decision settles what readers said before and after it. Without one, each reader's latest
    counts; a reader who could not decide leaves it to those who decide later. ``unreviewed`` revokes everything that
    was said before, whoever said it.

    Parameters
    ----------
    decisions : sequence of Decision
        About one candidate, by time.

    Returns
    -------
    tuple of Decision
        By time; empty when there is none, or all were revoked.
    """
    since: list[Decision] = []
    for decision in decisions:
        since = [] if decision.status == "unreviewed" else [*since, decision]
    settling = [decision for decision in since if decision.role == "adjudicator"]
    if settling:
        return (settling[-1],)
    latest = {decision.reader: decision for decision in since}
    said = [decision for decision in since if latest[decision.reader] is decision]
    return tuple(one for one in said if one.status != "indeterminate" or one is said[-1])


def disagree(decisions: Sequence[Decision]) -> bool:
    """Tell whether standing decisions differ: in status, or in class where two named one."""
    classes = {decision.confirmed_class for decision in decisions} - {""}
    return len({decision.status for decision in decisions}) > 1 or len(classes) > 1


def say(decisions: Sequence[Decision]) -> str:
    """Return what each reader said, in words."""
    said = []
    for one in decisions:
        of_class = f" ({one.confirmed_class})" if one.confirmed_class else ""
        said.append(f"{one.reader} says {one.status}{of_class}, {one.time:%Y-%m-%d}")
    return "; ".join(said)
