"""Whether a picture can carry an answer."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.normalize.types import Quality

__all__ = ["judge_quality"]


def judge_quality(excluded: NDArray[np.bool_]) -> Quality:
    """Reject a picture of which almost nothing is left."""
    if float(excluded.mean()) > 0.9:
        return Quality(level="rejected", reasons=("almost the whole picture is blank",))
    return Quality(level="ok")
