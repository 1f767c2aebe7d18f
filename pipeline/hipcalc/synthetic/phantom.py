"""The phantom: anatomy and exposure in, a radiograph with its truth out."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.radiograph import Radiograph
from hipcalc.synthetic.beam import detector_noise, expose
from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.burned_in import burn_in, saturation_of, saturation_truths, stored
from hipcalc.synthetic.display import enhance, logarithm, tone_of
from hipcalc.synthetic.foci import Exposure, PlacedFocus, focus_truth, place, plant
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.imaging import SIDE_OF_VIEW, Imaging
from hipcalc.synthetic.in_beam import InBeam, objects_in_beam
from hipcalc.synthetic.object_truth import ObjectTruth
from hipcalc.synthetic.projection import Frame, Pose, frame_of
from hipcalc.synthetic.skeleton import body_pose, hip_pose
from hipcalc.synthetic.tissue import attenuation_along_rays
from hipcalc.synthetic.truth import FocusTruth, HipTruth, hip_truth

__all__ = ["Phantom", "make_phantom"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Phantom:
    """A simulated radiograph and what is true of it.

    Attributes
    ----------
    pixels : ndarray of uint16, shape (rows, columns)
        Of `imaging.bits` bits, bone bright, as displayed: the patient's right at the picture's left.
    imaging : Imaging
    body : BodyAnatomy
    hips : tuple of HipTruth
        Those whose head centre lies in the picture, the patient's right first.
    foci : tuple of FocusTruth
    objects : tuple of ObjectTruth
        What stands in the picture beside the patient.
    """

    pixels: NDArray[np.uint16]
    imaging: Imaging
    body: BodyAnatomy
    hips: tuple[HipTruth, ...]
    foci: tuple[FocusTruth, ...]
    objects: tuple[ObjectTruth, ...]

    def to_radiograph(self, path: str = "phantom") -> Radiograph:
        """Return the picture as a file of it would be read, spacing corrected for magnification."""
        return Radiograph(
            pixels=self.pixels.astype(np.float32),
            path=path,
            sha256=hashlib.sha256(self.pixels.tobytes()).hexdigest(),
            bits=self.imaging.bits,
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
        return SIDE_OF_VIEW[self.imaging.view]


def make_phantom(*, body: BodyAnatomy, imaging: Imaging, foci: tuple[FocusPlan, ...] = (), seed: int) -> Phantom:
    """Simulate one radiograph.

    Thickness of compact and cancellous bone, fat, muscle and gas along the rays of a point source; attenuation at the
    beam's effective energy; scatter, blur, quantum and electronic noise; logarithm, edge enhancement, tone curve; what
    stands in the picture beside the patient, some of it in the beam, some burned in afterwards.

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
        For a deposit or an object outside of the picture, or a deposit behind a collimator blade.
    """
    pelvis = body_pose(body, imaging)
    frame = frame_of(imaging, body.body_thickness_mm, step_mm=imaging.pixel_mm)
    hips = _visible_hips(body, pelvis, frame)
    streams = [np.random.default_rng([seed, stream]) for stream in range(4)]
    in_beam = objects_in_beam(imaging)
    placed = _place_all(foci, hips, imaging, streams[3])
    _check_exposed(placed, in_beam)
    line_integral, behind_body = attenuation_along_rays(body, imaging, pelvis, frame, (streams[0], streams[1]))
    line_integral += in_beam.line_integral
    behind_body &= in_beam.exposed
    signal = expose(line_integral, imaging)
    noise = detector_noise(signal, behind_body, imaging, streams[2])
    enhanced = enhance(logarithm(signal + noise), imaging)
    tone = tone_of(enhanced, behind_body)
    without = tone.level(enhanced)
    saturation = saturation_of(without, behind_body, imaging)
    exposure = Exposure(line_integral=line_integral, signal=signal, noise=noise, enhanced=enhanced, imaging=imaging)
    mineral = [plant(exposure, focus) for focus in placed]
    with_foci = saturation.apply(tone.level(exposure.enhanced) if placed else without)
    saturated = saturation_truths(with_foci, behind_body, imaging)
    burned = burn_in(with_foci, in_beam.exposed, imaging)
    pixels = stored(with_foci, imaging)
    clean = stored(saturation.apply(without), imaging) if placed else pixels
    truths = tuple(
        focus_truth(focus, mm, clean, pixels, pixel_mm=imaging.pixel_mm)
        for focus, mm in zip(placed, mineral, strict=True)
    )
    return Phantom(
        pixels=pixels,
        imaging=imaging,
        body=body,
        hips=hips,
        foci=truths,
        objects=(*in_beam.truths, *saturated, *burned),
    )


def _check_exposed(placed: list[PlacedFocus], in_beam: InBeam) -> None:
    for focus in placed:
        if not in_beam.exposed[focus.window][focus.deposit.mask].all():
            raise UsageError(
                f"the focus at r {focus.plan.r_head_radii:g} head radii, phi {focus.plan.phi_deg:g} degrees of side "
                f"{focus.plan.side} lies behind a collimator blade; move it or reduce the collimation's margins in mm."
            )


def _visible_hips(body: BodyAnatomy, pelvis: Pose, frame: Frame) -> tuple[HipTruth, ...]:
    sides: tuple[SideName, SideName] = ("R", "L")
    hips = [hip_truth(body, side, hip_pose(body, side, pelvis), frame) for side in sides]
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
