"""What the workflow says about one hip, as headings and lines of text, for formats that have no template."""

from collections.abc import Iterable
from dataclasses import dataclass

from hipcalc.guideline import Block, HistoryEvent, Note, Offer, Recommendation, Sentence
from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.words import class_name, limit_text, spacing_text, zone_name

__all__ = ["Line", "hip_sections", "origin_lines"]

_NOTHING_CONFIRMED = "Nothing is confirmed in this hip: no advice is given."


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text, and what stands behind it in small print: rule, place, reference."""

    text: str
    small: str = ""

    def __str__(self) -> str:
        """Return both as one line."""
        return f"{self.text} ({self.small})" if self.small else self.text


def hip_sections(one: Recommendation, origin: HipProvenance) -> dict[str, list[Line]]:
    """Return headings with their lines, in the order in which they are read; empty sections are left out."""
    doubt = [] if one.confirmed or one.state == "S0" else [_NOTHING_CONFIRMED]
    sections = {
        "State": _plain([*doubt, f"Here because: {one.when}.", *(note.text for note in one.notes)]),
        "The way here": [
            Line(text=f"{entry.date}, {entry.kind}: {entry.state} {entry.state_name}", small=_events(entry.events))
            for entry in one.history
        ],
        "Confirmed": _confirmed(one),
        "To be kept in mind": _sentences(one.mandatory),
        "What the source document says for this state": _sentences(one.advice),
        "Explanations": _sentences(one.explanations),
        **{f"May follow: {offer.state} {offer.name}": _offer(offer) for offer in one.offered},
        "Held back, and why": [_block(block) for block in one.blocked],
        "Missing": [Line(text=entry.question, small=entry.name) for entry in one.missing],
        "Cautions that the clinician accepted": [
            Line(text=f"{entry.gate}, {entry.label}: “{entry.clinician_reason}”", small=f"basis {entry.basis}")
            for entry in one.cautions
        ],
        "What the source document leaves open": [
            Line(text=tension.text, small=", ".join(tension.rules)) for tension in one.tensions
        ],
        "A single missing answer that would change the state": _what_if(one),
        "How it was made": _plain([*one.disclaimer, _workflow(one), *origin_lines(origin)]),
    }
    return {heading: lines for heading, lines in sections.items() if lines}


def origin_lines(origin: HipProvenance) -> list[str]:
    """Return what made a hip's output, a line each."""
    limit = limit_text(origin.detection_limit_mm, origin.detection_limit_head_radii, origin.detection_limit_tissue)
    return [
        origin.notice,
        f"hipcalc {origin.screening_version}, report by {origin.report_version}; models {', '.join(origin.models)}; "
        f"settings {origin.settings_hash}",
        f"operating point: {origin.false_marks_per_hip:g} expected false marks per hip",
        f"detection limit in this hip (CNR 4, found in 90%): {limit}",
        f"pixel spacing: {spacing_text(origin.spacing_mm, origin.spacing_source)}",
        f"image SHA-256: {origin.image_sha256}",
    ]


def _plain(texts: Iterable[str]) -> list[Line]:
    return [Line(text=text) for text in texts]


def _workflow(one: Recommendation) -> str:
    return f"Workflow {one.workflow_name} {one.workflow_version}, SHA-256 {one.workflow_sha256}"


def _confirmed(one: Recommendation) -> list[Line]:
    lines = [
        Line(
            text=f"{entry.candidate_id}: {class_name(entry.finding_class) or 'no class named'}, {zone_name(entry.zone)}"
            + ("" if entry.in_scope else " (outside of the document's scope)"),
            small=f"confirmed by {entry.reader}, {entry.time}",
        )
        for entry in one.confirmed
    ]
    for grading in one.gradings:
        said = f"grade {grading.grade}, {grading.text}" if grading.text else "no grade on record"
        lines.append(
            Line(
                text=f"{grading.name}: {said} ({', '.join(grading.candidate_ids)}). {grading.caveat}",
                small=f"basis {grading.basis}",
            )
        )
    return [*lines, *_plain([one.grading_note] if one.grading_note else [])]


def _sentences(sentences: Iterable[Sentence]) -> list[Line]:
    return [
        Line(
            text=sentence.text,
            small=f"{sentence.rule_id}; {sentence.place}; {sentence.reference}"
            + ("" if sentence.basis == "S" else f"; basis {sentence.basis}"),
        )
        for sentence in sentences
    ]


def _offer(offer: Offer) -> list[Line]:
    notes: tuple[Note, ...] = offer.notes
    return [*_plain(note.text for note in notes), *_sentences((*offer.advice, *offer.explanations))]


def _block(block: Block) -> Line:
    reasons = "; ".join(f"{reason.label}: {reason.answer}" for reason in block.reasons)
    withdrawn = f"withdrawn: {', '.join(block.rules)}" if block.rules else ""
    return Line(text=f"{block.gate}: {block.text}", small="; ".join(filter(None, (withdrawn, reasons))))


def _what_if(one: Recommendation) -> list[Line]:
    by_state: dict[str, list[str]] = {}
    for entry in one.explanation.what_if:
        by_state.setdefault(f"{entry.state} {entry.state_name}", []).append(f"{entry.question} {entry.answer}")
    return [Line(text=state, small="; ".join(answers)) for state, answers in by_state.items()]


def _events(events: Iterable[HistoryEvent]) -> str:
    return "; ".join(event.text for event in events)
