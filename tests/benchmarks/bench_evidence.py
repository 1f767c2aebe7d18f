"""Foci at places that are told: how far they stand out from all other places around the same hip (`evidence_at`).

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_evidence.py

Foci as natural ones, planted into the pelves and into every fourth crop, each looked at by its true place and size, in
the picture with the foci and in the same without. Prints by place: how often a place with a focus stands out more than
one without (area under the ROC curve), which share of either stands out like at most 2 and 5% of the hip's places,
which are marked at 0.5 expected false marks by a detector that knows no place (fitted on these patients), and the time;
then the natural foci that were read by eye, hips as located. Two minutes of CPU.
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

from hipcalc.candidates import PlaceEvidence, evidence_at, find_candidates
from hipcalc.errors import UsageError
from hipcalc.normalize import NormalizedRadiograph

SEED = 7
PLANTINGS = {"pelvis": 4, "crop": 1}
EVERY_CROP = 4
MARKED_AT = 0.5
# One place in fifty, and in twenty.
SHARES = (0.02, 0.05)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One place with and without a focus, and whether the focus is marked."""

    present: PlaceEvidence
    absent: PlaceEvidence
    marked: bool


def _evidence(
    picture: NormalizedRadiograph, bench: BenchHip, place: tuple[float, float], diameter_px: float
) -> PlaceEvidence | None:
    try:
        return evidence_at(picture, bench.hip, row_px=place[0], column_px=place[1], diameter_px=diameter_px)
    except UsageError:
        return None


def planted(hips: Sequence[BenchHip]) -> tuple[dict[tuple[str, str], list[Told]], list[float]]:
    """Return what is told of every planted focus by picture and place, and the seconds that each answer took."""
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    seconds = []
    for bench in hips:
        for number in range(PLANTINGS[bench.source]):
            picture, truth = plant_foci(bench, "natural", np.random.default_rng(SEED + number))
            marks = [m for m in find_candidates(picture, bench.hip) if m.expected_false_marks <= MARKED_AT]
            for focus in truth:
                place = focus.row_px, focus.column_px
                began = time.process_time()
                present = _evidence(picture, bench, place, focus.diameter_px)
                seconds.append(time.process_time() - began)
                absent = _evidence(bench.normalized, bench, place, focus.diameter_px)
                near = reach(focus.diameter_px, bench.hip.head_radius_px)
                marked = any(math.dist((m.row_px, m.column_px), place) <= near for m in marks)
                if present is not None and absent is not None:
                    told = Told(present=present, absent=absent, marked=marked)
                    found[bench.source, focus.where].append(told)
                    found[bench.source, "all"].append(told)
    return found, seconds


def print_natural() -> None:
    """Print how far each natural focus beside a hip that was located stands out."""
    hips = hips_with_foci()
    for focus in natural_foci():
        answers = [
            _evidence(
                bench.normalized,
                bench,
                (resampled(focus.row_px, bench.factor), resampled(focus.column_px, bench.factor)),
                focus.diameter_px * bench.factor,
            )
            for bench in hips[focus.file]
        ]
        told = min((answer.share for answer in answers if answer is not None), default=math.nan)
        print(f"{focus.file[:44]:46s}{focus.kind:14s}{'sure' if focus.sure else '':6s}{told:8.3f}")


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    hips = load_hips()
    crops = [bench for bench in hips if bench.source == "crop"][::EVERY_CROP]
    found, seconds = planted([bench for bench in hips if bench.source == "pelvis"] + crops)
    heads = "".join(f"   within {share:.2f}: with / without" for share in SHARES)
    print(f"{'':18s}   foci   area{heads}   marked at {MARKED_AT}")
    for (source, where), told in sorted(found.items()):
        present, absent = (np.array([getattr(one, name).share for one in told]) for name in ("present", "absent"))
        over = absent[None, :] - present[:, None]
        area = float(np.mean((over > 0) + 0.5 * (over == 0)))
        within = "".join(f"{(present <= share).mean():21.2f} / {(absent <= share).mean():.2f}    " for share in SHARES)
        marked = np.mean([one.marked for one in told])
        print(f"{source:8s}{where:10s}{len(told):7d}   {area:.2f}{within}{marked:14.2f}")
    print(f"{1000 * np.median(seconds):.0f} ms of CPU for an answer")
    print_natural()


if __name__ == "__main__":
    main()
