"""Peers of the detector, each given the same windows, frames and zones, at the settings stated here.

scikit-image's blobs are pruned pair by pair, which takes ten seconds a window where every ripple of the noise is one.
By one rule for all of them, `THRESHOLDS` holds for each blob detector and each kind of levels the highest power of two
at which it still leaves ten marks in the zones of a hip, in the mean of the hips of eight crops and eight pelves: what
is below cannot be among the one mark per hip up to which sensitivities are told. This script prints them.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
import trackpy
from astropy.table import Table
from detector_data import load_hips
from photutils.detection import DAOStarFinder
from scipy.ndimage import gaussian_laplace
from skimage.feature import blob_dog, blob_doh, blob_log

from hipcalc.candidates.window import HipWindow, cut_window
from hipcalc.normalize import structure_normalised

# Working pixels, 90 to a head radius: 2 to 12 pixels are disks of 1.5 to 9 mm.
SIGMAS = np.geomspace(2.0, 12.0, 8)
NORMALISED_OVER_PX = 25.0
# Full widths at half maximum, for the peers that look at one size at a time.
WIDTHS_PX = (6.0, 11.0, 20.0)

MARKS_PER_HIP = 10
# Of grey levels, and of locally normalised ones.
THRESHOLDS = {"blob_log": (2**-4, 2**-1), "blob_dog": (2**-5, 2**-1), "blob_doh": (2**-7, 2**-4)}

# Rows, columns and strengths on the working grid.
Marks = tuple[np.ndarray, np.ndarray, np.ndarray]
Levels = Callable[[HipWindow], np.ndarray]
# Rows and columns in the image, shape (n, 2), and strengths, shape (n,).
Peer = Callable[[HipWindow], tuple[np.ndarray, np.ndarray]]


def _at_scale(picture: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Scale-normalised Laplacian at a blob's own place and scale: skimage returns no strengths."""
    cube = np.stack([-(s**2) * gaussian_laplace(picture, s) for s in SIGMAS])
    scale = np.abs(np.log(found[:, 2, None] / SIGMAS)).argmin(axis=1)
    return cube[scale, found[:, 0].astype(int), found[:, 1].astype(int)]


def log_marks(picture: np.ndarray, threshold: float) -> Marks:
    found = blob_log(
        picture, min_sigma=SIGMAS[0], max_sigma=SIGMAS[-1], num_sigma=8, log_scale=True, threshold=threshold
    )
    return found[:, 0], found[:, 1], _at_scale(picture, found)


def dog_marks(picture: np.ndarray, threshold: float) -> Marks:
    found = blob_dog(picture, min_sigma=SIGMAS[0], max_sigma=SIGMAS[-1], sigma_ratio=1.3, threshold=threshold)
    return found[:, 0], found[:, 1], _at_scale(picture, found)


