"""The differential's tables: how likely each measure of a focus is if it is this or that entity."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import Any, Final

from hipcalc_models import model_file

__all__ = ["FACTORS", "Differential", "Entity", "Look", "Measures", "differential_table"]

MODEL: Final = "differential-2"
FACTORS: Final = (
    *("zone", "size", "aspect ratio", "core to rim", "margin", "gap to the rim", "cleft", "direction", "alike"),
    *("other side", "saturation"),
)
_ZONES: Final = 8
_STANDARD: Final = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What the tables are asked about; None where it was not measured, `symmetric` then "unknown".

    `margin` is the width of the margin over the diameter.
    """

    zone: str
    diameter_mm: float
    aspect_ratio: float
    core_to_rim: float
    margin: float | None
    attached: bool
    far: bool
    cleft_deg: float | None
    tangent_deg: float | None
    alike_count: int
    symmetric: str
    saturated: bool


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the detector measures one kind of deposit.

    Attributes
    ----------
    log_aspect, core_to_rim, log_margin : (float, float)
        Mean and standard deviation; the last of the logarithm of the margin's width over the diameter: what is rounded
        fades out over a good part of it, what is machined or has a cortex only over the picture's own blur.
    log_size_error : float
        Root mean square of the logarithm of measured over true diameter: often only a part of a focus is measured.
    """

    log_aspect: tuple[float, float]
    core_to_rim: tuple[float, float]
    log_margin: tuple[float, float]
    log_size_error: float


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One entity of the table; its fields are explained in ``entities.toml``."""

    id: str
    prior: float
    zones: Mapping[str, float]
    size_mm: tuple[float, float]
    size_covers: float
    look: str
    attached: float
    alike: tuple[float, float, float]
    symmetric: float
    words: str
    basis: str
    source: str
    cleft: str = ""
    runs: str = ""
    saturated: float = 0.01
    far: float = 0.5

    def likelihoods(self, measures: Measures, table: "Differential") -> tuple[float | None, ...]:
        """Return how likely each measure is, in the order of `FACTORS`; None where nothing can be said."""
        look = table.looks.get(self.look)
        return (
            self._zone(measures.zone, table.elsewhere),
            self._size(measures.diameter_mm, look),
            None if look is None else _normal(math.log(measures.aspect_ratio), *look.log_aspect),
            None if look is None else _normal(measures.core_to_rim, *look.core_to_rim),
            None if look is None or not measures.margin else _normal(math.log(measures.margin), *look.log_margin),
            self._gap(measures),
            _turned(measures.cleft_deg, self.cleft, table.angle_sd_deg),
            _turned(measures.tangent_deg, self.runs, table.angle_sd_deg),
            self.alike[0 if measures.alike_count == 0 else 1 if measures.alike_count <= 2 else 2],
            {"yes": self.symmetric, "no": 1 - self.symmetric}.get(measures.symmetric),
            self.saturated if measures.saturated else 1 - self.saturated,
        )

    def _zone(self, zone: str, elsewhere: float) -> float:
        whole = self._zones_sum + elsewhere * (_ZONES - len(self.zones))
        return self.zones.get(zone, elsewhere) / whole

    def _gap(self, measures: Measures) -> float:
        if measures.attached:
            return self.attached
        return (1 - self.attached) * (self.far if measures.far else 1 - self.far)

    def _size(self, diameter_mm: float, look: Look | None) -> float:
        mean, spread = self._log_size
        error = look.log_size_error if look else 0.0
        return _normal(math.log(diameter_mm), mean, math.hypot(spread, error))

    # A cohort asks an entity millions of times.
    @cached_property
    def _zones_sum(self) -> float:
        return sum(self.zones.values())

    @cached_property
    def _log_size(self) -> tuple[float, float]:
        """Mean and standard deviation."""
        low, high = (math.log(size) for size in self.size_mm)
        return (low + high) / 2, (high - low) / (2 * _STANDARD.inv_cdf((1 + self.size_covers) / 2))


@dataclass(frozen=True, kw_only=True)
class Differential:
    """The whole table."""

    entities: tuple[Entity, ...]
    looks: Mapping[str, Look]
    assumed_head_radius_mm: float
    elsewhere: float
    least: float
    angle_sd_deg: float
    smallest_weight: float
    inseparable_share: float

    def factors(self, measures: Measures) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Return for each entity (name, factor) of every measure that was made, prior first, each at most 1."""
        columns = list(zip(*(entity.likelihoods(measures, self) for entity in self.entities), strict=True))
        found: list[list[tuple[str, float]]] = [[("prior", entity.prior)] for entity in self.entities]
        for name, column in zip(FACTORS, columns, strict=True):
            known = [value for value in column if value is not None]
            best = max(known, default=0.0)
            if best <= 0.0:
                continue
            for row, value in zip(found, column, strict=True):
                # What says nothing about an entity counts as an average entity would.
                share = sum(known) / len(known) / best if value is None else value / best
                row.append((name, max(share, self.least)))
        return tuple(tuple(row) for row in found)


@lru_cache(maxsize=1)
def differential_table() -> Differential:
    """Return the tables of the model."""
    prescribed = tomllib.loads(model_file(MODEL, "entities.toml").read_text(encoding="utf-8"))
    fitted = json.loads(model_file(MODEL, "looks.json").read_text(encoding="utf-8"))
    return read_table(prescribed, fitted)


def read_table(prescribed: Mapping[str, Any], fitted: Mapping[str, Any]) -> Differential:
    """Make the table of what its two files hold."""
    values = {name: value for name, value in prescribed.items() if name not in ("version", "entities", "looks")}
    return Differential(
        entities=tuple(Entity(**_tuples(entry)) for entry in prescribed["entities"]),
        looks={name: Look(**_tuples(look)) for name, look in {**prescribed["looks"], **fitted["looks"]}.items()},
        **values,
    )


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def _normal(value: float, mean: float, deviation: float) -> float:
    return math.exp(-0.5 * ((value - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))


def _turned(angle_deg: float | None, towards: str, deviation_deg: float) -> float | None:
    """Return how likely an angle to the joint's surface is, per degree of the quarter turn that it can have."""
    if angle_deg is None:
        return None
    if not towards:
        return 1 / 90
    from_it = angle_deg if towards == "parallel" else 90 - angle_deg
    # A normal distribution, folded at both ends.
    return sum(2 * _normal(angle, 0.0, deviation_deg) for angle in (from_it, 180 - from_it))
