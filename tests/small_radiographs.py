"""Inputs that are quick to screen: the sample, shrunk, and everything that may lie beside it in a folder."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from hipcalc.radiograph import read_radiograph
from support import ROOT

SAMPLE = ROOT / "sample_data"


def small_hip(path: Path, sample: str = "06_right_hip.dcm") -> Path:
    """Write a sample radiograph at a third of its size as a 16-bit PNG."""
    radiograph = read_radiograph(SAMPLE / sample)
    pixels = radiograph.pixels if radiograph.polarity == "bone-bright" else -radiograph.pixels
    small = cv2.resize(pixels, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    scaled = (small - small.min()) * (65535 / (small.max() - small.min()))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), scaled.astype(np.uint16))
    return path


def mixed_folder(path: Path) -> Path:
    """A folder with one of each: analysed, twice the same content, rejected and failed."""
    hip = small_hip(path / "hip.png")
    (path / "deeper").mkdir()
    shutil.copy(hip, path / "deeper" / "copy.png")
    (path / "notes.txt").write_text("no picture\n")
    (path / "text.dcm").write_text("renamed\n")
    (path / "cut.png").write_bytes(hip.read_bytes()[:5000])
    cv2.imwrite(str(path / "tiny.png"), np.arange(256, dtype=np.uint8).reshape(16, 16))
    rng = np.random.default_rng(5)
    cv2.imwrite(str(path / "flowers.png"), rng.integers(0, 255, (200, 200, 3), dtype=np.uint8))
    return path


# What each file of the folder comes to.
MIXED_STATUS = {
    "cut.png": "failed",
    "copy.png": "ok",
    "flowers.png": "rejected",
    "hip.png": "ok",
    "notes.txt": "rejected",
    "text.dcm": "failed",
    "tiny.png": "rejected",
}
