"""The plan of a reading study: who reads, what they must not know, how much is read twice."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from hipcalc.errors import UsageError
from hipcalc.report import write_atomic

__all__ = ["BLINDABLE", "STUDY_FILE", "Study", "adopt_study", "check_change", "load_study"]

STUDY_FILE: Final = "review/study.toml"
BLINDABLE: Final = ("score", "readers", "names")
MOST_NAME: Final = 80
MOST_SEED: Final = 2**53
MOST_TRAINING: Final = 500
# What may be changed after the first hip was read: who reads, and what nobody's reading depends upon.
_FREE: Final = ("readers", "adjudicator", "training")


@dataclass(frozen=True, kw_only=True)
class Study:
    """How the hips of one results folder are read. Its fields are the keys of ``review/study.toml``.

    Attributes
    ----------
    seed : int
        From which orders, readers and double readings are drawn.
    readers : tuple of str
        Who reads; empty when anybody may, and everybody reads every hip.
    double_share : float
        Share of hips that are read by `double_readers` readers; the others are read by one. Each hip is drawn for
        itself, so that the share is met on average.
    double_readers : int
        How many readers read those.
    blind : tuple of str
        What readers are not shown: ``score`` (the detector's), ``readers`` (other readers' decisions), ``names`` (of
        files).
    adjudicator : str
        Who decides where readers disagree; empty for anybody who has not read the hip.
    marked_only : bool
        Whether only hips with a mark are read. What the detector missed in the others then stays unknown.
    training : int
        How many phantom radiographs are made to practise on.

    Raises
    ------
    UsageError
        Naming the key, the value, and what is allowed.
    """

    seed: int = 1
    readers: tuple[str, ...] = ()
    double_share: float = 0.0
    double_readers: int = 2
    blind: tuple[str, ...] = ("score", "readers", "names")
    adjudicator: str = ""
    marked_only: bool = False
    training: int = 8

    def __post_init__(self) -> None:
        for key, why in _problems(self):
            raise UsageError(f"study, {key}: {getattr(self, key)!r} is not allowed; {why}.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Study":
        """Make a study of plain values, as `to_dict` gives them."""
        for name in values:
            if name not in _KEYS:
                raise UsageError(f"study, {name}: there is no such key; the keys are {', '.join(_KEYS)}.")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def may_read(self, reader: str) -> bool:
        """Tell whether somebody is a reader of this study."""
        return not self.readers or reader in self.readers

    def may_adjudicate(self, reader: str) -> bool:
        """Tell whether somebody may decide between readers."""
        return not self.adjudicator or reader == self.adjudicator


_KEYS: Final = tuple(one.name for one in fields(Study))


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_NAME and value == value.strip() and value.isprintable()


def _are_distinct(values: Any, is_fine: Any) -> bool:
    return isinstance(values, tuple) and all(is_fine(one) for one in values) and len(set(values)) == len(values)


_NAME_RULE: Final = f"1 to {MOST_NAME} printable characters without blanks around them"
_RULES: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "seed": (lambda value: _is_whole(value, 0, MOST_SEED), f"give a whole number, 0 to {MOST_SEED}"),
    "readers": (
        lambda value: _are_distinct(value, _is_name),
        f"give a list of different names, each {_NAME_RULE}",
    ),
    "double_share": (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1,
        "give a share, 0 to 1",
    ),
    "double_readers": (lambda value: _is_whole(value, 2, 100), "give how many readers read a hip, 2 to 100"),
    "blind": (
        lambda value: _are_distinct(value, BLINDABLE.__contains__),
        f"give a list of what readers are not shown, of {', '.join(BLINDABLE)}",
    ),
    "adjudicator": (lambda value: value == "" or _is_name(value), f"give one name, {_NAME_RULE}"),
    "marked_only": (lambda value: isinstance(value, bool), "give true or false"),
    "training": (lambda value: _is_whole(value, 1, MOST_TRAINING), f"give how many phantoms, 1 to {MOST_TRAINING}"),
}


def _problems(study: Study) -> Iterator[tuple[str, str]]:
    """Yield (key, what is allowed) of each value that no study may have."""
    wrong = [(key, allowed) for key, (is_fine, allowed) in _RULES.items() if not is_fine(getattr(study, key))]
    yield from wrong
    if wrong:
        return
    if study.double_share and len(study.readers) < study.double_readers:
        yield "double_share", f"a hip cannot be read by {study.double_readers} of {len(study.readers)} named readers"
    if study.adjudicator and study.adjudicator in study.readers:
        yield "adjudicator", "a third person decides between readers: name one who is not among them"


def load_study(folder: Path) -> Study:
    """Return the study of a results folder; the default one where nobody made any.

    Raises
    ------
    UsageError
        With file, line and what is allowed, if the file is no study.
    """
    file = folder / STUDY_FILE
    return _parse(file)[0] if file.exists() else Study()


def adopt_study(folder: Path, file: Path) -> Study:
    """Check a study file, and keep a copy of it as the results folder's own.

    Raises
    ------
    UsageError
        With file, line and what is allowed, if the file is no study.
    OutputError
        If it cannot be copied.
    """
    study, text = _parse(file)
    write_atomic(folder / STUDY_FILE, text)
    return study


def check_change(before: Study, now: Study) -> None:
    """Refuse a study that is not the one that was begun: readers may join or leave, its draws and blinding stay.

    Raises
    ------
    UsageError
        Naming what was changed.
    """
    was, is_now = before.to_dict(), now.to_dict()
    changed = [key for key in _KEYS if key not in _FREE and was[key] != is_now[key]]
    if changed:
        raise UsageError(
            f"The study was begun with {changed[0]} = {was[changed[0]]!r}, and {STUDY_FILE} now says "
            f"{is_now[changed[0]]!r}: hips were read under the former. Put it back, or read in a results folder of its "
            f"own; only {', '.join(_FREE)} may change."
        )


def _parse(file: Path) -> tuple[Study, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); give an existing study file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no study file: it is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no study file: {error}.") from error
    try:
        return Study.from_dict(values), text
    except UsageError as error:
        key = str(error).removeprefix("study, ").partition(":")[0]
        raise UsageError(f"{file}{_line_of(key, text)}{str(error).removeprefix('study')}") from error


def _line_of(key: str, text: str) -> str:
    """Return where a key stands; nothing for one that the file leaves at its default."""
    pattern = re.compile(rf"""\s*\[?\[?["']?{re.escape(key)}["']?\s*[=.\]]""")
    numbers = [number for number, line in enumerate(text.splitlines(), start=1) if pattern.match(line)]
    return f", line {numbers[0]}" if numbers else ""
