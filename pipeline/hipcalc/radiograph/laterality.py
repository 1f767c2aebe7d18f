"""Which hip is it, and which way round: what the header says of side and orientation."""

from typing import Literal

from pydicom.dataset import Dataset

from hipcalc.radiograph.types import Side

__all__ = ["header_side", "side_at_right"]

# SNOMED CT (and its older SRT codes) for the modifiers "right" and "left" of an anatomic region (PS3.16, CID 244).
_SIDE_CODES: dict[str, Side] = {"24028007": "R", "G-A100": "R", "7771000": "L", "G-A101": "L"}
_RIGHT_WORDS = frozenset({"right", "rechts", "droite", "derecha", "destra"})
_LEFT_WORDS = frozenset({"left", "links", "gauche", "izquierda", "sinistra"})


def header_side(dataset: Dataset, words: frozenset[str]) -> Side:
    """Return the patient's side that a header states for a unilateral radiograph.

    ImageLaterality, Laterality and FrameLaterality count first, then the modifier of the anatomic region, then the
    words of the view's description where they name one side only (PS3.3, C.8.11.2 and 10.5).

    Parameters
    ----------
    dataset : Dataset
    words : frozenset of str
        Lower-case words of the fields that describe view and body part.
    """
    for keyword in ("ImageLaterality", "Laterality", "FrameLaterality"):
        value = str(dataset.get(keyword, "") or "").strip().upper()
        if value == "R":
            return "R"
        if value == "L":
            return "L"
        # B is both sides, U an unpaired part: a pelvis.
        if value in ("B", "U"):
            return "unknown"
    coded = _modifier_side(dataset)
    if coded != "unknown":
        return coded
    right, left = bool(words & _RIGHT_WORDS), bool(words & _LEFT_WORDS)
    if right == left:
        return "unknown"
    return "R" if right else "L"


def _modifier_side(dataset: Dataset) -> Side:
    sides = set()
    for region in dataset.get("AnatomicRegionSequence") or ():
        for modifier in region.get("AnatomicRegionModifierSequence") or ():
            sides.add(_SIDE_CODES.get(str(modifier.get("CodeValue", "") or "").strip(), "unknown"))
    sides.discard("unknown")
    return sides.pop() if len(sides) == 1 else "unknown"


def side_at_right(dataset: Dataset) -> Literal["R", "L", "unknown"]:
    """Return the patient's side towards which the picture's columns run, by PatientOrientation (PS3.3, C.7.6.1.1.1).

    ``L`` is the usual display of a pelvis, ``R`` a picture that is mirrored against it or taken from behind.
    """
    value = dataset.get("PatientOrientation")
    first = str(value[0] if value and not isinstance(value, str) else value or "").strip().upper()
    if first[:1] == "L":
        return "L"
    return "R" if first[:1] == "R" else "unknown"
