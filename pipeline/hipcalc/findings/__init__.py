"""Candidate -> Finding: where in the hip it lies, how large it is, what it may be."""

from hipcalc.findings.describing import compare_sides, describe_candidates
from hipcalc.findings.differential import Reason, explain_differential, inseparable
from hipcalc.findings.types import Finding, HipRecord
from hipcalc.findings.wording import EntityWords, differential_words

__all__ = [
    "EntityWords",
    "Finding",
    "HipRecord",
    "Reason",
    "compare_sides",
    "describe_candidates",
    "differential_words",
    "explain_differential",
    "inseparable",
]
