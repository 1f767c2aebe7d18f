"""A workflow report over known results, in any formats: what the tests of the formats start from."""

import csv
import shutil

from hipcalc.report import ResultsFolder, WorkflowResult, report_workflow
from report_builders import results_folder

PELVIS = "abcdef0000000001"
TIME = "2026-03-01T14:05:00+01:00"
CONTEXT = {
    "image_id": PELVIS,
    "side": "R",
    "age_years": "45",
    "open_physes": "no",
    "implant": "no",
    "hip_pain": "yes",
    "pain_side": "R",
    "pain_severity": "moderate",
    "history_done": "yes",
    "examination_done": "yes",
    "underlying_cause": "undetermined",
    "red_flags": "none",
    "nsaid_checklist": "none",
}


def table(path, rows):
    """Write rows as a CSV table, and return its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def copied_results(tmp_path):
    """Return a results folder of the test's own: a copy of one that is made once, as making it takes a second."""
    made = tmp_path.parent / "results-to-copy"
    if not made.is_dir():
        results_folder(made)
    return ResultsFolder(shutil.copytree(made, tmp_path / "results"))


def reported(tmp_path, *formats, folder=None, contexts=(CONTEXT,), reader="Dr A. Reader", time=TIME, **status):
    """Report on a pelvis and a hip; ``R_1="confirmed"`` is a decision about the pelvis' first right candidate.

    Returns
    -------
    tuple of ResultsFolder, WorkflowResult
    """
    folder = folder or copied_results(tmp_path)
    rows = [
        {"candidate_id": f"{PELVIS}-{key.replace('_', '-')}", "status": value, "reader": reader, "time": time}
        for key, value in status.items()
    ]
    decisions = table(tmp_path / "decisions.csv", rows) if rows else None
    result: WorkflowResult = report_workflow(
        folder.path, table(tmp_path / "contexts.csv", contexts), decisions, formats=formats
    )
    return folder, result
