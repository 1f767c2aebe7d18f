"""Real foci moved from elsewhere in real pelves to other patients' hips, beside planted ones at the same places.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_transplanted.py

Are planted foci found as easily as real ones? The foci are those of elsewhere_by_eye.csv of which the reader was sure;
each goes to hips of other patients, as large and as strong as it was at home, and a planted one as large and as strong
goes to the same place of another copy of the picture. The ranking is fitted without the patient of the hip and without
all patients who gave a focus; the crops are every second file. `blob_log` (locally normalised) looks at the same
pictures of pelves. Intervals resample the patients of the hips. Three minutes of CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from bench_detector import POINTS, best_hit, thresholds
from detector_data import DATA, BenchHip, load_hips
from fit_detector import Ranking, Sample, collect, cross_validated, fit_ranking, hits_of, other_hip, spots_of, strength
from peers import PEERS
from planted import Plant, Style
from transplanted import Donor, Moved, donors, transplant

from hipcalc.candidates.finding import MeasuredSpots, controlled
from hipcalc.candidates.window import cut_window
from hipcalc.normalize import NormalizedRadiograph

SEED = 22
CROPS = 87
# Of the fit; and how many pictures each hip receives foci in.
PLANTINGS: dict[str, tuple[Style, ...]] = {"crop": ("natural",), "pelvis": ("natural",) * 8}
RECEIVED = {"crop": 1, "pelvis": 6}
PEER = "blob_log, locally normalised"
AT = POINTS.index(0.5)
DRAWS = 500
ROWS: dict[str, Callable[["Found"], bool]] = {
    "all": lambda found: True,
    "free in the zones": lambda found: found.truth.where in ("soft", "any"),
    "at the rim": lambda found: found.truth.where in ("rim", "beside"),
    "touching bone": lambda found: found.truth.where == "touching",
    "below 2.4 mm": lambda found: found.mm < 2.4,
    "2.4 to 3.5 mm": lambda found: 2.4 <= found.mm < 3.5,
    "3.5 to 8 mm": lambda found: found.mm >= 3.5,
    "CNR below 2": lambda found: found.truth.cnr < 2,
    "CNR 2 to 3": lambda found: 2 <= found.truth.cnr < 3,
    "CNR 3 and more": lambda found: found.truth.cnr >= 3,
    "rings": lambda found: found.truth.kind == "ring",
    "solid": lambda found: found.truth.kind != "ring",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Strengths of the strongest mark on a real focus and on the planted one at the same place, by detector."""

    bench: BenchHip
    moved: Moved
    strengths: dict[str, tuple[float, float]]

    @property
    def truth(self) -> Plant:
        return self.moved.truth

    @property
    def mm(self) -> float:
        """Diameter, heads taken as 48 mm."""
        return 24.0 * self.moved.donor.size


def look(samples: list[Sample], given: tuple[Donor, ...], models: dict[str, Ranking]) -> list[Found]:
    """Move foci to every hip, and look for them."""
    hips = tuple(sample.bench for sample in samples)
    bare = [spots_of(bench.normalized, bench) for bench in hips]
    found = []
    for number, bench in enumerate(hips):
        control, ranking = other_hip(hips, bare, number), models[bench.group]
        for picture in range(RECEIVED[bench.source]):
            done = transplant(bench, given, np.random.default_rng((SEED, number, picture)))
            truth = tuple(one.truth for one in done.foci)
            seen = [_own(shown, bench, control, ranking, truth) for shown in (done.real, done.planted)]
            strengths = {"hipcalc": list(zip(*seen, strict=True))}
            if bench.source == "pelvis":
                seen = [_peer(shown, bench, truth) for shown in (done.real, done.planted)]
                strengths[PEER] = list(zip(*seen, strict=True))
            for k, one in enumerate(done.foci):
                found.append(Found(bench=bench, moved=one, strengths={name: s[k] for name, s in strengths.items()}))
    return found


def _own(
    picture: NormalizedRadiograph,
    bench: BenchHip,
    control: MeasuredSpots | None,
    ranking: Ranking,
    truth: tuple[Plant, ...],
) -> list[float]:
    measured = controlled(spots_of(picture, bench), control)
    strengths = strength(ranking, measured.features)
    return [float(strengths[hit].max(initial=-np.inf)) for hit in hits_of(measured, truth)]


def _peer(picture: NormalizedRadiograph, bench: BenchHip, truth: tuple[Plant, ...]) -> list[float]:
    marks = PEERS[PEER](cut_window(picture, bench.hip))
    return [best_hit(marks, plant, bench.hip.head_radius_px) for plant in truth]


def print_rows(name: str, found: list[Found], limits: list[float]) -> None:
    """Print sensitivities of one detector, real and planted, and their difference."""
    for row, belongs in ROWS.items():
        chosen = [one for one in found if belongs(one)]
        if not chosen:
            continue
        hits = np.array([one.strengths[name] for one in chosen])[:, :, None] > np.array(limits)
        real, planted = hits.mean(axis=0)
        low, high = _interval(hits[:, 0, AT].astype(float) - hits[:, 1, AT], [one.bench.group for one in chosen])
        cells = "  ".join("".join(f"{value:6.2f}" for value in values) for values in (real, planted))
        print(f"{row:22s}{cells}{real[AT] - planted[AT]:+8.2f} ({low:+.2f} to {high:+.2f}){len(chosen):6d}")


def _interval(difference: np.ndarray, groups: list[str]) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of a mean over resampled groups."""
    names, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, difference), np.bincount(index)
    drawn = np.random.default_rng(SEED).integers(len(names), size=(DRAWS, len(names)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    if not DATA.is_dir():
        print(f"There are no real radiographs in {DATA}, so no focus is moved.")
        return
    given = donors()
    samples = collect(load_hips(most=CROPS), SEED, PLANTINGS)
    patients = {donor.patient for donor in given}
    taught = [sample for sample in samples if sample.bench.group not in patients]
    models = dict.fromkeys(patients, fit_ranking(taught)) | cross_validated(taught)
    found = look(samples, given, models)
    print(f"{len(given)} real foci of {len(patients)} patients; real | planted at false marks per hip of {POINTS}")
    for source in ("pelvis", "crop"):
        hips = [sample for sample in samples if sample.bench.source == source]
        limits = {"hipcalc": thresholds([strength(models[s.bench.group], s.features) for s in hips])}
        if source == "pelvis":
            limits[PEER] = thresholds([PEERS[PEER](cut_window(s.bench.normalized, s.bench.hip))[1] for s in hips])
        for name, levels in limits.items():
            print(f"\n{name}, {len(hips)} hips, {source}; difference at 0.5 (2.5th to 97.5th percentile), foci")
            print_rows(name, [one for one in found if one.bench.source == source], levels)


if __name__ == "__main__":
    main()
