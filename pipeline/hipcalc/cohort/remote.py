"""Inputs with an address: objects of every file system that fsspec knows, and zip archives among them."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from hipcalc.errors import InputRejectedError, InputUnreadableError, UsageError
from hipcalc.radiograph.limits import MAX_FILE_BYTES
from hipcalc.report import Input

__all__ = ["fetch_object", "file_system", "is_url", "list_objects", "object_stamp"]

_CHAIN = "::"


def is_url(name: str) -> bool:
    """Tell an address (``s3://bucket/folder``) from a path."""
    return "://" in name


def file_system(url: str) -> tuple[Any, str]:
    """Return an address's file system and its path there.

    Raises
    ------
    UsageError
        If nothing that is installed knows this kind of address.
    """
    # Slow to import, and only needed here.
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{url}: this kind of address is not known ({error}); for S3: pip install 'hipcalc[s3]'."
        ) from error
    return system, path


def list_objects(url: str) -> Iterator[Input]:
    """Yield every object that an address stands for, by the rule of `hipcalc.radiograph.find_inputs`.

    Raises
    ------
    UsageError
        If the address's kind is not known.
    InputUnreadableError
        If the store does not answer.
    """
    system, path = file_system(url)
    try:
        found = system.find(path, detail=True)
        names = [name for name, state in found.items() if state.get("type", "file") == "file"]
    except Exception as error:  # each store has errors of its own
        raise InputUnreadableError(
            f"{url}: the store does not answer ({_words(error)}); check address and key."
        ) from error
    if not names:
        yield Input(path=url)
    base = PurePosixPath(path)
    for name in sorted(names):
        inner = PurePosixPath(name)
        hidden = inner.relative_to(base).parts if inner.is_relative_to(base) else inner.parts
        if not any(part.startswith(".") for part in hidden):
            yield from _expanded(_address(url, system, name))


def _expanded(url: str) -> Iterator[Input]:
    if url.lower().endswith(".zip") and _CHAIN not in url:
        yield from list_objects(f"zip://{_CHAIN}{url}")
    else:
        yield Input(path=url)


def _address(url: str, system: Any, name: str) -> str:
    if _CHAIN in url:
        first, _, rest = url.partition(_CHAIN)
        return f"{first.partition('://')[0]}://{name.lstrip('/')}{_CHAIN}{rest}"
    return str(system.unstrip_protocol(name))


def fetch_object(url: str) -> bytes:
    """Return the bytes of an object.

    Raises
    ------
    InputUnreadableError
        If it is missing or the store does not answer.
    InputRejectedError
        If it is larger than any radiograph.
    """
    system, path = file_system(url)
    try:
        if int(system.info(path).get("size") or 0) > MAX_FILE_BYTES:
            raise InputRejectedError(f"{url}: the file is larger than any radiograph; give a single image.")
        return bytes(system.cat_file(path))
    except InputRejectedError:
        raise
    except FileNotFoundError as error:
        raise InputUnreadableError(f"{url}: there is no such object; check the address.") from error
    except Exception as error:  # each store has errors of its own
        raise InputUnreadableError(f"{url}: the object cannot be read ({_words(error)}).") from error


def object_stamp(url: str) -> str:
    """Return what the store says changes with an object's content (its ETag where it has one); empty when nothing."""
    system, path = file_system(url)
    try:
        state = system.info(path)
    except Exception:  # each store has errors of its own
        return ""
    known = [str(state[name]) for name in ("ETag", "etag", "LastModified", "mtime", "created", "CRC") if name in state]
    return "-".join((str(state.get("size", "")), *known)) if known else ""


def _words(error: Exception) -> str:
    # The first line: what follows may be a page of a server's answer.
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
