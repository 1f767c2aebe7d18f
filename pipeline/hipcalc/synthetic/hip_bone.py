"""The hip bone of one side as an implicit solid: ilium, acetabulum, ischium, pubis.

Coordinates are the hip's own: origin at the centre of the femoral head, lateral, cranial and anterior in millimetres.
Landmarks stand where an adult pelvis of 180 mm between the heads has them; all of it scales with the head distance.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

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

__all__ = ["hip_bone", "lip_point", "rim_point", "sourcil_end", "sourcil_medial_end", "teardrop_point"]

# Outline of the ilium seen from the side (anterior, cranial): spines, crest, greater sciatic notch.
_WING_OUTLINE = (
    (26, 22), (33, 40), (34, 48), (31, 58), (33, 72), (39, 88), (36, 98), (24, 116), (2, 129), (-25, 133),
    (-52, 126), (-76, 108), (-92, 86), (-95, 74), (-90, 62), (-84, 50), (-70, 51), (-56, 48),
    (-46, 36), (-38, 12), (-30, -6), (0, -12), (20, 4),
)  # fmt: skip
# Half of the dense plate's thickness at the lateral end of the roof, and the middle of the medial wall.
_HALF_PLATE_MM = 1.9
_WALL_ANTERIOR_MM = -4.0
# Where the end of the roof lies, laterally of the head's centre, that the wing as tabulated stands over.
_RIM_UNDER_WING_MM = 14.0
# The wing's middle surface: (anterior, cranial) -> lateral.
_WING_SURFACE = (
    (34, 45, 13), (31, 58, 21), (39, 90, 44), (24, 116, 50), (2, 129, 50), (-25, 133, 36), (-52, 126, 10),
    (-76, 108, -22), (-95, 74, -46), (-84, 50, -44), (-56, 48, -30), (-40, 24, -20),
    (0, 8, -25), (-28, 0, -24), (22, 8, -18), (0, -12, -30), (0, 30, -3),
    (-28, 36, -17), (0, 60, 4),
    (0, 95, 25), (-40, 95, 0), (-45, 65, -20), (22, 72, 26), (-68, 75, -36), (20, 30, 0),
)  # fmt: skip


def _at(radius_mm: float, phi_deg: float) -> Point:
    angle = math.radians(phi_deg)
    return radius_mm * math.sin(angle), radius_mm * math.cos(angle), 0.0


def sourcil_end(anatomy: HipAnatomy) -> Point:
    """Return the lateral end of the articular surface, in the plane of the head's centre."""
    return _at(anatomy.socket_radius_mm, anatomy.centre_edge_angle_deg)


def sourcil_medial_end(anatomy: HipAnatomy) -> Point:
    """Return the medial end of the sourcil, on the articular surface."""
    return _at(anatomy.socket_radius_mm, anatomy.sourcil_medial_deg)


def rim_point(anatomy: HipAnatomy) -> Point:
    """Return the lateral bony end of the roof as a reader marks it: the middle of the dense plate where it ends."""
    return _at(anatomy.socket_radius_mm + _HALF_PLATE_MM * anatomy.cortical_thickness, anatomy.centre_edge_angle_deg)


def lip_point(anatomy: HipAnatomy) -> Point:
    """Return the tip of the osteophyte of the rim; without one, the rim point."""
    rim, out = rim_point(anatomy), anatomy.osteophyte_mm
    return (rim[0] + 0.9 * out, rim[1] - 0.43 * out, 0.0) if out else rim


