"""Time and memory of normalisation for 2500 x 3000 pixels of 12 bits on one core.

Run ``PYTHONPATH=tests python tests/benchmarks/bench_normalize.py``. Times are CPU time, the best of several runs in
this process; beside them stands one Gaussian blur of the same frame, so that machines and loads can be compared.
"""

import time
import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np

from hipcalc.normalize import normalize, scale_bar_length_px
from hipcalc.radiograph import Radiograph
from radiograph_files import bony_picture, stored, write_letter

SHAPE = (2500, 3000)
REPEATS = 7
BLUR_SIGMA_PX = 4.8
LIMIT_MS, LIMIT_BUFFERS = 80, 6


def best_ms(task: Callable[[], object]) -> float:
    """Best CPU time of several runs, in milliseconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def radiograph(*, collimated: bool) -> Radiograph:
    """Smooth anatomy with white noise; if wanted with blacked-out borders, a letter and a screw."""
    picture = bony_picture(*SHAPE, noise=0.006)
    if collimated:
        picture[:, :300] = picture[:200] = 0
        write_letter(picture, "R", (500, 600), 1.4)
        picture[1200:1240, 1400:1800] = 1.6
    return Radiograph(
        pixels=stored(picture / 1.7, 12).astype(np.float32),
        path="a.dcm",
        sha256="0" * 64,
        bits=12,
        polarity="bone-bright",
        polarity_source="header",
        spacing_mm=0.15,
        spacing_source="detector-plane",
    )


def peak_buffers(image: Radiograph) -> float:
    """Peak memory beyond the input, in float32 buffers of the picture's size, results included."""
    tracemalloc.start()
    normalize(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / image.pixels.nbytes


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    print(f"{'2500 x 3000':24s}{'ms CPU':>8s}{'blurs':>8s}{'buffers':>9s}")
    for name, collimated in (("plain", False), ("borders, letter, metal", True)):
        image = radiograph(collimated=collimated)
        blur = best_ms(lambda image=image: cv2.GaussianBlur(image.pixels, (0, 0), BLUR_SIGMA_PX))
        spent = best_ms(lambda image=image: normalize(image))
        print(f"{name:24s}{spent:8.0f}{spent / blur:8.1f}{peak_buffers(image):9.1f}")
    bar = best_ms(lambda: scale_bar_length_px(image.pixels))
    print(f"{'scale bar, when asked':24s}{bar:8.0f}{bar / blur:8.1f}")
    print(f"limits                  {LIMIT_MS:8d}{'':8s}{LIMIT_BUFFERS:9d}")


if __name__ == "__main__":
    main()
