"""What is seen of the bone around a hip and is too fine for its solid: the corner of the roof."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import HipAnatomy
from hipcalc.synthetic.hip_bone import rim_point
from hipcalc.synthetic.stripes import Way, stripe

__all__ = ["add_bone_details"]

Image = NDArray[np.float32]
# How far from the rim such a detail reaches.
_REACH_MM = 45.0


def add_bone_details(
    compact: Image, lateral: Image, cranial: Image, anatomy: HipAnatomy, rng: np.random.Generator
) -> None:
    """Add a hip's fine details to the millimetres of compact bone along the rays, in place.

    Parameters
    ----------
    compact : ndarray of float32, shape (rows, columns)
    lateral, cranial : ndarray of float32, shape (rows, columns)
        Hip coordinates in millimetres.
    anatomy : HipAnatomy
    rng : numpy.random.Generator
        Draws them for each hip anew: a person's two hips are alike in their larger forms only.
    """
    rim = rim_point(anatomy)
    away = np.maximum(np.abs(lateral - np.float32(rim[0])), np.abs(cranial - np.float32(rim[1])))
    rows, columns = (np.flatnonzero((away < _REACH_MM).any(axis=axis)) for axis in (1, 0))
    ways = _corner(rim[0], rim[1], rng)
    if len(rows) == 0:
        return
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    for way in ways:
        compact[part] += stripe(lateral[part], cranial[part], way)


def _corner(rim_lateral: float, rim_cranial: float, rng: np.random.Generator) -> tuple[Way, Way]:
    """Draw the ilium's outer face, seen edge-on where it comes down to the roof's plate, and the knot where they meet.

    It meets the plate a little medially of its end: the lip of the rim stands beyond. Sizes and thicknesses are
    chosen; in some hips there is hardly anything of it, in others it is as bright as the sourcil.
    """
    thick, inwards, lean = rng.uniform(1.0, 14.0), rng.uniform(1.0, 4.5), rng.normal(1.5, 2.5)
    width, height, bow = rng.uniform(0.6, 1.2), rng.uniform(12.0, 28.0), rng.normal(0.0, 1.2)
    foot = rim_lateral - inwards, rim_cranial + rng.uniform(-0.5, 1.0)
    sheet = (
        (foot[0] - lean, foot[1] + height, 1.5 * width, 0.2 * thick),
        (foot[0] - 0.5 * lean + bow, foot[1] + 0.5 * height, width, 0.8 * thick),
        (*foot, 1.2 * width, thick),
    )
    blunt, ends = rng.uniform(1.0, 2.2), rng.uniform(0.0, 8.0, 2)
    knot = (foot[0] - 1.0, foot[1], blunt, ends[0]), (foot[0] + rng.uniform(0.0, 1.5), foot[1] - 0.5, blunt, ends[1])
    return sheet, knot
