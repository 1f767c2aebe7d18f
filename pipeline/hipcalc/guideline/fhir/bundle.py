"""A Bundle's entries, each with its number, its patient, and whether it holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hipcalc.errors import UsageError
from hipcalc.guideline.fhir.bindings import required_bindings
from hipcalc.guideline.fhir.mapping import codings

__all__ = ["Entry", "is_bundle", "read_entries"]

# What each kind must say to count, and what it then says.
_CLINICAL: Final = {
    "active": "yes",
    "recurrence": "yes",
    "relapse": "yes",
    "inactive": "over",
    "remission": "over",
    "resolved": "over",
}
_VERIFIED: Final = ("confirmed", "")
_TAKEN: Final = ("active",)
_FINAL: Final = ("final", "amended", "corrected")
_COMPLETED: Final = ("completed", "amended")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One resource of a Bundle.

    Attributes
    ----------
    number : int
        From 1, in the Bundle's order.
    kind : str
        Its resource type.
    resource : mapping
    place : str
        File, number and kind: how a message names it.
    """

    number: int
    kind: str
    resource: Mapping[str, Any]
    place: str

    @property
    def patient(self) -> str:
        """The reference to the patient; empty where there is none."""
        reference = self.resource.get("subject") or self.resource.get("patient") or {}
        return str(reference.get("reference", "")) if isinstance(reference, Mapping) else ""

    def holds(self) -> tuple[str, str]:
        """Return what the entry says, and why it is left aside if it says nothing.

        Returns
        -------
        tuple of str, str
            ``yes``, ``no`` (refuted), ``over`` (it was so once), or an empty text with the reason.
        """
        if self.kind in ("Condition", "AllergyIntolerance"):
            return self._condition()
        wanted = {"MedicationStatement": _TAKEN, "Observation": _FINAL, "QuestionnaireResponse": _COMPLETED}[self.kind]
        status = str(self.resource.get("status", ""))
        return ("yes", "") if status in wanted else ("", f"its status is {status or 'missing'}")

    def _condition(self) -> tuple[str, str]:
        verification = self._word("verificationStatus")
        if verification == "refuted":
            return "no", ""
        if verification not in _VERIFIED:
            return "", f"it is {verification}"
        # Without a status it is on the list of problems today.
        clinical = self._word("clinicalStatus") or "active"
        says = _CLINICAL.get(clinical, "")
        return (says, "") if says else ("", f"its clinical status is {clinical}")

    def _word(self, name: str) -> str:
        return next((coding.code for coding in codings(self.resource.get(name))), "")


def is_bundle(path: Path) -> bool:
    """Tell whether a file holds a JSON object that calls itself a FHIR resource; anything else is read elsewhere."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "resourceType" in content


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Read a Bundle's entries.

    Raises
    ------
    UsageError
        If it is no Bundle, or an entry is no resource or holds a word that FHIR does not have there.
    """
    bundle = json.loads(path.read_text(encoding="utf-8-sig"))
    if bundle["resourceType"] != "Bundle":
        raise UsageError(f"{path} holds a FHIR {bundle['resourceType']}; put it into a Bundle.")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} is a FHIR Bundle without entries; it says nothing about any hip.")
    found = tuple(_entry(path, number, entry) for number, entry in enumerate(entries, start=1))
    for entry in found:
        for problem in _wrong_words(entry):
            raise UsageError(problem)
    return found


def _entry(path: Path, number: int, entry: Any) -> Entry:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise UsageError(f"{path}, entry {number} holds no resource with a resourceType; mend or remove it.")
    kind = resource["resourceType"]
    name = f" {resource['id']}" if isinstance(resource.get("id"), str) else ""
    return Entry(number=number, kind=kind, resource=resource, place=f"{path}, entry {number} ({kind}{name})")


def _wrong_words(entry: Entry) -> Iterator[str]:
    words = required_bindings().get(f"{entry.kind}.status")
    status = entry.resource.get("status")
    if words is not None and status is not None and status not in words:
        yield f"{entry.place}: the status {status!r} is not allowed; choose one of {', '.join(words)}."
