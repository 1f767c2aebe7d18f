"""Links from the page of the results to the pages and tables that later commands write beside it."""

import re
from typing import Final

from markupsafe import Markup

from hipcalc.report.files import write_atomic
from hipcalc.report.rendering import render_part
from hipcalc.report.store import ResultsFolder

__all__ = ["further_links", "link_further"]

# What `report`, `prevalence`, `agreement` and `evaluate` write, from the folder of the pages.
_WRITTEN: Final = (
    ("../recommendations/index.html", "Patients"),
    ("prevalence.html", "Prevalence"),
    ("agreement.html", "Agreement of readers"),
    ("../evaluation.csv", "Evaluation (table)"),
    ("../froc.png", "Evaluation (FROC)"),
)
_PLACE: Final = re.compile(r"<!-- further -->.*?<!-- /further -->", re.DOTALL)


def further_links(folder: ResultsFolder) -> Markup:
    """Return the links to what is there, as the part of the page that `link_further` replaces."""
    there = [(to, name) for to, name in _WRITTEN if (folder.pages / to).is_file()]
    return render_part("further.html.j2", links=there)


def link_further(folder: ResultsFolder) -> None:
    """Renew the links on the page of the results, if there is one; nothing else of it changes.

    Raises
    ------
    OutputError
        If the page cannot be written.
    """
    if not folder.index.is_file():
        return
    before = folder.index.read_text(encoding="utf-8")
    links = str(further_links(folder)).strip()
    after = _PLACE.sub(lambda _: links, before)
    if after != before:
        write_atomic(folder.index, after)
