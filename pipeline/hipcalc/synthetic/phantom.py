"""The phantom: anatomy and exposure in, a radiograph with its truth out."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.radiograph import Radiograph
from hipcalc.synthetic.beam import detector_noise, expose
from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.display import BITS, enhance, logarithm, tone_of
from hipcalc.synthetic.foci import Exposure, PlacedFocus, focus_truth, place, plant
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.imaging import Imaging, View
from hipcalc.synthetic.projection import Frame, Pose, frame_of
from hipcalc.synthetic.skeleton import body_pose, hip_pose
from hipcalc.synthetic.tissue import attenuation_along_rays
from hipcalc.synthetic.truth import FocusTruth, HipTruth, hip_truth

__all__ = ["Phantom", "make_phantom"]

_SIDE_OF_VIEW: Final[dict[View, SideName | None]] = {"ap-pelvis": None, "ap-right-hip": "R", "ap-left-hip": "L"}


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

    def to_radiograph(self, path: str = "phantom") -> Radiograph:
        """Return the picture as a file of it would be read, spacing corrected for magnification."""
        return Radiograph(
            pixels=self.pixels.astype(np.float32),
            path=path,
            sha256=hashlib.sha256(self.pixels.tobytes()).hexdigest(),
            bits=BITS,
            polarity="bone-bright",
            polarity_source="header",
            spacing_mm=self.imaging.pixel_mm / self.magnification,
            spacing_source="magnification-corrected",
            side=self.side or "unknown",
        )

    @property
    def magnification(self) -> float:
        """Size at the detector over size in the body, at the hips."""
        return self.hips[0].magnification

    @property
    def side(self) -> SideName | None:
        """The side of a unilateral view; None of a pelvis."""
        return _SIDE_OF_VIEW[self.imaging.view]


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
    line_integral, behind_body = attenuation_along_rays(body, imaging, pelvis, frame, (streams[0], streams[1]))
    signal = expose(line_integral, imaging)
    noise = detector_noise(signal, behind_body, imaging, streams[2])
    enhanced = enhance(logarithm(signal + noise), imaging)
    tone = tone_of(enhanced, behind_body)
    without = tone.apply(enhanced)
    exposure = Exposure(line_integral=line_integral, signal=signal, noise=noise, enhanced=enhanced, imaging=imaging)
    mineral = [plant(exposure, focus) for focus in placed]
    pixels = tone.apply(exposure.enhanced) if placed else without
    truths = tuple(focus_truth(focus, mm, without, pixels) for focus, mm in zip(placed, mineral, strict=True))
    return Phantom(pixels=pixels, imaging=imaging, body=body, hips=hips, foci=truths)


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
