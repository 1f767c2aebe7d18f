"""What made a result: versions, models and settings."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

__all__ = [
    "RESEARCH_NOTICE",
    "model_versions",
    "models_digest",
    "package_version",
    "settings_hash",
    "unconfirmed_notice",
]

# What a model is made of; its card says what it is, and changes nothing.
_MODEL_FILES = (".json", ".toml")

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


@cache
def models_digest() -> str:
    """Return 16 hex digits that change with anything in the models' files: one refitted in place is another model."""
    digest = hashlib.sha256()
    for model in model_versions():
        for entry in sorted(files("hipcalc_models").joinpath(model).iterdir(), key=lambda one: one.name):
            if entry.name.endswith(_MODEL_FILES):
                digest.update(f"{model}/{entry.name}\0".encode())
                digest.update(hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()[:16]


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return 16 hex digits that change with any setting, with the package's version and with its models' files.

    Parameters
    ----------
    settings : mapping
        Plain values by name.
    """
    identity = {"settings": dict(settings), "version": package_version(), "models": models_digest()}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
