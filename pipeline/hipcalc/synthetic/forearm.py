"""A forearm, which is no hip: what a screening has to refuse."""

import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.beam import attenuation_at, detector_noise, expose
from hipcalc.synthetic.display import enhance, logarithm, tone_of
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.projection import Frame, Pose, frame_of, project_bone
from hipcalc.synthetic.shapes import Field, Points, smooth_union, tube

__all__ = ["FOREARM_IMAGING", "FOREARM_MAGNIFICATION", "make_forearm"]

FOREARM_IMAGING = Imaging(
    view="ap-right-hip", rows=1000, columns=420, pixel_mm=0.25, kilovolts=60.0, table_distance_mm=10.0, scatter=0.1
)
_THICKNESS_MM = 60.0
_HALF_WIDTH_MM = 42.0
_FRAME = frame_of(FOREARM_IMAGING, _THICKNESS_MM, step_mm=FOREARM_IMAGING.pixel_mm)
FOREARM_MAGNIFICATION = _FRAME.magnification(0.0)


def _bones(points: Points) -> tuple[Field, Field]:
    radius = tube(points, [(16, -140, 0), (21, 0, 4), (12, 95, 2), (10, 122, 0)], [11.0, 7.5, 7.0, 10.5])
    ulna = tube(points, [(-15, -130, 0), (-15, 0, -4), (-12, 95, -2), (-8, 140, 0)], [7.5, 6.5, 8.5, 13.0])
    shaft = np.clip(1.3 - np.abs(points.cranial) / 130.0, 0.2, 1.0)
    return smooth_union(radius, ulna, 2.0), np.asarray(3.4 * shaft, np.float32)


def _soft_parts(frame: Frame) -> NDArray[np.float32]:
    scale = frame.step_mm / frame.magnification(0.0)
    across = (np.arange(frame.columns, dtype=np.float32) - (frame.columns - 1) / 2) * np.float32(scale)
    along = (np.arange(frame.rows, dtype=np.float32) - (frame.rows - 1) / 2) * np.float32(scale)
    half = _HALF_WIDTH_MM - 0.06 * along[:, None]
    return np.asarray(_THICKNESS_MM * np.sqrt(np.maximum(1.0 - (across[None, :] / half) ** 2, 0.0)), np.float32)


def make_forearm(*, seed: int) -> NDArray[np.uint16]:
    """Simulate a radiograph of a forearm with `FOREARM_IMAGING`: 12 bits, bone bright."""
    pose = Pose(origin=np.zeros(3), axes=np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]))
    bones = project_bone(_bones, pose=pose, box=((-40, 40), (-150, 150), (-25, 25)), frame=_FRAME)
    soft = _soft_parts(_FRAME)
    mu = attenuation_at(FOREARM_IMAGING.kilovolts)
    attenuation = soft * mu.muscle + (bones.compact + 0.15 * bones.cancellous) * (mu.bone - mu.muscle)
    signal = expose(np.asarray(attenuation, np.float32), FOREARM_IMAGING)
    noise = detector_noise(signal, soft > 10.0, FOREARM_IMAGING, np.random.default_rng(seed))
    enhanced = enhance(logarithm(signal + noise), FOREARM_IMAGING)
    return tone_of(enhanced, soft > 10.0).apply(enhanced)
