"""How far a hip's status and confidence can be trusted: pictures with known hips, and pictures without any.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_confidence.py [--diagram FILE.png]

Prints, per set, how many hips were called located, uncertain or not at all and how many located ones are wrong (centre
more than 0.4 head radii off), and the reliability of the confidence: of hips given so much, how many lie within 0.2
head radii. Then, what becomes of the pelves cut at both borders to other widths, as other head sizes are tried there;
and which turn is told of pictures that were turned by quarters, and of pictures without a hip.

Crops, pelves, photographs and noise were among the pictures that fitted the weights in judgement.json; the crops whose
circle was accepted, projected surfaces and infants were not, and none of all fitted the template in appearance.json.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import Pool
from multiprocessing.pool import Pool as PoolType
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from bench_locator import BY_EYE, DATA, Truth, accepted_crops, crops, pelves
from matplotlib.figure import Figure
from mesh_projection import SUBJECTS, project
from scipy.stats import beta

from hipcalc.anatomy import HipFrame, locate_hips, quarter_turns_to_hips
from hipcalc.errors import HipcalcError
from hipcalc.normalize import normalize
from hipcalc.radiograph import Radiograph, read_radiograph

BINS = (0.0, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0001)
PHOTOGRAPHS = (
    "camera",
    "coins",
    "brick",
    "grass",
    "gravel",
    "clock",
    "page",
    "text",
    "moon",
    "cell",
    "horse",
    "coffee",
)
NOISES = 12
# The program's own circles, which the eye accepted: they say whether a hip was found, not how exactly.
ACCEPTED = "crops, circle accepted"

# Of a pelvis' width; a head keeps so many of its radii to the border.
CUT_WIDTHS, LEAST_TO_BORDER = (0.97, 0.94, 0.91, 0.88), 1.6

# (row, column, radius, lateral sign) of each known hip; None where nobody drew them.
Hips = tuple[tuple[float, float, float, int], ...] | None


def bare(pixels: np.ndarray) -> Radiograph:
    """Return pixels as a radiograph of which nothing is known."""
    return Radiograph(
        pixels=np.ascontiguousarray(pixels, np.float32),
        path="made.png",
        sha256="0" * 64,
        bits=8,
        polarity="bone-bright",
        polarity_source="default",
        spacing_mm=None,
        spacing_source="unknown",
    )


def bright(image: Radiograph) -> np.ndarray:
    """Return a radiograph's pixels with bone bright."""
    return image.pixels if image.polarity == "bone-bright" else -image.pixels


def _known(truths: list[Truth]) -> Iterator[tuple[Radiograph, Hips]]:
    for file in sorted({truth.file for truth in truths}):
        hips = tuple((t.row, t.column, t.radius, t.lateral_sign) for t in truths if t.file == file and t.clear)
        yield read_radiograph(file), hips or None


