"""Names of a package that are loaded when they are first asked for.

Whoever needs little of a package waits for little: a worker of a cluster, which only hands images on to processes of
its own, loads nothing of the analysis.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["load_when_asked"]


def load_when_asked(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a package (PEP 562).

    Parameters
    ----------
    package : str
    homes : mapping of str to str
        Name of the module inside the package in which each of its names is defined.

    Returns
    -------
    callable
        Raises AttributeError for what is neither one of the names nor a module of the package.
    """

    def load(name: str) -> Any:
        if name in homes:
            value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        else:
            value = _module(package, name)
        setattr(sys.modules[package], name, value)
        return value

    return load


def _module(package: str, name: str) -> Any:
    whole = f"{package}.{name}"
    try:
        if not name.startswith("_"):
            return importlib.import_module(whole)
    except ModuleNotFoundError as error:
        if error.name != whole:
            raise
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
