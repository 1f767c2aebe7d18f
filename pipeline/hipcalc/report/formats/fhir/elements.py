"""Parts that several FHIR resources share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from hipcalc.report.provenance import RESEARCH_NOTICE

__all__ = [
    "BASE",
    "annotation",
    "concept",
    "head_radii",
    "identifier",
    "instant",
    "meta",
    "millimetres",
    "narrative",
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


def instant(time: datetime) -> str:
    """Return a time as FHIR writes it: UTC is Z."""
    return time.isoformat().replace("+00:00", "Z")


def narrative(title: str, sections: Mapping[str, Sequence[object]]) -> dict[str, str]:
    """Return what a person reads of a resource, as the XHTML that FHIR wants."""
    parts = [f"<p><b>{escape(title)}</b></p>"]
    for heading, lines in sections.items():
        if lines:
            items = "".join(f"<li>{escape(str(line))}</li>" for line in lines)
            parts.append(f"<p>{escape(heading)}</p><ul>{items}</ul>")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'}
