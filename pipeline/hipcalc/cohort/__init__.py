"""Many inputs: one row each, whatever happens, in tables that depend neither on the workers nor on interruptions."""

from hipcalc.cohort.analysis import Done
from hipcalc.cohort.claiming import Shard
from hipcalc.cohort.finishing import CohortResult
from hipcalc.cohort.merging import merge_shards
from hipcalc.cohort.process import Limits
from hipcalc.cohort.run import default_workers, run_cohort
from hipcalc.cohort.settings import CohortSettings

__all__ = [
    "CohortResult",
    "CohortSettings",
    "Done",
    "Limits",
    "Shard",
    "default_workers",
    "merge_shards",
    "run_cohort",
]
