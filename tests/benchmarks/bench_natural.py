"""Foci read by eye in real pictures: what the detector and its peers say of each, and their sensitivities.

Both lists were written from the pictures without any mark in them, before any score was seen, by readers who are no
radiologists: one who knew the files (natural_by_eye.csv), and later two who knew neither their names, nor that list,
nor each other's (natural_read_blind.csv: 195 hips as located, each with the certainty, of 100, that a panel of
radiologists would call it a focus apart from the bone's contour). Hips are as located; a focus beside a hip that was
not located is missed.

The detector's price is its own, that of a screening of the file. The peers' false marks are counted on the hips without
a focus of 16 crops and 16 pelves, spread evenly over the files.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from detector_data import (
    FOCI_READ_BLIND,
    MAY_BE_FOCUS,
    SURE,
    BenchHip,
    NaturalFocus,
    file_of,
    hips_with_foci,
    load_hips,
    natural_foci,
    resampled,
)
from peers import PEERS, Peer

import hipcalc
from hipcalc.candidates.window import cut_window
from hipcalc.errors import HipcalcError
from hipcalc.findings import Finding

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


@cache
def own_marks(file: Path) -> tuple[Finding, ...]:
    """Return the marks of a screening, none where it is refused."""
    try:
        return hipcalc.screen(file, detectability=False).candidates
    except HipcalcError:
        return ()


def own_price(focus: NaturalFocus) -> float:
    """Return the expected false marks at which a screening marks a focus, infinity where it does not."""
    place = (focus.row_px, focus.column_px)
    on_it = (
        mark.expected_false_marks
        for mark in own_marks(file_of(focus))
        if math.dist((mark.row_px, mark.column_px), place)
        <= reach(focus.diameter_px, mark.diameter_px / mark.diameter_head_radii)
    )
    return min(on_it, default=math.inf)


def peer_prices(
    peer: Peer, foci: Sequence[NaturalFocus], hips: dict[str, list[BenchHip]], false: Sequence[np.ndarray]
) -> list[float]:
    """Return the false marks per hip, as counted, at which a peer marks each focus, infinity where it does not."""
    every = np.concatenate(false)
    marks = {
        file: [(bench, *peer(cut_window(bench.normalized, bench.hip))) for bench in hips[file]]
        for file in {focus.file for focus in foci}
    }

    def price(focus: NaturalFocus) -> float:
        on_it = [strengths[hit(places, focus, bench)] for bench, places, strengths in marks[focus.file]]
        best = np.concatenate([np.empty(0), *on_it]).max(initial=-math.inf)
        return float((every >= best).sum()) / len(false) if best > -math.inf else math.inf

    return [price(focus) for focus in foci]


@cache
def false_marks(name: str) -> list[np.ndarray]:
    """Return the strengths of a peer's marks in each hip without a focus."""
    return [PEERS[name](cut_window(bench.normalized, bench.hip))[1] for bench in load_hips(most=FREE_FILES)]


def print_found(title: str, foci: Sequence[NaturalFocus], cell: Callable[[np.ndarray], str]) -> None:
    """Print every focus with its price, and of the detector and each peer what is found, said of which were."""
    hips = hips_with_foci(tuple(foci))
    prices = {"hipcalc": [own_price(focus) for focus in foci]}
    print(title)
    for focus, price in zip(foci, prices["hipcalc"], strict=True):
        located = len(hips[focus.file])
        print(f"{focus.file[:44]:46s}{focus.kind:14s}{focus.certainty:5.2f}  {located} hips  {price:8.3f}")
    print(f"{'found at false marks per hip of':34s}" + "".join(f"{point:18.2f}" for point in POINTS))
    for name in ("hipcalc", *PEERS):
        if name in PEERS:
            prices[name] = peer_prices(PEERS[name], foci, hips, false_marks(name))
        cells = (cell(np.array(prices[name]) <= point) for point in POINTS)
        print(f"{name:34s}" + "".join(f"{text:>18s}" for text in cells), flush=True)


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    known, blind = natural_foci(), natural_foci(FOCI_READ_BLIND)
    sure = np.array([focus.sure for focus in known])
    title = f"read by one: found of {sure.sum()} sure ones / of {len(known)}"
    print_found(title, known, lambda found: f"{(found & sure).sum()} / {found.sum()}")
    certainty = np.array([focus.certainty for focus in blind])
    levels = SURE, MAY_BE_FOCUS
    counts = " / ".join(f"{(certainty >= least).sum()} of at least {least}" for least in levels)
    title = f"\nread blind by two: found of their mean certainty in {len(blind)} / of the foci: {counts}"

    def weighed(found: np.ndarray) -> str:
        share = certainty[found].sum() / certainty.sum()
        return f"{share:.2f} / " + " / ".join(f"{(found & (certainty >= least)).sum()}" for least in levels)

    print_found(title, blind, weighed)
    print(f"peers on {len(load_hips(most=FREE_FILES))} hips without a focus")


if __name__ == "__main__":
    main()
