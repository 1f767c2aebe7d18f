"""Many inputs: one row each, whatever happens, in tables that depend neither on the workers nor on interruptions."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.cohort.analysis import Done
    from hipcalc.cohort.claiming import Shard
    from hipcalc.cohort.finishing import CohortResult
    from hipcalc.cohort.merging import merge_shards
    from hipcalc.cohort.process import Limits, default_workers
    from hipcalc.cohort.run import run_cohort
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

_HOMES = {
    "CohortResult": "finishing",
    "CohortSettings": "settings",
    "Done": "analysis",
    "Limits": "process",
    "Shard": "claiming",
    "default_workers": "process",
    "merge_shards": "merging",
    "run_cohort": "run",
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
