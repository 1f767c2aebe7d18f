"""Entries -> one row for each hip: what its own questionnaire says, and what the Bundle says about the patient."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hipcalc.errors import UsageError
from hipcalc.guideline.fhir.answers import UnmappedError, answers, response_answers
from hipcalc.guideline.fhir.bundle import Entry, read_entries
from hipcalc.guideline.fhir.mapping import context_table
from hipcalc.review.rows import Row

__all__ = ["BundleRows", "read_bundle_rows"]

# Resources that say who and where, and are no answers.
_FRAME: Final = ("Patient", "BodyStructure", "Questionnaire")
_HIP_ID: Final = "/hip-id"
_BOTH: Final = "both"


@dataclass(frozen=True, kw_only=True)
class BundleRows:
    """What a Bundle gives: rows as of a table, and a sentence for each entry that is left aside."""

    rows: tuple[Row, ...]
    left_aside: tuple[str, ...]


@dataclass(kw_only=True)
class _Said:
    """Answers by column, each with the entry that gives it."""

    cells: dict[str, tuple[str, Entry]] = field(default_factory=dict)

    def add(self, column: str, word: str, entry: Entry) -> None:
        """Add an answer. An unknown one never displaces a known one; two known ones must agree."""
        before, other = self.cells.get(column, ("", entry))
        if column == "pain_side" and {before, word} == {"R", "L"}:
            word = _BOTH
        elif before not in ("", "unknown", word) and word != "unknown":
            raise UsageError(
                f"{entry.place} says {word!r} to {column}, and entry {other.number} ({other.kind}) says {before!r}; "
                "correct one of them."
            )
        if before in ("", "unknown") or word != "unknown":
            self.cells[column] = (word, entry)


def read_bundle_rows(path: Path, columns: Collection[str]) -> BundleRows:
    """Read a Bundle as the rows of a table of clinical contexts.

    Each QuestionnaireResponse whose link ids are columns is a hip (and visit); for a patient without one, the hips
    are those that BodyStructures of a report of hipcalc name. What Condition, Observation, AllergyIntolerance and
    MedicationStatement say holds for every hip of their patient.

    Parameters
    ----------
    path : Path
        JSON text of a Bundle (`is_bundle`).
    columns : collection of str
        Those that a row may have.

    Returns
    -------
    BundleRows
        Each row's line is the number of the entry that names its hip.

    Raises
    ------
    UsageError
        If the Bundle is wrong, names no hip, or contradicts itself: with the entry.
    """
    entries = read_entries(path)
    patients = _patients(entries)
    about: dict[str, _Said] = {patient: _Said() for patient in patients.values()}
    hips: list[tuple[Entry, dict[str, str]]] = []
    left: list[str] = []
    for entry in entries:
        if entry.kind in _FRAME:
            continue
        if entry.kind == "QuestionnaireResponse":
            hips += _response(entry, columns, left)
            continue
        try:
            for column, word in answers(entry, context_table()).items():
                about[patients[entry.number]].add(column, word, entry)
        except UnmappedError as why:
            left.append(f"{entry.place} is left aside: {why}.")
    hips += _named_hips(entries, {patients[entry.number] for entry, _ in hips}, patients)
    if not hips:
        raise UsageError(f"{path} names no hip; add a QuestionnaireResponse with image_id or path, and side.")
    rows = tuple(_row(entry, cells, about[patients[entry.number]]) for entry, cells in hips)
    return BundleRows(rows=rows, left_aside=tuple(left))


def _patients(entries: tuple[Entry, ...]) -> dict[int, str]:
    """Return each entry's patient; where the Bundle is about one alone, entries need not say so."""
    named = {entry.patient for entry in entries if entry.patient}
    if len(named) <= 1:
        return dict.fromkeys((entry.number for entry in entries), next(iter(named), ""))
    for entry in entries:
        if not entry.patient and entry.kind not in _FRAME:
            raise UsageError(f"{entry.place} names no patient, and the Bundle is about {len(named)}; add its subject.")
    return {entry.number: entry.patient for entry in entries}


def _response(entry: Entry, columns: Collection[str], left: list[str]) -> list[tuple[Entry, dict[str, str]]]:
    holds, why = entry.holds()
    if not holds:
        left.append(f"{entry.place} is left aside: {why}.")
        return []
    cells: dict[str, str] = {}
    for link, word in response_answers(entry.resource):
        if link not in columns:
            left.append(f"{entry.place}, link id {link!r} is left aside: it is no column of a table of contexts.")
        elif cells.setdefault(link, word) != word:
            raise UsageError(
                f"{entry.place}, link id {link!r} is answered twice, {cells[link]!r} and {word!r}; keep one."
            )
    if "side" not in cells:
        raise UsageError(f"{entry.place} does not say which hip it is about; answer side, and image_id or path.")
    return [(entry, cells)]


def _named_hips(
    entries: tuple[Entry, ...], answered: set[str], patients: dict[int, str]
) -> list[tuple[Entry, dict[str, str]]]:
    found = []
    for entry in entries:
        if entry.kind != "BodyStructure" or patients[entry.number] in answered:
            continue
        for value in _hip_ids(entry.resource.get("identifier")):
            image_id, _, side = value.rpartition("-")
            found.append((entry, {"image_id": image_id, "side": side if side in ("R", "L") else "unknown"}))
    return found


def _hip_ids(identifiers: Any) -> list[str]:
    listed = identifiers if isinstance(identifiers, list) else []
    named = [one for one in listed if isinstance(one, Mapping)]
    return [str(one.get("value", "")) for one in named if str(one.get("system", "")).endswith(_HIP_ID)]


def _row(entry: Entry, cells: dict[str, str], about: _Said) -> Row:
    said = _Said(cells={column: (word, entry) for column, word in cells.items()})
    for column, (word, other) in about.cells.items():
        said.add(column, word, other)
    return Row(line=entry.number, cells={column: word for column, (word, _) in said.cells.items()})
