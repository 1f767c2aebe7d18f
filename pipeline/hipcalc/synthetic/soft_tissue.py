"""Fat, muscle, skin folds and bowel gas, as thickness along the ray."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.body import BodyAnatomy
from hipcalc.synthetic.stripes import Way, legs_of, stripe

__all__ = ["SoftTissue", "soft_tissue"]

Image = NDArray[np.float32]

# Muscles of one side: (lateral, cranial, half width, half thickness) along each, in hip millimetres.
_MUSCLES: Final[dict[str, Way]] = {
    "gluteus medius": ((5, 110, 30, 14), (42, 45, 26, 22), (60, 0, 12, 12)),
    "gluteus minimus": ((20, 60, 16, 8), (50, 8, 12, 9), (58, -8, 7, 5)),
    "gluteus maximus": ((-60, 70, 40, 14), (0, 0, 52, 22), (52, -60, 30, 14)),
    "iliopsoas": ((-52, 130, 20, 20), (-18, 45, 22, 16), (0, 2, 16, 14), (22, -56, 8, 8)),
    "tensor and sartorius": ((38, 92, 9, 9), (60, 0, 18, 12), (66, -80, 16, 10)),
    "rectus femoris": ((28, 42, 7, 8), (36, -20, 18, 14), (36, -120, 26, 20), (30, -260, 26, 20)),
    "vastus lateralis": ((62, -30, 12, 12), (68, -120, 26, 30), (58, -260, 30, 30)),
    "adductors": ((-72, -42, 16, 16), (-25, -105, 34, 34), (6, -260, 36, 36)),
    "hamstrings": ((-22, -70, 16, 14), (8, -160, 26, 24), (12, -260, 26, 24)),
    "obturators": ((-60, -40, 22, 10), (-20, -28, 16, 9), (40, -22, 7, 6)),
}
# Fat between muscles of one side: (lateral, cranial, half width, thickness) along each, in hip millimetres. The stripes
# that a reader looks for (J. Guerra et al., Radiology 128 (1978) 11): beside the capsule and the gluteus minimus, the
# gluteus medius, the iliopsoas, the obturator internus; then those between the thigh's muscles. Sizes are chosen.
_FAT_PLANES: Final[tuple[Way, ...]] = (
    ((22, 62, 1.0, 8), (36, 34, 1.4, 13), (50, 8, 1.2, 10), (56, -4, 0.8, 6)),
    ((30, 92, 1.4, 9), (50, 45, 1.9, 15), (63, 8, 1.4, 10)),
    ((44, 100, 1.5, 9), (66, 50, 2.2, 16), (78, 0, 2.2, 14), (80, -70, 1.8, 12)),
    ((-44, 60, 1.2, 8), (-30, 6, 1.6, 12), (-8, -32, 1.6, 13), (16, -62, 1.2, 8)),
    ((-46, 34, 0.9, 7), (-44, 0, 1.2, 11), (-38, -26, 1.0, 8)),
    ((-30, -48, 1.2, 8), (0, -52, 1.5, 11), (34, -50, 1.2, 8)),
    ((-40, -70, 1.4, 10), (-2, -120, 1.8, 14), (8, -260, 1.8, 14)),
    ((46, -30, 1.4, 10), (50, -120, 1.8, 14), (44, -260, 1.8, 14)),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SoftTissue:
    """Millimetres along the ray, shape (rows, columns): the whole body, and the lean part of it."""

    body: Image
    lean: Image


def _spindle(lateral: Image, cranial: Image, way: Way) -> Image:
    """Thickness of a muscle with elliptical cross-sections along a path."""
    thickness = np.zeros_like(lateral)
    for squared, width, depth in legs_of(lateral, cranial, way):
        np.maximum(thickness, 2.0 * depth * np.sqrt(np.maximum(1.0 - squared / width**2, 0.0)), out=thickness)
    return thickness


def _ramp(position: Image) -> Image:
    """Rise from 0 to 1 without a corner at either end."""
    held = np.clip(position, 0.0, 1.0)
    return np.asarray(held * held * (3.0 - 2.0 * held), np.float32)


def _hull(right: Image, cranial: Image, body: BodyAnatomy) -> Image:
    """Thickness of trunk and thighs: rounded from side to side, the thighs apart below the perineum."""
    full = body.body_thickness_mm
    half = 0.5 * body.head_distance_mm + 68.0 + 0.2 * full
    trunk = np.maximum(1.0 - np.abs(right / half) ** 3, 0.0) ** 0.5
    trunk = trunk * _ramp((cranial + 140.0) / 100.0)
    inner = 8.0 + 0.12 * np.clip(-85.0 - cranial, 0.0, None)
    centre, wide = (half + inner) / 2, (half - inner) / 2
    thigh = np.maximum(1.0 - np.abs((np.abs(right) - centre) / wide) ** 2.4, 0.0) ** 0.5
    thigh = 0.82 * thigh * _ramp((60.0 - cranial) / 120.0)
    # A soft maximum, so that thighs go over into the trunk without an edge.
    return np.asarray(full * (trunk**5 + thigh**5) ** 0.2, np.float32)


def _folds(lateral: Image, cranial: Image, rng: np.random.Generator) -> Image:
    """Skin folds: sharp on one side, fading on the other."""
    total = np.zeros_like(lateral)
    groin = cranial + 40.0 - 0.75 * (lateral + 20.0) - 0.004 * (lateral - 10.0) ** 2 + rng.uniform(-8, 8)
    gluteal = cranial + 98.0 + 0.15 * lateral + 0.0035 * lateral**2 + rng.uniform(-10, 10)
    belly = cranial - 112.0 - 0.1 * lateral + 0.0012 * (lateral + 88.0) ** 2 + rng.uniform(-25, 25)
    perineal = 0.9 * lateral - 0.35 * cranial + 92.0 + rng.uniform(-6, 6)
    pannus = max(rng.normal(0.0, 4.0), 0.0)
    for distance, height, reach in (
        (groin, rng.uniform(1.0, 6.0), 16.0),
        (-gluteal, rng.uniform(2.0, 8.0), 25.0),
        (belly, pannus, 30.0),
        (-perineal, rng.uniform(0.0, 5.0), 12.0),
    ):
        fade = np.exp(-np.maximum(distance, 0.0) / reach) / (1.0 + np.exp(np.clip(-distance / 0.5, -30, 30)))
        along = np.exp(-(((lateral - 5.0) / 60.0) ** 4))
        total += height * fade * along
    return total


def _blobs(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Image:
    noise = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), grain)
    return np.asarray(noise / noise.std(), np.float32)


def _bowel_gas(right: Image, cranial: Image, body: BodyAnatomy, step_mm: float, rng: np.random.Generator) -> Image:
    """Thickness of gas, alone and among stool, inside the pelvis and the abdomen.

    Gas lies in rounded pieces between folds of the bowel's wall; stool is a foam of small bubbles of many sizes.
    """
    # Within the pelvic inlet below, over the iliac wings above.
    reach = 46.0 + 40.0 / (1.0 + np.exp((70.0 - cranial) / 12.0))
    inside = _ramp((reach + 14.0 - np.abs(right)) / 34.0) * _ramp((cranial + 22.0) / 34.0)
    amount = 2.5 * inside + 0.9 * body.gas
    loops = _blobs(right.shape, 9.0 / step_mm, rng) - 4.4 + amount
    folds = 0.25 * _blobs(right.shape, 4.0 / step_mm, rng)
    bubbles = _ramp(np.asarray((loops - folds) / 0.9, np.float32))
    pieces = (_blobs(right.shape, 13.0 / step_mm, rng) - 3.9 + amount) / 1.1
    stool = _ramp(np.asarray(pieces, np.float32))
    foam = np.maximum(_blobs(right.shape, 2.2 / step_mm, rng), 0.0) + 0.6 * np.maximum(
        _blobs(right.shape, 1.1 / step_mm, rng), 0.0
    )
    return np.asarray((26.0 * bubbles + 9.0 * stool * (0.25 + foam)) * (body.gas > 0), np.float32)


def _grain(shape: tuple[int, int], step_mm: float, rng: np.random.Generator) -> Image:
    """Millimetres by which lobules of fat and bundles of muscle change the lean thickness, on four scales.

    Heights, and how much they differ between people, are chosen so that the spectra lie in the band of radiographs.
    """
    scales = ((6.0, 4.5), (2.2, 4.2), (0.9, 3.0), (0.5, 1.5))
    person = np.exp(rng.normal(0.0, 0.35))
    total = sum(height * _blobs(shape, grain / step_mm, rng) for grain, height in scales)
    return np.asarray(person * total, np.float32)


def soft_tissue(
    right: Image, cranial: Image, body: BodyAnatomy, *, step_mm: float, rng: np.random.Generator
) -> SoftTissue:
    """Return the thickness of body and lean tissue over a grid.

    Parameters
    ----------
    right, cranial : ndarray of float32, shape (rows, columns)
        Millimetres in the body, right as displayed from the midline, and cranial from the heads' centres.
    body : BodyAnatomy
    step_mm : float
        Distance of neighbouring samples.
    rng : numpy.random.Generator
    """
    whole = _hull(right, cranial, body)
    edge = np.clip((whole / body.body_thickness_mm - 0.30) / 0.5, 0.0, 1.0)
    lean = 0.42 * whole * edge
    # Muscles are bent and lobed, not drawn with a ruler.
    bent = [
        4.0 * _blobs(right.shape, 22.0 / step_mm, rng) + 0.8 * _blobs(right.shape, 6.0 / step_mm, rng) for _ in "xy"
    ]
    for sign in (-1.0, 1.0):
        lateral = np.asarray(sign * (right + bent[0]) - body.head_distance_mm / 2, np.float32)
        for way in _MUSCLES.values():
            lean += _spindle(lateral, cranial + bent[1], way)
        # Sheets of fat follow the muscles' bends, more smoothly.
        for way in _FAT_PLANES:
            lean -= rng.uniform(0.8, 2.2) * stripe(lateral, cranial + bent[1], way)
        whole = whole + _folds(lateral, cranial, rng)
    bladder = np.maximum(1.0 - (right / 42.0) ** 2 - ((cranial - 2.0) / 30.0) ** 2, 0.0)
    lean += 40.0 * np.sqrt(bladder)
    gas = _bowel_gas(right, cranial, body, step_mm, rng)
    lean = np.clip(lean + _grain(right.shape, step_mm, rng) * np.sqrt(edge), 0.0, 0.92 * whole)
    return SoftTissue(body=np.maximum(whole - gas, 0.0), lean=np.maximum(lean - gas, 0.0))
