"""Radiograph -> NormalizedRadiograph: polarity, grey scale, noise, exclusion masks, quality."""

from hipcalc.normalize.types import NormalizedRadiograph, Quality

__all__ = ["NormalizedRadiograph", "Quality"]
