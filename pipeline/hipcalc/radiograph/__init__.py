"""File -> Radiograph: the only reader of image files."""

from hipcalc.radiograph.device import manufacturer_of
from hipcalc.radiograph.identifiers import IDENTIFIER_COLUMNS, identifiers_of
from hipcalc.radiograph.inputs import find_inputs, iter_inputs
from hipcalc.radiograph.naming import apply_name_pattern, compile_name_pattern
from hipcalc.radiograph.reading import content_sha256, radiograph_from_bytes, read_file, read_radiograph
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
