"""Why a hip is where it is in the workflow, and which missing answer would move it, as plain values."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Explanation", "GuardResult", "WhatIf"]


@dataclass(frozen=True, kw_only=True)
class GuardResult:
    """One state's guard, in the order of precedence.

    Attributes
    ----------
    state, name, when : str
        The state, and the condition that its guard asks for.
    outcome : {"fired", "not met", "not reached"}
        ``not reached`` where a guard before it fired.
    """

    state: str
    name: str
    when: str
    outcome: Literal["fired", "not met", "not reached"]


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A missing answer that alone would change the state.

    Attributes
    ----------
    name, question : str
        The column of a context table, and what it asks.
    answer : str
        What the cell would hold.
    state, state_name : str
        Where the hip would be then.
    """

    name: str
    question: str
    answer: str
    state: str
    state_name: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Every guard with its outcome, and every missing answer that alone would change the state."""

    guards: tuple[GuardResult, ...]
    what_if: tuple[WhatIf, ...]
