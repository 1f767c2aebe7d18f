"""The table of recommendations as Parquet; the schema says what each column means."""

from collections.abc import Iterator
from pathlib import Path

from hipcalc.report.files import atomic_path
from hipcalc.report.formats.contents import WorkflowReport
from hipcalc.report.formats.rows import RecommendationRow, recommendation_rows
from hipcalc.report.tables import column_types, explained_schema, parquet_table

__all__ = ["write"]


def write(report: WorkflowReport) -> Iterator[Path]:
    """Write ``recommendations.parquet`` and yield its path."""
    # Slow to import, and only needed here.
    import pyarrow.parquet as pq

    table = parquet_table(column_types(RecommendationRow), recommendation_rows(report))
    path = report.folder / "recommendations.parquet"
    with atomic_path(path) as temporary:
        pq.write_table(table.cast(explained_schema(RecommendationRow)), temporary)
    yield path
