"""Parameters with a range: the error for a value outside names the parameter, its range and its unit."""

from dataclasses import field, fields
from typing import Any

import numpy as np

from hipcalc.errors import UsageError

__all__ = ["check_ranges", "normal_within", "ranged"]


def ranged(default: float, low: float, high: float, unit: str) -> Any:
    """Return a dataclass field that carries its range and its unit."""
    return field(default=default, metadata={"range": (low, high), "unit": unit})


def check_ranges(values: object) -> None:
    """Raise `UsageError` for the first ranged field of a dataclass whose value lies outside."""
    for item in fields(values):  # type: ignore[arg-type]
        if "range" not in item.metadata:
            continue
        value, (low, high), unit = getattr(values, item.name), item.metadata["range"], item.metadata["unit"]
        if not low <= value <= high:
            raise UsageError(f"{item.name} is {value:g} but must be between {low:g} and {high:g} {unit}.")


def normal_within(rng: np.random.Generator, mean: float, deviation: float, low: float, high: float) -> float:
    """Draw from a normal distribution, held inside a range."""
    return float(np.clip(rng.normal(mean, deviation), low, high))
