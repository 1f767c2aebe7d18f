"""The guideline workflow as a PlanDefinition: an action for each state, in the order of precedence, with its rules."""

from typing import Any, Final

from hipcalc.guideline import Workflow
from hipcalc.report.formats.fhir.elements import BASE, concept, identifier, meta

__all__ = ["plan_definition", "plan_url"]

# Conditions are sentences for people; FHIR has no word for that.
_LANGUAGE: Final = "text/plain"


def plan_url(name: str, version: str) -> str:
    """Return the address, which leads nowhere, by which a CarePlan names the workflow."""
    return f"{BASE}/PlanDefinition/{name}|{version}"


def plan_definition(workflow: Workflow) -> dict[str, Any]:
    """Return the workflow's states, what leads to each, what may follow, and the sentences it shows."""
    states = sorted(workflow.states, key=lambda state: (state.precedence == 0, state.precedence))
    return {
        "resourceType": "PlanDefinition",
        "id": workflow.name,
        "meta": meta(),
        "url": f"{BASE}/PlanDefinition/{workflow.name}",
        "identifier": [identifier("workflow-sha256", workflow.sha256)],
        "version": workflow.version,
        "name": "HipcalcWorkflow",
        "title": "Guideline workflow for a subtle calcification in the labral region of the hip",
        "type": concept("clinical workflow, research use only"),
        "status": "draft",
        "experimental": True,
        "description": " ".join(workflow.disclaimer),
        "action": [_state(workflow, state.id) for state in states],
    }


def _state(workflow: Workflow, state_id: str) -> dict[str, Any]:
    state = workflow.state(state_id)
    follows = [{"actionId": name, "relationship": "before"} for name in state.goes_to]
    rules = [_rule(workflow, state_id, rule_id) for rule_id in state.rules]
    return {
        "id": state.id,
        "prefix": state.id,
        "title": state.name,
        "description": " ".join(text.text for text in state.texts) or state.when,
        "condition": [_condition(state.when)],
        **({"relatedAction": follows} if follows else {}),
        **({"action": rules} if rules else {}),
    }


def _rule(workflow: Workflow, state_id: str, rule_id: str) -> dict[str, Any]:
    rule = workflow.rule(rule_id)
    gates = [gate for gate in workflow.gates if rule_id in (*gate.withdraws, gate.replaces)]
    citation = (
        workflow.reference.replace("{citation}", rule.citation) if rule.citation else workflow.reference_without_number
    )
    return {
        "id": f"{state_id}-{rule_id}",
        "prefix": rule_id,
        "description": rule.text,
        "documentation": [{"type": "citation", "citation": f"{rule.section}, {rule.item}; {citation}"}],
        **({"condition": [_condition(f"gate {gate.id} ({gate.name}) is clear") for gate in gates]} if gates else {}),
    }


def _condition(text: str) -> dict[str, Any]:
    return {"kind": "applicability", "expression": {"language": _LANGUAGE, "expression": text}}
