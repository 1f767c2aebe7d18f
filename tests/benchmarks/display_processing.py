"""What vendors, archives and their users do to a radiograph before anybody reads it: tone, edges, borders, print.

Every alteration takes a `Shown` and returns new pixels, in the same place but for a frame that is as wide on opposite
sides; lengths are in millimetres, by a head of 24 mm.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

__all__ = ["ALTERATIONS", "HEAD_MM", "Alteration", "Shown", "draw_processing", "processed"]

Pixels = np.ndarray
HEAD_MM = 24.0
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A picture of 8 bits with bone bright, and its hips: (row, column, radius, lateral sign) of each head."""

    pixels: Pixels
    hips: tuple[tuple[float, float, float, int], ...]

    @property
    def px_per_mm(self) -> float:
        return float(np.mean([hip[2] for hip in self.hips])) / HEAD_MM


Alteration = Callable[[Shown], Pixels]


def _bytes(pixels: np.ndarray) -> Pixels:
    return np.rint(np.clip(pixels, 0.0, 255.0)).astype(np.uint8)


def _gamma(exponent: float) -> Alteration:
    return lambda shown: _bytes(255.0 * (shown.pixels / 255.0) ** exponent)


def _s_curve(steepness: float) -> Alteration:
    """Return a logistic curve around the median of what is not black."""

    def altered(shown: Shown) -> Pixels:
        unit = shown.pixels / 255.0
        middle = float(np.median(unit[unit > 0.02]))
        curve = 1.0 / (1.0 + np.exp(-steepness * (unit - middle)))
        return _bytes(255.0 * (curve - curve.min()) / np.ptp(curve))

    return altered


def _window(low: float, high: float) -> Alteration:
    """Return a narrow window: what is beyond these shares of the pixels is clipped to black and to white."""

    def altered(shown: Shown) -> Pixels:
        black, white = np.quantile(shown.pixels[shown.pixels > 5], (low, high))
        return _bytes(255.0 * (shown.pixels - black) / max(white - black, 1.0))

    return altered


def _unsharp(sigma_mm: float, amount: float) -> Alteration:
    def altered(shown: Shown) -> Pixels:
        pixels = shown.pixels.astype(np.float32)
        return _bytes(pixels + amount * (pixels - _blurred(pixels, sigma_mm * shown.px_per_mm)))

    return altered


def _blurred(pixels: np.ndarray, sigma_px: float) -> np.ndarray:
    return cv2.GaussianBlur(np.asarray(pixels, np.float32), (0, 0), max(sigma_px, 0.1))


def _equalised(clip: float, tiles: int) -> Alteration:
    return lambda shown: cv2.createCLAHE(clipLimit=clip, tileGridSize=(tiles, tiles)).apply(shown.pixels)


def _multi_scale(power: float, latitude: float) -> Alteration:
    """Return bands of a Laplacian pyramid whose weak details are lifted above its strong ones (Vuylsteke 1994).

    Details d, in units of the strongest, become sign(d) |d| to `power`; the coarsest image is flattened by `latitude`.
    """

    def altered(shown: Shown) -> Pixels:
        levels, top = [], shown.pixels.astype(np.float32) / 255.0
        while min(top.shape) > 24:
            small = cv2.pyrDown(top)
            levels.append(top - cv2.pyrUp(small, dstsize=top.shape[::-1]))
            top = small
        image = float(top.mean()) + (1.0 - latitude) * (top - float(top.mean()))
        for band in reversed(levels):
            detail = np.sign(band) * 0.5 * (np.abs(band) / 0.5 + 1e-4) ** power
            image = cv2.pyrUp(image, dstsize=band.shape[::-1]) + detail
        inside = image[shown.pixels > 5]
        low, high = np.quantile(inside, (0.005, 0.998))
        result = 255.0 * (image - low) / (high - low)
        # What was blacked out before stays black: vendors blacken last.
        result[shown.pixels == 0] = 0.0
        return _bytes(result)

    return altered


