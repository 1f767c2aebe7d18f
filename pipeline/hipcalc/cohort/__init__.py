"""Many files: one row each, whatever happens, in tables that do not depend on the number of workers."""

from hipcalc.cohort.analysis import Done
from hipcalc.cohort.run import CohortResult, default_workers, run_cohort
from hipcalc.cohort.settings import CohortSettings

__all__ = ["CohortResult", "CohortSettings", "Done", "default_workers", "run_cohort"]
