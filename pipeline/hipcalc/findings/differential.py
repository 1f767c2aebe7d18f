"""What a focus may be: transparent rules over its measures, from a table that a clinician can read and replace."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hipcalc.findings.types import Finding
from hipcalc_models import model_file

__all__ = ["ATTACHED_HEAD_RADII", "Differential", "Reason", "explain_differential", "rank_entities"]

MODEL = "differential-1"
# Closer than this to the rim point, one view cannot show a gap.
ATTACHED_HEAD_RADII = 0.04
# No single rule excludes an entity: measures are uncertain.
LEAST = 0.02

Trapezoid = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One entity's weight, and what each rule contributed to it.

    Attributes
    ----------
    entity : str
    weight : float
        Share of the whole, between 0 and 1.
    factors : tuple of (str, float)
        Rules and their factors, the prior first; a low factor speaks against the entity.
    look : str
        What the entity looks like, in words.
    """

    entity: str
    weight: float
    factors: tuple[tuple[str, float], ...]
    look: str


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What the rules look at."""

    zone: str
    diameter_mm: float
    aspect_ratio: float
    core_to_rim: float
    attached: bool


@dataclass(frozen=True, kw_only=True)
class _Entity:
    id: str
    prior: float
    zones: dict[str, float]
    look: str
    basis: str
    diameter_mm: Trapezoid | None = None
    aspect_ratio: Trapezoid | None = None
    core_to_rim: Trapezoid | None = None
    attached: dict[str, float] | None = None

    def factors(self, measures: Measures, elsewhere: float) -> tuple[tuple[str, float], ...]:
        found = [("prior", self.prior), ("zone", self.zones.get(measures.zone, elsewhere))]
        found += [
            (name, max(LEAST, _membership(value, rule)))
            for name, value, rule in (
                ("diameter", measures.diameter_mm, self.diameter_mm),
                ("aspect ratio", measures.aspect_ratio, self.aspect_ratio),
                ("core to rim", measures.core_to_rim, self.core_to_rim),
            )
            if rule is not None
        ]
        if self.attached is not None:
            found.append(("gap to the rim", self.attached["yes" if measures.attached else "no"]))
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Differential:
    """The table."""

    entities: tuple[_Entity, ...]
    assumed_head_radius_mm: float
    elsewhere: float
    smallest_weight: float


@lru_cache(maxsize=1)
def _table() -> Differential:
    table = tomllib.loads(model_file(MODEL, "entities.toml").read_text(encoding="utf-8"))
    return Differential(
        entities=tuple(
            _entity({key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
            for entry in table["entities"]
        ),
        assumed_head_radius_mm=table["assumed_head_radius_mm"],
        elsewhere=table["elsewhere"],
        smallest_weight=table["smallest_weight"],
    )


def _entity(fields: dict[str, Any]) -> _Entity:
    return _Entity(**fields)


def rank_entities(
    *,
    zone: str,
    diameter_mm: float | None,
    diameter_head_radii: float,
    aspect_ratio: float,
    core_to_rim: float,
    gap_head_radii: float,
) -> tuple[Reason, ...]:
    """Rank what a focus may be; weights sum to at most 1, small ones are left out.

    One view cannot separate many of these: close weights say so.
    """
    table = _table()
    known = diameter_mm if diameter_mm is not None else diameter_head_radii * table.assumed_head_radius_mm
    measures = Measures(
        zone=zone,
        diameter_mm=known,
        aspect_ratio=aspect_ratio,
        core_to_rim=core_to_rim,
        attached=gap_head_radii < ATTACHED_HEAD_RADII,
    )
    factors = [entity.factors(measures, table.elsewhere) for entity in table.entities]
    products = np.array([np.prod([factor for _, factor in found]) for found in factors])
    weights = products / products.sum()
    order = np.argsort(-weights, kind="stable")
    return tuple(
        Reason(
            entity=table.entities[k].id,
            weight=float(weights[k]),
            factors=factors[k],
            look=table.entities[k].look,
        )
        for rank, k in enumerate(order)
        if rank == 0 or weights[k] >= table.smallest_weight
    )


def explain_differential(finding: Finding) -> tuple[Reason, ...]:
    """Return a finding's ranked differential with the factor that every rule contributed."""
    return rank_entities(
        zone=finding.zone,
        diameter_mm=finding.diameter_mm,
        diameter_head_radii=finding.diameter_head_radii,
        aspect_ratio=finding.aspect_ratio,
        core_to_rim=finding.core_to_rim,
        gap_head_radii=finding.gap_head_radii,
    )


def _membership(value: float, trapezoid: Trapezoid) -> float:
    """Return 0 outside of the outer limits, 1 within the inner ones, straight between."""
    a, b, c, d = trapezoid
    if value < b:
        return float(np.clip((value - a) / (b - a), 0.0, 1.0)) if b > a else 1.0
    return float(np.clip((d - value) / (d - c), 0.0, 1.0)) if value > c else 1.0
