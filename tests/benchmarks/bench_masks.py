"""Foci planted into real radiographs and stored as files: what masks take, what is lost to them, and to locating.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_masks.py

Detector and detectability plant into pictures that are normalised already. Here foci are planted into files at their
own resolution, stored with 8 bits between the file's own darkest and brightest value, and with 12 bits that hold all,
and normalised as files. Per set and manner of planting and storage: how many foci lose three tenths of their disk to
the masks, and to which; and the share marked at an expected 0.5 false marks per hip in the planted picture as it is,
in the file without its own masks, with them, and with the hip located in it, too. About two minutes of CPU.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import cv2
import detector_data
import numpy as np
from detector_data import BenchHip, load_hips
from planted import Plant, plant_foci

from hipcalc.anatomy import HipFrame, locate_hips
from hipcalc.candidates import find_candidates
from hipcalc.normalize import NormalizedRadiograph, normalize

HIPS, SEED = 24, 2
TAKEN, FREE = 0.3, 0.1
MARKS = 0.5
STAGES = ("planted", "file", "masks", "located")


def as_files(bare: NormalizedRadiograph, planted: NormalizedRadiograph) -> Iterator[tuple[str, NormalizedRadiograph]]:
    """Store a planted picture as the file it came from would hold it, and normalise that."""
    file = bare.radiograph.pixels
    slope, offset = np.polyfit(bare.grey[::7, ::7].ravel(), file[::7, ::7].ravel(), 1)
    pixels = slope * planted.grey + offset
    for name, low, high, top in (
        ("8 bits", file.min(), file.max(), 255),
        ("12 bits", pixels.min(), pixels.max(), 4095),
    ):
        levels = np.rint(np.clip((pixels - low) / (high - low), 0.0, 1.0) * top).astype(np.float32)
        yield name, normalize(replace(bare.radiograph, pixels=levels))


def is_marked(picture: NormalizedRadiograph, hip: HipFrame | None, focus: Plant) -> bool:
    """Tell whether a candidate at that price or less lies on a focus."""
    if hip is None:
        return False
    near = max(focus.diameter_px / 2, 0.08 * hip.head_radius_px)
    return any(
        np.hypot(one.row_px - focus.row_px, one.column_px - focus.column_px) <= near
        for one in find_candidates(picture, hip)
        if one.expected_false_marks <= MARKS
    )


def located(picture: NormalizedRadiograph, bench: BenchHip) -> HipFrame | None:
    """Locate the same hip in a picture; None where it is not found."""
    row, column, radius = bench.hip.head_row_px, bench.hip.head_column_px, bench.hip.head_radius_px
    found = (
        hip for hip in locate_hips(picture) if np.hypot(hip.head_row_px - row, hip.head_column_px - column) < radius
    )
    return next(found, None)


def share_taken(excluded: np.ndarray, focus: Plant) -> float:
    """Return the share of a focus's disk that is excluded."""
    rows, columns = np.ogrid[: excluded.shape[0], : excluded.shape[1]]
    disk = np.hypot(rows - focus.row_px, columns - focus.column_px) <= max(2.0, focus.diameter_px / 2)
    return float(excluded[disk].mean())


def kinds_at(normalized: NormalizedRadiograph, focus: Plant) -> str:
    """Name the masks that reach into a focus."""
    place, radius = (focus.column_px, focus.row_px), max(2.0, focus.diameter_px / 2)
    near = {
        region.kind
        for region in normalized.regions
        if cv2.pointPolygonTest(np.float32([point[::-1] for point in region.outline_px]), place, True) > -radius
    }
    return " + ".join(sorted(near)) or "none"


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    # Files as they are, not shrunk to one resolution.
    detector_data.HEAD_RADIUS_PX = np.inf
    rng = np.random.default_rng(SEED)
    taken: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    marked: defaultdict[tuple[str, ...], list[tuple[bool, ...]]] = defaultdict(list)
    # What is not located without a focus says nothing of foci.
    for bench in (one for one in load_hips(most=HIPS) if located(one.normalized, one)):
        for manner in ("stated", "natural"):
            planted, foci = plant_foci(bench, manner, rng)
            foci = tuple(focus for focus in foci if share_taken(bench.normalized.excluded, focus) < FREE)
            for storage, picture in as_files(bench.normalized, planted):
                kind = bench.source, manner, storage
                unmasked, found = replace(picture, excluded=bench.normalized.excluded), located(picture, bench)
                views = (planted, bench.hip), (unmasked, bench.hip), (picture, bench.hip), (picture, found)
                marked[kind] += [tuple(is_marked(*view, focus) for view in views) for focus in foci]
                taken[kind].update(
                    kinds_at(picture, focus) for focus in foci if share_taken(picture.excluded, focus) > TAKEN
                )
    for kind, rows in sorted(marked.items()):
        shares = "  ".join(f"{name} {share:.3f}" for name, share in zip(STAGES, np.mean(rows, axis=0), strict=True))
        print(f"{'{:8s}{:9s}{:8s}'.format(*kind)}{len(rows):4d} foci; {shares}; taken by masks {dict(taken[kind])}")


if __name__ == "__main__":
    main()
