"""Random but plausible bodies, exposures and foci."""

import math
from typing import Final

import numpy as np

from hipcalc.synthetic.deposits import FocusKind
from hipcalc.synthetic.parameters import BodyAnatomy, FocusPlan, HipAnatomy, Imaging, SideName, View

__all__ = ["draw_body", "draw_foci", "draw_imaging"]

# Natural foci read on 148 real pelves have diameters of 2.3 / 4.1 / 9.6 mm and CNR 1.0 / 2.9 / 5.5 at the 5th, 50th and
# 95th percentile, and 3 in 10 have a bright border: a log-normal and a normal with about these quantiles.
_LOG_DIAMETER: Final = (math.log(4.1), 0.45)
_CNR: Final = (2.9, 1.35)
_KINDS: Final[dict[FocusKind, float]] = {
    "amorphous": 0.32, "ossicle": 0.22, "ring": 0.28, "linear": 0.08, "cluster": 0.10,
}  # fmt: skip


def _normal(rng: np.random.Generator, mean: float, deviation: float, low: float, high: float) -> float:
    """Draw from a normal distribution, held inside a range."""
    return float(np.clip(rng.normal(mean, deviation), low, high))


def _draw_hip(rng: np.random.Generator) -> HipAnatomy:
    edge = _normal(rng, 31.0, 5.5, 16.0, 44.0)
    return HipAnatomy(
        head_radius_mm=_normal(rng, 23.8, 1.6, 20.5, 26.5),
        centre_edge_angle_deg=edge,
        acetabular_index_deg=_normal(rng, 5.0 - 0.3 * (edge - 31.0), 3.0, max(-4.0, 14.0 - edge), 19.0),
        neck_shaft_angle_deg=_normal(rng, 128.0, 5.0, 116.0, 144.0),
        joint_space_mm=_normal(rng, 3.9, 0.6, 1.2, 4.9),
        femoral_rotation_deg=_normal(rng, 6.0, 7.0, -14.0, 29.0),
        cortical_thickness=_normal(rng, 1.0, 0.13, 0.65, 1.35),
        bone_density=_normal(rng, 0.95, 0.15, 0.55, 1.28),
        asphericity=abs(_normal(rng, 0.02, 0.025, -0.1, 0.11)),
    )


def _other_side(hip: HipAnatomy, rng: np.random.Generator) -> HipAnatomy:
    """Return the same person's other hip: alike, not equal."""
    edge = float(np.clip(hip.centre_edge_angle_deg + rng.normal(0, 2.0), 16.0, 44.0))
    index = hip.acetabular_index_deg + rng.normal(0, 1.2)
    return HipAnatomy(
        head_radius_mm=float(np.clip(hip.head_radius_mm + rng.normal(0, 0.25), 20.2, 26.8)),
        centre_edge_angle_deg=edge,
        acetabular_index_deg=float(np.clip(index, max(-4.5, 13.5 - edge), 19.5)),
        neck_shaft_angle_deg=float(np.clip(hip.neck_shaft_angle_deg + rng.normal(0, 1.5), 115.5, 144.5)),
        joint_space_mm=float(np.clip(hip.joint_space_mm + rng.normal(0, 0.25), 1.1, 4.95)),
        femoral_rotation_deg=float(np.clip(hip.femoral_rotation_deg + rng.normal(0, 5.0), -14.5, 29.5)),
        cortical_thickness=hip.cortical_thickness,
        bone_density=hip.bone_density,
        asphericity=float(np.clip(abs(hip.asphericity + rng.normal(0, 0.01)), 0.0, 0.115)),
    )


def draw_body(rng: np.random.Generator) -> BodyAnatomy:
    """Draw an adult: hips, pelvis, build."""
    right = _draw_hip(rng)
    return BodyAnatomy(
        right=right,
        left=_other_side(right, rng),
        head_distance_mm=_normal(rng, 178.0 + 2.0 * (right.head_radius_mm - 23.8), 7.0, 155.0, 205.0),
        pelvic_tilt_deg=_normal(rng, 0.0, 4.0, -11.0, 11.0),
        pelvic_rotation_deg=_normal(rng, 0.0, 1.8, -7.0, 7.0),
        obliquity_deg=_normal(rng, 0.0, 1.2, -5.0, 5.0),
        body_thickness_mm=_normal(rng, 215.0, 32.0, 155.0, 330.0),
        gas=float(rng.uniform(0.1, 0.9)),
    )


def draw_imaging(view: View, rng: np.random.Generator) -> Imaging:
    """Draw an exposure, and a frame that fits the view."""
    pixel = (
        float(np.round(rng.uniform(0.20, 0.30), 3))
        if view == "ap-pelvis"
        else float(np.round(rng.uniform(0.14, 0.2), 3))
    )
    height, width = (392.0, 425.0) if view == "ap-pelvis" else (255.0, 210.0)
    return Imaging(
        view=view,
        rows=int(height / pixel),
        columns=int(width / pixel),
        pixel_mm=pixel,
        kilovolts=float(np.round(rng.uniform(70.0, 85.0))),
        dose=float(rng.uniform(0.3, 1.2)),
        blur_mm=float(rng.uniform(0.12, 0.22)),
        scatter=float(rng.uniform(0.2, 0.5)),
        enhancement=float(rng.uniform(0.2, 1.1)),
    )


def _near_the_rim(side: SideName, edge_deg: float, rng: np.random.Generator) -> FocusPlan:
    kinds = list(_KINDS)
    return FocusPlan(
        side=side,
        kind=kinds[int(rng.choice(len(kinds), p=list(_KINDS.values())))],
        r_head_radii=float(rng.uniform(1.16, 1.5)),
        phi_deg=edge_deg + float(rng.uniform(2.0, 25.0)),
        diameter_mm=float(np.clip(np.exp(rng.normal(*_LOG_DIAMETER)), 1.5, 14.0)),
        cnr=_normal(rng, *_CNR, 0.8, 8.0),
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
