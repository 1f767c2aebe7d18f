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
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, Imaging
from hipcalc.synthetic.projection import Box, Frame, Pose, Thickness, project_bone
from hipcalc.synthetic.prosthesis import CUP_BOX, cup, stem

__all__ = ["Skeleton", "body_pose", "hip_pose", "project_skeleton", "sign_of"]

_HIP_BOX: Box = ((-112.0, 66.0), (-98.0, 152.0), (-112.0, 62.0))
_FEMUR_BOX: Box = ((-30.0, 92.0), (-290.0, 42.0), (-50.0, 45.0))
_SPINE_BOX: Box = ((-60.0, 60.0), (-26.0, 190.0), (-110.0, 10.0))
# The heads lie a little in front of the body's middle plane.
_HEAD_DEPTH_MM = 6.0
# A frog-leg view, of one hip or both: knees bent, thighs raised, spread and turned out by about these angles.
_FROG_BEND_DEG, _FROG_SPREAD_DEG, _FROG_TURN_DEG = 30.0, 40.0, 50.0


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
    side = SIDE_OF_VIEW[imaging.view]
    if side is None:
        origin = np.array([0.0, 35.0, _HEAD_DEPTH_MM])
    else:
        # The central ray of a single hip enters over the femoral neck.
        sign = sign_of(side)
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
    """Projected bones, those of each side apart, because their trabeculae differ; and millimetres of metal."""

    hip_bones: dict[SideName, Thickness]
    femora: dict[SideName, Thickness]
    spine: Thickness
    metal: NDArray[np.float32]


def _leg_pose(side: SideName, hip: Pose, imaging: Imaging) -> Pose:
    """Return the pose of a femur: upright, since the leg does not follow the pelvis when that turns, or as a frog's."""
    lateral, cranial, anterior = np.eye(3)
    if imaging.is_frog_leg:
        # The femur's own directions in upright lateral, cranial, anterior ones: turned out, then spread, then bent.
        turn = _about(cranial, _FROG_TURN_DEG) @ np.eye(3)
        turn = _about(lateral, -_FROG_BEND_DEG) @ _about(anterior, _FROG_SPREAD_DEG) @ turn
        lateral, cranial, anterior = turn.T
    upright: NDArray[np.float64] = np.array([[sign_of(side), 0, 0], [0, -1, 0], [0, 0, 1]], float)
    return Pose(origin=hip.origin, axes=np.array([lateral, cranial, anterior]) @ upright)


def _about(axis: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """Return the matrix of a turn about an axis, in a frame of lateral, cranial, anterior."""
    from scipy.spatial.transform import Rotation  # Here and not above: see hip_bone.

    return np.asarray(Rotation.from_rotvec(axis * math.radians(degrees)).as_matrix())


def project_skeleton(
    body: BodyAnatomy, imaging: Imaging, pelvis: Pose, frame: Frame, rng: np.random.Generator
) -> Skeleton:
    """Project all bones of a body; what lies outside of the frame costs nothing."""
    hip_bones: dict[SideName, Thickness] = {}
    femora: dict[SideName, Thickness] = {}
    metal = np.zeros((frame.rows, frame.columns), np.float32)
    sides: tuple[SideName, SideName] = ("R", "L")
    for side in sides:
        anatomy, pose = body.hip(side), hip_pose(body, side, pelvis)
        solid = partial(hip_bone, anatomy=anatomy, head_distance_mm=body.head_distance_mm)
        hip_bones[side] = project_bone(
            solid, pose=pose, box=_HIP_BOX, frame=frame, unevenness=anatomy.unevenness, rng=rng
        )
        leg = _leg_pose(side, pose, imaging)
        femora[side] = project_bone(
            partial(femur, anatomy=anatomy),
            pose=leg,
            box=_FEMUR_BOX,
            frame=frame,
            unevenness=anatomy.unevenness,
            rng=rng,
        )
        if anatomy.prosthesis:
            for part, where, box in ((cup, pose, CUP_BOX), (stem, leg, _FEMUR_BOX)):
                metal += project_bone(partial(part, anatomy=anatomy), pose=where, box=box, frame=frame).compact
    axial = project_bone(spine, pose=pelvis, box=_SPINE_BOX, frame=frame, rng=rng)
    return Skeleton(hip_bones=hip_bones, femora=femora, spine=axial, metal=metal)
