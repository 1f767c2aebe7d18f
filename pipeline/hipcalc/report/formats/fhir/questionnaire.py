"""Every input of a clinical context as a Questionnaire; its answers are read back by `hipcalc report --context`."""

from typing import Any, Final

from hipcalc.guideline import Workflow
from hipcalc.guideline.workflow import Gate, InputDefinition
from hipcalc.report.formats.fhir.elements import BASE, identifier, meta

__all__ = ["questionnaire"]

_TYPES: Final = {"yes-no": "choice", "choice": "choice", "number": "decimal", "text": "string"}
_ANSWERS: Final = ("yes", "no", "unknown")


def questionnaire(workflow: Workflow) -> dict[str, Any]:
    """Return the Questionnaire; the link id of a question is the name of its column in a context table."""
    return {
        "resourceType": "Questionnaire",
        "id": "clinical-context",
        "meta": meta(),
        "url": f"{BASE}/Questionnaire/clinical-context",
        "identifier": [identifier("workflow-sha256", workflow.sha256)],
        "version": workflow.version,
        "name": "HipcalcClinicalContext",
        "title": "Clinical context of one hip",
        "status": "draft",
        "experimental": True,
        "subjectType": ["Patient"],
        "description": "A question that is not answered stays unknown, and unknown never counts as no. "
        + " ".join(workflow.disclaimer),
        "item": [
            {"linkId": "hip", "type": "group", "text": "Which hip", "item": _keys()},
            {
                "linkId": "inputs",
                "type": "group",
                "text": "Clinical context",
                "item": [_input(known) for known in workflow.inputs],
            },
            *(_checklist(gate) for gate in workflow.gates),
        ],
    }


def _keys() -> list[dict[str, Any]]:
    return [
        {"linkId": "image_id", "type": "string", "text": "Image id: the first 16 hex digits of the file's SHA-256"},
        {"linkId": "path", "type": "string", "text": "Or the name of the image file"},
        _choice("side", "The patient's side", ("R", "L", "unknown"), required=True),
        {"linkId": "visit_date", "type": "date", "text": "Day of the visit"},
    ]


def _input(known: InputDefinition) -> dict[str, Any]:
    if _TYPES[known.kind] == "choice":
        return _choice(known.id, known.question, (*(known.allowed or ("yes", "no")), "unknown"))
    return {"linkId": known.id, "type": _TYPES[known.kind], "text": known.question}


def _checklist(gate: Gate) -> dict[str, Any]:
    items = [_choice(gate.prefix + item.id, item.question, _ANSWERS) for item in gate.asked]
    return {"linkId": gate.column, "type": "group", "text": f"Checklist {gate.id}: {gate.name}", "item": items}


def _choice(link_id: str, text: str, words: tuple[str, ...], *, required: bool = False) -> dict[str, Any]:
    options = [{"valueCoding": {"system": f"{BASE}/answers", "code": word, "display": word}} for word in words]
    return {"linkId": link_id, "type": "choice", "text": text, "required": required, "answerOption": options}
