"""The bones of a body in a pose: projected thickness, and the hips' truth."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.axial import spine
from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.femur import femur
from hipcalc.synthetic.hip_bone import hip_bone
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.projection import Box, Frame, Pose, Thickness, project_bone

__all__ = ["Skeleton", "body_pose", "hip_pose", "project_skeleton", "sign_of"]

_HIP_BOX: Box = ((-112.0, 66.0), (-98.0, 152.0), (-112.0, 62.0))
_FEMUR_BOX: Box = ((-30.0, 92.0), (-290.0, 42.0), (-50.0, 45.0))
_SPINE_BOX: Box = ((-60.0, 60.0), (-26.0, 190.0), (-110.0, 10.0))
# The heads lie a little in front of the body's middle plane.
_HEAD_DEPTH_MM = 6.0


def sign_of(side: SideName) -> int:
    """Return 1 where lateral is towards the picture's right: the patient's left."""
    return 1 if side == "L" else -1


def body_pose(body: BodyAnatomy, imaging: Imaging) -> Pose:
    """Return where the pelvis lies: origin midway between the heads, axes left, cranial, anterior."""
    tilt, turn, roll = (math.radians(v) for v in (body.pelvic_tilt_deg, body.pelvic_rotation_deg, body.obliquity_deg))
    left, cranial, anterior = np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    left, anterior = (
        left * math.cos(turn) + anterior * math.sin(turn),
        anterior * math.cos(turn) - left * math.sin(turn),
    )
    cranial, anterior = (
        cranial * math.cos(tilt) + anterior * math.sin(tilt),
        anterior * math.cos(tilt) - cranial * math.sin(tilt),
    )
    flat = np.array([[math.cos(roll), math.sin(roll), 0.0], [-math.sin(roll), math.cos(roll), 0.0], [0.0, 0.0, 1.0]])
    axes = np.array([left, cranial, anterior]) @ flat
    if imaging.view == "ap-pelvis":
        origin = np.array([0.0, 35.0, _HEAD_DEPTH_MM])
    else:
        # The central ray of a single hip enters over the femoral neck.
        sign = sign_of("R" if imaging.view == "ap-right-hip" else "L")
        head = np.array([-8.0 * sign, -18.0, _HEAD_DEPTH_MM])
        origin = head - sign * body.head_distance_mm / 2 * axes[0]
    return Pose(origin=origin, axes=axes)


def hip_pose(body: BodyAnatomy, side: SideName, pelvis: Pose) -> Pose:
    """Return the pose of one hip: origin at the head's centre, axes lateral, cranial, anterior."""
    sign = sign_of(side)
    origin = pelvis.origin + sign * body.head_distance_mm / 2 * pelvis.axes[0]
    return Pose(origin=origin, axes=pelvis.axes * np.array([[sign], [1.0], [1.0]]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Skeleton:
    """Projected bones: those of each side apart, because their trabeculae differ, and the spine."""

    hip_bones: dict[SideName, Thickness]
    femora: dict[SideName, Thickness]
    spine: Thickness


def project_skeleton(body: BodyAnatomy, pelvis: Pose, frame: Frame, rng: np.random.Generator) -> Skeleton:
    """Project all bones of a body; what lies outside of the frame costs nothing."""
    hip_bones: dict[SideName, Thickness] = {}
    femora: dict[SideName, Thickness] = {}
    sides: tuple[SideName, SideName] = ("R", "L")
    for side in sides:
        anatomy, pose = body.hip(side), hip_pose(body, side, pelvis)
        solid = partial(hip_bone, anatomy=anatomy, head_distance_mm=body.head_distance_mm)
        hip_bones[side] = project_bone(solid, pose=pose, box=_HIP_BOX, frame=frame, rng=rng)
        # The leg does not follow the pelvis when that turns.
        upright: NDArray[np.float64] = np.array([[sign_of(side), 0, 0], [0, -1, 0], [0, 0, 1]], float)
        leg = Pose(origin=pose.origin, axes=upright)
        femora[side] = project_bone(partial(femur, anatomy=anatomy), pose=leg, box=_FEMUR_BOX, frame=frame, rng=rng)
    return Skeleton(
        hip_bones=hip_bones, femora=femora, spine=project_bone(spine, pose=pelvis, box=_SPINE_BOX, frame=frame, rng=rng)
    )
