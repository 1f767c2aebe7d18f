"""Finding, Decision -> ReviewedFinding: what a human confirmed, rejected or could not decide, and when."""

from hipcalc.review.decision import FINDING_CLASSES, REJECTION_REASONS, Decision, ReviewStatus, read_decisions
from hipcalc.review.decision_log import append_decisions, open_log, read_finished, read_log
from hipcalc.review.disputes import NEAR_HEAD_RADII, Disputes, disputes_of, group_foci, kept_foci
from hipcalc.review.events import Draft, Event, Role, hip_of
from hipcalc.review.exporting import export_log
from hipcalc.review.log import LOG_FILE, BehindError, ReviewLog, Verification
from hipcalc.review.readings import AddedFocus, Geometry, Reading, Readings
from hipcalc.review.reviewed import ReviewedFinding, ReviewedHip, Screened, apply_reviews
from hipcalc.review.standing import Verdict, verdict

__all__ = [
    "FINDING_CLASSES",
    "LOG_FILE",
    "NEAR_HEAD_RADII",
    "REJECTION_REASONS",
    "AddedFocus",
    "BehindError",
    "Decision",
    "Disputes",
    "Draft",
    "Event",
    "Geometry",
    "Reading",
    "Readings",
    "ReviewLog",
    "ReviewStatus",
    "ReviewedFinding",
    "ReviewedHip",
    "Role",
    "Screened",
    "Verdict",
    "Verification",
    "append_decisions",
    "apply_reviews",
    "disputes_of",
    "export_log",
    "group_foci",
    "hip_of",
    "kept_foci",
    "open_log",
    "read_decisions",
    "read_finished",
    "read_log",
    "verdict",
]
