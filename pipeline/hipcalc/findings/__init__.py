"""Candidate -> Finding: where in the hip it lies, how large it is, what it may be."""

from hipcalc.findings.describing import describe_candidates
from hipcalc.findings.differential import Reason, explain_differential
from hipcalc.findings.types import Finding, HipRecord

__all__ = ["Finding", "HipRecord", "Reason", "describe_candidates", "explain_differential"]
