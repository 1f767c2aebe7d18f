"""The table that says which entries of a Bundle answer which questions."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hipcalc_models import model_file

__all__ = ["Coding", "Mapped", "Table", "codings", "context_table"]


@dataclass(frozen=True, kw_only=True)
class Coding:
    """A system's address and a code."""

    system: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """One line of the table: the fields are those of ``fhir-1/context.toml``."""

    resource: str
    title: str
    codes: tuple[str, ...]
    sets: Mapping[str, str] = field(default_factory=dict)
    ever: bool = False
    side_column: str = ""
    value_column: str = ""
    value_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The whole table."""

    systems: Mapping[str, tuple[str, ...]]
    sides: Mapping[str, tuple[str, ...]]
    lines: tuple[Mapped, ...]

    def matching(self, kind: str, concept: Any) -> tuple[Mapped, ...]:
        """Return every line that one of a concept's codings answers to."""
        found = tuple(codings(concept))
        return tuple(
            line for line in self.lines if line.resource == kind and any(self.names(line.codes, one) for one in found)
        )

    def names(self, patterns: tuple[str, ...], coding: Coding) -> bool:
        """Tell whether a coding begins like one of some ``system:beginning``."""
        for pattern in patterns:
            system, _, beginning = pattern.partition(":")
            if coding.system in self.systems[system] and coding.code.startswith(beginning):
                return True
        return False

    def side(self, concepts: Any) -> str:
        """Return the side that body sites name: R, L, or nothing."""
        found = [one for concept in _as_list(concepts) for one in codings(concept)]
        return next((side for side, names in self.sides.items() if any(self.names(names, one) for one in found)), "")


def codings(concept: Any) -> Iterator[Coding]:
    """Yield the codings of a CodeableConcept; nothing of anything else."""
    listed = concept.get("coding") if isinstance(concept, Mapping) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield Coding(system=str(one.get("system", "")), code=str(one.get("code", "")))


@cache
def context_table() -> Table:
    """Return the table that comes with hipcalc."""
    content = tomllib.loads(model_file("fhir-1", "context.toml").read_text(encoding="utf-8"))
    return Table(
        systems={name: tuple(values) for name, values in content["systems"].items()},
        sides={name: tuple(values) for name, values in content["sides"].items()},
        lines=tuple(
            Mapped(
                **{
                    **line,
                    "codes": tuple(line["codes"]),
                    "value_codes": {word: tuple(codes) for word, codes in line.get("value_codes", {}).items()},
                }
            )
            for line in content["map"]
        ),
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
