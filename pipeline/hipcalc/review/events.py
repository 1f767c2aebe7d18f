"""Rows of the review log: what was done, by whom, to which hip, each chained to the one before by its hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = [
    "FIRST_HASH",
    "Draft",
    "Event",
    "EventKind",
    "Role",
    "chain_hash",
    "hip_of",
    "is_added",
]

EventKind = Literal["decision", "focus", "geometry", "note", "hip", "undo", "study"]
Role = Literal["reader", "adjudicator", "import", "study"]

# What the first row is chained to.
FIRST_HASH: Final = 64 * "0"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be written: a row without its number, time and hash.

    Attributes
    ----------
    request_id : str
        Chosen by whoever asks, unlike any other; the same one given again is not written again.
    reader : str
        The person who acted; empty for the study's own settings.
    role : {"reader", "adjudicator", "import", "study"}
    kind : str
        One of `EventKind`.
    hip_id : str
        ``<image_id>-<side>``, side being R, L or U; empty for the study's own settings.
    payload : mapping
        Plain values, by name.
    """

    request_id: str
    reader: str
    role: Role
    kind: EventKind
    hip_id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of the log: the fields of `Draft`, its number, its time (UTC, ISO 8601), and the hashes of its chain."""

    seq: int
    time: str
    reader: str
    role: Role
    kind: EventKind
    hip_id: str
    request_id: str
    payload: dict[str, Any]
    previous: str
    hash: str


def chain_hash(
    *, previous: str, seq: int, time: str, reader: str, role: str, kind: str, hip_id: str, request_id: str, payload: str
) -> str:
    """Return a row's SHA-256: over the hash of the row before and everything in this one, the payload as its text."""
    whole = [previous, seq, time, reader, role, kind, hip_id, request_id, payload]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def hip_of(candidate_id: str) -> str:
    """Return the hip that a candidate belongs to: its id without the number."""
    return candidate_id.rpartition("-")[0]


def is_added(candidate_id: str) -> bool:
    """Tell whether an id is that of a focus which a reader added, and not the detector's."""
    return candidate_id.rpartition("-")[2].startswith("A")
