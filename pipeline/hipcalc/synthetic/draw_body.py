"""Random but plausible bodies."""

from dataclasses import replace

import numpy as np

from hipcalc.synthetic.body import BodyAnatomy, HipAnatomy
from hipcalc.synthetic.ranges import normal_within

__all__ = ["density_at_age", "draw_body"]

# One adult in twenty who gets a radiograph of the pelvis has a hip replaced; osteophytes grow with age.
_PROSTHESIS_SHARE = 0.05
_OSTEOPHYTE_SHARE_AT_80 = 0.4
_OSTEOPHYTE_MEAN_MM = 2.5
# Deviation of its logarithm between people: from the 10th to the 90th percentile of 19 hips of pelves and 53 crops, the
# deviation of details of 2 to 4 mm over the ilium grows threefold.
_UNEVENNESS_SPREAD = 0.45


def density_at_age(age_years: float) -> float:
    """Return the density of cancellous bone against that of young adults.

    From the third to the ninth decade the mean bone mineral density of the femoral neck falls by about a quarter in men
    and a third in women (A. C. Looker et al., Osteoporos Int 8 (1998) 468); here by 0.3 from 30 years to 85.
    """
    return 1.0 - 0.3 * float(np.clip((age_years - 30.0) / 55.0, 0.0, 1.0))


def _draw_hip(rng: np.random.Generator, age_years: float) -> HipAnatomy:
    edge = normal_within(rng, 31.0, 5.5, 16.0, 44.0)
    return HipAnatomy(
        head_radius_mm=normal_within(rng, 23.8, 1.6, 20.5, 26.5),
        centre_edge_angle_deg=edge,
        acetabular_index_deg=normal_within(rng, 5.0 - 0.3 * (edge - 31.0), 3.0, max(-4.0, 14.0 - edge), 19.0),
        neck_shaft_angle_deg=normal_within(rng, 128.0, 5.0, 116.0, 144.0),
        joint_space_mm=normal_within(rng, 3.9, 0.6, 1.2, 4.9),
        femoral_rotation_deg=normal_within(rng, 6.0, 7.0, -14.0, 29.0),
        cortical_thickness=normal_within(rng, 1.0, 0.13, 0.65, 1.35),
        bone_density=normal_within(rng, 1.08 * density_at_age(age_years), 0.13, 0.55, 1.28),
        asphericity=abs(normal_within(rng, 0.02, 0.025, -0.1, 0.11)),
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


def _with_unevenness(right: HipAnatomy, left: HipAnatomy, rng: np.random.Generator) -> tuple[HipAnatomy, HipAnatomy]:
    """Draw how coarse a person's bone is, hardly different on either side."""
    person = rng.normal(0.0, _UNEVENNESS_SPREAD)
    drawn = [float(np.clip(np.exp(person + rng.normal(0.0, 0.1)), 0.3, 2.5)) for _ in "RL"]
    return replace(right, unevenness=drawn[0]), replace(left, unevenness=drawn[1])


def _draw_osteophyte(rng: np.random.Generator, age_years: float) -> float:
    share = _OSTEOPHYTE_SHARE_AT_80 * float(np.clip((age_years - 30.0) / 50.0, 0.0, 1.0))
    size = float(np.clip(1.0 + rng.exponential(_OSTEOPHYTE_MEAN_MM - 1.0), 1.0, 8.0))
    return size if rng.uniform() < share else 0.0


def draw_body(rng: np.random.Generator) -> BodyAnatomy:
    """Draw an adult: hips, pelvis, build."""
    age_years = float(rng.uniform(20.0, 90.0))
    right = _draw_hip(rng, age_years)
    left = _other_side(right, rng)
    # From a stream of its own: it changes nothing else about the body.
    right, left = _with_unevenness(right, left, rng.spawn(1)[0])
    right, left = (replace(hip, osteophyte_mm=_draw_osteophyte(rng, age_years)) for hip in (right, left))
    if rng.uniform() < _PROSTHESIS_SHARE:
        right, left = (
            (replace(right, prosthesis=True), left) if rng.uniform() < 0.5 else (right, replace(left, prosthesis=True))
        )
    return BodyAnatomy(
        right=right,
        left=left,
        head_distance_mm=normal_within(rng, 178.0 + 2.0 * (right.head_radius_mm - 23.8), 7.0, 155.0, 205.0),
        pelvic_tilt_deg=normal_within(rng, 0.0, 4.0, -11.0, 11.0),
        pelvic_rotation_deg=normal_within(rng, 0.0, 1.8, -7.0, 7.0),
        obliquity_deg=normal_within(rng, 0.0, 1.2, -5.0, 5.0),
        body_thickness_mm=normal_within(rng, 215.0, 32.0, 155.0, 330.0),
        gas=float(rng.uniform(0.1, 0.9)),
    )
