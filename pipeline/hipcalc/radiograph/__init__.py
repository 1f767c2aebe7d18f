"""File -> Radiograph: the only reader of image files."""

from hipcalc.radiograph.inputs import find_inputs
from hipcalc.radiograph.reading import read_radiograph
from hipcalc.radiograph.types import Polarity, Radiograph, Side, SpacingSource

__all__ = ["Polarity", "Radiograph", "Side", "SpacingSource", "find_inputs", "read_radiograph"]
