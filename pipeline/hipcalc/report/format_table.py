"""Which formats of the workflow report there are: apart from what writes them, so that asking costs nothing."""

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Format"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How one format is written.

    Attributes
    ----------
    module : str
        In `hipcalc.report.formats`; its ``write(report)`` yields the path of every file as it is written, and a
        `NotWritten` for every image that it cannot show.
    places : tuple of str
        Patterns below ``recommendations`` that its files have, and nothing else.
    package, extra : str
        The importable package that it needs, and the extra of hipcalc that installs it; empty where it needs none.
    needs_pictures : bool
        Whether it shows the radiographs.
    """

    module: str
    places: tuple[str, ...]
    package: str = ""
    extra: str = ""
    needs_pictures: bool = False


# In the order in which they are written.
FORMATS: Final[dict[str, Format]] = {
    "json": Format(module="json_files", places=("*-[RLU].json", "audit/*-[RLU].json", "schema/recommendation.json")),
    "html": Format(module="pages", places=("index.html", "data/*.js", "patients/*.html"), needs_pictures=True),
    "pdf": Format(module="pdf", places=("patients/*.pdf",), package="reportlab", extra="pdf", needs_pictures=True),
    "csv": Format(module="csv_table", places=("recommendations.csv", "columns.csv")),
    "parquet": Format(module="parquet_table", places=("recommendations.parquet",)),
    "fhir": Format(module="fhir", places=("fhir/*.json", "fhir/patients/*.json"), package="fhir", extra="fhir"),
    "dicom": Format(module="dicom", places=("dicom/*.dcm",), package="highdicom", extra="dicom"),
}
DEFAULT_FORMATS: Final = ("json",)
