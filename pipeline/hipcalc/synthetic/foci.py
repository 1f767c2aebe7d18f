"""Deposits put into a phantom: where they lie, and how much mineral gives the contrast that was asked for."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.synthetic.beam import attenuation_at, detector_blur
from hipcalc.synthetic.deposits import TRAP_KINDS, Deposit, aspect_of, draw_deposit
from hipcalc.synthetic.display import enhance, logarithm
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.truth import FocusTruth, HipTruth

__all__ = ["Exposure", "PlacedFocus", "cortical_step", "focus_truth", "place", "plant", "surround_deviation"]

Image = NDArray[np.float32]
Pixels = NDArray[np.uint16]
# How far the display's enhancement carries what a deposit changes.
_REACH_MM = 30.0
# Thicker would be no deposit but a metal: a contrast that needs more cannot be had at that place.
_MOST_MINERAL_MM = 15.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedFocus:
    """A deposit in the picture's pixel grid: its plan, its shape, its centre and size."""

    plan: FocusPlan
    hip: HipTruth
    deposit: Deposit
    row_px: float
    column_px: float
    diameter_px: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the deposit's patch covers."""
        rows, columns = self.deposit.mask.shape
        return slice(self.deposit.row, self.deposit.row + rows), slice(
            self.deposit.column, self.deposit.column + columns
        )


def _direction_deg(hip: HipTruth, plan: FocusPlan) -> float:
    """Direction in the picture of a long axis given against the head's tangent."""
    phi, turn = math.radians(plan.phi_deg), math.radians(plan.orientation_deg)
    lateral = math.cos(turn) * math.cos(phi) + math.sin(turn) * math.sin(phi)
    cranial = -math.cos(turn) * math.sin(phi) + math.sin(turn) * math.cos(phi)
    return math.degrees(math.atan2(-cranial, hip.lateral_sign * lateral))


def place(
    plan: FocusPlan, hip: HipTruth, *, pixel_mm: float, shape: tuple[int, int], rng: np.random.Generator
) -> PlacedFocus:
    """Draw a planned deposit at its place.

    Raises
    ------
    UsageError
        When it does not lie wholly inside the picture.
    """
    row, column = hip.to_image(plan.r_head_radii, plan.phi_deg)
    diameter = plan.diameter_mm * hip.magnification / pixel_mm
    deposit = draw_deposit(
        kind=plan.kind,
        row_px=row,
        column_px=column,
        diameter_px=diameter,
        orientation_deg=_direction_deg(hip, plan),
        rng=rng,
        aspect=plan.aspect,
    )
    end = (deposit.row + deposit.mask.shape[0], deposit.column + deposit.mask.shape[1])
    if min(deposit.row, deposit.column) < 0 or end[0] > shape[0] or end[1] > shape[1]:
        raise UsageError(
            f"the focus at r {plan.r_head_radii:g} head radii, phi {plan.phi_deg:g} degrees of side {plan.side} lies "
            f"outside the image of {shape[0]} x {shape[1]} pixels; move it or enlarge the image."
        )
    return PlacedFocus(plan=plan, hip=hip, deposit=deposit, row_px=row, column_px=column, diameter_px=diameter)


def surround_deviation(picture: Image, focus: PlacedFocus) -> float:
    """Return the robust deviation of the grey levels in the ring from 1.25 to 2.25 radii around a deposit."""
    outer = 1.125 * focus.diameter_px + 4.0
    top, left = max(math.floor(focus.row_px - outer), 0), max(math.floor(focus.column_px - outer), 0)
    part = picture[top : math.ceil(focus.row_px + outer) + 1, left : math.ceil(focus.column_px + outer) + 1]
    row, column = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
    distance = np.hypot(row - focus.row_px, column - focus.column_px)
    ring = part[(distance >= 0.625 * focus.diameter_px + 1.0) & (distance <= outer)]
    return max(1.4826 * float(np.median(np.abs(ring - np.median(ring)))), 1e-6)


def cortical_step(picture: Image, hip: HipTruth, pixel_mm: float) -> float:
    """Return the difference between the bright and the dark grey levels around a rim point: bone and soft tissue."""
    reach = 0.4 * hip.head_radius_px
    top, left = max(math.floor(hip.rim_row_px - reach), 0), max(math.floor(hip.rim_column_px - reach), 0)
    part = picture[top : math.ceil(hip.rim_row_px + reach) + 1, left : math.ceil(hip.rim_column_px + reach) + 1]
    if part.size == 0:
        # The rim lies outside of the picture: no bound can be told from it.
        return math.nan
    smooth = cv2.GaussianBlur(part, (0, 0), 0.5 / pixel_mm)
    row, column = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
    near = np.hypot(row - hip.rim_row_px, column - hip.rim_column_px) <= reach
    low, high = np.percentile(smooth[near], (5.0, 95.0))
    return float(max(high - low, 1e-6))


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposure:
    """A picture in the making; planting a focus changes `line_integral`, `signal` and `enhanced` around it in place."""

    line_integral: Image
    signal: Image
    noise: Image
    enhanced: Image
    imaging: Imaging


