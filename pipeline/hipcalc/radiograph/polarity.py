"""Is bone bright or dark? What the header says, what the picture says, and which of them is believed."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.radiograph.percentiles import percentiles
from hipcalc.radiograph.types import Polarity

__all__ = ["DECIDES", "OVERRULES", "PolarityDecision", "decide_polarity", "line_evidence"]

# Longest side of the copy that is judged, and the widths of the lines that are looked for in it.
JUDGED_PX = 512
LINE_SIGMAS_PX = (2.0, 3.0)
# Lines stronger than this percentile of all pixels are compared; frame and margins hold edges that are no anatomy.
LINE_PERCENTILE = 97.0
MARGIN = 0.06
# So wide an area of hardly any range is no picture, but was filled in.
FILLED_PX, FILLED_RANGE = 15, 0.001
# What is left of a test pattern tells nothing.
LEAST_JUDGED = 0.1
# Print is as narrow as this, stands out by such a share of the range and lies so near its end: hardly any cortex does.
PRINT_PX, PRINT_CONTRAST, PRINT_END = 9, 0.5, 0.03
# What has a shorter outline is noise.
PRINT_LEAST_OUTLINE_PX = 20

# |evidence| from which the picture decides where no header does, and from which it overrules one.
DECIDES = 0.01
OVERRULES = 0.05


@dataclass(frozen=True, kw_only=True)
class PolarityDecision:
    """The polarity, where it comes from, and what was odd."""

    polarity: Polarity
    source: Literal["header", "picture", "default"]
    notes: tuple[str, ...] = ()


def decide_polarity(pixels: NDArray[np.float32], stated: Polarity | None) -> PolarityDecision:
    """Weigh the header against the picture.

    A header is believed unless the picture contradicts it clearly (`OVERRULES`). Without a header, or with one that
    contradicts itself, the picture decides; where it shows nothing (`DECIDES`), bone is taken to be bright, as in
    nearly every exported picture.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        After the modality LUT or rescale.
    stated : {"bone-bright", "bone-dark"} or None
        What the header says; None when it says nothing, or two different things.

    Returns
    -------
    PolarityDecision
    """
    evidence = line_evidence(pixels)
    seen: Polarity = "bone-bright" if evidence >= 0 else "bone-dark"
    if stated is not None:
        if seen == stated or abs(evidence) < OVERRULES:
            return PolarityDecision(polarity=stated, source="header")
        note = f"the header says {stated}, but the picture shows {seen} and was believed"
        return PolarityDecision(polarity=seen, source="picture", notes=(note,))
    if abs(evidence) >= DECIDES:
        return PolarityDecision(polarity=seen, source="picture")
    note = "the picture does not show whether bone is bright or dark; bright was assumed"
    return PolarityDecision(polarity="bone-bright", source="default", notes=(note,))


def line_evidence(pixels: NDArray[np.float32]) -> float:
    """Compare the strongest thin bright lines of a picture with its strongest thin dark lines.

    Cortex, sourcil and trabeculae are thin lines of bone; a radiograph has no dark lines of their strength. A line is
    where one eigenvalue of the Hessian dominates (Frangi 1998).

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)

    Returns
    -------
    float
        From -1 (all strong lines are dark: bone is dark) to 1 (all bright: bone is bright). The inverted picture has
        the opposite value.
    """
    small = _small_copy(pixels)
    low, high = percentiles(small, 0.5, 99.5)
    if high <= low:
        return 0.0
    unit = np.clip((small - np.float32(low)) / np.float32(high - low), 0, 1).astype(np.float32)
    judged = _anatomy(unit)
    if judged.mean() < LEAST_JUDGED:
        return 0.0
    return float(np.mean([_asymmetry(_line_strength(unit, sigma)[judged]) for sigma in LINE_SIGMAS_PX]))


def _small_copy(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shrink to `JUDGED_PX`, first by a whole number: OpenCV averages whole blocks several times faster."""
    whole = max(pixels.shape) // JUDGED_PX
    if whole > 1:
        rows, columns = (length // whole for length in pixels.shape)
        pixels = np.asarray(
            cv2.resize(pixels[: rows * whole, : columns * whole], (columns, rows), interpolation=cv2.INTER_AREA),
            np.float32,
        )
    scale = min(1.0, JUDGED_PX / max(pixels.shape))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def _anatomy(unit: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Leave out margins, print, areas that are flat or filled in (collimation, air, metal, frames), and their edges."""
    extreme = ((unit <= 0.005) | (unit >= 0.995)).astype(np.uint8)
    foreign = np.asarray(cv2.morphologyEx(extreme, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)), np.uint8)
    window = np.ones((FILLED_PX, FILLED_PX), np.uint8)
    filled = cv2.subtract(cv2.dilate(unit, window), cv2.erode(unit, window)) <= FILLED_RANGE
    foreign |= np.asarray(cv2.dilate(filled.astype(np.uint8), window), np.uint8)
    foreign |= _print(unit)
    reach = round(3 * max(LINE_SIGMAS_PX))
    judged = cv2.dilate(foreign, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) == 0
    margin = int(MARGIN * min(unit.shape))
    inside = np.zeros_like(judged)
    inside[margin : unit.shape[0] - margin, margin : unit.shape[1] - margin] = True
    return np.asarray(judged & inside, dtype=bool)


def _print(unit: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Mark letters, scale bars and frames, white or black.

    Beside a bright line lie two dark ones: a scale bar in the margin would show them, and not itself.
    """
    window = np.ones((PRINT_PX, PRINT_PX), np.uint8)
    ends = (cv2.MORPH_TOPHAT, unit >= 1 - PRINT_END), (cv2.MORPH_BLACKHAT, unit <= PRINT_END)
    found = np.zeros(unit.shape, np.uint8)
    for narrow, is_at_end in ends:
        found |= is_at_end & (cv2.morphologyEx(unit, narrow, window) > PRINT_CONTRAST)
    outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    long = [outline for outline in outlines if len(outline) >= PRINT_LEAST_OUTLINE_PX]
    return np.asarray(cv2.drawContours(np.zeros_like(found), long, -1, 1), np.uint8)


def _line_strength(unit: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Signed strength of lines: positive where bright, negative where dark, 0 for edges' and blobs' share."""
    blurred = cv2.GaussianBlur(unit, (0, 0), sigma_px)
    across = cv2.Sobel(blurred, cv2.CV_32F, 2, 0, ksize=3)
    down = cv2.Sobel(blurred, cv2.CV_32F, 0, 2, ksize=3)
    # Twice the mixed derivative, as the difference of the eigenvalues has it.
    diagonal = cv2.Sobel(blurred, cv2.CV_32F, 1, 1, ksize=3, scale=2)
    # Bounded by the gap between the eigenvalues, so that a blob, whose eigenvalues are alike, counts for little.
    gap = np.asarray(cv2.magnitude(across - down, diagonal), dtype=np.float32)
    strength = np.asarray(-(across + down), dtype=np.float32)
    return np.maximum(np.minimum(strength, gap, out=strength), -gap, out=strength)


def _asymmetry(strength: NDArray[np.float32]) -> float:
    darkest, brightest = percentiles(strength, 100 - LINE_PERCENTILE, LINE_PERCENTILE)
    bright, dark = max(brightest, 0.0), max(-darkest, 0.0)
    return (bright - dark) / max(bright + dark, 1e-9)
