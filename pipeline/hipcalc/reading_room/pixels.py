"""Radiographs at full depth for the page: 16-bit grey levels, bone bright, and a store of those in use."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hipcalc.cohort.sources import fetch
from hipcalc.errors import InputUnreadableError
from hipcalc.radiograph import Radiograph, radiograph_from_bytes

__all__ = ["PixelStore", "Pixels", "pixels_of", "read_pixels"]

LEVELS = 65535
STORE_BYTES = 512 * 2**20
# More at once would only wait for the same cores.
DECODERS = 2


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Grey levels of one radiograph: `data` holds rows x columns little-endian 16-bit numbers, row by row."""

    rows: int
    columns: int
    data: bytes


def pixels_of(radiograph: Radiograph) -> Pixels:
    """Return a radiograph's grey levels, bone bright: whole numbers but for an offset as they are, others spread."""
    grey = radiograph.pixels if radiograph.polarity == "bone-bright" else -radiograph.pixels
    low, high = float(grey.min()), float(grey.max())
    scaled = grey - np.float32(low)
    if high - low > LEVELS or not np.array_equal(scaled, np.rint(scaled)):
        scaled *= np.float32(LEVELS / max(high - low, 1e-30))
    rows, columns = radiograph.shape
    return Pixels(rows=rows, columns=columns, data=scaled.round().astype("<u2").tobytes())


def read_pixels(path: str, sha256: str) -> Pixels:
    """Read the image of a results folder's row.

    Parameters
    ----------
    path : str
        As it was named when it was screened.
    sha256 : str
        Of the bytes that were screened.

    Raises
    ------
    InputUnreadableError, InputRejectedError
        If the file is missing, cannot be read, or is not what was screened.
    """
    try:
        data = fetch(path)
    except InputUnreadableError as error:
        hint = "" if Path(path).is_absolute() or "://" in path else " Review from the folder in which you screened."
        raise InputUnreadableError(f"{error}{hint}") from error
    radiograph = radiograph_from_bytes(data, path)
    if radiograph.sha256 != sha256:
        raise InputUnreadableError(
            f"{path}: the file is not the one that was screened (its hash differs); restore it, or screen again."
        )
    return pixels_of(radiograph)


class PixelStore:
    """Radiographs that were asked for lately, up to half a gigabyte; several threads may ask at once."""

    def __init__(self, read: Callable[[str, str], Pixels] = read_pixels) -> None:
        self._read = read
        self._kept: OrderedDict[str, Pixels] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._decoders = threading.Semaphore(DECODERS)

    def get(self, path: str, sha256: str) -> Pixels:
        """Return a radiograph's grey levels; see `read_pixels` for errors."""
        with self._lock:
            busy = self._busy.setdefault(sha256, threading.Lock())
        with busy:
            found = self._found(sha256)
            if found is None:
                with self._decoders:
                    found = self._read(path, sha256)
                self._keep(sha256, found)
            return found

    def _found(self, key: str) -> Pixels | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, pixels: Pixels) -> None:
        with self._lock:
            self._kept[key] = pixels
            self._bytes += len(pixels.data)
            while self._bytes > STORE_BYTES and len(self._kept) > 1:
                old, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped.data)
                self._busy.pop(old, None)
