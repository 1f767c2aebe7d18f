"""What a focus may be: a likelihood model over its measures, from tables that a clinician can read and replace."""

import math
from dataclasses import dataclass, replace

import numpy as np

from hipcalc.findings.finding import Finding
from hipcalc.findings.likelihood import Differential, Measures, differential_table
from hipcalc.findings.relations import ATTACHED_HEAD_RADII

__all__ = ["Reason", "explain_differential", "inseparable", "measures_of", "with_differential"]

# Chosen: with this share of its inside at the brightest level, a focus is taken for saturated.
_SATURATED_SHARE = 0.5
# Chosen: 12 mm of a usual head; the labrum is 5-9 mm wide (clinical page, section 5).
FAR_HEAD_RADII = 0.5
# Chosen: a rounder outline has no direction.
LONG = 1.3


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One entity's weight, and what each measure contributed to it.

    Attributes
    ----------
    entity : str
    weight : float
        Probability within the table's entities, by its priors: between 0 and 1.
    factors : tuple of (str, float)
        Measures and their factors, the prior first; 1 fits this entity best of all, a low factor speaks against it.
    look : str
        What the entity looks like, in words.
    """

    entity: str
    weight: float
    factors: tuple[tuple[str, float], ...]
    look: str


def explain_differential(finding: Finding) -> tuple[Reason, ...]:
    """Return a finding's ranked differential with the factor that every measure contributed.

    Weights sum to at most 1; entities below the table's smallest weight are left out.
    """
    return _ranked(measures_of(finding), differential_table())


def inseparable(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """Return the entities that one view cannot separate from the first: those with about its weight, itself included.

    Parameters
    ----------
    reasons : tuple of Reason
        As `explain_differential` returned them.

    Returns
    -------
    tuple of str
        Empty where the first one stands alone.
    """
    least = differential_table().inseparable_share * reasons[0].weight
    close = tuple(reason.entity for reason in reasons if reason.weight >= least)
    return close if len(close) > 1 else ()


def with_differential(finding: Finding) -> Finding:
    """Return a finding with its ranked classes and their weights filled in from its measures."""
    reasons = explain_differential(finding)
    said = ";".join(f"{reason.entity}:{reason.weight:.2f}" for reason in reasons)
    return replace(finding, first_class=reasons[0].entity, differential=said)


def measures_of(finding: Finding) -> Measures:
    """Return what the tables are asked about a finding."""
    millimetres = finding.diameter_mm
    if millimetres is None:
        millimetres = finding.diameter_head_radii * differential_table().assumed_head_radius_mm
    return Measures(
        zone=finding.zone,
        diameter_mm=millimetres,
        aspect_ratio=finding.aspect_ratio,
        core_to_rim=finding.core_to_rim,
        margin=_margin(finding),
        attached=finding.gap_head_radii < ATTACHED_HEAD_RADII,
        far=finding.gap_head_radii > FAR_HEAD_RADII,
        cleft_deg=finding.cleft_deg,
        tangent_deg=_direction(finding),
        alike_count=finding.alike_count,
        symmetric=finding.symmetric,
        saturated=(finding.saturated_share or 0.0) >= _SATURATED_SHARE,
    )


def _margin(finding: Finding) -> float | None:
    """Return the margin's width over the diameter, None where it was not measured."""
    margin = finding.margin_px
    return None if margin is None or not margin > 0.0 else margin / finding.diameter_px


def _direction(finding: Finding) -> float | None:
    """Return the angle of the long axis to the head's outline, None where the outline is round or was not measured."""
    angle = finding.tangent_deg
    return None if angle is None or math.isnan(angle) or finding.aspect_ratio < LONG else angle


def _ranked(measures: Measures, table: Differential) -> tuple[Reason, ...]:
    factors = table.factors(measures)
    products = np.array([math.prod(factor for _, factor in found) for found in factors])
    weights = products / products.sum()
    order = np.argsort(-weights, kind="stable")
    return tuple(
        Reason(entity=table.entities[k].id, weight=float(weights[k]), factors=factors[k], look=table.entities[k].words)
        for rank, k in enumerate(order)
        if rank == 0 or weights[k] >= table.smallest_weight
    )
