"""All pages of a results folder, from its records."""

from collections import Counter
from collections.abc import Callable, Iterable

from markupsafe import Markup

from hipcalc.report.cells import NO_REVIEW, PageReview
from hipcalc.report.files import write_atomic, write_derived
from hipcalc.report.image_page import PageLinks, image_page
from hipcalc.report.index_page import IndexEntry, index_page
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, write_assets
from hipcalc.report.store import ResultsFolder, record_key

__all__ = ["page_names", "write_pages"]


def write_pages(
    folder: ResultsFolder,
    records: Iterable[FileRecord],
    run: RunFacts,
    *,
    review_of: Callable[[FileRecord], PageReview] = lambda _: NO_REVIEW,
    workflow: Markup = Markup(""),  # noqa: B008
) -> None:
    """Write ``report/index.html`` and a page for each analysed image; pictures are there already.

    Parameters
    ----------
    folder : ResultsFolder
    records : iterable of FileRecord
        In the order of the images table; gone through several times.
    run : RunFacts
    review_of : callable, optional
        Returns what readers decided about an image.
    workflow : Markup, optional
        The section of the index about the guideline workflow.

    Raises
    ------
    OutputError
        If a page cannot be written.
    """
    names = page_names(records)
    with_page = [name for name in names if name]
    turn = 0
    for record, name in zip(records, names, strict=True):
        if not name:
            continue
        links = PageLinks(
            pictures=_pictures(record),
            previous="".join(with_page[max(0, turn - 1) : turn]),
            next="".join(with_page[turn + 1 : turn + 2]),
        )
        turn += 1
        write_derived(folder.pages / name, image_page(record, run, links, review_of(record)))
    entries = [
        IndexEntry(record=record, review=review_of(record), page=name, thumbnail=_thumbnail(folder, record))
        for record, name in zip(records, names, strict=True)
    ]
    write_atomic(folder.index, index_page(entries, run, workflow))
    write_assets(folder.pages)


def page_names(records: Iterable[FileRecord]) -> list[str]:
    """Return each record's page: the image's id, numbered where several files hold that image; empty without a page."""
    seen: Counter[str] = Counter()
    names = []
    for record in records:
        image_id = record.image.image_id
        if record.image.status != "ok":
            names.append("")
            continue
        seen[image_id] += 1
        names.append(f"{image_id}.html" if seen[image_id] == 1 else f"{image_id}-{seen[image_id]}.html")
    return names


def _pictures(record: FileRecord) -> str:
    return f"pictures/{record_key(record.image.image_id, record.image.path)}"


def _thumbnail(folder: ResultsFolder, record: FileRecord) -> str:
    relative = f"{_pictures(record)}/thumbnail.jpg"
    return relative if (folder.pages / relative).is_file() else ""
