"""Many inputs: one row each, whatever happens, in tables that depend neither on the workers nor on interruptions."""

from hipcalc.cohort.analysis import Done
from hipcalc.cohort.claiming import Shard
from hipcalc.cohort.process import Limits
from hipcalc.cohort.run import CohortResult, default_workers, run_cohort
from hipcalc.cohort.settings import CohortSettings

__all__ = ["CohortResult", "CohortSettings", "Done", "Limits", "Shard", "default_workers", "run_cohort"]
