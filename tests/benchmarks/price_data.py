"""Hips without a focus, pictured otherwise than those that the price in false marks was fitted on.

Run as a program, it counts the marks that the delivered model prices at each nominal value in three draws of phantoms,
of which it has seen none: six minutes of CPU.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
from detector_data import BenchHip
from fit_detector import Sample, regions_of, spots_of

from hipcalc.anatomy import locate_hips
from hipcalc.candidates.finding import control_of, controlled, measure_hips
from hipcalc.candidates.model import load_model
from hipcalc.errors import HipcalcError
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.normalize.noise import noise_blocks
from hipcalc.synthetic import make_phantom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging

SEED = 11
OTHER_SEEDS = 701, 1501
NOMINAL = (0.1, 0.25, 0.5, 1.0)
PHANTOMS = 40
# Of a whole pelvis, as the hips that the detector was fitted on have it.
PIXEL_MM = 0.28
# A picture that fills a fifth of its 256 levels.
FAINT_LEVELS = 51


def otherwise_pictured(samples: list[Sample]) -> dict[str, list[Sample]]:
    """Return the hips as they are, as 8-bit JPEG files, in few grey levels, and phantoms."""
    sets: dict[str, list[Sample]] = {}
    for source, name in (("pelvis", "pelves"), ("crop", "crops")):
        own = [s for s in samples if s.bench.source == source]
        sets[name] = own
        sets[f"{name}, as 8-bit JPEG"] = [_seen(s, s.stored, s.stored_regions) for s in own]
        sets[f"{name}, low contrast, 8 bits"] = [_faint(s) for s in own]
    return sets | {"phantoms": phantoms()}


def _seen(sample: Sample, features: np.ndarray, regions: np.ndarray) -> Sample:
    return replace(sample, features=features, regions=regions)


def _faint(sample: Sample) -> Sample:
    """Return a hip as a file shows it that keeps it in a fifth of its levels; without the other hip as control."""
    bench = sample.bench
    measured = spots_of(in_few_levels(bench.normalized), bench)
    return _seen(sample, measured.features, regions_of(measured))


def in_few_levels(picture: NormalizedRadiograph) -> NormalizedRadiograph:
    """Return a picture rounded to as many grey levels as a faint 8-bit file has."""
    low, high = (float(value) for value in np.percentile(picture.grey, (0.1, 99.9)))
    gain = FAINT_LEVELS / (high - low)
    grey = np.asarray(np.round((picture.grey - low) * gain) / gain + low, np.float32)
    return replace(picture, grey=grey, noise_blocks=noise_blocks(grey, picture.excluded))


def phantoms(seed: int = SEED) -> list[Sample]:
    """Return the located hips of phantom pelves that hold no focus."""
    found = []
    for number in range(PHANTOMS):
        rng = np.random.default_rng([seed, number])
        body, imaging = draw_body(rng), draw_imaging("ap-pelvis", rng)
        factor = imaging.pixel_mm / PIXEL_MM
        size = {"rows": int(imaging.rows * factor), "columns": int(imaging.columns * factor)}
        phantom = make_phantom(body=body, imaging=replace(imaging, pixel_mm=PIXEL_MM, **size), seed=number)
        try:
            found += _samples(normalize(phantom.to_radiograph()), number)
        except HipcalcError:
            continue
    return found


def _samples(picture: NormalizedRadiograph, number: int) -> list[Sample]:
    hips = locate_hips(picture)
    measured = measure_hips(picture, hips)
    samples = []
    for k, (hip, own) in enumerate(zip(hips, measured, strict=True)):
        if own is None or not math.isfinite(hip.head_radius_px):
            continue
        name = f"phantom {number} {hip.side}"
        bench = BenchHip(name=name, group=name, source="pelvis", normalized=picture, hip=hip, factor=1.0)
        control = control_of(measured, k)
        features = controlled(own, control).features
        none = np.empty((0, features.shape[1]))
        samples.append(
            Sample(
                bench=bench,
                features=features,
                stored=none,
                traps=(),
                plantings=(),
                regions=regions_of(own),
                stored_regions=regions_of(own)[:0],
                processed=none,
                processed_regions=regions_of(own)[:0],
                region_shares=own.window.region_shares,
                paired=control is not None,
            )
        )
    return samples


def main() -> None:
    """Print the counted marks per hip."""
    cv2.setNumThreads(1)
    model, every = load_model(), []
    for seed in (SEED, *OTHER_SEEDS):
        prices = []
        for sample in phantoms(seed):
            strengths = model.strength(sample.features)
            rate = model.rate(strengths, sample.region_shares)
            prices.append(model.expected_false_marks(strengths, sample.region_shares, rate, sample.paired))
        print_counted(f"phantoms of seed {seed}", prices)
        every += prices
    print_counted("all of them", every)


def print_counted(name: str, prices: list[np.ndarray]) -> None:
    """Print the marks per hip, from the prices of every hip's spots."""
    counted = "  ".join(f"{n:g}: {np.mean([(p <= n).sum() for p in prices]):.2f}" for n in NOMINAL)
    print(f"{name}, {len(prices)} hips, delivered model, nominal and counted  {counted}", flush=True)


if __name__ == "__main__":
    main()
