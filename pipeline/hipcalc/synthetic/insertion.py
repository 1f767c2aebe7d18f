"""Foci planted into a real, normalised radiograph: with its own blur, its own noise, in its own grey scale."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.synthetic.deposits import Deposit, FocusKind, draw_deposit
from hipcalc.synthetic.edge_blur import estimate_blur_px

__all__ = ["FocusPatch", "InsertedFocus", "add_patches", "draw_focus", "insert_focus"]

Image = NDArray[np.float32]
_DIAMETER_RANGE_PX = (2.0, 400.0)
_DIAMETER_RANGE_MM = (1.0, 15.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class FocusPatch:
    """What has to be added to a grey picture to plant one focus; nothing is copied yet.

    Attributes
    ----------
    row, column : int
        Image position of the patch's first pixel; the patch lies wholly inside the image.
    addition : ndarray of float32, shape (h, w)
        Grey levels to add, extra noise included.
    extra_variance : ndarray of float32, shape (h, w)
        Variance of that extra noise.
    mask : ndarray of bool, shape (h, w)
        Inside of the outline.
    row_px, column_px, diameter_px : float
        Centre, and the diameter of the circle with the outline's area.
    diameter_mm : float
        The same in the image's own spacing; nan where that is unknown.
    orientation_deg : float
        Direction of the long axis, 0 towards larger columns, positive clockwise as displayed.
    kind : str
    contrast : float
        80th percentile of the planted signal inside the outline, in grey units.
    cnr : float
        `contrast` over the robust deviation of the surround, before planting.
    peak_contrast : float
        Largest of the planted signal inside the outline, in grey units.
    blur_sigma_px : float
        Gaussian blur given to the focus.
    """

    row: int
    column: int
    addition: Image
    extra_variance: Image
    mask: NDArray[np.bool_]
    row_px: float
    column_px: float
    diameter_px: float
    diameter_mm: float
    orientation_deg: float
    kind: FocusKind
    contrast: float
    cnr: float
    peak_contrast: float
    blur_sigma_px: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the patch covers."""
        rows, columns = self.addition.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


@dataclass(frozen=True, kw_only=True, eq=False)
class InsertedFocus:
    """A radiograph with one planted focus, and the record of what was planted."""

    normalized: NormalizedRadiograph
    patch: FocusPatch


def _diameter_px(normalized: NormalizedRadiograph, pixels: float | None, millimetres: float | None) -> float:
    """Return the diameter in pixels, whichever way it was given."""
    if (pixels is None) == (millimetres is None):
        raise UsageError("give either diameter_px (pixels) or diameter_mm (millimetres), and not both.")
    if millimetres is None:
        return float(pixels or 0.0)
    low, high = _DIAMETER_RANGE_MM
    if not low <= millimetres <= high:
        raise UsageError(f"diameter_mm is {millimetres:g} but must be between {low:g} and {high:g} mm.")
    if normalized.radiograph.spacing_mm is None:
        raise UsageError("diameter_mm needs a radiograph whose spacing is known; give diameter_px in pixels.")
    return millimetres / normalized.radiograph.spacing_mm


def _check(normalized: NormalizedRadiograph, row_px: float, column_px: float, diameter_px: float) -> None:
    low, high = _DIAMETER_RANGE_PX
    if not low <= diameter_px <= high:
        raise UsageError(f"diameter_px is {diameter_px:g} but must be between {low:g} and {high:g} pixels.")
    rows, columns = normalized.shape
    for name, value, length in (("row_px", row_px, rows), ("column_px", column_px, columns)):
        if not diameter_px / 2 <= value <= length - 1 - diameter_px / 2:
            raise UsageError(
                f"{name} is {value:g}, so a focus of {diameter_px:g} pixels does not lie inside the image, "
                f"whose size there is {length} pixels."
            )


