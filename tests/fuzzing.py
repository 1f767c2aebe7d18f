"""Mutated radiograph files for the reader: where they start from, and what may come of one."""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file

from hipcalc.errors import HipcalcError
from hipcalc.radiograph import read_radiograph

# Files that pydicom's wheel brings along: their names, small ones of every encoding.
_PYDICOM = (
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm", "JPEG-LL.dcm", "image_dfl.dcm", "no_meta.dcm",
    "ExplVR_BigEnd.dcm", "ExplVR_LitEndNoMeta.dcm", "SC_rgb_small_odd.dcm", "mlut_18.dcm", "vlut_04.dcm",
    "MR_truncated.dcm", "nested_priv_SQ.dcm", "rtplan.dcm", "DICOMDIR", "SC_jpeg_no_color_transform.dcm",
    "JPEGLSNearLossless_08.dcm", "HTJ2KLossless_08_RGB.dcm", "OT-PAL-8-face.dcm", "badVR.dcm",
    "meta_missing_tsyntax.dcm",
)  # fmt: skip
_INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)


@dataclass(kw_only=True)
class FuzzReport:
    """What came of the cases that were tried."""

    cases: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    crashes: list[tuple[str, int, str]] = field(default_factory=list)
    slowest_s: float = 0.0


def corpus(folder: Path) -> list[tuple[str, bytes]]:
    """Files of pydicom that are on this machine, and those of a folder."""
    found = []
    for name in _PYDICOM:
        path = get_testdata_file(name, download=False)
        if path is not None and Path(str(path)).stat().st_size < 700_000:
            found.append((name, Path(str(path)).read_bytes()))
    return found + [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


def mutated(data: bytes, rng: np.random.Generator, other: bytes) -> bytes:
    """Change a file as disks, networks and exporters do: flipped and lost bytes, cuts, and pieces of another file."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        if not changed:
            break
        # Headers are where a change does most.
        reach = len(changed) if rng.uniform() < 0.4 else min(len(changed), 2000)
        at = int(rng.integers(reach))
        kind = rng.integers(6)
        if kind == 0:
            changed[at] = int(rng.integers(256))
        elif kind == 1:
            size = int(rng.choice((1, 2, 4)))
            changed[at : at + size] = bytes([int(rng.choice(_INTERESTING))]) * size
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 40))]
        elif kind == 3:
            changed[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 40)), dtype=np.uint8))
        elif kind == 4:
            del changed[at:]
        else:
            start = int(rng.integers(max(len(other), 1)))
            changed[at : at + 64] = other[start : start + 64]
    return bytes(changed)


def try_case(name: str, seed: int, data: bytes, path: Path, report: FuzzReport) -> None:
    """Read one file, and keep what came of it."""
    path.write_bytes(data)
    report.cases += 1
    started = time.perf_counter()
    try:
        image = read_radiograph(path)
    except HipcalcError as error:
        report.refused[str(error).removeprefix(f"{path}: ").split("(")[0][:60]] += 1
    except Exception as error:  # what this search is for
        report.crashes.append((name, seed, repr(error)))
    else:
        report.read += 1
        if not (np.isfinite(image.pixels).all() and image.pixels.ndim == 2):
            report.crashes.append((name, seed, "pixels that are no finite plane"))
    report.slowest_s = max(report.slowest_s, time.perf_counter() - started)


def run(files: list[tuple[str, bytes]], path: Path, *, seeds: range, until: float = float("inf")) -> FuzzReport:
    """Try one mutation per seed, each of them the same on every machine; stop at a time of `time.monotonic`."""
    report = FuzzReport()
    for seed in seeds:
        if time.monotonic() > until:
            break
        rng = np.random.default_rng(seed)
        name, data = files[int(rng.integers(len(files)))]
        other = files[int(rng.integers(len(files)))][1]
        try_case(name, seed, mutated(data, rng, other), path, report)
    return report
