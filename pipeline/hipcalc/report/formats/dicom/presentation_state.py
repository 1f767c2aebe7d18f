"""Circle, rim and marks of a hip as a Grayscale Softcopy Presentation State, which viewers draw over the source."""

from typing import Final

import numpy as np
from highdicom import PresentationLUTTransformation, pr
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from hipcalc.report.formats.dicom.case import UNCONFIRMED, HipCase, plain_text
from hipcalc.report.overlay import Drawing, Ring

__all__ = ["presentation_state"]

_PIXEL: Final = pr.AnnotationUnitsValues.PIXEL
_DISPLAY: Final = pr.AnnotationUnitsValues.DISPLAY
# Content Label is a code string: capitals, digits, blanks and underscores, at most 16.
_LABELS: Final = {True: "HIPCALC CONFIRM", False: "HIPCALC UNCONF"}
# Of the head's radius; a cross marks the rim point.
_CROSS_HEAD_RADII: Final = 0.08


def presentation_state(case: HipCase) -> Dataset:
    """Return the state of one hip: layers for the anatomy, the marks, and the notice."""
    drawing = case.drawing()
    layers = [
        pr.GraphicLayer("HIP", order=1, description="Femoral head and rim point, found by an algorithm"),
        pr.GraphicLayer("MARKS", order=2, description="Marks; each says whether a reader confirmed it"),
        pr.GraphicLayer("NOTICE", order=3, description="Research-use notice"),
    ]
    annotations = [
        pr.GraphicAnnotation([case.source], layers[0], graphic_objects=_anatomy(case, drawing)),
        pr.GraphicAnnotation([case.source], layers[2], text_objects=_notice(case)),
    ]
    if drawing.rings:
        annotations.insert(
            1,
            pr.GraphicAnnotation(
                [case.source],
                layers[1],
                graphic_objects=[_ring(case, ring) for ring in drawing.rings],
                text_objects=[_label(ring) for ring in drawing.rings],
            ),
        )
    attributes = case.attributes("marks", "marks")
    # highdicom copies rescale and window; of tables it takes some kinds only.
    source = Dataset(case.source)
    table = source.pop("VOILUTSequence", None)
    dataset = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[source],
        content_label=_LABELS[case.is_confirmed],
        content_description=plain_text(f"Marks, {case.headline}"),
        graphic_annotations=annotations,
        graphic_layers=layers,
        presentation_lut_transformation=PresentationLUTTransformation(
            # After it, high values are bright (PS3.3, C.11.6.1.2).
            presentation_lut_shape="INVERSE" if _is_inverted(case.source) else "IDENTITY"
        ),
        **{name: value for name, value in attributes.items() if name not in ("content_date", "content_time")},
    )
    dataset.PresentationCreationDate = attributes["content_date"]
    dataset.PresentationCreationTime = attributes["content_time"]
    dataset.Laterality = case.side
    if table is not None:
        voi = Dataset()
        voi.VOILUTSequence = table.value
        dataset.SoftcopyVOILUTSequence = [voi]
    return case.finish(dataset)


def _is_inverted(source: Dataset) -> bool:
    return str(source.PhotometricInterpretation) == "MONOCHROME1"


def _anatomy(case: HipCase, drawing: Drawing) -> list[pr.GraphicObject]:
    hip = drawing.hips[0]
    objects = [pr.GraphicObject(pr.GraphicTypeValues.CIRCLE, case.circle(hip.y, hip.x, hip.radius), _PIXEL)]
    if hip.rim is not None:
        x, y = hip.rim
        arm = _CROSS_HEAD_RADII * hip.radius
        objects += [
            pr.GraphicObject(pr.GraphicTypeValues.POLYLINE, _points((x - arm, y), (x + arm, y)), _PIXEL),
            pr.GraphicObject(pr.GraphicTypeValues.POLYLINE, _points((x, y - arm), (x, y + arm)), _PIXEL),
        ]
    return objects


def _ring(case: HipCase, ring: Ring) -> pr.GraphicObject:
    names = {number: entry.finding.candidate_id for number, entry in case.shown}
    name = names[ring.number]
    return pr.GraphicObject(
        pr.GraphicTypeValues.CIRCLE,
        case.circle(ring.y, ring.x, ring.radius),
        _PIXEL,
        tracking_id=name,
        tracking_uid=case.tracking_uid(name),
    )


def _label(ring: Ring) -> pr.TextObject:
    anchor = _points((ring.label_x, ring.label_y))[0]
    return pr.TextObject(
        f"{ring.number} {ring.review}",
        _PIXEL,
        anchor_point=(float(anchor[0]), float(anchor[1])),
        anchor_point_visible=False,
    )


def _notice(case: HipCase) -> list[pr.TextObject]:
    lines = [case.headline.upper(), *([] if case.is_confirmed else [UNCONFIRMED]), case.origin.notice]
    return [
        pr.TextObject(
            "\r\n".join(lines),
            _DISPLAY,
            bounding_box=(0.01, 0.01, 0.99, 0.1),
            text_justification=pr.TextJustificationValues.LEFT,
        )
    ]


def _points(*points: tuple[float, float]) -> NDArray[np.float64]:
    r"""Return (x, y) points as DICOM counts them: the corner of the first pixel is 0\0 (PS3.3, C.10.5.1.2)."""
    return np.array(points, dtype=np.float64) + 0.5
