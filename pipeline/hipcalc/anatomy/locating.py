"""NormalizedRadiograph -> the hips in it."""

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hipcalc.anatomy.appearance import lies_on_its_side
from hipcalc.anatomy.fitting import HipFit, fit_hip, settle_hip
from hipcalc.anatomy.frame import HipFrame, SideSource
from hipcalc.anatomy.hypotheses import LateralSign, apart, find_hypotheses, head_sizes
from hipcalc.anatomy.implants import MetalHead, heads_on_stems, is_metal, metal_head
from hipcalc.anatomy.joint import FAR_BEHIND, sharpest
from hipcalc.anatomy.judging import confidence_alone, confidence_evened, confidence_of, status_of
from hipcalc.anatomy.laterality import side_of
from hipcalc.anatomy.pairs import HEAD_DISTANCE, mirrored_pairs
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.selection import best_selection, margin_of, prefer_outer
from hipcalc.anatomy.tone import evened
from hipcalc.anatomy.tracing import trace_border
from hipcalc.normalize import NormalizedRadiograph
from hipcalc.radiograph import Side

__all__ = ["BEYOND_DOUBT", "View", "frames_at_first_sight", "locate_hips", "recognise_view"]

View = Literal["ap_pelvis", "unilateral", "frog_leg", "lateral", "unknown"]

# Head radii that are tried: in millimetres where the spacing is known (20 to 27 mm, magnified by up to 1.25), else as a
# share of the picture's width (pelves from 0.045, crops up to 0.45).
RADII_MM = (17.0, 34.0)
RADII_PER_WIDTH = (0.045, 0.45)
HYPOTHESES_PER_SIDE = 5
FITS_PER_SIDE, ALWAYS_FITTED = 4, 2
# Mirrored pairs of hypotheses that are looked at beside those.
PAIRS = 4
# Whole pelves have heads of 0.055 of the width and more; smaller ones, in the midst of a wide picture, are few, and
# looking for them takes a third of the time.
USUAL_PER_WIDTH = 0.055
# Tried where the upright picture leaves a hip in doubt.
TURNS_DEG = (-12.0, 12.0)
# The head of a prosthesis against what was found, be it the native head beside it or a circle on its cup.
IMPLANT_SIZE = 0.7
# Of hips in pictures left out of the fit all that were trusted so far were right.
BEYOND_DOUBT = 0.9
FROG_WORDS = frozenset({"frog", "frogleg", "lauenstein", "rippstein", "dunn"})
LATERAL_WORDS = frozenset({"lateral", "lat", "ll", "rl", "axial", "crosstable", "profile"})


class Search(NamedTuple):
    """Head radii and turns of the picture with which hips are looked for."""

    radii_px: NDArray[np.float64]
    turns_deg: tuple[float, ...]


def width_px_of(normalized: NormalizedRadiograph) -> float:
    """Width of the part of the picture that counts."""
    columns = np.flatnonzero(normalized.pictured.any(axis=0))
    return float(columns[-1] - columns[0] + 1) if columns.size else float(normalized.shape[1])


def radii_px_of(normalized: NormalizedRadiograph) -> tuple[float, float]:
    """Smallest and largest head radius that the picture can show."""
    width = width_px_of(normalized)
    low, high = RADII_PER_WIDTH[0] * width, RADII_PER_WIDTH[1] * width
    if normalized.spacing_mm is not None:
        near, far = RADII_MM[0] / normalized.spacing_mm, RADII_MM[1] / normalized.spacing_mm
        # A spacing that contradicts the picture (a wrong header, a rescaled copy) is not believed.
        if near < high and far > low:
            low, high = max(low, near), min(high, far)
    return max(low, 5.0), max(high, 6.0)


def searches_of(normalized: NormalizedRadiograph) -> tuple[Search, ...]:
    """Where hips are looked for, one search after the other until none is left in doubt."""
    sizes = head_sizes(radii_px_of(normalized))
    is_usual = sizes >= USUAL_PER_WIDTH * width_px_of(normalized)
    if not is_usual.any():
        is_usual[:] = True
    usual, small = sizes[is_usual], sizes[~is_usual]
    # What a hip is taken for changes with the sizes that happen to be tried: those between them are a second look.
    upright = Search(usual, (0.0,)), Search(np.sqrt(usual[1:] * usual[:-1]), (0.0,)), Search(usual, TURNS_DEG)
    return tuple(search for search in (*upright, Search(small, (0.0,))) if search.radii_px.size)


