"""File -> Radiograph: the only reader of image files."""

from hipcalc.radiograph.types import Polarity, Radiograph, Side, SpacingSource

__all__ = ["Polarity", "Radiograph", "Side", "SpacingSource"]
