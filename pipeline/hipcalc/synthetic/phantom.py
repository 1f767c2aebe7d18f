"""The phantom: anatomy and exposure in, a radiograph with its truth out."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.synthetic.beam import attenuation_at, detector_noise, expose
from hipcalc.synthetic.display import enhance, tone_of
from hipcalc.synthetic.foci import PlacedFocus, focus_truth, mineral_for_cnr, place
from hipcalc.synthetic.parameters import BodyAnatomy, FocusPlan, Imaging, SideName
from hipcalc.synthetic.projection import Frame, Pose, Thickness, frame_of
from hipcalc.synthetic.skeleton import Skeleton, body_pose, hip_pose, project_skeleton
from hipcalc.synthetic.soft_tissue import soft_tissue
from hipcalc.synthetic.texture import trabeculae
from hipcalc.synthetic.truth import FocusTruth, HipTruth, hip_truth

__all__ = ["Phantom", "make_phantom"]

Image = NDArray[np.float32]
# Share of mineral in cancellous bone of a healthy adult, as compact bone in place of soft tissue.
_CANCELLOUS_SHARE = 0.17
_SOFT_STEP_MM = 1.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Phantom:
    """A simulated radiograph and what is true of it.

    Attributes
    ----------
    pixels : ndarray of uint16, shape (rows, columns)
        12 bits, bone bright, as displayed: the patient's right at the picture's left.
    imaging : Imaging
    body : BodyAnatomy
    hips : tuple of HipTruth
        Those whose head centre lies in the picture, the patient's right first.
    foci : tuple of FocusTruth
    """

    pixels: NDArray[np.uint16]
    imaging: Imaging
    body: BodyAnatomy
    hips: tuple[HipTruth, ...]
    foci: tuple[FocusTruth, ...]


def make_phantom(*, body: BodyAnatomy, imaging: Imaging, foci: tuple[FocusPlan, ...] = (), seed: int) -> Phantom:
    """Simulate one radiograph.

    Thickness of compact and cancellous bone, fat, muscle and gas along the rays of a point source; attenuation at the
    beam's effective energy; scatter, blur, quantum and electronic noise; logarithm, edge enhancement, tone curve.

    Parameters
    ----------
    body : BodyAnatomy
    imaging : Imaging
    foci : tuple of FocusPlan
        Deposits to put in; each must lie inside the picture, at a hip that the picture shows.
    seed : int
        The same arguments and seed give the same pixels.

    Raises
    ------
    UsageError
        For a deposit outside of the picture.
    """
    pelvis = body_pose(body, imaging)
    frame = frame_of(imaging, body.body_thickness_mm, step_mm=imaging.pixel_mm)
    hips = _visible_hips(body, pelvis, frame)
    streams = [np.random.default_rng([seed, stream]) for stream in range(4)]
    placed = _place_all(foci, hips, imaging, streams[3])
    line_integral, behind_body = _line_integral(body, imaging, pelvis, frame, streams[:2])
    signal = expose(line_integral, imaging)
    noise = detector_noise(signal, behind_body, imaging, streams[2])
    without = enhance(signal + noise, imaging)
    tone = tone_of(without, behind_body)
    pixels = tone.apply(without)
    if not placed:
        return Phantom(pixels=pixels, imaging=imaging, body=body, hips=hips, foci=())
    mineral, line_integral = _add_mineral(line_integral, signal + noise, placed, imaging)
    planted = tone.apply(enhance(expose(line_integral, imaging) + noise, imaging))
    pair = pixels.astype(np.float32), planted.astype(np.float32)
    truths = tuple(
        focus_truth(focus, mm, *pair, pixel_mm=imaging.pixel_mm) for focus, mm in zip(placed, mineral, strict=True)
    )
    return Phantom(pixels=planted, imaging=imaging, body=body, hips=hips, foci=truths)


def _visible_hips(body: BodyAnatomy, pelvis: Pose, frame: Frame) -> tuple[HipTruth, ...]:
    sides: tuple[SideName, SideName] = ("R", "L")
    hips = [hip_truth(side, body.hip(side), hip_pose(body, side, pelvis), frame) for side in sides]
    return tuple(hip for hip in hips if 0 <= hip.head_row_px < frame.rows and 0 <= hip.head_column_px < frame.columns)


def _place_all(
    foci: tuple[FocusPlan, ...], hips: tuple[HipTruth, ...], imaging: Imaging, rng: np.random.Generator
) -> list[PlacedFocus]:
    by_side = {hip.side: hip for hip in hips}
    for plan in foci:
        if plan.side not in by_side:
            raise UsageError(
                f"a focus is planned at side {plan.side}, but the view {imaging.view} does not show that hip."
            )
    shape = (imaging.rows, imaging.columns)
    return [place(plan, by_side[plan.side], pixel_mm=imaging.pixel_mm, shape=shape, rng=rng) for plan in foci]


def _add_mineral(
    line_integral: Image, noisy: Image, placed: list[PlacedFocus], imaging: Imaging
) -> tuple[list[float], Image]:
    """Return each deposit's mineral in millimetres, and the line integral with all of them."""
    coefficients = attenuation_at(imaging.kilovolts)
    per_mm = coefficients.hydroxyapatite - coefficients.muscle
    log_picture = np.log(np.maximum(noisy, 1e-6))
    whole, amounts = line_integral.copy(), []
    for focus in placed:
        blur = imaging.blur_mm / imaging.pixel_mm
        amount = mineral_for_cnr(log_picture, focus, blur_px=blur, per_mm=per_mm, scatter=imaging.scatter)
        whole[focus.window] += np.float32(per_mm * amount) * focus.deposit.thickness
        amounts.append(amount)
    return amounts, whole


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
    shift = [(c - 1) / 2 - (f - 1) / 2 * ratio for c, f in ((coarse.columns, fine.columns), (coarse.rows, fine.rows))]
    matrix = np.array([[ratio, 0.0, shift[0]], [0.0, ratio, shift[1]]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (fine.columns, fine.rows)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _line_integral(
    body: BodyAnatomy, imaging: Imaging, pelvis: Pose, frame: Frame, streams: list[np.random.Generator]
) -> tuple[Image, NDArray[np.bool_]]:
    """Return the attenuation along the rays, and where the body is."""
    thickness_step = max(imaging.pixel_mm, 0.32)
    coarse = frame_of(imaging, body.body_thickness_mm, step_mm=thickness_step)
    skeleton = project_skeleton(body, pelvis, coarse)
    bone = _bone_equivalent(body, skeleton, pelvis, coarse, frame, streams[0])
    wide = frame_of(imaging, body.body_thickness_mm, step_mm=_SOFT_STEP_MM)
    upright = Pose(origin=pelvis.origin, axes=np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]))
    tissue = soft_tissue(*_coordinates(wide, upright), body, step_mm=_SOFT_STEP_MM, rng=streams[1])
    mu = attenuation_at(imaging.kilovolts)
    soft = _enlarged(
        np.asarray(tissue.body * mu.adipose + tissue.lean * (mu.muscle - mu.adipose), np.float32), wide, frame
    )
    behind = _enlarged(tissue.body, wide, frame) > 20.0
    return np.asarray(soft + bone * (mu.bone - mu.muscle), np.float32), behind


def _bone_equivalent(
    body: BodyAnatomy, skeleton: Skeleton, pelvis: Pose, coarse: Frame, fine: Frame, rng: np.random.Generator
) -> Image:
    """Return millimetres of compact bone that attenuate as the whole skeleton, trabeculae included."""
    compact = skeleton.spine.compact.copy()
    spongy = _enlarged(skeleton.spine.cancellous, coarse, fine)
    for side in skeleton.femora:
        pair: tuple[Thickness, Thickness] = (skeleton.femora[side], skeleton.hip_bones[side])
        if not any(part.compact.any() for part in pair):
            continue
        textures = trabeculae(*_coordinates(fine, hip_pose(body, side, pelvis)), rng=rng)
        density = np.float32(body.hip(side).bone_density)
        for part, texture in zip(pair, textures, strict=True):
            compact += part.compact
            depth = np.maximum(_enlarged(part.cancellous, coarse, fine), 0.0)
            # Trabeculae at different depths average out: their share of the shadow falls as the depth's root.
            spongy += density * (depth + 1.1 * np.sqrt(depth) * texture)
    return np.asarray(np.maximum(_enlarged(compact, coarse, fine), 0.0) + _CANCELLOUS_SHARE * spongy, np.float32)
