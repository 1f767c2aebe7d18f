"""Where screened images are now: moved to another folder, or in the PACS that they were screened out of."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path, PurePath

from hipcalc.cohort.sources import exists, fetch, iter_sources
from hipcalc.errors import InputUnreadableError, UsageError
from hipcalc.report import Input

__all__ = ["fetch_from"]


def fetch_from(places: Sequence[str]) -> Callable[[str], bytes]:
    """Return what fetches an image, given what results call it, from some places.

    Results call an image of a PACS by a hash, which leads back to it only for whoever asks the PACS again.

    Parameters
    ----------
    places : sequence of str
        Files, folders, archives and addresses; an image that is in none of them is read where it was screened.

    Raises
    ------
    UsageError
        If a place is not there.
    InputUnreadableError
        If a PACS does not answer.
    """
    known: dict[str, str] = {}
    by_name: dict[str, list[str]] = defaultdict(list)
    for place in places:
        if "://" not in place and not Path(place).exists():
            raise UsageError(f"{place}: there is no such file or folder; give the place where the images are now.")
        for one in iter_sources([place], Path(os.devnull)):
            known[one.path] = one.source
            by_name[PurePath(one.path).name].append(one.path)

    def from_places(path: str) -> bytes:
        if path in known:
            return fetch(known[path])
        alike = by_name.get(PurePath(path).name, [])
        if alike:
            return fetch(known[_likest(path, alike)])
        if not exists(Input(path=path)):
            raise InputUnreadableError(
                f"{path}: there is no such file or folder; give the place where it is now as --source."
            )
        return fetch(path)

    return from_places


def _likest(path: str, others: Sequence[str]) -> str:
    """Return the path that ends like one for the longest way.

    Raises
    ------
    InputUnreadableError
        If two do.
    """
    lengths = {other: _common_end(path, other) for other in others}
    best = [other for other, length in lengths.items() if length == max(lengths.values())]
    if len(best) > 1:
        raise InputUnreadableError(
            f"{path}: {best[0]} and {best[1]} may both be this image; give the folder that stands for the one screened."
        )
    return best[0]


def _common_end(path: str, other: str) -> int:
    pairs = zip(reversed(PurePath(path).parts), reversed(PurePath(other).parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
