"""Finding, Decision -> ReviewedFinding: what a human confirmed, rejected or could not decide, and when."""

from hipcalc.review.decision import FINDING_CLASSES, REJECTION_REASONS, Decision, ReviewStatus, read_decisions
from hipcalc.review.decision_log import append_decisions, open_log, read_log
from hipcalc.review.events import Draft, Event, Role
from hipcalc.review.exporting import export_log
from hipcalc.review.log import LOG_FILE, ReviewLog, StaleError, Verification
from hipcalc.review.readings import AddedFocus, Geometry, Ledger, Reading
from hipcalc.review.reviewed import ReviewedFinding, ReviewedHip, Screened, apply_reviews

__all__ = [
    "FINDING_CLASSES",
    "LOG_FILE",
    "REJECTION_REASONS",
    "AddedFocus",
    "Decision",
    "Draft",
    "Event",
    "Geometry",
    "Ledger",
    "Reading",
    "ReviewLog",
    "ReviewStatus",
    "ReviewedFinding",
    "ReviewedHip",
    "Role",
    "Screened",
    "StaleError",
    "Verification",
    "append_decisions",
    "apply_reviews",
    "export_log",
    "open_log",
    "read_decisions",
    "read_log",
]
