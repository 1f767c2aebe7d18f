"""How real the phantoms are: spectra, noise, edges, local contrast and the locator's error beside real crops.

Run as ``python tests/benchmarks/bench_phantom.py [--phantoms N] [--no-cost]``; needs the real crops in
``../shared/data/hip_crops``. It prints tables, and writes a contact sheet to ``tests/benchmarks/out``.
"""

import argparse
import math
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from realism_data import CROPS, Crop, mesh_crops, phantom_crops, real_crops
from realism_measures import measures

from hipcalc.anatomy import locate_hips
from hipcalc.normalize import normalize
from hipcalc.radiograph import read_radiograph
from hipcalc.synthetic import BodyAnatomy, FocusPlan, Imaging, make_phantom, simulate

OUT = Path(__file__).resolve().parent / "out"


def compare(real: list[Crop], made: list[Crop]) -> None:
    """Print 10 / 50 / 90% of both, whether the phantoms' median lies in the real band, and how many phantoms do."""
    one, other = ([measures(crop) for crop in crops] for crops in (real, made))
    print(f"{len(real)} real crops (one of each patient), {len(made)} phantoms; grey range 2-98% of the crop = 1")
    head = ("real 10%", "50%", "90%", "made 10%", "50%", "90%", "", "inside")
    print(f"{'measure':38s}" + "".join(f"{word:>9s}" for word in head))
    within = []
    for name in dict.fromkeys(name for row in one for name in row):
        a, b = (np.array([row[name] for row in rows if name in row]) for rows in (one, other))
        if len(a) < 8 or len(b) < 5:
            print(f"{name:38s} measurable on {len(a)} real crops and {len(b)} phantoms: too few")
            continue
        low, middle, high = np.percentile(a, (10, 50, 90))
        first, median, last = np.percentile(b, (10, 50, 90))
        within.append(low <= median <= high)
        print(
            f"{name:38s}{low:9.2f}{middle:9.2f}{high:9.2f}{first:9.2f}{median:9.2f}{last:9.2f}"
            f"{'in' if within[-1] else 'OUT':>9s}{np.mean((b >= low) & (b <= high)):9.2f}"
        )
    print(f"phantoms' median inside the real band: {sum(within)} of {len(within)} rows")


def locator(sets: dict[str, list[Crop]]) -> None:
    """Print the same locator's errors on each set, in head radii; hips that are not found count as far off."""
    head = ("hips", "located", "centre 50%", "90%", "radius 50%", "rim 50%", "90%")
    print(f"{'locator on':12s}" + "".join(f"{word:>12s}" for word in head))
    for name, crops in sets.items():
        centres, radii, rims, located = [], [], [], 0
        for crop in crops:
            hip = _located(crop)
            if hip is None:
                centres.append(math.inf)
                continue
            row, column, radius = crop.head
            located += hip.status == "located"
            centres.append(math.hypot(hip.head_row_px - row, hip.head_column_px - column) / radius)
            if centres[-1] < 0.4:
                radii.append(abs(hip.head_radius_px / radius - 1))
                away = [math.hypot(hip.rim_row_px - r, hip.rim_column_px - c) / radius for r, c in crop.rims]
                rims.extend([min(away)] if away else [])
        shown = [np.quantile(v, q) if v else math.nan for v, q in ((radii, 0.5), (rims, 0.5), (rims, 0.9))]
        middle, far = np.quantile(centres, (0.5, 0.9), method="lower")
        print(
            f"{name:12s}{len(crops):12d}{located / len(crops):12.2f}{middle:12.3f}{far:12.3f}"
            f"{shown[0]:12.3f}{shown[1]:12.3f}{shown[2]:12.3f}"
        )


def _located(crop: Crop):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crop.png"
        cv2.imwrite(str(file), crop.pixels)
        hips = locate_hips(normalize(read_radiograph(file)))
    found = [hip for hip in hips if hip.lateral_sign == 1 and not math.isnan(hip.head_row_px)]
    return next((hip for hip in found if hip.status != "implant"), None)


def contact_sheet(real: list[Crop], made: list[Crop]) -> Path:
    """Rows of real crops and of phantoms, in turn."""
    OUT.mkdir(exist_ok=True)
    step = max(len(real) // 8, 1)
    rows = []
    for start in (0, 4):
        for crops in (real[start * step : (start + 4) * step : step], made[start : start + 4]):
            pictures = [
                cv2.resize(np.clip(crop.scaled * 215 + 20, 0, 255).astype(np.uint8), (440, 440)) for crop in crops
            ]
            rows.append(np.hstack(pictures))
    file = OUT / "phantom_contact_sheet.png"
    cv2.imwrite(str(file), np.vstack(rows))
    return file


def cost() -> None:
    """Print time and memory of a 2500 x 2048 AP pelvis with a focus, and the time of 200 radiographs from 6 of them."""
    imaging = Imaging(rows=2048, columns=2500, pixel_mm=0.17)
    cpu = time.process_time()
    make_phantom(body=BodyAnatomy(), imaging=imaging, foci=(FocusPlan(side="R"),), seed=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"2500 x 2048 AP pelvis: {time.process_time() - cpu:.1f} s of processor time, peak memory {peak:.2f} GiB")
    cpu = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        simulate(folder, n=6, seed=1)
    each = (time.process_time() - cpu) / 6
    print(f"simulate: {each:.1f} s of processor time each, so 200 on 2 cores take about {200 * each / 2 / 60:.1f} min")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=32, help="how many phantoms to measure")
    parser.add_argument("--no-cost", action="store_true", help="leave out time and memory")
    parser.add_argument("--no-locator", action="store_true", help="leave out the locator's errors")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if not options.no_cost:
        cost()
    if not CROPS.is_dir():
        sys.exit("the real crops (../shared/data/hip_crops) are not on this machine: nothing to compare with")
    real = real_crops()
    likes = [crop.head for crop in real]
    made = phantom_crops(likes, options.phantoms)
    compare(real, made)
    print(f"side by side: {contact_sheet(real, made)}")
    if not options.no_locator:
        locator({"real": real, "phantoms": made, "meshes": mesh_crops(likes)})


if __name__ == "__main__":
    main()
