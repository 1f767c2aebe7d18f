"""Zones of the hip, placed by each hip's own rim (guideline/clinical.md, section 5)."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Sector", "Zone", "zone_of", "zone_sectors"]

Zone = Literal[
    "rim", "rim-overlay", "supra-rim", "trochanteric", "lateral-soft-tissue", "intra-osseous", "pelvic", "remote"
]

HEAD_EDGE_R = 1.05
OVERLAY_INNER_R = 0.8
OVERLAY_AROUND_RIM_DEG = 35.0
RIM_FROM_RIM_DEG = (-8.0, 25.0)
RIM_OUTER_R = 1.45
SUPRA_RIM_PHI_DEG = (-10.0, 45.0)
SUPRA_RIM_R = (1.25, 2.2)
TROCHANTER_PHI_DEG = (55.0, 120.0)
TROCHANTER_R = (1.6, 2.6)
REMOTE_R = 2.6
# Beyond the ilium's medial border, and below the head; between 100 degrees and there lies the femoral neck.
PELVIC_PHI_DEG = (-40.0, 150.0)
NECK_PHI_DEG = 100.0
NECK_R = 1.6


@dataclass(frozen=True, kw_only=True)
class Sector:
    """A zone with borders of its own: from one polar angle and radius (head radii) to others."""

    zone: Zone
    from_rim: bool
    phi_deg: tuple[float, float]
    r: tuple[float, float]


def zone_sectors() -> tuple[Sector, ...]:
    """Return the borders of the zones that are sectors, for a drawing; angles count from the rim's or from cranial.

    Where sectors overlap the earlier one counts, as in `zone_of`.
    """
    around = (-OVERLAY_AROUND_RIM_DEG, OVERLAY_AROUND_RIM_DEG)
    return (
        Sector(zone="rim", from_rim=True, phi_deg=RIM_FROM_RIM_DEG, r=(HEAD_EDGE_R, RIM_OUTER_R)),
        Sector(zone="rim-overlay", from_rim=True, phi_deg=around, r=(OVERLAY_INNER_R, HEAD_EDGE_R)),
        Sector(zone="supra-rim", from_rim=False, phi_deg=SUPRA_RIM_PHI_DEG, r=SUPRA_RIM_R),
        Sector(zone="trochanteric", from_rim=False, phi_deg=TROCHANTER_PHI_DEG, r=TROCHANTER_R),
    )


def zone_of(r_head_radii: float, phi_deg: float, rim_phi_deg: float) -> Zone:
    """Return the zone of a place in hip coordinates.

    Where the page's zones overlap the first of rim, over the rim, above the rim and trochanter counts; the roof's,
    the head's and the neck's own bone is `intra-osseous`; what is left of the lateral side is soft tissue, and the
    medial side pelvic.
    """
    from_rim = phi_deg - rim_phi_deg
    if r_head_radii < HEAD_EDGE_R:
        near_rim = abs(from_rim) <= OVERLAY_AROUND_RIM_DEG and r_head_radii >= OVERLAY_INNER_R
        return "rim-overlay" if near_rim else "intra-osseous"
    if _within(from_rim, RIM_FROM_RIM_DEG) and r_head_radii <= RIM_OUTER_R:
        return "rim"
    if _within(phi_deg, SUPRA_RIM_PHI_DEG) and _within(r_head_radii, SUPRA_RIM_R):
        return "supra-rim"
    return _outer_zone(r_head_radii, phi_deg, from_rim)


def _outer_zone(r: float, phi: float, from_rim: float) -> Zone:
    if _within(phi, TROCHANTER_PHI_DEG) and _within(r, TROCHANTER_R):
        return "trochanteric"
    if r > REMOTE_R:
        return "remote"
    if not _within(phi, PELVIC_PHI_DEG):
        return "pelvic"
    in_neck = phi > NECK_PHI_DEG and r < NECK_R
    return "intra-osseous" if in_neck or from_rim < RIM_FROM_RIM_DEG[0] else "lateral-soft-tissue"


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