def plant(exposure: Exposure, focus: PlacedFocus) -> float:
    """Put a deposit in the beam, with the mineral that gives the planned CNR in the enhanced picture.

    Returns
    -------
    float
        Largest thickness of the mineral along the ray, in millimetres of solid hydroxyapatite.
    """
    window = _widened(focus, exposure)
    thickness = np.zeros(exposure.signal[window].shape, np.float32)
    rows, columns = (part.start - wide.start for part, wide in zip(focus.window, window, strict=True))
    inside = (slice(rows, rows + focus.deposit.mask.shape[0]), slice(columns, columns + focus.deposit.mask.shape[1]))
    thickness[inside] = focus.deposit.thickness
    step = cortical_step(exposure.enhanced, focus.hip, exposure.imaging.pixel_mm)
    wanted = focus.plan.cnr * surround_deviation(exposure.enhanced, focus)
    if math.isfinite(step):
        wanted = float(np.clip(wanted, focus.plan.least_over_step * step, focus.plan.most_over_step * step))
    # The logarithm, the scatter and the enhancement bend the relation a little: three steps of regula falsi do.
    amount = 1.0
    for _ in range(3):
        added, _signal = _added_by(amount * thickness, exposure, window)
        amount *= wanted / float(np.percentile(added[inside][focus.deposit.mask], 80))
        amount = min(amount, _MOST_MINERAL_MM)
    added, signal = _added_by(amount * thickness, exposure, window)
    exposure.enhanced[window] += added
    exposure.signal[window] = signal
    exposure.line_integral[window] += _mineral_per_mm(exposure.imaging) * amount * thickness
    return amount


def _widened(focus: PlacedFocus, exposure: Exposure) -> tuple[slice, slice]:
    """Return the focus's window with a margin for blur and enhancement."""
    margin = math.ceil(_REACH_MM / exposure.imaging.pixel_mm)
    rows, columns = focus.window
    return slice(max(rows.start - margin, 0), rows.stop + margin), slice(
        max(columns.start - margin, 0), columns.stop + margin
    )


def _mineral_per_mm(imaging: Imaging) -> np.float32:
    """Attenuation of hydroxyapatite, less that of the tissue whose place it takes."""
    coefficients = attenuation_at(imaging.kilovolts)
    return np.float32(coefficients.hydroxyapatite - coefficients.muscle)


def _added_by(mineral_mm: Image, exposure: Exposure, window: tuple[slice, slice]) -> tuple[Image, Image]:
    """Return what mineral adds to the enhanced picture in a window, and the detector signal there."""
    imaging = exposure.imaging
    lost = np.exp(-exposure.line_integral[window]) * (1.0 - np.exp(-_mineral_per_mm(imaging) * mineral_mm))
    before, noise = exposure.signal[window], exposure.noise[window]
    after = np.asarray(before - detector_blur(lost, imaging), np.float32)
    return enhance(logarithm(after + noise), imaging) - enhance(logarithm(before + noise), imaging), after


def focus_truth(
    focus: PlacedFocus, mineral_mm: float, without: Pixels, planted: Pixels, *, pixel_mm: float
) -> FocusTruth:
    """Measure a deposit in the finished picture against the same picture without it."""
    mask = focus.deposit.mask
    clean = without.astype(np.float32)
    added = (planted[focus.window].astype(np.float32) - clean[focus.window])[mask]
    contrast = float(np.percentile(added, 80))
    return FocusTruth(
        side=focus.plan.side,
        kind=focus.plan.kind,
        is_trap=focus.plan.kind in TRAP_KINDS,
        row_px=focus.row_px,
        column_px=focus.column_px,
        diameter_px=focus.diameter_px,
        diameter_mm=focus.plan.diameter_mm,
        r_head_radii=focus.plan.r_head_radii,
        phi_deg=focus.plan.phi_deg,
        mineral_mm=mineral_mm,
        contrast=contrast,
        cnr=contrast / surround_deviation(clean, focus),
        peak_contrast=float(added.max()),
        contrast_over_step=contrast / cortical_step(clean, focus.hip, pixel_mm),
        aspect=aspect_of(mask),
        mask=mask,
        mask_row=focus.deposit.row,
        mask_column=focus.deposit.column,
    )
