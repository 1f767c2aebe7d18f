"""Hips whose truth is known: phantoms, and foci planted into real radiographs."""

from hipcalc.synthetic.body import BodyAnatomy, HipAnatomy
from hipcalc.synthetic.deposits import FOCUS_KINDS, TRAP_KINDS, FocusKind
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.insertion import (
    FocusPatch,
    InsertedFocus,
    add_patches,
    draw_focus,
    estimate_blur_px,
    insert_focus,
)
from hipcalc.synthetic.phantom import Phantom, make_phantom
from hipcalc.synthetic.sample import SAMPLE_SIZE, simulate_sample
from hipcalc.synthetic.simulate import simulate
from hipcalc.synthetic.truth import FocusTruth, HipTruth

__all__ = [
    "FOCUS_KINDS",
    "SAMPLE_SIZE",
    "TRAP_KINDS",
    "BodyAnatomy",
    "FocusKind",
    "FocusPatch",
    "FocusPlan",
    "FocusTruth",
    "HipAnatomy",
    "HipTruth",
    "Imaging",
    "InsertedFocus",
    "Phantom",
    "add_patches",
    "draw_focus",
    "estimate_blur_px",
    "insert_focus",
    "make_phantom",
    "simulate",
    "simulate_sample",
]
