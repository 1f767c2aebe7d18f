"""Pictures that lie on their side or upside down."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.locating import BEYOND_DOUBT, frames_at_first_sight
from hipcalc.normalize import NormalizedRadiograph

__all__ = ["quarter_turns_to_hips"]

Scalar = TypeVar("Scalar", bound=np.generic)


def quarter_turns_to_hips(normalized: NormalizedRadiograph) -> int | None:
    """Say by how many quarter turns clockwise a picture must be turned to show hips.

    Parameters
    ----------
    normalized : NormalizedRadiograph
        A picture in which no hip was found as it lies.

    Returns
    -------
    int or None
        1 to 3: the turn after which the hips are surest, of those that show two located ones, or one beyond doubt. None
        where no turn does.
    """
    trusts = {turns: _trust(_turned(normalized, turns)) for turns in (1, 2, 3)}
    best = max(trusts, key=lambda turns: trusts[turns])
    return best if trusts[best] > 0 else None


def _trust(normalized: NormalizedRadiograph) -> float:
    frames = [frame for frame in frames_at_first_sight(normalized) if frame.status == "located"]
    is_sure = len(frames) == 2 or any(frame.confidence >= BEYOND_DOUBT for frame in frames)
    return sum(frame.confidence for frame in frames) if is_sure else 0.0


def _turned(normalized: NormalizedRadiograph, turns: int) -> NormalizedRadiograph:
    def turned(pixels: NDArray[Scalar]) -> NDArray[Scalar]:
        # NumPy turns the other way round.
        return np.ascontiguousarray(np.rot90(pixels, -turns))

    grey: NDArray[Any] = turned(normalized.grey)
    return replace(
        normalized,
        radiograph=replace(normalized.radiograph, pixels=grey, padding=None),
        grey=grey,
        excluded=turned(normalized.excluded),
        clipped=None if normalized.clipped is None else turned(normalized.clipped),
    )
