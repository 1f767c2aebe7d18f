"""The JSON Schema of a recommendation file, made from the records themselves, so that the two cannot differ."""

import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, Final, Literal, get_args, get_origin

from hipcalc.guideline import Recommendation
from hipcalc.report.hip_provenance import HipProvenance

__all__ = ["recommendation_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final = {str: "string", bool: "boolean", float: "number", type(None): "null"}


def recommendation_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every file in ``recommendations`` meets.

    Returns
    -------
    dict
        Plain values, ready for JSON. Every member is required and no other is allowed.
    """
    definitions: dict[str, Any] = {}
    root = _reference(Recommendation, definitions)
    recommendation = definitions[Recommendation.__name__]
    # The file holds the recommendation's own members and, beside them, what made it.
    recommendation["properties"]["provenance"] = _reference(HipProvenance, definitions)
    recommendation["required"].append("provenance")
    return {"$schema": _DIALECT, "title": "hipcalc recommendation for one hip", **root, "$defs": definitions}


def _reference(record: type, definitions: dict[str, Any]) -> dict[str, str]:
    """Define a record once, under its name, and return the reference to it."""
    if record.__name__ not in definitions:
        definitions[record.__name__] = {}
        types = typing.get_type_hints(record)
        names = [field.name for field in fields(record)]
        definitions[record.__name__] = {
            "type": "object",
            "properties": {name: _schema(types[name], definitions) for name in names},
            "required": names,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{record.__name__}"}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    if get_origin(kind) is types.UnionType:
        return {"anyOf": [_schema(part, definitions) for part in get_args(kind)]}
    if is_dataclass(kind) and isinstance(kind, type):
        return _reference(kind, definitions)
    return {"type": _PLAIN[kind]}