def _surround_deviation(normalized: NormalizedRadiograph, row_px: float, column_px: float, diameter_px: float) -> float:
    """Robust standard deviation of the grey levels in the ring from 1.25 to 2.25 radii (2 to 6 pixels at least).

    Not less than the noise there, which never is 0.
    """
    inner = max(0.625 * diameter_px, diameter_px / 2 + 2.0)
    outer = max(1.125 * diameter_px, inner + 4.0)
    rows, columns = normalized.shape
    top, bottom = max(math.floor(row_px - outer), 0), min(math.ceil(row_px + outer) + 1, rows)
    left, right = max(math.floor(column_px - outer), 0), min(math.ceil(column_px + outer) + 1, columns)
    row, column = np.ogrid[top:bottom, left:right]
    distance = np.hypot(row - row_px, column - column_px)
    window = (slice(top, bottom), slice(left, right))
    ring = normalized.grey[window][(distance >= inner) & (distance <= outer) & ~normalized.excluded[window]]
    if ring.size < 8:
        raise UsageError(
            f"the surround of row {row_px:.0f}, column {column_px:.0f} is excluded, so a CNR has no meaning."
        )
    deviation = 1.4826 * float(np.median(np.abs(ring - np.median(ring))))
    # Compression and few bits flatten whole blocks; nothing in them is less uncertain than their noise.
    return max(deviation, float(np.median(normalized.noise_sigma[window])))


def _extra_variance(normalized: NormalizedRadiograph, window: tuple[slice, slice], addition: Image) -> Image:
    """Noise variance that the added grey brings, from how variance grows with grey level in this very picture."""
    local = float(np.median(normalized.noise_sigma[window] ** 2))
    # A deposit of small contrast changes the photon count by a few per cent; more than twice the variance is a misfit.
    return np.asarray(np.clip(normalized.variance_slope * addition, 0.0, local), np.float32)


def _cropped(deposit: Deposit, shape: tuple[int, int]) -> tuple[Deposit, tuple[slice, slice]]:
    rows, columns = deposit.thickness.shape
    top, left = max(deposit.row, 0), max(deposit.column, 0)
    bottom, right = min(deposit.row + rows, shape[0]), min(deposit.column + columns, shape[1])
    part = (slice(top - deposit.row, bottom - deposit.row), slice(left - deposit.column, right - deposit.column))
    cut = Deposit(thickness=deposit.thickness[part], mask=deposit.mask[part], row=top, column=left)
    return cut, (slice(top, bottom), slice(left, right))


def draw_focus(
    normalized: NormalizedRadiograph,
    *,
    row_px: float,
    column_px: float,
    diameter_px: float | None = None,
    diameter_mm: float | None = None,
    contrast: float | None = None,
    cnr: float | None = None,
    kind: FocusKind = "amorphous",
    rng: np.random.Generator,
    orientation_deg: float | None = None,
    aspect: float | None = None,
    blur_sigma_px: float | None = None,
) -> FocusPatch:
    """Draw one focus for a place in a radiograph, without copying the radiograph.

    Parameters are those of `insert_focus`; `add_patches` plants many at the price of one copy.
    """
    diameter_px = _diameter_px(normalized, diameter_px, diameter_mm)
    _check(normalized, row_px, column_px, diameter_px)
    if (contrast is None) == (cnr is None):
        raise UsageError("give either contrast (grey units) or cnr (units of the surround's deviation), not both.")
    strength = contrast if contrast is not None else cnr
    if strength is None or not strength > 0:
        raise UsageError(f"contrast or cnr is {strength} but must be larger than 0.")
    deviation = _surround_deviation(normalized, row_px, column_px, diameter_px)
    wanted = strength if contrast is not None else strength * deviation
    if blur_sigma_px is None:
        blur_sigma_px = estimate_blur_px(normalized, row_px=row_px, column_px=column_px)
    angle = float(rng.uniform(0.0, 180.0)) if orientation_deg is None else orientation_deg
    whole = draw_deposit(
        kind=kind,
        row_px=row_px,
        column_px=column_px,
        diameter_px=diameter_px,
        orientation_deg=angle,
        rng=rng,
        aspect=aspect,
    )
    deposit, window = _cropped(whole, normalized.shape)
    profile = cv2.GaussianBlur(deposit.thickness, (0, 0), blur_sigma_px)
    signal = np.asarray(profile * (wanted / np.percentile(profile[deposit.mask], 80)), np.float32)
    variance = _extra_variance(normalized, window, signal)
    grain = cv2.GaussianBlur(rng.standard_normal(signal.shape, dtype=np.float32), (0, 0), blur_sigma_px / 2)
    return FocusPatch(
        row=deposit.row,
        column=deposit.column,
        addition=signal + np.asarray(grain / grain.std() * np.sqrt(variance), np.float32),
        extra_variance=variance,
        mask=deposit.mask,
        row_px=row_px,
        column_px=column_px,
        diameter_px=diameter_px,
        diameter_mm=diameter_px * (normalized.radiograph.spacing_mm or math.nan),
        orientation_deg=angle,
        kind=kind,
        contrast=float(wanted),
        cnr=float(wanted / deviation),
        peak_contrast=float(signal[deposit.mask].max()),
        blur_sigma_px=blur_sigma_px,
    )


