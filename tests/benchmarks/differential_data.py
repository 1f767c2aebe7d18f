"""Phantom pelves with foci of known class, screened: what the differential is fitted and measured on.

Every class is drawn from what the clinical page says of it (zone, size, look), so that the phantoms and the
differential's table come from one source: they show that the measures carry the classes, not that the page is right.
Metal lies alone in pictures of its own, as a class beside the others.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
from metal import MetalPiece, draw_metal, with_metal

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.candidates import control_of, measure_hips, rank_spots
from hipcalc.errors import UsageError
from hipcalc.findings import DEFAULT_FALSE_MARKS_PER_HIP, Finding, compare_sides, describe_candidates
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.synthetic import FocusPatch, FocusPlan, Phantom, add_patches, draw_focus, make_phantom
from hipcalc.synthetic.body import BodyAnatomy, SideName
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging
from hipcalc.synthetic.foci import _direction_deg

VARIANTS = 12
# One view does not tell the two apart, and the phantoms do not draw them apart.
BEAK = "rim-ossification or osteophyte"
RIM_CLASSES = ("labral-calcification", "os-acetabuli", BEAK, "cppd", "synovial-chondromatosis")
_RIM_SHARES = (0.32, 0.2, 0.2, 0.14, 0.14)
# Share of hips that get one; the detector does not look for the last three where they lie.
OTHER_CLASSES = {
    "rectus-femoris-hadd": 0.4,
    "gluteal-hadd": 0.4,
    "phlebolith": 0.1,
    "vascular-calcification": 0.1,
    "bone-island": 0.1,
}
METAL_CLASS = "marker"
METAL_VARIANTS, METAL_PER_HIP = 4, 2
METAL_R, METAL_PHI_DEG = (1.3, 2.2), (-20.0, 100.0)
CLASSES = (*RIM_CLASSES, *OTHER_CLASSES, METAL_CLASS)
_SIDES: tuple[SideName, SideName] = ("R", "L")
_FINEST_MM = 0.2
_METHODS = {BEAK: "beak"}


class _Draw:
    """Draws the foci of one class at one hip."""

    def __init__(self, side: SideName, edge_deg: float, rng: np.random.Generator) -> None:
        self.side, self.edge, self.rng, self.u = side, edge_deg, rng, rng.uniform

    def focus(self, kind: str, r: float, phi: float, diameter: float, **more: float) -> FocusPlan:
        common = {"cnr": float(self.u(3.0, 6.0)), **more}
        return FocusPlan(side=self.side, kind=kind, r_head_radii=r, phi_deg=phi, diameter_mm=diameter, **common)  # type: ignore[arg-type]

    def size(self, low: float, high: float) -> float:
        """Draw a size, evenly in the logarithm; the phantoms take no deposit above 15 mm."""
        return float(min(np.exp(self.u(math.log(low), math.log(high))), 15.0))

    def labral_calcification(self) -> list[FocusPlan]:
        kind = "amorphous" if self.u() < 0.8 else "ring"
        place = (self.u(1.15, 1.35), self.edge + self.u(0, 20))
        return [self.focus(kind, *place, self.size(1.9, 5.6), aspect=self.u(1.0, 1.6))]

    def os_acetabuli(self) -> list[FocusPlan]:
        place = (self.u(1.2, 1.4), self.edge + self.u(2, 18))
        return [self.focus("ossicle", *place, self.size(5, 14), aspect=self.u(1.0, 1.6))]

    def beak(self) -> list[FocusPlan]:
        turn = float(self.rng.normal(15, 20))
        return [self.focus("beak", 1.22, self.edge + 3, self.size(3, 8), orientation_deg=turn)]

    def cppd(self) -> list[FocusPlan]:
        return [self.focus("linear", self.u(1.06, 1.14), self.edge + self.u(-5, 20), self.size(4, 8))]

    def synovial_chondromatosis(self) -> list[FocusPlan]:
        size, many, u = self.size(2.5, 6), int(self.rng.integers(4, 8)), self.u
        places = [(1.12 + 0.22 * (k % 2) + u(-0.03, 0.03), self.edge + 6 + 17 * k + u(-2, 2)) for k in range(many)]
        return [self.focus("ossicle", *place, size * u(0.9, 1.1)) for place in places]

    def rectus_femoris_hadd(self) -> list[FocusPlan]:
        kind = "cluster" if self.u() < 0.6 else "amorphous"
        shape = {"aspect": self.u(1.2, 2.5), "orientation_deg": self.u(60, 120)}
        return [self.focus(kind, self.u(1.55, 2.0), self.u(5, 35), self.size(5, 15), **shape)]

    def gluteal_hadd(self) -> list[FocusPlan]:
        kind = "cluster" if self.u() < 0.4 else "amorphous"
        return [self.focus(kind, self.u(1.8, 2.4), self.u(62, 100), self.size(6, 15), aspect=self.u(1.0, 2.2))]

    def phlebolith(self) -> list[FocusPlan]:
        size, many, u = self.size(2.5, 5), int(self.rng.integers(1, 4)), self.u
        places = [(u(1.9, 2.4), -100 + 12 * k + u(-3, 3)) for k in range(many)]
        return [self.focus("phlebolith", *place, size * u(0.9, 1.1)) for place in places]

    def vascular_calcification(self) -> list[FocusPlan]:
        phi = self.u(-170, -120)
        turn = math.remainder(90 + phi + float(self.rng.normal(15, 10)), 360)
        return [self.focus("vascular", self.u(1.2, 1.8), phi, self.u(10, 15), orientation_deg=turn)]

    def bone_island(self) -> list[FocusPlan]:
        u = self.u
        place = (u(0.2, 0.7), u(-90, 90)) if u() < 0.5 else (u(1.3, 1.8), u(-60, -30))
        return [self.focus("amorphous", *place, self.size(3, 9), aspect=u(1.0, 1.4))]


def _plans(body: BodyAnatomy, rng: np.random.Generator) -> list[tuple[str, FocusPlan]]:
    """Draw a class at each rim, and some elsewhere; what is alike on both sides in nature often is here."""
    at_rim = {side: str(rng.choice(RIM_CLASSES, p=_RIM_SHARES)) for side in _SIDES}
    if at_rim["R"] in (BEAK, "cppd") and rng.uniform() < 0.6:
        at_rim["L"] = at_rim["R"]
    found: list[tuple[str, FocusPlan]] = []
    for side in _SIDES:
        hip = body.hip(side)
        if hip.prosthesis:
            continue
        names = [at_rim[side], *(name for name, share in OTHER_CLASSES.items() if rng.uniform() < share)]
        for name in names:
            drawing = getattr(_Draw(side, hip.centre_edge_angle_deg, rng), _METHODS.get(name, name.replace("-", "_")))
            found += [(name, plan) for plan in drawing()]
    return found


def _patches(
    image: NormalizedRadiograph, phantom: Phantom, planned: list[tuple[str, FocusPlan]], rng: np.random.Generator
) -> list[tuple[str, FocusPatch]]:
    """Draw the planned foci for a picture, without those that would lie outside of it or in a part that is left out."""
    by_side = {hip.side: hip for hip in phantom.hips}
    drawn = []
    for name, plan in planned:
        hip = by_side[plan.side]
        row, column = hip.to_image(plan.r_head_radii, plan.phi_deg)
        with contextlib.suppress(UsageError):
            patch = draw_focus(
                image,
                row_px=row,
                column_px=column,
                diameter_px=plan.diameter_mm * hip.magnification / phantom.imaging.pixel_mm,
                cnr=plan.cnr,
                kind=plan.kind,
                rng=rng,
                orientation_deg=_direction_deg(hip, plan),
                aspect=plan.aspect,
            )
            drawn.append((name, patch))
    return drawn


def rows(seed: int, number: int) -> Iterator[dict[str, object]]:
    """Yield a row for each planted focus: its class, and the candidate on it with every measure, if there is one.

    One phantom pelvis without foci is simulated, its hips are located, and `VARIANTS` sets of foci are planted.
    """
    rng = np.random.default_rng([seed, number])
    body, imaging = draw_body(rng), draw_imaging("ap-pelvis", rng)
    coarser = max(imaging.pixel_mm, _FINEST_MM) / imaging.pixel_mm
    imaging = replace(
        imaging,
        pixel_mm=imaging.pixel_mm * coarser,
        rows=int(imaging.rows / coarser),
        columns=int(imaging.columns / coarser),
    )
    phantom = make_phantom(body=body, imaging=imaging, seed=number)
    image = normalize(phantom.to_radiograph(f"phantom-{number}"))
    hips = locate_hips(image)
    for _ in range(VARIANTS):
        drawn = _patches(image, phantom, _plans(body, rng), rng)
        candidates = _marks(add_patches(image, tuple(patch for _, patch in drawn)), hips)
        for name, patch in drawn:
            found = _on(patch, candidates)
            row = {"phantom": number, "class": name, "kind": patch.kind, "true_mm": patch.diameter_mm}
            yield {**row, "found": found is not None, **({} if found is None else asdict(found))}
    yield from _metal_rows(number, image, hips, np.random.default_rng([seed, number, 1]))


def _metal_rows(
    number: int, image: NormalizedRadiograph, hips: tuple[HipFrame, ...], rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    """Yield the same rows for pieces of metal, `METAL_PER_HIP` to a hip in `METAL_VARIANTS` pictures."""
    spacing = image.radiograph.spacing_mm or math.nan
    searched = [hip for hip in hips if hip.status in ("located", "uncertain")]
    for _ in range(METAL_VARIANTS):
        places = [
            (hip, hip.to_image(float(rng.uniform(*METAL_R)), float(rng.uniform(*METAL_PHI_DEG))))
            for hip in searched
            for _ in range(METAL_PER_HIP)
        ]
        pieces = tuple(piece for hip, place in places if (piece := draw_metal(image, hip, place, rng)))
        candidates = _marks(replace(image, grey=with_metal(image, pieces)), hips)
        for piece in pieces:
            found = _on(piece, candidates)
            row = {
                "phantom": number,
                "class": METAL_CLASS,
                "kind": piece.kind,
                "true_mm": piece.diameter_px * spacing,
            }
            yield {**row, "found": found is not None, **({} if found is None else asdict(found))}


def _marks(image: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> tuple[Finding, ...]:
    """Search the located hips, as `hipcalc.screen` does."""
    measured = measure_hips(image, hips)
    described = []
    for number, (hip, spots) in enumerate(zip(hips, measured, strict=True)):
        found = rank_spots(spots, control_of(measured, number))
        described.append((hip, describe_candidates(found, hip, image, false_marks_per_hip=DEFAULT_FALSE_MARKS_PER_HIP)))
    return compare_sides(described)


def _on(patch: FocusPatch | MetalPiece, candidates: tuple[Finding, ...]) -> Finding | None:
    reach = max(patch.diameter_px / 2, 6.0)
    near = [
        mark for mark in candidates if math.hypot(mark.row_px - patch.row_px, mark.column_px - patch.column_px) <= reach
    ]
    return min(near, key=lambda mark: mark.expected_false_marks, default=None)


def table(seed: int, count: int, folder: Path) -> pd.DataFrame:
    """Return the rows of `count` phantoms; what `folder` holds already is not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(1, count + 1):
        file = folder / f"seed-{seed}-{number:04d}.pkl"
        if not file.exists():
            pd.DataFrame(list(rows(seed, number))).to_pickle(file)
        parts.append(pd.read_pickle(file))
    return pd.concat(parts, ignore_index=True)
