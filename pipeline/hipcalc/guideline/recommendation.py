"""What the workflow says about one hip, as plain values that a page or a file can show."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from hipcalc.guideline.case import HistoryEntry
from hipcalc.guideline.context import Answer
from hipcalc.guideline.explanation import Explanation
from hipcalc.guideline.workflow import Basis, RuleKind

__all__ = [
    "Block",
    "Caution",
    "ConfirmedFinding",
    "Grading",
    "Missing",
    "Note",
    "Offer",
    "Reason",
    "Recommendation",
    "Sentence",
    "TensionNote",
]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence that restates the source document.

    Attributes
    ----------
    rule_id, text : str
    kind : {"mandatory", "advice", "explanation", "evidence", "rationale"}
    basis : {"S", "L", "M", "D", "E"}
        E where a blocked gate replaced the rule's own text.
    place : str
        Section and item of the source document.
    reference : str
        What may be said about the reference that the source document gives.
    """

    rule_id: str
    text: str
    kind: RuleKind
    basis: Basis
    place: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """One sentence of the workflow itself, not of the source document."""

    id: str
    text: str
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An input that is missing: the column of the context table, and the question."""

    name: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why something is blocked: an item of a gate or a condition, and its answer."""

    id: str
    label: str
    answer: Answer
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Block:
    """Something that the workflow holds back.

    Attributes
    ----------
    gate : str
        R, N, C or M; R19 for the specialist's opinion; or the state that excludes the hip from the workflow.
    text : str
        What is held back.
    rules : tuple of str
        The rules that are withdrawn.
    reasons : tuple of Reason
    """

    gate: str
    text: str
    rules: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A caution answered yes that the clinician's recorded reason passes; `clinician_reason` is quoted as typed."""

    gate: str
    id: str
    label: str
    basis: Basis
    clinician_reason: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A step that may follow; the source document gives no order."""

    state: str
    name: str
    advice: tuple[Sentence, ...]
    explanations: tuple[Sentence, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class TensionNote:
    """What the source document leaves open, shown and not resolved."""

    id: str
    text: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Grading:
    """The reader's grade of the confirmed findings of one class, never without its caveat.

    Attributes
    ----------
    scheme, name : str
    candidate_ids : tuple of str
        The findings that it is about.
    grade : str
        ``unknown`` where the reader gave none.
    text : str
        What the grade means; empty without one.
    caveat : str
    basis : {"S", "L", "M", "D", "E"}
    """

    scheme: str
    name: str
    candidate_ids: tuple[str, ...]
    grade: str
    text: str
    caveat: str
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class ConfirmedFinding:
    """A confirmed finding as the reader left it. `finding_class` is empty where the reader named none."""

    candidate_id: str
    finding_class: str
    zone: str
    in_scope: bool
    reader: str
    time: str


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What the workflow says about one hip. All texts are plain sentences.

    Attributes
    ----------
    image_id, path, side : str
    state, state_name, when : str
        Where the hip is in the workflow, and the condition that put it there.
    audit_only : bool
        True for a hip whose findings were all rejected: it belongs in the audit file, not in a report.
    passed : tuple of str
        The states on the way, the present one last.
    goes_to : tuple of str
        The states that may follow.
    confirmed : tuple of ConfirmedFinding
    gradings : tuple of Grading
        Of the confirmed findings whose class a scheme grades.
    grading_note : str
        Why there is no grade, or why one that is on record is not shown; empty otherwise.
    unreviewed, indeterminate : tuple of str
        Candidate ids that still wait for a decision.
    notes : tuple of Note
        The workflow's own sentences; to be read first.
    mandatory, advice, explanations : tuple of Sentence
        The source document's sentences; explanations hold rationale and evidence too.
    offered : tuple of Offer
    missing : tuple of Missing
    blocked : tuple of Block
    cautions : tuple of Caution
    tensions : tuple of TensionNote
    explanation : Explanation
        Which guard fired, which did not, and which missing answer alone would change the state.
    history : tuple of HistoryEntry
        The way here, decision by decision and visit by visit; empty where the visits have no dates.
    disclaimer : tuple of str
    workflow_name, workflow_version, workflow_sha256 : str
    """

    image_id: str
    path: str
    side: str
    state: str
    state_name: str
    when: str
    audit_only: bool
    passed: tuple[str, ...]
    goes_to: tuple[str, ...]
    confirmed: tuple[ConfirmedFinding, ...]
    gradings: tuple[Grading, ...]
    grading_note: str
    unreviewed: tuple[str, ...]
    indeterminate: tuple[str, ...]
    notes: tuple[Note, ...]
    mandatory: tuple[Sentence, ...]
    advice: tuple[Sentence, ...]
    explanations: tuple[Sentence, ...]
    offered: tuple[Offer, ...]
    missing: tuple[Missing, ...]
    blocked: tuple[Block, ...]
    cautions: tuple[Caution, ...]
    tensions: tuple[TensionNote, ...]
    explanation: Explanation
    history: tuple[HistoryEntry, ...]
    disclaimer: tuple[str, ...]
    workflow_name: str
    workflow_version: str
    workflow_sha256: str

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence of the source document in this output, those of offered steps included."""
        offered = (sentence for offer in self.offered for sentence in (*offer.advice, *offer.explanations))
        return (*self.mandatory, *self.advice, *self.explanations, *offered)

    def to_dict(self) -> dict[str, Any]:
        """Return dicts, lists, texts and booleans only, in a stable order, ready for JSON."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
