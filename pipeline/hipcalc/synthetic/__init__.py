"""Hips whose truth is known: phantoms, and foci planted into real radiographs."""

from hipcalc.synthetic.body import BodyAnatomy, HipAnatomy
from hipcalc.synthetic.deposits import FOCUS_KINDS, TRAP_KINDS, FocusKind
from hipcalc.synthetic.edge_blur import estimate_blur_px
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.furniture import Clip, Collimation, Dust, Furniture, ScaleBar, SideMarker, TextBox
from hipcalc.synthetic.imaging import Imaging
from hipcalc.synthetic.insertion import (
    FocusPatch,
    InsertedFocus,
    add_patches,
    draw_focus,
    insert_focus,
)
from hipcalc.synthetic.object_truth import ObjectTruth
from hipcalc.synthetic.phantom import Phantom, make_phantom
from hipcalc.synthetic.sample import SAMPLE_SIZE, simulate_sample
from hipcalc.synthetic.simulate import simulate
from hipcalc.synthetic.truth import FocusTruth, HipTruth
from hipcalc.synthetic.truth_tables import mask_of_runs

__all__ = [
    "FOCUS_KINDS",
    "SAMPLE_SIZE",
    "TRAP_KINDS",
    "BodyAnatomy",
    "Clip",
    "Collimation",
    "Dust",
    "FocusKind",
    "FocusPatch",
    "FocusPlan",
    "FocusTruth",
    "Furniture",
    "HipAnatomy",
    "HipTruth",
    "Imaging",
    "InsertedFocus",
    "ObjectTruth",
    "Phantom",
    "ScaleBar",
    "SideMarker",
    "TextBox",
    "add_patches",
    "draw_focus",
    "estimate_blur_px",
    "insert_focus",
    "make_phantom",
    "mask_of_runs",
    "simulate",
    "simulate_sample",
]