def draw_processing(rng: np.random.Generator) -> Alteration:
    """Return a tone curve, sharpening or equalisation, hardly to be seen or as strong as those in `ALTERATIONS`."""
    draws: tuple[Callable[[], Alteration], ...] = (
        lambda: _gamma(math.exp(rng.uniform(-0.7, 0.7))),
        lambda: _unsharp(rng.uniform(1.0, 4.0), rng.uniform(0.0, 1.5)),
        lambda: _equalised(rng.uniform(1.0, 4.0), 8),
        lambda: _multi_scale(rng.uniform(0.65, 1.0), 0.4),
    )
    return draws[rng.integers(len(draws))]()


def _blur(sigma_mm: float) -> Alteration:
    return lambda shown: _bytes(_blurred(shown.pixels, sigma_mm * shown.px_per_mm))


def _noise(deviation: float) -> Alteration:
    """Return white noise of so many grey levels."""

    def altered(shown: Shown) -> Pixels:
        return _bytes(shown.pixels + deviation * np.random.default_rng(1).standard_normal(shown.pixels.shape))

    return altered


def _corners(value: int) -> Alteration:
    """Return four triangles that cut a sixth of each side off at its ends."""

    def altered(shown: Shown) -> Pixels:
        rows, columns = shown.pixels.shape
        down, right = np.ogrid[:rows, :columns]
        from_side = np.minimum(right, columns - 1 - right) / columns + np.minimum(down, rows - 1 - down) / rows
        return np.where(from_side < 1 / 6, np.uint8(value), shown.pixels)

    return altered


def _round_shutter(shown: Shown) -> Pixels:
    rows, columns = shown.pixels.shape
    down, right = np.ogrid[:rows, :columns]
    outside = np.hypot((down - rows / 2) / rows, (right - columns / 2) / columns) > 0.56
    return np.where(outside, np.uint8(0), shown.pixels)


