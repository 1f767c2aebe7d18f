"""What detectability predicts, against what is found of foci that it has not seen; its time per hip."""

import itertools
import math
import time
from collections.abc import Sequence

import cv2
import numpy as np
from detector_data import BenchHip, load_hips

from hipcalc.candidates import find_candidates
from hipcalc.candidates.features import hip_levels
from hipcalc.candidates.window import cut_window
from hipcalc.detectability import DIAMETERS, DetectionLimit, detectability
from hipcalc.detectability.limit import STATED_CNR
from hipcalc.errors import HipcalcError
from hipcalc.synthetic import FocusKind, FocusPatch, add_patches, draw_focus

FALSE_MARKS = 0.25
SEED = 11
PICTURES = 24
# Of the crops that end at the joint.
EVERY_CROP = 4
# Of the contrast that limits are stated for hardly a focus is missed: what is predicted shows at fainter ones, too.
CNRS = (0.4 * STATED_CNR, 0.6 * STATED_CNR, STATED_CNR)
KINDS: tuple[FocusKind, ...] = ("amorphous", "ossicle", "ring")


def unseen_plants(bench: BenchHip, tissue: str, cnr: float, rng: np.random.Generator) -> list[FocusPatch]:
    """Draw two foci, anywhere in the tissue that the limit is stated for, of any planted size."""
    window = cut_window(bench.normalized, bench.hip)
    from_rim = window.phi_deg - bench.hip.rim_phi_deg
    if tissue == "soft tissue":
        levels = hip_levels(window)
        there = cv2.GaussianBlur(window.level, (0, 0), 6.0) < 0.5 * (levels.soft + levels.bone)
        there &= window.zone & (window.r > 1.2) & (window.r < 2.05) & (from_rim > -6) & (from_rim < 56)
    else:
        there = window.zone & (window.r > 1.16) & (window.r < 2.05) & (from_rim > -30) & (from_rim < 58)
    spots = np.argwhere(there).astype(float)
    patches: list[FocusPatch] = []
    for _ in range(20):
        if len(patches) == 2 or not len(spots):
            break
        row, column = window.to_image(*spots[rng.integers(len(spots))][:, None])[0]
        size = float(np.exp(rng.uniform(math.log(DIAMETERS[0]), math.log(DIAMETERS[-1]))))
        diameter = max(size * bench.hip.head_radius_px, 2.0)
        edge = min(row, column, bench.normalized.shape[0] - 1 - row, bench.normalized.shape[1] - 1 - column)
        near = (math.hypot(p.row_px - row, p.column_px - column) < 0.5 * bench.hip.head_radius_px for p in patches)
        # What the picture cuts off is another matter.
        if any(near) or edge < 0.6 * diameter + 3:
            continue
        try:
            patch = draw_focus(
                bench.normalized,
                row_px=row,
                column_px=column,
                diameter_px=diameter,
                cnr=cnr,
                kind=KINDS[rng.integers(len(KINDS))],
                rng=rng,
            )
        except HipcalcError:
            continue
        patches.append(patch)
    return patches


def outcomes(bench: BenchHip, limit: DetectionLimit, rng: np.random.Generator) -> list[tuple[float, float, bool]]:
    """Return size, predicted probability and outcome of unseen foci."""
    rows = []
    sizes, probability = zip(*limit.curve, strict=True)
    for _ in range(PICTURES):
        patches = unseen_plants(bench, limit.tissue, limit.cnr, rng)
        found = find_candidates(add_patches(bench.normalized, tuple(patches)), bench.hip)
        for patch in patches:
            near = max(patch.diameter_px / 2, 0.08 * bench.hip.head_radius_px)
            marks = [
                candidate.expected_false_marks
                for candidate in found
                if math.hypot(candidate.row_px - patch.row_px, candidate.column_px - patch.column_px) <= near
            ]
            size = patch.diameter_px / bench.hip.head_radius_px
            rows.append((size, float(np.interp(size, sizes, probability)), min(marks, default=99.0) <= FALSE_MARKS))
    return rows


def measure(hips: Sequence[BenchHip], tissue: str) -> None:
    """Print the tables of one tissue."""
    rng = np.random.default_rng(SEED)
    seconds, tables = [], []
    for cnr in CNRS:
        limits, rows = [], []
        for bench in hips:
            started = time.process_time()
            limit = detectability(bench.normalized, bench.hip, false_marks_per_hip=FALSE_MARKS, cnr=cnr)
            if limit.tissue == tissue:
                seconds.append(time.process_time() - started)
                limits.append(limit)
                rows += outcomes(bench, limit, rng)
        tables.append(np.array(rows, float))
        print(f"{tissue}, CNR {cnr:g}: {len(limits)} of {len(hips)} hips; {len(rows)} unseen foci, ", end="")
        print(f"predicted {tables[-1][:, 1].mean():.2f}, realised {tables[-1][:, 2].mean():.2f}")
        print_parts("diameter (head radii)", tables[-1], 0, (0.06, 0.09, 0.14, 0.21, 0.33))
        reached = [limit.detection_limit_head_radii for limit in limits if limit.detection_limit_head_radii is not None]
        if reached:
            low, median, high = np.percentile(reached, [5, 50, 95])
            print(f"  limit reached in {len(reached)} hips: median {median:.3f} head radii ({low:.3f} to {high:.3f})")
    print(f"{tissue}, all contrasts")
    print_parts("predicted probability", np.concatenate(tables), 1, (0.0, 0.2, 0.5, 0.8, 0.9, 0.97, 1.01))
    print(f"CPU time {np.median(seconds):.2f} s per hip, at most {max(seconds):.2f} s", flush=True)


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    measure(load_hips(annotated_only=True), "soft tissue")
    # The trend over bone was fitted on the crops that a reader annotated.
    fitted = {bench.name for bench in load_hips(pelves=False, annotated_only=True)}
    measure([bench for bench in load_hips(pelves=False) if bench.name not in fitted][::EVERY_CROP], "bone")


def print_parts(title: str, table: np.ndarray, column: int, edges: tuple[float, ...]) -> None:
    """Print what was predicted and realised between the edges of one column."""
    for low, high in itertools.pairwise(edges):
        part = table[(table[:, column] >= low) & (table[:, column] < high)]
        if len(part):
            print(f"  {title} {low:.2f} to {high:.2f}: predicted {part[:, 1].mean():.2f}, ", end="")
            print(f"realised {part[:, 2].mean():.2f}, {len(part)} foci")


if __name__ == "__main__":
    main()
