"""Enlarging by a scale and a shift along each axis, to the full precision of the positions."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["enlarge"]

Image = NDArray[np.float32]


# The planes of one slice are sampled alike.
@lru_cache(maxsize=4)
def _weights(count: int, source: int, scale: float, shift: float) -> "csr_array":
    """Cubic convolution weights of every output (R. Keys, IEEE Trans ASSP 29 (1981) 1153), borders repeated."""
    from scipy.sparse import csr_array  # Here and not above: see hip_bone.

    position = np.arange(count) * scale + shift
    first = np.floor(position).astype(int) - 1
    distance = np.abs(position[:, None] - (first[:, None] + np.arange(4)))
    near = (1.5 * distance - 2.5) * distance**2 + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    taps = np.clip(first[:, None] + np.arange(4), 0, source - 1)
    values = np.where(distance <= 1.0, near, np.where(distance < 2.0, far, 0.0)).astype(np.float32)
    starts = np.arange(0, 4 * count + 1, 4)
    return csr_array((values.ravel(), taps.ravel(), starts), shape=(count, source))


def enlarge(image: Image, *, shape: tuple[int, int], scale: float, shift: tuple[float, float]) -> Image:
    """Sample an image at rows ``scale * i + shift[0]`` and columns ``scale * j + shift[1]``.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
    shape : tuple of int
        Of the result.
    scale : float
        Source samples per output sample.
    shift : tuple of float
        Source position (row, column) of the first output sample.
    """
    tall = _weights(shape[0], image.shape[0], scale, shift[0]) @ image
    wide = _weights(shape[1], image.shape[1], scale, shift[1]) @ np.ascontiguousarray(tall.T)
    return np.ascontiguousarray(wide.T, np.float32)