def _contours(frame: HipFrame, traced: NDArray[np.float64]) -> NDArray[np.float64]:
    clear = traced[traced[:, 2] > 0.15]
    return np.array([frame.to_image(r, phi) for r, phi, _ in clear]).reshape(-1, 2)


def _frame(normalized: NormalizedRadiograph, fit: HipFit, margin: float, *, paired: bool) -> HipFrame:
    confidence = confidence_of(fit.worth, margin, paired=paired)
    sign = fit.hypothesis.lateral_sign
    side, source = side_of(normalized.radiograph, sign, paired=paired)
    bare = HipFrame(
        side=side,
        side_source=source,
        status=status_of(confidence),
        confidence=confidence,
        head_row_px=fit.circle.row_px,
        head_column_px=fit.circle.column_px,
        head_radius_px=fit.circle.radius_px,
        rim_row_px=math.nan,
        rim_column_px=math.nan,
        lateral_sign=sign,
        cranial_deg=fit.hypothesis.turn_deg,
        head_visible=fit.circle.visible,
    )
    rim_row, rim_column = bare.to_image(fit.rim.r_head_radii, fit.rim.phi_deg)
    head = trace_border(-fit.strip.outward, (0.9, 1.1), (-120.0, 70.0))
    roof = trace_border(fit.strip.outward, (1.02, 1.5), (-60.0, fit.rim.phi_deg))
    return replace(
        bare,
        rim_row_px=rim_row,
        rim_column_px=rim_column,
        head_contour_px=_contours(bare, head),
        roof_contour_px=_contours(bare, roof),
    )


def _other_place(frame: HipFrame) -> tuple[float, float]:
    """Where the other hip of a pelvis should be, by its mirror symmetry."""
    return frame.to_image(HEAD_DISTANCE, -90.0)


def _without_native_head(
    side: tuple[Side, SideSource], lateral_sign: LateralSign, cranial_deg: float, head: MetalHead | None
) -> HipFrame:
    """Return the place of a prosthesis, or of a hip that is not there."""
    return HipFrame(
        side=side[0],
        side_source=side[1],
        status="absent" if head is None else "implant",
        confidence=0.0,
        head_row_px=math.nan if head is None else head.row_px,
        head_column_px=math.nan if head is None else head.column_px,
        head_radius_px=math.nan if head is None else head.radius_px,
        rim_row_px=math.nan,
        rim_column_px=math.nan,
        lateral_sign=lateral_sign,
        cranial_deg=cranial_deg,
    )


def _missing(frame: HipFrame, picture: Pyramid, implants: list[HipFrame]) -> HipFrame:
    """Return the other hip of a pelvis of which one hip was found: a prosthesis, or absent."""
    head = metal_head(picture, _other_place(frame), frame.head_radius_px)
    if head is None:
        # Its stem may be too upright to tell its side: that is the one where the native hip is not.
        beyond = (one for one in implants if _is_medial_of(one, frame))
        head = next((_head_of(one) for one in beyond), None)
    side: Side = "L" if frame.side == "R" else "R"
    sign: LateralSign = 1 if frame.lateral_sign == -1 else -1
    return _without_native_head((side, frame.side_source), sign, frame.cranial_deg, head)


def _is_medial_of(one: HipFrame, frame: HipFrame) -> bool:
    return (frame.head_column_px - one.head_column_px) * frame.lateral_sign > frame.head_radius_px


def _metal_instead(one: HipFrame, other: HipFrame, picture: Pyramid, implants: list[HipFrame]) -> list[HipFrame]:
    """Give a pair its prosthesis where one hip is not beyond doubt: metal or an empty socket may look like one."""
    hips = [one, other]
    for number, (doubted, partner) in enumerate(((one, other), (other, one))):
        if partner.status == "located" and doubted.confidence < min(partner.confidence, BEYOND_DOUBT):
            found = _missing(partner, picture, implants)
            hips[number] = found if found.status == "implant" else doubted
    return hips


