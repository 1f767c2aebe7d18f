"""What stands out from bone, with the bone taken away: a focus that touches it is closed all around.

The residue of a grey-scale opening (white top-hat), after F. Meyer, Iterative image transformations for an automatic
screening of cervical smears, J. Histochem. Cytochem. 27 (1979) 128, and J. Serra, Image Analysis and Mathematical
Morphology, Academic Press 1982.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.candidates.window import WORKING_RADIUS_PX, HipWindow

__all__ = ["opened_level"]

# Head radii: bright things narrower than twice this, 9 mm for a head of 48 mm, are taken out by the opening.
OPENING_RADIUS = 0.18
# At half of the resolution an opening costs an eighth, and its result is smooth anyway.
COARSENESS = 2
GRAIN_SIGMA_PX = 1.0
SMOOTHING_PX = 1.5


def opened_level(window: HipWindow, radius: float = OPENING_RADIUS) -> NDArray[np.float32]:
    """Return the window's level without whatever is bright and narrow, float32, shape (rows, columns).

    Bone stays, with its edges where they are; foci and lips on it, ridges and trabeculae go. What is narrower than
    twice the `radius`, in head radii, counts as narrow.
    """
    rows, columns = window.level.shape
    size = -(-columns // COARSENESS), -(-rows // COARSENESS)
    small = cv2.resize(cv2.GaussianBlur(window.level, (0, 0), GRAIN_SIGMA_PX), size, interpolation=cv2.INTER_LINEAR)
    across = 2 * round(radius * WORKING_RADIUS_PX / COARSENESS) + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    opened = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_OPEN, disk), (0, 0), SMOOTHING_PX)
    return np.asarray(cv2.resize(opened, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
