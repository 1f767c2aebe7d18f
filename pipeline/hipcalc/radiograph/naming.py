"""Side and view from file names, by a pattern that the user gives."""

import re
from dataclasses import replace

from hipcalc.errors import UsageError
from hipcalc.radiograph.header import view_words
from hipcalc.radiograph.types import Radiograph, Side

__all__ = ["apply_name_pattern", "compile_name_pattern"]

_GROUPS = frozenset({"side", "view"})
_SIDES: dict[str, Side] = {
    **dict.fromkeys(("r", "re", "right", "rechts", "rt", "dx"), "R"),
    **dict.fromkeys(("l", "li", "left", "links", "lt", "sin"), "L"),
}  # fmt: skip


def compile_name_pattern(pattern: str) -> re.Pattern[str]:
    """Check a pattern for file names.

    Parameters
    ----------
    pattern : str
        A regular expression, searched in the path as it was named, upper and lower case alike, with a group named
        ``side``, ``view`` or both, as in ``_(?P<side>[RL])_(?P<view>ap|frog)``.

    Raises
    ------
    UsageError
        When it is no regular expression, or names neither group.
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"The name pattern {pattern!r} is not a regular expression ({error}).") from error
    if not _GROUPS & set(compiled.groupindex):
        raise UsageError(f"The name pattern {pattern!r} names neither (?P<side>...) nor (?P<view>...).")
    return compiled


def apply_name_pattern(radiograph: Radiograph, pattern: str) -> Radiograph:
    """Take side and view from a radiograph's path, where the pattern finds them there.

    The name replaces what the header says of the side, and the contradiction is noted; words of the view are added.

    Raises
    ------
    UsageError
        As `compile_name_pattern`.
    """
    found = compile_name_pattern(pattern).search(radiograph.path)
    if found is None:
        return radiograph
    groups = {name: (text or "").strip().lower() for name, text in found.groupdict().items()}
    view = " ".join(dict.fromkeys([*radiograph.view_hint.split(), *view_words(groups.get("view", "")).split()]))
    side = _SIDES.get(groups.get("side", ""), "unknown")
    if side == "unknown":
        return replace(radiograph, view_hint=view)
    notes = radiograph.notes
    if radiograph.side not in ("unknown", side):
        notes = (*notes, f"the header says side {radiograph.side}, but the file's name says {side} and was believed")
    return replace(radiograph, side=side, side_source="filename", view_hint=view, notes=notes)
