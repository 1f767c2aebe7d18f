"""ReviewedFinding, ClinicalContext -> Recommendation: the guideline workflow, a state machine over data."""

from hipcalc.guideline.case import HistoryEntry, HistoryEvent
from hipcalc.guideline.context import Checklist, ClinicalContext
from hipcalc.guideline.explanation import Explanation, GuardResult, WhatIf
from hipcalc.guideline.loading import load_workflow
from hipcalc.guideline.recommend import recommend
from hipcalc.guideline.recommendation import (
    Block,
    Caution,
    ConfirmedFinding,
    Grading,
    Missing,
    Note,
    Offer,
    Reason,
    Recommendation,
    Sentence,
    TensionNote,
)
from hipcalc.guideline.table import context_columns, left_aside, read_contexts
from hipcalc.guideline.workflow import Workflow

__all__ = [
    "Block",
    "Caution",
    "Checklist",
    "ClinicalContext",
    "ConfirmedFinding",
    "Explanation",
    "Grading",
    "GuardResult",
    "HistoryEntry",
    "HistoryEvent",
    "Missing",
    "Note",
    "Offer",
    "Reason",
    "Recommendation",
    "Sentence",
    "TensionNote",
    "WhatIf",
    "Workflow",
    "context_columns",
    "left_aside",
    "load_workflow",
    "read_contexts",
    "recommend",
]