def _head_of(frame: HipFrame) -> MetalHead:
    return MetalHead(
        row_px=frame.head_row_px,
        column_px=frame.head_column_px,
        radius_px=frame.head_radius_px,
        lateral_sign=frame.lateral_sign,
    )


def _on(frame: HipFrame, implant: HipFrame) -> bool:
    """Whether a circle lies on a prosthesis."""
    away = math.hypot(frame.head_row_px - implant.head_row_px, frame.head_column_px - implant.head_column_px)
    return away < max(frame.head_radius_px, implant.head_radius_px)


def _implants(normalized: NormalizedRadiograph, picture: Pyramid, frames: list[HipFrame]) -> list[HipFrame]:
    """Prostheses by their shape alone, and those that were taken for a native hip."""
    smallest, largest = radii_px_of(normalized)
    if frames and not _in_doubt(frames, normalized.shape[1]):
        smallest = max(smallest, IMPLANT_SIZE * min(frame.head_radius_px for frame in frames))
    heads = heads_on_stems(picture, (smallest, largest))
    sides = [side_of(normalized.radiograph, head.lateral_sign, paired=len(heads) == 2) for head in heads]
    found = [_without_native_head(side, head.lateral_sign, 0.0, head) for head, side in zip(heads, sides, strict=True)]
    return found + [
        _without_native_head((frame.side, frame.side_source), frame.lateral_sign, frame.cranial_deg, _head_of(frame))
        for frame in frames
        if frame.status != "absent"
        and not any(_on(frame, one) for one in found)
        and is_metal(picture, (frame.head_row_px, frame.head_column_px), frame.head_radius_px)
    ]


def _shows_other_side(frame: HipFrame, width: int) -> bool:
    _, column = _other_place(frame)
    return frame.head_radius_px < column < width - frame.head_radius_px


def _in_doubt(frames: list[HipFrame], width: int) -> bool:
    """Whether another search may find more: a lone hip that should have a partner must be beyond doubt."""
    if len(frames) == 1 and _shows_other_side(frames[0], width):
        return frames[0].confidence < BEYOND_DOUBT
    return any(frame.status != "located" for frame in frames)


def _with_other(frame: HipFrame, other: HipFrame) -> list[HipFrame]:
    """Give a hip on its own its missing partner, and the doubt that goes with it unless that is a prosthesis."""
    if other.status == "implant":
        return [frame, other]
    doubted = _doubted(frame, confidence_alone(frame.confidence))
    return [doubted, other] if doubted.status != "absent" else []


def _doubted(frame: HipFrame, confidence: float) -> HipFrame:
    return replace(frame, confidence=confidence, status=status_of(confidence))


def fits_of(picture: Pyramid, search: Search) -> list[HipFit]:
    """Fit the likeliest places of a picture, of either side, each as if it were a hip."""
    found = find_hypotheses(picture, search.radii_px, search.turns_deg)
    paired = [one for pair in mirrored_pairs(found, PAIRS) for one in pair]
    sides = []
    for sign in (-1, 1):
        likely = [one for one in found if one.lateral_sign == sign]
        partners = [one for one in paired if one.lateral_sign == sign]
        looked_at = apart(partners + apart(likely, HYPOTHESES_PER_SIDE), HYPOTHESES_PER_SIDE + PAIRS)
        sides.append(sharpest(picture, looked_at, FITS_PER_SIDE))
    # The best of one side may be far behind that of the other, where one hip is sick.
    least = max((one.score for side in sides for one in side), default=0.0) - FAR_BEHIND
    return [
        fit_hip(picture, one)
        for side in sides
        for order, one in enumerate(side)
        if order < ALWAYS_FITTED or one.score >= least
    ]


def _is_lying(picture: Pyramid, fit: HipFit) -> bool:
    place = fit.circle.row_px, fit.circle.column_px
    return lies_on_its_side(picture, place, fit.circle.radius_px, fit.hypothesis.lateral_sign, fit.hypothesis.turn_deg)


