"""Random but plausible things beside the patient, where radiographers and software put them."""

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.furniture import Clip, Collimation, Dust, Furniture, ScaleBar, SideMarker, TextBox

__all__ = ["draw_furniture"]

Thing = TypeVar("Thing")
_CAPTIONS: Final = ("", "AP", "AP", "HIP AP", "PELVIS AP", "SUPINE", "PORTABLE", "STANDING AP")
# How many pictures in a hundred have each: markers and blades are the rule, the rest are exceptions.
_CHANCE: Final = {"blades": 0.5, "marker": 0.75, "box": 0.2, "bar": 0.15, "clips": 0.08, "dust": 0.1, "saturated": 0.12}


def draw_furniture(height_mm: float, width_mm: float, side: SideName | None, rng: np.random.Generator) -> Furniture:
    """Draw what stands in a picture of a size, beside a pelvis or a hip of one side.

    Foci are not covered: blades stay at the edge, and all else stays in the picture's outer fifth, except for clips
    and dust.
    """
    frame = (height_mm, width_mm)

    def maybe(name: str, draw: Callable[[], tuple[Thing, ...]]) -> tuple[Thing, ...]:
        return draw() if rng.uniform() < _CHANCE[name] else ()

    blades = maybe("blades", lambda: (_blades(rng),))
    collimation = blades[0] if blades else Collimation()
    black, white = _shares(rng) if rng.uniform() < _CHANCE["saturated"] else (0.0, 0.0)
    return Furniture(
        collimation=collimation,
        markers=maybe("marker", lambda: (_marker(frame, side, collimation, rng),)),
        clips=maybe("clips", lambda: _clips(frame, rng)),
        dust=maybe("dust", lambda: _dust(frame, rng)),
        text_boxes=maybe("box", lambda: (_box(frame, rng),)),
        scale_bars=maybe("bar", lambda: (_bar(frame, rng),)),
        black_share=black,
        white_share=white,
    )


def _blades(rng: np.random.Generator) -> Collimation:
    top, bottom, left, right = (float(rng.choice([0.0, rng.uniform(2.0, 11.0)])) for _ in range(4))
    return Collimation(
        top_mm=top,
        bottom_mm=bottom,
        left_mm=left,
        right_mm=right,
        angle_deg=float(np.clip(rng.normal(0.0, 0.6), -1.5, 1.5)),
        is_blacked=bool(rng.uniform() < 0.75),
    )


def _marker(
    frame: tuple[float, float], side: SideName | None, collimation: Collimation, rng: np.random.Generator
) -> SideMarker:
    """Lay a marker beside the patient: the patient's right is at the picture's left, whichever hip is shown."""
    letter: SideName = side or ("R" if rng.uniform() < 0.6 else "L")
    height = float(rng.uniform(10.0, 18.0))
    beside = float(rng.uniform(1.1, 1.6)) * height + 5.0
    inset = beside + (collimation.left_mm if letter == "R" else collimation.right_mm)
    upper, lower = 1.2 * height + collimation.top_mm + 8.0, 1.2 * height + collimation.bottom_mm + 8.0
    row = float(rng.uniform(upper, 0.3 * frame[0]) if rng.uniform() < 0.7 else rng.uniform(0.7, 0.85) * frame[0])
    return SideMarker(
        letter=letter,
        row_mm=min(row, frame[0] - lower),
        column_mm=inset if letter == "R" else frame[1] - inset,
        height_mm=height,
        angle_deg=float(np.clip(rng.normal(0.0, 8.0), -45.0, 45.0)),
        is_mirrored=bool(rng.uniform() < 0.05),
    )


def _clips(frame: tuple[float, float], rng: np.random.Generator) -> tuple[Clip, ...]:
    """Strew clips of one operation around one place in the pelvis or the groin."""
    row, column = (float(rng.uniform(0.3, 0.7)) * size for size in frame)
    return tuple(
        Clip(
            row_mm=row + float(rng.uniform(-20.0, 20.0)),
            column_mm=column + float(rng.uniform(-20.0, 20.0)),
            length_mm=float(rng.uniform(4.0, 9.0)),
            wire_mm=float(rng.uniform(0.5, 0.9)),
            angle_deg=float(rng.uniform(-180.0, 180.0)),
        )
        for _ in range(int(rng.integers(1, 6)))
    )


def _dust(frame: tuple[float, float], rng: np.random.Generator) -> tuple[Dust, ...]:
    return tuple(
        Dust(
            row_mm=float(rng.uniform(0.05, 0.95)) * frame[0],
            column_mm=float(rng.uniform(0.05, 0.95)) * frame[1],
            diameter_mm=float(rng.uniform(0.2, 0.7)),
        )
        for _ in range(int(rng.integers(1, 6)))
    )


def _box(frame: tuple[float, float], rng: np.random.Generator) -> TextBox:
    """Put a box into a corner, with or without letters: identities are blacked out, captions stay."""
    height, width = float(rng.uniform(8.0, 18.0)), float(rng.uniform(30.0, 70.0))
    return TextBox(
        row_mm=0.5 if rng.uniform() < 0.6 else frame[0] - height - 1.5,
        column_mm=0.5 if rng.uniform() < 0.5 else frame[1] - width - 1.5,
        height_mm=height,
        width_mm=width,
        text=str(rng.choice(_CAPTIONS)),
    )


def _bar(frame: tuple[float, float], rng: np.random.Generator) -> ScaleBar:
    length = float(rng.choice([50.0, 100.0]))
    inset = float(rng.uniform(3.0, 10.0))
    if rng.uniform() < 0.7:
        return ScaleBar(
            row_mm=float(rng.uniform(0.2, 0.9)) * (frame[0] - length - 4.0),
            column_mm=inset if rng.uniform() < 0.5 else frame[1] - inset - 5.0,
            length_mm=length,
        )
    return ScaleBar(
        row_mm=frame[0] - inset - 5.0,
        column_mm=float(rng.uniform(0.2, 0.9)) * (frame[1] - length - 4.0),
        length_mm=length,
        direction="lying",
    )


def _shares(rng: np.random.Generator) -> tuple[float, float]:
    """Draw the shares that an over- or an underexposure saturates."""
    share = float(rng.uniform(0.03, 0.15))
    return (share, 0.0) if rng.uniform() < 0.5 else (0.0, 0.6 * share)
