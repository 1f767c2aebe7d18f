"""Every transition of the guideline workflow, with what brings it about and the test that covers it.

``tests/transitions.md`` holds the table. To write it again after a change:

    PYTHONPATH=tests python tests/transition_table.py
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from hipcalc.guideline import ClinicalContext
from hipcalc.review import ReviewedHip
from test_guideline_states import CASES_TO_REVOKE, STATE_CASES, TRANSITIONS, WORKFLOW, transition_id

TABLE = Path(__file__).with_name("transitions.md")
FILE = "tests/test_guideline_states.py"
HEAD = """# Transitions of the guideline workflow

Written by `PYTHONPATH=tests python tests/transition_table.py`; a test fails when a transition of the workflow's data
has no row, or when this table is not what the tests hold. S4 is passed through within one step.

| from | to | what changes | covered by |
|---|---|---|---|
"""


def transition_table() -> str:
    """Return the table as Markdown."""
    rows = [
        (start, end, _change(before, after), f"test_each_transition[{transition_id(number)}]")
        for number, (start, end, before, after) in enumerate(TRANSITIONS)
    ]
    rows += [
        (state, "S1", "the confirmation is revoked", f"test_a_revoked_confirmation_goes_back_to_unreviewed[{state}]")
        for state in CASES_TO_REVOKE
    ]
    rows.append(("S4", "S1", "the image is replaced", "test_a_replaced_image_goes_back_to_unreviewed"))
    rows.sort(key=lambda row: (int(row[0][1:]), int(row[1][1:])))
    lines = (f"| {_state(start)} | {_state(end)} | {change} | `{FILE}::{test}` |" for start, end, change, test in rows)
    return HEAD + "\n".join(lines) + "\n"


def _state(name: str) -> str:
    return f"{name} {WORKFLOW.state(name).name}"


def _change(before: tuple[ReviewedHip, Any], after: tuple[ReviewedHip, Any]) -> str:
    said = [f"{what}: {old} → {new}" for what, old, new in _differences(before, after) if old != new]
    return "; ".join(said)


def _differences(before: tuple[ReviewedHip, Any], after: tuple[ReviewedHip, Any]) -> list[tuple[str, str, str]]:
    hips, contexts = (before[0], after[0]), [one or ClinicalContext() for one in (before[1], after[1])]
    found = [
        ("review", *(_of(entry.status for entry in hip.findings) for hip in hips)),
        ("class", *(_of(entry.confirmed_class for entry in hip.findings) for hip in hips)),
        ("hip", *(hip.hip_status for hip in hips)),
    ]
    if before[1] is None and after[1] is not None:
        return [*found, ("context", "none", _context(after[1]))]
    names = [column.name for column in fields(ClinicalContext) if column.name not in ("image_id", "side")]
    return [*found, *((name, *(str(getattr(context, name)) for context in contexts)) for name in names)]


def _context(context: ClinicalContext) -> str:
    """Return the test's context by the state that it is named for there."""
    names = [state for state, case in STATE_CASES.items() if case[1] == context]
    if names:
        return f"as for {names[-1]}"
    return "a red flag" if "yes" in context.red_flags.answers.values() else "given"


def _of(values: Any) -> str:
    return ", ".join(filter(None, values)) or "none"


if __name__ == "__main__":
    TABLE.write_text(transition_table(), encoding="utf-8")
    print(transition_table())
