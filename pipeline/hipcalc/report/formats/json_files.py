"""A JSON file for each hip, and the JSON Schema that all of them meet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hipcalc.report.files import write_atomic
from hipcalc.report.formats.contents import WorkflowReport, file_stem
from hipcalc.report.schema import recommendation_schema

__all__ = ["json_text", "write"]


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write the files and yield each one's path; those of hips whose findings were all rejected go to ``audit/``."""
    for one in report.recommendations:
        path = report.folder / ("audit" if one.audit_only else "") / f"{file_stem(one)}.json"
        write_atomic(path, json_text({**one.to_dict(), "provenance": report.origin(one).to_dict()}))
        yield path
    path = report.folder / "schema" / "recommendation.json"
    write_atomic(path, json_text(recommendation_schema()))
    yield path


def json_text(values: dict[str, Any]) -> str:
    """Return plain values as readable JSON text."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