def add_patches(normalized: NormalizedRadiograph, patches: tuple[FocusPatch, ...]) -> NormalizedRadiograph:
    """Return a copy of a radiograph with drawn foci planted; its `radiograph` stays the file as it was read."""
    grey, noise = normalized.grey.copy(), normalized.noise_sigma.copy()
    for patch in patches:
        grey[patch.window] += patch.addition
        noise[patch.window] = np.sqrt(noise[patch.window] ** 2 + patch.extra_variance)
    return replace(normalized, grey=grey, noise_blocks=noise)


def insert_focus(
    normalized: NormalizedRadiograph,
    *,
    row_px: float,
    column_px: float,
    diameter_px: float | None = None,
    diameter_mm: float | None = None,
    contrast: float | None = None,
    cnr: float | None = None,
    kind: FocusKind = "amorphous",
    rng: np.random.Generator,
    orientation_deg: float | None = None,
    aspect: float | None = None,
    blur_sigma_px: float | None = None,
) -> InsertedFocus:
    """Plant one focus into a radiograph, in the radiograph's own grey scale.

    The focus is blurred as the sharpest edges around it are, and where the picture's noise grows with grey level, so
    does it on the focus. The noise and the anatomy that were there stay there.

    Parameters
    ----------
    normalized : NormalizedRadiograph
        Left as it is.
    row_px, column_px : float
        Centre of the focus, in the image's pixel grid.
    diameter_px : float, optional
        Of the circle with the outline's area, 2 to 400 pixels.
    diameter_mm : float, optional
        The same in millimetres, 1 to 15, for a radiograph whose spacing is known. Give one of the two.
    contrast : float, optional
        80th percentile of the planted signal inside the outline, in units of `normalized.grey`.
    cnr : float, optional
        The same in units of the surround's robust deviation (ring of 1.25 to 2.25 radii). Give one of the two.
    kind : str
        One of `FOCUS_KINDS`.
    rng : numpy.random.Generator
        Draws shape and noise; the same state gives the same picture.
    orientation_deg : float, optional
        Direction of the long axis, 0 towards larger columns, positive clockwise as displayed; drawn when not given.
    aspect : float, optional
        1 to 3: length over width of the outline; the kind's own when not given. Lines, beaks and vessels keep theirs.
    blur_sigma_px : float, optional
        Blur of the focus; estimated from the picture (`estimate_blur_px`) when not given.

    Returns
    -------
    InsertedFocus
        The new radiograph in `normalized`, and in `patch` what was planted and where.

    Raises
    ------
    UsageError
        For a focus that does not lie inside the image, an unknown kind, a size or an aspect ratio out of range, a size
        in millimetres where the spacing is unknown, a contrast that is not positive, or a surround that is wholly
        excluded.
    """
    patch = draw_focus(
        normalized,
        row_px=row_px,
        column_px=column_px,
        diameter_px=diameter_px,
        diameter_mm=diameter_mm,
        contrast=contrast,
        cnr=cnr,
        kind=kind,
        rng=rng,
        orientation_deg=orientation_deg,
        aspect=aspect,
        blur_sigma_px=blur_sigma_px,
    )
    return InsertedFocus(normalized=add_patches(normalized, (patch,)), patch=patch)
