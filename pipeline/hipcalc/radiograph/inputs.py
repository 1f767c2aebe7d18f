"""Files and folders named by a user -> the files to read."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from hipcalc.radiograph.archives import is_archive, members_of
from hipcalc.radiograph.directory import is_directory_file, referenced_files

__all__ = ["find_inputs", "iter_inputs"]


def find_inputs(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """List every file that the named files and folders stand for.

    The rule: a named file is always an input. Of a named folder, and recursively of its folders, every regular file is
    an input whatever its suffix (a radiograph often has none, and a text file must get its row that says so), except
    hidden ones, whose name or folder starts with a dot. Links to folders are not followed, so a loop of links ends; one
    that leads out of the named folder is listed itself, as is a link to a file that is not there.
    A zip archive stands for the files in it, ``archive.zip/folder/file``, a DICOMDIR for the files that it names.
    So are a path that does not exist and a folder without any file: each gets its row and its reason,
    as :func:`hipcalc.radiograph.read_radiograph` raises for them.

    Parameters
    ----------
    paths : iterable of str or Path
        Files and folders, in any order, repeats allowed.

    Returns
    -------
    tuple of Path
        Sorted by name, each file once; relative where the user's path was relative.
    """
    found: dict[Path, Path] = {}
    for file in map(Path, iter_inputs(paths)):
        found.setdefault(file.absolute(), file)
    return tuple(found[key] for key in sorted(found, key=lambda key: key.parts))


def iter_inputs(paths: Iterable[str | Path]) -> Iterator[str]:
    """Yield what `find_inputs` lists, one by one: in no certain order, and a file that was named twice twice.

    As text: for a million files, making a `Path` of each takes longer than listing them.
    """
    for path in map(Path, paths):
        yield from _files_of(path)


def _files_of(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield from _expanded(str(path))
        return
    empty = True
    for file in _walk(path):
        empty = False
        yield from _expanded(file)
    if empty:
        yield str(path)


def _expanded(file: str) -> Iterable[str]:
    """List what a file stands for: itself, unless it holds or names others."""
    if not file.lower().endswith((".zip", "dicomdir")):
        return (file,)
    path = Path(file)
    if is_archive(path) and path.is_file():
        return map(str, members_of(path))
    return map(str, referenced_files(path)) if is_directory_file(path) else (file,)


def _walk(folder: Path) -> Iterator[str]:
    # A folder that may not be opened is an input of its own, otherwise its files would vanish without a word.
    closed: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=lambda error: closed.append(str(Path(error.filename)))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.join("" if parent == "." else str(Path(parent)), "")  # noqa: PTH118
        yield from (inside + name for name in folders if _leads_out(inside + name, folder))
        for name in sorted(files):
            file = inside + name
            if not name.startswith(".") and (os.path.isfile(file) or _is_broken_link(file)):  # noqa: PTH113
                yield file
    yield from closed


def _leads_out(inner: str, folder: Path) -> bool:
    """Tell whether a folder is a link to one whose files are not listed already, as those of the named folder are."""
    return os.path.islink(inner) and not Path(inner).resolve().is_relative_to(folder.resolve())  # noqa: PTH114


def _is_broken_link(file: str) -> bool:
    return not os.path.exists(file)  # noqa: PTH110 (listed, and yet not there)
