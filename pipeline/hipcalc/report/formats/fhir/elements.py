"""Parts that several FHIR resources share."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from hipcalc.report.hip_provenance import HipProvenance
from hipcalc.report.provenance import RESEARCH_NOTICE
from hipcalc.report.words import length_text, spacing_text

__all__ = [
    "BASE",
    "annotation",
    "concept",
    "head_radii",
    "identifier",
    "meta",
    "millimetres",
    "narrative",
    "origin_lines",
]

# Nobody owns a name that ends in .invalid (RFC 2606): these addresses name things and lead nowhere.
BASE: Final = "https://hipcalc.invalid/fhir"
_UCUM: Final = "http://unitsofmeasure.org"
_TAGS: Final = {
    "research-use-only": RESEARCH_NOTICE,
    "unconfirmed": "Unconfirmed algorithm output: no human has confirmed it.",
}


def meta(*, unconfirmed: bool = False) -> dict[str, Any]:
    """Return the tags of a resource: the research-use notice on each, and that it is unconfirmed where it is."""
    names = ["research-use-only", *(["unconfirmed"] if unconfirmed else [])]
    return {"tag": [{"system": f"{BASE}/tags", "code": name, "display": _TAGS[name]} for name in names]}


def concept(text: str, codings: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Return a concept as text, with its verified codes where there are any."""
    coding = [dict(one) for one in codings]
    return {"text": text, **({"coding": coding} if coding else {})}


def identifier(kind: str, value: str) -> dict[str, str]:
    """Return an identifier that hipcalc itself made."""
    return {"system": f"{BASE}/{kind}", "value": value}


def annotation(text: str) -> dict[str, str]:
    """Return a note."""
    return {"text": text}


def millimetres(value: float) -> dict[str, Any]:
    """Return a length in millimetres."""
    return {"value": value, "unit": "mm", "system": _UCUM, "code": "mm"}


def head_radii(value: float) -> dict[str, Any]:
    """Return a length in radii of the femoral head."""
    return {"value": value, "unit": "femoral-head radii", "system": _UCUM, "code": "1"}


def narrative(title: str, sections: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what a person reads of a resource, as the XHTML that FHIR wants."""
    parts = [f"<p><b>{escape(title)}</b></p>"]
    for heading, lines in sections.items():
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            parts.append(f"<p>{escape(heading)}</p><ul>{items}</ul>")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'}


def origin_lines(origin: HipProvenance) -> list[str]:
    """Return what made a hip's output, a line each."""
    limit = "not measured"
    if origin.detection_limit_head_radii is not None:
        limit = length_text(origin.detection_limit_mm, origin.detection_limit_head_radii)
    return [
        origin.notice,
        f"hipcalc {origin.screening_version}, report by {origin.report_version}; models {', '.join(origin.models)}; "
        f"settings {origin.settings_hash}",
        f"operating point: {origin.false_marks_per_hip:g} expected false marks per hip",
        f"detection limit in this hip: {limit}",
        f"pixel spacing: {spacing_text(origin.spacing_mm, origin.spacing_source)}",
        f"image SHA-256: {origin.image_sha256}",
    ]
