"""Who reads which hips, and in which order: drawn from the study's seed, hip by hip.

Every draw is a hash of the seed and of the names it is about, and of nothing else. So hips that are added later change
neither the order nor the readers of those that were there, and whoever has the study file can draw it all again.
"""

import hashlib
from collections.abc import Iterable

__all__ = ["drawn_share", "readers_of", "reading_order"]


def reading_order(seed: int, reader: str, hip_ids: Iterable[str]) -> list[str]:
    """Return hip ids in a reader's own random order; a hip that is added takes its place among the others."""
    return sorted(hip_ids, key=lambda hip_id: _draw(seed, "order", reader, hip_id))


def drawn_share(seed: int, hip_id: str) -> float:
    """Return a hip's number between 0 and 1: it is read more than once when that is below the study's share."""
    return int.from_bytes(_draw(seed, "double", hip_id)[:8]) / 2.0**64


def readers_of(seed: int, readers: Iterable[str], hip_id: str, count: int) -> list[str]:
    """Return `count` of the readers for a hip, by lot.

    Those with the highest draws (rendezvous hashing: Thaler and Ravishankar 1998, IEEE/ACM Trans Netw 6, 1): a reader
    who joins takes an equal part from each of the others, and no hip changes hands among those.
    """
    drawn = sorted(readers, key=lambda reader: _draw(seed, "reader", reader, hip_id), reverse=True)
    return drawn[:count]


def _draw(seed: int, *names: str) -> bytes:
    # Lengths keep two different lists of names from being one text.
    text = "".join(f"{len(name)}:{name}" for name in (str(seed), *names))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