def _border(value: int) -> Alteration:
    """Return a frame of a twentieth of the sides around the picture."""

    def altered(shown: Shown) -> Pixels:
        high, wide = (length // 20 for length in shown.pixels.shape)
        return cv2.copyMakeBorder(shown.pixels, high, high, wide, wide, cv2.BORDER_CONSTANT, value=value)

    return altered


def _scale_bar(shown: Shown) -> Pixels:
    """Return a bar of 10 cm with a tick for each centimetre at the picture's right side, as near as there is room."""
    pixels, mm = shown.pixels.copy(), shown.px_per_mm
    length = min(10, int(0.9 * pixels.shape[0] / (10 * mm)))
    stroke, right = max(1, round(0.4 * mm)), pixels.shape[1] - round(4 * mm)
    top = (pixels.shape[0] - round(10 * length * mm)) // 2
    cv2.line(pixels, (right, top), (right, top + round(10 * length * mm)), 255, stroke)
    for tick in range(length + 1):
        row, reach = top + round(10 * tick * mm), round((5 if tick % 5 == 0 else 3) * mm)
        cv2.line(pixels, (right - reach, row), (right, row), 255, stroke)
    return _text(pixels, f"{length} cm", top - round(2 * mm), right - round(14 * mm), 4 * mm)


def _letters(shown: Shown) -> Pixels:
    """Return a letter of 10 mm beside every hip, and small print above it, both among soft tissue and without a box."""
    pixels, mm = shown.pixels, shown.px_per_mm
    for row, column, radius, sign in shown.hips:
        lateral = column + sign * 1.9 * radius
        pixels = _text(pixels, "L" if sign > 0 else "R", row + 0.3 * radius, lateral - 4 * mm, 10 * mm)
        pixels = _text(pixels, "AP 12:45", row - 1.5 * radius, lateral - 10 * mm, 3.5 * mm)
    return pixels


def _text(pixels: Pixels, text: str, row: float, column: float, height_px: float) -> Pixels:
    stroke = max(1, round(height_px / 9))
    size = cv2.getFontScaleFromHeight(FONT, max(round(height_px), 5), stroke)
    left = int(np.clip(column, 2, max(pixels.shape[1] - cv2.getTextSize(text, FONT, size, stroke)[0][0] - 2, 2)))
    return cv2.putText(pixels.copy(), text, (left, round(row)), FONT, size, 255, stroke, cv2.LINE_AA)


def _inverted(shown: Shown) -> Pixels:
    return np.asarray(255 - shown.pixels, np.uint8)


def _jpeg(quality: int) -> Alteration:
    """Return what a JPEG file of that quality gives back."""

    def altered(shown: Shown) -> Pixels:
        data = cv2.imencode(".jpg", shown.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)

    return altered


def _in_turn(*steps: Alteration) -> Alteration:
    def altered(shown: Shown) -> Pixels:
        for step in steps:
            shown = replace(shown, pixels=step(shown))
        return shown.pixels

    return altered


ALTERATIONS: dict[str, Alteration] = {
    "as it is": lambda shown: shown.pixels,
    "gamma 0.5": _gamma(0.5),
    "gamma 2": _gamma(2.0),
    "S-shaped curve": _s_curve(8.0),
    "narrow window, 5 to 97%": _window(0.05, 0.97),
    "narrower one, 5 to 90%": _window(0.05, 0.90),
    "unsharp mask 1 mm, 1.5": _unsharp(1.0, 1.5),
    "unsharp mask 2 mm, 1": _unsharp(2.0, 1.0),
    "unsharp mask 4 mm, 1.5": _unsharp(4.0, 1.5),
    "CLAHE 2": _equalised(2.0, 8),
    "CLAHE 4": _equalised(4.0, 8),
    "multi-scale 0.8": _multi_scale(0.8, 0.3),
    "multi-scale 0.65": _multi_scale(0.65, 0.5),
    "blur 0.6 mm": _blur(0.6),
    "noise of 6 levels": _noise(6.0),
    "black corners": _corners(0),
    "white corners": _corners(255),
    "round shutter": _round_shutter,
    "black border": _border(0),
    "white border": _border(255),
    "grey border": _border(128),
    "scale bar": _scale_bar,
    "letters beside the hip": _letters,
    "inverted": _inverted,
    "inverted; corners, bar, letters": _in_turn(_inverted, _corners(0), _scale_bar, _letters),
    "JPEG 60": _jpeg(60),
    "corners, bar, letters, JPEG 85": _in_turn(_corners(0), _scale_bar, _letters, _jpeg(85)),
    "multi-scale 0.8 and those": _in_turn(_multi_scale(0.8, 0.3), _corners(0), _scale_bar, _letters, _jpeg(85)),
}


def processed(bright: np.ndarray, head_radius_px: float, rng: np.random.Generator) -> Pixels:
    """Return a picture, bone bright, in 8 bits after display processing that is drawn at random."""
    low, high = np.percentile(bright[::3, ::3], (0.2, 99.8))
    pixels = _bytes(3.0 + 250.0 * (bright - low) / max(high - low, 1e-6))
    return _drawn(rng)(Shown(pixels=pixels, hips=((0.0, 0.0, head_radius_px, 1),)))


def _drawn(rng: np.random.Generator) -> Alteration:
    """Draw an enhancement, a tone curve, or one after the other, of any strength between mild and strong."""
    which = rng.integers(3)
    steps = [draw(rng) for draw, left_out in ((_enhancement, 0), (_tone_curve, 1)) if which != left_out]
    return _in_turn(*steps)


def _enhancement(rng: np.random.Generator) -> Alteration:
    kind = rng.integers(3)
    if kind == 0:
        return _unsharp(rng.uniform(1.0, 5.0), rng.uniform(0.5, 1.8))
    if kind == 1:
        return _equalised(rng.uniform(1.5, 4.0), int(rng.integers(4, 11)))
    return _multi_scale(rng.uniform(0.6, 0.9), rng.uniform(0.2, 0.6))


def _tone_curve(rng: np.random.Generator) -> Alteration:
    kind = rng.integers(3)
    if kind == 0:
        return _gamma(2.0 ** rng.uniform(-1.0, 1.0))
    if kind == 1:
        return _s_curve(rng.uniform(3.0, 8.0))
    return _window(rng.uniform(0.01, 0.08), rng.uniform(0.94, 0.99))
