"""Foci read by eye in real pictures: what the detector and its peers say of each, and their sensitivities.

The list (natural_by_eye.csv) was written from the pictures without any mark in them, before any score was seen, by a
reader who is not a radiologist. Hips are as located; a focus beside a hip that was not located is missed.

The detector's price is its own, that of a screening of the file. The peers' false marks are counted on the hips without
a focus of 16 crops and 16 pelves, spread evenly over the files.
"""

import math

import cv2
import numpy as np
from detector_data import BenchHip, NaturalFocus, file_of, hips_with_foci, load_hips, natural_foci, resampled
from peers import PEERS, Peer

import hipcalc
from hipcalc.candidates.window import cut_window
from hipcalc.errors import HipcalcError

POINTS = (0.1, 0.25, 0.5, 1.0)
FREE_FILES = 16


def reach(diameter_px: float, head_radius_px: float) -> float:
    """Return how far from a focus's centre a mark may lie: in the focus, or within 0.08 head radii."""
    return max(diameter_px / 2, 0.08 * head_radius_px)


def hit(places: np.ndarray, focus: NaturalFocus, bench: BenchHip) -> np.ndarray:
    """Return which marks on a bench hip's pixel grid hit a focus."""
    row, column = (resampled(value, bench.factor) for value in (focus.row_px, focus.column_px))
    near = reach(focus.diameter_px * bench.factor, bench.hip.head_radius_px)
    return np.asarray(np.hypot(places[:, 0] - row, places[:, 1] - column) <= near)


def own_price(focus: NaturalFocus) -> float:
    """Return the expected false marks at which a screening marks a focus, infinity where it does not."""
    best = math.inf
    try:
        marks = hipcalc.screen(file_of(focus), detectability=False).candidates
    except HipcalcError:
        return best
    for mark in marks:
        away = math.hypot(mark.row_px - focus.row_px, mark.column_px - focus.column_px)
        if away <= reach(focus.diameter_px, mark.diameter_px / mark.diameter_head_radii):
            best = min(best, mark.expected_false_marks)
    return best


def peer_price(peer: Peer, focus: NaturalFocus, hips: list[BenchHip], false: np.ndarray, counted: int) -> float:
    """Return the false marks per hip, as counted, at which a peer marks a focus."""
    best = -math.inf
    for bench in hips:
        places, strengths = peer(cut_window(bench.normalized, bench.hip))
        best = max(best, float(strengths[hit(places, focus, bench)].max(initial=-math.inf)))
    return float((false >= best).sum()) / counted if best > -math.inf else math.inf


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    foci, hips = natural_foci(), hips_with_foci()
    free = [cut_window(bench.normalized, bench.hip) for bench in load_hips(most=FREE_FILES)]
    prices = {"hipcalc": [own_price(focus) for focus in foci]}
    for focus, price in zip(foci, prices["hipcalc"], strict=True):
        located = len(hips[focus.file])
        print(f"{focus.file[:44]:46s}{focus.kind:14s}{'sure' if focus.sure else '':6s}{located} hips  {price:8.3f}")
    print(f"{'found at false marks per hip of':40s}" + "".join(f"{point:9.2f}" for point in POINTS) + "   (sure / all)")
    for name in ("hipcalc", *PEERS):
        if name in PEERS:
            false = np.concatenate([PEERS[name](window)[1] for window in free])
            prices[name] = [peer_price(PEERS[name], f, hips[f.file], false, len(free)) for f in foci]
        cells = ""
        for point in POINTS:
            found = [price <= point for price in prices[name]]
            cells += f"{sum(f for f, focus in zip(found, foci, strict=True) if focus.sure):5d}/{sum(found):3d}"
        print(f"{name:40s}{cells}", flush=True)
    print(
        f"of {sum(focus.sure for focus in foci)} sure and {len(foci)} in all; peers on {len(free)} hips without a focus"
    )


if __name__ == "__main__":
    main()
