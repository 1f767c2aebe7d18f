"""A total hip prosthesis as implicit solids: a cup in the socket, a head on a neck, a stem in the shaft.

Coordinates are the hip's own, as those of its bones. All of it is taken as cobalt-chromium: liners of polyethylene
cast no shadow against soft tissue. Sizes are those of common uncemented implants: cup shells of 4 mm, heads of 28 to 36
mm across, necks of 12 mm.
"""

import numpy as np

from hipcalc.synthetic.body import HipAnatomy
from hipcalc.synthetic.femur import neck_base, shaft_point
from hipcalc.synthetic.projection import Box
from hipcalc.synthetic.shapes import Field, Points, ball, carve, half_space, intersect, smooth_union, tube

__all__ = ["CUP_BOX", "cup", "head_radius_mm", "stem"]

CUP_BOX: Box = ((-45.0, 45.0), (-45.0, 45.0), (-45.0, 45.0))
_SHELL_MM = 4.0
# The opening looks outwards and down, by an inclination of 42 degrees, and forwards by 15.
_OPENING = (0.65, -0.72, 0.25)
# All of a solid is metal: its "cortex" is thicker than any of them.
_SOLID_MM = 60.0


def head_radius_mm(anatomy: HipAnatomy) -> float:
    """Return the radius of the artificial head: 28, 32 or 36 mm across, by the size of the socket."""
    return float(np.clip(2.0 * round((anatomy.head_radius_mm - 8.0) / 2.0), 14.0, 18.0))


def _metal(surface: Field) -> tuple[Field, Field]:
    return surface, np.full(surface.shape, _SOLID_MM, np.float32)


def cup(points: Points, anatomy: HipAnatomy) -> tuple[Field, Field]:
    """Return the distance field of the cup's shell, and how thick its metal may be."""
    outer = ball(points, (0.0, 0.0, 0.0), anatomy.socket_radius_mm + 1.0)
    shell = carve(outer, ball(points, (0.0, 0.0, 0.0), anatomy.socket_radius_mm + 1.0 - _SHELL_MM), 0.5)
    return _metal(intersect(shell, half_space(points, (0.0, 0.0, 0.0), _OPENING), 0.5))


def stem(points: Points, anatomy: HipAnatomy) -> tuple[Field, Field]:
    """Return the distance field of head, neck and stem, and how thick their metal may be."""
    size = anatomy.head_radius_mm / 24.0
    base = neck_base(anatomy)
    head = ball(points, (0.0, 0.0, 0.0), head_radius_mm(anatomy))
    path = [(0.0, 0.0, 0.0), (0.6 * base[0], 0.6 * base[1], 0.6 * base[2]), shaft_point(base, 30.0)]
    path += [shaft_point(base, 70.0), shaft_point(base, 130.0)]
    body = tube(points, path, [6.0, 6.5, 9.0 * size, 7.5 * size, 5.0 * size], flatten=1.3)
    return _metal(smooth_union(head, body, 1.5))
