"""All pages of a results folder, from its records."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from hipcalc.report.cells import NO_REVIEW, PageReview
from hipcalc.report.files import write_atomic, write_derived
from hipcalc.report.further import further_links
from hipcalc.report.image_page import PageLinks, image_page
from hipcalc.report.index_page import IndexEntry, IndexPage
from hipcalc.report.records import FileRecord
from hipcalc.report.rendering import RunFacts, write_assets
from hipcalc.report.state_table import StateTable
from hipcalc.report.store import ResultsFolder, record_key

__all__ = ["page_names", "write_pages"]


def write_pages(
    folder: ResultsFolder,
    records: Iterable[FileRecord],
    run: RunFacts,
    *,
    review_of: Callable[[FileRecord], PageReview] = lambda _: NO_REVIEW,
    states: StateTable | None = None,
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
    states : StateTable, optional
        Of the guideline workflow, for the index.

    Raises
    ------
    OutputError
        If a page cannot be written.
    """
    index = IndexPage()
    previous = ""
    for (record, name), following in _with_following(_with_names(records)):
        review = review_of(record)
        if name:
            links = PageLinks(pictures=_pictures(record), previous=previous, next=following)
            write_derived(folder.pages / name, image_page(record, run, links, review))
            previous = name
        index.add(
            IndexEntry(
                record=record,
                review=review,
                page=name,
                pictures=_pictures(record) if name else "",
                thumbnail=_thumbnail(folder, record),
            )
        )
    write_atomic(folder.index, index.write(folder.pages / "data", run, states, further_links(folder)))
    write_assets(folder.pages)


def _with_names(records: Iterable[FileRecord]) -> Iterator[tuple[FileRecord, str]]:
    # As numbers, because a cohort has many.
    seen: Counter[int] = Counter()
    for record in records:
        image_id = record.image.image_id
        if record.image.status != "ok":
            yield record, ""
            continue
        number = int(image_id, 16)
        seen[number] += 1
        yield record, f"{image_id}.html" if seen[number] == 1 else f"{image_id}-{seen[number]}.html"


def _with_following(
    pairs: Iterable[tuple[FileRecord, str]],
) -> Iterator[tuple[tuple[FileRecord, str], str]]:
    """Give with each record the name of the next page, holding only what lies between two pages."""
    held: list[tuple[FileRecord, str]] = []
    for pair in pairs:
        if pair[1]:
            yield from ((one, pair[1]) for one in held)
            held = []
        held.append(pair)
    yield from ((one, "") for one in held)


def page_names(records: Iterable[FileRecord]) -> list[str]:
    """Return each record's page: the image's id, numbered where several files hold that image; empty without a page."""
    return [name for _, name in _with_names(records)]


def _pictures(record: FileRecord) -> str:
    return f"pictures/{record_key(record.image.image_id, record.image.path)}"


def _thumbnail(folder: ResultsFolder, record: FileRecord) -> str:
    relative = f"{_pictures(record)}/thumbnail.jpg"
    return relative if (folder.pages / relative).is_file() else ""
