"""What one entry of a Bundle answers: column and word, or why it is left aside."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hipcalc.guideline.fhir.bundle import Entry
from hipcalc.guideline.fhir.mapping import Mapped, Table, codings

__all__ = ["UnmappedError", "answers", "response_answers"]

_CODED: Final = ("Condition", "MedicationStatement", "AllergyIntolerance", "Observation")
_CONCEPT: Final = {"MedicationStatement": "medicationCodeableConcept"}


class UnmappedError(Exception):
    """An entry says nothing that the table knows; the message says why."""


def answers(entry: Entry, table: Table) -> dict[str, str]:
    """Return what an entry with codes says, by column.

    Raises
    ------
    UnmappedError
        If it says nothing.
    """
    if entry.kind not in _CODED:
        raise UnmappedError("nothing of this kind is mapped")
    lines = table.matching(entry.kind, entry.resource.get(_CONCEPT.get(entry.kind, "code")))
    if not lines:
        raise UnmappedError("none of its codes is in the table")
    holds, why = entry.holds()
    if not holds:
        raise UnmappedError(why)
    found: dict[str, str] = {}
    for line in lines:
        found |= _said(entry, line, holds, table)
    if not found:
        raise UnmappedError("it is over" if holds == "over" else "its value is not one that the table knows")
    return found


def _said(entry: Entry, line: Mapped, holds: str, table: Table) -> dict[str, str]:
    if entry.kind == "Observation":
        return _observed(entry.resource, line, table)
    if holds == "over" and not line.ever:
        return {}
    if holds == "no":
        # Refuted: yes turns into no, and a word such as a side says nothing.
        return {column: "no" for column, word in line.sets.items() if word == "yes"}
    side = table.side(entry.resource.get("bodySite")) if line.side_column else ""
    return {**line.sets, **({line.side_column: side} if side else {})}


def _observed(resource: Mapping[str, Any], line: Mapped, table: Table) -> dict[str, str]:
    if line.value_column:
        quantity = resource.get("valueQuantity")
        if isinstance(quantity, Mapping) and quantity.get("code", line.unit) == line.unit:
            return {line.value_column: str(quantity.get("value", ""))}
        return {}
    found = tuple(codings(resource.get("valueCodeableConcept")))
    for word, codes in line.value_codes.items():
        if any(table.names(codes, one) for one in found):
            return dict.fromkeys(line.sets, word)
    return {}


def response_answers(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (link id, answer as a table's cell would hold it) of every answered question, however deep it is nested."""
    items = resource.get("item")
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, Mapping):
            continue
        given = item.get("answer")
        for one in given[:1] if isinstance(given, list) else ():
            if isinstance(one, Mapping):
                yield str(item.get("linkId", "")), _cell(one)
                yield from response_answers(one)
        yield from response_answers(item)


def _cell(answer: Mapping[str, Any]) -> str:
    value = next((value for name, value in answer.items() if name.startswith("value")), "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = value.get("code", "") if "value" not in value else value["value"]
    return str(value).strip()
