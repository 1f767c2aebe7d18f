"""The whole body as attenuation along the rays: bones with their trabeculae, fat, muscle, gas."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.beam import attenuation_at
from hipcalc.synthetic.body import BodyAnatomy
from hipcalc.synthetic.bone_details import add_bone_details
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.projection import Frame, Pose, Thickness, frame_of
from hipcalc.synthetic.resample import enlarge
from hipcalc.synthetic.skeleton import Skeleton, hip_pose, project_skeleton
from hipcalc.synthetic.soft_tissue import soft_tissue
from hipcalc.synthetic.texture import load_density, trabeculae

__all__ = ["attenuation_along_rays"]

Image = NDArray[np.float32]
# Share of mineral in cancellous bone of a healthy adult, as compact bone in place of soft tissue.
_CANCELLOUS_SHARE = 0.12
# Deviation of the trabecular shadow, in millimetres of cancellous bone for the first millimetre of depth.
_TRABECULAR_SHARE = 1.8
# Bones are projected no finer than this; soft tissue no finer than its thinnest sheets of fat.
_BONE_STEP_MM = 0.32
_SOFT_STEP_MM = 0.8


def _coordinates(frame: Frame, pose: Pose) -> tuple[Image, Image]:
    """Return the bone's lateral and cranial coordinates of every sample of a frame, in the plane of its origin."""
    scale = frame.step_mm / frame.magnification(float(pose.origin[2]))
    right = (np.arange(frame.columns, dtype=np.float32) - (frame.columns - 1) / 2) * np.float32(scale)
    down = (np.arange(frame.rows, dtype=np.float32) - (frame.rows - 1) / 2) * np.float32(scale)
    x, y = right[None, :] - np.float32(pose.origin[0]), down[:, None] - np.float32(pose.origin[1])
    lateral, cranial = (np.float32(axis[0]) * x + np.float32(axis[1]) * y for axis in pose.axes[:2])
    return np.asarray(lateral, np.float32), np.asarray(cranial, np.float32)


def _enlarged(image: Image, coarse: Frame, fine: Frame) -> Image:
    """Bring an image from a coarse frame to a fine one, their centres together."""
    ratio = fine.step_mm / coarse.step_mm
    shift = [(c - 1) / 2 - (f - 1) / 2 * ratio for c, f in ((coarse.rows, fine.rows), (coarse.columns, fine.columns))]
    return enlarge(image, shape=(fine.rows, fine.columns), scale=ratio, shift=(shift[0], shift[1]))


def attenuation_along_rays(
    body: BodyAnatomy,
    imaging: Imaging,
    pelvis: Pose,
    frame: Frame,
    streams: tuple[np.random.Generator, np.random.Generator],
) -> tuple[Image, NDArray[np.bool_]]:
    """Return the line integral of attenuation of every pixel's ray, and where it passes the body.

    Parameters
    ----------
    body : BodyAnatomy
    imaging : Imaging
    pelvis : Pose
    frame : Frame
        The picture's pixels.
    streams : two of numpy.random.Generator
        For the trabeculae, and for the soft tissue.
    """
    thickness_step = max(imaging.pixel_mm, _BONE_STEP_MM)
    coarse = frame_of(imaging, body.body_thickness_mm, step_mm=thickness_step)
    skeleton = project_skeleton(body, imaging, pelvis, coarse, streams[0])
    bone = _bone_equivalent(body, skeleton, pelvis, coarse, frame, streams[0])
    wide = frame_of(imaging, body.body_thickness_mm, step_mm=_SOFT_STEP_MM)
    upright = Pose(origin=pelvis.origin, axes=np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]))
    tissue = soft_tissue(*_coordinates(wide, upright), body, step_mm=_SOFT_STEP_MM, rng=streams[1])
    mu = attenuation_at(imaging.kilovolts)
    soft = _enlarged(
        np.asarray(tissue.body * mu.adipose + tissue.lean * (mu.muscle - mu.adipose), np.float32), wide, frame
    )
    behind = _enlarged(tissue.body, wide, frame) > 20.0
    line_integral = soft + bone * (mu.bone - mu.muscle)
    if skeleton.metal.any():
        metal = np.maximum(_enlarged(skeleton.metal, coarse, frame), 0.0)
        line_integral += metal * (mu.cobalt_chromium - mu.muscle)
    return np.asarray(line_integral, np.float32), behind


def _covered_columns(pair: tuple[Thickness, Thickness], coarse: Frame, fine: Frame) -> slice:
    """Return the columns of the fine frame on which bones of the coarse frame cast their shadow."""
    shaded = np.flatnonzero(pair[0].compact.any(axis=0) | pair[1].compact.any(axis=0))
    if len(shaded) == 0:
        return slice(0, 0)
    ratio = coarse.step_mm / fine.step_mm
    ends = ((column - (coarse.columns - 1) / 2) * ratio + (fine.columns - 1) / 2 for column in (shaded[0], shaded[-1]))
    first, last = (round(end) for end in ends)
    return slice(max(first - 2, 0), min(last + 3, fine.columns))


def _bone_equivalent(
    body: BodyAnatomy, skeleton: Skeleton, pelvis: Pose, coarse: Frame, fine: Frame, rng: np.random.Generator
) -> Image:
    """Return millimetres of compact bone that attenuate as the whole skeleton, trabeculae included."""
    compact = skeleton.spine.compact.copy()
    spongy = _enlarged(skeleton.spine.cancellous, coarse, fine)
    for side in skeleton.femora:
        pair: tuple[Thickness, Thickness] = (skeleton.femora[side], skeleton.hip_bones[side])
        columns = _covered_columns(pair, coarse, fine)
        if columns.start == columns.stop:
            continue
        pose = hip_pose(body, side, pelvis)
        places = _coordinates(coarse, pose)
        dense = load_density(*places, body.hip(side))
        add_bone_details(compact, *places, body.hip(side), rng)
        lateral, cranial = _coordinates(fine, pose)
        textures = trabeculae(lateral[:, columns], cranial[:, columns], unevenness=body.hip(side).unevenness, rng=rng)
        density = np.float32(body.hip(side).bone_density)
        for part, texture, share in zip(pair, textures, dense, strict=True):
            compact += part.compact
            depth = np.maximum(_enlarged(part.cancellous * share, coarse, fine)[:, columns], 0.0)
            # Trabeculae at different depths average out: their share of the shadow falls as the depth's root.
            spongy[:, columns] += density * (depth + _TRABECULAR_SHARE * np.sqrt(depth) * texture)
    return np.asarray(np.maximum(_enlarged(compact, coarse, fine), 0.0) + _CANCELLOUS_SHARE * spongy, np.float32)