def noise(seed: int) -> np.ndarray:
    """Return noise with a power-law spectrum."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(500, 1400, 2))
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]) + 1e-3
    made = np.fft.irfft2(np.fft.rfft2(rng.normal(size=shape)) / frequency ** (0.3 + 0.6 * (seed % 4)), shape)
    return 100.0 + 30.0 * made / made.std()


def _photograph(name: str) -> np.ndarray:
    picture = np.asarray(getattr(skimage.data, name)(), np.float32)
    picture = picture[..., :3].mean(axis=2) if picture.ndim == 3 else picture
    return cv2.resize(picture, None, fx=2.0, fy=2.0)


def _readable(folder: str, left_out: str) -> Iterator[Radiograph]:
    for file in sorted((DATA / folder).glob("*.dcm")):
        if not (left_out and file.name.startswith(left_out)):
            try:
                yield read_radiograph(file)
            except HipcalcError:
                continue


def pictures() -> Iterator[tuple[str, Radiograph, Hips]]:
    """Every picture with its set and its hips; an empty tuple where it shows none."""
    for image, hips in _known(crops()):
        yield "crops", image, hips
    for image, hips in _known(accepted_crops()):
        yield ACCEPTED, image, hips
    for image, hips in _known(pelves(BY_EYE)):
        yield "pelves", image, hips
        yield "pelves on their side", bare(np.rot90(image.pixels)), ()
        yield "pelves upside down", bare(image.pixels[::-1]), ()
    for subject in SUBJECTS:
        for tilt in (-8.0, 0.0, 8.0):
            pixels, heads = project(subject, tilt_deg=tilt)
            known = tuple((h.row_px, h.column_px, h.radius_px, -1 if h.side == "R" else 1) for h in heads)
            yield "projected CT surfaces", bare(pixels), known
    for image in _readable("dicom", "RG2"):
        yield "chest, spine, leg, shoulder", image, ()
    for image in _readable("paediatric", ""):
        yield "infants", image, ()
    for name in PHOTOGRAPHS:
        yield "photographs", bare(_photograph(name)), ()
    for seed in range(NOISES):
        yield "noise", bare(noise(seed)), ()


def judge(job: tuple[str, Radiograph, Hips]) -> tuple[str, Hips, tuple[HipFrame, ...]]:
    """Locate the hips of one picture."""
    cv2.setNumThreads(1)
    name, image, known = job
    return name, known, locate_hips(normalize(image))


def cut_pelves() -> Iterator[tuple[str, Radiograph, Hips]]:
    """Yield the pelves, cut at both borders where that leaves their hips."""
    for image, hips in _known(pelves(BY_EYE)):
        for share in CUT_WIDTHS if hips else ():
            width = image.pixels.shape[1]
            cut = int(width * (1 - share) / 2)
            room = (min(column - cut, width - cut - column) / radius for _, column, radius, _ in hips or ())
            if min(room) >= LEAST_TO_BORDER:
                moved = tuple((row, column - cut, radius, sign) for row, column, radius, sign in hips or ())
                yield "cut", bare(bright(image)[:, cut : width - cut]), moved


def turned_pictures() -> Iterator[tuple[str, Radiograph, int]]:
    """Yield pictures with the quarter turns clockwise that they need; 0 where they show no hip."""
    for name, image, hips in pictures():
        if name in ("crops", ACCEPTED, "pelves"):
            for turns in (1, 2, 3):
                yield f"{name}, turned", bare(np.rot90(bright(image), turns)), turns
        elif not hips and "pelves" not in name:
            yield "pictures without a hip", image, 0


def told_turn(job: tuple[str, Radiograph, int]) -> tuple[str, str]:
    """Say what is told of a picture in which no hip is found as it lies."""
    cv2.setNumThreads(1)
    name, image, needed = job
    normalized = normalize(image)
    if any(hip.status in ("located", "uncertain") for hip in locate_hips(normalized)):
        return name, "a hip as it lies"
    told = quarter_turns_to_hips(normalized)
    if told is None:
        return name, "no turn"
    return name, "the right turn" if told == needed else "a wrong turn"


def print_cut_and_turned(pool: PoolType) -> None:
    """Print the counts of pelves of other widths, and of turned pictures."""
    found = Counter[str]()
    for _, known, hips in pool.imap(judge, cut_pelves(), chunksize=2):
        for one in known or ():
            near = [hip for hip in hips if hip.status in ("located", "uncertain") and hip.lateral_sign == one[3]]
            wrong = any(off(hip, (one,)) > 0.2 for hip in near)
            found["more than 0.2 off" if wrong else near[0].status if near else "not found"] += 1
    print(f"\nhips of pelves cut to {CUT_WIDTHS} of their width: {dict(found)}")
    told: dict[str, Counter[str]] = {}
    for name, what in pool.imap(told_turn, turned_pictures(), chunksize=2):
        told.setdefault(name, Counter())[what] += 1
    for name, counts in told.items():
        print(f"{name}: {dict(counts)}")


def off(hip: HipFrame, known: tuple[tuple[float, float, float, int], ...]) -> float:
    """Distance from the nearest known hip of that side, in head radii."""
    away = [
        math.hypot(hip.head_row_px - row, hip.head_column_px - column) / radius
        for row, column, radius, sign in known
        if sign == hip.lateral_sign
    ]
    return min(away, default=math.inf)


def draw_reliability(pairs: list[tuple[float, bool]], file: Path) -> None:
    """Draw the share of right hips against the confidence given, with exact 95% intervals (Clopper and Pearson)."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="confidence given", ylabel="share within 0.2 head radii", xlim=(0, 1), ylim=(0, 1))
    axes.plot((0, 1), (0, 1), color="0.7", linewidth=1)
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= pair[0] < high]
        if inside:
            given, share = np.mean(inside, axis=0)
            count, right = len(inside), sum(told for _, told in inside)
            below = beta.ppf(0.025, right, count - right + 1) if right else 0.0
            above = beta.ppf(0.975, right + 1, count - right) if right < count else 1.0
            axes.errorbar(given, share, yerr=[[share - below], [above - share]], color="C0", marker="o", capsize=3)
            axes.annotate(str(count), (given, share), (4, -12), textcoords="offset points", fontsize=8)
    figure.savefig(file, dpi=150)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--diagram", type=Path, help="also draw the reliability of the confidence")
    options = parser.parse_args()
    with Pool(2) as pool:
        judged = list(pool.imap(judge, pictures(), chunksize=2))
        print_judged(judged, options.diagram)
        print_cut_and_turned(pool)


def print_judged(judged: list[tuple[str, Hips, tuple[HipFrame, ...]]], diagram: Path | None) -> None:
    """Print what was called located, and the reliability of the confidence."""
    heads = f"{'set':28s} {'hips':>5s} {'located':>8s} {'uncertain':>10s} {'neither':>8s} {'located, wrong':>15s}"
    print(f"{heads} {'centre, median / 90%':>22s}")
    pairs: list[tuple[float, bool]] = []
    for name in dict.fromkeys(name for name, _, _ in judged):
        counts = dict.fromkeys(("located", "uncertain", "wrong"), 0)
        total = 0
        errors: list[float] = []
        for _, known, hips in (one for one in judged if one[0] == name and one[1] is not None):
            total += max(len(known), 0 if known else 1)
            for hip in (hip for hip in hips if hip.status in ("located", "uncertain")):
                error = off(hip, known)
                # Injured pelves have sides whose hip nobody drew: nothing is known there.
                if known and math.isinf(error):
                    continue
                counts[hip.status] += 1
                counts["wrong"] += hip.status == "located" and error > 0.4
                pairs.append((hip.confidence, error < 0.2))
                errors += [error] if known and name != ACCEPTED else []
        missed = total - counts["located"] - counts["uncertain"]
        spread = "{:.3f} / {:.3f}".format(*np.quantile(errors, (0.5, 0.9))) if errors else ""
        row = (counts["located"], counts["uncertain"], max(missed, 0), counts["wrong"])
        print(f"{name:28s} {total:5d} {row[0]:8d} {row[1]:10d} {row[2]:8d} {row[3]:15d} {spread:>22s}")
    print("\nconfidence      hips  mean given  within 0.2 R")
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= pair[0] < high]
        if inside:
            given, right = np.mean(inside, axis=0)
            print(f"{low:.2f} to {min(high, 1.0):.2f} {len(inside):7d} {given:11.2f} {right:13.2f}")
    if diagram:
        draw_reliability(pairs, diagram)


if __name__ == "__main__":
    main()
