"""Candidate -> Finding: where in the hip it lies, how large it is, what it may be."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.findings.describing import compare_sides, describe_candidates
    from hipcalc.findings.differential import Reason, explain_differential, inseparable
    from hipcalc.findings.finding import DEFAULT_FALSE_MARKS_PER_HIP, Finding
    from hipcalc.findings.hip_record import HipRecord, Tissue
    from hipcalc.findings.wording import EntityWords, differential_words

__all__ = [
    "DEFAULT_FALSE_MARKS_PER_HIP",
    "EntityWords",
    "Finding",
    "HipRecord",
    "Reason",
    "Tissue",
    "compare_sides",
    "describe_candidates",
    "differential_words",
    "explain_differential",
    "inseparable",
]

_HOMES = {
    **dict.fromkeys(("compare_sides", "describe_candidates"), "describing"),
    **dict.fromkeys(("Reason", "explain_differential", "inseparable"), "differential"),
    **dict.fromkeys(("DEFAULT_FALSE_MARKS_PER_HIP", "Finding"), "finding"),
    **dict.fromkeys(("HipRecord", "Tissue"), "hip_record"),
    **dict.fromkeys(("EntityWords", "differential_words"), "wording"),
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
