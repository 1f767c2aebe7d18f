"""Which foci the masks of a file take: letters, wires, metal and dust have sharp edges, and so have dense foci.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_masks.py

Detector and detectability plant into pictures that are normalised already. Here the planted picture is stored with 12
bits and normalised as a file. Prints, per set and manner of planting, how many foci lose three tenths of their disk
to the masks, and to which. About a minute of CPU.
"""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
from detector_data import load_hips
from planted import plant_foci

from hipcalc.normalize import NormalizedRadiograph, normalize

PELVES, PLANTINGS, SEED = 14, 2, 2
TAKEN, FREE = 0.3, 0.1


def as_file(normalized: NormalizedRadiograph) -> NormalizedRadiograph:
    """Store a picture's grey levels with 12 bits, and normalise that."""
    pixels = np.rint(np.clip((normalized.grey + 0.1) / 1.2, 0.0, 1.0) * 4095).astype(np.float32)
    return normalize(replace(normalized.radiograph, pixels=pixels, polarity="bone-bright", padding=None))


def kinds_at(normalized: NormalizedRadiograph, row: float, column: float, radius: float) -> str:
    """Name the masks that reach into a disk."""
    near = {
        region.kind
        for region in normalized.regions
        if cv2.pointPolygonTest(np.float32([point[::-1] for point in region.outline_px]), (column, row), True) > -radius
    }
    return " + ".join(sorted(near)) or "none"


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(SEED)
    planted: Counter[tuple[str, str]] = Counter()
    taken: dict[tuple[str, str], Counter[str]] = {}
    for hip in load_hips(most=PELVES):
        bare = as_file(hip.normalized).excluded
        for manner in ("stated", "natural"):
            for _ in range(PLANTINGS):
                picture, foci = plant_foci(hip, manner, rng)
                masked = as_file(picture)
                rows, columns = np.ogrid[: bare.shape[0], : bare.shape[1]]
                for focus in foci:
                    radius = max(2.0, focus.diameter_px / 2)
                    disk = np.hypot(rows - focus.row_px, columns - focus.column_px) <= radius
                    if bare[disk].mean() >= FREE:
                        continue
                    planted[hip.source, manner] += 1
                    if masked.excluded[disk].mean() > TAKEN:
                        kinds = kinds_at(masked, focus.row_px, focus.column_px, radius)
                        taken.setdefault((hip.source, manner), Counter())[kinds] += 1
    for (source, manner), count in sorted(planted.items()):
        lost = taken.get((source, manner), Counter())
        print(f"{source:8s}{manner:9s}{count:5d} foci, taken by masks {lost.total():3d}  {dict(lost)}")


if __name__ == "__main__":
    main()
