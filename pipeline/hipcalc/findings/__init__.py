"""Candidate -> Finding: where in the hip it lies, how large it is, what it may be."""

from hipcalc.findings.types import Finding, HipRecord

__all__ = ["Finding", "HipRecord"]
