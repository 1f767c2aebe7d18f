"""The order in which a reader is led through the hips."""

import hashlib
from collections.abc import Iterable

from hipcalc.reading_room.catalogue import HipEntry

__all__ = ["reading_order"]


def reading_order(reader: str, hips: Iterable[HipEntry]) -> list[str]:
    """Return hip ids in a reader's own random order, the same whenever it is asked for."""

    def draw(hip_id: str) -> bytes:
        return hashlib.sha256(f"{reader}\n{hip_id}".encode("utf-8", "surrogatepass")).digest()

    return sorted((hip.hip_id for hip in hips), key=draw)
