"""The proximal femur of one side as an implicit solid: head with fovea, neck, both trochanters, shaft.

Coordinates are the hip's own: origin at the centre of the head, lateral, cranial and anterior in millimetres.
"""

import math

import numpy as np

from hipcalc.synthetic.body import HipAnatomy
from hipcalc.synthetic.shapes import (
    Field,
    Point,
    Points,
    ball,
    carve,
    ellipsoid,
    half_space,
    intersect,
    smooth_union,
    tube,
)

__all__ = ["femur", "neck_base", "neck_direction", "shaft_point"]

_SHAFT_TILT = math.radians(6.0)


def neck_direction(anatomy: HipAnatomy) -> Point:
    """Return the unit vector from the head's centre along the neck, the shaft leaning 6 degrees to the knee."""
    # The shaft runs caudally and medially; the neck makes the neck-shaft angle with it.
    angle = math.radians(anatomy.neck_shaft_angle_deg) - math.pi / 2 - _SHAFT_TILT
    turn = math.radians(anatomy.femoral_rotation_deg)
    return math.cos(angle) * math.cos(turn), -math.sin(angle), -math.cos(angle) * math.sin(turn)


def _along(direction: Point, distance: float) -> Point:
    return direction[0] * distance, direction[1] * distance, direction[2] * distance


def femur(points: Points, anatomy: HipAnatomy) -> tuple[Field, Field]:
    """Return the femur's distance field and the thickness of its cortex, in millimetres."""
    radius = anatomy.head_radius_mm
    size = radius / 24.0
    toward = neck_direction(anatomy)
    head = ball(points, (0.0, 0.0, 0.0), radius)
    base = neck_base(anatomy)
    neck = tube(
        points,
        [_along(toward, 8.0 * size), _along(toward, 28.0 * size), base],
        [17.5 * size, 15.0 * size, 17.0 * size],
        flatten=1.15,
    )
    bump = ball(points, _bump_centre(anatomy, toward), 6.0 * size)
    upper = smooth_union(smooth_union(head, neck, 3.0), bump, 4.0)
    upper = _with_osteophytes(upper, points, anatomy, toward)
    upper = carve(upper, ball(points, (-1.09 * radius, 0.26 * radius, -0.2 * radius), 0.22 * radius), 1.5)
    if anatomy.prosthesis:
        # The neck is cut across, and head and neck are taken away.
        upper = intersect(upper, half_space(points, _along(toward, 34.0 * size), _along(toward, -1.0)), 1.0)
    whole = smooth_union(upper, _trochanters_and_shaft(points, base, size), 9.0)
    whole = smooth_union(whole, _crest(points, base, size), 3.0)
    return whole, _cortex(points, anatomy, base, size)


def neck_base(anatomy: HipAnatomy) -> Point:
    """Return the point where the neck's axis meets the shaft's."""
    return _along(neck_direction(anatomy), 50.0 * anatomy.head_radius_mm / 24.0)


def _with_osteophytes(upper: Field, points: Points, anatomy: HipAnatomy, toward: Point) -> Field:
    """Add spurs at the edge of the head's cartilage, above and below, that stand out by `osteophyte_mm`."""
    if anatomy.osteophyte_mm == 0.0:
        return upper
    axis = math.atan2(toward[1], toward[0])
    for turn_deg, share in ((58.0, 0.7), (-75.0, 1.0)):
        angle = axis + math.radians(turn_deg)
        along, out = (math.cos(angle), math.sin(angle)), anatomy.head_radius_mm + share * anatomy.osteophyte_mm - 0.8
        root = 0.8 * anatomy.head_radius_mm
        # The tip hangs towards the neck.
        lean = 0.35 * share * anatomy.osteophyte_mm
        tip = (out * along[0] + lean * math.cos(axis), out * along[1] + lean * math.sin(axis), 0.0)
        spur = tube(points, [(root * along[0], root * along[1], 0.0), tip], [4.0, 0.8])
        upper = smooth_union(upper, spur, 2.5)
    return upper


def _bump_centre(anatomy: HipAnatomy, toward: Point) -> Point:
    """Centre of the cam bump, whose top stands out of the head by `asphericity` head radii at the upper junction."""
    radius = anatomy.head_radius_mm
    # 50 degrees off the neck's axis, in the coronal plane.
    angle = math.atan2(toward[1], toward[0]) + math.radians(50.0)
    distance = radius * (1.0 + anatomy.asphericity) - 6.0 * radius / 24.0 - 1.0
    return distance * math.cos(angle), distance * math.sin(angle), 0.0


def shaft_point(base: Point, down: float) -> Point:
    """Return the point of the shaft's axis that lies so far below the neck's base."""
    return base[0] + 3.0 - down * math.tan(_SHAFT_TILT), base[1] - down, base[2]


def _from(base: Point, lateral: float, cranial: float, anterior: float, size: float) -> Point:
    return base[0] + lateral * size, base[1] + cranial * size, base[2] + anterior * size


def _trochanters_and_shaft(points: Points, base: Point, size: float) -> Field:
    shaft = tube(
        points,
        [shaft_point(base, 0.0), shaft_point(base, 30.0), shaft_point(base, 75.0), shaft_point(base, 260.0)],
        [19.0 * size, 18.0 * size, 15.0 * size, 14.0 * size],
    )  # fmt: skip
    greater = tube(
        points,
        [_from(base, 12, -12, -4, size), _from(base, 13, 16, -10, size), _from(base, 9, 29, -14, size)],
        [15.0 * size, 13.5 * size, 7.5 * size],
    )
    lesser = ellipsoid(points, _from(base, -15, -33, -12, size), (9.0 * size, 12.0 * size, 9.0 * size))
    return smooth_union(smooth_union(shaft, greater, 10.0), lesser, 11.0)


def _crest(points: Points, base: Point, size: float) -> Field:
    """Return the crest behind, from the greater trochanter's tip, which hangs over the fossa, to the lesser one."""
    path = [(8, 30, -18), (1, 22, -23), (-3, 4, -22), (-13, -26, -17)]
    return tube(
        points,
        [_from(base, lateral, cranial, anterior, size) for lateral, cranial, anterior in path],
        [6.5 * size, 5.5 * size, 4.0 * size, 5.0 * size],
    )


def _cortex(points: Points, anatomy: HipAnatomy, base: Point, size: float) -> Field:
    """Thin over head and trochanter, a thick calcar on the medial side of the neck, compact in the shaft."""
    down = base[1] - points.cranial
    shaft = np.clip((down - 20.0) / 60.0, 0.0, 1.0)
    from_axis = points.lateral - (base[0] + 3.0 - down * math.tan(_SHAFT_TILT))
    medial = np.clip((-from_axis) / 10.0, 0.0, 1.0) * np.clip((points.lateral - 12.0 * size) / 10.0, 0.0, 1.0)
    calcar = medial * np.clip((down + 12.0) / 15.0, 0.0, 1.0) * np.clip((60.0 - down) / 30.0, 0.0, 1.0)
    lateral_sheet = np.clip(from_axis / 10.0, 0.0, 1.0) * np.clip((down - 5.0) / 30.0, 0.0, 1.0)
    thickness = (
        0.7 + 5.7 * shaft * shaft * (3 - 2 * shaft) + 2.6 * calcar * (1 - shaft) + 1.2 * lateral_sheet * (1 - shaft)
    )
    return np.asarray(anatomy.cortical_thickness * size * thickness, np.float32)
