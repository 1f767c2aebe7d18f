"""Finding, Decision -> ReviewedFinding: what a human confirmed, rejected or could not decide, and when."""

from hipcalc.review.decision import FINDING_CLASSES, REJECTION_REASONS, Decision, ReviewStatus, read_decisions
from hipcalc.review.log import LOG_NAME, append_decisions, read_log
from hipcalc.review.reviewed import ReviewedFinding, ReviewedHip, Screened, apply_reviews

__all__ = [
    "FINDING_CLASSES",
    "LOG_NAME",
    "REJECTION_REASONS",
    "Decision",
    "ReviewStatus",
    "ReviewedFinding",
    "ReviewedHip",
    "Screened",
    "append_decisions",
    "apply_reviews",
    "read_decisions",
    "read_log",
]
