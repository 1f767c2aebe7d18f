"""The table of recommendations as CSV, and a table of its columns."""

from collections.abc import Iterator
from pathlib import Path

from hipcalc.report.files import write_atomic
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.rows import RecommendationRow, column_table, recommendation_rows
from hipcalc.report.tables import column_types, csv_text

__all__ = ["write"]


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write ``recommendations.csv`` and ``columns.csv``, and yield their paths."""
    texts = {
        "recommendations.csv": csv_text(column_types(RecommendationRow), recommendation_rows(report)),
        "columns.csv": column_table(),
    }
    for name, text in texts.items():
        # What is read back as bytes that are no UTF-8, as paths may be, is written as it was.
        write_atomic(report.folder / name, text.encode("utf-8", "surrogateescape"))
        yield report.folder / name
