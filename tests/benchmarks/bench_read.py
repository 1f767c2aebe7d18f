"""Time of reading beside pydicom's own, and of normalisation, for 2500 x 3000 pixels of 16 bits on one core.

Run ``PYTHONPATH=tests python tests/benchmarks/bench_read.py``; each figure is the best of several runs in this process.
The picture is smooth anatomy with white noise in 12 bits: harder to compress than most radiographs.
"""

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pydicom
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from hipcalc.normalize import normalize
from hipcalc.radiograph import read_radiograph
from radiograph_files import bony_picture, dicom_dataset, encoded_dataset, save, stored

SHAPE = (2500, 3000)
REPEATS = 5


def best_ms(task: Callable[[], object], repeats: int = REPEATS) -> float:
    """Best wall time of several runs, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def files(folder: Path) -> dict[str, Path]:
    """Write the same radiograph in every lossless encoding, and in two lossy ones."""
    pixels = stored(bony_picture(*SHAPE, noise=0.006), 12)
    rle = dicom_dataset(pixels)
    rle.compress(RLELossless, generate_instance_uid=False)
    lossless = imagecodecs.ljpeg_encode(pixels, bitspersample=12)
    byte = (pixels >> 4).astype(np.uint8)
    datasets = {
        "uncompressed": dicom_dataset(pixels, syntax=ExplicitVRLittleEndian),
        "RLE": rle,
        "JPEG lossless": encoded_dataset(lossless, pixels, syntax="1.2.840.10008.1.2.4.70"),
        "JPEG-LS": encoded_dataset(imagecodecs.jpegls_encode(pixels), pixels, syntax="1.2.840.10008.1.2.4.80"),
        "JPEG 2000 lossless": encoded_dataset(
            imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True),
            pixels,
            syntax="1.2.840.10008.1.2.4.90",
        ),
        "HTJ2K lossless": encoded_dataset(imagecodecs.htj2k_encode(pixels), pixels, syntax="1.2.840.10008.1.2.4.201"),
        "JPEG baseline": encoded_dataset(
            imagecodecs.jpeg8_encode(byte, level=90), byte, syntax="1.2.840.10008.1.2.4.50", bits=8
        ),
    }
    return {name: save(dataset, folder / f"{index}.dcm") for index, (name, dataset) in enumerate(datasets.items())}


def by_pydicom(path: Path) -> str:
    """Time of pydicom's own decoding, or why it has none."""
    try:
        return f"{best_ms(lambda: pydicom.dcmread(path).pixel_array, 3):8.0f}"
    except (RuntimeError, NotImplementedError):
        return "  no plugin"


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        paths = files(Path(name))
        print(f"{'reading, ms':22s}{'hipcalc':>9s}{'pydicom':>12s}")
        for encoding, path in paths.items():
            print(f"{encoding:22s}{best_ms(lambda path=path: read_radiograph(path)):9.0f}{by_pydicom(path):>12s}")
        image = read_radiograph(paths["uncompressed"])
    print(f"normalisation, ms      {best_ms(lambda: normalize(image)):8.0f}")
    tracemalloc.start()
    normalize(image)
    buffers = tracemalloc.get_traced_memory()[1] / image.pixels.nbytes
    print(f"peak memory of normalisation, image-sized float32 buffers: {buffers:.1f}")


if __name__ == "__main__":
    main()