def doh_marks(picture: np.ndarray, threshold: float) -> Marks:
    """At half of the resolution, because it is slow."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    low, high = SIGMAS[0] / 2, SIGMAS[-1] / 2
    found = 2.0 * blob_doh(half, min_sigma=low, max_sigma=high, num_sigma=8, log_scale=True, threshold=threshold)
    found[:, :2] = np.clip(found[:, :2] + 0.5, 0, np.array(picture.shape) - 1)
    return found[:, 0], found[:, 1], _at_scale(picture, found)


def simple_marks(picture: np.ndarray) -> Marks:
    """OpenCV's SimpleBlobDetector: bright, area and convexity as for foci; strength is the number of its thresholds."""
    low, high = np.percentile(picture, (0.5, 99.5))
    levels = np.clip((picture - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    settings = cv2.SimpleBlobDetector.Params()
    settings.minThreshold, settings.maxThreshold, settings.thresholdStep = 5, 250, 3
    settings.minRepeatability, settings.minDistBetweenBlobs = 2, 5
    settings.filterByColor, settings.blobColor = True, 255
    settings.filterByArea, settings.minArea, settings.maxArea = True, 20, 1600
    settings.filterByCircularity = settings.filterByInertia = False
    settings.filterByConvexity, settings.minConvexity = True, 0.5
    places = np.array([(p.pt[1], p.pt[0], p.size) for p in cv2.SimpleBlobDetector.create(settings).detect(levels)])
    places = places.reshape(-1, 3)
    # It ranks nothing: the Laplacian at the blob's size does.
    places[:, 2] = np.clip(places[:, 2] / 2.8, SIGMAS[0], SIGMAS[-1])
    return places[:, 0], places[:, 1], _at_scale(picture, places)


def dao_marks(picture: np.ndarray) -> Marks:
    rows, columns, strengths = [], [], []
    spread = 1.4826 * float(np.median(np.abs(picture - np.median(picture))))
    for width in WIDTHS_PX:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Table | None = DAOStarFinder(threshold=0.2 * spread, fwhm=width)(picture)
        if found is None:
            continue
        names = ("ycentroid", "xcentroid") if "xcentroid" in found.colnames else ("y_centroid", "x_centroid")
        rows.append(np.asarray(found[names[0]], float))
        columns.append(np.asarray(found[names[1]], float))
        peak = "daofind_mag" if "daofind_mag" in found.colnames else "mag"
        strengths.append(-np.asarray(found[peak], float))
    empty = [np.empty(0)]
    return np.concatenate(empty + rows), np.concatenate(empty + columns), np.concatenate(empty + strengths)


def trackpy_marks(picture: np.ndarray) -> Marks:
    rows, columns, strengths = [], [], []
    for width in WIDTHS_PX:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = trackpy.locate(picture, int(width) // 2 * 2 + 1, engine="python")
        rows.append(found["y"].to_numpy(float))
        columns.append(found["x"].to_numpy(float))
        strengths.append(found["mass"].to_numpy(float) / width)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(strengths)


def _grey(window: HipWindow) -> np.ndarray:
    return np.exp(window.level)


def _normalised(window: HipWindow) -> np.ndarray:
    return structure_normalised(np.exp(window.level), ~window.included, NORMALISED_OVER_PX)


def _in_zones(detector: Callable[[np.ndarray], Marks], levels: Levels) -> Peer:
    def marks(window: HipWindow) -> tuple[np.ndarray, np.ndarray]:
        rows, columns, strengths = detector(levels(window))
        shape = window.zone.shape
        at = np.clip(np.rint(rows).astype(int), 0, shape[0] - 1), np.clip(np.rint(columns).astype(int), 0, shape[1] - 1)
        inside = window.zone[at]
        return window.to_image(rows[inside], columns[inside]), strengths[inside]

    return marks


def _named() -> Iterator[tuple[str, Peer]]:
    for name, marks in BLOBS.items():
        for (kind, levels), threshold in zip(LEVELS.items(), THRESHOLDS[name], strict=True):
            yield f"{name}, {kind}", _in_zones(partial(marks, threshold=threshold), levels)
    for name, marks in OTHERS.items():
        for kind, levels in LEVELS.items():
            yield f"{name}, {kind}", _in_zones(marks, levels)


LEVELS: dict[str, Levels] = {"grey levels": _grey, "locally normalised": _normalised}
BLOBS = {"blob_log": log_marks, "blob_dog": dog_marks, "blob_doh": doh_marks}
OTHERS = {"SimpleBlobDetector": simple_marks, "DAOStarFinder": dao_marks, "trackpy": trackpy_marks}
PEERS = dict(_named())


def main() -> None:
    """Print the thresholds by the rule above."""
    cv2.setNumThreads(1)
    windows = [cut_window(bench.normalized, bench.hip) for bench in load_hips(most=8)]
    for name, marks in BLOBS.items():
        for kind, levels in LEVELS.items():
            threshold, left = 2.0**4, 0.0
            while left < MARKS_PER_HIP:
                threshold /= 2
                peer = _in_zones(partial(marks, threshold=threshold), levels)
                left = float(np.mean([len(peer(window)[1]) for window in windows]))
            print(f"{name}, {kind}: 2**{np.log2(threshold):.0f}, {left:.1f} marks per hip", flush=True)


if __name__ == "__main__":
    main()
