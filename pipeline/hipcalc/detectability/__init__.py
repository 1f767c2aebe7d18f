"""NormalizedRadiograph, HipFrame -> the smallest focus that would have been found here.

Foci of known size and contrast are planted into this very picture, around this very rim, and the detector is run as
it is: the injection and recovery test by which astronomers state the completeness of a survey. The statement holds for
soft tissue beside the rim, where deposits lie; in a picture that ends at the joint, for what it shows around the rim.
"""

from hipcalc.detectability.limit import DetectionLimit, PlaceLimit, detectability
from hipcalc.detectability.planting import DIAMETERS, PlantedFoci, plant_and_find

__all__ = ["DIAMETERS", "DetectionLimit", "PlaceLimit", "PlantedFoci", "detectability", "plant_and_find"]
