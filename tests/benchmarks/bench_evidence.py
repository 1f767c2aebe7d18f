"""Foci at places that are told: how far they stand out from all other places around the same hip (`evidence_at`).

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_evidence.py

Foci as natural ones, planted into the pelves and into every fourth crop, each looked at by its true place and size, and
by a place a quarter of its diameter off that is said to be known to within 0.3 diameters; in the picture with the foci
and in the same without. Prints by place, for both: how often one with a focus stands out more than one without (area
under the ROC curve), and which share of either stands out like at most 5% of the hip's places; then which foci are
marked at 0.5 expected false marks by a detector that knows no place (fitted on these patients), and the time; then the
natural foci that were read by eye, hips as located. Three minutes of CPU.
"""

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from bench_natural import reach
from detector_data import BenchHip, hips_with_foci, load_hips, natural_foci, resampled
from planted import plant_foci

from hipcalc.candidates import evidence_at, find_candidates
from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph

SEED = 7
PLANTINGS = {"pelvis": 4, "crop": 1}
EVERY_CROP = 4
MARKED_AT = 0.5
# One place in twenty.
SHARE = 0.05
# In diameters: how far off a place is named, and within how much it is said to be known.
OFF, WITHIN = 0.25, 0.3


@dataclass(frozen=True, kw_only=True)
class Told:
    """Shares of one place with and without a focus, named exactly and roughly, and whether the focus is marked."""

    exact: tuple[float, float]
    rough: tuple[float, float]
    marked: bool


def _share(
    picture: NormalizedRadiograph, bench: BenchHip, place: tuple[float, float], diameter_px: float, within: float = 0.0
) -> float:
    """Return the share that stands out as much, nan where there is no answer."""
    try:
        told = evidence_at(
            picture,
            bench.hip,
            row_px=place[0],
            column_px=place[1],
            diameter_px=diameter_px,
            within_px=within * diameter_px,
        )
    except UsageError:
        return math.nan
    return math.nan if told is None else told.share


def planted(hips: Sequence[BenchHip]) -> tuple[dict[tuple[str, str], list[Told]], list[float]]:
    """Return what is told of every planted focus by picture and place, and the seconds that each answer took."""
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    seconds = []
    for bench in hips:
        for number in range(PLANTINGS[bench.source]):
            rng = np.random.default_rng(SEED + number)
            picture, truth = plant_foci(bench, "natural", rng)
            marks = [m for m in find_candidates(picture, bench.hip) if m.expected_false_marks <= MARKED_AT]
            for focus in truth:
                diameter, place = focus.diameter_px, (focus.row_px, focus.column_px)
                turn = rng.uniform(0.0, 2 * math.pi)
                near = place[0] + OFF * diameter * math.sin(turn), place[1] + OFF * diameter * math.cos(turn)
                began = time.process_time()
                exact = tuple(_share(shown, bench, place, diameter) for shown in (picture, bench.normalized))
                seconds.append((time.process_time() - began) / 2)
                rough = tuple(_share(shown, bench, near, diameter, WITHIN) for shown in (picture, bench.normalized))
                hit = reach(diameter, bench.hip.head_radius_px)
                marked = any(math.dist((m.row_px, m.column_px), place) <= hit for m in marks)
                if np.isfinite([*exact, *rough]).all():
                    told = Told(exact=exact, rough=rough, marked=marked)
                    found[bench.source, focus.where].append(told)
                    found[bench.source, "all"].append(told)
    return found, seconds


def print_natural() -> None:
    """Print how far each natural focus beside a hip that was located stands out."""
    hips = hips_with_foci()
    for focus in natural_foci():
        shares = [
            _share(
                bench.normalized,
                bench,
                (resampled(focus.row_px, bench.factor), resampled(focus.column_px, bench.factor)),
                focus.diameter_px * bench.factor,
            )
            for bench in hips[focus.file]
        ]
        told = min((share for share in shares if math.isfinite(share)), default=math.nan)
        print(f"{focus.file[:44]:46s}{focus.kind:14s}{'sure' if focus.sure else '':6s}{told:8.3f}")


def _cell(shares: Sequence[tuple[float, float]]) -> str:
    present, absent = np.array(shares).T
    over = absent[None, :] - present[:, None]
    area = float(np.mean((over > 0) + 0.5 * (over == 0)))
    return f"{area:14.2f}{(present <= SHARE).mean():17.2f} / {(absent <= SHARE).mean():.2f}     "


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    hips = load_hips()
    crops = [bench for bench in hips if bench.source == "crop"][::EVERY_CROP]
    found, seconds = planted([bench for bench in hips if bench.source == "pelvis"] + crops)
    heads = "".join(f"   {name}: area, within {SHARE} with / without" for name in ("exact", "rough"))
    print(f"{'':18s}   foci{heads}   marked at {MARKED_AT}")
    for (source, where), told in sorted(found.items()):
        cells = "".join(_cell([getattr(one, name) for one in told]) for name in ("exact", "rough"))
        print(f"{source:8s}{where:10s}{len(told):7d}{cells}{np.mean([one.marked for one in told]):13.2f}")
    print(f"{1000 * np.median(seconds):.0f} ms of CPU for an answer")
    print_natural()


if __name__ == "__main__":
    main()
