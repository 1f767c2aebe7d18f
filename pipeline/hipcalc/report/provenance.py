"""What made a result: versions, models and settings."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

__all__ = ["RESEARCH_NOTICE", "model_versions", "package_version", "settings_hash", "unconfirmed_notice"]

RESEARCH_NOTICE = (
    "Research software, not a medical device. Nothing here replaces a physician's judgement, "
    "and imaging is never used in isolation."
)


def unconfirmed_notice(confirmed: int, unreviewed: int) -> str:
    """Return what a page must say that shows unconfirmed output; empty once every mark on it was reviewed.

    Parameters
    ----------
    confirmed, unreviewed : int
        Marks on the page that a reader confirmed, and that nobody has looked at.
    """
    if confirmed == 0:
        return "No human has confirmed this result: a mark is what a program noticed, not a finding of a reader."
    if unreviewed:
        return f"Marks that no human has looked at: {unreviewed}. They are what a program noticed, not findings."
    return ""


@cache
def package_version() -> str:
    """Return the version of the installed package: every hip's file states it, and it is read from disk."""
    try:
        return version("hipcalc")
    except PackageNotFoundError:
        return "unknown"


def model_versions() -> tuple[str, ...]:
    """Return the names, with versions, of the models that came with the package."""
    return tuple(
        sorted(entry.name for entry in files("hipcalc_models").iterdir() if "-" in entry.name and entry.is_dir())
    )


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return 16 hex digits that change with any setting, with the package's version and with its models.

    Parameters
    ----------
    settings : mapping
        Plain values by name.
    """
    identity = {"settings": dict(settings), "version": package_version(), "models": model_versions()}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
