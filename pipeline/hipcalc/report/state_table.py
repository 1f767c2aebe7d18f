"""The table of the hips' workflow states: its first rows stand in the page, further ones in data files beside it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hipcalc.guideline import Recommendation
from hipcalc.report.data_files import SortedRows
from hipcalc.report.rendering import render_part
from hipcalc.report.words import side_name

__all__ = ["StateTable"]

STATES_SHOWN = 48
_MOST_NAMED = 4


class StateTable:
    """Hips and their states, red flags first, then by how far the workflow has come.

    Parameters
    ----------
    recommendations : iterable of Recommendation
        Those that a report may show.
    pages : mapping of image id to str
        Where each image's page is, from where the table will stand.
    """

    def __init__(self, recommendations: Iterable[Recommendation], pages: Mapping[str, str]) -> None:
        self._rows = SortedRows("states")
        for one in sorted(recommendations, key=lambda one: (one.path, one.side)):
            self._rows.add(_urgency(one.state), _row(one, pages.get(one.image_id, "")))

    @property
    def is_paged(self) -> bool:
        """Whether the page cannot hold all rows."""
        return self._rows.count > STATES_SHOWN

    def section(self) -> Markup:
        """Return the part of a page that shows the table; nothing without hips."""
        if not self._rows.count:
            return Markup("")
        return render_part("states.html.j2", rows=self._rows.first(STATES_SHOWN), count=self._rows.count)

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write the data files where the page needs some, take away those of an earlier page, and return the paths.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        return (self._rows if self.is_paged else SortedRows("states")).write(folder)

    def facts(self, files: int) -> dict[str, Any]:
        """Return what the page's script needs to know of the table, whose data files are so many."""
        return {"name": "states", "count": self._rows.count, "files": files, "shown": STATES_SHOWN}


def _urgency(state: str) -> tuple[float, float]:
    """Red flags first, then by how far the workflow has come; what nobody has confirmed last."""
    number = int(state.removeprefix("S"))
    return (0 if number == 17 else 1, -number)


def _row(one: Recommendation, page: str) -> list[Any]:
    """Return a row as the template and the script of the page read it."""
    held_back = ", ".join(dict.fromkeys(block.gate for block in one.blocked))
    missing = [entry.name for entry in one.missing]
    return [
        page,
        Path(one.path).name,
        side_name(one.side),
        one.state,
        one.state_name,
        len(one.confirmed),
        len(one.unreviewed) + len(one.indeterminate),
        held_back,
        f"{len(missing)} answers" if len(missing) > _MOST_NAMED else ", ".join(missing),
    ]
