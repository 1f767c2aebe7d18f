"""DICOM header -> is it one plain radiograph, of what, seen how; never an identifier."""

import re
from typing import TYPE_CHECKING

from hipcalc.errors import InputRejectedError, InputUnreadableError
from hipcalc.radiograph.limits import MAX_PIXELS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["check_is_radiograph", "view_words"]

RADIOGRAPH_MODALITIES = frozenset({"CR", "DX", "RG", "RF", "XA", "SC", "OT", "DR", ""})

# Only these words may leave free-text fields: what else stands there may be a name.
_VIEW_WORDS = frozenset(
    {
        *("ap", "pa", "lateral", "lat", "ll", "rl", "axial", "oblique", "lao", "rao", "llo", "rlo"),
        *("frog", "leg", "frogleg", "dunn", "lauenstein", "rippstein", "judet", "inlet", "outlet", "false", "profile"),
        *("cross", "table", "crosstable", "standing", "supine", "left", "right", "both", "bilateral", "unilateral"),
        *("links", "rechts", "gauche", "droite", "izquierda", "derecha", "sinistra", "destra"),
        *("antero", "posterior", "anterior", "postero"),
        *("hip", "hips", "pelvis", "femur", "becken", "huefte", "hüfte", "hanche", "bassin", "cadera"),
    }
)
_OTHER_BODY_PARTS = frozenset(
    {
        *("CHEST", "THORAX", "LUNG", "RIB", "STERNUM", "CLAVICLE", "BREAST", "CSPINE", "TSPINE", "NECK"),
        *("SKULL", "HEAD", "JAW", "TEETH", "MANDIBLE", "ORBIT", "NOSE"),
        *("SHOULDER", "ARM", "HUMERUS", "ELBOW", "FOREARM", "RADIUS", "ULNA", "WRIST", "HAND", "FINGER"),
        *("KNEE", "ANKLE", "FOOT", "HEEL", "CALCANEUS", "TOE"),
    }
)
_MODALITY_NAMES = {
    "CT": "a CT slice",
    "MR": "an MR slice",
    "US": "an ultrasound image",
    "NM": "a nuclear medicine image",
    "PT": "a PET image",
    "MG": "a mammogram",
    "PX": "a dental radiograph",
    "IO": "a dental radiograph",
}


def check_is_radiograph(dataset: "Dataset", path: str) -> None:
    """Refuse, by its header, whatever is not a single projection radiograph that may show a hip.

    Raises
    ------
    InputRejectedError
        For other modalities, other body parts, several frames, objects without an image, absurd sizes.
    InputUnreadableError
        When the image's size is missing.
    """
    modality = str(dataset.get("Modality", "") or "").strip().upper()
    if modality not in RADIOGRAPH_MODALITIES:
        name = _MODALITY_NAMES.get(modality, "a DICOM object of another kind")
        raise InputRejectedError(f"{path}: this is {name}, not a radiograph; give a CR, DX or RF image.")
    if "PixelData" not in dataset:
        raise InputRejectedError(f"{path}: this DICOM file holds no image; give the radiograph itself.")
    _check_size(dataset, path)
    if str(dataset.get("PhotometricInterpretation", "")).strip().upper() == "PALETTE COLOR":
        raise InputRejectedError(f"{path}: this is a colour picture, not a radiograph.")
    body_part = str(dataset.get("BodyPartExamined", "") or "").strip().upper()
    if body_part in _OTHER_BODY_PARTS:
        raise InputRejectedError(
            f"{path}: by its header this radiograph shows another body part ({body_part.lower()}), not a hip."
        )


def _check_size(dataset: "Dataset", path: str) -> None:
    try:
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        frames = int(dataset.get("NumberOfFrames") or 1)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputUnreadableError(f"{path}: the header does not state the image's size; export it again.") from error
    if frames > 1:
        raise InputRejectedError(f"{path}: the file holds {frames} frames; export one radiograph per file.")
    if rows < 1 or columns < 1 or rows * columns > MAX_PIXELS:
        raise InputRejectedError(f"{path}: {rows} x {columns} pixels are no radiograph.")


def view_words(*texts: str) -> str:
    """Keep of free texts only words about view and body part, lower case, each once."""
    words = (word for text in texts for word in re.split(r"[\W_\d]+", text.lower()))
    return " ".join(dict.fromkeys(word for word in words if word in _VIEW_WORDS))