def teardrop_point(anatomy: HipAnatomy, *, head_distance_mm: float) -> Point:
    """Return the lower tip of the teardrop: the lowest bone of the medial wall, in the middle of its lower edge."""
    cranial = np.arange(-16.0, -45.0, -0.1, dtype=np.float32)
    lateral = _wall_middle(cranial, np.float32(_WALL_ANTERIOR_MM), anatomy.socket_radius_mm)
    line = Points(
        lateral=np.asarray(lateral, np.float32)[None, :, None],
        cranial=cranial[None, :, None],
        anterior=np.full((1, len(cranial), 1), _WALL_ANTERIOR_MM, np.float32),
    )
    inside = hip_bone(line, anatomy, head_distance_mm=head_distance_mm)[0].ravel() < 0
    lowest = int(np.argmin(inside)) if inside[0] else 0
    return float(lateral[lowest]), float(cranial[lowest]), _WALL_ANTERIOR_MM


def _outline_distance(anterior: NDArray[np.float64], cranial: NDArray[np.float64]) -> Field:
    """Distance to the wing's outline in the sagittal plane, negative inside, on a grid of the given axes."""
    step = 0.5
    span = (anterior.min() - 5, cranial.min() - 5)
    size = (math.ceil((np.ptp(cranial) + 10) / step), math.ceil((np.ptp(anterior) + 10) / step))
    loop = np.array([*_WING_OUTLINE, *_WING_OUTLINE[:3]], float)
    parameter = np.arange(len(loop))
    dense = np.linspace(1, len(loop) - 2, 400)
    smooth = np.stack([np.interp(dense, parameter, loop[:, axis]) for axis in (0, 1)], axis=1)
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.round((smooth - span) / step).astype(np.int32)], 1)
    signed = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) - cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    smoothed = cv2.GaussianBlur(np.asarray(signed * step, np.float32), (0, 0), 3.0 / step)
    map_x, map_y = np.meshgrid((anterior - span[0]) / step, (cranial - span[1]) / step)
    return np.asarray(
        cv2.remap(smoothed, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR), np.float32
    )


def _wing_sheet() -> tuple[NDArray[np.float64], NDArray[np.float64], Field, Field, Field]:
    """Middle surface, its slope factor, and the outline distance, tabulated over (cranial, anterior)."""
    # Imported here, for it costs a fifth of a second, and whoever plants foci comes by without needing it.
    from scipy.interpolate import RBFInterpolator

    anterior, cranial = np.arange(-110.0, 61.0, 2.0), np.arange(-40.0, 151.0, 2.0)
    knots = np.array(_WING_SURFACE, float)
    surface = RBFInterpolator(knots[:, :2], knots[:, 2], smoothing=2.0)
    mesh = np.stack(np.meshgrid(anterior, cranial), axis=-1)
    lateral = surface(mesh.reshape(-1, 2)).reshape(mesh.shape[:2])
    slope = np.gradient(lateral, 2.0)
    factor = 1.0 / np.sqrt(1.0 + slope[0] ** 2 + slope[1] ** 2)
    return (
        anterior,
        cranial,
        lateral.astype(np.float32),
        factor.astype(np.float32),
        _outline_distance(anterior, cranial),
    )


