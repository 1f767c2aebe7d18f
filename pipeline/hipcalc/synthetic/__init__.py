"""Hips whose truth is known: foci planted into real radiographs."""

from hipcalc.synthetic.deposits import FOCUS_KINDS, TRAP_KINDS, FocusKind
from hipcalc.synthetic.insertion import (
    FocusPatch,
    InsertedFocus,
    add_patches,
    draw_focus,
    estimate_blur_px,
    insert_focus,
)

__all__ = [
    "FOCUS_KINDS",
    "TRAP_KINDS",
    "FocusKind",
    "FocusPatch",
    "InsertedFocus",
    "add_patches",
    "draw_focus",
    "estimate_blur_px",
    "insert_focus",
]
