"""Random but plausible foci and traps."""

import math
from typing import Final

import numpy as np

from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.deposits import FocusKind
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.ranges import normal_within

__all__ = ["draw_foci"]

# Natural foci read on 148 real pelves have diameters of 2.3 / 4.1 / 9.6 mm and CNR 1.0 / 2.9 / 5.5 at the 5th, 50th and
# 95th percentile, and 3 in 10 have a bright border: a log-normal and a normal with about these quantiles.
_LOG_DIAMETER: Final = (math.log(4.1), 0.45)
_CNR: Final = (2.9, 1.35)
_KINDS: Final[dict[FocusKind, float]] = {
    "amorphous": 0.32, "ossicle": 0.22, "ring": 0.28, "linear": 0.08, "cluster": 0.10,
}  # fmt: skip


def _near_the_rim(side: SideName, edge_deg: float, rng: np.random.Generator) -> FocusPlan:
    kinds = list(_KINDS)
    return FocusPlan(
        side=side,
        kind=kinds[int(rng.choice(len(kinds), p=list(_KINDS.values())))],
        r_head_radii=float(rng.uniform(1.16, 1.5)),
        phi_deg=edge_deg + float(rng.uniform(2.0, 25.0)),
        diameter_mm=float(np.clip(np.exp(rng.normal(*_LOG_DIAMETER)), 1.5, 14.0)),
        cnr=normal_within(rng, *_CNR, 0.8, 8.0),
        orientation_deg=float(rng.normal(0.0, 30.0)),
    )


def _trap(side: SideName, edge_deg: float, rng: np.random.Generator) -> FocusPlan:
    """Draw what looks like a focus: a beak on the rim, or a phlebolith in the pelvis."""
    if rng.uniform() < 0.5:
        return FocusPlan(
            side=side,
            kind="beak",
            r_head_radii=1.22,
            phi_deg=edge_deg + 3.0,
            diameter_mm=float(rng.uniform(3.0, 6.0)),
            cnr=float(rng.uniform(2.0, 5.0)),
            orientation_deg=float(rng.normal(15.0, 20.0)),
        )
    return FocusPlan(
        side=side,
        kind="phlebolith",
        r_head_radii=float(rng.uniform(1.9, 2.4)),
        phi_deg=float(rng.uniform(-105.0, -80.0)),
        diameter_mm=float(rng.uniform(2.5, 5.0)),
        cnr=float(rng.uniform(3.0, 6.0)),
    )


def draw_foci(body: BodyAnatomy, sides: tuple[SideName, ...], rng: np.random.Generator) -> tuple[FocusPlan, ...]:
    """Draw foci and traps for the hips that a view shows: half of the hips have no focus."""
    plans: list[FocusPlan] = []
    for side in sides:
        edge = body.hip(side).centre_edge_angle_deg
        plans.extend(_near_the_rim(side, edge, rng) for _ in range(int(rng.choice(3, p=[0.5, 0.4, 0.1]))))
        if rng.uniform() < 0.25:
            plans.append(_trap(side, edge, rng))
    return tuple(plans)
