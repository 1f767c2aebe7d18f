"""How real the phantoms are: power spectra and a contact sheet beside real crops; time and memory.

Run as ``python tests/benchmarks/bench_phantom.py``; needs the real crops in ``../shared/data/hip_crops``.
"""

import csv
import itertools
import resource
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from hipcalc.synthetic import BodyAnatomy, FocusPlan, Imaging, make_phantom
from hipcalc.synthetic.draw_body import draw_body

HERE = Path(__file__).resolve().parent
CROPS = HERE.parents[2] / "shared" / "data" / "hip_crops"
OUT = HERE / "out"
BANDS = (0.1, 0.2, 0.32, 0.5, 0.8, 1.25, 2.0)
# The crops' spacing is unknown: a head of this magnified radius sets their scale.
HEAD_RADIUS_MM = 27.6
PATCH_MM = 13.0
PLACES = {
    # Centre of the patch in head radii: cranial, lateral.
    "head": ((-0.1, -0.1), (-0.35, 0.1)),
    "roof": ((1.55, -0.25), (1.6, 0.1)),
}
PHANTOMS = 12


def scaled(picture: np.ndarray) -> np.ndarray:
    """Bring a crop to 0 and 1 at its 2nd and 98th percentile: vendors' grey scales have no common unit."""
    low, high = np.percentile(picture, (2, 98))
    return (picture - low) / max(high - low, 1.0)


def spectrum(patch: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Mean power per band, log10, of a windowed patch whose slow trend is taken off."""
    size = patch.shape[0]
    detail = patch - cv2.GaussianBlur(patch, (0, 0), size / 4)
    window = np.outer(np.hanning(size), np.hanning(size))
    power = np.abs(np.fft.fft2(detail * window)) ** 2 * pixel_mm**2 / (window**2).sum()
    frequency = np.fft.fftfreq(size, pixel_mm)
    radial = np.hypot(frequency[:, None], frequency)
    pairs = itertools.pairwise(BANDS)
    return np.log10([power[(radial >= low) & (radial < high)].mean() for low, high in pairs])


def patches(picture: np.ndarray, head: tuple[float, float, float], place: str, pixel_mm: float) -> list[np.ndarray]:
    """Spectra of the patches of one kind that lie inside a crop, lateral to the right."""
    row, column, radius = head
    size = int(PATCH_MM / pixel_mm)
    found = []
    for cranial, lateral in PLACES[place]:
        top, left = int(row - cranial * radius - size / 2), int(column + lateral * radius - size / 2)
        if 0 <= top <= picture.shape[0] - size and 0 <= left <= picture.shape[1] - size:
            found.append(spectrum(picture[top : top + size, left : left + size], pixel_mm))
    return found


def real_crops() -> list[tuple[np.ndarray, tuple[float, float, float], float]]:
    """Annotated real crops: scaled picture, head circle, millimetres per pixel."""
    with (CROPS / "annotations.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["head_ok"] == "1"]
    crops = []
    for row in rows:
        picture = cv2.imread(str(CROPS / "images" / row["file"]), cv2.IMREAD_GRAYSCALE).astype(np.float64)
        radius = float(row["head_radius_px"])
        head = (float(row["head_row_px"]), float(row["head_column_px"]), radius)
        crops.append((scaled(picture), head, HEAD_RADIUS_MM / radius))
    return crops


def phantom_crops() -> list[tuple[np.ndarray, tuple[float, float, float], float]]:
    """Phantoms cut as the real crops are."""
    rng = np.random.default_rng(5)
    crops = []
    for seed in range(PHANTOMS):
        imaging = Imaging(
            view="ap-left-hip",
            rows=900,
            columns=800,
            pixel_mm=0.16,
            dose=float(rng.uniform(0.3, 1.2)),
            enhancement=float(rng.uniform(0.2, 1.1)),
            blur_mm=float(rng.uniform(0.12, 0.22)),
        )
        phantom = make_phantom(body=draw_body(rng), imaging=imaging, seed=seed)
        (hip,) = phantom.hips
        top, left = max(int(hip.head_row_px) - 310, 0), max(int(hip.head_column_px) - 300, 0)
        picture = phantom.pixels[top : top + 511, left : left + 511].astype(np.float64)
        head = (hip.head_row_px - top, hip.head_column_px - left, hip.head_radius_px)
        crops.append((scaled(picture), head, imaging.pixel_mm))
    return crops


def compare(real: list, made: list) -> None:
    """Print real 10 / 50 / 90% and the phantoms' median, log10 power per band, and whether it lies between."""
    print("log10 power (grey range 2-98% of the crop = 1) in cycles per mm")
    print(f"{'where':20s}{'band':>12s}{'real 10%':>10s}{'50%':>8s}{'90%':>8s}{'phantoms':>10s}  n")
    for place in PLACES:
        one, other = (
            np.array([line for crop in crops for line in patches(crop[0], crop[1], place, crop[2])])
            for crops in (real, made)
        )
        for band in range(len(BANDS) - 1):
            low, middle, high = np.percentile(one[:, band], (10, 50, 90))
            median = np.median(other[:, band])
            verdict = "in" if low <= median <= high else "OUT"
            span = f"{BANDS[band]:g}-{BANDS[band + 1]:g}"
            print(f"{place:20s}{span:>12s}{low:10.2f}{middle:8.2f}{high:8.2f}{median:10.2f}  {len(one)} {verdict}")


def contact_sheet(real: list, made: list) -> Path:
    """Rows of real crops and of phantoms, in turn."""
    OUT.mkdir(exist_ok=True)
    rows = []
    for start in (0, 4):
        rows.extend(
            np.hstack([cv2.resize(np.clip(crop[0] * 200 + 25, 0, 255).astype(np.uint8), (440, 440)) for crop in crops])
            for crops in (real[start * 5 : start * 5 + 20 : 5], made[start : start + 4])
        )
    file = OUT / "phantom_contact_sheet.png"
    cv2.imwrite(str(file), np.vstack(rows))
    return file


def cost() -> None:
    """Print time and peak memory of a 2500 x 2048 AP pelvis with a focus, on one core."""
    imaging = Imaging(rows=2048, columns=2500, pixel_mm=0.17)
    start, cpu = time.perf_counter(), time.process_time()
    make_phantom(body=BodyAnatomy(), imaging=imaging, foci=(FocusPlan(side="R"),), seed=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"2500 x 2048 AP pelvis: {time.perf_counter() - start:.1f} s, {time.process_time() - cpu:.1f} s of processor "
        f"time, peak memory {peak:.2f} GiB"
    )


def main() -> None:
    cv2.setNumThreads(1)
    cost()
    if not CROPS.is_dir():
        sys.exit("the real crops (../shared/data/hip_crops) are not on this machine: nothing to compare with")
    real, made = real_crops(), phantom_crops()
    compare(real, made)
    print(f"side by side: {contact_sheet(real, made)}")


if __name__ == "__main__":
    main()
