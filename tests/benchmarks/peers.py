"""Peers of the detector, each given the same windows, frames and zones, at the settings stated here."""

import warnings
from collections.abc import Callable

import cv2
import numpy as np
import trackpy
from astropy.table import Table
from photutils.detection import DAOStarFinder
from scipy.ndimage import gaussian_laplace
from skimage.feature import blob_dog, blob_doh, blob_log

from hipcalc.candidates.window import HipWindow
from hipcalc.normalize import structure_normalised

# Working pixels, 90 to a head radius: 2 to 12 pixels are disks of 1.5 to 9 mm.
SIGMAS = np.geomspace(2.0, 12.0, 8)
NORMALISED_OVER_PX = 25.0
# Full widths at half maximum, for the peers that look at one size at a time.
WIDTHS_PX = (6.0, 11.0, 20.0)

# Rows, columns and strengths on the working grid.
Marks = tuple[np.ndarray, np.ndarray, np.ndarray]


def _at_scale(picture: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Scale-normalised Laplacian at a blob's own place and scale: skimage returns no strengths."""
    cube = np.stack([-(s**2) * gaussian_laplace(picture, s) for s in SIGMAS])
    scale = np.abs(np.log(found[:, 2, None] / SIGMAS)).argmin(axis=1)
    return cube[scale, found[:, 0].astype(int), found[:, 1].astype(int)]


def log_marks(picture: np.ndarray) -> Marks:
    found = blob_log(picture, min_sigma=SIGMAS[0], max_sigma=SIGMAS[-1], num_sigma=8, log_scale=True, threshold=1e-4)
    return found[:, 0], found[:, 1], _at_scale(picture, found)


def dog_marks(picture: np.ndarray) -> Marks:
    found = blob_dog(picture, min_sigma=SIGMAS[0], max_sigma=SIGMAS[-1], sigma_ratio=1.3, threshold=1e-4)
    return found[:, 0], found[:, 1], _at_scale(picture, found)


def doh_marks(picture: np.ndarray) -> Marks:
    """At half of the resolution, without the weakest fifth: pruning these alone takes seconds a window."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    low, high = SIGMAS[0] / 2, SIGMAS[-1] / 2
    found = 2.0 * blob_doh(half, min_sigma=low, max_sigma=high, num_sigma=8, log_scale=True, threshold=1e-2)
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


def _in_zones(
    detector: Callable[[np.ndarray], Marks], picture: Callable[[HipWindow], np.ndarray]
) -> Callable[[HipWindow], tuple[np.ndarray, np.ndarray]]:
    def marks(window: HipWindow) -> tuple[np.ndarray, np.ndarray]:
        rows, columns, strengths = detector(picture(window))
        shape = window.zone.shape
        at = np.clip(np.rint(rows).astype(int), 0, shape[0] - 1), np.clip(np.rint(columns).astype(int), 0, shape[1] - 1)
        inside = window.zone[at]
        return window.to_image(rows[inside], columns[inside]), strengths[inside]

    return marks


DETECTORS = {
    "blob_log": log_marks,
    "blob_dog": dog_marks,
    "blob_doh": doh_marks,
    "SimpleBlobDetector": simple_marks,
    "DAOStarFinder": dao_marks,
    "trackpy": trackpy_marks,
}
PEERS = {
    f"{name}, {levels}": _in_zones(detector, picture)
    for name, detector in DETECTORS.items()
    for levels, picture in (("grey levels", _grey), ("locally normalised", _normalised))
}
