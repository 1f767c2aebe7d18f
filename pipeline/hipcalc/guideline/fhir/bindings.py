"""The words that FHIR R4B allows in coded elements."""

import tomllib
from collections.abc import Mapping
from functools import cache

from hipcalc_models import model_file

__all__ = ["required_bindings"]


@cache
def required_bindings() -> Mapping[str, tuple[str, ...]]:
    """Return the words that each coded element may hold, by its path; ``text.status`` holds for every resource."""
    table = tomllib.loads(model_file("fhir-1", "bindings.toml").read_text(encoding="utf-8"))
    return {
        **{path: tuple(words) for path, words in table["codes"].items()},
        "text.status": table["narrative"]["status"],
    }
