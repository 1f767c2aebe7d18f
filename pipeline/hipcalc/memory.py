"""What becomes of the memory of large arrays once they are freed."""

import ctypes
import platform

__all__ = ["keep_freed_memory"]

_KEPT_BYTES = 256 * 2**20
# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Have this process keep up to 256 MB of freed memory for its next arrays.

    Memory that was given back comes again as pages that the system has to clear. On its own glibc keeps 64 MB, less
    than one large radiograph takes; the keeper of a Dask worker has all of it given back at once
    (``MALLOC_TRIM_THRESHOLD_``), which costs an analysis half as much again. Does nothing where there is no glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    for parameter in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
        libc.mallopt(parameter, _KEPT_BYTES)
