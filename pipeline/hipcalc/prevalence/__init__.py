"""Findings in a cohort as a paper reports them: prevalence with its uncertainty, drift, and a methods paragraph."""

from hipcalc.prevalence.estimating import Estimate, Validation, estimate
from hipcalc.prevalence.reporting import PrevalenceResult, report_prevalence

__all__ = ["Estimate", "PrevalenceResult", "Validation", "estimate", "report_prevalence"]
