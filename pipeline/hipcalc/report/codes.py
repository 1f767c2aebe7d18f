"""The map from concepts to codes: a data file that a site can replace, and of which only verified codes are used."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from hipcalc.errors import UsageError
from hipcalc_models import model_file

__all__ = ["CODES_VARIABLE", "Code", "check_codes", "verified_code"]

# Names a site's own file.
CODES_VARIABLE: Final = "HIPCALC_CODES"
_OWN: Final = ("codes-1", "codes.toml")
# The URI of each coding scheme in FHIR (https://hl7.org/fhir/R4B/terminologies-systems.html), by its name in DICOM.
_SYSTEMS: Final = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "RADLEX": "http://www.radlex.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}
# SNOMED CT, LOINC, RadLex and DICOM write no other; 16 characters is what DICOM's Code Value holds.
_VALUE: Final = re.compile(r"[A-Z0-9][A-Za-z0-9-]{0,15}")
_TYPES: Final = {"scheme": str, "value": str, "meaning": str, "verified": bool}
_LONGEST_MEANING: Final = 64


@dataclass(frozen=True, kw_only=True)
class Code:
    """A verified code.

    Attributes
    ----------
    scheme : str
        As DICOM names coding schemes (PS3.16, 8).
    value, meaning : str
    """

    scheme: str
    value: str
    meaning: str

    @property
    def system(self) -> str:
        """The coding scheme as FHIR names it."""
        return _SYSTEMS[self.scheme]


def check_codes() -> None:
    """Refuse a site's own map that is wrong, before anything is written.

    Raises
    ------
    UsageError
        If the file that the environment variable `CODES_VARIABLE` names is no such map.
    """
    _codes(os.environ.get(CODES_VARIABLE, ""))


def verified_code(concept: str) -> Code | None:
    """Return the code of a concept; None where the map has none, or none that was verified: it is text then.

    Parameters
    ----------
    concept : str
        Name of a table of ``codes.toml``, such as ``hip-joint``.

    Raises
    ------
    UsageError
        As `check_codes`.
    """
    return _codes(os.environ.get(CODES_VARIABLE, "")).get(concept)


@cache
def _codes(named: str) -> dict[str, Code]:
    place = named or "/".join(_OWN)
    try:
        text = Path(named).read_text(encoding="utf-8") if named else model_file(*_OWN).read_text(encoding="utf-8")
        concepts = tomllib.loads(text)["concepts"].items()
    except OSError as error:
        raise UsageError(
            f"{place}: the map of codes cannot be read ({error.strerror}); see {CODES_VARIABLE}."
        ) from error
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{place} is no map of codes ({error}); write it as the one that comes with hipcalc."
        ) from error
    codes = {name: _code(f"{place}: the concept {name}", entry) for name, entry in concepts}
    return {name: code for name, code in codes.items() if code is not None}


def _code(place: str, entry: Mapping[str, Any]) -> Code | None:
    if not isinstance(entry, dict) or {key: type(value) for key, value in entry.items()} != _TYPES:
        raise UsageError(f"{place} must have scheme, value and meaning as text, and verified as true or false.")
    if not entry["verified"]:
        return None
    if entry["scheme"] not in _SYSTEMS:
        raise UsageError(f"{place} has the scheme {entry['scheme']!r}; choose out of {', '.join(_SYSTEMS)}.")
    if not _VALUE.fullmatch(entry["value"]):
        raise UsageError(f"{place} has the value {entry['value']!r}, which is no code.")
    if not 0 < len(entry["meaning"]) <= _LONGEST_MEANING:
        raise UsageError(f"{place} needs a meaning of at most {_LONGEST_MEANING} characters.")
    return Code(scheme=entry["scheme"], value=entry["value"], meaning=entry["meaning"])
