"""Processor time of finding the candidates of both hips of a 2500 x 3000 AP pelvis, beside blob_log on the full frame.

The picture is a phantom, its hips as located. Times are of the process, the best of a few runs on one core: another
program on the same core makes both slower alike.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
from peers import SIGMAS
from skimage.feature import blob_log

from hipcalc.anatomy import locate_hips
from hipcalc.candidates.finding import control_of, measure_hips, rank_spots
from hipcalc.candidates.window import WORKING_RADIUS_PX
from hipcalc.normalize import normalize
from hipcalc.synthetic import BodyAnatomy, Imaging, make_phantom

RUNS = 9


def processor_seconds(work: Callable[[], object], runs: int) -> float:
    """Return the shortest processor time of a few runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print both times and their ratio."""
    cv2.setNumThreads(1)
    imaging = Imaging(rows=2500, columns=3000, pixel_mm=0.143)
    picture = normalize(make_phantom(body=BodyAnatomy(), imaging=imaging, seed=1).to_radiograph())
    hips = locate_hips(picture)

    def find() -> None:
        measured = measure_hips(picture, hips)
        for number, own in enumerate(measured):
            rank_spots(own, control_of(measured, number))

    ours = processor_seconds(find, RUNS)
    searched = sum(hip.status in ("located", "uncertain") for hip in hips)
    print(f"candidates of {searched} hips: {1000 * ours:.0f} ms of processor time")
    # The sizes that the peers look for in bench_detector.py, in pixels of this picture.
    finer = float(np.mean([hip.head_radius_px for hip in hips])) / WORKING_RADIUS_PX
    low, high = SIGMAS[0] * finer, SIGMAS[-1] * finer
    theirs = processor_seconds(
        lambda: blob_log(picture.grey, min_sigma=low, max_sigma=high, num_sigma=8, log_scale=True, threshold=0.02), 1
    )
    print(f"blob_log on the full frame: {theirs:.1f} s of processor time, {theirs / ours:.0f} times as much")


if __name__ == "__main__":
    main()