def _wing(points: Points) -> Field:
    """Return the iliac wing: a curved plate, thin in the fossa, thick above the joint and along the crest."""
    anterior, cranial, *tables = _wing_sheet()
    shape = points.anterior.shape
    map_x = ((points.anterior - float(anterior[0])) / 2.0).reshape(shape[0], -1)
    map_y = ((points.cranial - float(cranial[0])) / 2.0).reshape(shape[0], -1)
    middle, factor, outline = (
        cv2.remap(table, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(shape)
        for table in tables
    )
    # The body of the ilium swells from the fossa to the roof of the joint; behind the joint it is a thin wall.
    above = np.clip((105.0 - points.cranial) / 75.0, 0.0, 1.0) * np.clip((points.cranial + 5.0) / 30.0, 0.0, 1.0)
    half = (
        2.2
        + 7.5 * above**2 * (3 - 2 * above)
        + 3.0 * np.exp(-((outline + 4.0) ** 2) / 60.0) * np.clip((points.cranial - 80.0) / 30.0, 0.0, 1.0)
    )
    # A rounded middle keeps the field smooth, so that it can be interpolated between samples.
    plate = np.sqrt(((points.lateral - middle) * factor) ** 2 + 1.0) - half
    return intersect(np.asarray(plate, np.float32), np.asarray(outline, np.float32), 9.0)


def _columns(points: Points) -> Field:
    """Return posterior and anterior column, ischium, pubis and the pelvic brim."""
    posterior = tube(
        points,
        [(-22, 36, -36), (-17, 8, -30), (-15, -22, -32), (-20, -50, -35), (-23, -70, -31)],
        [8.0, 10.0, 11.0, 12.5, 14.0]
    )  # fmt: skip
    ramus = tube(points, [(-26, -73, -24), (-48, -74, 0), (-70, -63, 22), (-81, -50, 33)], [10.0, 6.5, 6.0, 8.0])
    superior = tube(points, [(-18, 10, 12), (-36, -4, 25), (-58, -20, 35), (-80, -34, 38)], [11.0, 8.5, 7.0, 9.0])
    pubis = ellipsoid(points, (-82, -44, 36), (9.0, 20.0, 9.0))
    brim = tube(
        points, [(-36, -4, 24), (-29, 12, 6), (-27, 28, -16), (-33, 44, -40), (-46, 66, -72)], [6.0, 5.0, 5.0, 4.5, 2.5]
    )
    spine = tube(points, [(-24, -2, -36), (-39, -8, -52)], [6.0, 2.0])
    whole = smooth_union(smooth_union(posterior, ramus, 8.0), smooth_union(superior, brim, 5.0), 6.0)
    return smooth_union(smooth_union(whole, pubis, 6.0), spine, 5.0)


def _wall_middle(cranial: Field, anterior: Field | np.float32, socket: float) -> Field:
    """Lateral coordinate of the medial wall's middle surface.

    Bowed from front to back and leaning outwards to the top, so that only a strip of it is tangent to the rays.
    """
    middle = -socket - 5.5 + 0.14 * cranial + 0.006 * (anterior + 8.0) ** 2
    return np.asarray(middle + 0.022 * np.maximum(cranial - 8.0, 0.0) ** 2, np.float32)


def _medial_wall(points: Points, socket: float) -> Field:
    """Return the quadrilateral plate between the columns; its lower edge is the teardrop."""
    plate = np.sqrt((points.lateral - _wall_middle(points.cranial, points.anterior, socket)) ** 2 + 0.5) - 2.9
    # Its lower end, the teardrop, lies a little below the head, whatever the head's size.
    size = socket / 28.0
    disc = np.hypot((points.cranial - 2.0) / 1.05, points.anterior - _WALL_ANTERIOR_MM) - 28.0 * size
    return intersect(np.asarray(plate, np.float32), np.asarray(disc, np.float32), 5.0)


def _socket_block(points: Points, anatomy: HipAnatomy) -> Field:
    """Return the bone around the acetabulum, cut by the plane of its opening and by the ilium's outer face."""
    radius = anatomy.socket_radius_mm
    rim = sourcil_end(anatomy)
    block = ball(points, (-4.0, 3.0, -2.0), radius + 10.0)
    # The opening looks laterally, caudally and, by the anteversion of about 17 degrees, to the front.
    block = intersect(block, half_space(points, rim, (0.72, -0.63, 0.29)), 2.0)
    block = intersect(block, half_space(points, (0, -12.0, 0), (0.0, -1.0, 0.0)), 10.0)
    # Towards the pelvis the bone is flat: its face is seen from the edge as the ilioischial line.
    block = intersect(block, half_space(points, (-radius - 7.0, 0.0, 0.0), (-1.0, 0.22, 0.0)), 4.0)
    return intersect(block, half_space(points, (rim[0] + 0.8, rim[1], rim[2]), (0.97, -0.22, -0.05)), 2.5)


def hip_bone(points: Points, anatomy: HipAnatomy, *, head_distance_mm: float) -> tuple[Field, Field]:
    """Return the hip bone's distance field and the thickness of its cortex, in millimetres.

    Parameters
    ----------
    points : Points
        In the hip's own axes.
    anatomy : HipAnatomy
    head_distance_mm : float
        Between the heads' centres; the symphysis lies halfway.
    """
    scale = head_distance_mm / 180.0
    scaled = Points(lateral=points.lateral / scale, cranial=points.cranial / scale, anterior=points.anterior / scale)
    radius = anatomy.socket_radius_mm
    # Over a shallow socket the ilium stands further medially: it must not reach beyond the roof.
    shift = max(_RIM_UNDER_WING_MM - sourcil_end(anatomy)[0], 0.0) / scale
    wing = _wing(replace(scaled, lateral=scaled.lateral + np.float32(shift)))
    frame = smooth_union(wing, _columns(scaled), 8.0) * np.float32(scale)
    block = smooth_union(_socket_block(points, anatomy), _medial_wall(points, radius), 6.0)
    solid = smooth_union(np.asarray(frame, np.float32), block, 14.0)
    solid = carve(solid, half_space(points, (-head_distance_mm / 2 + 2.2, 0, 0), (1.0, 0.0, 0.0)), 3.0)
    if anatomy.osteophyte_mm:
        root = _at(radius + 6.0, anatomy.centre_edge_angle_deg - 8.0)
        solid = smooth_union(solid, tube(points, [root, lip_point(anatomy)], [4.0, 1.0]), 3.0)
    socket = ball(points, (0.0, 0.0, 0.0), radius)
    fossa = ball(points, (-0.45 * radius, -0.15 * radius, 0.0), 0.68 * radius)
    notch = tube(
        points,
        [(-0.45 * radius, -0.15 * radius, 2.0), (-0.3 * radius, -2.0 * radius, 8.0)],
        [0.6 * radius, 0.7 * radius],
    )
    solid = carve(solid, smooth_union(fossa, notch, 6.0), 5.0)
    return carve(solid, socket, 1.2), _cortex(points, anatomy, socket)


def _cortex(points: Points, anatomy: HipAnatomy, socket: Field) -> Field:
    """Return the thickness of the compact bone: thin shells, and the dense subchondral plate of the loaded roof."""
    base = 0.75 + 0.2 * np.clip((40.0 - points.cranial) / 60.0, 0.0, 1.0)
    angle = np.degrees(np.arctan2(points.lateral, points.cranial))
    middle = (anatomy.sourcil_medial_deg + anatomy.centre_edge_angle_deg) / 2
    half = (anatomy.centre_edge_angle_deg - anatomy.sourcil_medial_deg) / 2
    within = np.clip((half + 4.0 - np.abs(angle - middle)) / 8.0, 0.0, 1.0)
    deep = np.clip(1.0 - np.abs(points.anterior) / 26.0, 0.0, 1.0)
    near = np.clip(1.0 - (socket - 1.0) / 4.0, 0.0, 1.0)
    # The free walls in front of and behind the head are thin.
    wall = np.clip((np.abs(points.anterior) - 8.0) / 8.0, 0.0, 1.0) * np.clip((points.lateral + 22.0) / 8.0, 0.0, 1.0)
    base = base * (1.0 - 0.5 * wall * np.clip((26.0 - points.cranial) / 8.0, 0.0, 1.0))
    # The inner face from the sacroiliac joint to the ischium carries the trunk: ilioischial and iliopectineal line.
    brim = np.clip((-21.0 - points.lateral) / 8.0, 0.0, 1.0) * np.clip((points.cranial + 12.0) / 20.0, 0.0, 1.0)
    base = base + 1.3 * brim * np.clip((62.0 - points.cranial) / 25.0, 0.0, 1.0)
    # Thickest towards the lateral third, as the load is.
    sourcil = within * np.sqrt(deep) * near * (1.9 + 1.0 * np.clip((angle - middle) / half, -1.0, 1.0))
    return np.asarray(anatomy.cortical_thickness * (base + sourcil), np.float32)
