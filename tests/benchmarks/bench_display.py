"""Real pictures as vendors' display processing, archives and print leave them: what becomes of hips, prices and foci.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_display.py [NAME OF ALTERATION ...]

Pelves that are finer are brought to 0.28 mm per pixel, crops stay as they are; then each is altered, written as a PNG
file and screened as one. Per alteration: pictures whose light and dark were taken for each other; hips called located
and uncertain, and those of them that are more than 0.2 head radii off the reading by eye; centre and rim error, median;
how much of the zones is left by the masks; counted false marks per hip in hips without a focus, at nominal 0.1, 0.25,
0.5 and 1; and the share of foci planted like natural ones, before the picture was altered, that is marked at 0.5. The
model was fitted on these patients: compare with the first rows, not with the nominal. Seven minutes of CPU.
"""

import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from bench_confidence import bare
from bench_locator import BY_EYE, Truth, crops, pelves
from bench_natural import POINTS, reach
from detector_data import BenchHip, files_not_free, resampled
from display_processing import ALTERATIONS, HEAD_MM, Alteration, Shown
from planted import Plant, plant_foci

import hipcalc
from hipcalc.anatomy import HipFrame
from hipcalc.candidates.window import cut_window
from hipcalc.errors import HipcalcError
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.radiograph import read_radiograph
from hipcalc.screen import Screening

CROPS, SEED = 12, 4
PIXEL_MM = 0.28
# Off by more than this, in head radii, a hip is wrong.
WRONG = 0.2
MARKED_AT = 0.5
# Of a focus that can be found so much of its disk differs from the picture without it.
LEAST_SHOWN = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One picture: as it is, with foci planted, its hips as read by eye, and whether it is free of foci."""

    source: str
    shown: Shown
    planted: Shown
    foci: tuple[Plant, ...]
    truths: tuple[Truth, ...]
    is_free: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What screening an altered picture says; hits are of the foci that the altered picture still shows."""

    turned: list[bool]
    statuses: list[str]
    centres: list[float]
    rims: list[float]
    seen: list[float]
    prices: list[list[float]]
    hits: list[bool]


