"""What a page may ask for, checked field by field before anything is done."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

from hipcalc.errors import UsageError
from hipcalc.review import FINDING_CLASSES, REJECTION_REASONS, Role

__all__ = ["ACT_KINDS", "Act", "BadRequestError", "parse_act", "parse_entry"]

ACT_KINDS: Final = ("decide", "focus", "geometry", "note", "finish", "undo")
STATUSES: Final = ("confirmed", "rejected", "indeterminate", "unreviewed")
MOST_NOTE: Final = 2000
MOST_NAME: Final = 80
# A day: whoever leaves a page open overnight has not looked at the hip all the while.
MOST_DURATION_S: Final = 86400.0
MOST_PX: Final = 100_000.0
_KEY: Final = re.compile(r"[0-9a-f]{16}\Z")
_REQUEST: Final = re.compile(r"[0-9A-Za-z-]{16,64}\Z")
_GEOMETRY: Final = ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
_FOCUS: Final = ("row_px", "column_px", "diameter_px")
_SHOWN: Final = ("overlays", "other_hip", "prior", "invert", "low", "high", "zoom")
_COMMON: Final = ("request", "kind", "hip", "seen", "duration_s", "shown")
_FIELDS: Final = {
    "decide": ("mark", "status", "reason", "confirmed_class", "finishes"),
    "focus": (*_FOCUS, "confirmed_class"),
    "geometry": _GEOMETRY,
    "note": ("note",),
    "finish": ("finishes",),
    "undo": (),
}


class BadRequestError(UsageError):
    """A request that no page of ours makes."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act of a reader, as the page sends it.

    Attributes
    ----------
    request : str
        Chosen by the page; the same one again is the same act.
    kind : str
        One of `ACT_KINDS`.
    hip : str
        The hip's key.
    seen : int
        Number of the reader's last row about the hip that the page knows of; for ``undo``, of the act to take back.
    duration_s : float
        Time that the hip was looked at since the act before.
    shown : dict
        What was visible.
    values : dict
        What else the kind needs.
    """

    request: str
    kind: str
    hip: str
    seen: int
    duration_s: float
    shown: dict[str, Any]
    values: dict[str, Any]


def parse_entry(body: Any) -> tuple[str, Role]:
    """Return (reader, role) of whoever wants to begin.

    Raises
    ------
    BadRequestError
        With what is wrong.
    """
    fields = _object(body, ("reader", "role"))
    reader = " ".join(_text(fields, "reader", MOST_NAME).split())
    if not reader or not reader.isprintable():
        raise BadRequestError("Give the name under which your decisions are to be kept.")
    role = _choice(fields, "role", ("reader", "adjudicator"))
    return reader, cast(Role, role if role in get_args(Role) else "reader")


def parse_act(body: Any) -> Act:
    """Return an act whose every field is what it may be.

    Raises
    ------
    BadRequestError
        With the first field that is not.
    """
    kind = body.get("kind") if isinstance(body, Mapping) else None
    if not isinstance(kind, str) or kind not in ACT_KINDS:
        raise BadRequestError(f"kind: choose one of {', '.join(ACT_KINDS)}.")
    fields = _object(body, (*_COMMON, *_FIELDS[kind]))
    return Act(
        request=_matching(fields, "request", _REQUEST),
        kind=kind,
        hip=_matching(fields, "hip", _KEY),
        seen=_whole(fields, "seen"),
        duration_s=_number(fields, "duration_s", 0.0, MOST_DURATION_S),
        shown=_shown(fields.get("shown")),
        values=_values(kind, fields),
    )


def _values(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "decide":
        return _decision(fields)
    if kind == "focus":
        sizes = {name: _number(fields, name, 0.0, MOST_PX) for name in _FOCUS}
        return {**sizes, "confirmed_class": _choice(fields, "confirmed_class", ("", *FINDING_CLASSES))}
    if kind == "geometry":
        return {name: _number(fields, name, -MOST_PX, MOST_PX) for name in _GEOMETRY}
    if kind == "note":
        return {"note": _text(fields, "note", MOST_NOTE).strip()}
    if kind == "finish":
        return {"finishes": _choice(fields, "finishes", ("", "read", "inadequate"))}
    return {}


def _decision(fields: Mapping[str, Any]) -> dict[str, Any]:
    status = _choice(fields, "status", STATUSES)
    reasons = REJECTION_REASONS if status == "rejected" else ("",)
    classes = ("", *FINDING_CLASSES) if status == "confirmed" else ("",)
    return {
        "mark": _matching(fields, "mark", _KEY),
        "status": status,
        "reason": _choice(fields, "reason", reasons),
        "confirmed_class": _choice(fields, "confirmed_class", classes),
        "finishes": _choice(fields, "finishes", ("", "read")),
    }


def _shown(value: Any) -> dict[str, Any]:
    """Take what was visible: yes or no, or a number, by known names."""
    fields = _object(value, _SHOWN)
    for name, entry in fields.items():
        if not isinstance(entry, bool):
            _number(fields, name, -1e9, 1e9)
    return dict(fields)


def _object(value: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadRequestError("An object was expected.")
    unknown = next((name for name in value if name not in names), None)
    if unknown is not None:
        raise BadRequestError(f"{str(unknown)[:40]!r} is not known here.")
    return value


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequestError(f"{name}: give text of at most {most} characters.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRequestError(f"{name}: this text cannot be kept.") from error
    return value


def _matching(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.match(value):
        raise BadRequestError(f"{name}: this is no key.")
    return value


def _choice(fields: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or value not in allowed:
        raise BadRequestError(f"{name}: choose one of {', '.join(entry or 'none' for entry in allowed)}.")
    return value


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise BadRequestError(f"{name}: give a whole number, 0 or larger.")
    return value


def _number(fields: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequestError(f"{name}: give a number.")
    if not (math.isfinite(value) and low <= value <= high):
        raise BadRequestError(f"{name}: give a number from {low:g} to {high:g}.")
    return float(value)
