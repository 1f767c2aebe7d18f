"""The reasons of a differential in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from hipcalc.findings.differential import LONG, measures_of
from hipcalc.findings.finding import Finding
from hipcalc.findings.likelihood import differential_table

__all__ = ["EntityWords", "differential_words"]

# Chosen: a measure speaks for an entity that it fits this well, and no worse than it fits the average one; it
# speaks against an entity that it fits so badly.
_FITS = 0.3
_BETTER_THAN_AVERAGE = 1.0
_AGAINST = 0.25
_CORTEX, _NO_CORTEX = 0.85, 0.95


@dataclass(frozen=True, kw_only=True)
class EntityWords:
    """What speaks for an entity and what against it, most telling first, as phrases about the finding's measures."""

    entity: str
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


def differential_words(finding: Finding) -> Mapping[str, EntityWords]:
    """Return for every entity of the table which of a finding's measures speak for it and which against it.

    Parameters
    ----------
    finding : Finding

    Returns
    -------
    mapping of str to EntityWords
        By the entity's id, such as ``separate from the rim by 1.4 mm``, ``no cortex seen``, ``3.1 mm``.
    """
    table = differential_table()
    every = table.factors(measures_of(finding))
    average = {name: np.mean([dict(factors)[name] for factors in every]) for name, _ in every[0]}
    words = {}
    for entity, factors in zip(table.entities, every, strict=True):
        told = [(name, value / average[name], value) for name, value in factors if name in _PHRASES]
        told.sort(key=lambda one: -one[1])
        said_for = [name for name, better, value in told if value >= _FITS and better >= _BETTER_THAN_AVERAGE]
        said_against = [name for name, _, value in reversed(told) if value <= _AGAINST]
        words[entity.id] = EntityWords(
            entity=entity.id,
            speaks_for=_phrases(said_for, finding),
            speaks_against=_phrases(said_against, finding),
        )
    return words


def _phrases(names: list[str], finding: Finding) -> tuple[str, ...]:
    return tuple(filter(None, (_PHRASES[name](finding) for name in names)))


def _length(millimetres: float | None, head_radii: float) -> str:
    return f"{head_radii:.2f} head radii" if millimetres is None else f"{millimetres:.1f} mm"


def _gap(finding: Finding) -> str:
    if measures_of(finding).attached:
        return "touches the rim point"
    return f"separate from the rim by {_length(finding.gap_mm, finding.gap_head_radii)}"


def _core(finding: Finding) -> str:
    if finding.core_to_rim < _CORTEX:
        return "bright border around a darker core"
    return "no cortex seen" if finding.core_to_rim >= _NO_CORTEX else "core hardly darker than the border"


def _edge(finding: Finding) -> str:
    return f"margin over {measures_of(finding).margin:.0%} of its width"


def _shape(finding: Finding) -> str:
    if finding.aspect_ratio < LONG:
        return "round"
    return f"{finding.aspect_ratio:.1f} times as long as wide"


def _alike(finding: Finding) -> str:
    return f"{finding.alike_count or 'none'} alike beside it"


def _other_side(finding: Finding) -> str:
    return f"{'one' if finding.symmetric == 'yes' else 'none'} like it on the other side"


_PHRASES: Final[Mapping[str, Callable[[Finding], str]]] = {
    "zone": lambda finding: f"zone {finding.zone.replace('-', ' ')}",
    "size": lambda finding: _length(finding.diameter_mm, finding.diameter_head_radii),
    "aspect ratio": _shape,
    "core to rim": _core,
    "margin": _edge,
    "gap to the rim": _gap,
    "cleft": lambda finding: f"cleft at {finding.cleft_deg:.0f}° to the joint surface",
    "direction": lambda finding: f"long axis at {finding.tangent_deg:.0f}° to the head's outline",
    "alike": _alike,
    "other side": _other_side,
    "saturation": lambda finding: "saturated" if measures_of(finding).saturated else "",
}
