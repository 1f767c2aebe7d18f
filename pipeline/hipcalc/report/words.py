"""Values of the tables in words for a reader."""

from hipcalc.findings import Finding, Tissue

__all__ = [
    "class_name",
    "count_estimate",
    "count_text",
    "differential_list",
    "length_text",
    "limit_text",
    "number_text",
    "short_length",
    "side_name",
    "spacing_text",
    "view_name",
    "zone_name",
]

_SIDES = {"R": "Right", "L": "Left"}
_ZONES = {
    "rim": "rim / labrum",
    "rim-overlay": "over the head, along the rim",
    "supra-rim": "above the rim (rectus femoris)",
    "trochanteric": "trochanteric",
    "lateral-soft-tissue": "lateral soft tissue",
    "intra-osseous": "within bone",
    "pelvic": "pelvic, medial",
    "remote": "remote",
}
_SPACING = {
    "calibrated": "calibrated",
    "magnification-corrected": "corrected for magnification",
    "detector-plane": "at the detector: apparent size, 10 to 23% too large as a rule",
    "user": "given by the user",
    "scale-bar": "from the scale bar in the picture",
    "unknown": "unknown",
}
_VIEWS = {
    "ap_pelvis": "AP pelvis",
    "unilateral": "one hip",
    "frog_leg": "frog leg",
    "lateral": "lateral",
    "unknown": "unknown",
}
_TISSUES: dict[Tissue, str] = {"soft tissue": ", in soft tissue", "bone": ", over bone", "": ""}
_ABBREVIATIONS = {"cppd": "CPPD", "hadd": "HADD"}


def side_name(side: str) -> str:
    """Return Right, Left or Side unknown."""
    return _SIDES.get(side, "Side unknown")


def zone_name(zone: str) -> str:
    """Return a zone in words."""
    return _ZONES.get(zone, zone.replace("-", " "))


def class_name(name: str) -> str:
    """Return a class of the differential in words."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in name.split("-"))


def number_text(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed count of decimals, or a dash when it is unknown."""
    return "–" if value is None else f"{value:.{digits}f}"


def length_text(millimetres: float | None, head_radii: float | None) -> str:
    """Return a length in millimetres where they are known, always with head radii (R)."""
    if head_radii is None:
        return "–" if millimetres is None else f"{millimetres:.1f} mm"
    return f"{head_radii:.2f} R" if millimetres is None else f"{millimetres:.1f} mm ({head_radii:.2f} R)"


def short_length(millimetres: float | None, head_radii: float | None) -> str:
    """Return a length in millimetres, or in head radii (R) where they are not known."""
    if millimetres is not None:
        return f"{millimetres:.1f} mm"
    return "–" if head_radii is None else f"{head_radii:.2f} R"


def limit_text(millimetres: float | None, head_radii: float | None, tissue: Tissue) -> str:
    """Return a hip's detection limit and where it holds; whether there is none, or it was not reached."""
    if head_radii is None:
        return f"not reached by the largest foci planted{_TISSUES[tissue]}" if tissue else "not measured"
    return f"{length_text(millimetres, head_radii)}{_TISSUES[tissue]}"


def spacing_text(spacing_mm: float | None, source: str) -> str:
    """Return the pixel spacing and where it comes from."""
    if spacing_mm is None:
        return "unknown: sizes are in head radii (R), never in millimetres"
    return f"{spacing_mm:.3g} mm per pixel, {_SPACING.get(source, source)}"


def differential_list(finding: Finding) -> list[tuple[str, int]]:
    """Return (class in words, weight in percent) of a finding's differential, in its order."""
    entries = [entry.rpartition(":") for entry in finding.differential.split(";") if ":" in entry]
    return [(class_name(name.strip()), round(100 * float(weight))) for name, _, weight in entries]


def view_name(view: str) -> str:
    """Return a view in words."""
    return _VIEWS.get(view, view.replace("_", " "))


def count_estimate(expected: float) -> str:
    """Return an expected number with two digits, and nothing finer than a thousandth: it is an estimate."""
    return "< 0.001" if expected < 0.001 else f"{expected:.2g}"


def count_text(count: int, noun: str) -> str:
    """Return ``1 mark`` or ``2 marks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
