"""Fit what each piece of evidence says of the rim's place, and write the weights to models/ (4 minutes of CPU).

    PYTHONPATH=tests/benchmarks python tests/benchmarks/fit_rim.py

Phantoms with exact rims, and the crops of ../shared/data whose rims readers marked (either of their points counts).
A conditional logit: of all places where a rim may be, how likely is each, against a narrow bell around the marked one.
Prints how far the rim is off in hips that were left out (five folds, no patient in two of them), and on the pelves
drawn by eye, which have no part in the fit; each with the corner of the edges beside it. Writes the weights, rounded.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from bench_locator import BY_EYE, Truth, crops, pelves
from fit_appearance import small_phantom
from numpy.typing import NDArray
from scipy.optimize import minimize

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.anatomy.bony_end import RIM_PHI_DEG, RIM_RADII, rim_evidence, settle_rim
from hipcalc.anatomy.circle import PolarStrip, polar_strip
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.roof import find_rim
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph

MODEL = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / "locator-2" / "rim.json"
# Kind of phantom, and how many of them from number 2000 on.
FIRST_NUMBER, PHANTOMS = 2000, {"hip": 40, "pelvis": 25}
FOLDS = 5
# Width of the bell in head radii; weight decay.
BELL_HEAD_RADII, DECAY = 0.025, 0.3
FAR_HEAD_RADII = 0.4

Place = tuple[float, float]
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A located hip and its true rims as (r, phi)."""

    kind: str
    patient: str
    strip: PolarStrip
    rims: tuple[Place, ...]


def upright(r: float | Array, phi_deg: float | Array) -> tuple[Array, Array]:
    """(lateral, cranial) of a place in head radii."""
    phi = np.radians(phi_deg)
    return np.asarray(r * np.sin(phi)), np.asarray(r * np.cos(phi))


def distance(r: float | Array, phi_deg: float | Array, rims: tuple[Place, ...]) -> Array:
    """Distance from the nearest of the true rims."""
    lateral, cranial = upright(r, phi_deg)
    ends = [upright(*rim) for rim in rims]
    return np.asarray(np.min([np.hypot(lateral - x, cranial - y) for x, y in ends], axis=0))


def cases_of(kind: str, patient: str, normalized: NormalizedRadiograph, truths: list[Truth]) -> Iterator[Case]:
    picture = Pyramid.of(normalized.grey, ~normalized.excluded)
    for hip in locate_hips(normalized):
        for truth in truths:
            if hip.lateral_sign == truth.lateral_sign and hip.status in ("located", "uncertain") and truth.rims:
                yield from _case(kind, patient, picture, hip, truth)


def _case(kind: str, patient: str, picture: Pyramid, hip: HipFrame, truth: Truth) -> Iterator[Case]:
    if math.hypot(hip.head_row_px - truth.row, hip.head_column_px - truth.column) < FAR_HEAD_RADII * truth.radius:
        centre = hip.head_row_px, hip.head_column_px
        strip = polar_strip(picture, centre, hip.head_radius_px, hip.lateral_sign, hip.cranial_deg)
        rims = tuple(hip.to_polar(*rim) for rim in truth.rims)
        yield Case(kind=kind, patient=patient, strip=strip, rims=rims)


def real_cases(kind: str, truths: list[Truth]) -> Iterator[Case]:
    clear = [truth for truth in truths if truth.clear]
    for file in sorted({truth.file for truth in clear}):
        mine = [truth for truth in clear if truth.file == file]
        yield from cases_of(kind, file.name, normalize(read_radiograph(file)), mine)


def phantom_cases(kind: str, count: int) -> Iterator[Case]:
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        phantom = small_phantom(kind, number)
        truths = [
            Truth(
                file=Path(),
                lateral_sign=hip.lateral_sign,
                row=hip.head_row_px,
                column=hip.head_column_px,
                radius=hip.head_radius_px,
                rims=((hip.rim_row_px, hip.rim_column_px),),
                clear=True,
            )
            for hip in phantom.hips
        ]
        yield from cases_of(f"phantom, {kind}", f"{kind} {number}", normalize(phantom.to_radiograph()), truths)


def fit(cases: list[Case]) -> dict[str, float]:
    """Return the weight of each piece of evidence."""
    names: tuple[str, ...] = ()
    samples: list[tuple[Array, Array]] = []
    for case in cases:
        names, evidence, kept = rim_evidence(case.strip)
        bell = np.exp(-0.5 * (distance(RIM_RADII[kept], RIM_PHI_DEG[kept], case.rims) / BELL_HEAD_RADII) ** 2)
        if bell.sum() > 1e-3:
            samples.append((evidence[kept], bell / bell.sum()))
    spread = np.concatenate([evidence for evidence, _ in samples]).std(axis=0) + 1e-6
    samples = [(evidence / spread, bell) for evidence, bell in samples]

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = 0.5 * DECAY * float(weights @ weights), DECAY * weights
        for evidence, bell in samples:
            worth = evidence @ weights
            odds = np.exp(worth - worth.max())
            total -= float(bell @ worth - worth.max() - np.log(odds.sum()))
            slope = slope - evidence.T @ (bell - odds / odds.sum())
        return total, slope

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return {name: float(f"{weight:.3g}") for name, weight in zip(names, found / spread, strict=True)}


def print_errors(cases: list[Case], weights: list[dict[str, float]]) -> None:
    for kind in dict.fromkeys(case.kind for case in cases):
        rows = []
        for case, used in zip(cases, weights, strict=True):
            if case.kind == kind:
                corner = find_rim(case.strip)
                both = corner, settle_rim(case.strip, corner, used)
                rows.append([float(distance(rim.r_head_radii, rim.phi_deg, case.rims)) for rim in both])
        for name, off in zip(("corner", "weighed"), np.array(rows).T, strict=True):
            print(
                f"{kind:16s} {name:8s} {len(off):3d} hips: median {np.median(off):.3f}, 90% within "
                f"{np.quantile(off, 0.9):.3f}, within 0.06 {np.mean(off < 0.06):.2f}, 0.15 {np.mean(off < 0.15):.2f}"
            )


def main() -> None:
    """Fit, print and write."""
    cv2.setNumThreads(1)
    cases = list(real_cases("crops", crops()))
    for kind, count in PHANTOMS.items():
        cases += phantom_cases(kind, count)
    patients = sorted({case.patient for case in cases})
    folds = [patients.index(case.patient) % FOLDS for case in cases]
    left_out = [fit([c for c, fold in zip(cases, folds, strict=True) if fold != out]) for out in range(FOLDS)]
    print_errors(cases, [left_out[fold] for fold in folds])
    weights = fit(cases)
    apart = list(real_cases("pelves by eye", pelves(BY_EYE)))
    print_errors(apart, [weights] * len(apart))
    MODEL.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