def cases() -> Iterator[Case]:
    """Yield the pelves and a spread of crops."""
    rng, not_free = np.random.default_rng(SEED), files_not_free()
    clear = [truth for truth in crops() if truth.clear and truth.rims]
    spread = [clear[k * len(clear) // CROPS] for k in range(CROPS)]
    for source, truths, finest in (("pelves", pelves(BY_EYE), HEAD_MM / PIXEL_MM), ("crops", spread, math.inf)):
        for file in sorted({truth.file for truth in truths}):
            own = [truth for truth in truths if truth.file == file]
            shown, read = _shown(own, min(1.0, finest / own[0].radius))
            planted, foci = _planted(shown, read, rng)
            yield Case(
                source=source,
                shown=shown,
                planted=replace(shown, pixels=planted),
                foci=foci,
                truths=read,
                is_free=file.name not in not_free,
            )


def _shown(truths: list[Truth], factor: float) -> tuple[Shown, tuple[Truth, ...]]:
    """Read a picture, and shrink it and what was read in it."""
    radiograph = read_radiograph(truths[0].file)
    pixels = cv2.resize(radiograph.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    moved = tuple(_resampled(truth, factor) for truth in truths)
    hips = tuple((truth.row, truth.column, truth.radius, truth.lateral_sign) for truth in moved)
    return Shown(pixels=np.rint(pixels).clip(0, 255).astype(np.uint8), hips=hips), moved


def _resampled(truth: Truth, factor: float) -> Truth:
    moved = partial(resampled, factor=factor)
    return replace(
        truth,
        row=moved(truth.row),
        column=moved(truth.column),
        radius=truth.radius * factor,
        rims=tuple((moved(row), moved(column)) for row, column in truth.rims),
    )


def _planted(shown: Shown, truths: tuple[Truth, ...], rng: np.random.Generator) -> tuple[np.ndarray, tuple[Plant, ...]]:
    """Plant foci beside every hip whose rim was read, and return the picture in its own grey levels."""
    picture = unplanted = normalize(bare(shown.pixels))
    every: list[Plant] = []
    for truth in (truth for truth in truths if truth.rims):
        name = truth.file.stem
        bench = BenchHip(name=name, group=name, source="pelvis", normalized=picture, hip=_frame(truth), factor=1.0)
        picture, foci = plant_foci(bench, "natural", rng)
        every += foci
    slope, offset = np.polyfit(unplanted.grey[::7, ::7].ravel(), shown.pixels[::7, ::7].ravel(), 1)
    return np.rint((slope * picture.grey + offset).clip(0, 255)).astype(np.uint8), tuple(every)


def _frame(truth: Truth) -> HipFrame:
    return HipFrame(
        side="unknown",
        side_source="unknown",
        status="located",
        confidence=1.0,
        head_row_px=truth.row,
        head_column_px=truth.column,
        head_radius_px=truth.radius,
        rim_row_px=truth.rims[0][0],
        rim_column_px=truth.rims[0][1],
        lateral_sign=truth.lateral_sign,
    )


def screened(pixels: np.ndarray) -> tuple[NormalizedRadiograph, Screening | None]:
    """Write pixels as a file, normalise and screen it; no screening where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "altered.png"
        cv2.imwrite(str(file), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        radiograph = read_radiograph(file)
        try:
            screening = hipcalc.screen(radiograph, detectability=False)
        except HipcalcError:
            return normalize(radiograph), None
        return screening.image, screening


def is_turned(image: NormalizedRadiograph, shown: Shown, corner: tuple[int, int]) -> bool:
    """Tell whether a picture came out bright where it was dark."""
    rows, columns = shown.pixels.shape
    inside = image.grey[corner[0] : corner[0] + rows, corner[1] : corner[1] + columns]
    return float(np.corrcoef(inside[::7, ::7].ravel(), shown.pixels[::7, ::7].ravel())[0, 1]) < 0.0


def found_at(screening: Screening | None, truth: Truth) -> HipFrame | None:
    """Return the hip of that side that a screening trusts."""
    trusted = [hip for hip in screening.hips if hip.status in ("located", "uncertain")] if screening else []
    return next((hip for hip in trusted if hip.lateral_sign == truth.lateral_sign), None)


def answered(case: Case, alter: Alteration) -> Answer:
    """Alter a picture, without and with its planted foci, and screen both."""
    pixels, with_foci = alter(case.shown), alter(case.planted)
    (image, plain), (_, planted) = screened(pixels), screened(with_foci)
    # A frame moves what it surrounds.
    down, right = ((longer - own) // 2 for longer, own in zip(pixels.shape, case.shown.pixels.shape, strict=True))
    turned = is_turned(image, case.shown, (down, right))
    answer = Answer(turned=[turned], statuses=[], centres=[], rims=[], seen=[], prices=[], hits=[])
    for truth in case.truths:
        hip = found_at(plain, truth)
        answer.statuses.append(hip.status if hip else "absent")
        if plain is None or hip is None:
            continue
        places = (hip.head_row_px, hip.head_column_px, truth.row, truth.column)
        answer.centres.append(math.hypot(places[0] - down - places[2], places[1] - right - places[3]) / truth.radius)
        for row, column in truth.rims[:1]:
            away = math.hypot(hip.rim_row_px - down - row, hip.rim_column_px - right - column)
            answer.rims.append(away / truth.radius)
        answer.seen.append(float(np.mean(cut_window(image, hip).region_shares)))
        if case.is_free:
            answer.prices.append([mark.expected_false_marks for mark in plain.candidates if mark.side == hip.side])
    marks = [mark for mark in planted.candidates if mark.expected_false_marks <= MARKED_AT] if planted else []
    radius = float(np.mean([truth.radius for truth in case.truths]))
    for focus in case.foci:
        row, column, near = focus.row_px + down, focus.column_px + right, reach(focus.diameter_px, radius)
        if is_shown(pixels, with_foci, row, column, focus.diameter_px):
            answer.hits.append(any(math.hypot(m.row_px - row, m.column_px - column) <= near for m in marks))
    return answer


def is_shown(plain: np.ndarray, planted: np.ndarray, row: float, column: float, diameter: float) -> bool:
    """Tell whether an altered picture shows a focus at all: not where print or a shutter covers it."""
    rows, columns = np.ogrid[: plain.shape[0], : plain.shape[1]]
    disk = np.hypot(rows - row, columns - column) <= max(2.0, diameter / 2)
    return float(np.mean(plain[disk] != planted[disk])) > LEAST_SHOWN


def row_of(answers: list[Answer]) -> str:
    """Return one row of the table."""
    turned, statuses, centres, rims, seen, prices, hits = (
        [one for answer in answers for one in getattr(answer, field.name)] for field in fields(Answer)
    )
    counted = " / ".join(f"{np.mean([sum(p <= point for p in hip) for hip in prices]):.2f}" for point in POINTS)
    return (
        f"{sum(turned):6d}{statuses.count('located'):5d}{statuses.count('uncertain'):4d}"
        f"{np.sum(np.array(centres) > WRONG):4d}"
        f"   {np.median(centres):.3f} {np.median(rims):.3f}   {np.mean(seen):.2f}   {counted}"
        f"   {np.mean(hits):.2f} of {len(hits)}"
    )


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    every = list(cases())
    hips, foci = sum(len(case.truths) for case in every), sum(len(case.foci) for case in every)
    print(f"{len(every)} pictures, {hips} hips, {foci} planted foci")
    points = " / ".join(map(str, POINTS))
    print(f"{'':39s}turned  loc unc off  centre   rim   seen   false marks at {points}   found at 0.5")
    for name in sys.argv[1:] or ALTERATIONS:
        answers = [(case.source, answered(case, ALTERATIONS[name])) for case in every]
        for source in ("pelves", "crops"):
            print(f"{name:32s}{source:7s}{row_of([own for of, own in answers if of == source])}", flush=True)


if __name__ == "__main__":
    main()
