"""Results -> tables, pages and figures that a person reads."""

from typing import TYPE_CHECKING

from hipcalc.loading import load_when_asked

if TYPE_CHECKING:
    from hipcalc.report.figure import plot_record
    from hipcalc.report.files import atomic_path, make_folder, write_atomic
    from hipcalc.report.ledger import Entry, Input, Ledger, pack, unpack
    from hipcalc.report.notebook import notebook_html
    from hipcalc.report.pictures import write_pictures, write_thumbnail
    from hipcalc.report.provenance import model_versions, models_digest, package_version, settings_hash
    from hipcalc.report.records import FileRecord, ImageRecord, ImageStatus, file_record, rounded
    from hipcalc.report.rendering import RunFacts
    from hipcalc.report.site import write_pages
    from hipcalc.report.store import ResultsFolder, entry_of, record_key
    from hipcalc.report.tables import table_frame, write_tables
    from hipcalc.report.workflow import WorkflowResult, report_workflow

__all__ = [
    "Entry",
    "FileRecord",
    "ImageRecord",
    "ImageStatus",
    "Input",
    "Ledger",
    "ResultsFolder",
    "RunFacts",
    "WorkflowResult",
    "atomic_path",
    "entry_of",
    "file_record",
    "make_folder",
    "model_versions",
    "models_digest",
    "notebook_html",
    "pack",
    "package_version",
    "plot_record",
    "record_key",
    "report_workflow",
    "rounded",
    "settings_hash",
    "table_frame",
    "unpack",
    "write_atomic",
    "write_pages",
    "write_pictures",
    "write_tables",
    "write_thumbnail",
]

_HOMES = {
    "plot_record": "figure",
    **dict.fromkeys(("atomic_path", "make_folder", "write_atomic"), "files"),
    **dict.fromkeys(("Entry", "Input", "Ledger", "pack", "unpack"), "ledger"),
    "notebook_html": "notebook",
    **dict.fromkeys(("write_pictures", "write_thumbnail"), "pictures"),
    **dict.fromkeys(("model_versions", "models_digest", "package_version", "settings_hash"), "provenance"),
    **dict.fromkeys(("FileRecord", "ImageRecord", "ImageStatus", "file_record", "rounded"), "records"),
    "RunFacts": "rendering",
    "write_pages": "site",
    **dict.fromkeys(("ResultsFolder", "entry_of", "record_key"), "store"),
    **dict.fromkeys(("table_frame", "write_tables"), "tables"),
    **dict.fromkeys(("WorkflowResult", "report_workflow"), "workflow"),
}

if not TYPE_CHECKING:
    # A type checker would believe in any name.
    __getattr__ = load_when_asked(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
