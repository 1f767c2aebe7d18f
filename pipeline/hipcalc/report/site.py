"""All pages of a results folder, from its records."""

from collections import Counter
from collections.abc import Callable, Iterable

from markupsafe import Markup

from hipcalc.report.cells import NO_REVIEW, PageReview
from hipcalc.report.files import write_atomic
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
        In the order of the images table.
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
    records = tuple(records)
    names = page_names(records)
    reviews = [review_of(record) for record in records]
    with_page = [position for position, name in enumerate(names) if name]
    for turn, position in enumerate(with_page):
        links = PageLinks(
            pictures=_pictures(records[position]),
            previous="".join(names[other] for other in with_page[max(0, turn - 1) : turn]),
            next="".join(names[other] for other in with_page[turn + 1 : turn + 2]),
        )
        write_atomic(folder.pages / names[position], image_page(records[position], run, links, reviews[position]))
    entries = [
        IndexEntry(record=record, review=review, page=name, thumbnail=_thumbnail(folder, record))
        for record, review, name in zip(records, reviews, names, strict=True)
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
