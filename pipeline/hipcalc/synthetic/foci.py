"""Deposits put into a phantom: where they lie, and how much mineral gives the contrast that was asked for."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.synthetic.deposits import TRAP_KINDS, Deposit, draw_deposit
from hipcalc.synthetic.parameters import FocusPlan
from hipcalc.synthetic.truth import FocusTruth, HipTruth

__all__ = ["PlacedFocus", "focus_truth", "place", "surround_deviation"]

Image = NDArray[np.float32]


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


def mineral_for_cnr(log_picture: Image, focus: PlacedFocus, *, blur_px: float, per_mm: float, scatter: float) -> float:
    """Return the millimetres of mineral that give the planned CNR in a noisy log picture without the deposit.

    Parameters
    ----------
    log_picture : ndarray of float32
        Logarithm of the noisy signal.
    focus : PlacedFocus
    blur_px : float
    per_mm : float
        Attenuation of the mineral, less that of the tissue it replaces.
    scatter : float
        Scatter-to-primary ratio, which thins the contrast.
    """
    profile = cv2.GaussianBlur(focus.deposit.thickness, (0, 0), blur_px)
    inside = float(np.percentile(profile[focus.deposit.mask], 80))
    wanted = focus.plan.cnr * surround_deviation(log_picture, focus)
    return wanted * (1.0 + scatter) / (inside * per_mm)


def focus_truth(
    focus: PlacedFocus, mineral_mm: float, without: Image, planted: Image, *, pixel_mm: float
) -> FocusTruth:
    """Measure a deposit in the finished picture against the same picture without it."""
    mask = focus.deposit.mask
    contrast = float(np.percentile((planted[focus.window] - without[focus.window])[mask], 80))
    return FocusTruth(
        side=focus.plan.side,
        kind=focus.plan.kind,
        is_trap=focus.plan.kind in TRAP_KINDS,
        row_px=focus.row_px,
        column_px=focus.column_px,
        diameter_px=focus.diameter_px,
        diameter_mm=focus.diameter_px * pixel_mm,
        r_head_radii=focus.plan.r_head_radii,
        phi_deg=focus.plan.phi_deg,
        mineral_mm=mineral_mm,
        contrast=contrast,
        cnr=contrast / surround_deviation(without, focus),
        mask=mask,
        mask_row=focus.deposit.row,
        mask_column=focus.deposit.column,
    )
