"""Which of the patient's hips one is, and whether the picture contradicts what its file says of that."""

from hipcalc.anatomy.frame import FOUND_STATUSES, HipFrame, SideSource
from hipcalc.radiograph import Radiograph, Side

__all__ = ["laterality_notes", "side_of"]


def _side_shown(radiograph: Radiograph, lateral_sign: int) -> Side:
    """Side of a hip whose lateral is there, by the header's orientation, or as an AP view is usually displayed."""
    at_right: Side = "R" if radiograph.side_at_right == "R" else "L"
    at_left: Side = "L" if at_right == "R" else "R"
    return at_right if lateral_sign == 1 else at_left


def side_of(radiograph: Radiograph, lateral_sign: int, *, paired: bool) -> tuple[Side, SideSource]:
    """Return the patient's side of a hip, and how it is known.

    A pelvis shows both sides, so one stated side cannot name its hips: PatientOrientation does, else the usual display
    with the patient's right at the picture's left. A hip on its own has the side that its file states.

    Parameters
    ----------
    radiograph : Radiograph
    lateral_sign : {1, -1}
        1 where lateral is towards larger columns.
    paired : bool
        Whether the picture shows both hips.
    """
    if radiograph.side != "unknown" and not paired:
        return radiograph.side, "filename" if radiograph.side_source == "filename" else "header"
    source: SideSource = "display-convention" if radiograph.side_at_right == "unknown" else "header"
    return _side_shown(radiograph, lateral_sign), source


def laterality_notes(radiograph: Radiograph, hips: tuple[HipFrame, ...]) -> tuple[str, ...]:
    """Say where file and picture contradict each other about sides: one of them is mirrored or mislabelled.

    Parameters
    ----------
    radiograph : Radiograph
    hips : tuple of HipFrame
    """
    notes = []
    if radiograph.side_at_right == "R":
        notes.append("by its header the picture is mirrored against the usual display; sides are the header's")
    seen = [hip for hip in hips if hip.status in FOUND_STATUSES]
    if len(seen) == 1 and len(hips) == 1 and radiograph.side != "unknown":
        (hip,) = seen
        if hip.status == "located" and _side_shown(radiograph, hip.lateral_sign) != radiograph.side:
            notes.append(
                f"the {'file name' if radiograph.side_source == 'filename' else 'header'} says side {radiograph.side}, "
                "but the hip is displayed as the other side: the picture is mirrored, taken from behind, or mislabelled"
            )
    if len(seen) == 2 and radiograph.side != "unknown":
        notes.append(f"the file says side {radiograph.side}, but the picture shows both hips")
    return tuple(notes)