def _frames(normalized: NormalizedRadiograph, picture: Pyramid, search: Search) -> list[HipFrame]:
    fits = prefer_outer(fits_of(picture, search))
    chosen = best_selection(fits, width_px_of(normalized))
    paired = len(chosen) == 2
    # Two hips of a pelvis on its side do not mirror each other as those of an upright one do: it is lone ones that err.
    chosen = tuple(one for one in chosen if paired or not _is_lying(picture, one))
    margins = [margin_of(one, fits) for one in chosen]
    settled = [settle_hip(picture, one) for one in chosen]
    return [_frame(normalized, one, margin, paired=paired) for one, margin in zip(settled, margins, strict=True)]


def _surest_frames(normalized: NormalizedRadiograph, picture: Pyramid) -> list[HipFrame]:
    """Look for hips, one search after the other until none is left in doubt."""
    frames: list[HipFrame] = []
    for search in searches_of(normalized):
        frames = max(frames, _frames(normalized, picture, search), key=_trust)
        if frames and not _in_doubt(frames, normalized.shape[1]):
            break
    return frames


def _trust(frames: list[HipFrame]) -> float:
    return sum(frame.confidence for frame in frames)


def frames_at_first_sight(normalized: NormalizedRadiograph) -> list[HipFrame]:
    """Look for upright hips of usual size alone: what is plain to see, in a fraction of the time."""
    picture = Pyramid.of(normalized.grey, normalized.pictured)
    return _frames(normalized, picture, searches_of(normalized)[0])


def locate_hips(normalized: NormalizedRadiograph) -> tuple[HipFrame, ...]:
    """Find the hips of a radiograph: femoral head, rim point and roof of each.

    Hypotheses come from a line drawing of the hip that is compared with the picture's normalised gradients over all
    sizes and both sides; the joint itself is compared again at finer resolution; a pair that mirrors itself, or one
    hip, is chosen; the head's circle is fitted to the visible contour, and the roof followed to its lateral end. Where
    that leaves a hip in doubt, the sizes between and turned hips are tried, and the picture without its tone curve.

    Parameters
    ----------
    normalized : NormalizedRadiograph

    Returns
    -------
    tuple of HipFrame
        From the image's left to its right; empty where nothing looks like a hip. A pelvis that shows only one of its
        hips has the other one with status ``implant`` where a prosthesis was found, else ``absent``; a picture without
        a native hip has its prostheses alone.
    """
    picture = Pyramid.of(normalized.grey, normalized.pictured)
    frames = _surest_frames(normalized, picture)
    if not frames or _in_doubt(frames, normalized.shape[1]):
        others = _surest_frames(normalized, evened(picture))
        frames = max(frames, [_doubted(frame, confidence_evened(frame.confidence)) for frame in others], key=_trust)
    implants = _implants(normalized, picture, frames)
    # A cup and a metal head look like a hip, too: what lies on one is none.
    seen = [frame for frame in frames if frame.status != "absent" and not any(_on(frame, one) for one in implants)]
    if any(_on(frame, one) for frame in frames for one in implants):
        seen += [one for one in implants if one.lateral_sign not in {frame.lateral_sign for frame in seen}]
    if len(seen) == 1 and seen[0].status != "implant" and _shows_other_side(seen[0], normalized.shape[1]):
        seen = _with_other(seen[0], _missing(seen[0], picture, implants))
    elif len(seen) == 2:
        seen = _metal_instead(seen[0], seen[1], picture, implants)
    seen = seen or implants
    return tuple(sorted(seen, key=lambda frame: frame.lateral_sign))


def recognise_view(normalized: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> View:
    """Tell a whole pelvis from one hip by what was found, and other projections by what header or file name state."""
    present = [hip for hip in hips if hip.status != "absent"]
    words = frozenset(normalized.radiograph.view_hint.split())
    if words & FROG_WORDS:
        return "frog_leg"
    if words & LATERAL_WORDS and "ap" not in words:
        return "lateral"
    if len(hips) == 2:
        return "ap_pelvis"
    return "unilateral" if present else "unknown"
