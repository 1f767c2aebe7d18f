"""File -> Radiograph: the only reader of image files."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.radiograph.content import content_sha256, read_file
    from hipcalc.radiograph.device import manufacturer_of
    from hipcalc.radiograph.identifiers import IDENTIFIER_COLUMNS, identifiers_of
    from hipcalc.radiograph.inputs import find_inputs, iter_inputs
    from hipcalc.radiograph.naming import apply_name_pattern, compile_name_pattern
    from hipcalc.radiograph.reading import radiograph_from_bytes, read_radiograph
    from hipcalc.radiograph.study import study_header
    from hipcalc.radiograph.types import Polarity, Radiograph, Side, SpacingSource

__all__ = [
    "IDENTIFIER_COLUMNS",
    "Polarity",
    "Radiograph",
    "Side",
    "SpacingSource",
    "apply_name_pattern",
    "compile_name_pattern",
    "content_sha256",
    "find_inputs",
    "identifiers_of",
    "iter_inputs",
    "manufacturer_of",
    "radiograph_from_bytes",
    "read_file",
    "read_radiograph",
    "study_header",
]

_HOMES = {
    "manufacturer_of": "device",
    **dict.fromkeys(("IDENTIFIER_COLUMNS", "identifiers_of"), "identifiers"),
    **dict.fromkeys(("find_inputs", "iter_inputs"), "inputs"),
    **dict.fromkeys(("apply_name_pattern", "compile_name_pattern"), "naming"),
    **dict.fromkeys(("content_sha256", "read_file"), "content"),
    **dict.fromkeys(("radiograph_from_bytes", "read_radiograph"), "reading"),
    "study_header": "study",
    **dict.fromkeys(("Polarity", "Radiograph", "Side", "SpacingSource"), "types"),
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
